//! Asks the go command of this machine what the resolve step would ask in a build: which
//! third-party and std packages there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::diag::without_credentials;
use gowork_llb::keys;
use gowork_llb::packages::Scan;
use gowork_llb::plan::{BuildIx, GoCommand, Outline};
use gowork_llb::resolution::Resolution;
use gowork_llb::tree::{LocalTree, SourceTree, TreePath};
use gowork_llb::workspace::Workspace;

/// What go chooses for each build of the outline, and the outline with what that leads to in the
/// repository. The go command downloads what it needs, and completes go.work.sum as it always does.
pub(crate) fn resolutions(
    root: &Path,
    outline: Outline,
    scan: &Scan,
    workspace: &Workspace,
) -> anyhow::Result<(Outline, BTreeMap<BuildIx, Resolution>)> {
    // As the go command spells it, also on Windows, so that its directories are seen to lie below.
    let root = dunce::canonicalize(root)?;
    let resolved = outline.ask((scan, workspace), &root, &LocalTree::new("/"), run)?;
    let mut diagnostics = resolved.diagnostics.iter();
    if let Some(error) = diagnostics.find(|diagnostic| diagnostic.is_error()) {
        bail!("{error}");
    }
    Ok((resolved.outline, resolved.resolutions))
}

/// A directory with what `go list` of third-party packages needs: mod files, and vendor directories.
pub(crate) struct Place {
    // A go.mod directly in the directory for temporary files is ignored by the go command.
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Place {
    /// The directory for the builds of an outline, with files of `tree`.
    pub(crate) fn new(tree: &dyn SourceTree, outline: &Outline) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let root = dir.path().join("root");
        let builds = outline.builds.iter();
        let mut wanted: BTreeSet<TreePath> = builds
            .clone()
            .flat_map(|build| build.mod_files.iter().cloned())
            .collect();
        let vendored = builds.filter(|build| build.vendored);
        wanted.extend(vendored.map(|build| build.dir.child("vendor")));
        let files: Vec<TreePath> = keys::files(tree, &wanted).into_iter().collect();
        std::fs::create_dir_all(&root)?;
        for (path, bytes) in files.iter().zip(tree.read(&files)) {
            let place = root.join(path.as_str());
            if let (Ok(bytes), Some(dir)) = (bytes, place.parent()) {
                std::fs::create_dir_all(dir)?;
                std::fs::write(&place, bytes).with_context(|| place.display().to_string())?;
            }
        }
        Ok(Self { _dir: dir, root })
    }

    /// The root of the repository there.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
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
