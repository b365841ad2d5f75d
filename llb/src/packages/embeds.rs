//! Embed patterns against the tree.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::walk::Walk;
use crate::gosrc::embed::{self, Listing, NodeKind};
use crate::tree::{EntryKind, SourceTree, TreePath};

/// What each pattern of the package in `dir` matches.
pub(super) fn resolve(
    tree: &dyn SourceTree,
    walk: &mut Walk,
    dir: &TreePath,
    patterns: &BTreeSet<&str>,
    budget: &Cell<usize>,
) -> BTreeMap<String, Result<Vec<String>, String>> {
    let walk = RefCell::new(walk);
    let listed: RefCell<BTreeMap<String, Option<Listing>>> = RefCell::default();
    let list = |below: &str| {
        if let Some(known) = listed.borrow().get(below) {
            return known.clone();
        }
        let mut walk = walk.borrow_mut();
        let entries = dir
            .join(below)
            .map(|at| walk.entries(tree, &at))
            .unwrap_or_default();
        let names = entries
            .iter()
            .map(|entry| (entry.name.clone(), entry.kind.into()));
        let listing = (!entries.is_empty()).then(|| names.collect::<Listing>());
        listed
            .borrow_mut()
            .insert(below.to_owned(), listing.clone());
        listing
    };
    let resolve = |pattern: &str| {
        embed::resolve_within(pattern, &list, budget).map_err(|error| error.message)
    };
    patterns
        .iter()
        .map(|&pattern| (pattern.to_owned(), resolve(pattern)))
        .collect()
}

impl From<EntryKind> for NodeKind {
    fn from(kind: EntryKind) -> Self {
        match kind {
            EntryKind::File => Self::File,
            EntryKind::Dir => Self::Dir,
            EntryKind::LinkToFile | EntryKind::LinkToDir | EntryKind::BrokenLink => Self::Symlink,
            EntryKind::Other => Self::Other,
        }
    }
}
