//! Random heads, mostly wrong ones, compared with go/build: the words of the language and of its
//! comments in any order.

use std::fs;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};

use super::importdir;

const WORDS: &[&str] = &[
    "package",
    "package x",
    "package x_test",
    "package documentation",
    "package main",
    "package é",
    "import",
    "\"fmt\"",
    "\"C\"",
    "\"embed\"",
    "_",
    "(",
    ")",
    "`os`",
    "\"a/b\"",
    "\"a b\"",
    "\"\"",
    "\"\\x41\"",
    "\"\\q\"",
    "'a'",
    "12",
    ";",
    "\n",
    "\n\n",
    " ",
    "\t",
    "\r\n",
    "// c",
    "//go:build linux",
    "//go:build !linux && (amd64 || cgo)",
    "//go:build linux ||",
    "//go:build x\n//go:build y",
    "// +build linux",
    "// +build !linux,amd64 cgo",
    "//+build ignore",
    "/* c */",
    "/* a\nb */",
    "/*",
    "/**/",
    "//go:embed a b",
    "//go:embed \"a b\" `c`",
    "//go:embed \"x",
    "//go:embed\tz",
    "//go:embedded y",
    "#cgo LDFLAGS: -lm",
    "// #cgo CFLAGS: -I${SRCDIR}/a",
    "// #cgo linux,!cgo pkg-config: a",
    "// #cgo bad",
    "// #cgo FOO: x",
    "// #cgo windows CFLAGS: \"",
    "//#cgo noescape f",
    "x",
    ".",
    "é",
    "“",
    "\0",
    "\u{feff}",
    "func f() {}",
    "var s = \"//go:embed no\"",
    "var r = `\n//go:embed no\n`",
    "const c = '\"'",
    "//go:debug a=b",
    "i",
    "if",
    "/",
    "*",
    "\\",
    "import \"os\"",
    "import (\n\"a\"\nb \"b\"\n. \"c\"\n)",
    "// #cgo LDFLAGS: -lm\nimport \"C\"",
    "import (\n// #cgo X\n\"C\"\n)",
    "/*\n#cgo CFLAGS: -DX=1\n#include \"q.h\"\n*/\nimport \"C\"",
    "import _ \"embed\"",
    "\u{85}",
    "\u{a0}",
    "\u{b}",
    "\u{c}",
    "\"a",
    "`a",
];

const NAMES: &[&str] = &[
    "a.go",
    "b.go",
    "a_test.go",
    "b_linux.go",
    "c_windows_test.go",
    "linux.go",
    "d.s",
    "e.c",
    "f.S",
    "g.h",
    "_h.go",
    ".i.go",
    "x.b_linux.go",
    "j_amd64.s",
    "k.syso",
    "l.swig",
    "m.cpp",
    "n.f90",
    "o.m",
    "z_test.go",
    "k_linux.syso",
    "y.sx",
    "p.txt",
    "q.F",
    "noext",
    "r_linux_arm64.go",
    "x_armbe.go",
    "s.swigcxx",
    "t.hxx",
];

fn word() -> impl Strategy<Value = String> {
    (
        proptest::sample::select(WORDS),
        proptest::sample::select(&["", " ", "\n", "\n"][..]),
    )
        .prop_map(|(word, end)| format!("{word}{end}"))
}

/// Words in any order, often after a good beginning.
fn text() -> impl Strategy<Value = String> {
    let start = proptest::sample::select(
        &[
            "",
            "",
            "package x\n",
            "package x\n",
            "// doc\npackage x\nimport \"embed\"\n",
            "//go:build linux\npackage y\n",
            "// +build cgo\n\n",
            "\u{feff}package x\n",
        ][..],
    );
    (start, proptest::collection::vec(word(), 0..10))
        .prop_map(|(start, words)| format!("{start}{}", words.concat()))
}

#[test]
fn random_heads_are_read_as_go_reads_them() {
    let root = tempfile::tempdir().unwrap();
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let directory = proptest::collection::vec((proptest::sample::select(NAMES), text()), 1..4);
    for number in 0..1500 {
        let dir = root.path().join(format!("{number:04}"));
        fs::create_dir(&dir).unwrap();
        for (name, text) in directory.new_tree(&mut runner).unwrap().current() {
            fs::write(dir.join(name), text).unwrap();
        }
    }
    for context in importdir::contexts() {
        importdir::compare(root.path(), &context);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_survive_json(name in proptest::sample::select(NAMES), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let file = gowork_llb::gosrc::SourceFile::parse(name, &bytes);
        let json = serde_json::to_string(&file).unwrap();
        prop_assert_eq!(serde_json::from_str::<gowork_llb::gosrc::SourceFile>(&json).unwrap(), file);
    }

    #[test]
    fn any_head_survives_json(name in proptest::sample::select(NAMES), text in text()) {
        let file = gowork_llb::gosrc::SourceFile::parse(name, text.as_bytes());
        let json = serde_json::to_string(&file).unwrap();
        prop_assert_eq!(serde_json::from_str::<gowork_llb::gosrc::SourceFile>(&json).unwrap(), file);
    }
}
