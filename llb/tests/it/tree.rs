//! Tests of tree: one contract for all trees, and paths that stay inside.

use std::sync::Arc;

use gowork_llb::tree::{
    Entry, EntryKind, Ignore, IgnoringTree, LocalTree, MemTree, SourceTree, TreeError, TreePath,
};
use proptest::prelude::*;

const FILES: [(&str, &str); 4] = [
    ("a.go", "package a\n"),
    ("b/c.go", "package c\n"),
    ("b/d/e.txt", ""),
    ("b!/x", "y"),
];

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

/// What every tree answers for the same files.
fn contract(tree: &dyn SourceTree) {
    let entry = |name: &str, kind| Entry {
        name: name.to_owned(),
        kind,
    };
    let listed = tree.list(&[TreePath::ROOT, path("b"), path("nowhere"), path("b/d")]);
    let root = [
        entry("a.go", EntryKind::File),
        entry("b", EntryKind::Dir),
        entry("b!", EntryKind::Dir),
    ];
    assert_eq!(listed[0].as_deref().unwrap(), root);
    assert_eq!(
        listed[1].as_deref().unwrap(),
        [entry("c.go", EntryKind::File), entry("d", EntryKind::Dir)]
    );
    assert_eq!(listed[2], Err(TreeError::NotFound(path("nowhere"))));
    assert_eq!(
        listed[3].as_deref().unwrap(),
        [entry("e.txt", EntryKind::File)]
    );
    let read = tree.read(&[path("b/c.go"), path("missing"), path("b/d/e.txt")]);
    assert_eq!(read[0].as_deref().unwrap(), b"package c\n");
    assert_eq!(read[1], Err(TreeError::NotFound(path("missing"))));
    assert_eq!(read[2].as_deref().unwrap(), b"");
    assert!(tree.list(&[]).is_empty());
    let mut heads = Vec::new();
    let files = [path("b/c.go"), path("missing"), path("b/d/e.txt")];
    tree.heads(&files, 4, &mut |head| {
        heads.push(head.map(|head| (head.bytes.starts_with(b"pack"), head.size)))
    });
    assert_eq!(
        heads,
        [
            Ok((true, 10)),
            Err(TreeError::NotFound(path("missing"))),
            Ok((false, 0))
        ]
    );
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
    let archive: String = FILES
        .iter()
        .map(|(name, text)| format!("-- {name} --\n{}", text))
        .collect();
    // txtar ends every file with a newline of its own or none: "y" here has none at the archive's
    // end.
    contract(&MemTree::from_txtar(&archive));
}

#[test]
fn a_file_is_followed_through_every_link() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(at("real/deep")).unwrap();
    std::fs::create_dir(at("lib")).unwrap();
    std::fs::write(at("real/deep/x.go"), "package x\n").unwrap();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, at(name)).unwrap();
    link("real", "way");
    link("../way/deep/x.go", "lib/one.go");
    link("one.go", "lib/two.go");
    link("circle.go", "lib/circle.go");
    link("../../outside.go", "lib/outside.go");
    let tree = LocalTree::new(dir.path());
    let followed = |name: &str| -> Vec<String> {
        gowork_llb::tree::followed(&tree, &path(name))
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(
        followed("lib/two.go"),
        ["lib/one.go", "way", "real/deep/x.go"]
    );
    assert_eq!(followed("way/deep/x.go"), ["way", "real/deep/x.go"]);
    for none in [
        "real/deep/x.go",
        "lib/circle.go",
        "lib/outside.go",
        "lib/missing.go",
    ] {
        assert!(followed(none).is_empty(), "{none}");
    }
}

#[test]
fn a_package_has_what_links_lead_through_among_its_inputs() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(at(name).parent().unwrap()).unwrap();
        std::fs::write(at(name), text).unwrap();
    };
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, at(name)).unwrap();
    write("go.mod", "module example.com/m\n\ngo 1.26\n");
    write(
        "main.go",
        "package main\n\nimport _ \"example.com/m/lib\"\nimport _ \"example.com/m/way/deep\"\nfunc main() {}\n",
    );
    write(
        "lib/lib.go",
        "package lib\n\n// #cgo CFLAGS: -I${SRCDIR}/include\n// #include \"x.h\"\nimport \"C\"\n",
    );
    write("real/one.go", "package lib\n");
    write(
        "real/deep/x.go",
        "package x\n\nimport _ \"embed\"\n\n//go:embed words.txt\nvar words string\n",
    );
    write("real/deep/words.txt", "words\n");
    write("headers/x.h", "");
    write("profiles/one.pgo", "");
    link("real", "way");
    link("../way/one.go", "lib/one.go");
    link("../headers", "lib/include");
    link("profiles/one.pgo", "default.pgo");
    let tree = LocalTree::new(dir.path());
    let (outline, diagnostics) = crate::support::outline(&tree, "[go]\ncgo = true\n");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let packages = &outline.builds[0].packages;
    let files = |package: &str| -> Vec<&str> {
        packages
            .get(packages.find(package).unwrap())
            .files
            .iter()
            .map(TreePath::as_str)
            .collect()
    };
    let lib = [
        "headers/x.h",
        "lib/include",
        "lib/include/x.h",
        "lib/lib.go",
        "lib/one.go",
        "real/one.go",
        "way",
    ];
    assert_eq!(files("example.com/m/lib"), lib);
    // The pattern `...` goes into no directory behind a link, but imports do.
    let deep = [
        "real/deep/words.txt",
        "real/deep/x.go",
        "way",
        "way/deep/words.txt",
        "way/deep/x.go",
    ];
    assert_eq!(files("example.com/m/way/deep"), deep);
    assert_eq!(
        files("example.com/m"),
        ["default.pgo", "main.go", "profiles/one.pgo"]
    );
}

#[test]
fn a_link_that_leads_nowhere_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("go.mod"),
        "module example.com/m\n\ngo 1.26\n",
    )
    .unwrap();
    std::fs::write(dir.path().join("main.go"), "package main\nfunc main() {}\n").unwrap();
    // As it is for the go command.
    std::os::unix::fs::symlink("nowhere.go", dir.path().join("gone.go")).unwrap();
    let (_, diagnostics) = crate::support::outline(&LocalTree::new(dir.path()), "");
    let said: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|line| line.contains("gone.go") && line.contains("cannot be read")),
        "{said:?}"
    );
}

#[test]
fn links_are_told_apart_and_do_not_leave_the_tree() {
    let dir = on_disk();
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, dir.path().join(name)).unwrap()
    };
    link("a.go", "file.go");
    link("b", "dir");
    link("nowhere", "broken.go");
    link("/etc/passwd", "outside.go");
    let tree = LocalTree::new(dir.path());
    let entries = tree.list(&[TreePath::ROOT]).remove(0).unwrap();
    let kind = |name: &str| {
        entries
            .iter()
            .find(|entry| entry.name == name)
            .unwrap()
            .kind
    };
    assert_eq!(kind("file.go"), EntryKind::LinkToFile);
    assert_eq!(kind("dir"), EntryKind::LinkToDir);
    assert_eq!(kind("broken.go"), EntryKind::BrokenLink);
    assert_eq!(kind("outside.go"), EntryKind::BrokenLink);
    assert_eq!(
        tree.read(&[path("file.go")]).remove(0).unwrap(),
        b"package a\n"
    );
    assert!(
        tree.read(&[path("outside.go")]).remove(0).is_err(),
        "a link out of the tree must not be read"
    );
    assert_eq!(
        tree.read(&[path("dir/c.go")]).remove(0).unwrap(),
        b"package c\n",
        "links inside the tree are followed"
    );
    tree.heads(&[path("outside.go")], 1, &mut |head| {
        assert!(head.is_err(), "nor may its first bytes")
    });
    link("/etc", "elsewhere");
    assert!(
        tree.read(&[path("elsewhere/passwd")]).remove(0).is_err(),
        "nor what lies behind one"
    );
    assert!(tree.list(&[path("elsewhere")]).remove(0).is_err());
}

/// From a disk the first bytes of a file are read, from memory all of them: nobody must be able to
/// tell.
#[test]
fn a_scan_does_not_depend_on_where_heads_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut memory = MemTree::new();
    let mut insert = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        memory.insert(path(name), text);
    };
    insert("go.mod", "module m\n");
    insert("a.txt", "a");
    for length in (4000..4200).step_by(3) {
        let filler = format!("// {}\n", "x".repeat(length));
        insert(
            &format!("above{length}.go"),
            &format!(
                "{filler}//go:build !cgo\n\npackage m\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nvar x = 1\n"
            ),
        );
        insert(
            &format!("between{length}.go"),
            &format!("package m\n\nimport \"fmt\"\n\n{filler}import \"os\"\n\nvar x = 1\n"),
        );
        insert(
            &format!("below{length}.go"),
            &format!(
                "package m\n\nimport _ \"embed\"\n\n{filler}var y = 1\n\n//go:embed a.txt\nvar x string\n"
            ),
        );
        insert(
            &format!("code{length}.c"),
            &format!("{filler}#include \"a.h\"\n"),
        );
        insert(
            &format!("wrong{length}.go"),
            &format!("package m\n\nimport \"fmt\n{filler}\"\n"),
        );
    }
    assert_eq!(
        gowork_llb::packages::scan(&LocalTree::new(dir.path())),
        gowork_llb::packages::scan(&memory)
    );
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

/// Rows recorded from github.com/moby/patternmatcher v0.6.1, walked as BuildKit's client does:
/// which of these paths each ignore file leaves out.
const IGNORED_PATHS: [&str; 16] = [
    "a.go",
    "docs",
    "docs/a.md",
    "docs/x/a.md",
    "x/docs/a.md",
    "README.md",
    "x/y/README.md",
    "vendor/a/b.go",
    "a/b/c",
    "ab",
    "a.b",
    "x/a_test.go",
    "[x]",
    "foo-1",
    "foo-b",
    "x/foo-a",
];
const IGNORED: &[(&str, &str)] = &[
    ("docs", "0111000000000000"),
    ("docs/*", "0011000000000000"),
    ("docs/**", "0011000000000000"),
    ("**/docs", "0111100000000000"),
    ("*.md", "0000010000000000"),
    ("**/*.md", "0011111000000000"),
    ("**/a.md", "0011100000000000"),
    ("a/**/c", "0000000010000000"),
    ("**", "1111111111111111"),
    ("*", "1111111111111111"),
    ("?b", "0000000001000000"),
    ("a?b", "0000000000100000"),
    ("foo-[0-9]", "0000000000000100"),
    ("foo-[^0-9]", "0000000000000010"),
    ("**/foo-[a-b]", "0000000000000011"),
    ("\\[x\\]", "0000000000001000"),
    ("*\n!docs", "1000111111111111"),
    ("*\n!docs/a.md", "1101111111111111"),
    ("*\n!**/*.go", "0111111011101111"),
    ("**/*.go\n!**/*_test.go", "1000000100000000"),
    ("docs\n!docs/x\ndocs/x/a.md", "0111000000000000"),
    ("x/**", "0000101000010001"),
    ("a**b", "0000000011000000"),
    ("x/*/README.md", "0000001000000000"),
    ("a.b", "0000000000100000"),
    ("*/*.go", "0000000000010000"),
    ("!a.go", "0000000000000000"),
    ("*\n!x/**/README.md\nx/y", "1111110111111111"),
];

#[test]
fn an_ignore_file_leaves_out_what_docker_leaves_out() {
    for (text, expected) in IGNORED {
        let ignore = Ignore::parse(text.as_bytes());
        let bits: String = IGNORED_PATHS
            .iter()
            .map(|name| {
                if ignore.excludes(&path(name)).is_some() {
                    '1'
                } else {
                    '0'
                }
            })
            .collect();
        assert_eq!(bits, *expected, "{text:?}");
    }
}

#[test]
fn an_ignoring_tree_shows_what_is_let_in() {
    let tree: Arc<dyn SourceTree> = Arc::new(MemTree::from_txtar(
        "-- a/x.go --\n-- a/y.md --\n-- b/z.md --\n",
    ));
    let seen = IgnoringTree::new(tree, Ignore::parse(b"# words\nb\n /a/*.md \n!a/./y.md\n"));
    let names = |dir: &str| -> Vec<String> {
        seen.list(&[path(dir)])
            .remove(0)
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect()
    };
    assert_eq!(names("a"), ["x.go", "y.md"]);
    assert_eq!(
        seen.read(&[path("b/z.md")])[0],
        Err(TreeError::NotFound(path("b/z.md")))
    );
    assert_eq!(
        Ignore::parse(b"x\n\n#\n b/\n")
            .excludes(&path("b/c"))
            .map(|rule| rule.line),
        Some(4)
    );
}
