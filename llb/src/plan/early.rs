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
    /// How much a build reaches that has the step, at least.
    reach: Reach,
    /// What the go command is asked for: this and all that it needs, but for what steps before it
    /// have compiled.
    pub(super) roots: &'static [&'static str],
}

/// What builds reach, as far as it decides which early steps they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// None of the following.
    Std,
    /// Third-party packages.
    ThirdParty,
    /// [`BULK`].
    Bulk,
}

impl Reach {
    /// The reach of builds that reach [`BULK`], or third-party packages, or neither.
    pub(super) fn of(has_bulk: bool, has_third_party: bool) -> Self {
        match (has_bulk, has_third_party) {
            (true, _) => Self::Bulk,
            (false, true) => Self::ThirdParty,
            (false, false) => Self::Std,
        }
    }
}

impl EarlyStep {
    /// Whether builds with this reach have the step.
    pub(super) fn is_needed(&self, reach: Reach) -> bool {
        self.reach <= reach
    }

    /// What it makes: one part. The go command is asked for its roots only, which are known early.
    pub(super) fn part(&self, part: Part) -> Part {
        Part {
            roots: self.roots.iter().copied().map(ImportPath::new).collect(),
            ..part
        }
    }
}

/// The steps, each built upon those before it. [`BULK`] needs what the first compiles. A program
/// that does not serve or call HTTP needs hardly more than the first: so it does not wait for the
/// second, which is cryptography and the network, and takes half as long again to compile. A
/// program with third-party packages needs nearly all of the first, and it has modules to download:
/// meanwhile the first is compiled.
pub(super) const EARLY: [EarlyStep; 2] = [
    EarlyStep {
        name: "std:core",
        title: "compile the core of std (fmt, log, strings ...)",
        reach: Reach::ThirdParty,
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
        reach: Reach::Bulk,
        roots: &[BULK],
    },
];

/// A plan of those [`EARLY`] steps alone that the imports of the repository itself ask for: the
/// planner makes the very same ones when it knows all packages, but for the lists of them. So they
/// can run while modules are still being downloaded. `plan` is one without a resolution. None if
/// none of the images of these names, or no image at all if `images` is `None`, is sure to need one.
pub(crate) fn early_std(plan: &Plan, ix: BuildIx, images: Option<&[ImageName]>) -> Option<Plan> {
    let build = plan.build(ix);
    let wanted = plan
        .images
        .iter()
        .filter(|image| images.is_none_or(|names| names.contains(&image.name)));
    let mains = wanted
        .filter(|image| plan.step(image.link).build == ix)
        .filter_map(|image| build.packages.find(&image.package));
    let imports = packages::closure(&build.packages, mains).outside(&build.packages);
    let has_third_party = imports.iter().any(|path| !path.looks_standard());
    let reach = Reach::of(imports.contains(BULK), has_third_party);
    // Vendored packages may yet decide where results are kept.
    if plan.cache_of(ix) == Cache::Mount || build.vendored {
        return None;
    }
    let files: BTreeSet<TreePath> = build.settings.profile.iter().cloned().collect();
    let sure = EARLY.iter().filter(|early| early.is_needed(reach));
    let steps = sure.enumerate().map(|(number, early)| {
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
    let steps: Vec<Step> = steps.collect();
    (!steps.is_empty()).then(|| Plan {
        setup: plan.setup.clone(),
        steps,
        images: Vec::new(),
        resolved: false,
    })
}
