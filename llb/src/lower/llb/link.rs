//! Link steps: one binary each.

use gowork_step::words::{DISCARD, LINK, LINK_MOUNT};

use super::Lowering;
use super::compile::{GO_FLAGS, NOT_STAMPED};
use super::paths::{CACHE_MOUNT, CACHE_PROGRAM, OUT, RESOLVED, binary_path};
use crate::config::Cache;
use crate::ops::exec::Mount;
use crate::ops::{OpError, Output};
use crate::plan::{Build, Link, STAMPED, Step};

impl Lowering<'_> {
    pub(super) fn link(&mut self, step: &Step, link: &Link) -> Result<Output, OpError> {
        let results = match self.plan.cache_of(step.build) {
            Cache::Layer | Cache::Both => format!("{DISCARD} /tmp/results"),
            // All that the binary is made of is copied there, which may be too much for a file
            // system in memory.
            Cache::Mount => format!("{DISCARD} {OUT}"),
        };
        // The go command links in its working directory: from there it need not be copied.
        let exec = self
            .go_exec(step, self.link_args(step, link), &results)?
            .env("GOTMPDIR", OUT);
        let mut exec = exec.mount(Mount::scratch_output(OUT));
        if self.link_description(step).is_some() {
            exec = exec.mount(self.step_mount(step));
            if !step.kind.uses_mount(self.plan.cache_of(step.build)) {
                exec = exec.mount(self.cache_mount());
            }
        }
        // An exported cache holds the outputs that the steps of a result read. The answer of the
        // resolve step is read by the frontend: so that it is in the cache, a file of the same
        // output is mounted here, one whose content is always the same.
        let exec = exec.mount(
            Mount::read_only(&self.resolve(step.build)?, RESOLVED).selector("/rootfs/etc/group"),
        );
        let exec = exec
            .named(self.title(&step.title))
            .progress_group(self.row(step));
        self.decorate(exec, Some(step)).run()?.output(OUT)
    }

    /// The command line of a link.
    pub(super) fn link_args(&self, step: &Step, link: &Link) -> Vec<String> {
        let mut args = [CACHE_PROGRAM, LINK].map(ToOwned::to_owned).to_vec();
        if let Some(word) = self.link_description(step) {
            args.extend([word, format!("{LINK_MOUNT}{CACHE_MOUNT}")]);
        }
        args.push(binary_path(link));
        args.extend(link_words(self.plan.build(step.build), link));
        args
    }

    /// The word that names the description of a link, where it has one: not if it does without the
    /// cache mount.
    pub(super) fn link_description(&self, step: &Step) -> Option<String> {
        self.description_word(step)
            .filter(|_| !self.ignores_cache(Some(step)))
    }
}

/// The words that make the binary of a link, from `go` on.
pub(super) fn link_words(build: &Build, link: &Link) -> Vec<String> {
    // With -v it says what it compiles: the main alone, unless results of earlier steps were of
    // no use.
    let mut words = ["go", "build", "-v"].map(ToOwned::to_owned).to_vec();
    words.extend(link_flags(build, link));
    let path = binary_path(link);
    // Into a directory the go command puts nothing but programs. What a `tool` line names may be
    // something else.
    let out = match path.rsplit_once('/') {
        Some((dir, _)) if build.packages.find(&link.package).is_none() => format!("{dir}/"),
        _ => path,
    };
    words.extend(["-o".to_owned(), out, link.package.to_string()]);
    words
}

/// Flags of a link.
pub(super) fn link_flags(build: &Build, link: &Link) -> Vec<String> {
    let go_flags = GO_FLAGS.map(|flag| match flag {
        NOT_STAMPED if link.buildvcs => STAMPED,
        flag => flag,
    });
    let mut flags: Vec<String> = go_flags
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(build.settings.flags())
        .collect();
    if !link.ldflags.is_empty() {
        flags.push(format!("-ldflags={}", link.ldflags));
    }
    flags
}
