//! Asks the go command of this machine what the resolve step would ask in a build: which
//! third-party and std packages there are.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::diag::without_credentials;
use gowork_llb::packages::Scan;
use gowork_llb::plan::{Build, BuildIx, Outline};
use gowork_llb::resolution::{self, Resolution};
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
    let disk = LocalTree::new("/");
    let resolved = outline.resolve(scan, workspace, |outline, build| {
        let question = build.question(&root);
        resolution::ask(&question, &disk, |args| go(&root, outline, build, args))
    })?;
    let mut diagnostics = resolved.diagnostics.iter();
    if let Some(error) = diagnostics.find(|diagnostic| diagnostic.is_error()) {
        bail!("{error}");
    }
    Ok((resolved.outline, resolved.resolutions))
}

fn go(root: &Path, outline: &Outline, build: &Build, args: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new("go");
    command
        .args(args)
        .current_dir(build.request.go_dir(root))
        .env("GOTOOLCHAIN", &outline.toolchain)
        .envs(build.request.go_env(root))
        .envs(&outline.module_env);
    let output = command
        .output()
        .context("--resolve needs the go command: cannot run go")?;
    if !output.status.success() {
        // The go command itself leaves out passwords, but it shows tokens that stand in the place
        // of a user.
        let said = without_credentials(&String::from_utf8_lossy(&output.stderr));
        bail!("go {} says:\n{}", args[0], said.trim());
    }
    Ok(output.stdout)
}
