//! How much of anything a repository may have. docs/limits.md lists them for users, and a test compares the two.
//!
//! Every limit is far above what real repositories have, and low enough that input made to do harm neither fills 512 MB of memory nor takes more than a few
//! seconds. What is beyond one is an error that names it, or, where what is left out changes no image, is counted and left out.

/// Errors that are kept of one check, and warnings. More are counted.
pub const DIAGNOSTICS: usize = 100;

/// Bytes of one sentence of a diagnostic: names and paths in it may be of any length.
pub const DIAGNOSTIC_TEXT: usize = 2000;

/// Bytes from the beginning of a file in which places can be shown with their lines.
pub const SHOWN_FILE: usize = 1 << 20;

/// Bytes of all files that an answer to `--check` brings along.
pub const SHOWN_FILES: usize = 4 << 20;
