//! Every file of testdata/modfile and testdata/workfile: the parser against the recording, the
//! recording against the go command.

use std::path::{Path, PathBuf};

use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::{ModFile, WorkFile};
use serde_json::Value;

use super::go_command;
use super::modfile_example::Style;

fn cases(folder: &str) -> Vec<PathBuf> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let mut files = Vec::new();
    for kind in ["modfile", "workfile"] {
        let dir = testdata.join(kind).join(folder);
        files.extend(
            std::fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        );
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "mod" || extension == "work")
    });
    files.sort();
    assert!(files.len() > 5, "the cases are gone");
    files
}

/// The diagnostics of the file, as if it had been named by its base name.
pub(super) fn diagnostics(file: &Path) -> Vec<Diagnostic> {
    let name = file.file_name().unwrap().to_str().unwrap();
    let text = std::fs::read(file).unwrap();
    if name.ends_with(".work") {
        WorkFile::parse(name, &text).1
    } else {
        ModFile::parse(name, &text).1
    }
}

/// As Go prints it, which knows no help.
pub(super) fn without_help(diagnostic: &Diagnostic) -> String {
    Diagnostic {
        help: None,
        ..diagnostic.clone()
    }
    .to_string()
}

fn recording() -> bool {
    std::env::var_os("RECORD").is_some()
}

fn recorded(file: &Path) -> String {
    std::fs::read_to_string(file)
        .unwrap_or_else(|_| panic!("{} is missing: see testdata/README.md", file.display()))
}

#[test]
fn good_files_mean_what_go_says() {
    let go = go_command::version();
    for file in cases("ok") {
        let json = file.with_extension("json");
        if recording() {
            assert!(go.as_str() >= "1.27", "record with Go 1.27 or later");
            let value = go_command::edit_json(&file).unwrap();
            std::fs::write(&json, serde_json::to_string_pretty(&value).unwrap() + "\n").unwrap();
        }
        let expected: Value = serde_json::from_str(&recorded(&json)).unwrap();
        let ours = Style { omits_absent: true }
            .file(file.to_str().unwrap())
            .unwrap();
        assert_eq!(ours, expected, "{}", file.display());
        let said = go_command::edit_json(&file).unwrap();
        assert_eq!(
            said,
            go_command::as_printed_by(&go, &file, expected),
            "go {go} says otherwise of {}",
            file.display()
        );
    }
}

#[test]
fn bad_files_have_the_errors_that_go_says() {
    for file in cases("err") {
        let txt = file.with_extension("txt");
        if recording() {
            let lines = go_command::edit_json(&file).unwrap_err();
            std::fs::write(&txt, lines.join("\n") + "\n").unwrap();
        }
        let expected = recorded(&txt);
        let expected: Vec<&str> = expected.lines().collect();
        let ours: Vec<String> = diagnostics(&file).iter().map(without_help).collect();
        assert_eq!(ours, expected, "{}", file.display());
        assert_eq!(
            go_command::edit_json(&file).unwrap_err(),
            expected,
            "go says otherwise of {}",
            file.display()
        );
    }
}
