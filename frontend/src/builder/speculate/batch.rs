//! Beside the steps: if several have to run, one step compiles and links for all of them, and they
//! find the results in the cache mount. It may take results from the results image.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use gowork_llb::lower::Lowering;
use gowork_llb::ops::Output;
use gowork_llb::plan::BuildIx;
use gowork_step::{RUNNING, Running, from_json};
use tokio::time::sleep;

use super::results;
use crate::builder::job::{Job, Wanted};
use crate::builder::session::{Session, new_attempt};
use crate::error::BuildError;
use crate::opts::NoCache;

/// How long until the first look at which steps run: a build takes this long if none has to.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long until the next look, if few steps run as yet. More may follow when layers have been
/// fetched.
const PAUSE: Duration = Duration::from_millis(1500);
/// The number of looks.
const ATTEMPTS: u32 = 8;

/// How long a build waits for a batch that has nothing left to do but to end: on a busy machine, its
/// container takes seconds for that. Without this it would end as canceled.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Whether a batch compiles.
#[derive(Default)]
pub(in crate::builder) struct Begun(Cell<bool>);

impl Begun {
    /// How long a finished build waits for the batch. The last step has taken its results by then.
    pub(in crate::builder) fn grace(&self) -> Duration {
        if self.0.get() { GRACE } else { Duration::ZERO }
    }
}

/// Runs the batch of each build, if enough of its steps have to run; to be driven beside the steps.
/// Not with `--no-cache`, which empties the mount. Errors are ignored here: the steps do the same,
/// and report them.
pub(in crate::builder) async fn compile(
    session: &Session<'_>,
    lowering: Lowering<'_>,
    job: Job<'_>,
    begun: &Begun,
) {
    // The results image holds nothing that is linked.
    if session.options.no_cache != NoCache::Off || *job.wanted == Wanted::Results {
        return;
    }
    sleep(PATIENCE).await;
    let batches = job
        .builds()
        .into_iter()
        .map(|build| compile_build(session, lowering.clone(), job, build, begun));
    join_all(batches).await;
}

/// Returns `None` if no batch is of use, or if it fails.
async fn compile_build(
    session: &Session<'_>,
    mut lowering: Lowering<'_>,
    job: Job<'_>,
    build: BuildIx,
    begun: &Begun,
) -> Option<()> {
    let images = job.wanted.names();
    let mut is_looked_up = false;
    for round in 1..=ATTEMPTS {
        let watch = lowering
            .watch(build, images, round, &new_attempt())
            .ok()??;
        let running = running(session, &watch).await?.positions;
        // Only now: a build that compiles nothing needs no results.
        if !running.is_empty() && !is_looked_up {
            is_looked_up = true;
            lowering.read_results(results::look_up(session, job).await);
        }
        let Some(batch) = lowering.batch(build, images, &running).ok()? else {
            sleep(PAUSE).await;
            continue;
        };
        begun.0.set(true);
        let error = session.solve(&batch, true).await.err()?;
        return without_results(session, lowering, (job, build), &running, &error).await;
    }
    None
}

/// Runs a batch again that failed with this error: the results image may be damaged.
async fn without_results(
    session: &Session<'_>,
    mut lowering: Lowering<'_>,
    (job, build): (Job<'_>, BuildIx),
    running: &[usize],
    error: &BuildError,
) -> Option<()> {
    if !lowering.has_results() {
        return None;
    }
    results::warn(session, job, error).await;
    lowering.read_results(None);
    let batch = lowering.batch(build, job.wanted.names(), running).ok()??;
    session.solve(&batch, true).await.ok()?;
    Some(())
}

/// Which steps run now.
async fn running(session: &Session<'_>, watch: &Output) -> Option<Running> {
    let watched = session.solve(watch, true).await.ok()?;
    let running = session
        .gateway
        .read_file(&watched.reference, RUNNING)
        .await
        .ok()?;
    from_json(&running).ok()
}
