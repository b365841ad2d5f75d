//! Beside the resolve step: std is compiled while modules are still being downloaded.

pub(super) mod batch;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, join_all, select};
use gowork_llb::lower::Lowering;
use gowork_llb::plan::BuildIx;
use tokio::sync::oneshot::Receiver;
use tokio::time::timeout;

use super::Builder;

/// How long the resolve step may take before anything is done beside it. One that is cached answers
/// sooner, and then it may be that nothing has to be compiled.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long until what an imported cache has of std is fetched as well. Until then it may yet turn
/// out that nobody needs it.
const LONGER: Duration = Duration::from_millis(750);

/// How long the build waits for a batch that has nothing left to do but to end: else it would end
/// as canceled.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Drives `build` to its end, and `other` beside it. If that is still under way when the build has
/// ended, it is of no use to anybody; it may end by itself for as long as `grace` then says.
pub(super) async fn beside<T>(
    build: impl Future<Output = T>,
    other: impl Future<Output = ()>,
    grace: impl Fn() -> Duration,
) -> T {
    match select(pin!(build), pin!(other)).await {
        Either::Left((built, other)) => {
            let _ = timeout(grace(), other).await;
            built
        }
        Either::Right(((), build)) => build.await,
    }
}

/// Does `early` unless the resolve step is over soon. It is given what tells whether that takes
/// longer still.
pub(super) async fn while_resolving<F: Future<Output = ()>>(
    mut resolving: Receiver<()>,
    early: impl FnOnce(Receiver<()>) -> F,
) {
    if timeout(PATIENCE, &mut resolving).await.is_err() {
        early(resolving).await;
    }
}

/// Has those steps run that are known before the resolve step has answered. If one fails, then so
/// does the build, which says it better. A result of an imported cache is fetched only when
/// somebody looks into it: that is done if resolving takes longer, so that it is there when modules
/// are.
pub(super) async fn std(
    builder: &Builder<'_>,
    mut lowering: Lowering<'_>,
    of: (BTreeSet<BuildIx>, Option<&str>),
    resolving: Receiver<()>,
) {
    let (builds, image) = of;
    let outputs: Vec<_> = builds
        .into_iter()
        .filter_map(|build| lowering.early_std(build, image).ok().flatten())
        .collect();
    let solved = join_all(outputs.iter().map(|output| builder.solve(output, true)));
    let (solved, resolved) = join(solved, timeout(LONGER, resolving)).await;
    if resolved.is_err() {
        let looks = solved
            .iter()
            .flatten()
            .map(|solved| builder.gateway.stat_file(&solved.reference, "/"));
        join_all(looks).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use tokio::sync::oneshot::channel;
    use tokio::time::sleep;

    use super::*;

    /// Whether something was begun beside a build whose resolve step takes so long.
    async fn begun_beside(resolve: Duration) -> bool {
        let begun = Cell::new(false);
        let (resolved, resolving) = channel();
        let build = async {
            sleep(resolve).await;
            drop(resolved);
            sleep(PATIENCE * 2).await;
            7
        };
        let early = |_| async {
            begun.set(true);
            pending().await
        };
        assert_eq!(
            beside(build, while_resolving(resolving, early), || Duration::ZERO).await,
            7
        );
        begun.get()
    }

    #[tokio::test(start_paused = true)]
    async fn only_beside_a_resolve_step_that_takes_its_time() {
        assert!(!begun_beside(PATIENCE / 2).await);
        assert!(begun_beside(PATIENCE * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_early_holds_up_nothing() {
        let (resolved, resolving) = channel::<()>();
        let build = async {
            sleep(PATIENCE * 3).await;
            drop(resolved);
            7
        };
        assert_eq!(
            beside(build, while_resolving(resolving, |_| async {}), || {
                Duration::ZERO
            })
            .await,
            7
        );
    }

    /// How long a build takes beside something that needs this long, and whether that could end.
    async fn with_grace(grace: Duration, needs: Duration) -> (Duration, bool) {
        let (began, ended) = (tokio::time::Instant::now(), Cell::new(false));
        let other = async {
            sleep(needs).await;
            ended.set(true);
        };
        beside(sleep(PATIENCE), other, || grace).await;
        (began.elapsed(), ended.get())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_about_to_end_may_end() {
        assert_eq!(with_grace(GRACE, PATIENCE * 2).await, (PATIENCE * 2, true));
        assert_eq!(
            with_grace(GRACE, PATIENCE + GRACE * 2).await,
            (PATIENCE + GRACE, false)
        );
        assert_eq!(
            with_grace(Duration::ZERO, PATIENCE * 2).await,
            (PATIENCE, false)
        );
    }
}
