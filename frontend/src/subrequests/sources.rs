//! Places in an answer: ranges in files that the answer carries.

use buildkit_proto::pb;
use gowork_llb::diag::Span;
use gowork_llb::limits;
use serde::Serialize;

use crate::error::{SourceFiles, range};

/// A place in one of the answer's sources. Clients look the index up without a check. Without
/// ranges no line is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationJson {
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

impl From<Option<pb::Position>> for LineJson {
    fn from(at: Option<pb::Position>) -> Self {
        Self {
            line: at.map_or(0, |at| at.line),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(index: &usize) -> bool {
    *index == 0
}

/// The files that an answer's places are in, numbered as they come up.
pub(super) struct Sources<'a> {
    files: &'a SourceFiles,
    names: Vec<String>,
    /// Bytes of their texts.
    size: usize,
}

impl<'a> Sources<'a> {
    pub(super) fn new(files: &'a SourceFiles) -> Self {
        Self {
            files,
            names: Vec::new(),
            size: 0,
        }
    }

    /// The place of `span`. Returns `None` if the text of its file is not known, or would make the
    /// answer too large.
    pub(super) fn locate(&mut self, span: Option<&Span>) -> Option<LocationJson> {
        let span = span?;
        let range = range(span)?;
        let source_index = self.index(&span.file)?;
        let range = RangeJson {
            start: range.start.into(),
            end: range.end.into(),
        };
        Some(LocationJson {
            source_index,
            ranges: vec![range],
        })
    }

    /// The same; without a place that can be shown, the file that defines the build, without a
    /// line.
    pub(super) fn locate_somewhere(&mut self, span: Option<&Span>) -> LocationJson {
        match self.locate(span) {
            Some(location) => location,
            None => self.nowhere(),
        }
    }

    fn nowhere(&mut self) -> LocationJson {
        let name = self.files.definition();
        let source_index = match self.index(name) {
            Some(index) => index,
            None => self.push(name),
        };
        LocationJson {
            source_index,
            ranges: Vec::new(),
        }
    }

    /// The number of a file whose text is known.
    fn index(&mut self, name: &str) -> Option<usize> {
        if let Some(known) = self.names.iter().position(|known| known == name) {
            return Some(known);
        }
        let size = self.size + self.files.size(name)?;
        if size > limits::SHOWN_FILES {
            return None;
        }
        self.size = size;
        Some(self.push(name))
    }

    fn push(&mut self, name: &str) -> usize {
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    /// The files, by number.
    pub(super) fn infos(&self) -> Vec<pb::SourceInfo> {
        let mut infos = Vec::new();
        for name in &self.names {
            infos.push(self.files.info(name).unwrap_or_else(|| pb::SourceInfo {
                filename: name.clone(),
                ..pb::SourceInfo::default()
            }));
        }
        infos
    }
}
