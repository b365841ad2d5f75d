//! Phase: the config of an image, from its base image's config and what the user asks for.

use gowork_llb::diag::Diagnostic;
use gowork_llb::image::time_of_creation;
use gowork_llb::lower::{self, ConfigInput, MadeResults};
use gowork_llb::ops::Platform;
use gowork_llb::plan::Image;

use crate::builder::job::Job;
use crate::builder::session::Session;
use crate::error::BuildError;

/// The config of `image`, JSON. Warns if the base image's environment is likely to get in the way.
pub(in crate::builder) async fn make(
    session: &Session<'_>,
    job: Job<'_>,
    image: &Image,
    input: ConfigInput<'_>,
) -> Result<Vec<u8>, BuildError> {
    let config = lower::image_config(image, input).map_err(unusable)?;
    if let Some(base) = input.base {
        let doubtful = lower::check_env(image, base).map_err(unusable)?;
        session.warn(job.config, doubtful).await;
    }
    Ok(config)
}

/// The config of a results image, JSON.
pub(in crate::builder) fn of_results(
    session: &Session<'_>,
    results: &MadeResults,
    platform: &Platform,
) -> Result<Vec<u8>, BuildError> {
    let created = time_of_creation(session.epoch().unwrap_or(0));
    let config = results.config(platform, &session.options.labels, created);
    Ok(config.map_err(unusable)?)
}

fn unusable(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(error.to_string())
}
