//! Tests of tree: one contract for all trees, and paths that stay inside.

use gowork_llb::tree::{Entry, EntryKind, LocalTree, MemTree, SourceTree, TreeError, TreePath};
use proptest::prelude::*;

const FILES: [(&str, &str); 4] = [("a.go", "package a\n"), ("b/c.go", "package c\n"), ("b/d/e.txt", ""), ("b!/x", "y")];

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

/// What every tree answers for the same files.
fn contract(tree: &dyn SourceTree) {
    let entry = |name: &str, kind| Entry { name: name.to_owned(), kind };
    let listed = tree.list(&[TreePath::ROOT, path("b"), path("nowhere"), path("b/d")]);
    let root = [entry("a.go", EntryKind::File), entry("b", EntryKind::Dir), entry("b!", EntryKind::Dir)];
    assert_eq!(listed[0].as_deref().unwrap(), root);
    assert_eq!(listed[1].as_deref().unwrap(), [entry("c.go", EntryKind::File), entry("d", EntryKind::Dir)]);
    assert_eq!(listed[2], Err(TreeError::NotFound(path("nowhere"))));
    assert_eq!(listed[3].as_deref().unwrap(), [entry("e.txt", EntryKind::File)]);
    let read = tree.read(&[path("b/c.go"), path("missing"), path("b/d/e.txt")]);
    assert_eq!(read[0].as_deref().unwrap(), b"package c\n");
    assert_eq!(read[1], Err(TreeError::NotFound(path("missing"))));
    assert_eq!(read[2].as_deref().unwrap(), b"");
    assert!(tree.list(&[]).is_empty());
}

fn on_disk() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        let file = dir.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    dir
}

#[test]
fn trees_keep_the_contract() {
    let dir = on_disk();
    contract(&LocalTree::new(dir.path()));
    let mut memory = MemTree::new();
    for (name, text) in FILES {
        memory.insert(path(name), text);
    }
    contract(&memory);
    let archive: String = FILES.iter().map(|(name, text)| format!("-- {name} --\n{}", text)).collect();
    // txtar ends every file with a newline of its own or none: "y" here has none at the archive's end.
    contract(&MemTree::from_txtar(&archive));
}

#[test]
fn links_are_told_apart_and_do_not_leave_the_tree() {
    let dir = on_disk();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap();
    link("a.go", "file.go");
    link("b", "dir");
    link("nowhere", "broken.go");
    link("/etc/passwd", "outside.go");
    let tree = LocalTree::new(dir.path());
    let entries = tree.list(&[TreePath::ROOT]).remove(0).unwrap();
    let kind = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap().kind;
    assert_eq!(kind("file.go"), EntryKind::LinkToFile);
    assert_eq!(kind("dir"), EntryKind::LinkToDir);
    assert_eq!(kind("broken.go"), EntryKind::BrokenLink);
    assert_eq!(kind("outside.go"), EntryKind::BrokenLink);
    assert_eq!(tree.read(&[path("file.go")]).remove(0).unwrap(), b"package a\n");
    assert!(tree.read(&[path("outside.go")]).remove(0).is_err(), "a link out of the tree must not be read");
    link("/etc", "elsewhere");
    assert!(tree.read(&[path("elsewhere/passwd")]).remove(0).is_err(), "nor what lies behind one");
    assert!(tree.list(&[path("elsewhere")]).remove(0).is_err());
}

proptest! {
    #[test]
    fn joining_never_leaves_the_tree(base in "[a-c/.]{0,8}", below in "[a-c/.]{0,12}") {
        let Ok(base) = TreePath::new(&base) else { return Ok(()) };
        if let Ok(joined) = base.join(&below) {
            prop_assert!(!joined.as_str().starts_with('/') && !joined.as_str().split('/').any(|part| part == ".." || part == "."));
            prop_assert_eq!(TreePath::new(joined.as_str()).unwrap(), joined.clone());
            if let Some(parent) = joined.parent() {
                prop_assert_eq!(parent.child(joined.name()), joined.clone());
                prop_assert!(joined.is_under(&parent));
            }
        }
    }
}
