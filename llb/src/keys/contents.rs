//! Digests of the files that a plan reads, computed once.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::licenses::license_texts_above;
use crate::plan::{BuildIx, Image, Plan};
use crate::tree::{EntryKind, SourceTree, TreePath};

/// How many files are held in memory at once while they are digested.
const READ_BATCH: usize = 256;

/// Digests of files by path. Any text that differs where contents differ will do (SHA-256, a git
/// object's name), as long as both sides of a comparison use the same kind. Permissions do not
/// belong of it, since a [`SourceTree`] does not know them: who does may add them to the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    digests: BTreeMap<TreePath, String>,
}

impl Contents {
    /// No file at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what the digest of a file is.
    pub fn insert(&mut self, path: TreePath, digest: impl Into<String>) {
        self.digests.insert(path, digest.into());
    }

    /// Digests every file of `paths` that `tree` has; a directory stands for all below it.
    pub fn read(tree: &dyn SourceTree, paths: &BTreeSet<TreePath>) -> Self {
        let files: Vec<TreePath> = files(tree, paths).into_iter().collect();
        let mut contents = Self::new();
        for batch in files.chunks(READ_BATCH) {
            for (path, read) in batch.iter().zip(tree.read(batch)) {
                if let Ok(bytes) = read {
                    contents.insert(path.clone(), hex(&Sha256::digest(&bytes)));
                }
            }
        }
        contents
    }

    /// The digest of one file; none if it is not there.
    pub fn get(&self, path: &TreePath) -> Option<&str> {
        self.digests.get(path).map(String::as_str)
    }

    /// All files, in order.
    pub(super) fn paths(&self) -> impl Iterator<Item = &TreePath> {
        self.digests.keys()
    }

    /// The file `path` or, where it is a directory, all files below it: in the order of paths.
    pub(crate) fn under<'a>(
        &'a self,
        path: &'a TreePath,
    ) -> impl Iterator<Item = (&'a TreePath, &'a str)> {
        let near = self
            .digests
            .range(path.clone()..)
            .take_while(|(other, _)| other.as_str().starts_with(path.as_str()));
        near.filter(|(other, _)| other.is_under(path))
            .map(|(other, digest)| (other, digest.as_str()))
    }
}

/// The files that `paths` stand for in `tree`: what is not a directory is a file, whether or not it
/// is there; of a directory, all files below it. Links to directories are not followed.
pub fn files(tree: &dyn SourceTree, paths: &BTreeSet<TreePath>) -> BTreeSet<TreePath> {
    let mut files = BTreeSet::new();
    let mut open: Vec<TreePath> = paths.iter().cloned().collect();
    while !open.is_empty() {
        let mut dirs = Vec::new();
        for (path, listed) in open.iter().zip(tree.list(&open)) {
            let Ok(entries) = listed else {
                files.insert(path.clone());
                continue;
            };
            for entry in entries {
                let path = path.child(&entry.name);
                match entry.kind {
                    EntryKind::Dir => dirs.push(path),
                    EntryKind::File | EntryKind::LinkToFile => _ = files.insert(path),
                    EntryKind::LinkToDir | EntryKind::BrokenLink | EntryKind::Other => {}
                }
            }
        }
        open = dirs;
    }
    files
}

/// Every path of `tree` that some step or image of `plan` reads; directories stand for all below
/// them.
pub fn paths(plan: &Plan, tree: &dyn SourceTree) -> BTreeSet<TreePath> {
    let inputs = plan.steps.iter().map(|step| &step.inputs);
    let mut paths: BTreeSet<TreePath> = inputs
        .flat_map(|inputs| inputs.mod_files.iter().chain(&inputs.files))
        .cloned()
        .collect();
    for build in &plan.builds {
        paths.extend(build.vendored.then(|| build.dir.child("vendor")));
    }
    paths.extend(
        plan.images
            .iter()
            .flat_map(|image| &image.runtime.files)
            .filter_map(|file| file.from.context_path()),
    );
    paths.extend(license_texts(plan, tree));
    paths
}

/// The files with the licences of your own modules, if an image holds these.
fn license_texts(plan: &Plan, tree: &dyn SourceTree) -> BTreeSet<TreePath> {
    let images = plan.images.iter().filter(|image| image.runtime.licenses);
    let links = images.flat_map(Image::links);
    let builds: BTreeSet<BuildIx> = links.map(|link| plan.step(link).build).collect();
    let modules = builds.into_iter().flat_map(|ix| &plan.build(ix).modules);
    let dirs: BTreeSet<&TreePath> = modules.map(|module| &module.dir).collect();
    let texts = dirs.into_iter().map(|dir| license_texts_above(tree, dir));
    texts.flatten().collect()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
