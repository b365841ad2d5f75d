//! What a person edits to change an image: directories, for tools that watch them.

use std::collections::BTreeSet;

use gowork_llb::gomod::FILE_NAMES;
use gowork_llb::packages::closure;
use gowork_llb::plan::{Outline, OutlineImage};
use gowork_llb::tree::TreePath;

use super::topmost::topmost;

/// The directories of the image's packages and files, and the mod files that decide about its
/// modules; none lies below another.
pub(super) fn watched(outline: &Outline, image: &OutlineImage) -> Vec<TreePath> {
    let mut paths: BTreeSet<TreePath> = BTreeSet::new();
    let others = image.binaries.iter();
    let mains = others.map(|binary| (binary.build, binary.main));
    for (build, main) in mains.chain([(image.build, image.main)]) {
        let build = &outline.builds[build.0];
        let mut mod_dirs = BTreeSet::from([build.dir.clone()]);
        for ix in closure(&build.packages, [main]).iter() {
            let package = build.packages.get(ix);
            paths.extend(package.files.iter().filter_map(TreePath::parent));
            let module = build.modules.iter().find(|it| it.ix == package.module);
            mod_dirs.extend(module.map(|module| module.dir.clone()));
        }
        let in_mod_dirs = |file: &&TreePath| {
            let is_mod_file = FILE_NAMES.contains(&file.name());
            is_mod_file && file.parent().is_some_and(|dir| mod_dirs.contains(&dir))
        };
        paths.extend(build.mod_files.iter().filter(in_mod_dirs).cloned());
        paths.extend(build.vendored.then(|| build.dir.child("vendor")));
    }
    let files = image.config.runtime.files.iter();
    paths.extend(files.filter_map(|file| file.from.value.context_path()));
    topmost(&paths.iter().collect()).cloned().collect()
}
