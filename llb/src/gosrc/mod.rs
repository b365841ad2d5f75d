//! The head of a Go source file, and which files of a directory a build takes.
//!
//! Equal to go/build's reading: package clause, imports, `//go:build` and `// +build` lines kept as
//! expressions, embed patterns, cgo. Constraints are evaluated later, per [`BuildContext`], so one
//! scan serves all platforms. Nothing here knows modules or reads directories: [`select`] is given
//! the files of one, [`embed::resolve`] a way to list them.
//!
//! A scan reads the files that [`class::is_read`] names, keeps a [`SourceFile`] for each that
//! [`is_source_name`] names, and asks [`select`] per platform.
//!
//! What follows the head is read for one question alone, which no build asks: which files does the
//! program open while it runs ([`file_calls`])?

pub mod arch;
mod calls;
pub mod cgo;
mod chars;
pub mod class;
pub mod constraint;
pub mod context;
pub mod embed;
mod embed_lines;
mod filename;
mod glance;
pub mod glob;
mod head_range;
pub mod header;
mod imports;
pub mod includes;
mod leading_comments;
mod main_func;
mod openers;
mod places;
pub mod ports;
mod quoted;
mod scanner;
mod select;
mod source_file;

pub use calls::{Call, CallPath, FileCalls, file_calls};
pub use class::{FileClass, is_source_name, is_test};
pub use constraint::Expr;
pub use context::BuildContext;
pub(crate) use glance::has_program;
pub(crate) use glance::unreadable_package;
pub use glance::{declares_main, is_compiled, package_name};
pub(crate) use includes::{Includes, is_includable};
pub(crate) use openers::has_openers;
pub use openers::{Opens, openers};
pub use select::{PackageFiles, Place, Places, SelectError, select};
pub use source_file::{Cgo, EmbedPattern, Header, Import, Problem, ProblemKind, SourceFile};
