//! Embed patterns, compared with `go list`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use gowork_llb::gosrc::embed::{Listing, NodeKind, resolve_all};
use gowork_llb::gosrc::glob;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use super::go;

const NAMES: &[&str] = &[
    "a.txt", "a.txt", "b.txt", ".hid", "_u", "d", "d", "e", "x[1]", "é.txt", "testdata", "vendor",
    "sp ace",
];

/// Names that no module can hold, or that end one.
const BAD_NAMES: &[&str] = &["go.mod", "con.txt", "q'q", ".git", "dot.", "*"];

/// Patterns that match something in most trees.
const COMMON: &[&str] = &[
    "a.txt", "*", "*.txt", "d", "d/*", "all:d", "all:d/*", "*/*", "[a-c]*", "?", "all:*", "e",
    ".hid", "*/a.txt",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![30 => proptest::sample::select(NAMES), 1 => proptest::sample::select(BAD_NAMES)]
        .prop_map(str::to_owned)
}

const PATTERNS: &[&str] = &[
    "a.txt",
    "*",
    "*.txt",
    "d",
    "d/*",
    "all:d",
    "all:d/*",
    "*/*",
    "*/a.txt",
    "d/d",
    ".hid",
    "_u",
    ".*",
    "[a-c]*",
    "[^a]*",
    "?",
    "d/*/*",
    "all:*",
    "sp ace",
    "x\\[1\\]",
    "x[1]",
    "\\*",
    ".git",
    "con.txt",
    "q'q",
    "./d",
    "d/",
    "../d",
    "/d",
    "",
    ".",
    "all:",
    "all:.",
    "d//a.txt",
    "[",
    "[]a]",
    "[a-]",
    "a\\",
    "**",
    "**/a.txt",
    "d/../d",
    "link",
    "dlink",
    "dlink/*",
    "dlink/a.txt",
    "*link",
    "broken",
    "é.txt",
    "dot.",
    "go.mod",
    "e/go.mod",
    "d/go.mod",
    "testdata",
    "vendor/*",
    "nosuch",
    "e",
    "all:e",
    "*/d",
];

/// A tree of a package: what is at each path.
#[derive(Debug, Clone)]
enum Node {
    File,
    Link(&'static str),
    Dir(Vec<(String, Node)>),
}

fn nodes() -> impl Strategy<Value = Vec<(String, Node)>> {
    let leaf = prop_oneof![
        30 => Just(Node::File),
        1 => proptest::sample::select(&["a.txt", "../a.txt", "nosuch"][..]).prop_map(Node::Link),
    ];
    let named = |node: BoxedStrategy<Node>| proptest::collection::vec((name(), node), 0..7);
    let node = leaf.prop_recursive(3, 24, 6, move |inner| {
        named(inner).prop_map(Node::Dir).boxed()
    });
    let extra = proptest::collection::vec(
        proptest::sample::select(&[("link", "a.txt"), ("dlink", "d"), ("broken", "nosuch")][..]),
        0..3,
    );
    (named(node.boxed()), extra).prop_map(|(mut nodes, extra)| {
        nodes.extend(
            extra
                .into_iter()
                .map(|(name, target)| (name.to_owned(), Node::Link(target))),
        );
        nodes
    })
}

/// Writes the nodes; of two with one name the first.
fn write(dir: &Path, nodes: &[(String, Node)], top: bool) {
    for (name, node) in nodes {
        let path = dir.join(name);
        // A go.mod in the package's own directory would take it out of the module.
        if path.symlink_metadata().is_ok() || top && name == "go.mod" {
            continue;
        }
        match node {
            Node::File => fs::write(&path, "x").unwrap(),
            Node::Link(target) => symlink(target, &path).unwrap(),
            Node::Dir(nodes) => {
                fs::create_dir(&path).unwrap();
                write(&path, nodes, false);
            }
        }
    }
}

fn list(dir: &Path) -> Option<Listing> {
    let entries = fs::read_dir(dir).ok()?.map(|entry| {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        let kind = match () {
            () if kind.is_file() => NodeKind::File,
            () if kind.is_dir() => NodeKind::Dir,
            () if kind.is_symlink() => NodeKind::Symlink,
            () => NodeKind::Other,
        };
        (entry.file_name().into_string().unwrap(), kind)
    });
    let mut entries: Vec<(String, NodeKind)> = entries.collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Some(entries.into())
}

#[test]
fn random_patterns_in_random_trees_embed_what_go_list_says() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("go.mod"), "module m\n\ngo 1.24\n").unwrap();
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let package = (
        nodes(),
        proptest::collection::vec(
            prop_oneof![2 => proptest::sample::select(COMMON), 1 => proptest::sample::select(PATTERNS)],
            1..3,
        ),
    );
    let mut all = Vec::new();
    for number in 0..500 {
        let dir = root.path().join(format!("p{number:03}"));
        fs::create_dir(&dir).unwrap();
        let (nodes, mut patterns) = package.new_tree(&mut runner).unwrap().current();
        write(&dir, &nodes, true);
        let quoted: Vec<String> = patterns
            .iter()
            .map(|pattern| serde_json::to_string(pattern).unwrap())
            .collect();
        let line = quoted.join(" ");
        fs::write(
            dir.join("p.go"),
            format!("package p\n\nimport \"embed\"\n\n//go:embed {line}\nvar FS embed.FS\n"),
        )
        .unwrap();
        patterns.sort_unstable();
        patterns.dedup();
        all.push((dir, patterns));
    }
    let dirs: Vec<String> = (0..all.len())
        .map(|number| format!("./p{number:03}"))
        .collect();
    let output = go::output(
        go::go(root.path())
            .args(["list", "-e", "-json=Dir,EmbedFiles,Error"])
            .args(&dirs),
        "",
    );
    let answers: Vec<Value> = serde_json::Deserializer::from_str(&output)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(answers.len(), all.len());
    let (mut good, mut bad) = (0, 0);
    for ((dir, patterns), answer) in all.iter().zip(&answers) {
        let ours = resolve_all(patterns.iter().copied(), &|below| list(&dir.join(below)));
        let tree = || {
            format!(
                "{patterns:?} in {}",
                String::from_utf8_lossy(
                    &std::process::Command::new("find")
                        .arg(dir)
                        .output()
                        .unwrap()
                        .stdout
                )
            )
        };
        match (ours, answer["Error"]["Err"].as_str()) {
            (Ok(files), None) => {
                good += 1;
                let files: Vec<Value> = files.into_iter().map(Value::from).collect();
                assert_eq!(Some(&files), answer["EmbedFiles"].as_array(), "{}", tree());
            }
            (Err(error), Some(go)) => {
                bad += 1;
                assert_eq!(error.to_string(), go, "{}", tree());
            }
            (ours, go) => panic!("ours {ours:?}, go {go:?}: {}", tree()),
        }
    }
    assert!(
        good > 50 && bad > 50,
        "{good} good and {bad} bad ones prove too little"
    );
}

proptest! {
    #[test]
    fn globs_never_panic_and_a_quoted_name_matches_itself_only(pattern in ".{0,8}", name in "[^/]{0,8}") {
        let _ = glob::matches(&pattern, &name);
        let quoted: String = name.chars().flat_map(|c| ['\\', c]).collect();
        prop_assert_eq!(glob::matches(&quoted, &name), Ok(true));
        prop_assert_eq!(glob::matches(&quoted, &format!("{name}x")), Ok(false));
        prop_assert_eq!(glob::matches("*", &name), Ok(true));
    }
}
