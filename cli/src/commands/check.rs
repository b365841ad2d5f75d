//! `gowork check`: everything that is wrong.

use gowork_llb::diag::Diagnostic;
use gowork_llb::plan::{Outline, Outlines};

use super::{cut_embeds, fix};
use crate::args::{Check, Common, Report};
use crate::project::{OpenArgs, Project, usual_targets};
use crate::{exit, licenses, report, ui};

/// A repository, and what is wrong with it.
struct Checked {
    project: Project,
    found: Vec<Diagnostic>,
    outlines: Vec<Outline>,
}

/// Shows it.
pub(crate) fn run(common: &Common, options: &Check) -> anyhow::Result<u8> {
    let mut checked = look(common)?;
    if options.fix && fix::apply(common, &checked.project, &checked.found)? {
        checked = look(common)?;
    }
    let Checked {
        project,
        found,
        outlines,
    } = checked;
    match options.format {
        Report::Human => human(&project, &found, &outlines),
        Report::Json => {
            let report = report::check(&found, images(&outlines), platforms(&outlines));
            ui::print_json(&report)?;
        }
        Report::Sarif => ui::print_json(&report::sarif(&found))?,
        Report::Github => ui::print(&report::github(&found))?,
    }
    if found.iter().any(Diagnostic::is_error) {
        return Ok(exit::ERRORS);
    }
    Ok(exit::OK)
}

fn look(common: &Common) -> anyhow::Result<Checked> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let Outlines {
        outlines,
        diagnostics: mut found,
        ..
    } = project.judge(&usual_targets(common));
    // Of a repository that cannot be read, the rest is guesswork.
    if !outlines.is_empty() {
        found.extend(project.doubtful(&outlines));
    }
    found.extend(project.not_in_images(&outlines).diagnostics);
    found.extend(cut_embeds::warnings(&project, &outlines));
    // The go command says of a broken repository what is known already.
    if !found.iter().any(Diagnostic::is_error) {
        for outline in &outlines {
            let errors = licenses::errors(&project, outline.target.clone())?;
            found.extend(
                errors
                    .into_iter()
                    .filter(|error| !found.contains(error))
                    .collect::<Vec<_>>(),
            );
        }
    }
    found.extend(project.left_out_git.iter().cloned());
    let found = project.config().without_skipped(found);
    Ok(Checked {
        project,
        found,
        outlines,
    })
}

fn human(project: &Project, found: &[Diagnostic], outlines: &[Outline]) {
    project.tell(found);
    if !found.iter().any(Diagnostic::is_error) {
        ui::note(&format!(
            "{} on {}: no errors",
            ui::counted(images(outlines), "image"),
            platforms(outlines).join(" and ")
        ));
    }
}

/// How many images can be built.
fn images(outlines: &[Outline]) -> usize {
    outlines.first().map_or(0, |outline| outline.images.len())
}

fn platforms(outlines: &[Outline]) -> Vec<String> {
    let platforms = outlines.iter().map(|outline| outline.target.to_string());
    platforms.collect()
}
