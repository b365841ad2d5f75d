//! What is known before the go command has answered: the step for the bulk of std.

use std::collections::BTreeSet;

use super::outline::BuildIx;
use super::step::{Inputs, OwnFiles, Part, Plan, Step, StepKind, StepName};
use super::titles;
use crate::config::{Cache, ImageName};
use crate::gomod::ImportPath;
use crate::packages;
use crate::tree::TreePath;

/// The package of std that most services import, and that brings most of what they need of std
/// along.
pub(super) const BULK: &str = "net/http";

/// The step that compiles `net/http` and what it needs of std, where the repository itself imports
/// it: the planner makes the very same one when it knows all packages, but for the list of them. So
/// it can run while modules are still being downloaded. `plan` is one without a resolution. None if
/// none of the images of these names, or no image at all if `images` is `None`, is sure to need it.
pub(crate) fn early_std(plan: &Plan, ix: BuildIx, images: Option<&[ImageName]>) -> Option<Step> {
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
    (is_sure && plan.cache_of(ix) != Cache::Mount && !build.vendored).then(|| {
        let kind = StepKind::Std(vec![bulk_part(Part {
            packages: Vec::new(),
            reach: Vec::new(),
            root: None,
        })]);
        let profile: BTreeSet<TreePath> = build.settings.profile.iter().cloned().collect();
        let own = OwnFiles {
            files: profile.clone(),
            ..OwnFiles::default()
        };
        let inputs = Inputs {
            files: profile,
            own,
            ..Inputs::default()
        };
        let title = titles::in_build(titles::std_of(BULK), build, plan.builds.len() > 1, true);
        Step {
            name: StepName::new(bulk_name()),
            title,
            build: ix,
            kind,
            inputs,
        }
    })
}

/// The step's name in a plan.
pub(super) fn bulk_name() -> String {
    format!("std:{BULK}")
}

/// What it makes: one part. The go command is asked for its root only, which is known early.
pub(super) fn bulk_part(part: Part) -> Part {
    Part {
        root: Some(ImportPath::new(BULK)),
        ..part
    }
}
