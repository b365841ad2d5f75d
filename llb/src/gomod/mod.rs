//! go.mod, go.work, go.sum and vendor/modules.txt: text to directives, each with its place.
//!
//! Two layers, as golang/mod has them: [`syntax`] keeps every token, comment and position;
//! [`modfile`] and [`workfile`] give it meaning and point back to its lines. Equal to `go mod edit
//! -json` and `go work edit -json`. [`mod@write`] makes the small files that gowork writes itself.
//! Nothing here knows directories, versions chosen or builds.

mod decode;
mod directive;
mod edit;
mod import_path;
mod lex;
pub mod modfile;
pub mod path;
mod printable;
mod quote;
pub mod redirect;
mod replace;
mod spanned;
pub mod sumfile;
pub mod syntax;
pub mod vendor;
mod verbs;
pub mod version;
pub mod workfile;
pub mod write;

pub use edit::edit_flags;
pub use import_path::ImportPath;
pub use modfile::{ModFile, Require, Retract};
pub use path::{InvalidPath, ModulePath};
pub use replace::Replace;
pub use spanned::Spanned;
pub use sumfile::{Sum, SumFile};
pub use vendor::{Vendored, VendoredModule};
pub use workfile::{Use, WorkFile};

/// Names of the mod files that may be in any directory.
pub const FILE_NAMES: [&str; 4] = ["go.mod", "go.work", "go.sum", "go.work.sum"];
