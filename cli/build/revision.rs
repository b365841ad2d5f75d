//! The commit that sources are of, wherever they come from. The build script of the command asks,
//! and `cargo xtask image`.

use std::path::Path;
use std::process::Command;

/// Names the commit, whatever else does.
pub(crate) const VARIABLE: &str = "GOWORK_REVISION";
/// Stands after the commit if the sources have changed since.
const DIRTY: &str = "-dirty";
/// How many digits a commit has at least. A person is shown that many.
pub(crate) const SHORT: usize = 7;

/// The commit of the package in the directory `package`, which lies in the root of the repository:
/// hexadecimal digits, with `-dirty` behind them if the sources have changed since. The first of
/// these that says it:
///
/// 1. the variable `GOWORK_REVISION`;
/// 2. `.cargo_vcs_info.json`, which Cargo writes into what it publishes;
/// 3. `.git_archival.txt`, which `git archive` fills in, as do the archives that hosts of git
///    repositories offer;
/// 4. git, if the repository is a checkout.
///
/// # Errors
/// If the variable's value is not a commit.
pub(crate) fn of(package: &Path) -> Result<Option<String>, String> {
    if let Some(given) = std::env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        let given = given.to_string_lossy().into_owned();
        return checked(given.clone()).map(Some).ok_or_else(|| {
            format!("{VARIABLE}={given} is not a commit: give at least {SHORT} hexadecimal digits")
        });
    }
    // A package that was published may lie below some other repository.
    if let Ok(text) = std::fs::read_to_string(package.join(".cargo_vcs_info.json")) {
        return Ok(packaged(&text));
    }
    let archived = package.parent().and_then(archived);
    Ok(archived.or_else(|| checked_out(checkout(package)?)))
}

/// The repository around `package`, if it is a checkout of this one: not whatever repository the
/// package happens to lie below.
pub(crate) fn checkout(package: &Path) -> Option<&Path> {
    package
        .parent()
        .filter(|directory| directory.join(".git").exists())
}

/// What git prints in the repository, without the line end.
pub(crate) fn git(repository: &Path, words: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(repository).args(words);
    // Hooks of git, for example, run with these.
    for of_another in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(of_another);
    }
    let output = git.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// `text`, if it is a commit.
fn checked(text: String) -> Option<String> {
    let commit = text.strip_suffix(DIRTY).unwrap_or(&text);
    let is_hexadecimal = commit
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hexadecimal && commit.len() >= SHORT).then_some(text)
}

/// `{"git": {"sha1": "...", "dirty": true}, "path_in_vcs": "cli"}`, where `dirty` may be missing.
fn packaged(json: &str) -> Option<String> {
    let (_, rest) = json.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?;
    let dirty = if rest.contains("\"dirty\": true") {
        DIRTY
    } else {
        ""
    };
    checked(format!("{commit}{dirty}"))
}

/// The line `node: ...`. In a checkout it still has the format that `git archive` fills in.
fn archived(repository: &Path) -> Option<String> {
    let text = std::fs::read_to_string(repository.join(".git_archival.txt")).ok()?;
    let node = text.lines().find_map(|line| line.strip_prefix("node: "))?;
    checked(node.trim().to_owned())
}

fn checked_out(repository: &Path) -> Option<String> {
    let words = [
        "describe",
        "--always",
        "--dirty",
        "--abbrev=64",
        "--exclude=*",
    ];
    checked(git(repository, &words)?)
}
