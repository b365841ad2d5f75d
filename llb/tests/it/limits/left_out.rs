//! What is left out because of a limit is named, with the limit and the place.

use gowork_llb::limits;
use gowork_llb::tree::{Entry, Head, MemTree, SourceTree, TreeError, TreePath};

use super::first_sentence;
use crate::support::outline;

const MAIN: &str = "package main\n\nfunc main() {}\n";

/// What an outline has, and everything that was said.
fn outlined(tree: &dyn SourceTree, config: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (outline, said) = outline(tree, config);
    let names = outline.names().map(String::from).collect();
    let broken = outline.broken.iter().map(ToString::to_string).collect();
    let mut lines = Vec::new();
    for found in said {
        lines.push(first_sentence(&found));
        for (span, words) in &found.related {
            lines.push(format!("{}: {words}", span.file));
        }
        lines.extend(found.help.clone());
    }
    (names, broken, lines)
}

fn module() -> MemTree {
    let mut tree = MemTree::new();
    tree.insert(
        TreePath::new("go.mod").unwrap(),
        "module example.com/m\n\ngo 1.24\n",
    );
    tree
}

fn insert(tree: &mut MemTree, path: &str, text: impl AsRef<[u8]>) {
    tree.insert(TreePath::new(path).unwrap(), text.as_ref());
}

/// A head that is too long: after the package clause, or before it.
fn long_head(clause_first: bool) -> String {
    let comment = format!("// {}\n", "x".repeat(limits::HEAD));
    if clause_first {
        format!("package main\n\n{comment}\nimport _ \"fmt\"\n\nfunc main() {{}}\n")
    } else {
        format!("{comment}{MAIN}")
    }
}

#[test]
fn a_main_whose_head_is_beyond_the_limit_is_a_broken_image() {
    let mut tree = module();
    insert(&mut tree, "cmd/ok/main.go", MAIN);
    insert(&mut tree, "cmd/long/main.go", long_head(true));
    let (names, broken, said) = outlined(&tree, "");
    assert_eq!(names, ["long", "ok"]);
    assert_eq!(broken, ["long"]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with(
            "cmd/long/main.go:1: the head of the file, up to its last import, has 4194"
        ) && said[0].ends_with("gowork reads 4194304"),
        "{said:?}"
    );
}

#[test]
fn a_main_whose_package_clause_is_beyond_the_limit_is_named_in_a_warning() {
    let mut tree = module();
    insert(&mut tree, "cmd/ok/main.go", MAIN);
    insert(&mut tree, "cmd/long/main.go", long_head(false));
    let (names, broken, said) = outlined(&tree, "");
    assert_eq!((names, broken), (vec!["ok".to_owned()], Vec::new()));
    assert!(
        said[0].starts_with(
            "cmd/long/main.go:1: the head of the file, up to its last import, has 4194"
        ),
        "{said:?}"
    );
    assert_eq!(
        said[1..],
        ["gowork does not know whether ./cmd/long is a main package; if it is, it gets no image"]
    );
    let (_, _, said) = outlined(&tree, "skip = [\"./cmd/long\"]\n");
    assert!(said.is_empty(), "{said:?}");
    // Its own table.
    let (_, _, said) = outlined(&tree, "[images.long]\nmain = \"./cmd/long\"\n");
    assert_eq!(
        said[0],
        "Dockerfile:2:8: image long: there is no main package ./cmd/long"
    );
    assert!(
        said[1].starts_with("cmd/long/main.go: the head of the file, up to its last import, has"),
        "{said:?}"
    );
}

#[test]
fn without_another_main_the_error_names_the_limit() {
    let mut tree = module();
    insert(&mut tree, "cmd/long/main.go", long_head(false));
    let (names, _, said) = outlined(&tree, "");
    assert!(names.is_empty());
    assert!(
        said[0].starts_with("no main package for linux/amd64")
            && said[1].starts_with(
                "cmd/long/main.go: the head of the file, up to its last import, has 4194"
            ),
        "{said:?}"
    );
    assert_eq!(said.len(), 3, "{said:?}");
}

/// A link that leads nowhere, a NUL, a constraint that Go does not read: the same silence before.
#[test]
fn a_main_that_cannot_be_read_for_another_reason_is_named_too() {
    let mut tree = module();
    insert(&mut tree, "cmd/ok/main.go", MAIN);
    insert(
        &mut tree,
        "cmd/nul/main.go",
        "package main\n\nimport \"a\0\"\n",
    );
    insert(
        &mut tree,
        "cmd/odd/main.go",
        "//go:build a &&\n\npackage main\n",
    );
    insert(
        &mut tree,
        "lib/odd/odd.go",
        "//go:build a &&\n\npackage odd\n",
    );
    let (names, broken, said) = outlined(&tree, "");
    assert_eq!(names, ["nul", "odd", "ok"]);
    assert_eq!(broken, ["nul", "odd"]);
    assert_eq!(
        said.len(),
        2,
        "a library that no main imports is nothing: {said:?}"
    );
    assert!(
        said[0].starts_with("cmd/nul/main.go:3:10: unexpected NUL"),
        "{said:?}"
    );
    assert!(said[1].starts_with("cmd/odd/main.go:1:"), "{said:?}");
}

/// A tree in which one file is larger than gowork reads.
struct Large {
    tree: MemTree,
    large: TreePath,
}

impl SourceTree for Large {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        self.tree.list(dirs)
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        let mut read = self.tree.read(files);
        for (path, read) in files.iter().zip(&mut read) {
            if *path == self.large {
                *read = Err(TreeError::TooLarge {
                    path: path.clone(),
                    size: limits::FILE + 1,
                });
            }
        }
        read
    }

    fn heads(
        &self,
        files: &[TreePath],
        length: usize,
        take: &mut dyn FnMut(Result<Head<'_>, TreeError>),
    ) {
        let mut paths = files.iter();
        self.tree.heads(files, length, &mut |head| {
            let is_large = paths.next() == Some(&self.large);
            take(head.map(|mut head| {
                if is_large {
                    head.size = limits::FILE + 1;
                }
                head
            }));
        });
    }
}

/// The messages about a program with or without cgo that has a file that is too large.
fn with_large(name: &str, text: &str, cgo: bool) -> Vec<String> {
    let mut tree = module();
    insert(
        &mut tree,
        "cmd/a/main.go",
        "package main\n\nimport _ \"example.com/m/c\"\n\nfunc main() {}\n",
    );
    insert(&mut tree, "c/c.go", "package c\n");
    insert(&mut tree, "c/cgo.go", "package c\n\nimport \"C\"\n");
    insert(&mut tree, &format!("c/{name}"), text);
    let tree = Large {
        tree,
        large: TreePath::new(&format!("c/{name}")).unwrap(),
    };
    outlined(&tree, &format!("[go]\ncgo = {cgo}\n")).2
}

#[test]
fn a_c_file_beyond_the_limit_is_an_error_where_go_compiles_it() {
    let large =
        "67108865 bytes, which would all have to be looked at; gowork reads 67108864 of a file";
    for name in ["x.c", "x.cc", "x.h", "x.S"] {
        assert_eq!(with_large(name, "", true), [format!("c/{name}: {large}")]);
    }
    assert!(with_large("x.c", "", false).is_empty());
    // Its name is for another system.
    assert!(with_large("x_windows.c", "", true).is_empty());
    // No build takes a test's code.
    let test = "package c\n\nimport _ \"embed\"\n";
    assert!(with_large("x_test.go", test, false).is_empty());
    assert_eq!(
        with_large("embeds.go", test, false),
        [format!("c/embeds.go: {large}")]
    );
}
