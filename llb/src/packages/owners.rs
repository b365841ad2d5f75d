//! Which module a directory belongs to.

use std::collections::BTreeSet;

use crate::tree::{self, TreePath};
use crate::workspace::ModTexts;

/// The directory of a file, as text.
fn dir_of(file: &TreePath) -> &str {
    file.as_str().rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Which module a directory belongs to.
pub(super) struct Owners<'a> {
    /// Directories with a go.mod.
    modules: BTreeSet<&'a str>,
}

impl<'a> Owners<'a> {
    pub(super) fn new(mod_files: &'a ModTexts) -> Self {
        let modules = mod_files.keys().filter(|path| path.name() == "go.mod");
        Self {
            modules: modules.map(dir_of).collect(),
        }
    }

    /// The same, for directories that are one of `dirs` or lie below one: of many roots each has
    /// few.
    pub(super) fn below<'d>(
        mod_files: &'a ModTexts,
        dirs: impl Iterator<Item = &'d TreePath>,
    ) -> Self {
        let files = dirs
            .flat_map(|dir| tree::below(mod_files, dir))
            .map(|(path, _)| path);
        Self {
            modules: files
                .filter(|path| path.name() == "go.mod")
                .map(dir_of)
                .collect(),
        }
    }

    /// The directory of the module that `dir` belongs to: the nearest one with a go.mod, used or
    /// not.
    pub(super) fn of<'d>(&self, dir: &'d TreePath) -> Option<&'d str> {
        let mut at = dir.as_str();
        loop {
            if self.modules.contains(at) {
                return Some(at);
            }
            if at.is_empty() {
                return None;
            }
            at = at.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }
}
