//! Own packages that only third-party packages import: what is asked for them when a graph is
//! loaded.

use super::graph::Way;
use super::owners::Owners;
use super::scanned::Scan;
use crate::gomod::ImportPath;
use crate::gosrc::{self, BuildContext};
use crate::tree;
use crate::workspace::{ModuleIx, Workspace};

/// What a third-party package imports of the repository, directly or through other third-party
/// packages: import paths, each with the way to it. Called with the module whose package imports
/// the third-party package, and with its import path.
pub(crate) type Returning<'a> = dyn Fn(ModuleIx, &ImportPath) -> Vec<(ImportPath, Way)> + 'a;

/// Import paths of all packages that the module `ix`, imported by the path `path`, has for other
/// modules: no mains, and nothing below `internal`, which others reach only through the rest.
pub(crate) fn importable(
    scan: &Scan,
    workspace: &Workspace,
    (path, ix): (&str, ModuleIx),
    context: &BuildContext,
) -> Vec<ImportPath> {
    let module = &workspace.module(ix).dir;
    let owners = Owners::below(&scan.mod_files, std::iter::once(module));
    let mut paths = Vec::new();
    for (dir, scanned) in tree::below(&scan.dirs, module) {
        let Some(below) = dir
            .strip_dir(module)
            .filter(|_| owners.of(dir) == Some(module.as_str()))
        else {
            continue;
        };
        let is_internal = below.split('/').any(|element| element == "internal");
        let is_main = gosrc::package_name(&scanned.files, context) == "main";
        if !is_internal && !is_main && gosrc::is_compiled(&scanned.files, context) {
            paths.push(ImportPath::in_module(path, below));
        }
    }
    paths
}
