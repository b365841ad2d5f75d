//! The rows that people see of a build. Owns which ops share a row, and what the row says.
//!
//! A row is a progress group of BuildKit. What an op is named and grouped is not part of its
//! digest. Ops that only prepare a step, such as the copy of its sources, are weak members of the
//! step's row: they do not show it, and are counted with the step once that runs. Each op also
//! has a name of its own, for errors and for tools that list all ops.

use super::Lowering;
use crate::ops::{Digest, ProgressGroup};
use crate::plan::{BuildIx, Step, StepKind};

impl Lowering<'_> {
    /// The row of a step. What is compiled of std is one row, and so is what is compiled of
    /// third-party packages: the cuts between their steps mean nothing to people.
    pub(super) fn row(&self, step: &Step) -> ProgressGroup {
        let (key, name) = match &step.kind {
            StepKind::Resolve(_) => return self.resolve_row(step.build),
            StepKind::Std(_) => (
                format!("std {}", step.build.0),
                "compile the standard library".to_owned(),
            ),
            StepKind::Deps(_) => (format!("deps {}", step.build.0), self.deps_row(step)),
            StepKind::Unit(_) | StepKind::Link(_) => (step.name.to_string(), step.title.clone()),
        };
        let name = match step.kind {
            StepKind::Std(_) => self.of_build(name, step.build),
            _ => name,
        };
        self.group(&key, &name)
    }

    /// The row of a build's resolve step.
    pub(super) fn resolve_row(&self, build: BuildIx) -> ProgressGroup {
        self.group(&format!("resolve {}", build.0), &self.resolve_title(build))
    }

    /// What a build's resolve step is called.
    pub(super) fn resolve_title(&self, ix: BuildIx) -> String {
        self.of_build(self.plan.build(ix).resolve_title().to_owned(), ix)
    }

    /// A row of its own for what prepares many steps, which is never seen.
    pub(super) fn hidden(&self, key: &str) -> ProgressGroup {
        weak(self.group(key, key))
    }

    /// A row. `key` distinguishes it from the build's other rows.
    pub(super) fn group(&self, key: &str, name: &str) -> ProgressGroup {
        // Several builds may be shown together (bake): each has a context of its own.
        let context = self
            .inputs
            .context
            .digest()
            .map(Digest::as_str)
            .unwrap_or_default();
        let id = Digest::of(format!("{context}\n{}\n{key}", self.options.prefix).as_bytes());
        ProgressGroup {
            id: format!("gowork {}", id.short()),
            name: self.title(name),
            weak: false,
        }
    }

    fn deps_row(&self, step: &Step) -> String {
        let steps =
            self.plan.steps.iter().filter(|other| {
                other.build == step.build && matches!(other.kind, StepKind::Deps(_))
            });
        let (mut count, mut packages) = (0, 0);
        for other in steps {
            count += 1;
            packages += other
                .kind
                .parts()
                .iter()
                .map(|part| part.packages.len())
                .sum::<usize>();
        }
        if count < 2 {
            step.title.clone()
        } else {
            self.of_build(
                format!("compile {packages} third-party packages"),
                step.build,
            )
        }
    }

    /// A name with what distinguishes it from those of other builds.
    pub(super) fn of_build(&self, name: String, ix: BuildIx) -> String {
        let dir = &self.plan.build(ix).dir;
        if self.plan.builds.len() > 1 && !dir.is_root() {
            format!("{name} [{dir}]")
        } else {
            name
        }
    }
}

/// The same row, for what only prepares it.
pub(super) fn weak(row: ProgressGroup) -> ProgressGroup {
    ProgressGroup { weak: true, ..row }
}
