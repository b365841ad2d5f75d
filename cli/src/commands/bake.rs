//! `gowork bake`.

use gowork_llb::lower::{self, BakeOptions, Mark};

use crate::args::{Common, Output};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project, usual_targets};

/// Prints the bake file.
pub(crate) fn run(common: &Common, output: &Output) -> anyhow::Result<u8> {
    let project = Project::read(common, OpenArgs::Keep)?;
    if let Some(error) = project.refuse_stages("the bake file") {
        project.tell(&[error]);
        return Ok(exit::ERRORS);
    }
    let Some(sound) = project.plans(&usual_targets(common)) else {
        return Ok(exit::ERRORS);
    };
    let options = BakeOptions {
        args: project.open_args.clone(),
        platforms: common.platform.clone(),
        without: sound.broken,
        contexts: project.contexts.places_from(&common.root.dir),
    };
    let text = sound
        .value
        .first()
        .map(|plan| lower::bake(plan, &options))
        .unwrap_or_default();
    Ok(deliver(&text, Mark::BAKE, output)?.max(sound.code))
}
