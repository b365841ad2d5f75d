//! `gowork-cache link --step=FILE --mount=DIR BINARY COMMAND...`: runs the command, which makes the binary; or takes that from the cache mount, if
//! somebody made it there ahead ([`crate::ahead`]).

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use gowork_step::Description;
use gowork_step::words::{LINK_MOUNT, STEP};

use crate::go::exit_code;
use crate::known::{self, Known, read_json};

/// Makes the binary. The exit code is the command's.
///
/// # Errors
/// If a word is missing, the description cannot be read, the command cannot be started, or the binary cannot be written.
pub fn link(words: &[String]) -> Result<ExitCode, String> {
    let usage = || "usage: gowork-cache link --step=FILE --mount=DIR BINARY COMMAND...".to_owned();
    let [step, mount, binary, program, arguments @ ..] = words else { return Err(usage()) };
    let (step, mount) = step.strip_prefix(STEP).zip(mount.strip_prefix(LINK_MOUNT)).ok_or_else(usage)?;
    let described: Description = read_json(step)?;
    let _turn = known::turn(&described, Some(Path::new(mount)));
    let known = Known::this(&described, Some(Path::new(mount)));
    if let Some(made) = known.as_ref().and_then(Known::binary) {
        write(Path::new(binary), &made).map_err(|error| format!("write {binary}: {error}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let status = Command::new(program).args(arguments).status().map_err(|error| format!("run {program}: {error}"))?;
    Ok(exit_code(status))
}

/// Writes a program as the go command does.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}
