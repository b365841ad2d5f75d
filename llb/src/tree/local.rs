//! A directory on disk as a tree: the library's one door to the file system.
#![expect(clippy::disallowed_methods, reason = "the one file of the library that touches the disk")]

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Entry, EntryKind, SourceTree, TreeError, TreePath};

/// A directory on disk. Batches run in parallel.
#[derive(Debug, Clone)]
pub struct LocalTree {
    root: PathBuf,
}

impl LocalTree {
    /// The tree below `root`. Nothing is read yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the tree lies on disk.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `path` lies on disk, links followed: inside the tree, or it is not found.
    fn resolve(&self, path: &TreePath) -> std::io::Result<PathBuf> {
        let place = self.root.join(path.as_str());
        // Links are rare, and following every path by itself is not free: only a path with one in it is looked at again.
        let mut at = self.root.clone();
        let linked = path.as_str().split('/').any(|part| {
            at.push(part);
            at.is_symlink()
        });
        if !linked {
            return Ok(place);
        }
        let target = std::fs::canonicalize(&place)?;
        if target.starts_with(std::fs::canonicalize(&self.root)?) { Ok(target) } else { Err(std::io::ErrorKind::NotFound.into()) }
    }

    fn entries(&self, dir: &TreePath) -> std::io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(self.resolve(dir)?)? {
            let entry = entry?;
            // A name that is not UTF-8 cannot be a Go source, a package directory, or an embedded file (module.CheckFilePath).
            let Ok(name) = entry.file_name().into_string() else { continue };
            let file_type = entry.file_type()?;
            let kind = if file_type.is_file() {
                EntryKind::File
            } else if file_type.is_dir() {
                EntryKind::Dir
            } else if file_type.is_symlink() {
                self.link_kind(&entry.path())
            } else {
                EntryKind::Other
            };
            entries.push(Entry { name, kind });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn link_kind(&self, link: &Path) -> EntryKind {
        let inside = std::fs::canonicalize(&self.root).and_then(|root| Ok(std::fs::canonicalize(link)?.starts_with(root)));
        match (inside, std::fs::metadata(link)) {
            (Ok(true), Ok(target)) if target.is_file() => EntryKind::LinkToFile,
            (Ok(true), Ok(target)) if target.is_dir() => EntryKind::LinkToDir,
            (Ok(true), Ok(_)) => EntryKind::Other,
            _ => EntryKind::BrokenLink,
        }
    }
}

fn tree_error(path: &TreePath, error: &std::io::Error) -> TreeError {
    match error.kind() {
        std::io::ErrorKind::NotFound => TreeError::NotFound(path.clone()),
        _ => TreeError::Io { path: path.clone(), message: error.to_string() },
    }
}

impl SourceTree for LocalTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        dirs.par_iter().map(|dir| self.entries(dir).map_err(|error| tree_error(dir, &error))).collect()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        files
            .par_iter()
            .map(|file| self.resolve(file).and_then(std::fs::read).map_err(|error| tree_error(file, &error)))
            .collect()
    }
}
