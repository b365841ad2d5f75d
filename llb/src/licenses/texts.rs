//! The texts that go with copies of a module: its licences and notices.

use super::files::{is_license_file, is_license_text};
use crate::limits;
use crate::tree::{EntryKind, SourceTree, TreePath};

/// The files with licences and notices in a directory, by name.
pub fn license_texts(tree: &dyn SourceTree, dir: &TreePath) -> Vec<TreePath> {
    let Some(Ok(entries)) = tree.list(std::slice::from_ref(dir)).pop() else {
        return Vec::new();
    };
    let is_file = |kind| matches!(kind, EntryKind::File | EntryKind::LinkToFile);
    let mut texts = Vec::new();
    for entry in entries {
        // A name that is not UTF-8 is shown with this character, and cannot be opened by it.
        let is_utf8 = !entry.name.contains(char::REPLACEMENT_CHARACTER);
        if is_file(entry.kind) && is_utf8 && is_license_text(&entry.name) {
            texts.push(dir.child(&entry.name));
        }
    }
    texts.truncate(2 * limits::LICENSE_FILES);
    texts
}

/// The same of the nearest directory that has a file with licences: this one, or one above it.
pub fn license_texts_above(tree: &dyn SourceTree, dir: &TreePath) -> Vec<TreePath> {
    let dirs = std::iter::successors(Some(dir.clone()), TreePath::parent);
    nearest_texts(dirs.map(|dir| license_texts(tree, &dir)))
}

/// Of the texts in several directories, the first that have a licence among them.
pub fn nearest_texts(dirs: impl IntoIterator<Item = Vec<TreePath>>) -> Vec<TreePath> {
    let has_license = |texts: &Vec<TreePath>| texts.iter().any(|it| is_license_file(it.name()));
    dirs.into_iter().find(has_license).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::MemTree;

    #[test]
    fn the_nearest_licences_with_their_notices() {
        let mut tree = MemTree::new();
        for path in [
            "LICENSE",
            "NOTICE",
            "lib/NOTICE",
            "lib/deep/x.go",
            "own/COPYING",
            "own/copying.go",
        ] {
            tree.insert(TreePath::new(path).unwrap(), "text");
        }
        let texts = |dir: &str| -> Vec<String> {
            let dir = TreePath::new(dir).unwrap();
            let texts = license_texts_above(&tree, &dir).into_iter();
            texts.map(|path| path.to_string()).collect()
        };
        assert_eq!(texts("lib/deep"), ["LICENSE", "NOTICE"]);
        assert_eq!(texts("own"), ["own/COPYING"]);
        assert_eq!(texts(""), ["LICENSE", "NOTICE"]);
        let lib = TreePath::new("lib").unwrap();
        assert_eq!(license_texts(&tree, &lib), [lib.child("NOTICE")]);
        assert_eq!(license_texts(&tree, &lib.child("deep")), []);
    }
}
