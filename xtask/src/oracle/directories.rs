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
                    differ(
                        &dir,
                        &places_dropped(theirs),
                        &places_dropped(ours),
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

/// Leaves the files of places, without lines and columns: Go reports those that `//line` comments
/// claim. And leaves out the words of errors.
fn places_dropped(mut package: Value) -> Map<String, Value> {
    let Some(object) = package.as_object_mut() else {
        return Map::new();
    };
    object.remove("Message");
    for (_, member) in object.iter_mut() {
        let Value::Object(named) = member else {
            continue;
        };
        for places in named.values_mut() {
            let files = places
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            *places = json!(
                files
                    .filter_map(|place| place.split(':').next())
                    .collect::<Vec<_>>()
            );
        }
    }
    std::mem::take(object)
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
