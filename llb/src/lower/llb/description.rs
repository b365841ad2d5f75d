//! What makes the results of a step: what the cache mount knows them by, beside BuildKit's own key.

use gowork_step::{Description, LinkDescription, OwnFile, Version, to_json};

use super::Lowering;
use super::compile::GO_FLAGS;
use super::link::{link_flags, link_words};
use super::paths::{MODCACHE, SRC, source_dir};
use crate::config::Cache;
use crate::ops::Digest;
use crate::plan::{Build, Step, StepKind};
use crate::tree::TreePath;

/// A file that a step compiles.
pub(super) enum Place<'a> {
    /// Of the repository.
    Source(&'a TreePath),
    /// Of a third-party package: by import path, and in the module cache.
    Vendor { file: &'a str, from: &'a str },
}

impl Lowering<'_> {
    /// What makes a step's results, with files where the step itself has them. Returns `None` if
    /// that is not known.
    pub(super) fn description(&self, step: &Step) -> Option<Description> {
        self.describe(step, |place| self.place_in_step(step, place))
    }

    /// Whether all that makes a step's results is known by content.
    pub(super) fn is_described(&self, step: &Step) -> bool {
        let build = self.plan.build(step.build);
        let is_open = |step: &Step| match step.kind {
            StepKind::Std(_) => false,
            StepKind::Deps(_) | StepKind::Unit(_) => step.inputs.sealed.is_none(),
            StepKind::Resolve(_) | StepKind::Link(_) => true,
        };
        let is_link = matches!(step.kind, StepKind::Link(_));
        let reads_open = || {
            step.inputs
                .results
                .iter()
                .any(|result| is_open(self.plan.step(result.step)))
        };
        // A profile lies elsewhere for each step, and the go command prepares it in one of its own.
        let is_told =
            self.plan.cache_of(step.build) == Cache::Both && build.settings.profile.is_none();
        // The same version of Go is not the same Go.
        is_told
            && (is_link || !is_open(step))
            && !reads_open()
            && self.inputs.builder_digest.is_some()
    }

    /// `place` says where a file of the repository, or the other one of the vendor directory, is.
    pub(super) fn describe(
        &self,
        step: &Step,
        place: impl Fn(Place<'_>) -> String,
    ) -> Option<Description> {
        let builder = self
            .inputs
            .builder_digest
            .clone()
            .filter(|_| self.is_described(step))?;
        let build = self.plan.build(step.build);
        let flags = match &step.kind {
            // With the names of main and binary: mains of the same source are not the same program.
            StepKind::Link(link) => link_words(build, link),
            _ => package_flags(build),
        };
        let mut files = step.inputs.own.files.clone();
        if matches!(step.kind, StepKind::Link(_)) && build.workspace && !build.vendored {
            files.insert(build.dir.child("go.work.sum"));
        }
        let environment = build
            .settings
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        // Go lines and the versions of modules are part of the go command's keys as well.
        let texts = step.inputs.sealed.iter().flat_map(|sealed| &sealed.texts);
        let texts =
            texts.map(|(path, text)| format!("{path} {}", Digest::of(text.as_bytes()).as_str()));
        let stamp = self.stamp(step).map(to_json);
        let stamp = stamp.map(|stamp| Digest::of(&stamp).as_str().to_owned());
        let salt: Vec<String> = flags
            .into_iter()
            .chain(stamp)
            .chain([builder, self.plan.toolchain.clone()])
            .chain(environment)
            .chain(texts)
            .collect();
        let mut own = Vec::new();
        for file in &files {
            own.push(OwnFile {
                name: file.to_string(),
                at: place(Place::Source(file)),
            });
        }
        for (file, from) in &step.inputs.own.vendor {
            own.push(OwnFile {
                name: format!("vendor/{file}"),
                at: place(Place::Vendor { file, from }),
            });
        }
        let reads: Vec<String> = self.reads(step).into_iter().map(|(part, _)| part).collect();
        let parts: Vec<Vec<String>> = step
            .kind
            .parts()
            .iter()
            .map(|part| part.named().iter().map(ToString::to_string).collect())
            .collect();
        let names: Vec<&String> = own.iter().map(|file| &file.name).collect();
        let name = Digest::of(&to_json(&(&salt, &parts, names, &reads)))
            .hex()
            .to_owned();
        Some(Description {
            version: Version,
            name,
            salt,
            parts,
            brings_others: brings_others(step),
            own,
            reads,
        })
    }

    pub(super) fn describe_link(&self, step: &Step) -> Option<LinkDescription> {
        let StepKind::Link(link) = &step.kind else {
            return None;
        };
        let build = self.plan.build(step.build);
        Some(LinkDescription {
            step: self.describe(step, place_in_batch)?,
            package: link.package.to_string(),
            binary: self.plan.target.file_name(link.package.binary_name()),
            flags: link_flags(build, link),
        })
    }

    fn place_in_step(&self, step: &Step, place: Place<'_>) -> String {
        match (place, &step.inputs.sealed) {
            (Place::Source(file), Some(sealed)) => format!("{SRC}/{}", sealed.place(file)),
            (Place::Source(file), None) => format!("{SRC}/{file}"),
            (Place::Vendor { file, .. }, Some(_)) => {
                format!("{}/vendor/{file}", source_dir(self.plan.build(step.build)))
            }
            (Place::Vendor { from, .. }, None) => format!("{MODCACHE}/{from}"),
        }
    }
}

/// Whether a step is one for the bulk of std.
pub(super) fn brings_others(step: &Step) -> bool {
    step.kind.parts().iter().any(|part| !part.roots.is_empty())
}

/// Where the batch has a file.
pub(super) fn place_in_batch(place: Place<'_>) -> String {
    match place {
        Place::Source(file) => format!("{SRC}/{file}"),
        Place::Vendor { from, .. } => format!("{MODCACHE}/{from}"),
    }
}

/// Flags that compile steps run the go command with.
fn package_flags(build: &Build) -> Vec<String> {
    GO_FLAGS
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(build.settings.package_flags())
        .collect()
}
