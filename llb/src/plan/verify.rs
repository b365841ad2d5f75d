//! Invariants of a plan. Tests check them; check them too before you lower a plan from elsewhere.

use std::collections::BTreeSet;

use super::step::{Plan, Step, StepKind};
use crate::gomod::ImportPath;
use crate::packages::{self, PackageIx, Packages};

/// Everything that is wrong with `plan`: nothing, unless the planner has a bug.
pub fn verify(plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for (ix, step) in plan.steps.iter().enumerate() {
        if !names.insert(&step.name) {
            wrong.push(format!("two steps are named {}", step.name));
        }
        for result in &step.inputs.results {
            let Some(other) = plan.steps.get(result.step.0) else {
                wrong.push(format!(
                    "{} reads the results of a step that is not there",
                    step.name
                ));
                continue;
            };
            if result.step.0 >= ix {
                wrong.push(format!(
                    "{} reads the results of {}, which does not come before it",
                    step.name, other.name
                ));
            } else if other.build != step.build {
                wrong.push(format!("{} reads the results of another build", step.name));
            } else if result.part >= other.kind.parts().len() {
                wrong.push(format!(
                    "{} reads a part of {} that is not there",
                    step.name, other.name
                ));
            }
        }
        wrong.extend(missing_files(plan, step));
        wrong.extend(missing_results(plan, step));
    }
    for image in &plan.images {
        let own = (image.link, &image.package, &image.binary);
        let others = image.binaries.iter();
        let others = others.map(|binary| (binary.link, &binary.package, &binary.file));
        for (step, package, file) in [own].into_iter().chain(others) {
            match plan.steps.get(step.0).map(|step| &step.kind) {
                Some(StepKind::Link(link)) if link.package == *package && link.binary == *file => {}
                _ => wrong.push(format!(
                    "image {} is not made of the link step of {file}",
                    image.name
                )),
            }
        }
    }
    wrong
}

/// The packages of the repository that a step compiles.
fn compiled(step: &Step) -> Vec<&ImportPath> {
    match &step.kind {
        StepKind::Unit(_) | StepKind::Link(_) => step.kind.compiles(),
        StepKind::Resolve(_) | StepKind::Std(_) | StepKind::Deps(_) => Vec::new(),
    }
}

/// The packages of the repository that an import path means, or leads to.
fn own<'a>(graph: &'a Packages, path: &'a ImportPath) -> impl Iterator<Item = PackageIx> + 'a {
    graph
        .find(path)
        .into_iter()
        .chain(graph.behind(path).map(|(ix, _)| ix))
}

/// The go command reads the sources of every package below those it compiles.
fn missing_files(plan: &Plan, step: &Step) -> Vec<String> {
    let graph = &plan.build(step.build).packages;
    let set = packages::closure(
        graph,
        compiled(step).into_iter().flat_map(|path| own(graph, path)),
    );
    let missing = set
        .files(graph)
        .into_iter()
        .filter(|file| !step.inputs.files.contains(file));
    missing
        .map(|file| format!("{} lacks {file}", step.name))
        .collect()
}

/// With units, all that a step's packages import was compiled before.
fn missing_results(plan: &Plan, step: &Step) -> Vec<String> {
    if !plan.resolved {
        return Vec::new();
    }
    let graph = &plan.build(step.build).packages;
    let compiled = compiled(step);
    let parts = step
        .inputs
        .results
        .iter()
        .filter_map(|result| plan.steps.get(result.step.0)?.kind.parts().get(result.part));
    let at_hand: BTreeSet<&ImportPath> = parts
        .flat_map(|part| &part.packages)
        .chain(compiled.iter().copied())
        .collect();
    let closure = packages::closure(graph, compiled.iter().flat_map(|path| own(graph, path)));
    let missing = closure
        .iter()
        .map(|ix| &graph.get(ix).path)
        .filter(|path| !at_hand.contains(path));
    missing
        .map(|path| format!("{} would compile {path} again", step.name))
        .collect()
}
