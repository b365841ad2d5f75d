//! Modules: what the mod files of a repository mean together.
//!
//! A repository is built from one or more [`Root`]s: a go.work with its members, or, where there is none, each module by itself with the
//! directories it replaces others by. Rules follow the Go modules reference and the go command (cmd/go/internal/modload). Nothing here
//! reads Go sources or chooses versions: that is the go command's, inside the resolve step.

mod check;
mod load;
mod module;

pub use load::{LoadedWorkspace, load, named_dirs};
pub(crate) use module::is_path_prefix;
pub use module::{Module, ModuleIx, Providers, ReplaceTarget, Root, RootIx, RootKind, Workspace};

use std::collections::BTreeMap;

use crate::tree::TreePath;

/// The texts of all mod files of a tree: go.mod, go.work, go.sum, go.work.sum and vendor/modules.txt, by path.
pub type ModTexts = BTreeMap<TreePath, String>;
