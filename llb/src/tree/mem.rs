//! A tree in memory, for tests and embedders.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::{Entry, EntryKind, SourceTree, TreeError, TreePath};

/// A tree in memory: paths to contents. Directories are those that hold a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemTree {
    files: BTreeMap<TreePath, Vec<u8>>,
}

impl MemTree {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: TreePath, contents: impl Into<Vec<u8>>) {
        self.files.insert(path, contents.into());
    }

    /// Removes a file; says whether it was there.
    pub fn remove(&mut self, path: &TreePath) -> bool {
        self.files.remove(path).is_some()
    }

    /// A tree from a txtar archive (<https://pkg.go.dev/golang.org/x/tools/txtar>): `-- path --`
    /// lines, each followed by that file's contents. Text before the first such line is a comment.
    /// A path that leaves the tree ends up nowhere.
    pub fn from_txtar(archive: &str) -> Self {
        let mut tree = Self::new();
        let mut open: Option<(TreePath, String)> = None;
        for line in archive.split_inclusive('\n') {
            let marker = line
                .trim_end()
                .strip_prefix("-- ")
                .and_then(|rest| rest.strip_suffix(" --"));
            if let Some(name) = marker {
                if let Some((path, text)) = open.take() {
                    tree.insert(path, text);
                }
                open = TreePath::new(name.trim())
                    .ok()
                    .map(|path| (path, String::new()));
            } else if let Some((_, text)) = &mut open {
                text.push_str(line);
            }
        }
        if let Some((path, text)) = open {
            tree.insert(path, text);
        }
        tree
    }

    fn entries(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let mut entries: BTreeSet<(String, bool)> = BTreeSet::new();
        let prefix = if dir.is_root() {
            String::new()
        } else {
            format!("{dir}/")
        };
        // What is below a directory comes in one piece, so a walk looks at a file once a level.
        let below = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        for path in self.files.range::<str, _>(below).map(|(path, _)| path) {
            let Some(rest) = path.as_str().strip_prefix(&prefix) else {
                break;
            };
            if !rest.is_empty() {
                entries.insert(rest.split_once('/').map_or_else(
                    || (rest.to_owned(), false),
                    |(name, _)| (name.to_owned(), true),
                ));
            }
        }
        if entries.is_empty() && !dir.is_root() {
            return Err(TreeError::NotFound(dir.clone()));
        }
        let kind = |is_dir| {
            if is_dir {
                EntryKind::Dir
            } else {
                EntryKind::File
            }
        };
        Ok(entries
            .into_iter()
            .map(|(name, is_dir)| Entry {
                name,
                kind: kind(is_dir),
            })
            .collect())
    }
}

impl SourceTree for MemTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        dirs.iter().map(|dir| self.entries(dir)).collect()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        files
            .iter()
            .map(|path| {
                self.files
                    .get(path)
                    .cloned()
                    .ok_or_else(|| TreeError::NotFound(path.clone()))
            })
            .collect()
    }
}
