//! Calls other than building (`--call`, `--check`): which there are, and what all answers have in common.
//!
//! One small file a call: its definition, the data it takes from the builder, and the answer. None finds anything out
//! itself.

pub mod describe;
pub mod lint;
pub mod outline;
pub mod targets;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::diag::Span;
use serde::Serialize;

use crate::error::{BuildError, SourceFiles, range};
use crate::result::metadata_only;

/// What a build is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To build.
    Build,
    /// Which calls there are.
    Describe,
    /// What the target takes: arguments, secrets, ssh.
    Outline,
    /// Which targets there are.
    Targets,
    /// To check without building.
    Lint,
    /// A call of our own, `--call=gowork.NAME`: the NAME.
    Own(String),
}

impl Request {
    /// Reads the `requestid` option.
    pub fn parse(id: Option<&str>) -> Result<Self, BuildError> {
        let Some(id) = id else { return Ok(Self::Build) };
        Ok(match id {
            describe::NAME => Self::Describe,
            outline::NAME => Self::Outline,
            targets::NAME => Self::Targets,
            lint::NAME => Self::Lint,
            _ => match id.strip_prefix("frontend.gowork.") {
                Some(own) => Self::Own(own.to_owned()),
                None => return Err(unsupported(id)),
            },
        })
    }
}

/// The error for a call that is not there; clients know it by its type.
pub fn unsupported(id: &str) -> BuildError {
    BuildError::UnsupportedRequest(id.to_owned())
}

/// The answer to a call: JSON for programs, text for people.
pub fn answer(version: &str, json: &impl Serialize, text: String) -> proto::Result {
    let json = serde_json::to_vec_pretty(json).unwrap_or_default();
    metadata_only([("result.json", json), ("result.txt", text.into_bytes()), ("version", version.as_bytes().to_vec())])
}

/// A place in one of the answer's sources. Without a place the index is -1, which clients take for "nowhere".
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationJson {
    #[serde(skip_serializing_if = "is_zero")]
    source_index: i32,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(index: &i32) -> bool {
    *index == 0
}

/// The files that an answer's places are in, numbered as they come up.
struct Sources<'a> {
    files: &'a SourceFiles,
    names: Vec<String>,
}

impl<'a> Sources<'a> {
    fn new(files: &'a SourceFiles) -> Self {
        Self { files, names: Vec::new() }
    }

    /// The place of `span`; none if its file's text is not at hand.
    fn locate(&mut self, span: &Span) -> Option<LocationJson> {
        self.files.info(&span.file)?;
        let range = range(span)?;
        let known = self.names.iter().position(|name| *name == span.file);
        let index = known.unwrap_or_else(|| {
            self.names.push(span.file.clone());
            self.names.len() - 1
        });
        let line = |at: Option<buildkit_proto::pb::Position>| LineJson { line: at.map_or(0, |at| at.line) };
        let ranges = vec![RangeJson { start: line(range.start), end: line(range.end) }];
        Some(LocationJson { source_index: i32::try_from(index).unwrap_or(-1), ranges })
    }

    fn infos(&self) -> impl Iterator<Item = buildkit_proto::pb::SourceInfo> {
        self.names.iter().filter_map(|name| self.files.info(name))
    }
}

/// Rows in columns, two spaces apart.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}
