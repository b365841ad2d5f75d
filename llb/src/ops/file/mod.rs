//! File operations: copy, make, remove, without running a program.

mod actions;

use std::collections::BTreeSet;

use buildkit_proto::pb;

pub use actions::{Copy, Mkdir, Mkfile, Owner, Rm, Symlink};

use super::caps;
use super::marshal::{Draft, Inputs, SKIP, wire_index};
use super::meta::Meta;
use super::output::Output;
use actions::Action;

/// File operations on one base, in the order given, as one op.
#[derive(Debug, Clone)]
pub struct File {
    base: Output,
    actions: Vec<Action>,
    meta: Meta,
}

meta_builders!(File);

impl File {
    /// Operations on `base`.
    pub fn on(base: &Output) -> Self {
        Self {
            base: base.clone(),
            actions: Vec::new(),
            meta: Meta::default(),
        }
    }

    /// Copies from another output.
    #[must_use]
    pub fn copy(self, copy: Copy) -> Self {
        self.then(Action::Copy(copy))
    }

    /// Makes a directory.
    #[must_use]
    pub fn mkdir(self, mkdir: Mkdir) -> Self {
        self.then(Action::Mkdir(mkdir))
    }

    /// Makes a file.
    #[must_use]
    pub fn mkfile(self, mkfile: Mkfile) -> Self {
        self.then(Action::Mkfile(mkfile))
    }

    /// Removes a file or a directory.
    #[must_use]
    pub fn rm(self, rm: Rm) -> Self {
        self.then(Action::Rm(rm))
    }

    /// Makes a symlink. Since BuildKit v0.19.
    #[must_use]
    pub fn symlink(self, symlink: Symlink) -> Self {
        self.then(Action::Symlink(symlink))
    }

    /// The changed file system; without any operation, the base itself.
    pub fn output(self) -> Output {
        if self.actions.is_empty() {
            return self.base;
        }
        let mut inputs = Inputs::default();
        let base = inputs.add(&self.base);
        let sources: Vec<i64> = self
            .actions
            .iter()
            .map(|action| {
                action
                    .source()
                    .map_or(super::marshal::EMPTY, |output| inputs.add(output))
            })
            .collect();
        // An action's input is an input of the op, or, counted on from there, the result of an
        // earlier action.
        let last = self.actions.len() - 1;
        let wire = |(index, (action, source)): (usize, (&Action, i64))| pb::FileAction {
            input: if index == 0 {
                base
            } else {
                inputs.len() + wire_index(index - 1)
            },
            secondary_input: source,
            output: if index == last { 0 } else { SKIP },
            action: Some(action.to_pb(base)),
        };
        let actions = self
            .actions
            .iter()
            .zip(sources)
            .enumerate()
            .map(wire)
            .collect();
        let mut caps: BTreeSet<&'static str> = [caps::FILE_BASE].into();
        caps.extend(self.actions.iter().flat_map(Action::caps));
        let kind = pb::op::Op::File(pb::FileOp { actions });
        let platform = self.base.platform().cloned();
        Draft::new(kind, inputs, caps, &self.meta, platform).output()
    }

    fn then(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }
}
