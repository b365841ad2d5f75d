//! Listing a tree breadth-first, a whole level a call.

use std::collections::BTreeMap;

use super::scanned::Refused;
use crate::limits;
use crate::tree::{self, Entry, EntryKind, SourceTree, TreePath};

/// The directories listed so far.
#[derive(Default)]
pub(super) struct Walk {
    dirs: BTreeMap<TreePath, Vec<Entry>>,
    /// Names so far.
    names: usize,
}

/// Directories that are listed at a time.
const LIST_BATCH: usize = 1024;

impl Walk {
    /// Lists everything below `top` that the pattern `...` may match in some module: not
    /// directories whose name begins with `.` or `_`, nor `testdata`, nor what lies below `vendor`
    /// (cmd/go/internal/modload, matchPackages).
    ///
    /// # Errors
    /// Where the tree has more than it may.
    pub(super) fn descend(&mut self, tree: &dyn SourceTree, top: &TreePath) -> Result<(), Refused> {
        let mut level = vec![top.clone()];
        while !level.is_empty() {
            level.retain(|dir| dir == top || !self.dirs.contains_key(dir));
            let mut next = Vec::new();
            for batch in level.chunks(LIST_BATCH) {
                self.list(tree, top, batch, &mut next)?;
            }
            level = next;
        }
        Ok(())
    }

    fn list(
        &mut self,
        tree: &dyn SourceTree,
        top: &TreePath,
        dirs: &[TreePath],
        below: &mut Vec<TreePath>,
    ) -> Result<(), Refused> {
        for (dir, listed) in dirs.iter().zip(tree.list(dirs)) {
            // A directory that cannot be listed holds no package; where one is asked for, its
            // absence is reported by the caller.
            let entries = listed.unwrap_or_default();
            self.names += entries.len() + 1;
            if self.names > limits::NAMES {
                return Err(Refused::new(format!(
                    "more than {} files and directories, gowork's limit",
                    limits::NAMES
                ))
                .at(dir.clone()));
            }
            let is_closed = dir != top && dir.name() == VENDOR;
            let dirs = entries.iter().filter(|entry| {
                !is_closed && entry.kind == EntryKind::Dir && is_walked(&entry.name)
            });
            for path in dirs.map(|entry| dir.child(&entry.name)) {
                if path.as_str().len() > limits::PATH {
                    let message = format!(
                        "a directory whose path has more than {} bytes, gowork's limit",
                        limits::PATH
                    );
                    return Err(Refused::new(message).at(top_of(&path)));
                }
                below.push(path);
            }
            self.dirs.insert(dir.clone(), entries);
        }
        Ok(())
    }

    /// The entries of one directory, listed now if needed. Empty if no such directory exists.
    pub(super) fn entries(&mut self, tree: &dyn SourceTree, dir: &TreePath) -> &[Entry] {
        self.dirs.entry(dir.clone()).or_insert_with(|| {
            let listed = tree.list(std::slice::from_ref(dir)).pop();
            listed.and_then(Result::ok).unwrap_or_default()
        })
    }

    /// The symlinks on the way to `dir`, with what they say. The pattern `...` follows none, but
    /// imports and mod files do.
    pub(super) fn links_to(
        &self,
        tree: &dyn SourceTree,
        dir: &TreePath,
    ) -> BTreeMap<TreePath, String> {
        if self.is_plain(dir) {
            BTreeMap::new()
        } else {
            tree::links_to(tree, dir)
        }
    }

    /// Whether every directory on the way to `dir`, itself included, is known not to be a symlink.
    fn is_plain(&self, dir: &TreePath) -> bool {
        let is_dir = |(above, path): (TreePath, TreePath)| {
            let entries = self.get(&above).unwrap_or_default();
            let at = entries.binary_search_by(|entry| entry.name.as_str().cmp(path.name()));
            at.is_ok_and(|at| entries[at].kind == EntryKind::Dir)
        };
        let way = std::iter::successors(Some(dir.clone()), TreePath::parent);
        way.filter_map(|path| Some((path.parent()?, path)))
            .all(is_dir)
    }

    /// Every directory listed so far, with its entries.
    pub(super) fn listed(&self) -> impl Iterator<Item = (&TreePath, &[Entry])> {
        self.dirs
            .iter()
            .map(|(dir, entries)| (dir, entries.as_slice()))
    }

    /// The entries of a directory, if it was listed.
    pub(super) fn get(&self, dir: &TreePath) -> Option<&[Entry]> {
        self.dirs.get(dir).map(Vec::as_slice)
    }
}

/// The directory that `...` matches, but does not go into.
pub(super) const VENDOR: &str = "vendor";

/// Whether `...` matches packages in a directory of this name.
pub(super) fn is_walked(name: &str) -> bool {
    !name.starts_with(['.', '_']) && name != "testdata"
}

/// The first directory on the way to `path`: of a path that is too long to be shown.
fn top_of(path: &TreePath) -> TreePath {
    let first = path.as_str().split('/').next().unwrap_or_default();
    TreePath::new(first).unwrap_or_default()
}
