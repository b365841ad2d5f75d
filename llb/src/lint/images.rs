//! Images that the configuration names.

use crate::config::{Config, Runtime, SCRATCH, STAGE, Spanned, Stage};
use crate::diag::{Diagnostic, Findings, Rule};
use crate::ops::Reference;

/// Adds a warning for each image that the next build may find changed.
pub(super) fn lint(config: &Config, findings: &mut Findings) {
    let runtimes = config.images.values().map(|image| &image.runtime);
    let bases = runtimes
        .chain([&config.runtime])
        .filter_map(|runtime: &Runtime| runtime.base.as_ref());
    let stages = config.stages.values();
    let images = stages.filter_map(|stage: &Stage| stage.image.as_ref());
    for image in bases.chain(&config.go.builder).chain(images) {
        findings.extend(unpinned(image));
    }
}

fn unpinned(image: &Spanned<String>) -> Option<Diagnostic> {
    let text = image.value.as_str();
    if text == SCRATCH || text.starts_with(STAGE) {
        return None;
    }
    if !Reference::parse(text).ok()?.is_latest() {
        return None;
    }
    let message =
        format!("the image {text} is what its publisher calls latest on the day of the build");
    Some(
        Diagnostic::warning(Rule::UnpinnedImage, message)
            .at(image.span.clone())
            .help("name a version, and a digest if builds must never change by themselves: IMAGE:TAG@sha256:..."),
    )
}
