//! `gowork graph`: drawings.

use gowork_llb::lower::graph;

use super::no_image::no_image;
use crate::args::{Common, Format, Graph, Subject};
use crate::drawing;
use crate::project::{OpenArgs, Project, one_target};
use crate::{exit, ui};

/// Prints the drawing.
pub(crate) fn run(common: &Common, options: &Graph) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Keep)?;
    let Some(sound) = project.planned(target, options.resolve)? else {
        return Ok(exit::ERRORS);
    };
    let (plan, image) = (&sound.value.0, options.image.as_deref());
    if let Some(name) = image.filter(|name| plan.image(name).is_none()) {
        project.tell(&[no_image(
            plan.images.iter().map(|image| &image.name),
            &sound.broken,
            name,
        )]);
        return Ok(exit::ERRORS);
    }
    let of = options.of.unwrap_or(if image.is_some() {
        Subject::Packages
    } else {
        Subject::Modules
    });
    let graph = match of {
        Subject::Steps => graph::steps(plan, image),
        Subject::Packages => graph::packages(plan, project.workspace(), image),
        Subject::Modules => graph::modules(plan, project.workspace(), image),
    };
    ui::print(&match options.format {
        Format::Mermaid => graph.mermaid(),
        Format::Dot => graph.dot(),
        Format::Svg => drawing::svg(&graph)?,
    })?;
    Ok(sound.code)
}
