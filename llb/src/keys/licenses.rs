//! Files with the licences of modules, for images that hold these.

use std::collections::BTreeMap;

use super::contents::Contents;
use super::input::{KeyInput, reached};
use super::key::{Key, KeyPart};
use crate::licenses::{is_license_text, nearest_texts};
use crate::plan::{Build, Image, Plan, ThirdParty};
use crate::tree::TreePath;

/// The files with licences and notices, by directory.
pub(super) struct LicenseTexts<'a>(BTreeMap<TreePath, Vec<&'a TreePath>>);

impl<'a> LicenseTexts<'a> {
    /// Those that are known. Nothing, if no image of `plan` holds any.
    pub(super) fn of(plan: &Plan, contents: &'a Contents) -> Self {
        let mut by_dir: BTreeMap<TreePath, Vec<_>> = BTreeMap::new();
        if plan.images.iter().any(|image| image.runtime.licenses) {
            for path in contents.paths().filter(|path| is_license_text(path.name())) {
                by_dir
                    .entry(path.parent().unwrap_or_default())
                    .or_default()
                    .push(path);
            }
        }
        Self(by_dir)
    }

    /// Adds the files of the modules that the binaries of an image hold. What lies in the module
    /// cache follows from versions and sums, which are in the key of every image.
    pub(super) fn of_image(&self, input: KeyInput<'_>, image: &Image, key: &mut Key) {
        if !image.runtime.licenses {
            return;
        }
        let others = image.others();
        for image in [image].into_iter().chain(&others) {
            let ix = input.plan.step(image.link).build;
            let build = input.plan.build(ix);
            let set = reached(build, image);
            let used = set.modules(&build.packages);
            for module in build.modules.iter().filter(|it| used.contains(&it.ix)) {
                let dirs = std::iter::successors(Some(module.dir.clone()), TreePath::parent);
                let texts = nearest_texts(dirs.map(|dir| self.paths(&dir)));
                add(texts, input.contents, key);
            }
            if let Some(resolution) = input.resolution(ix).filter(|_| build.vendored) {
                let third_party = ThirdParty::new(resolution);
                let reached = third_party.reached(&set.outside(&build.packages));
                let packages = reached.into_iter().map(|ix| third_party.get(ix));
                for module in packages.filter_map(|package| third_party.module(package)) {
                    let dir = vendor_dir(build, &module.path);
                    let texts = dir.map(|dir| self.paths(&dir)).unwrap_or_default();
                    add(texts, input.contents, key);
                }
            }
        }
    }

    fn paths(&self, dir: &TreePath) -> Vec<TreePath> {
        let texts = self.0.get(dir).into_iter().flatten();
        texts.copied().cloned().collect()
    }
}

fn add(texts: Vec<TreePath>, contents: &Contents, key: &mut Key) {
    for path in texts {
        let digest = contents.get(&path).unwrap_or_default().to_owned();
        key.insert(KeyPart::RuntimeFile(path), digest);
    }
}

fn vendor_dir(build: &Build, module: &str) -> Option<TreePath> {
    build.dir.child("vendor").join(module).ok()
}
