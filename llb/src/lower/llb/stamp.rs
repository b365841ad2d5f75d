//! What a link has of git if its program says which commit it is made of: in place of the
//! repository a file with what git said of it, and in place of git a program that answers from that
//! file. So a link is keyed by what git said, and not by how the repository lies on a disk.

use gowork_step::{CHECKOUT, Checkout, to_json};

use super::Lowering;
use super::paths::{GIT_DIR, GIT_PROGRAM, MODCACHE, SRC};
use super::step_files::files_of;
use crate::ops::Output;
use crate::ops::exec::{Exec, Mount};
use crate::plan::{Step, StepKind};

impl<'a> Lowering<'a> {
    /// What git said, if the step is the link of a program that says it.
    pub(super) fn stamp(&self, step: &Step) -> Option<&'a Checkout> {
        match &step.kind {
            StepKind::Link(link) if link.buildvcs => self.inputs.checkout.as_ref(),
            _ => None,
        }
    }

    /// The step with what git said, and with what answers in place of git.
    pub(super) fn with_stamp(&self, exec: Exec, stamp: Option<&Checkout>) -> Exec {
        let Some(checkout) = stamp else {
            return exec;
        };
        let title = "[internal] what git says of the commit";
        let file = files_of([(CHECKOUT, to_json(checkout))])
            .named(self.title(title))
            .progress_group(self.hidden(title));
        exec.mount(Mount::read_only(&file.output(), format!("{SRC}/.git")))
            .mount(Mount::read_only(&self.inputs.programs, GIT_PROGRAM).selector("/gowork-cache"))
    }

    /// PATH of a step, with what answers in place of git before all else.
    pub(super) fn path_with_stamp(path: &str) -> String {
        format!("{GIT_DIR}:{path}")
    }

    /// Sources where the step reads them. A file system can be mounted in them only if a directory
    /// can be made for it.
    pub(super) fn sources_mount(sources: &Output, stamp: Option<&Checkout>) -> Mount {
        match stamp {
            Some(_) => Mount::discarded(sources, SRC),
            None => Mount::read_only(sources, SRC),
        }
    }

    /// The module cache where the step reads it. With git's answers the go command writes the
    /// version of the main module there, and complains if it cannot.
    pub(super) fn modules_mount(modules: &Output, stamp: Option<&Checkout>) -> Mount {
        match stamp {
            Some(_) => Mount::discarded(modules, MODCACHE),
            None => Mount::read_only(modules, MODCACHE),
        }
    }

    /// The same for a step that reads no module cache.
    pub(super) fn no_modules_mount(stamp: Option<&Checkout>) -> Option<Mount> {
        stamp.map(|_| Mount::tmpfs(MODCACHE, 0))
    }
}
