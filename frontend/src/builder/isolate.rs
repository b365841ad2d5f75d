//! A broken image does not break the others: the wanted image is then built by itself, as if the
//! repository had no other. Owns when that is done.
//!
//! Images share steps, so an error in one may end the build of another: a compile step may have
//! packages of both, and the go command resolves the packages of all. By itself an image has steps
//! that no other build uses, so this is only done after a failure.

use std::collections::BTreeSet;

use gowork_llb::diag::{Diagnostic, Severity};
use gowork_llb::plan::{Outline, Plan, StepIx};

use super::job::{Job, Wanted};
use super::phases::outline;
use super::survey::Survey;
use super::target;
use crate::error::BuildError;

/// Why the steps of an image ended.
pub(super) enum Failure {
    /// No other image can be the cause.
    Own(BuildError),
    /// Another image may be the cause: it has a part in the failed step.
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

/// The warnings to begin a build with. Errors in images other than `target` count as warnings.
///
/// # Errors
/// What is wrong, if it stops the build.
pub(super) fn warnings(
    survey: &Survey,
    target: Option<&str>,
) -> Result<Vec<Diagnostic>, BuildError> {
    let found = survey.diagnostics();
    if !found.iter().any(Diagnostic::is_error) {
        return Ok(found);
    }
    match sound_image(survey, target) {
        Some(image) => {
            let outlined = &survey.outlined.diagnostics;
            let of_others: Vec<_> = outlined
                .iter()
                .map(|found| without_part_in(found, &image))
                .collect();
            Ok(survey.diagnostics_with(&of_others))
        }
        None => Err(BuildError::Diagnostics(
            found.into_iter().filter(Diagnostic::is_error).collect(),
        )),
    }
}

/// The image that `target` names, if nothing is wrong with it.
fn sound_image(survey: &Survey, target: Option<&str>) -> Option<String> {
    if !survey.has_sound_base() {
        return None;
    }
    let wanted = target::choose(target, &survey.outlined).ok()?;
    let image = wanted.image()?;
    let has_image = |outline: &Outline| outline.names().any(|name| name == image);
    let mut outlines = survey.outlined.by_platform.iter();
    outlines
        .any(|(_, outline)| has_image(outline))
        .then(|| image.to_owned())
}

/// The diagnostic for an image that it does not affect: an error becomes a warning.
fn without_part_in(found: &Diagnostic, image: &str) -> Diagnostic {
    if !found.is_error() {
        return found.clone();
    }
    Diagnostic {
        severity: Severity::Warning,
        message: format!("{} (this does not affect image {image})", found.message),
        ..found.clone()
    }
}

/// Whether one image is wanted, and there are others whose steps it shares.
pub(super) fn has_others(job: Job<'_>) -> bool {
    let images = &job.outline.images;
    let wanted = job.wanted.image();
    let Some(image) = images
        .iter()
        .find(|image| wanted == Some(image.config.name.as_str()))
    else {
        return false;
    };
    images
        .iter()
        .any(|other| other.build == image.build && other.config.name != image.config.name)
}

/// Whether another image may be the cause if `step` fails: one image is wanted, and the step also
/// compiles packages that this image does not use.
pub(super) fn is_shared(job: Job<'_>, plan: &Plan, step: StepIx) -> bool {
    let Some(image) = job.wanted.image() else {
        return false;
    };
    let parts = plan.step(step).kind.parts();
    let is_of_others = parts
        .iter()
        .any(|part| !part.reach.is_empty() && !part.reach.iter().any(|reached| reached == image));
    has_others(job) && is_of_others
}

/// The outline of the wanted image by itself, if another image may be the cause of `error`.
pub(super) fn by_itself(error: &BuildError, job: Job<'_>, survey: &Survey) -> Option<Outline> {
    let image = job.wanted.image()?;
    let outline = outline::of_one(&survey.scanned, &survey.config, job.platform, image)?;
    (!points_into(error, &outline)).then_some(outline)
}

/// Whether an error points into a file of the outline's packages: then no other image is the cause.
fn points_into(error: &BuildError, outline: &Outline) -> bool {
    let mut named = BTreeSet::new();
    for found in error.diagnostics() {
        named.extend(found.span.as_ref().map(|span| span.file.as_str()));
    }
    for build in &outline.builds {
        for (_, package) in build.packages.iter() {
            if package
                .files
                .iter()
                .any(|file| named.contains(file.as_str()))
            {
                return true;
            }
        }
    }
    false
}

/// The warning that an image was built by itself, because of `error`.
pub(super) fn warning(wanted: &Wanted, error: &BuildError) -> Diagnostic {
    let image = wanted.image().unwrap_or_default();
    let warning = Diagnostic::warning(format!(
        "other images cannot be built, so {image} is built in steps of its own"
    ));
    let found: Vec<String> = error
        .diagnostics()
        .iter()
        .map(ToString::to_string)
        .collect();
    if found.is_empty() {
        return warning;
    }
    warning.help(found.join("; "))
}
