//! A source file as a scan keeps it: plain data, which crosses from the scan step to the frontend as
//! JSON. `header.rs` reads it.

use serde::{Deserialize, Serialize};

use super::constraint::Expr;
use super::includes::Includes;
use crate::diag::{Diagnostic, Position, Span};

/// The head of a source file. For non-Go files (.s, .c, .h ...) only `constraint` is ever set; what
/// they include is in [`SourceFile`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Header {
    /// Name in the package clause; empty for non-Go files and where the clause is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// Where that name stands.
    pub package_at: Position,
    /// Imports in source order, `"C"` included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// The build constraint of `//go:build`, or of all `// +build` lines together. The file name's
    /// suffix is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Expr>,
    /// `//go:embed` patterns in source order; only where the file imports "embed".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<EmbedPattern>,
    /// `#cgo` lines of the preambles of `import "C"`, as written, and the files they include.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgo: Option<Cgo>,
    /// Whether the file declares `func main`; looked for in files of `package main`, without tests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declares_main: bool,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Import {
    /// Import path, unquoted.
    pub path: String,
    /// Where it starts: its name if it has one, else its string literal. Go reports problems of an
    /// import there.
    pub at: Position,
}

/// One pattern of a `//go:embed` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EmbedPattern {
    /// Pattern, unquoted, with its `all:` prefix.
    pub pattern: String,
    /// Where it starts.
    pub at: Position,
}

/// What the cgo preambles of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cgo {
    /// `#cgo` lines, without the `#cgo` word.
    pub directives: Vec<String>,
    /// The files that the preambles include.
    #[serde(default, skip_serializing_if = "Includes::is_empty")]
    pub includes: Includes,
    /// Where each of `directives` stands.
    pub directives_at: Vec<Position>,
}

/// A source file as a scan keeps it: all that [`super::select`] needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SourceFile {
    /// Last element of its path.
    pub name: String,
    /// What its head says, as far as it could be read.
    pub header: Header,
    /// What a file that is not Go includes, in all its text.
    #[serde(default, skip_serializing_if = "Includes::is_empty")]
    pub includes: Includes,
    /// What is wrong with its head. It matters only to builds that take the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What is wrong with the head of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Problem {
    /// What, in Go's words, without a place.
    pub message: String,
    /// Where.
    pub at: Position,
    /// How much of the file could be understood.
    pub kind: ProblemKind,
}

/// How much of a file with a problem could be understood. If nothing could, the name in the package
/// clause may still be in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// Not even its build constraint: it is wrong for every platform that its name admits.
    Unreadable,
    /// Nothing, since gowork does not read it, although Go does: it is beyond a limit, or has a name
    /// that no build step can be given.
    NotRead,
    /// Its constraint, but not its package clause or imports: it is wrong where the constraint
    /// holds.
    Syntax,
}

impl SourceFile {
    /// A file whose content need not be read (see [`super::class::is_read`]).
    pub fn unread(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Whether nothing could be understood of it.
    pub(crate) fn is_unreadable(&self) -> bool {
        let problem = self.problem.as_ref();
        problem.is_some_and(|problem| problem.kind != ProblemKind::Syntax)
    }

    /// How many imports, embed patterns, `#cgo` lines and included files it names.
    pub(crate) fn fact_count(&self) -> usize {
        let includes = |includes: &Includes| {
            includes.quoted.len() + includes.angled.len() + includes.data.len()
        };
        let of_cgo = |cgo: &Cgo| cgo.directives.len() + includes(&cgo.includes);
        let header = &self.header;
        header.imports.len()
            + header.embeds.len()
            + header.cgo.as_ref().map_or(0, of_cgo)
            + includes(&self.includes)
    }

    /// The problem as a diagnostic about `file`, its path as the user knows it.
    pub(crate) fn diagnostic(&self, file: &str) -> Option<Diagnostic> {
        self.problem
            .as_ref()
            .map(|problem| Diagnostic::error(&problem.message).at(Span::at(file, problem.at)))
    }
}
