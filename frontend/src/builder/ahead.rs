//! Before the steps: on a builder that persists, what changed is compiled and linked at once, and the steps find it in the cache mount.

use futures_util::future::join_all;
use gowork_llb::lower::Lowering;
use gowork_llb::ops::Output;
use gowork_llb::plan::Outline;
use tokio::sync::oneshot;

use super::target::Wanted;
use super::{Builder, early};
use crate::opts::NoCache;

/// Runs what is to be done ahead of the steps of `wanted`, and if that takes long, gathers beside it what the steps are fed with. With an imported cache
/// nothing is done: its layers may make needless what the mount lacks. Nor with `--no-cache`, which empties the mount. A failure is none of the
/// build: the steps do the same, and say what is wrong.
pub(super) async fn compile(builder: &Builder<'_>, lowering: &mut Lowering<'_>, outline: &Outline, wanted: &Wanted) {
    if !builder.options.cache_imports.is_empty() || builder.options.no_cache != NoCache::Off {
        return;
    }
    let (mut ahead, mut sources) = (Vec::new(), Vec::new());
    for build in wanted.builds(outline) {
        if let Ok(Some(output)) = lowering.ahead(build, wanted.image()) {
            ahead.push(output);
            sources.extend(lowering.sources_beside(build, wanted.image()).unwrap_or_default());
        }
    }
    let all = async |outputs: &[Output]| _ = join_all(outputs.iter().map(|output| builder.solve(output, true))).await;
    let (done, doing) = oneshot::channel();
    let compiling = async {
        all(&ahead).await;
        drop::<oneshot::Sender<()>>(done);
    };
    early::beside(compiling, doing, all(&sources)).await;
}
