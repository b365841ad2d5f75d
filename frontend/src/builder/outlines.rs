//! Phase: which images there are, for each platform.

use gowork_llb::config::Config;
use gowork_llb::diag::{Diagnostic, Findings};
use gowork_llb::lower;
use gowork_llb::ops::Platform;
use gowork_llb::plan::{self, Outline};

use super::scan::Scanned;

/// The images of a repository for every platform asked for.
pub(super) struct Outlined {
    pub(super) by_platform: Vec<(Platform, Outline)>,
    /// What is wrong, each thing once although platforms share it.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The outline of all images, or `of` one alone.
pub(super) fn make(scanned: &Scanned, config: &Config, platforms: &[Platform], of: Option<&str>) -> Outlined {
    let mut outlined = Outlined { by_platform: Vec::new(), diagnostics: Vec::new() };
    // What is said about packages rests on sound mod files.
    if scanned.diagnostics.iter().any(Diagnostic::is_error) {
        return outlined;
    }
    let mut findings = Findings::default();
    for platform in platforms {
        let target = match lower::go_target(platform) {
            Ok(target) => target,
            Err(unknown) => {
                findings.push(unknown);
                continue;
            }
        };
        let (scan, workspace) = (&scanned.scan, &scanned.workspace);
        let (outline, diagnostics) = match of {
            Some(image) => plan::outline_of(scan, workspace, config, &target, image),
            None => plan::outline(scan, workspace, config, &target),
        };
        findings.merge(diagnostics.into_iter().chain(outline.builder.check()));
        outlined.by_platform.push((platform.clone(), outline));
    }
    outlined.diagnostics = findings.into_vec();
    outlined
}

impl Outlined {
    /// Names of the images of any platform, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .by_platform
            .iter()
            .flat_map(|(_, outline)| outline.images.iter().map(|image| image.config.name.clone()))
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
