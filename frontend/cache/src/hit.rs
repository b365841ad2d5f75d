//! What a cache hands out: an output in a file, whose bytes were checked.

use std::path::PathBuf;

use crate::id::Id;

/// An output in a file, whose bytes were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// SHA-256 of the content.
    pub output: Id,
    /// Bytes of the content.
    pub size: u64,
    /// The file that holds it, absolute. It stays until the program ends.
    pub path: PathBuf,
}
