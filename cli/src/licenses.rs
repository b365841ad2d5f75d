//! The licences that modules of images declare, from their files on this machine; and those that are
//! not allowed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::diag::Diagnostic;
use gowork_llb::licenses::{Declared, Detector};
use gowork_llb::plan::Target;
use gowork_llb::resolution::module_cache;
use gowork_llb::sbom::{self, Linking, ModulePlace};
use gowork_llb::tree::{LocalTree, TreePath};

use crate::project::Project;

/// The licences of the modules at these places.
fn declared<'p>(
    project: &Project,
    places: impl IntoIterator<Item = &'p ModulePlace>,
) -> anyhow::Result<BTreeMap<ModulePlace, Declared>> {
    let [cache, goroot] = directories(project.root())?.map(LocalTree::new);
    let detector = Detector::default();
    let own = project.tree.as_ref();
    let mut licenses = BTreeMap::new();
    for place in places {
        let declared = match place {
            ModulePlace::Std => detector.declared(&goroot, &TreePath::ROOT),
            ModulePlace::Cache(version) => {
                let dir = TreePath::new(&module_cache::module_dir(version)?)?;
                detector.declared(&cache, &dir)
            }
            ModulePlace::Vendor(dir) => detector.declared(own, dir),
            ModulePlace::Own(dir) => detector.declared_above(own, dir),
        };
        licenses.insert(place.clone(), declared);
    }
    Ok(licenses)
}

/// The same as SPDX expressions, without those of which none is known.
pub(crate) fn expressions<'p>(
    project: &Project,
    places: impl IntoIterator<Item = &'p ModulePlace>,
) -> anyhow::Result<BTreeMap<ModulePlace, String>> {
    let declared = declared(project, places)?.into_iter();
    Ok(declared
        .filter_map(|(place, declared)| Some((place, declared.expression()?)))
        .collect())
}

/// An error for each module of the images for this platform that the configuration does not allow.
/// Asks the go command, if it allows some licences and not all.
pub(crate) fn errors(project: &Project, target: Target) -> anyhow::Result<Vec<Diagnostic>> {
    let policy = &project.config().licenses;
    if policy.allow.is_none() {
        return Ok(Vec::new());
    }
    let Some(sound) = project.planned(target, true)? else {
        return Ok(Vec::new());
    };
    let (plan, resolutions) = sound.value;
    let input = Linking {
        plan: &plan,
        workspace: project.workspace(),
        resolutions: &resolutions.unwrap_or_default(),
    };
    let places = sbom::license_places(input, &plan.images)?;
    let declared = expressions(project, &places)?;
    Ok(sbom::license_errors(
        input,
        &plan.images,
        policy,
        &declared,
    )?)
}

/// The module cache, and the directory of the Go version that the repository asks for.
fn directories(root: &Path) -> anyhow::Result<[String; 2]> {
    let mut go = Command::new("go");
    go.args(["env", "GOMODCACHE", "GOROOT"]).current_dir(root);
    let output = go.output().context("cannot run go")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match said.lines().collect::<Vec<_>>().as_slice() {
        [cache, goroot] if output.status.success() => {
            Ok([(*cache).to_owned(), (*goroot).to_owned()])
        }
        _ => bail!(
            "go env says:\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}
