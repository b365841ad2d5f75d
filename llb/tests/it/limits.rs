//! Input made to do harm: what is wrong very often is listed up to a limit, and counted.

use gowork_llb::diag::{Diagnostic, Findings, Position, Span};
use gowork_llb::gomod::ModFile;
use gowork_llb::tree::{MemTree, TreePath};
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
    let imports: String = (0..20_000).map(|number| format!("\t_ \"example.com/m/missing/p{number}\"\n")).collect();
    let main = format!("package main\n\nimport (\n{imports})\n\nfunc main() {{}}\n");
    let tree = tree(&[("go.mod", "module example.com/m\n\ngo 1.24\n".to_owned()), ("main.go", main)]);
    let (_, found) = outline(&tree, "");
    assert_eq!(counted(&found), (limits::DIAGNOSTICS + 1, 20_000, "... and 19900 more errors".to_owned()));
}

#[test]
fn missing_members_are_listed_up_to_a_limit() {
    let uses: String = (0..20_000).map(|number| format!("use ./missing{number}\n")).collect();
    let tree = tree(&[("go.work", format!("go 1.24\n{uses}"))]);
    let found = workspace::load(&packages::scan(&tree).mod_files).diagnostics;
    assert_eq!(counted(&found), (limits::DIAGNOSTICS + 1, 20_000, "... and 19900 more errors".to_owned()));
}

#[test]
fn wrong_lines_of_a_mod_file_are_listed_up_to_a_limit() {
    let lines = "require example.org/x vx\nrequire example.org/y vy\n".repeat(5_000);
    let (_, found) = ModFile::parse("go.mod", format!("module example.com/m\n{lines}").as_bytes());
    let (listed, all, _) = counted(&found);
    assert_eq!((listed, all), (limits::DIAGNOSTICS + 1, 10_000));
}

#[test]
fn findings_are_kept_once_and_counted() {
    let found = |line| Diagnostic::error("x").at(Span::at("a.go", Position::new(line, 1)));
    let mut findings: Findings = (1..=150).map(found).chain((1..=150).map(found)).collect();
    findings.push(Diagnostic::warning("y"));
    assert!(findings.has_errors());
    let all = findings.clone().into_vec();
    assert_eq!(all.len(), limits::DIAGNOSTICS + 2);
    assert_eq!(all.last().unwrap().to_string(), "... and 50 more errors");
    // Another platform finds the same.
    findings.merge(all);
    assert_eq!(findings.clone().into_vec().last().unwrap().count(), 50);
    // Findings of another check are other findings.
    findings.push(found(151));
    assert_eq!(findings.into_vec().last().unwrap().to_string(), "... and 51 more errors");
}

#[test]
fn no_sentence_is_longer_than_its_limit() {
    let long = "ä".repeat(limits::DIAGNOSTIC_TEXT);
    let mut findings = Findings::default();
    findings.push(Diagnostic::error(&long).help(&long).related(Span::at("b", Position::new(1, 1)), &long));
    findings.push(Diagnostic::error("x".repeat(limits::DIAGNOSTIC_TEXT)));
    let all = findings.into_vec();
    let bound = limits::DIAGNOSTIC_TEXT + 30;
    assert!(all[0].message.len() < bound && all[0].message.ends_with(" ... (2000 bytes more)"), "{}", all[0].message);
    assert!(all[0].help.as_ref().unwrap().len() < bound && all[0].related[0].1.len() < bound);
    assert_eq!(all[1].message.len(), limits::DIAGNOSTIC_TEXT);
}
