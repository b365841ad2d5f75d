//! A value of a mod file with its place.

/// A word with the place it was written at. The caller that parsed it knows the file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written, unquoted.
    pub value: T,
    /// The directive's arguments, from the first character.
    pub span: crate::diag::Span,
}
