//! `gowork bake`.

use gowork_llb::lower;

use super::{deliver, usual_targets};
use crate::args::{Common, Output};
use crate::exit;
use crate::project::{OpenArgs, Project};

/// Prints the bake file.
pub(crate) fn run(common: &Common, output: &Output) -> anyhow::Result<u8> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let Some(plans) = project.plans(&usual_targets(common)) else { return Ok(exit::ERRORS) };
    let text = plans.first().map(|plan| lower::bake(plan, &project.open_args)).unwrap_or_default();
    deliver(&text, output)
}
