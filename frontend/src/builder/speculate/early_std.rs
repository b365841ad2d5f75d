//! Beside the resolve step: std is compiled while modules are still being downloaded.

use std::time::Duration;

use futures_util::future::{join, join_all};
use gowork_llb::lower::Lowering;
use tokio::sync::oneshot::Receiver;
use tokio::time::timeout;

use super::resolves_soon;
use crate::builder::job::Job;
use crate::builder::session::Session;

/// How long the resolve step may take before results of std in an imported cache are fetched too.
/// Until then it may turn out that no step needs them.
const LONGER: Duration = Duration::from_millis(750);

/// Runs the steps that are known before the resolve step has answered, unless that answers soon.
/// `resolving` ends with the resolve step. Errors are ignored here: the build reports them.
///
/// A result in an imported cache is fetched only when a step reads it. If resolving takes longer,
/// that is done here, so that the results are there when the modules are.
pub(in crate::builder) async fn compile(
    session: &Session<'_>,
    lowering: Lowering<'_>,
    job: Job<'_>,
    mut resolving: Receiver<()>,
) {
    if resolves_soon(&mut resolving).await {
        return;
    }
    let mut outputs = Vec::new();
    for build in job.builds() {
        outputs.extend(lowering.early_std(build, job.wanted.names()).ok().flatten());
    }
    let solved = join_all(outputs.iter().map(|output| session.solve(output, true)));
    let (solved, resolved) = join(solved, timeout(LONGER, resolving)).await;
    if resolved.is_err() {
        let looks = solved
            .iter()
            .flatten()
            .map(|solved| session.gateway.stat_file(&solved.reference, "/"));
        join_all(looks).await;
    }
}
