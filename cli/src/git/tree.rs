//! The tree of a commit, without a checkout.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gowork_llb::keys::Contents;
use gowork_llb::tree::{Entry, EntryKind, LocalTree, SourceTree, TreeError, TreePath};

use super::work::digest;
use super::{Blob, Git, WorkState};

/// How many links a path may lead through.
const MAX_LINKS: usize = 40;

/// The tree of a commit. Files of the work tree that git ignores are in it too, since nothing is
/// known of how they were then: generated code and built assets, without which many a repository
/// does not build.
#[derive(Debug)]
pub(crate) struct GitTree {
    git: Git,
    work: Arc<WorkState>,
    local: LocalTree,
    files: BTreeMap<TreePath, Blob>,
    dirs: BTreeMap<TreePath, BTreeMap<String, EntryKind>>,
    links: BTreeMap<TreePath, String>,
}

impl GitTree {
    /// The tree of `commit`.
    pub(crate) fn new(git: &Git, commit: &str, work: Arc<WorkState>) -> anyhow::Result<Self> {
        let mut files = git.list(commit)?;
        let linked: Vec<(TreePath, Blob)> = files
            .extract_if(.., |_, blob| blob.mode == "120000")
            .collect();
        let oids: Vec<&str> = linked.iter().map(|(_, blob)| blob.oid.as_str()).collect();
        let targets = git.blobs(&oids)?;
        let links = linked
            .iter()
            .zip(targets)
            .map(|((path, _), to)| (path.clone(), String::from_utf8_lossy(&to).into_owned()));
        let local = LocalTree::new(&git.dir);
        let mut tree = Self {
            git: git.clone(),
            work,
            local,
            files,
            dirs: BTreeMap::new(),
            links: links.collect(),
        };
        let kind = |blob: &Blob| {
            if blob.mode == "160000" {
                EntryKind::Dir
            } else {
                EntryKind::File
            }
        };
        let entries: Vec<(TreePath, EntryKind)> = tree
            .files
            .iter()
            .map(|(path, blob)| (path.clone(), kind(blob)))
            .collect();
        for (path, kind) in entries {
            tree.enter(&path, kind);
        }
        for path in tree.links.keys().cloned().collect::<Vec<_>>() {
            tree.enter(&path, EntryKind::BrokenLink);
        }
        for path in tree.links.keys().cloned().collect::<Vec<_>>() {
            tree.enter(&path, tree.link_kind(&path));
        }
        Ok(tree)
    }

    /// Puts a path into the directories above it.
    fn enter(&mut self, path: &TreePath, kind: EntryKind) {
        let (mut path, mut kind) = (path.clone(), kind);
        while let Some(dir) = path.parent() {
            let known = self.dirs.contains_key(&dir);
            self.dirs
                .entry(dir.clone())
                .or_default()
                .insert(path.name().to_owned(), kind);
            if known {
                break;
            }
            (path, kind) = (dir, EntryKind::Dir);
        }
    }

    fn link_kind(&self, link: &TreePath) -> EntryKind {
        match self.follow(link) {
            Some(target) if self.dirs.contains_key(&target) => EntryKind::LinkToDir,
            Some(target) if self.files.contains_key(&target) => EntryKind::LinkToFile,
            _ => EntryKind::BrokenLink,
        }
    }

    /// Where a path leads, links followed; none if out of the tree or in a circle.
    fn follow(&self, path: &TreePath) -> Option<TreePath> {
        let mut path = path.clone();
        for _ in 0..MAX_LINKS {
            if self.links.is_empty() {
                return Some(path);
            }
            let mut above: Vec<TreePath> =
                std::iter::successors(Some(path.clone()), TreePath::parent).collect();
            above.reverse();
            let Some((link, target)) = above.iter().find_map(|at| Some((at, self.links.get(at)?)))
            else {
                return Some(path);
            };
            let target = link.parent()?.join(target).ok()?;
            path = target.join(path.strip_dir(link)?).ok()?;
        }
        None
    }

    /// Whether the file is not the commit's to tell about, but is taken from the work tree.
    fn is_taken_along(&self, path: &TreePath) -> bool {
        self.work.ignores(path) || self.submodule(path).is_some()
    }

    fn submodule(&self, path: &TreePath) -> Option<&Blob> {
        let mut above = std::iter::successors(path.parent(), TreePath::parent);
        above.find_map(|dir| self.files.get(&dir).filter(|blob| blob.mode == "160000"))
    }

    fn entries(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let not_found = || TreeError::NotFound(dir.clone());
        let target = self.follow(dir).ok_or_else(not_found)?;
        let mut entries = self.dirs.get(&target).cloned().unwrap_or_default();
        let local = self
            .local
            .list(std::slice::from_ref(&target))
            .remove(0)
            .unwrap_or_default();
        for entry in local {
            let path = target.child(&entry.name);
            let is_file_now = self.files.contains_key(&path) || self.links.contains_key(&path);
            if !is_file_now && (entry.kind == EntryKind::Dir || self.is_taken_along(&path)) {
                entries.entry(entry.name).or_insert(entry.kind);
            }
        }
        if entries.is_empty() && !dir.is_root() {
            return Err(not_found());
        }
        Ok(entries
            .into_iter()
            .map(|(name, kind)| Entry { name, kind })
            .collect())
    }

    /// What the contents of each of `files` are called, as [`WorkState::contents`] calls them.
    pub(crate) fn contents(
        &self,
        files: &BTreeSet<TreePath>,
        with_mode: &dyn Fn(&TreePath) -> bool,
    ) -> anyhow::Result<Contents> {
        let taken: BTreeSet<TreePath> = files
            .iter()
            .filter(|path| self.blob(path).is_none())
            .cloned()
            .collect();
        let taken = taken
            .into_iter()
            .filter(|path| self.is_taken_along(path))
            .collect();
        let mut contents = self.work.contents(&taken, with_mode)?;
        for path in files {
            if let Some(blob) = self.blob(path) {
                contents.insert(
                    path.clone(),
                    digest(&blob.oid, with_mode(path) && blob.mode == "100755"),
                );
            } else if let Some(commit) = self
                .submodule(path)
                .filter(|_| contents.get(path).is_some())
            {
                contents.insert(path.clone(), commit.oid.clone());
            }
        }
        Ok(contents)
    }

    /// Whether a file has not changed since: then it is read from disk, which is faster.
    fn is_unchanged(&self, path: &TreePath, blob: &Blob) -> bool {
        let at = self.follow(path);
        let now = at.and_then(|at| self.work.clean(&at));
        now.is_some_and(|now| now.oid == blob.oid)
    }

    fn blob(&self, path: &TreePath) -> Option<&Blob> {
        self.files
            .get(&self.follow(path)?)
            .filter(|blob| blob.mode != "160000")
    }
}

impl SourceTree for GitTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        dirs.iter().map(|dir| self.entries(dir)).collect()
    }

    fn link(&self, path: &TreePath) -> Option<String> {
        self.links.get(path).cloned()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        let (mut of_git, mut local) = (BTreeMap::new(), Vec::new());
        for path in files {
            match self.blob(path) {
                Some(blob) if self.is_unchanged(path, blob) => local.push(path.clone()),
                Some(blob) => _ = of_git.insert(path, blob.oid.as_str()),
                None if self.is_taken_along(path) => local.push(path.clone()),
                None => {}
            }
        }
        let oids: Vec<&str> = of_git.values().copied().collect();
        let mut read: BTreeMap<&TreePath, Result<Vec<u8>, TreeError>> = BTreeMap::new();
        match self.git.blobs(&oids) {
            Ok(blobs) => read.extend(of_git.into_keys().zip(blobs.into_iter().map(Ok))),
            Err(error) => {
                for path in of_git.into_keys() {
                    let failed = TreeError::Io {
                        path: path.clone(),
                        message: format!("{error:#}"),
                    };
                    read.insert(path, Err(failed));
                }
            }
        }
        read.extend(local.iter().zip(self.local.read(&local)));
        let mut texts = Vec::new();
        for path in files {
            let text = read.remove(path);
            texts.push(text.unwrap_or_else(|| Err(TreeError::NotFound(path.clone()))));
        }
        texts
    }
}
