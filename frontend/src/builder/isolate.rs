//! A broken image does not break the others: the wanted images are then built by themselves, as if
//! the repository had no others. Owns when that is done.
//!
//! Images share steps, so an error in one may end the build of another: a compile step may have
//! packages of both, and the go command resolves the packages of all. By itself an image has steps
//! that no other build uses, so this is only done after a failure.

use std::collections::BTreeSet;

use gowork_llb::config::ImageName;
use gowork_llb::diag::{Diagnostic, Rule, Severity};
use gowork_llb::lower::Lowering;
use gowork_llb::plan::{Outline, Plan, StepIx};

use super::job::{Job, Wanted};
use super::phases::outline;
use super::report;
use super::session::Session;
use super::survey::Survey;
use crate::error::BuildError;
use crate::gateway::GatewayError;

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

/// The warnings to begin a build with. Errors in images other than the wanted ones count as
/// warnings.
///
/// # Errors
/// What is wrong, if it stops the build.
pub(super) fn warnings(
    survey: &Survey,
    wanted: Option<&Wanted>,
) -> Result<Vec<Diagnostic>, BuildError> {
    let found = survey.diagnostics();
    if !found.iter().any(Diagnostic::is_error) {
        return Ok(found);
    }
    match sound_images(survey, wanted) {
        Some(images) => {
            let outlined = &survey.outlined.diagnostics;
            let of_others: Vec<_> = outlined
                .iter()
                .map(|found| without_part_in(found, images))
                .collect();
            Ok(survey.diagnostics_with(&of_others))
        }
        None => Err(BuildError::Diagnostics(
            found.into_iter().filter(Diagnostic::is_error).collect(),
        )),
    }
}

/// The wanted images, if nothing is wrong with any of them.
fn sound_images<'w>(survey: &Survey, wanted: Option<&'w Wanted>) -> Option<&'w [ImageName]> {
    if !survey.has_sound_base() {
        return None;
    }
    let images = wanted?.names()?;
    let is_sound = |image: &ImageName| {
        let mut outlines = survey.outlined.by_platform.iter();
        outlines.any(|(_, outline)| outline.names().any(|name| name == *image))
    };
    images.iter().all(is_sound).then_some(images)
}

/// The diagnostic for images that it does not affect: an error becomes a warning.
fn without_part_in(found: &Diagnostic, images: &[ImageName]) -> Diagnostic {
    if !found.is_error() {
        return found.clone();
    }
    Diagnostic {
        severity: Severity::Warning,
        message: format!(
            "{} (this does not affect {})",
            found.message,
            in_words(images)
        ),
        ..found.clone()
    }
}

/// `image api`, `images api, worker`.
fn in_words(images: &[ImageName]) -> String {
    match images {
        [image] => format!("image {image}"),
        images => format!("images {}", images.join(", ")),
    }
}

/// Whether some images are wanted, and there are others whose steps they share.
pub(super) fn has_others(job: Job<'_>) -> bool {
    let Some(names) = job.wanted.names() else {
        return false;
    };
    let builds = job.builds();
    let mut images = job.outline.images.iter();
    images.any(|image| builds.contains(&image.build) && !names.contains(&image.config.name))
}

/// What ended the steps of a job, if one of them failed: what it printed, with a place. Any other
/// error is handed back.
pub(super) async fn failure(
    session: &Session<'_>,
    job: Job<'_>,
    lowering: &mut Lowering<'_>,
    error: GatewayError,
) -> Result<Failure, GatewayError> {
    let Some(step) = report::step::failed(session, lowering, &error).await else {
        return Err(error);
    };
    let is_shared = is_shared(job, lowering.plan(), step);
    let error = report::step::explain(session, lowering, step, error).await;
    Ok(if is_shared {
        Failure::Shared(error)
    } else {
        Failure::Own(error)
    })
}

/// Whether another image may be the cause if `step` fails: some images are wanted, and the step
/// also compiles packages that these images do not use.
fn is_shared(job: Job<'_>, plan: &Plan, step: StepIx) -> bool {
    let Some(names) = job.wanted.names() else {
        return false;
    };
    let parts = plan.step(step).kind.parts();
    let is_of_others = parts.iter().any(|part| {
        !part.reach.is_empty() && !part.reach.iter().any(|reached| names.contains(reached))
    });
    has_others(job) && is_of_others
}

/// The outline of the wanted images by themselves, if another image may be the cause of `error`.
pub(super) fn by_itself(error: &BuildError, job: Job<'_>, survey: &Survey) -> Option<Outline> {
    let names = job.wanted.names()?;
    let outline = outline::of_some(&survey.scanned, &survey.config, job.platform, names)?;
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

/// The warning that images were built by themselves, because of `error`.
pub(super) fn warning(wanted: &Wanted, error: &BuildError) -> Diagnostic {
    let words = match wanted.names().unwrap_or_default() {
        [image] => format!("{image} is built in steps of its own"),
        images => format!("{} are built in steps of their own", images.join(", ")),
    };
    let warning = Diagnostic::warning(
        Rule::BuildOption,
        format!("other images cannot be built, so {words}"),
    );
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
