//! go.mod, go.work, go.sum and vendor/modules.txt: text to directives, each with its place.
//!
//! Two layers, as golang/mod has them: [`syntax`] keeps every token, comment and position; [`modfile`] and [`workfile`]
//! give it meaning and point back to its lines. Equal to `go mod edit -json` and `go work edit -json`.
//! Nothing here knows directories, versions chosen or builds.

pub mod modfile;
pub mod syntax;
pub mod version;
pub mod workfile;

pub use modfile::{ModFile, Replace, Require};
pub use workfile::{Use, WorkFile};
