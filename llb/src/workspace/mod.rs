//! Modules: what the mod files of a repository mean together.
//!
//! A repository is built from one or more [`Root`]s: a go.work with its members, or, where there is
//! none, each module by itself with the directories it replaces others by; a [`Choice`] names
//! others. Rules follow the Go modules reference and the go command (cmd/go/internal/modload).
//! Nothing here reads Go sources or chooses versions: that is the go command's, inside the resolve
//! step.

mod behind;
mod check;
mod contexts;
mod load;
mod module;
mod replace;

pub(crate) use behind::Evidence;
pub use contexts::{
    PlacedContexts, is_of_context, names as context_names, place as place_contexts,
};
pub(crate) use load::load_everything;
pub(crate) use load::named_dirs;
pub use load::{Choice, GoworkOff, LoadedWorkspace, load, load_chosen};
pub(crate) use module::Providers;
pub use module::{Module, ModuleIx, ReplaceTarget, Root, RootIx, RootKind, Workspace};

use std::collections::BTreeMap;

use crate::tree::TreePath;

/// The texts of all mod files of a tree: go.mod, go.work, go.sum, go.work.sum and
/// vendor/modules.txt, by path.
pub type ModTexts = BTreeMap<TreePath, String>;
