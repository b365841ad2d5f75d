//! Which files declare `func main`: the same as go/parser says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gowork_llb::gosrc::{BuildContext, SourceFile, declares_main};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use super::go;

const WORDS: &[&str] = &[
    "func",
    "func ",
    "main",
    "main(",
    "main()",
    "main() {}",
    "func main() {}",
    "func main[T any]() {}",
    "func (t T) main() {}",
    "func /*x*/ main /*y*/ () {}",
    "func\nmain\t() {}",
    "func main\n() {}",
    "func init() { main() }",
    "func main2() {}",
    "func Main() {}",
    "var f = func() {}",
    "var s = \"func main() {}\"",
    "var r = `\nfunc main() {}\n`",
    "var c = '\"'",
    "var d = '\\''",
    "var e = \"\\\"\"",
    "var b = `\\`",
    "// func main() {}",
    "/* func main() {} */",
    "/*",
    "*/",
    "`",
    "\"",
    "'",
    "type T int",
    "type I interface { main() }",
    "type S struct { main func() }",
    "{",
    "}",
    "(",
    ")",
    ";",
    "\n",
    "\r\n",
    "var main int",
    "func é() {}",
    "func main() int { return 0 }",
    "func f() { if true { } }",
    "func f()",
    "/",
    "\\",
    "//line x.go:1",
    "func main(\n) {}",
    "const x = 0x1p-2",
    "var y = a/ /**/b",
];

/// What go/parser says of the files below `root` that it takes.
fn parsed(root: &Path) -> BTreeMap<PathBuf, bool> {
    let lines = go::output(Command::new(go::oracle()).arg("-mains").arg(root), "");
    let file = |line: &str| {
        let file: serde_json::Value = serde_json::from_str(line).unwrap();
        (
            PathBuf::from(file["Path"].as_str().unwrap()),
            file["Main"].as_bool().unwrap(),
        )
    };
    lines.lines().map(file).collect()
}

/// Compares the files below `root`; how many declare it and how many do not.
fn compare(root: &Path) -> (usize, usize) {
    let parsed = parsed(root);
    for (path, expected) in &parsed {
        let (name, text) = (
            path.file_name().unwrap().to_str().unwrap(),
            fs::read(path).unwrap(),
        );
        let file = SourceFile::parse(name, &text);
        assert_eq!(file.header.declares_main, *expected, "{}", path.display());
        for length in [512, 4096] {
            let start = SourceFile::parse_start(name, &text[..length.min(text.len())]);
            assert!(
                start.is_none_or(|start| start == file),
                "{}: the first {length} bytes say something else",
                path.display()
            );
        }
    }
    let with = parsed.values().filter(|declares| **declares).count();
    (with, parsed.len() - with)
}

#[test]
fn every_main_package_of_the_go_sources_is_read_as_go_does() {
    let (with, without) = compare(&go::goroot().join("src"));
    assert!(
        with > 100 && without > 100,
        "{with} with, {without} without"
    );
    let tests = go::goroot().join("test");
    if tests.exists() {
        compare(&tests);
    }
}

#[test]
fn random_files_are_read_as_go_does() {
    let root = tempfile::tempdir().unwrap();
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let word = (
        proptest::sample::select(WORDS),
        proptest::sample::select(&["", " ", "\n", "\n"][..]),
    );
    let text = proptest::collection::vec(word.prop_map(|(word, end)| format!("{word}{end}")), 0..6);
    for number in 0..6000 {
        let words = text.new_tree(&mut runner).unwrap().current();
        fs::write(
            root.path().join(format!("{number}.go")),
            format!("package main\n\n{}", words.concat()),
        )
        .unwrap();
    }
    let (with, without) = compare(root.path());
    assert!(
        with > 200 && without > 200,
        "{with} with, {without} without"
    );
}

/// The function counts where its file is built.
#[test]
fn declarations_count_where_their_file_is_built() {
    let file = |name: &str, text: &str| SourceFile::parse(name, text.as_bytes());
    let linux = BuildContext::new("linux", "amd64");
    let with_cgo = BuildContext {
        cgo: true,
        ..linux.clone()
    };
    let lib = || file("a.go", "package main\n");
    for (declaring, here, cgo, windows) in [
        (
            file("b.go", "package main\nfunc main() {}\n"),
            true,
            true,
            true,
        ),
        (
            file("b_linux.go", "package main\nfunc main() {}\n"),
            true,
            true,
            false,
        ),
        (
            file(
                "b.go",
                "//go:build windows\n\npackage main\nfunc main() {}\n",
            ),
            false,
            false,
            true,
        ),
        (
            file("b.go", "package main\nimport \"C\"\nfunc main() {}\n"),
            false,
            true,
            false,
        ),
        (
            file("b_test.go", "package main\nfunc main() {}\n"),
            false,
            false,
            false,
        ),
        (
            file("b.go", "package main\nimport \"embed\"\nfunc main() {}\n"),
            true,
            true,
            true,
        ),
        (
            file("b.go", "\u{feff}package main\nfunc main() {}\n"),
            true,
            true,
            true,
        ),
        // What is broken may declare it: its error is what the user has to see.
        (file("b.go", "package main\nimport x\n"), true, true, true),
        (
            file("b_windows.go", "package main\nimport x\n"),
            false,
            false,
            true,
        ),
        (
            file("b.go", "//go:build !\n\npackage main\n"),
            true,
            true,
            true,
        ),
    ] {
        let name = format!("{declaring:?}");
        let files = [lib(), declaring];
        assert_eq!(declares_main(&files, &linux), here, "{name}");
        assert_eq!(declares_main(&files, &with_cgo), cgo, "{name}");
        assert_eq!(
            declares_main(&files, &BuildContext::new("windows", "amd64")),
            windows,
            "{name}"
        );
    }
}
