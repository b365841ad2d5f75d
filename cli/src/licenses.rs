//! The licences that the modules of an image declare, from their files on this machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use gowork_llb::licenses::{Declared, Detector};
use gowork_llb::resolution::module_cache;
use gowork_llb::sbom::{Contents, ModulePlace};
use gowork_llb::tree::{LocalTree, TreePath};

use crate::project::Project;

/// The licences of every module in `contents`, by where it lies.
pub(crate) fn declared(
    project: &Project,
    contents: &Contents,
) -> anyhow::Result<BTreeMap<ModulePlace, Declared>> {
    let [cache, goroot] = directories(project.root())?.map(LocalTree::new);
    let detector = Detector::default();
    let own = project.tree.as_ref();
    let mut licenses = BTreeMap::new();
    for place in contents.places() {
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
