//! `gowork-cache link [--step=FILE --mount=DIR] BINARY COMMAND...`: runs the command, which makes
//! the binary; or takes that from the cache mount, if the step is described and somebody made it
//! there ahead ([`crate::steps::batch`]).

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use gowork_step::Description;
use gowork_step::words::{LINK_MOUNT, STEP};

use crate::steps::failure;
use crate::steps::go::{self, exit_code};
use crate::steps::memo::{self, Known, read_json};

const USAGE: &str = "usage: gowork-cache link [--step=FILE --mount=DIR] BINARY COMMAND...";

/// Makes the binary. The exit code is the command's.
///
/// # Errors
/// If a word is missing, the description cannot be read, the command cannot be started, or the
/// binary cannot be written.
pub fn link(words: &[String]) -> Result<ExitCode, String> {
    let (described, words) = match words {
        [step, mount, rest @ ..] if step.starts_with(STEP) => (Some((step, mount)), rest),
        _ => (None, words),
    };
    let [binary, program, arguments @ ..] = words else {
        return Err(USAGE.to_owned());
    };
    let described = described
        .map(|(step, mount)| read_described(step, mount))
        .transpose()?;
    let _turn = described
        .as_ref()
        .and_then(|(described, mount)| memo::turn(described, Some(mount)));
    let known = described
        .as_ref()
        .and_then(|(described, mount)| Known::this(described, Some(mount)));
    if let Some(made) = known.as_ref().and_then(Known::binary) {
        write(Path::new(binary), &made).map_err(|error| format!("write {binary}: {error}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let ended = go::run(Command::new(program).args(arguments), || false)
        .map_err(|error| format!("run {program}: {error}"))?;
    if !ended.status.success() {
        failure::keep(ended.said);
    }
    Ok(exit_code(ended.status))
}

/// The step's description, and where its binary may be.
fn read_described<'w>(step: &str, mount: &'w str) -> Result<(Description, &'w Path), String> {
    let (step, mount) = step
        .strip_prefix(STEP)
        .zip(mount.strip_prefix(LINK_MOUNT))
        .ok_or(USAGE)?;
    Ok((read_json(step)?, Path::new(mount)))
}

/// Writes a program as the go command does.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}
