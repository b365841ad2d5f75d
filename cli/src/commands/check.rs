//! `gowork check`: everything that is wrong.

use gowork_llb::diag::Diagnostic;
use gowork_llb::plan::Outlines;

use crate::args::Common;
use crate::project::{OpenArgs, Project, usual_targets};
use crate::{exit, ui};

/// Shows it.
pub(crate) fn run(common: &Common) -> anyhow::Result<u8> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let Outlines {
        outlines,
        mut diagnostics,
        ..
    } = project.judge(&usual_targets(common));
    diagnostics.extend(project.not_in_images(&outlines).diagnostics);
    diagnostics.extend(project.left_out_git.iter().cloned());
    if !diagnostics.is_empty() {
        project.tell(&diagnostics);
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(exit::ERRORS);
    }
    let images = outlines.first().map_or(0, |outline| outline.images.len());
    let platforms: Vec<String> = outlines
        .iter()
        .map(|outline| outline.target.to_string())
        .collect();
    ui::note(&format!(
        "{} on {}: no errors",
        ui::counted(images, "image"),
        platforms.join(" and ")
    ));
    Ok(exit::OK)
}
