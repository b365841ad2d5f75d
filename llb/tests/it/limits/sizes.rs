//! Limits of single files, and of what is looked for in them: both sides of each.

use std::cell::Cell;
use std::rc::Rc;

use gowork_llb::config::Config;
use gowork_llb::gosrc::embed::{self, Listing, NodeKind};
use gowork_llb::tree::{Ignore, LocalTree, MemTree, SourceTree, TreeError, TreePath};
use gowork_llb::{limits, packages};

use super::{refusal, with_mod_file};

#[test]
fn all_sums_together_have_a_size() {
    let with = |more: &str| {
        let mut tree = with_mod_file("a/go.sum", limits::SUM_FILE);
        let half = vec![b'x'; limits::SUM_FILES - limits::SUM_FILE];
        tree.insert(TreePath::new("b/go.sum").unwrap(), half);
        tree.insert(TreePath::new("c/go.sum").unwrap(), more);
        refusal(&tree)
    };
    assert_eq!(with(""), None);
    assert!(
        with("x")
            .unwrap()
            .starts_with("c/go.sum: more than 67108864 bytes of mod files")
    );
}

#[test]
fn embed_patterns_take_a_number_of_steps() {
    let names: Listing = (0..1_000)
        .map(|number| (format!("f{number:03}"), NodeKind::File))
        .collect();
    let list = |dir: &str| dir.is_empty().then(|| Rc::clone(&names));
    let budget = Cell::new(2_000);
    assert_eq!(
        embed::resolve_within("*", &list, &budget).unwrap().len(),
        1_000
    );
    let error = embed::resolve_within("f*", &list, &budget).unwrap_err();
    assert!(
        error
            .message
            .contains("more than 5000000 steps, gowork's limit"),
        "{error}"
    );
}

/// The limit itself: patterns that are compared with a million names, and match none.
#[test]
fn embed_patterns_are_compared_with_a_number_of_names() {
    let names: Listing = (0..1_000_000)
        .map(|number| (format!("f{number:06}"), NodeKind::File))
        .collect();
    let list = |dir: &str| dir.is_empty().then(|| Rc::clone(&names));
    let budget = Cell::new(limits::EMBED_STEPS);
    for _ in 0..limits::EMBED_STEPS / 1_000_000 {
        let error = embed::resolve_within("x*", &list, &budget).unwrap_err();
        assert_eq!(error.message, "no matching files found");
    }
    let error = embed::resolve_within("x*", &list, &budget).unwrap_err();
    assert!(error.message.contains("gowork's limit"), "{error}");
}

#[test]
fn ignore_files_have_a_size_and_a_number_of_patterns() {
    let check = |text: &str| {
        Ignore::parse(text.as_bytes())
            .check(".dockerignore")
            .map(|error| error.to_string())
    };
    let most = limits::IGNORE_PATTERNS;
    assert_eq!(check(&"x\n".repeat(most)), None);
    assert_eq!(
        check(&"x\n".repeat(most + 1)).unwrap(),
        ".dockerignore:10001: more than 10000 patterns, gowork's limit for an ignore file"
    );
    let most = usize::try_from(limits::DEFINITION).unwrap();
    assert_eq!(check(&"#".repeat(most)), None);
    assert_eq!(
        check(&"#".repeat(most + 1)).unwrap(),
        ".dockerignore: 4194305 bytes; gowork reads an ignore file of up to 4194304"
    );
}

/// What is said of a package with a C file of this number of `#include` lines.
fn including(lines: usize) -> Option<String> {
    let mut tree = MemTree::new();
    let mut insert = |path: &str, text: &str| tree.insert(TreePath::new(path).unwrap(), text);
    insert("go.mod", "module example.com/m\n");
    insert("a.go", "package a\n\nimport \"C\"\n");
    let lines: String = (0..lines)
        .map(|line| format!("#include \"{line}\"\n"))
        .collect();
    insert("a.c", &lines);
    refusal(&tree)
}

#[test]
fn included_files_take_a_number_of_steps() {
    // Each name is looked for beside the file, in the package's directory, and in that as the one
    // directory of headers. Both files, and the options of `#cgo` lines, count as a name more.
    let most = limits::INCLUDE_STEPS / 3 - 3;
    assert_eq!(including(most), None);
    assert_eq!(
        including(most + 1).unwrap(),
        ".: finding what the C files include takes more than 2000000 steps, gowork's limit (leave what no build needs out by .dockerignore; docs/limits.md has all limits)"
    );
}

#[test]
fn configurations_have_a_size() {
    let parse = |size: usize| Config::parse("gowork.toml", &"#".repeat(size)).1;
    let most = usize::try_from(limits::DEFINITION).unwrap();
    assert!(parse(most).is_empty());
    assert_eq!(
        parse(most + 1)[0].to_string(),
        "gowork.toml: 4194305 bytes; gowork reads a configuration of up to 4194304"
    );
}

#[test]
fn files_that_are_read_whole_have_a_size() {
    let dir = tempfile::tempdir().unwrap();
    let sparse = |name: &str, start: &str, size: u64| {
        std::fs::write(dir.path().join(name), start).unwrap();
        std::fs::File::options()
            .append(true)
            .open(dir.path().join(name))
            .unwrap()
            .set_len(size)
            .unwrap();
    };
    std::fs::write(dir.path().join("go.mod"), "module m\n").unwrap();
    let embedding = "package main\n\nimport _ \"embed\"\n\nfunc main() {}\n";
    sparse("a.go", embedding, limits::FILE + 1);
    sparse("at.go", embedding, limits::FILE);
    sparse("b.go", "package p\n\nvar x = 1\n", 5 << 30);
    let tree = LocalTree::new(dir.path());
    let scan = packages::scan(&tree);
    let problems: Vec<Option<String>> = scan.dirs[&TreePath::ROOT]
        .files
        .iter()
        .map(|file| file.problem.as_ref().map(|problem| problem.message.clone()))
        .collect();
    let words =
        "67108865 bytes, which would all have to be looked at; gowork reads 67108864 of a file";
    assert_eq!(
        problems,
        [Some(words.to_owned()), None, None],
        "of b.go the head is enough"
    );
    let header = &scan.dirs[&TreePath::ROOT].files[0].header;
    assert_eq!(header.package, "main", "the package clause is at the top");
    let path = TreePath::new("at.go").unwrap();
    let read = tree.read(&[path]).remove(0).unwrap();
    assert_eq!(read.len() as u64, limits::FILE);
    let path = TreePath::new("b.go").unwrap();
    assert!(matches!(
        tree.read(&[path]).remove(0),
        Err(TreeError::TooLarge { .. })
    ));
}
