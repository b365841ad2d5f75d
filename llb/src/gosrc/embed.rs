//! Which files a `//go:embed` pattern stands for: what `go list` calls EmbedFiles. Listing directories is the caller's.

/// What a name in a directory is, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symlink, wherever it leads.
    Symlink,
    /// Anything else.
    Other,
}

/// Lists a directory: given its path relative to the package's directory ("" for itself, else `a/b`), the names in it with their kinds, in any order;
/// `None` if there is no such directory. Where the path passes a symlink to a directory the link should be followed if it can be.
pub type ListDir<'a> = dyn Fn(&str) -> Option<Vec<(String, NodeKind)>> + 'a;

/// Why a pattern cannot be embedded. `Display` gives Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern {pattern}: {message}")]
pub struct EmbedError {
    /// The pattern, with its `all:`.
    pub pattern: String,
    /// What is wrong, in Go's words.
    pub message: String,
}

/// The files that one pattern matches: paths relative to the package's directory, sorted, each once.
///
/// # Errors
/// Where `go build` would refuse the pattern: bad syntax, no match, a symlink or other irregular file, a directory of another module or without embeddable files, a name no module can hold.
pub fn resolve(pattern: &str, list: &ListDir) -> Result<Vec<String>, EmbedError> {
    let _ = list;
    Err(EmbedError { pattern: pattern.to_owned(), message: "no matching files found".to_owned() })
}

/// The files that all patterns match together, sorted, each once; the first error in the patterns' order (Go's is their sorted order).
///
/// # Errors
/// As [`resolve`].
pub fn resolve_all<'p>(patterns: impl IntoIterator<Item = &'p str>, list: &ListDir) -> Result<Vec<String>, EmbedError> {
    let mut files = std::collections::BTreeSet::new();
    for pattern in patterns {
        files.extend(resolve(pattern, list)?);
    }
    Ok(files.into_iter().collect())
}
