//! What is known before the go command has answered: two steps for the bulk of std.

use std::collections::BTreeSet;

use super::build::BuildIx;
use super::step::{Inputs, OwnFiles, Part, Plan, Results, Step, StepIx, StepKind, StepName};
use super::titles;
use crate::config::{Cache, ImageName};
use crate::gomod::ImportPath;
use crate::packages;
use crate::tree::TreePath;

/// The package of std that most services import, and that brings most of what they need of std
/// along.
pub(super) const BULK: &str = "net/http";

/// A step for packages of std that is known before the go command has answered.
pub(super) struct EarlyStep {
    /// The step's name in a plan.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What the go command is asked for: this and all that it needs, but for what steps before it
    /// have compiled.
    pub(super) roots: &'static [&'static str],
}

/// The steps, each built upon those before it. [`BULK`] needs what the first compiles. A program
/// that does not serve or call HTTP needs hardly more than the first: so it does not wait for the
/// second, which is cryptography and the network, and takes half as long again to compile.
pub(super) const EARLY: [EarlyStep; 2] = [
    EarlyStep {
        name: "std:core",
        title: "compile the core of std (fmt, log, strings ...)",
        roots: &[
            "bufio",
            "bytes",
            "context",
            "encoding/base64",
            "encoding/binary",
            "fmt",
            "log",
            "math/rand",
            "mime",
            "net/url",
            "path/filepath",
            "sort",
            "strings",
        ],
    },
    EarlyStep {
        name: "std:net/http",
        title: "compile net/http and what it needs of std",
        roots: &[BULK],
    },
];

/// A plan of the [`EARLY`] steps alone, where the repository itself imports [`BULK`]: the planner
/// makes the very same ones when it knows all packages, but for the lists of them. So they can run
/// while modules are still being downloaded. `plan` is one without a resolution. None if none of the
/// images of these names, or no image at all if `images` is `None`, is sure to need them.
pub(crate) fn early_std(plan: &Plan, ix: BuildIx, images: Option<&[ImageName]>) -> Option<Plan> {
    let build = plan.build(ix);
    let wanted = plan
        .images
        .iter()
        .filter(|image| images.is_none_or(|names| names.contains(&image.name)));
    let mains = wanted
        .filter(|image| plan.step(image.link).build == ix)
        .filter_map(|image| build.packages.find(&image.package));
    let is_sure = packages::closure(&build.packages, mains)
        .outside(&build.packages)
        .contains(BULK);
    // Vendored packages may yet decide where results are kept.
    if !is_sure || plan.cache_of(ix) == Cache::Mount || build.vendored {
        return None;
    }
    let files: BTreeSet<TreePath> = build.settings.profile.iter().cloned().collect();
    let steps = EARLY.iter().enumerate().map(|(number, early)| {
        let before = (0..number).map(|step| Results {
            step: StepIx(step),
            part: 0,
        });
        Step {
            name: StepName::new(early.name),
            title: titles::in_build(early.title.to_owned(), build, plan.builds.len() > 1, true),
            build: ix,
            kind: StepKind::Std(vec![early.part(Part::default())]),
            inputs: Inputs {
                files: files.clone(),
                results: before.collect(),
                own: OwnFiles {
                    files: files.clone(),
                    ..OwnFiles::default()
                },
                ..Inputs::default()
            },
        }
    });
    Some(Plan {
        setup: plan.setup.clone(),
        steps: steps.collect(),
        images: Vec::new(),
        resolved: false,
    })
}

impl EarlyStep {
    /// What it makes: one part. The go command is asked for its roots only, which are known early.
    pub(super) fn part(&self, part: Part) -> Part {
        Part {
            roots: self.roots.iter().copied().map(ImportPath::new).collect(),
            ..part
        }
    }
}
