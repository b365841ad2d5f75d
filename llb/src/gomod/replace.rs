//! A `replace` line, of go.mod and go.work alike.

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replace {
    /// Module path replaced.
    pub old_path: String,
    /// Only this version of it; empty for all.
    pub old_version: String,
    /// Directory (if `new_version` is empty) or module path.
    pub new_path: String,
    /// Version of the new module; empty for a directory.
    pub new_version: String,
    /// The line; inside a block without the verb.
    pub span: crate::diag::Span,
}
