//! What the head of a source file says.

use serde::{Deserialize, Serialize};

use super::constraint::Expr;
use crate::diag::{Diagnostic, Position};

/// The head of a source file. For non-Go files (.s, .c, .h ...) only `constraint` is ever set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Name in the package clause; empty for non-Go files and where the clause is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// Where that name stands.
    #[serde(default)]
    pub package_at: Position,
    /// Imports in source order, `"C"` included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// The build constraint of `//go:build`, or of all `// +build` lines together. The file name's suffix is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Expr>,
    /// `//go:embed` patterns in source order; only where the file imports "embed".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<EmbedPattern>,
    /// `#cgo` lines of the preambles of `import "C"`, as written, and the files they `#include "..."`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgo: Option<Cgo>,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Import path, unquoted.
    pub path: String,
    /// Where its string literal starts.
    pub at: Position,
}

/// One pattern of a `//go:embed` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedPattern {
    /// Pattern, unquoted, with its `all:` prefix.
    pub pattern: String,
    /// Where it starts.
    pub at: Position,
}

/// What the cgo preambles of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cgo {
    /// `#cgo` lines, without the `#cgo` word.
    pub directives: Vec<String>,
    /// Names of `#include "..."`.
    pub includes: Vec<String>,
}

impl Header {
    /// Reads the head of the source file named `name` (its last path element; the extension tells Go from other files).
    /// `file` appears in diagnostics' spans only. Reads no further than the imports need, but for files that import "embed".
    pub fn parse(file: &str, text: &[u8]) -> (Self, Vec<Diagnostic>) {
        let _ = (file, text);
        (Self::default(), Vec::new())
    }
}
