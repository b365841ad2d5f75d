//! What `gowork affected --files` says of an edit: it may name too many images, never too few.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The images that the files which differ touch, as the program says; the tree in `dir` is as
/// `after`.
pub(crate) fn touched(
    dir: &Path,
    config: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: Vec<&String> = all
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .collect();
    if changed.is_empty() {
        return BTreeSet::new();
    }
    // Beside the tree, so that it is no file of it.
    let file = dir.with_extension("toml");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gowork"));
    command.arg("-C").arg(dir).arg("-f").arg(&file).args([
        "affected",
        "--format=json",
        "--platform=linux/amd64",
        "--files",
    ]);
    let output = command.args(changed).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| image["image"].as_str().unwrap().to_owned())
        .collect()
}
