//! Embed patterns against the tree.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::walk::Walk;
use crate::gosrc::embed::{self, NodeKind};
use crate::tree::{Entry, EntryKind, SourceTree, TreePath};

/// What each pattern of the package in `dir` matches.
pub(super) fn resolve(
    tree: &dyn SourceTree,
    walk: &mut Walk,
    dir: &TreePath,
    patterns: &BTreeSet<&str>,
) -> BTreeMap<String, Result<Vec<String>, String>> {
    let walk = RefCell::new(walk);
    let list = |below: &str| {
        let at = dir.join(below).ok()?;
        let mut walk = walk.borrow_mut();
        let entries = walk.entries(tree, &at);
        (!entries.is_empty()).then(|| entries.iter().map(|entry| (entry.name.clone(), node_kind(entry))).collect())
    };
    let resolve = |pattern: &str| embed::resolve(pattern, &list).map_err(|error| error.message);
    patterns.iter().map(|&pattern| (pattern.to_owned(), resolve(pattern))).collect()
}

fn node_kind(entry: &Entry) -> NodeKind {
    match entry.kind {
        EntryKind::File => NodeKind::File,
        EntryKind::Dir => NodeKind::Dir,
        EntryKind::LinkToFile | EntryKind::LinkToDir | EntryKind::BrokenLink => NodeKind::Symlink,
        EntryKind::Other => NodeKind::Other,
    }
}
