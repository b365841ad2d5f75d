//! The step that looks for the licences of modules.

use std::fs;
use std::path::Path;

use gowork_frontend::steps::licenses::{
    LicenseAnswer, LicenseDir, LicenseQuestion, LicensesError, run,
};
use gowork_llb::tree::TreePath;

const MIT: &str = include_str!("../../../LICENSE-MIT");
const APACHE: &str = include_str!("../../../LICENSE-APACHE");

pub(crate) fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The arguments of a step that reads licence files, in this directory.
pub(crate) fn arguments(dir: &Path) -> Vec<String> {
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let args = [
        ("--source", at("src")),
        ("--question", at("question.json")),
        ("--resolved", at("0")),
        ("--resolved", at("1")),
        ("--out", at("out")),
    ];
    args.map(|(word, value)| [word.to_owned(), value]).concat()
}

#[test]
fn each_directory_has_its_answer() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(dir.path(), name, text);
    write("src/LICENSE", MIT);
    write("src/lib/go.mod", "module example.com/lib\n");
    write("src/vendor/third.example/t/LICENCE", APACHE);
    write("0/std/LICENSE", "Ask the authors.\n");
    write("0/third.example/a@v1.0.0/NOTICE", MIT);
    write("1/third.example/!b@v1.0.0/COPYING", APACHE);
    write("1/third.example/!b@v1.0.0/LICENSE-MIT", MIT);
    let path = |text: &str| TreePath::new(text).unwrap();
    let dirs = vec![
        LicenseDir::Resolved(path("std")),
        LicenseDir::Resolved(path("third.example/a@v1.0.0")),
        LicenseDir::Resolved(path("third.example/!b@v1.0.0")),
        LicenseDir::Source(path("vendor/third.example/t")),
        LicenseDir::Source(path("lib")),
        LicenseDir::Own(path("lib")),
        LicenseDir::Own(path("elsewhere")),
    ];
    let question = serde_json::to_string(&LicenseQuestion { dirs }).unwrap();
    write("question.json", &question);
    let args = arguments(dir.path());
    run(&args).unwrap();
    let answer: LicenseAnswer =
        serde_json::from_slice(&fs::read(dir.path().join("out")).unwrap()).unwrap();
    let said: Vec<&str> = answer
        .expressions
        .iter()
        .map(|expression| expression.as_deref().unwrap_or("-"))
        .collect();
    let both = "Apache-2.0 AND MIT";
    assert_eq!(said, ["-", "-", both, "Apache-2.0", "-", "MIT", "MIT"]);
    // A question of another version is no question.
    write("question.json", "{\"dirs\":[],\"more\":1}");
    assert!(matches!(run(&args), Err(LicensesError::File { .. })));
    assert!(matches!(run(&args[..3]), Err(LicensesError::Usage)));
}
