//! Asks the go command of this machine what the resolve step would ask in a build: which
//! third-party and std packages there are.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::diag::without_credentials;
use gowork_llb::packages::Scan;
use gowork_llb::plan::{BuildIx, GoCommand, Outline};
use gowork_llb::resolution::Resolution;
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace::Workspace;

/// What go chooses for each build of the outline, and the outline with what that leads to in the
/// repository. The go command downloads what it needs, and completes go.work.sum as it always does.
pub(crate) fn resolutions(
    root: &Path,
    outline: Outline,
    scan: &Scan,
    workspace: &Workspace,
) -> anyhow::Result<(Outline, BTreeMap<BuildIx, Resolution>)> {
    let root = root.canonicalize()?;
    let resolved = outline.ask((scan, workspace), &root, &LocalTree::new("/"), run)?;
    let mut diagnostics = resolved.diagnostics.iter();
    if let Some(error) = diagnostics.find(|diagnostic| diagnostic.is_error()) {
        bail!("{error}");
    }
    Ok((resolved.outline, resolved.resolutions))
}

fn run(go: &GoCommand) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new("go");
    command.args(&go.args).current_dir(&go.dir).envs(&go.env);
    let output = command
        .output()
        .context("--resolve needs the go command: cannot run go")?;
    if !output.status.success() {
        // The go command itself leaves out passwords, but it shows tokens that stand in the place
        // of a user.
        let said = without_credentials(&String::from_utf8_lossy(&output.stderr));
        bail!("go {} says:\n{}", go.args[0], said.trim());
    }
    Ok(output.stdout)
}
