//! One image, although others are broken: it is built by itself then, as if the repository had no
//! other. Owns when that is done.
//!
//! Images share steps, so what is wrong with one may end the build of another: a compile step may
//! have packages of both, and the go command is asked for the packages of all. By itself an image
//! has steps that nobody else has, so this is only done after a failure.

use gowork_llb::config::Config;
use gowork_llb::diag::{Diagnostic, Severity};
use gowork_llb::plan::{Outline, OutlineImage, Plan, StepIx};

use super::Job;
use super::phases::outline::{self as outlines, Outlined};
use super::phases::scan::Scanned;
use super::target::{self, Wanted};
use crate::error::BuildError;

/// Why the steps of an image ended.
pub(super) enum Failure {
    /// Nothing that other images have a part in.
    Own(BuildError),
    /// Something in a step that other images may have a part in.
    Shared(BuildError),
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Own(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Self {
        Self::Own(error.into())
    }
}

impl From<Failure> for BuildError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Own(error) | Failure::Shared(error) => error,
        }
    }
}

/// What is said of all that is wrong with `outlined` where the image wanted has no part in it; none
/// if it has, or if no one image is wanted.
pub(super) fn despite(target: Option<&str>, outlined: &Outlined) -> Option<Vec<Diagnostic>> {
    let wanted = target::choose(target, outlined).ok()?;
    let image = wanted.image()?;
    let is_sound = outlined
        .by_platform
        .iter()
        .any(|(_, outline)| outline.names().any(|name| name == image));
    is_sound.then(|| {
        outlined
            .diagnostics
            .iter()
            .map(|found| no_part_of(found, image))
            .collect()
    })
}

/// What is said of something wrong that an image has no part in.
fn no_part_of(found: &Diagnostic, image: &str) -> Diagnostic {
    if !found.is_error() {
        return found.clone();
    }
    Diagnostic {
        severity: Severity::Warning,
        message: format!("{} (image {image} has no part in it)", found.message),
        ..found.clone()
    }
}

/// Whether one image is wanted, and there are others whose steps it shares.
pub(super) fn has_others(outline: &Outline, wanted: &Wanted) -> bool {
    let image = outline
        .images
        .iter()
        .find(|image| wanted.image() == Some(image.config.name.as_str()));
    let is_other = |image: &OutlineImage, other: &OutlineImage| {
        other.build == image.build && other.config.name != image.config.name
    };
    image.is_some_and(|image| outline.images.iter().any(|other| is_other(image, other)))
}

/// The image wanted by itself, if `error` may be the fault of others. It is not if it points into a
/// file of the image's own.
pub(super) fn after(
    error: &BuildError,
    job: Job<'_>,
    scanned: &Scanned,
    config: &Config,
) -> Option<Outline> {
    let alone = outlines::alone(scanned, config, job.platform, job.wanted.image()?)?;
    let packages = || {
        alone
            .builds
            .iter()
            .flat_map(|build| build.packages.iter().map(|(_, package)| package))
    };
    let is_own = |found: &Diagnostic| {
        let file = found.span.as_ref().map(|span| span.file.as_str());
        packages()
            .flat_map(|package| &package.files)
            .any(|own| Some(own.as_str()) == file)
    };
    (!error.diagnostics().iter().any(is_own)).then_some(alone)
}

/// Whether a step compiles something that the image has no part in.
pub(super) fn is_shared(plan: &Plan, step: StepIx, image: &str) -> bool {
    let mut parts = plan.step(step).kind.parts().iter();
    parts.any(|part| !part.reach.is_empty() && !part.reach.iter().any(|reached| reached == image))
}

/// What is said when the image was built by itself.
pub(super) fn told(wanted: &Wanted, error: &BuildError) -> Diagnostic {
    let image = wanted.image().unwrap_or_default();
    let words = format!(
        "other images cannot be built: {image} is built by itself, in steps that it shares with none of them"
    );
    match error.diagnostics() {
        [] => Diagnostic::warning(words),
        found => Diagnostic::warning(words).help(
            found
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        ),
    }
}
