//! What keys are computed from, and what all kinds of them write alike.

use std::collections::BTreeMap;

use super::contents::Contents;
use super::key::{Key, KeyPart};
use crate::packages::{self, PackageSet};
use crate::plan::{Build, BuildIx, Image, Plan};
use crate::resolution::{Resolution, ResolvedModule};
use crate::workspace::{ModTexts, Workspace};

/// What keys are computed from.
#[derive(Debug, Clone, Copy)]
pub struct KeyInput<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The modules that it was made of.
    pub workspace: &'a Workspace,
    /// The texts of their mod files, as in a scan.
    pub mod_files: &'a ModTexts,
    /// What `go` chose, as it was given to the planner.
    pub resolutions: Option<&'a BTreeMap<BuildIx, Resolution>>,
    /// Digests of at least the files of [`paths`](super::paths).
    pub contents: &'a Contents,
}

impl<'a> KeyInput<'a> {
    /// What `go` chose for a build.
    pub(super) fn resolution(&self, build: BuildIx) -> Option<&'a Resolution> {
        self.resolutions?.get(&build)
    }
}

/// The packages of the repository that the own binary of an image is made of.
pub(super) fn reached(build: &Build, image: &Image) -> PackageSet {
    packages::closure(&build.packages, build.packages.program(&image.package))
}

/// Flags as the go command takes them, `-name=value`.
pub(super) fn flags(list: &[String], key: &mut Key) {
    for flag in list {
        let (name, value) = flag
            .trim_start_matches('-')
            .split_once('=')
            .unwrap_or((flag, ""));
        key.insert(KeyPart::Flag(name.to_owned()), value);
    }
}

/// `v0.4.0 h1:...`, or `v0.4.0 => fork@v0.4.1 h1:...`.
pub(super) fn module_text(module: &ResolvedModule) -> String {
    let replaced = if module.replaced_by.is_empty() {
        String::new()
    } else {
        format!("=> {}", module.replaced_by)
    };
    let words = [module.version.as_str(), &replaced, &module.sum];
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
