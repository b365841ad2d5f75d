//! `gowork-cache link [--step=FILE --mount=DIR] BINARY COMMAND...`: runs the command, which makes
//! the binary. If the step is described, and a batch ([`crate::steps::batch`]) made its binary, then
//! the binary is taken from the cache mount and no command runs.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use gowork_step::words::{LINK_MOUNT, STEP};

use crate::steps::description::ThisStep;
use crate::steps::failure;
use crate::steps::git;
use crate::steps::go::{self, exit_code};

const USAGE: &str = "usage: gowork-cache link [--step=FILE --mount=DIR] BINARY COMMAND...";

/// Makes the binary. The exit code is the command's.
///
/// # Errors
/// If a word is missing, the description cannot be read, the command cannot be started, or the
/// binary cannot be written.
pub fn link(words: &[String]) -> Result<ExitCode, String> {
    let (step, words) = match words {
        [step, mount, rest @ ..] if step.starts_with(STEP) => (read_step(step, mount)?, rest),
        _ => (None, words),
    };
    let [binary, program, arguments @ ..] = words else {
        return Err(USAGE.to_owned());
    };
    let _running = step.as_ref().and_then(ThisStep::run);
    if let Some(bytes) = step.as_ref().and_then(known_binary) {
        write(Path::new(binary), &bytes).map_err(|error| format!("write {binary}: {error}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let ended = go::run(Command::new(program).args(arguments), || false)
        .map_err(|error| format!("run {program}: {error}"))?;
    if !ended.status.success() {
        failure::keep(ended.errors);
    }
    if let Some(question) = git::refused() {
        return Err(format!(
            "this Go asks git for what this gowork does not know, so the program cannot say which \
             commit it is made of: set `buildvcs = false`, or use another version of either (git {question})"
        ));
    }
    Ok(exit_code(ended.status))
}

fn read_step(step: &str, mount: &str) -> Result<Option<ThisStep>, String> {
    let file = step.strip_prefix(STEP).ok_or(USAGE)?;
    let mount = mount.strip_prefix(LINK_MOUNT).ok_or(USAGE)?;
    ThisStep::read(file, Some(Path::new(mount)))
}

fn known_binary(step: &ThisStep) -> Option<Vec<u8>> {
    step.memo()?.binary()
}

/// Writes a program as the go command does.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, bytes)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}
