//! Phase: which images there are, for each platform.

use std::collections::BTreeSet;

use gowork_llb::config::{Config, ImageName};
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower;
use gowork_llb::ops::Platform;
use gowork_llb::plan::{self, Outline};

use super::scan::Scanned;

/// The images of a repository for every platform asked for.
pub(in crate::builder) struct Outlined {
    pub(in crate::builder) by_platform: Vec<(Platform, Outline)>,
    /// Names of images that something is wrong with. No outline has them.
    pub(in crate::builder) broken: BTreeSet<ImageName>,
    /// What is wrong, each thing once although platforms share it.
    pub(in crate::builder) diagnostics: Vec<Diagnostic>,
}

/// The outlines of all images that can be built, on every platform.
pub(in crate::builder) fn make(
    scanned: &Scanned,
    config: &Config,
    platforms: &[Platform],
) -> Outlined {
    let mut outlined = Outlined {
        by_platform: Vec::new(),
        broken: BTreeSet::new(),
        diagnostics: Vec::new(),
    };
    // Messages about packages need sound mod files.
    if scanned.diagnostics.iter().any(Diagnostic::is_error) {
        return outlined;
    }
    let mut targets = Vec::new();
    for platform in platforms {
        match lower::go_target(platform) {
            Ok(target) => targets.push(target),
            Err(unknown) => outlined.diagnostics.push(unknown),
        }
    }
    if outlined.diagnostics.is_empty() {
        let made = lower::outlines(&scanned.scan, &scanned.workspace, config, &targets);
        let by_platform = platforms.iter().cloned().zip(made.outlines).collect();
        outlined = Outlined {
            by_platform,
            broken: made.broken,
            diagnostics: made.diagnostics,
        };
    }
    outlined
}

/// The outline of these images by themselves on a platform, whatever is wrong with them.
pub(in crate::builder) fn of_some(
    scanned: &Scanned,
    config: &Config,
    platform: &Platform,
    images: &[ImageName],
) -> Option<Outline> {
    let target = lower::go_target(platform).ok()?;
    Some(plan::outline_of(&scanned.scan, &scanned.workspace, config, &target, images).0)
}

impl Outlined {
    /// The same without variants of images.
    pub(in crate::builder) fn without_variants(&self) -> Vec<ImageName> {
        let images = self
            .by_platform
            .iter()
            .flat_map(|(_, outline)| &outline.images);
        let variants = images.filter(|image| image.variant_of.is_some());
        let variants: BTreeSet<&ImageName> = variants.map(|image| &image.config.name).collect();
        let mut names = self.names();
        names.retain(|name| !variants.contains(name));
        names
    }

    /// Names of the images of any platform, broken ones too, sorted.
    pub(in crate::builder) fn names(&self) -> Vec<ImageName> {
        let sound = self
            .by_platform
            .iter()
            .flat_map(|(_, outline)| outline.names());
        let names: BTreeSet<ImageName> = sound.chain(self.broken.iter().cloned()).collect();
        names.into_iter().collect()
    }
}
