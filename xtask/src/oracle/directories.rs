//! Every directory with go/build's `ImportDir`, which needs no modules: also those that the go
//! command does not match, such as testdata.

use super::{Differences, Oracle, Outcome, contexts, described, tags};
use anyhow::{Context, Result};
use gowork_llb::gosrc::{SourceFile, select};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../../../llb/tests/it/gosrc/shape.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the library's tests, which use more of it"
)]
mod shape;

/// Compares the directories below `directory`.
///
/// # Errors
/// If one cannot be read or the oracle program cannot be built or run.
pub(super) fn compare(oracle: &Oracle, directory: &Path) -> Result<Outcome> {
    let program = build(oracle)?;
    let mut dirs = BTreeMap::new();
    read(directory, ".", &mut dirs)?;
    let mut differences = Differences::default();
    let mut compared = 0;
    for context in contexts() {
        let mut command = Command::new(&program);
        command.arg("-tags").arg(tags(&context)).arg(directory);
        for name in ["GOEXPERIMENT", "GOAMD64", "GOARM64"] {
            command.env_remove(name);
        }
        let printed = crate::command::output(Oracle::for_context(&mut command, &context))?;
        let mut seen = BTreeSet::new();
        for line in printed.lines() {
            let theirs: Value =
                serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
            let dir = theirs["Dir"].as_str().unwrap_or_default().to_owned();
            match dirs.get(&dir) {
                Some(files) => {
                    compared += 1;
                    let ours = shape::shape(&dir, &select(files, &context));
                    let claimed = |place: &str| claimed_file(&directory.join(&dir), place);
                    differ(
                        &dir,
                        &only_files(theirs, &file_of),
                        &only_files(ours, &claimed),
                        |what| differences.add(what, &context),
                    );
                }
                None => differences.add(format!("{dir}: only Go sees it"), &context),
            }
            seen.insert(dir);
        }
        dirs.keys()
            .filter(|dir| !seen.contains(*dir))
            .for_each(|dir| differences.add(format!("{dir}: only we see it"), &context));
    }
    let all: Vec<String> = contexts().iter().map(described).collect();
    Ok(Outcome {
        counts: vec![
            ("directories", dirs.len()),
            ("contexts", all.len()),
            ("comparisons", compared),
        ],
        differences: differences.into_lines(),
        ..Outcome::default()
    })
}

/// Builds `testdata/oracle/goimportdir`.
fn build(oracle: &Oracle) -> Result<PathBuf> {
    let program = oracle.place.path().join("goimportdir");
    if !program.exists() {
        let sources = oracle
            .state
            .repository()
            .join("testdata/oracle/goimportdir");
        crate::command::run(
            oracle
                .go(&sources)?
                .arg("build")
                .arg("-o")
                .arg(&program)
                .arg("main.go"),
        )?;
    }
    Ok(program)
}

fn read(root: &Path, dir: &str, dirs: &mut BTreeMap<String, Vec<SourceFile>>) -> Result<()> {
    let path = root.join(dir);
    let (files, below) =
        shape::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for name in below {
        read(
            root,
            &if dir == "." {
                name
            } else {
                format!("{dir}/{name}")
            },
            dirs,
        )?;
    }
    dirs.insert(dir.to_owned(), files);
    Ok(())
}

/// Leaves of each place what `file` makes of it, and leaves out the words of errors. go/build
/// reports the places that `//line` comments claim; ours are where the import really stands, since
/// errors show the line. So only files are compared, and ours by what they claim to be.
fn only_files(mut package: Value, file: &dyn Fn(&str) -> String) -> Map<String, Value> {
    let Some(object) = package.as_object_mut() else {
        return Map::new();
    };
    object.remove("Message");
    for (_, member) in object.iter_mut() {
        let Value::Object(named) = member else {
            continue;
        };
        for places in named.values_mut() {
            let places_of = places.as_array().into_iter().flatten();
            let files: Vec<String> = places_of.filter_map(Value::as_str).map(file).collect();
            *places = json!(files);
        }
    }
    std::mem::take(object)
}

/// The file in `FILE:LINE:COLUMN`.
fn file_of(place: &str) -> String {
    place.split(':').next().unwrap_or_default().to_owned()
}

/// The file that a place in a file of `dir` claims to be in.
fn claimed_file(dir: &Path, place: &str) -> String {
    let file = file_of(place);
    let line = place.split(':').nth(1).and_then(|line| line.parse().ok());
    let text = std::fs::read(dir.join(&file)).unwrap_or_default();
    let claim = line.and_then(|line| claim_before(&String::from_utf8_lossy(&text), line));
    claim.unwrap_or(file)
}

/// The last element of the file name in the last `//line FILE:LINE` or `//line FILE:LINE:COLUMN`
/// comment above a line (go/scanner, `updateLineInfo`).
fn claim_before(text: &str, line: usize) -> Option<String> {
    let above = text.lines().take(line.saturating_sub(1));
    let mut claim = None;
    for comment in above.filter_map(|line| line.strip_prefix("//line ")) {
        let Some((mut name, number)) = comment.trim_end().rsplit_once(':') else {
            continue;
        };
        if number.parse::<u32>().is_err() {
            continue;
        }
        if let Some((before, number)) = name.rsplit_once(':')
            && number.parse::<u32>().is_ok()
        {
            name = before;
        }
        if let Some(name) = name.rsplit('/').next().filter(|name| !name.is_empty()) {
            claim = Some(name.to_owned());
        }
    }
    claim
}

fn differ(
    dir: &str,
    theirs: &Map<String, Value>,
    ours: &Map<String, Value>,
    mut tell: impl FnMut(String),
) {
    let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    for key in keys {
        let shown =
            |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
        if theirs.get(key) != ours.get(key) {
            tell(format!(
                "{dir}: {key}\ngo:   {}\nours: {}",
                shown(theirs.get(key)),
                shown(ours.get(key))
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::claim_before;

    #[test]
    fn line_comments_claim_another_file() {
        let text = "//line parser.go.y:2\npackage p\n//line gen/b.y:3:7\n//line c.y:x\n//line 9\nimport \"a\"\n";
        assert_eq!(claim_before(text, 1), None);
        assert_eq!(claim_before(text, 2).as_deref(), Some("parser.go.y"));
        assert_eq!(claim_before(text, 6).as_deref(), Some("b.y"));
    }
}
