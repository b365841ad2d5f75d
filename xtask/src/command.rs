//! Running other programs: output captured, and an error that shows what was run and how it ended.

use crate::state::State;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How many lines of a failed program's output an error shows: enough for a compiler's message, few
/// enough to read.
const SHOWN_LINES: usize = 40;

/// Runs `command` to its end, output captured.
///
/// # Errors
/// If it cannot be started or ends with a failure; the error carries the end of its output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    captured(command).map(drop)
}

/// Runs `command` and returns its standard output without the last line end.
///
/// # Errors
/// As [`run`], and if the output is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = captured(command)?;
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed no UTF-8", shown(command)))?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// Runs `command` with its output going to the terminal.
///
/// # Errors
/// If it cannot be started or ends with a failure.
pub(crate) fn run_visibly(command: &mut Command) -> Result<()> {
    crate::progress::interrupted();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", shown(command));
    }
    Ok(())
}

/// Whether `command` succeeds; a program that cannot be started does not.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    captured(command).is_ok()
}

fn captured(command: &mut Command) -> Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        bail!(
            "`{}` failed: {}\n{}",
            shown(command),
            output.status,
            last_lines(&text, SHOWN_LINES)
        );
    }
    Ok(output)
}

/// The last `count` lines of `text`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The program and its arguments as one line, for error texts. Environment variables are left out:
/// they may hold secrets.
fn shown(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// Looks for `program` in `PATH`, then where Debian keeps what only root needs (often missing from
/// a user's `PATH`).
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// `program` with `arguments`.
pub(crate) fn command<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Cargo, the one that runs us, in the repository.
pub(crate) fn cargo(state: &State) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(state.repository());
    cargo
}

/// Builds a program of the workspace, chosen by `words` for `cargo build`. Returns where it is.
///
/// # Errors
/// If it does not compile, or `words` choose none.
pub(crate) fn built_program(state: &State, words: &[&str]) -> Result<PathBuf> {
    let mut cargo = cargo(state);
    cargo
        .args(["build", "--locked", "--message-format=json"])
        .args(words);
    let messages = output(&mut cargo)?;
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    };
    messages
        .lines()
        .rev()
        .find_map(executable)
        .context("cargo built no program")
}
