//! What the machine must have: packages of the distribution, and the right to make containers.

use crate::command::{command, find_program, run};
use crate::progress::Phase;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// Fails unless we are root: BuildKit's daemon mounts overlays, debootstrap makes a root file
/// system.
///
/// # Errors
/// If we are not; the error names the ways out.
pub(crate) fn require_root(purpose: &str) -> Result<()> {
    if is_root() {
        return Ok(());
    }
    bail!(
        "{purpose} needs root. Run this as root (for example in a container or a virtual machine), or use a Docker that is at hand: \
         set DOCKER_HOST or BUILDX_BUILDER and leave GOWORK_ENGINE unset"
    )
}

/// Whether this process has the effective user id 0.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    ids.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
}

/// The path of `program`, after installing the Debian package of the same name if it is missing.
///
/// # Errors
/// If it is missing and cannot be installed from here.
pub(crate) fn require_package(program: &str) -> Result<PathBuf> {
    require(program, program)
}

/// The path of `program`, after installing the Debian package that has it if it is missing.
///
/// # Errors
/// As [`require_package`].
pub(crate) fn require(program: &str, package: &str) -> Result<PathBuf> {
    if let Some(path) = find_program(program) {
        return Ok(path);
    }
    let by_hand = format!(
        "`{program}` is missing; install it with your distribution's packages (Debian: apt-get install {package})"
    );
    if !is_root() || find_program("apt-get").is_none() {
        bail!("{by_hand}");
    }
    let phase = Phase::start(&format!("installing {package}"));
    install(package).with_context(|| by_hand.clone())?;
    phase.done();
    find_program(program).with_context(|| by_hand)
}

fn install(package: &str) -> Result<()> {
    let attempt = || {
        let mut install = command(
            "apt-get",
            ["install", "--yes", "--no-install-recommends", package],
        );
        run(install.env("DEBIAN_FRONTEND", "noninteractive"))
    };
    // The package lists may be missing (as in most container images) or old; they are fetched only
    // then.
    attempt().or_else(|_| {
        run(&mut command("apt-get", ["update"]))?;
        attempt()
    })
}
