//! What a build does beside its steps, because it is likely to be of use. Nothing here can fail a
//! build or hold it up.

pub(super) mod batch;
pub(super) mod early_std;
mod results;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::oneshot::Receiver;
use tokio::time::timeout;

/// How long the resolve step may take before anything is done beside it. A cached one answers
/// sooner, and then it may be that nothing has to be compiled.
const PATIENCE: Duration = Duration::from_millis(250);

/// Drives `build` to its end, and `other` beside it. If `other` is still under way when the build
/// has ended, it is of no use any more. It may end by itself for as long as `grace` then says.
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

/// Waits whether the resolve step ends soon. `resolving` ends with it.
async fn resolves_soon(resolving: &mut Receiver<()>) -> bool {
    timeout(PATIENCE, resolving).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;

    use tokio::sync::oneshot::channel;
    use tokio::time::sleep;

    use super::batch::GRACE;
    use super::*;

    /// Whether something was begun beside a build whose resolve step takes this long.
    async fn begun_beside(resolve: Duration) -> bool {
        let begun = Cell::new(false);
        let (resolved, mut resolving) = channel::<()>();
        let build = async {
            sleep(resolve).await;
            drop(resolved);
            sleep(PATIENCE * 2).await;
            7
        };
        let early = async {
            if !resolves_soon(&mut resolving).await {
                begun.set(true);
                pending().await
            }
        };
        assert_eq!(beside(build, early, || Duration::ZERO).await, 7);
        begun.get()
    }

    #[tokio::test(start_paused = true)]
    async fn only_beside_a_resolve_step_that_takes_its_time() {
        assert!(!begun_beside(PATIENCE / 2).await);
        assert!(begun_beside(PATIENCE * 2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_early_holds_up_nothing() {
        let (resolved, mut resolving) = channel::<()>();
        let build = async {
            sleep(PATIENCE * 3).await;
            drop(resolved);
            7
        };
        let early = async {
            resolves_soon(&mut resolving).await;
        };
        assert_eq!(beside(build, early, || Duration::ZERO).await, 7);
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
