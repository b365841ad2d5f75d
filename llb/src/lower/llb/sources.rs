//! What a step finds in `/src`: the one copy from the context that keys it, and third-party
//! packages.

use std::collections::{BTreeMap, BTreeSet};

use super::Lowering;
use super::paths::SRC;
use super::progress::weak;
use crate::ops::exec::Mount;
use crate::ops::file::{Copy, File, Mkdir, Mkfile};
use crate::ops::{OpError, Output};
use crate::packages::literal_pattern;
use crate::plan::{BuildIx, Sealed, Step, StepKind};
use crate::tree::TreePath;

impl Lowering<'_> {
    /// Mod files and sources of a step. In a workspace go.work.sum is the resolve step's, with the
    /// sums that the committed one lacked.
    pub(super) fn sources_of(&self, step: &Step) -> Result<Output, OpError> {
        let what = match &step.kind {
            StepKind::Link(link) => format!("sources of {}", link.binary),
            _ => format!("sources to {}", step.title),
        };
        if let Some(sealed) = &step.inputs.sealed {
            let sources = self.sealed_sources(step, sealed);
            return Ok(sources
                .named(self.title(&what))
                .progress_group(weak(self.row(step)))
                .output());
        }
        let files = step.inputs.files.iter().chain(&step.inputs.mod_files);
        let copied = if step.inputs.mod_files.is_empty() {
            self.copy_sources(files)
        } else {
            self.open_sources(step.build, files)?
        };
        Ok(copied
            .named(self.title(&what))
            .progress_group(weak(self.row(step)))
            .output())
    }

    /// What a step sees of sources: those of the repository, and in sealed steps the third-party
    /// packages, each where a vendor directory has it. Mounted from the module cache as they lie
    /// there, they are not copied, and key the step by their content.
    pub(super) fn source_mounts(&self, step: &Step) -> Result<Vec<Mount>, OpError> {
        let sources = self.sources_of(step)?;
        let sealed = match &step.inputs.sealed {
            Some(sealed) if !sealed.vendor.is_empty() => sealed,
            _ => return Ok(vec![Self::sources_mount(&sources, self.stamp(step))]),
        };
        let vendor = self.plan.build(step.build).dir.child("vendor");
        let modules = self.module_cache(step.build)?;
        // Directory to what is mounted there, and from where in it.
        let mut mounted: BTreeMap<TreePath, (&Output, String)> = BTreeMap::new();
        for (path, from) in &sealed.vendor {
            if let Ok(dir) = vendor.join(path) {
                mounted.insert(dir, (&modules, format!("/{from}")));
            }
        }
        for dir in hidden_dirs(sealed, &mounted) {
            let from = format!("/{dir}");
            mounted.insert(dir, (&sources, from));
        }
        // What something else is mounted in has to be writable: so a directory can be made for it.
        let holders: BTreeSet<TreePath> = mounted.keys().flat_map(parents).collect();
        let mut mounts = vec![Mount::discarded(&sources, SRC)];
        for (dir, (output, from)) in mounted {
            let at = format!("{SRC}/{dir}");
            let mount = if holders.contains(&dir) {
                Mount::discarded(output, at)
            } else {
                Mount::read_only(output, at)
            };
            mounts.push(mount.selector(from));
        }
        Ok(mounts)
    }

    /// Sources with true mod files.
    pub(super) fn open_sources<'p>(
        &self,
        build: BuildIx,
        files: impl Iterator<Item = &'p TreePath>,
    ) -> Result<File, OpError> {
        let of = self.plan.build(build);
        if !of.workspace || of.vendored {
            return Ok(self.copy_sources(files));
        }
        let sum = of.dir.child("go.work.sum");
        let files = files.filter(|file| **file != sum);
        let resolved = self.resolve(build)?;
        let copy = Copy::from(&resolved, "/go.work.sum", &format!("/{sum}")).create_dest_path();
        Ok(self.copy_sources(files).copy(copy))
    }

    /// Sources, and the mod files made for the step.
    fn sealed_sources(&self, step: &Step, sealed: &Sealed) -> File {
        let moved: BTreeSet<&TreePath> =
            sealed.moved.iter().flat_map(|moved| &moved.files).collect();
        let in_place = || {
            step.inputs
                .files
                .iter()
                .filter(|file| !moved.contains(file))
        };
        let mut file = File::on(&Output::scratch());
        if in_place().next().is_some() {
            file = self.copy_sources(in_place());
        }
        for moved in &sealed.moved {
            let below = moved
                .files
                .iter()
                .filter_map(|file| file.strip_dir(&moved.from));
            let patterns: BTreeSet<String> = below.map(literal_pattern).collect();
            let copy = Copy::from(
                &self.inputs.context,
                &format!("/{}", moved.from),
                &format!("/{}", moved.to),
            );
            file = file.copy(copy.contents_only().create_dest_path().include(patterns));
        }
        for (path, text) in &sealed.texts {
            if let Some(dir) = path.parent().filter(|dir| !dir.is_root()) {
                file = file.mkdir(Mkdir::new(&format!("/{dir}"), 0o755).parents().timestamp(0));
            }
            file = file.mkfile(
                Mkfile::new(&format!("/{path}"), 0o644, text.clone().into_bytes()).timestamp(0),
            );
        }
        file
    }

    /// One copy with every file as a pattern: a file that is not among them can neither be read nor
    /// change the key.
    pub(super) fn copy_sources<'p>(&self, files: impl Iterator<Item = &'p TreePath>) -> File {
        let patterns: BTreeSet<String> = files.map(|file| literal_pattern(file.as_str())).collect();
        let copy = Copy::from(&self.inputs.context, "/", "/")
            .contents_only()
            .include(patterns);
        File::on(&Output::scratch()).copy(copy)
    }
}

/// The directories above one.
/// The directories of stand-ins for modules that a mount would hide, since such a module lies in
/// another one.
fn hidden_dirs<T>(sealed: &Sealed, mounted: &BTreeMap<TreePath, T>) -> BTreeSet<TreePath> {
    let mut hidden = BTreeSet::new();
    for file in sealed.moved.iter().flat_map(|moved| &moved.files) {
        if let Some(dir) = sealed.place(file).parent()
            && parents(&dir).any(|dir| mounted.contains_key(&dir))
        {
            hidden.insert(dir);
        }
    }
    hidden
}

fn parents(dir: &TreePath) -> impl Iterator<Item = TreePath> {
    std::iter::successors(dir.parent(), TreePath::parent)
}
