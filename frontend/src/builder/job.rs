//! What to build, as far as every phase needs to know.

use std::collections::BTreeSet;

use gowork_llb::config::{Config, ImageName};
use gowork_llb::ops::Platform;
use gowork_llb::plan::{self, BuildIx, Outline, Plan, PlanInput};

use super::phases::resolve::Resolutions;

/// What to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One image.
    Image(ImageName),
    /// All binaries.
    Binaries,
    /// The results image.
    Results,
    /// The binaries of these images, for the stages of a Dockerfile.
    Some(Vec<ImageName>),
}

/// What to build for one platform.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) platform: &'a Platform,
    pub(super) outline: &'a Outline,
    pub(super) wanted: &'a Wanted,
    /// The configuration in effect.
    pub(super) config: &'a Config,
}

impl Job<'_> {
    /// The plan of all images, with the answers of the go command or without.
    pub(super) fn plan(&self, resolutions: Option<&Resolutions>) -> Plan {
        plan::plan(PlanInput {
            outline: self.outline,
            resolutions,
        })
    }

    /// The builds that the wanted images need.
    pub(super) fn builds(&self) -> BTreeSet<BuildIx> {
        let wanted = self.wanted.names();
        let mut builds = BTreeSet::new();
        for image in &self.outline.images {
            if wanted.is_none_or(|names| names.contains(&image.config.name)) {
                builds.insert(image.build);
                builds.extend(image.binaries.iter().map(|binary| binary.build));
            }
        }
        builds
    }
}

impl Wanted {
    /// The name of the image. Returns `None` if no single image is wanted.
    pub(super) fn image(&self) -> Option<&str> {
        match self {
            Self::Image(name) => Some(name),
            Self::Binaries | Self::Results | Self::Some(_) => None,
        }
    }

    /// The names of the images whose binaries are built. Returns `None` for all.
    pub(super) fn names(&self) -> Option<&[ImageName]> {
        match self {
            Self::Image(name) => Some(std::slice::from_ref(name)),
            Self::Some(names) => Some(names),
            Self::Binaries | Self::Results => None,
        }
    }
}
