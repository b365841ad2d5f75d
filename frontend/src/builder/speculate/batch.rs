//! Beside the steps: if several have to run, they are compiled and linked at once, and find that in
//! the cache mount.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use gowork_llb::lower::Lowering;
use gowork_llb::plan::BuildIx;
use gowork_step::{RUNNING, Running, from_json};
use tokio::time::sleep;

use crate::builder::{Builder, Job};
use crate::opts::NoCache;

/// How long the steps are left alone: so long it takes where none has to run.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long until it is looked again, if few have to run as yet: more may follow when layers have
/// been fetched.
const PAUSE: Duration = Duration::from_millis(1500);
/// How often it is looked.
const ATTEMPTS: u32 = 8;

/// Does what the steps of `wanted` wait for, if there is reason to; to be run beside them. Not with
/// `--no-cache`, which empties the mount. A failure is none of the build: the steps do the same,
/// and say what is wrong. `begun` is set once it compiles.
pub(in crate::builder) async fn compile(
    builder: &Builder<'_>,
    lowering: Lowering<'_>,
    job: Job<'_>,
    begun: &Cell<bool>,
) {
    if builder.options.no_cache == NoCache::Off {
        sleep(PATIENCE).await;
        let builds = job.wanted.builds(job.outline).into_iter();
        join_all(builds.map(|build| {
            compile_build(
                builder,
                lowering.clone(),
                (build, job.wanted.image()),
                begun,
            )
        }))
        .await;
    }
}

async fn compile_build(
    builder: &Builder<'_>,
    mut lowering: Lowering<'_>,
    of: (BuildIx, Option<&str>),
    begun: &Cell<bool>,
) -> Option<()> {
    let (build, image) = of;
    for round in 1..=ATTEMPTS {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let watch = lowering
            .watch(build, image, round, &now.as_nanos().to_string())
            .ok()??;
        let watched = builder.solve(&watch, true).await.ok()?;
        let running = builder
            .gateway
            .read_file(&watched.reference, RUNNING)
            .await
            .ok()?;
        let Running { positions, .. } = from_json(&running).ok()?;
        if let Some(ahead) = lowering.batch(build, image, &positions).ok()? {
            begun.set(true);
            builder.solve(&ahead, true).await.ok()?;
            return Some(());
        }
        sleep(PAUSE).await;
    }
    None
}
