//! The head of a Go source file, and which files of a directory a build takes.
//!
//! Equal to go/build's reading: package clause, imports, `//go:build` and `// +build` lines kept as expressions, embed patterns, cgo.
//! Constraints are evaluated later, per [`BuildContext`], so one scan serves all platforms. Nothing here knows modules or directories.

pub mod constraint;
pub mod context;
pub mod header;

pub use constraint::Expr;
pub use context::BuildContext;
pub use header::{EmbedPattern, Header, Import};
