//! The licences that the files of a module declare.

use std::collections::BTreeSet;

use super::detect::Detector;
use super::files::is_license_file;
use crate::limits;
use crate::tree::{EntryKind, SourceTree, TreePath};

/// A file with licences, and the SPDX ids of those that were found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LicenseFile {
    /// Its path in the tree.
    pub path: TreePath,
    /// In the order in which they stand in it. Empty if it has no licence that is known.
    pub ids: Vec<&'static str>,
}

/// What a module declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declared {
    /// The files with licences, by name.
    pub files: Vec<LicenseFile>,
}

impl Declared {
    /// The SPDX ids of all files, each once, sorted.
    pub fn ids(&self) -> BTreeSet<&'static str> {
        let ids = self.files.iter().flat_map(|file| file.ids.iter().copied());
        ids.collect()
    }

    /// All of them as an SPDX expression: `Apache-2.0 AND MIT`. Whether a module lets you choose
    /// between them is not in their texts, so all of them count. Returns `None` if no licence was
    /// found.
    pub fn expression(&self) -> Option<String> {
        let ids: Vec<&str> = self.ids().into_iter().collect();
        (!ids.is_empty()).then(|| ids.join(" AND "))
    }
}

impl Detector {
    /// What the licence files in a directory declare. Of a file, the first
    /// [`limits::LICENSE_FILE`] bytes count, and of many files the first
    /// [`limits::LICENSE_FILES`].
    pub fn declared(&self, tree: &dyn SourceTree, dir: &TreePath) -> Declared {
        let paths = license_files(tree, dir);
        let mut declared = Declared::default();
        let mut unread = paths.into_iter();
        let files: Vec<TreePath> = unread.clone().collect();
        tree.heads(&files, limits::LICENSE_FILE, &mut |head| {
            let (Some(path), Ok(head)) = (unread.next(), head) else {
                return;
            };
            let bytes = &head.bytes[..head.bytes.len().min(limits::LICENSE_FILE)];
            let ids = self.detect(&String::from_utf8_lossy(bytes));
            declared.files.push(LicenseFile { path, ids });
        });
        declared
    }

    /// What the nearest licence files declare: in the directory or in one above it.
    pub fn declared_above(&self, tree: &dyn SourceTree, dir: &TreePath) -> Declared {
        let mut dirs = std::iter::successors(Some(dir.clone()), TreePath::parent);
        let declared = dirs.find_map(|dir| {
            let declared = self.declared(tree, &dir);
            (!declared.files.is_empty()).then_some(declared)
        });
        declared.unwrap_or_default()
    }
}

fn license_files(tree: &dyn SourceTree, dir: &TreePath) -> Vec<TreePath> {
    let Some(Ok(entries)) = tree.list(std::slice::from_ref(dir)).pop() else {
        return Vec::new();
    };
    let is_file = |kind| matches!(kind, EntryKind::File | EntryKind::LinkToFile);
    let named = entries
        .into_iter()
        .filter(|entry| is_file(entry.kind) && is_license_file(&entry.name));
    named
        .take(limits::LICENSE_FILES)
        .map(|entry| dir.child(&entry.name))
        .collect()
}
