//! Calls other than building (`--call`, `--check`): which there are, and what all answers have in
//! common.
//!
//! One small file a call: its definition, the data it takes from the builder, and the answer. None
//! finds anything out itself.

mod definition;
pub mod describe;
pub mod lint;
pub mod outline;
pub mod targets;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_llb::diag::Span;
use gowork_llb::limits;
use serde::Serialize;

use crate::error::{BuildError, SourceFiles, range};
use crate::result::metadata_only;

/// What the frontend is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To build.
    Build,
    /// Which calls there are. The answer is the same for every repository.
    Describe,
    /// A question about the repository.
    Call(Call),
}

/// A question about the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// What the target takes: arguments, secrets, ssh.
    Outline,
    /// Which targets there are.
    Targets,
    /// What is wrong, without building.
    Lint,
    /// A call of our own, `--call=gowork.NAME`: the NAME.
    Own(String),
}

impl Request {
    /// Reads the `requestid` option.
    ///
    /// # Errors
    /// If no such call exists.
    pub fn parse(id: Option<&str>) -> Result<Self, BuildError> {
        let call = match id {
            None => return Ok(Self::Build),
            Some(describe::NAME) => return Ok(Self::Describe),
            Some(outline::NAME) => Call::Outline,
            Some(targets::NAME) => Call::Targets,
            Some(lint::NAME) => Call::Lint,
            Some(id) => match id.strip_prefix("frontend.gowork.") {
                Some(own) => Call::Own(own.to_owned()),
                None => return Err(unsupported(id)),
            },
        };
        Ok(Self::Call(call))
    }
}

/// The error for a call that is not there; clients know it by its type.
pub fn unsupported(id: &str) -> BuildError {
    BuildError::UnsupportedRequest(id.to_owned())
}

/// The answer to a call: JSON for programs, text for people.
pub fn answer(version: &str, json: &impl Serialize, text: String) -> proto::Result {
    let json = serde_json::to_vec_pretty(json).unwrap_or_default();
    metadata_only([
        ("result.json", json),
        ("result.txt", text.into_bytes()),
        ("version", version.as_bytes().to_vec()),
    ])
}

/// A place in one of the answer's sources: clients look the index up without a check. Without
/// ranges no line is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationJson {
    #[serde(skip_serializing_if = "is_zero")]
    source_index: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<RangeJson>,
}

#[derive(Debug, Clone, Serialize)]
struct RangeJson {
    start: LineJson,
    end: LineJson,
}

#[derive(Debug, Clone, Serialize)]
struct LineJson {
    line: i32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(index: &usize) -> bool {
    *index == 0
}

/// The files that an answer's places are in, numbered as they come up.
struct Sources<'a> {
    files: &'a SourceFiles,
    names: Vec<String>,
    /// Bytes of their texts.
    size: usize,
}

impl<'a> Sources<'a> {
    fn new(files: &'a SourceFiles) -> Self {
        Self {
            files,
            names: Vec::new(),
            size: 0,
        }
    }

    /// The place of `span`; none if its file's text is not at hand, or would make the answer too
    /// large.
    fn locate(&mut self, span: &Span) -> Option<LocationJson> {
        let range = range(span)?;
        let source_index = self.index(&span.file)?;
        let line = |at: Option<pb::Position>| LineJson {
            line: at.map_or(0, |at| at.line),
        };
        let ranges = vec![RangeJson {
            start: line(range.start),
            end: line(range.end),
        }];
        Some(LocationJson {
            source_index,
            ranges,
        })
    }

    /// The place of what has none, or none that can be shown: the build's own file, without a line.
    fn nowhere(&mut self) -> LocationJson {
        let name = self.files.definition();
        let source_index = self.index(name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        LocationJson {
            source_index,
            ranges: Vec::new(),
        }
    }

    /// The number of a file whose text is at hand.
    fn index(&mut self, name: &str) -> Option<usize> {
        if let Some(known) = self.names.iter().position(|known| known == name) {
            return Some(known);
        }
        let size = self.size + self.files.size(name)?;
        if size > limits::SHOWN_FILES {
            return None;
        }
        self.size = size;
        self.names.push(name.to_owned());
        Some(self.names.len() - 1)
    }

    fn infos(&self) -> impl Iterator<Item = pb::SourceInfo> {
        let unknown = |name: &String| pb::SourceInfo {
            filename: name.clone(),
            ..pb::SourceInfo::default()
        };
        self.names
            .iter()
            .map(move |name| self.files.info(name).unwrap_or_else(|| unknown(name)))
    }
}

/// Rows in columns, two spaces apart.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}
