//! Heads, one by one: `testdata/header/ok` with what they say, `err` with what is said of them. A
//! new file there is a new test (`UPDATE_EXPECT=1` writes what is expected). All are compared with
//! go/build too.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use gowork_llb::gosrc::Header;

use super::importdir;

fn files(folder: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/header")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| {
        !file
            .extension()
            .is_some_and(|extension| extension == "json" || extension == "txt")
    });
    files.sort();
    assert!(!files.is_empty());
    files
}

fn parse(file: &Path) -> (Header, String) {
    let (header, diagnostics) = Header::parse(
        file.file_name().unwrap().to_str().unwrap(),
        &fs::read(file).unwrap(),
    );
    (
        header,
        diagnostics
            .iter()
            .map(|diagnostic| format!("{diagnostic}\n"))
            .collect(),
    )
}

#[test]
fn good_heads_say_what_they_say() {
    for file in files("ok") {
        let (header, diagnostics) = parse(&file);
        assert_eq!(diagnostics, "", "{}", file.display());
        let json = serde_json::to_string_pretty(&header).unwrap() + "\n";
        assert_eq!(serde_json::from_str::<Header>(&json).unwrap(), header);
        expect_file![file.with_extension("json")].assert_eq(&json);
    }
}

#[test]
fn bad_heads_have_located_errors() {
    for file in files("err") {
        let (_, diagnostics) = parse(&file);
        assert_ne!(diagnostics, "", "{}", file.display());
        expect_file![file.with_extension("txt")].assert_eq(&diagnostics);
    }
}

#[test]
fn all_heads_are_read_as_go_reads_them() {
    let root = tempfile::tempdir().unwrap();
    for (number, file) in files("ok").iter().chain(&files("err")).enumerate() {
        let dir = root.path().join(number.to_string());
        fs::create_dir(&dir).unwrap();
        fs::copy(file, dir.join(file.file_name().unwrap())).unwrap();
    }
    for context in importdir::contexts() {
        assert_eq!(importdir::compare(root.path(), &context), 0);
    }
}
