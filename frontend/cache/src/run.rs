//! `gowork-cache run FILE COMMAND...`: a command with more arguments than a person wants to read.
//!
//! A build step names hundreds of packages. BuildKit shows a step's whole command line when it fails, and a kernel limits how long one may
//! be in parts; so the packages are in a file, one a line, and this puts them behind the command's own words and becomes the command.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// The word that asks for it.
pub const WORD: &str = "run";

/// Becomes the command, with the lines of the file as further arguments. Returns only if that fails.
///
/// # Errors
/// If there is no file or no command, or the file cannot be read, or the command cannot be started.
pub fn run(words: &[String]) -> Result<std::convert::Infallible, String> {
    let [file, program, args @ ..] = words else { return Err("usage: gowork-cache run FILE COMMAND...".to_owned()) };
    let lines = std::fs::read_to_string(file).map_err(|error| format!("read {file}: {error}"))?;
    let error = Command::new(program).args(args).args(lines.lines().filter(|line| !line.is_empty())).exec();
    Err(format!("start {program}: {error}"))
}
