//! `gowork plan`: the steps.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gowork_llb::config::RuntimeConfig;
use gowork_llb::plan::{Plan, Step, StepIx, StepKind, json};

use crate::args::{Common, Form};
use crate::project::{OpenArgs, Project, one_target};
use crate::ui::counted;
use crate::{exit, ui};

/// Prints the plan.
pub(crate) fn run(common: &Common, format: Form, resolve: bool) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Refuse)?;
    let Some(sound) = project.planned(target, resolve)? else {
        return Ok(exit::ERRORS);
    };
    let (plan, _) = sound.value;
    match format {
        Form::Human => ui::print(&summary(&plan))?,
        Form::Json => ui::print_json(&json::json(&plan))?,
    }
    Ok(sound.code)
}

fn summary(plan: &Plan) -> String {
    let mut text = format!(
        "{} on {}, built with {}\n",
        counted(plan.images.len(), "image"),
        plan.target,
        plan.builder.image
    );
    if !plan.resolved {
        text.push_str("(coarse: without --resolve gowork asks no go command, so all packages from outside are one step)\n");
    }
    let width = plan
        .steps
        .iter()
        .map(|step| step.name.chars().count())
        .max()
        .unwrap_or(0);
    text.push_str("\nsteps\n");
    for step in &plan.steps {
        let _ = writeln!(text, "  {:width$}  {}", step.name, inputs(plan, step));
    }
    text.push_str("\nimages\n");
    for image in &plan.images {
        let runtime = &image.runtime;
        let with = with_extras(runtime);
        let link = &plan.step(image.link).name;
        let _ = write!(text, "  {}: {} of {link}", image.name, image.binary);
        for binary in &image.binaries {
            let _ = write!(text, ", {} of {}", binary.file, plan.step(binary.link).name);
        }
        let _ = writeln!(
            text,
            " on {}{with}, user {}",
            runtime.base.value,
            user_of(runtime)
        );
    }
    text
}

fn inputs(plan: &Plan, step: &Step) -> String {
    let mut parts = vec![match &step.kind {
        StepKind::Resolve(request) => format!(
            "asks for {}",
            counted(request.packages.len(), "import path")
        ),
        StepKind::Std(parts) | StepKind::Deps(parts) | StepKind::Unit(parts) => {
            let packages = counted(step.kind.compiles().len(), "package");
            match parts.len() {
                0 | 1 => format!("compiles {packages}"),
                several => format!("compiles {packages}, kept in {several} parts"),
            }
        }
        StepKind::Link(link) => match link.compiles.len() {
            0 | 1 => format!("links {}", link.package),
            several => format!("compiles {several} packages, links {}", link.package),
        },
    }];
    if !step.inputs.files.is_empty() {
        parts.push(format!(
            "reads {}",
            counted(step.inputs.files.len(), "source file")
        ));
    }
    let waits = waits_for(plan, step);
    if !waits.is_empty() {
        parts.push(format!("after {}", waits.join(", ")));
    }
    parts.join("; ")
}

/// The names of the steps whose results a step reads. A step that another one of these waits for
/// goes without saying.
fn waits_for<'p>(plan: &'p Plan, step: &Step) -> Vec<&'p str> {
    let needed = |step: &Step| -> BTreeSet<StepIx> {
        step.inputs
            .results
            .iter()
            .map(|result| result.step)
            .collect()
    };
    let mut waits = needed(step);
    for ix in waits.clone() {
        for implied in needed(plan.step(ix)) {
            waits.remove(&implied);
        }
    }
    waits
        .into_iter()
        .map(|ix| plan.step(ix).name.as_str())
        .collect()
}

/// Whom an image runs as, in words.
pub(super) fn user_of(runtime: &RuntimeConfig) -> &str {
    runtime.user.as_deref().unwrap_or("of the stage")
}

/// What an image has around its binary: ` with certificates, time zones and licences`, or nothing.
pub(super) fn with_extras(runtime: &RuntimeConfig) -> String {
    let mut extras = Vec::new();
    if runtime.certificates {
        extras.push("certificates");
    }
    if runtime.timezones {
        extras.push("time zones");
    }
    if runtime.licenses {
        extras.push("licences");
    }
    match extras.split_last() {
        None => String::new(),
        Some((last, [])) => format!(" with {last}"),
        Some((last, rest)) => format!(" with {} and {last}", rest.join(", ")),
    }
}
