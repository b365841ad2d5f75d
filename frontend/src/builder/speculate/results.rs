//! The results image that the client names: compile results of another builder, for the batch.

use gowork_llb::diag::{Diagnostic, Rule};
use gowork_llb::lower::{RESULTS_CONTEXT, ResultsImage};

use crate::builder::job::Job;
use crate::builder::session::Session;
use crate::error::BuildError;

/// Looks the results image up. Returns `None` if the client names none, or if it cannot be had:
/// that is a warning, since the build can do without.
pub(super) async fn look_up(session: &Session<'_>, job: Job<'_>) -> Option<ResultsImage> {
    match session.context.named(RESULTS_CONTEXT, job.platform).await {
        Ok(None) => None,
        Ok(Some(found)) if found.output.is_scratch() => None,
        Ok(Some(found)) => Some(ResultsImage::new(
            found.output,
            found.image,
            found.config.as_deref(),
        )),
        Err(error) => {
            warn(session, job, &error).await;
            None
        }
    }
}

/// Warns that the results image is not used.
pub(super) async fn warn(session: &Session<'_>, job: Job<'_>, error: &BuildError) {
    let text = error.to_string();
    let what = text.lines().next().unwrap_or_default();
    let warning = Diagnostic::warning(
        Rule::BuildOption,
        format!("the build context {RESULTS_CONTEXT} is not used: {what}"),
    );
    let warning = warning.help(
        "a build of main makes this image: --target results --push --tag REGISTRY/app/results",
    );
    session.warn(job.config, vec![warning]).await;
}
