//! Bills of materials, in the words of `go version -m`: a line a module, `PATH VERSION SUM`, or
//! `PATH VERSION => PATH VERSION SUM` for one that is replaced.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What the go command says of a binary. Go itself is the module `stdlib`.
pub(crate) fn of_go(binary: &Path) -> BTreeSet<String> {
    let mut go = Command::new("go");
    let output = go.args(["version", "-m"]).arg(binary).output().unwrap();
    of_text(&String::from_utf8(output.stdout).unwrap())
}

/// The same of what `go version -m` has printed.
pub(crate) fn of_text(said: &str) -> BTreeSet<String> {
    let (_, version) = said.lines().next().unwrap().rsplit_once(": go").unwrap();
    let mut lines = vec![format!("stdlib {version}")];
    for line in said.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["mod" | "dep", module @ ..] => lines.push(module.join(" ")),
            ["=>", module @ ..] => {
                let replaced = lines.pop().unwrap();
                lines.push(format!("{replaced} => {}", module.join(" ")));
            }
            _ => {}
        }
    }
    lines.into_iter().collect()
}

/// What an SPDX document says of the binary at this path.
pub(crate) fn of_spdx(document: &Value, path: &str) -> BTreeSet<String> {
    let packages = document["packages"].as_array().unwrap();
    let binary = &packages.iter().find(|package| package["name"] == path);
    let binary = binary.unwrap_or_else(|| panic!("no {path} in {document:#}"));
    let mut lines = BTreeSet::new();
    for relationship in document["relationships"].as_array().unwrap() {
        let is_of_binary = relationship["spdxElementId"] == binary["SPDXID"];
        if !is_of_binary || relationship["relationshipType"] != "CONTAINS" {
            continue;
        }
        let id = &relationship["relatedSpdxElement"];
        let package = packages.iter().find(|package| package["SPDXID"] == *id);
        let package = package.expect("a package that a relationship names");
        let info = package["sourceInfo"].as_str().unwrap_or_default();
        let (sums, others): (Vec<&str>, Vec<&str>) =
            info.split(", ").partition(|fact| fact.starts_with("h1:"));
        let replaces = others[..].concat();
        lines.insert(line(
            [&package["name"], &package["versionInfo"]],
            &sums.concat(),
            replaces.strip_prefix("replaces "),
        ));
    }
    lines
}

/// The line of a module, and what it stands in for.
pub(crate) fn line([name, version]: [&Value; 2], sum: &str, replaces: Option<&str>) -> String {
    let (name, version) = (name.as_str().unwrap(), version.as_str().unwrap());
    let by = match replaces {
        None => String::new(),
        Some(replaced) => match replaced.split_once(" by the directory ") {
            Some((replaced, dir)) => return format!("{replaced} => {dir} (devel)"),
            None => format!("{replaced} => "),
        },
    };
    format!("{by}{name} {version} {sum}").trim_end().to_owned()
}
