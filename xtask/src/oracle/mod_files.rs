//! Every go.mod and go.work, as JSON values, with the go command.

#![allow(dead_code, reason = "the example's own main is not called here")]

use super::{Oracle, Outcome};
use anyhow::{Context, Result};
use gowork_llb::gomod::version;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[path = "../../../llb/examples/modfile.rs"]
mod example;

/// Compares the files below `directory`, those in vendor and testdata included.
///
/// # Errors
/// If a directory cannot be read or the go command cannot be run.
pub(super) fn compare(oracle: &Oracle, directory: &Path) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut files = Vec::new();
    find(directory, &mut files, &mut outcome)?;
    let release = crate::command::output(oracle.go(directory)?.args(["env", "GOVERSION"]))?;
    let release = version::toolchain_go(release.trim())
        .context("the go command does not know its version")?
        .to_owned();
    let style = example::Style {
        omits_absent: version::compare_go(&release, "1.27rc1").is_ge(),
    };
    let (mut modules, mut workspaces, mut refused) = (0, 0, 0);
    for file in &files {
        let (kind, count) = if file.ends_with("go.work") {
            ("work", &mut workspaces)
        } else {
            ("mod", &mut modules)
        };
        *count += 1;
        let theirs = oracle
            .go(Path::new("/"))?
            .args([kind, "edit", "-json"])
            .arg(file)
            .output()?;
        let theirs: Result<Value, String> = if theirs.status.success() {
            Ok(serde_json::from_slice(&theirs.stdout)
                .with_context(|| format!("go printed no JSON for {}", file.display()))?)
        } else {
            Err(String::from_utf8_lossy(&theirs.stderr).trim().to_owned())
        };
        let ours = style.file(&file.to_string_lossy());
        refused += usize::from(theirs.is_err());
        let same = matches!((&ours, &theirs), (Err(_), Err(_)))
            || ours.is_ok() && ours.as_ref().ok() == theirs.as_ref().ok();
        if !same {
            let name = file.strip_prefix(directory).unwrap_or(file);
            outcome.differences.push(format!(
                "{}\ngo:   {}\nours: {}",
                name.display(),
                shown(&theirs),
                shown(&ours)
            ));
        }
    }
    outcome.counts = vec![
        ("go.mod", modules),
        ("go.work", workspaces),
        ("of them refused by both", refused),
    ];
    Ok(outcome)
}

fn shown(result: &Result<Value, String>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

fn find(directory: &Path, files: &mut Vec<PathBuf>, outcome: &mut Outcome) -> Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .with_context(|| format!("cannot read {}", directory.display()))?
        .collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        let is_named = entry.file_name() == "go.mod" || entry.file_name() == "go.work";
        if kind.is_dir() {
            if is_named {
                outcome
                    .left_out
                    .push(format!("{} is a directory", entry.path().display()));
            }
            find(&entry.path(), files, outcome)?;
        } else if is_named && entry.path().is_file() {
            files.push(entry.path());
        } else if is_named {
            outcome
                .left_out
                .push(format!("{} is no file", entry.path().display()));
        }
    }
    Ok(())
}
