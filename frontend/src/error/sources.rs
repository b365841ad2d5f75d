//! The texts that errors point into, and ranges in them.

use std::collections::BTreeMap;

use buildkit_proto::google::protobuf::Any;
use buildkit_proto::pb;
use gowork_llb::diag::{Position, Span, with_masked_credentials};
use gowork_llb::limits;

use super::{details, excerpt};

/// The texts that diagnostics point into, by the name they use.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceFiles {
    files: BTreeMap<String, SourceFile>,
    definition: String,
}

#[derive(Debug, Clone, PartialEq)]
struct SourceFile {
    text: Vec<u8>,
    language: String,
}

impl SourceFiles {
    /// Adds or replaces a file. `language` is a word for editors: `TOML`, `go.mod`. Lines of it are
    /// shown, but no passwords of URLs, and none beyond the first [`limits::SHOWN_FILE`] bytes.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        text: impl Into<Vec<u8>>,
        language: impl Into<String>,
    ) {
        let mut shown = text.into();
        shown.truncate(limits::SHOWN_FILE);
        let text = match String::from_utf8(shown) {
            Ok(text) => with_masked_credentials(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        };
        let name = name.into();
        if self.files.is_empty() {
            self.definition.clone_from(&name);
        }
        let language = language.into();
        self.files.insert(name, SourceFile { text, language });
    }

    /// The name of the file that was added first: a build reads the one that defines it before all
    /// others.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// Bytes of a file's text.
    pub fn size(&self, name: &str) -> Option<usize> {
        self.files.get(name).map(|file| file.text.len())
    }

    /// A file as BuildKit's source maps and warnings have it.
    pub fn info(&self, name: &str) -> Option<pb::SourceInfo> {
        let file = self.files.get(name)?;
        Some(pb::SourceInfo {
            filename: name.to_owned(),
            data: file.text.clone(),
            definition: None,
            language: file.language.clone(),
        })
    }

    /// The detail of an error that makes clients show `span` in a box. Returns `None` if its text
    /// is not here, or if it lies too far down.
    pub(super) fn detail(&self, span: &Span) -> Option<Any> {
        let file = self.files.get(&span.file)?;
        let range = range(span)?;
        let data = excerpt::around(&file.text, &range)?;
        details::source(&span.file, &file.language, &data, &range)
    }
}

/// A span as BuildKit's range: lines from 1, the last one inclusive. Returns `None` for a whole
/// file.
pub fn range(span: &Span) -> Option<pb::Range> {
    if span.start.line == 0 {
        return None;
    }
    let mut end = span.end.max(span.start);
    if end.column <= 1 && end.line > span.start.line {
        end = Position::new(end.line - 1, 0);
    }
    Some(pb::Range {
        start: Some(position(span.start)),
        end: Some(position(end)),
    })
}

/// BuildKit counts characters of a line from 0.
fn position(at: Position) -> pb::Position {
    pb::Position {
        line: at.line.cast_signed(),
        character: at.column.saturating_sub(1).cast_signed(),
    }
}
