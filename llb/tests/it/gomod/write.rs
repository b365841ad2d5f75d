//! Writing mod files: the parsers read back what was written, and quotes are where Go puts them.

use gowork_llb::gomod::{
    ImportPath, ModFile, ModulePath, Vendored, VendoredModule, WorkFile, write,
};
use proptest::prelude::*;

use super::go_command;

/// Directories with characters of every kind that matters for quotes.
const DIRS: &[&str] = &[
    "./plain", "./a b", "./a@b", "./a!b", "./a,b", "./(a)", "./[a]", "./{a}", "./a'b", "./a\"b",
    "./a`b", "./a//b", "./a/*b", "./ä", "./日本", "./a\\b", "./a=>b", "./a:b", "./a;b", "./a#b",
    "./\u{ad}", "./\u{a0}", "./a~b", "./a+b", "./=>",
];

#[test]
fn words_are_quoted_as_go_quotes_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("go.work"), "go 1.24\n").unwrap();
    for name in DIRS {
        let flag = format!("-use={name}");
        let output = go_command::go(dir.path(), &["work", "edit", &flag, "-print", "go.work"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("use "));
        assert_eq!(line, Some(write::word(name).as_str()), "{name}: {text}");
    }
}

#[test]
fn small_files() {
    assert_eq!(
        write::go_mod("example.com/m", Some("1.24")),
        "module example.com/m\ngo 1.24\n"
    );
    assert_eq!(write::go_mod("m", None), "module m\n");
    assert_eq!(
        write::go_work("1.24", ["./a", "./b c", "."]),
        "go 1.24\nuse ./a\nuse \"./b c\"\nuse .\n"
    );
    assert_eq!(write::word("a//b"), "\"a//b\"");
    assert_eq!(write::word(""), "\"\"");
}

#[test]
fn vendored_modules_are_read_back() {
    let module = |path: &str, go: &str, explicit: bool, packages: &[&str]| VendoredModule {
        path: ModulePath::new(path),
        version: "v1.2.3".to_owned(),
        go: go.to_owned(),
        explicit,
        packages: packages.iter().copied().map(ImportPath::new).collect(),
        ..VendoredModule::default()
    };
    let vendored = Vendored {
        workspace: true,
        modules: vec![
            module("example.com/a", "1.24", true, &["example.com/a/x"]),
            module("example.com/b", "1.20", false, &[]),
            module("example.com/c", "", false, &["example.com/c"]),
            module("example.com/d", "", true, &[]),
        ],
    };
    let text = write::modules_txt(&vendored);
    assert_eq!(Vendored::parse(text.as_bytes()), vendored, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn directories_are_read_back(dir in "\\./[^\u{0}-\u{1f}\u{fffd}]{1,12}") {
        let text = write::go_work("1.24", [dir.as_str()]);
        let (file, wrong) = WorkFile::parse("go.work", text.as_bytes());
        prop_assert!(wrong.is_empty(), "{text:?}: {wrong:?}");
        prop_assert_eq!(&file.uses[0].dir, &dir);
    }

    #[test]
    fn module_paths_are_read_back(path in "[a-z]{1,3}\\.[a-z]{2}(/[A-Za-z0-9._~+-]{1,5}){0,3}") {
        let text = write::go_mod(&path, Some("1.24"));
        let (file, wrong) = ModFile::parse("go.mod", text.as_bytes());
        prop_assert!(wrong.is_empty(), "{text:?}: {wrong:?}");
        prop_assert_eq!(file.module.map(|module| module.value), Some(path));
    }
}
