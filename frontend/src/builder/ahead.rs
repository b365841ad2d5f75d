//! Around the steps: on a builder that persists, what changed is compiled and linked at once, and the steps find it in the cache mount.

use futures_util::future::join_all;
use gowork_llb::lower::Lowering;
use gowork_llb::ops::Output;
use gowork_llb::plan::{BuildIx, Outline};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::target::Wanted;
use super::{Builder, early};
use crate::opts::NoCache;

/// The file that the step leaves when the mount knows nothing (gowork-cache, `ahead`).
const UNKNOWN: &str = "/unknown";

/// What is left to be done when the steps have run.
pub(super) struct Afterwards {
    /// Builds whose results the mount does not know.
    unknown: Vec<BuildIx>,
    began: Instant,
}

/// Runs what is to be done ahead of the steps of `wanted`, and if that takes long, gathers beside it what the steps are fed with. With an imported cache
/// nothing is done: its layers may make needless what the mount lacks. Nor with `--no-cache`, which empties the mount. A failure is none of the
/// build: the steps do the same, and say what is wrong.
pub(super) async fn compile(
    builder: &Builder<'_>,
    lowering: &mut Lowering<'_>,
    outline: &Outline,
    wanted: &Wanted,
) -> Afterwards {
    let is_of_use = builder.options.cache_imports.is_empty() && builder.options.no_cache == NoCache::Off;
    let builds = wanted.builds(outline).into_iter().filter(|_| is_of_use);
    let ahead = builds.filter_map(|build| Some((build, lowering.ahead(build, wanted.image()).ok()??)));
    let ahead: Vec<(BuildIx, Output)> = ahead.collect();
    let lowering = &*lowering;
    let compiling = join_all(ahead.iter().map(|(build, output)| is_unknown(builder, *build, output)));
    let gathering = async {
        let sources = ahead.iter().filter_map(|(build, _)| lowering.sources_beside(*build, wanted.image()).ok());
        let sources: Vec<Output> = sources.flatten().collect();
        join_all(sources.iter().map(|output| builder.solve(output, true))).await;
    };
    // It is over when it is over, and nobody says so before.
    let (_open, never) = oneshot::channel();
    let unknown = early::beside(compiling, never, gathering).await.into_iter().flatten().collect();
    Afterwards { unknown, began: Instant::now() }
}

/// Runs it; returns the build if nothing is known of it.
async fn is_unknown(builder: &Builder<'_>, build: BuildIx, output: &Output) -> Option<BuildIx> {
    let solved = builder.solve(output, true).await.ok()?;
    builder.gateway.read_file(&solved.reference, UNKNOWN).await.ok().map(|_| build)
}

impl Afterwards {
    /// Has a mount that was pruned know what the steps made. Only where some of them ran: else their layers may be gone as well, and would be made
    /// again for this.
    pub(super) async fn learn(&self, builder: &Builder<'_>, lowering: &mut Lowering<'_>, wanted: &Wanted) {
        if self.began.elapsed() < early::PATIENCE {
            return;
        }
        let learn = |build: &BuildIx| lowering.learn(*build, wanted.image()).ok().flatten();
        let outputs: Vec<Output> = self.unknown.iter().filter_map(learn).collect();
        join_all(outputs.iter().map(|output| builder.solve(output, true))).await;
    }
}
