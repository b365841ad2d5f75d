//! Input made to do harm: what is wrong very often is listed up to a limit, and counted.

mod images;
mod left_out;
mod sizes;

use std::collections::BTreeMap;

use gowork_llb::diag::{Diagnostic, Findings, Position, Rule, Span};
use gowork_llb::gomod::ModFile;
use gowork_llb::gosrc::SourceFile;
use gowork_llb::tree::{Entry, EntryKind, MemTree, SourceTree, TreeError, TreePath};
use gowork_llb::{limits, packages, workspace};

use crate::support::outline;

fn tree(files: &[(&str, String)]) -> MemTree {
    let mut tree = MemTree::new();
    for (path, text) in files {
        tree.insert(TreePath::new(path).unwrap(), text.as_bytes());
    }
    tree
}

/// How many diagnostics, how many findings, and the last one.
fn counted(found: &[Diagnostic]) -> (usize, usize, String) {
    let last = found.last().map(ToString::to_string).unwrap_or_default();
    (found.len(), found.iter().map(Diagnostic::count).sum(), last)
}

#[test]
fn missing_imports_are_listed_up_to_a_limit() {
    let imports: String = (0..20_000)
        .map(|number| format!("\t_ \"example.com/m/missing/p{number}\"\n"))
        .collect();
    let main = format!("package main\n\nimport (\n{imports})\n\nfunc main() {{}}\n");
    let tree = tree(&[
        ("go.mod", "module example.com/m\n\ngo 1.24\n".to_owned()),
        ("main.go", main),
    ]);
    let (_, found) = outline(&tree, "");
    assert_eq!(
        counted(&found),
        (
            limits::DIAGNOSTICS + 1,
            20_000,
            "... and 19900 more errors".to_owned()
        )
    );
}

/// There are enough lines that looking through all of them once for each takes minutes, as it once
/// did. Also with members that exist, with one member repeated, and with replacements.
#[test]
fn missing_members_are_listed_up_to_a_limit() {
    let found = |files: &[(&str, String)]| {
        let scan = packages::scan(&tree(files));
        assert_eq!(scan.refused, None);
        counted(&workspace::load(&scan.mod_files).diagnostics)
    };
    let lines = |line: fn(usize) -> String| -> String { (0..30_000).map(line).collect() };
    let all = (
        limits::DIAGNOSTICS + 1,
        30_000,
        "... and 29900 more errors".to_owned(),
    );
    let missing = lines(|number| format!("use ./missing{number}\n"));
    assert_eq!(found(&[("go.work", format!("go 1.24\n{missing}"))]), all);
    let (_, twice, _) = found(&[
        (
            "go.work",
            format!("go 1.24\n{}", lines(|_| "use .\n".to_owned())),
        ),
        ("go.mod", "module example.com/m\n\ngo 1.24\n".to_owned()),
    ]);
    assert_eq!(twice, 29_999);
    let replaced = lines(|number| format!("replace example.org/p{number} => ./r{number}\n"));
    let (listed, _, _) = found(&[(
        "go.mod",
        format!("module example.com/m\n\ngo 1.24\n{replaced}"),
    )]);
    assert!(listed <= limits::DIAGNOSTICS + 1, "{listed}");
}

#[test]
fn wrong_lines_of_a_mod_file_are_listed_up_to_a_limit() {
    let lines = "require example.org/x vx\nrequire example.org/y vy\n".repeat(5_000);
    let (_, found) = ModFile::parse(
        "go.mod",
        format!("module example.com/m\n{lines}").as_bytes(),
    );
    let (listed, all, _) = counted(&found);
    assert_eq!((listed, all), (limits::DIAGNOSTICS + 1, 10_000));
}

#[test]
fn findings_are_kept_once_and_counted() {
    let found = |line| Diagnostic::error("x").at(Span::at("a.go", Position::new(line, 1)));
    let mut findings: Findings = (1..=150).map(found).chain((1..=150).map(found)).collect();
    findings.push(Diagnostic::warning(Rule::UnusedSkip, "y"));
    assert!(findings.has_errors());
    let all = findings.clone().into_vec();
    assert_eq!(all.len(), limits::DIAGNOSTICS + 2);
    assert_eq!(all.last().unwrap().to_string(), "... and 50 more errors");
    // Another platform finds the same.
    findings.merge(all);
    assert_eq!(findings.clone().into_vec().last().unwrap().count(), 50);
    // Findings of another check are other findings.
    findings.push(found(151));
    assert_eq!(
        findings.into_vec().last().unwrap().to_string(),
        "... and 51 more errors"
    );
}

#[test]
fn no_sentence_is_longer_than_its_limit() {
    let long = "ä".repeat(limits::DIAGNOSTIC_TEXT);
    let mut findings = Findings::default();
    findings.push(
        Diagnostic::error(&long)
            .help(&long)
            .related(Span::at("b", Position::new(1, 1)), &long),
    );
    findings.push(Diagnostic::error("x".repeat(limits::DIAGNOSTIC_TEXT)));
    let all = findings.into_vec();
    let bound = limits::DIAGNOSTIC_TEXT + 30;
    assert!(
        all[0].message.len() < bound && all[0].message.ends_with(" ... (2000 bytes more)"),
        "{}",
        all[0].message
    );
    assert!(all[0].help.as_ref().unwrap().len() < bound && all[0].related[0].1.len() < bound);
    assert_eq!(all[1].message.len(), limits::DIAGNOSTIC_TEXT);
}

/// A diagnostic's message with its place.
fn first_sentence(found: &Diagnostic) -> String {
    let mut found = found.clone();
    found.help = None;
    found.related.clear();
    found.to_string()
}

/// A tree that is made while it is read: of any size, without the memory for it.
struct Made {
    /// Names in a directory.
    list: fn(&TreePath) -> Vec<Entry>,
    /// The text of a file.
    read: fn(&TreePath) -> Vec<u8>,
}

impl SourceTree for Made {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        dirs.iter().map(|dir| Ok((self.list)(dir))).collect()
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        files.iter().map(|file| Ok((self.read)(file))).collect()
    }
}

fn files(names: impl Iterator<Item = String>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = names
        .map(|name| Entry {
            name,
            kind: EntryKind::File,
        })
        .collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

pub(super) fn refusal(tree: &dyn SourceTree) -> Option<String> {
    packages::scan(tree)
        .refused
        .map(|refused| refused.diagnostic().to_string())
}

/// A tree with one go.mod, or go.sum, of that many bytes.
pub(super) fn with_mod_file(name: &str, size: usize) -> MemTree {
    let mut tree = MemTree::new();
    tree.insert(TreePath::new("go.mod").unwrap(), "module example.com/m\n");
    let mut text = b"// ".to_vec();
    text.resize(size, b'x');
    tree.insert(TreePath::new(name).unwrap(), text);
    tree
}

#[test]
fn mod_files_have_a_size() {
    for (name, most) in [("a/go.mod", limits::MOD_FILE), ("go.sum", limits::SUM_FILE)] {
        assert_eq!(refusal(&with_mod_file(name, most)), None);
        let refused = refusal(&with_mod_file(name, most + 1)).unwrap();
        assert!(
            refused.starts_with(&format!(
                "{name}: {} bytes; gowork reads a mod file of up to {most}",
                most + 1
            )),
            "{refused}"
        );
    }
    let with = |count: usize| {
        let mut tree = MemTree::new();
        for number in 0..count {
            tree.insert(
                TreePath::new(&format!("m{number}/go.mod")).unwrap(),
                vec![b'/'; limits::MOD_FILES / 16],
            );
        }
        refusal(&tree)
    };
    assert_eq!(with(16), None);
    assert!(
        with(17)
            .unwrap()
            .contains("more than 16777216 bytes of mod files")
    );
}

#[test]
fn mod_files_have_a_number_of_words() {
    let parse = |words: usize| ModFile::parse("go.mod", "a ".repeat(words).as_bytes()).1;
    let said = |found: &[Diagnostic]| found.first().map(ToString::to_string).unwrap_or_default();
    // The end of the file is a word, too.
    assert!(
        said(&parse(limits::MOD_TOKENS - 1)).starts_with("go.mod:1: unknown directive: a"),
        "{}",
        said(&parse(limits::MOD_TOKENS - 1))
    );
    let beyond = said(&parse(limits::MOD_TOKENS));
    assert!(
        beyond.starts_with("go.mod:1:2000001: more than 1000000 words and lines, gowork's limit"),
        "{beyond}"
    );
}

#[test]
fn trees_have_a_number_of_names() {
    // The directory itself is one.
    let within = Made {
        list: |_| files((0..limits::NAMES - 1).map(|n| n.to_string())),
        read: |_| Vec::new(),
    };
    assert_eq!(refusal(&within), None);
    let beyond = Made {
        list: |_| files((0..limits::NAMES).map(|n| n.to_string())),
        read: |_| Vec::new(),
    };
    assert!(
        refusal(&beyond)
            .unwrap()
            .contains("more than 1000000 files and directories, gowork's limit")
    );
}

#[test]
fn trees_have_a_number_of_source_files() {
    fn source(path: &TreePath) -> Vec<u8> {
        if path.name() == "go.mod" {
            b"module m\n".to_vec()
        } else {
            b"package p\n".to_vec()
        }
    }
    fn sources(count: usize) -> Vec<Entry> {
        files(
            (0..count)
                .map(|n| format!("{n}.go"))
                .chain(["go.mod".to_owned()]),
        )
    }
    let within = Made {
        list: |_| sources(limits::SOURCES),
        read: source,
    };
    assert_eq!(refusal(&within), None);
    let beyond = Made {
        list: |_| sources(limits::SOURCES + 1),
        read: source,
    };
    assert!(
        refusal(&beyond)
            .unwrap()
            .contains("more than 200000 source files, gowork's limit")
    );
}

#[test]
fn paths_have_a_length() {
    let nested = |length: usize| {
        let mut tree = MemTree::new();
        let dir = format!(
            "{}{}",
            "d/".repeat(length / 2 - 1),
            "x".repeat(length - (length / 2 - 1) * 2)
        );
        tree.insert(TreePath::new(&format!("{dir}/a.txt")).unwrap(), "");
        tree
    };
    assert_eq!(refusal(&nested(limits::PATH)), None);
    assert!(
        refusal(&nested(limits::PATH + 1))
            .unwrap()
            .starts_with("d: a directory whose path has more than 4096 bytes")
    );
    let imported = |length: usize| {
        let path = format!(
            "example.com/m/{}",
            "a".repeat(length - "example.com/m/".len())
        );
        SourceFile::parse(
            "a.go",
            format!("package a\n\nimport \"{path}\"\n").as_bytes(),
        )
        .problem
    };
    assert_eq!(imported(limits::PATH), None);
    assert_eq!(
        imported(limits::PATH + 1).unwrap().message,
        "import path of 4097 bytes; gowork takes 4096"
    );
}

#[test]
fn heads_have_a_size() {
    let with = |size: usize| {
        let end = "\npackage p\n\nfunc f() {}\n";
        let head = size - "\npackage p\n\n".len();
        SourceFile::parse(
            "a.go",
            format!("//{}{end}", "x".repeat(head - 2)).as_bytes(),
        )
    };
    let within = with(limits::HEAD);
    assert_eq!(
        (within.problem, within.header.package.as_str()),
        (None, "p")
    );
    let problem = with(limits::HEAD + 1).problem.unwrap();
    assert_eq!(
        problem.message,
        "the head of the file, up to its last import, has 4194305 bytes; gowork reads 4194304"
    );
}

#[test]
fn sources_name_a_number_of_things() {
    fn module(path: &TreePath, imports: usize) -> Vec<u8> {
        if path.name() == "go.mod" {
            return b"module m\n".to_vec();
        }
        let imports: String = (0..imports).map(|_| "import \"a\"\n").collect();
        format!("package p\n{imports}").into_bytes()
    }
    fn list(dir: &TreePath) -> Vec<Entry> {
        if dir.is_root() {
            files(
                ["a.go", "b.go", "c.go", "d.go", "go.mod"]
                    .map(str::to_owned)
                    .into_iter(),
            )
        } else {
            Vec::new()
        }
    }
    let within = Made {
        list,
        read: |path| module(path, limits::FACTS / 4),
    };
    assert_eq!(refusal(&within), None);
    let beyond = Made {
        list,
        read: |path| module(path, limits::FACTS / 4 + 1),
    };
    assert!(
        refusal(&beyond)
            .unwrap()
            .contains("more than 1000000 imports, embed patterns and includes")
    );
}

/// The table of docs/limits.md has each limit with its value.
#[test]
fn limits_are_documented() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let docs = std::fs::read_to_string(root.join("docs/limits.md")).unwrap();
    let code = std::fs::read_to_string(root.join("llb/src/limits.rs")).unwrap();
    let value = |text: &str| -> u64 {
        let (number, shift) = text.split_once("<<").unwrap_or((text, "0"));
        let number: u64 = number.trim().replace('_', "").parse().unwrap();
        number << shift.trim().parse::<u32>().unwrap()
    };
    let of_code = code
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(':'))
        .map(|(name, rest)| {
            let number = rest.split_once('=').unwrap().1.trim().trim_end_matches(';');
            (name.to_owned(), value(number))
        });
    let of_docs = docs
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, rest)| (name.to_owned(), value(rest.split(" |").next().unwrap())));
    let (of_code, of_docs): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (of_code.collect(), of_docs.collect());
    assert_eq!(of_code, of_docs);
}
