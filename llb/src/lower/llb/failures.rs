//! Steps that failed: which one it was, and how what it printed is read.

use gowork_step::words::FAILURE;
use gowork_step::{FAILURES, STEP_DIR};

use super::Lowering;
use super::paths::{CACHE_PROGRAM, FAILURES_DIR, OUT, SRC};
use crate::ops::exec::{Exec, Mount, Network};
use crate::ops::{OpError, Output};
use crate::plan::{StepIx, StepKind};

impl Lowering<'_> {
    /// The step whose op has this digest, of those that were lowered.
    pub fn step_of(&self, digest: &str) -> Option<StepIx> {
        let mut made = self.lowered();
        made.find(|(_, output)| output.digest().is_some_and(|own| own.as_str() == digest))
            .map(|(ix, _)| ix)
    }

    /// What the step `ix` printed when it failed: a directory with the file `said`, empty if
    /// nothing is known. The answer must not be found in the cache when it is asked for again:
    /// `attempt` is a text that no earlier attempt had. None for steps that keep nothing.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn said(&mut self, ix: StepIx, attempt: &str) -> Result<Option<Output>, OpError> {
        let step = self.plan.step(ix);
        let (words, has_files) = match &step.kind {
            StepKind::Resolve(_) => return Ok(None),
            StepKind::Std(_) | StepKind::Deps(_) | StepKind::Unit(_) => {
                (self.compile_args(step), true)
            }
            StepKind::Link(link) => (
                self.link_args(step, link),
                self.link_description(step).is_some(),
            ),
        };
        let args = [CACHE_PROGRAM, FAILURE, OUT]
            .map(ToOwned::to_owned)
            .into_iter()
            .chain(words.into_iter().skip(1));
        let mut exec = Exec::new(args)
            .read_only_root(&self.inputs.builder)
            .mount(Mount::read_only(&self.inputs.programs, CACHE_PROGRAM).selector("/gowork-cache"))
            .mount(Mount::scratch_output(OUT))
            .network(Network::None)
            .env("GOWORK_ATTEMPT", attempt);
        if has_files {
            exec = exec.mount(self.step_mount(step));
        }
        for mount in self.source_mounts_of(step)? {
            exec = exec.mount(mount);
        }
        let title = format!("read what the failed step printed: {}", step.title);
        let exec = self.with_failures(exec).named(self.title(&title));
        // Not to be found in the cache, and not to ignore it: that would empty the mount.
        self.decorate(exec, None)
            .ignore_cache(false)
            .run()?
            .output(OUT)
            .map(Some)
    }

    /// A step that keeps what it prints if it fails.
    pub(super) fn with_failures(&self, exec: Exec) -> Exec {
        let places = [FAILURES_DIR, SRC, STEP_DIR].join(":");
        exec.mount(self.shared_cache("gowork-failures", FAILURES_DIR))
            .env(FAILURES, places)
    }
}
