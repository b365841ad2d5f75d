//! Where an image goes: the store of a Docker daemon, or a registry.

use crate::command::{self, command};
use crate::engine::tools::Tool;
use crate::oci;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result};
use std::path::Path;

/// Loads the image of the layout `directory` into the store of the daemon that `docker` reaches,
/// under the name `tag`.
///
/// # Errors
/// If docker is not installed, reaches no daemon, or refuses the image.
pub(super) fn load(directory: &Path, tag: &str) -> Result<()> {
    let phase = Phase::start(&format!("loading {tag} into Docker"));
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let archive = staging.path().join("image.tar");
    oci::write_archive(directory, tag, &archive)?;
    let docker = command::find_program("docker")
        .context("`docker` is missing; without it, use --push, or the layout itself")?;
    command::run(command(docker, ["load", "--input"]).arg(&archive))?;
    phase.done();
    Ok(())
}

/// Pushes the image of the layout `directory` to a registry as `reference`, with the credentials of
/// `docker login`. Returns the reference with the image's digest.
///
/// # Errors
/// If the registry is out of reach, or refuses the image.
pub(super) fn push(state: &State, directory: &Path, reference: &str) -> Result<String> {
    let crane = Tool::Crane.ensure(state)?;
    let phase = Phase::start(&format!("pushing {reference}"));
    let mut push = command(crane, ["push"]);
    let pushed = command::output(push.arg(directory).arg(reference))?;
    phase.done();
    Ok(pushed)
}
