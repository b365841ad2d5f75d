//! Other trees laid over one, each in a directory of its own, and texts in the place of files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Entry, EntryKind, Head, SourceTree, TreeError, TreePath};

/// A tree with others laid over it. What the directory of one had is not seen.
#[derive(Clone)]
pub struct LaidTree {
    base: Arc<dyn SourceTree>,
    laid: BTreeMap<TreePath, Arc<dyn SourceTree>>,
    texts: BTreeMap<TreePath, String>,
}

impl std::fmt::Debug for LaidTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaidTree")
            .field("laid", &self.laid.keys())
            .field("texts", &self.texts)
            .finish_non_exhaustive()
    }
}

impl LaidTree {
    /// `base` with nothing on it.
    pub fn new(base: Arc<dyn SourceTree>) -> Self {
        Self {
            base,
            laid: BTreeMap::new(),
            texts: BTreeMap::new(),
        }
    }

    /// Lays a tree at the directory `dir`, which is not below that of another one.
    pub fn lay(&mut self, dir: TreePath, tree: Arc<dyn SourceTree>) {
        self.laid.insert(dir, tree);
    }

    /// Gives a file this text, also one in a tree that is laid.
    pub fn write(&mut self, file: TreePath, text: String) {
        self.texts.insert(file, text);
    }

    /// Whether a tree is laid at this directory.
    pub fn is_laid(&self, dir: &TreePath) -> bool {
        self.laid.contains_key(dir)
    }

    /// The tree that has a path, and what the path is there.
    fn owner(&self, path: &TreePath) -> (&dyn SourceTree, TreePath) {
        let found = self.laid.iter().find_map(|(dir, tree)| {
            let below = path.strip_dir(dir)?;
            Some((tree.as_ref(), TreePath::new(below).ok()?))
        });
        found.unwrap_or_else(|| (self.base.as_ref(), path.clone()))
    }

    /// Asks the tree of each path about a run of paths, and gives the answers in order.
    fn ask<T>(
        &self,
        paths: &[TreePath],
        asking: impl Fn(&dyn SourceTree, &[TreePath]) -> Vec<Result<T, TreeError>>,
    ) -> Vec<Result<T, TreeError>> {
        let mut answers = Vec::with_capacity(paths.len());
        self.runs(paths, |tree, own, asked| {
            let answered = asking(tree, own).into_iter().zip(asked);
            answers.extend(answered.map(|(answer, path)| answer.map_err(|it| renamed(it, path))));
        });
        answers
    }

    /// Gives `take` each run of paths that one tree has: the tree, the paths there, and here.
    fn runs<'p>(
        &self,
        paths: &'p [TreePath],
        mut take: impl FnMut(&dyn SourceTree, &[TreePath], &'p [TreePath]),
    ) {
        let of_same = |one: &TreePath, other: &TreePath| {
            let laid_at = |path: &TreePath| self.laid.keys().find(|dir| path.is_under(dir));
            laid_at(one) == laid_at(other)
        };
        for run in paths.chunk_by(of_same) {
            let Some((tree, _)) = run.first().map(|path| self.owner(path)) else {
                continue;
            };
            let own: Vec<TreePath> = run.iter().map(|path| self.owner(path).1).collect();
            take(tree, &own, run);
        }
    }

    /// What is laid directly in a directory: names of directories and of files.
    fn added(&self, dir: &TreePath) -> BTreeMap<String, EntryKind> {
        let mut added = BTreeMap::new();
        let dirs = self.laid.keys().map(|path| (path, EntryKind::Dir));
        let files = self.texts.keys().map(|path| (path, EntryKind::File));
        for (path, kind) in files.chain(dirs) {
            match path
                .strip_dir(dir)
                .map(|rest| rest.split_once('/').ok_or(rest))
            {
                None | Some(Err("")) => {}
                Some(Err(name)) => _ = added.insert(name.to_owned(), kind),
                Some(Ok((name, _))) => _ = added.insert(name.to_owned(), EntryKind::Dir),
            }
        }
        added
    }
}

/// The error of a tree, with the path that was asked for.
fn renamed(error: TreeError, path: &TreePath) -> TreeError {
    let path = path.clone();
    match error {
        TreeError::NotFound(_) => TreeError::NotFound(path),
        TreeError::TooLarge { size, .. } => TreeError::TooLarge { path, size },
        TreeError::Io { message, .. } => TreeError::Io { path, message },
    }
}

impl SourceTree for LaidTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        let mut listed = self.ask(dirs, |tree, dirs| tree.list(dirs));
        for (dir, entries) in dirs.iter().zip(&mut listed) {
            let added = self.added(dir);
            if added.is_empty() {
                continue;
            }
            let mut all: BTreeMap<String, EntryKind> = match entries {
                Ok(entries) => entries.drain(..).map(|it| (it.name, it.kind)).collect(),
                Err(_) => BTreeMap::new(),
            };
            all.extend(added);
            let all = all.into_iter().map(|(name, kind)| Entry { name, kind });
            *entries = Ok(all.collect());
        }
        listed
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        let mut read = self.ask(files, |tree, files| tree.read(files));
        for (file, bytes) in files.iter().zip(&mut read) {
            if let Some(text) = self.texts.get(file) {
                *bytes = Ok(text.clone().into_bytes());
            }
        }
        read
    }

    fn link(&self, path: &TreePath) -> Option<String> {
        if self.texts.contains_key(path) {
            return None;
        }
        let (tree, own) = self.owner(path);
        tree.link(&own)
    }

    fn heads(
        &self,
        files: &[TreePath],
        length: usize,
        take: &mut dyn FnMut(Result<Head<'_>, TreeError>),
    ) {
        self.runs(files, |tree, own, asked| {
            let mut paths = asked.iter();
            tree.heads(own, length, &mut |head| {
                let Some(path) = paths.next() else { return };
                match self.texts.get(path) {
                    Some(text) => take(Ok(Head {
                        bytes: text.as_bytes(),
                        size: text.len() as u64,
                    })),
                    None => take(head.map_err(|error| renamed(error, path))),
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemTree;
    use super::*;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    fn names(tree: &LaidTree, dir: &str) -> Result<Vec<String>, TreeError> {
        let listed = tree.list(&[path(dir)]).remove(0)?;
        let shown = listed.into_iter().map(|entry| {
            let slash = if entry.kind == EntryKind::Dir {
                "/"
            } else {
                ""
            };
            format!("{}{slash}", entry.name)
        });
        Ok(shown.collect())
    }

    #[test]
    fn a_tree_lies_in_its_directory() {
        let base = MemTree::from_txtar("-- a.go --\nbase\n-- deep/there/old.go --\nold\n");
        let lib = MemTree::from_txtar("-- go.mod --\nlib\n-- x/x.go --\nx\n");
        let mut tree = LaidTree::new(Arc::new(base));
        tree.lay(path("deep/there"), Arc::new(lib));
        tree.write(path("go.work"), "work".to_owned());
        tree.write(path("deep/there/go.mod"), "changed".to_owned());
        let [root, deep, there, gone] =
            ["", "deep", "deep/there", "deep/gone"].map(|dir| names(&tree, dir));
        assert_eq!(root.unwrap(), ["a.go", "deep/", "go.work"]);
        assert_eq!(deep.unwrap(), ["there/"]);
        assert_eq!(there.unwrap(), ["go.mod", "x/"]);
        assert_eq!(gone, Err(TreeError::NotFound(path("deep/gone"))));
        let files = [
            "deep/there/x/x.go",
            "a.go",
            "go.work",
            "deep/there/go.mod",
            "deep/there/old.go",
        ]
        .map(path);
        let texts = [
            Ok(b"x\n".to_vec()),
            Ok(b"base\n".to_vec()),
            Ok(b"work".to_vec()),
            Ok(b"changed".to_vec()),
            Err(TreeError::NotFound(path("deep/there/old.go"))),
        ];
        assert_eq!(tree.read(&files), texts);
        let mut heads = Vec::new();
        tree.heads(&files, 4, &mut |head| {
            heads.push(head.map(|head| head.bytes.to_vec()));
        });
        assert_eq!(heads, texts);
    }
}
