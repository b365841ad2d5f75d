//! `gowork compose`: a compose file for the images.

use gowork_llb::config::ImageConfig;
use gowork_llb::lower::Mark;

use super::build_file::build_file;
use crate::args::{Common, Output};
use crate::deploy::{ComposeOptions, compose};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project, one_target};

/// Prints the compose file.
pub(crate) fn run(common: &Common, output: &Output) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Keep)?;
    if let Some(error) = project.refuse_stages("the compose file") {
        project.tell(&[error]);
        return Ok(exit::ERRORS);
    }
    let Some(sound) = project.outlines(&[target]) else {
        return Ok(exit::ERRORS);
    };
    let images = sound.value.iter().flat_map(|outline| &outline.images);
    let images = images.filter(|image| image.variant_of.is_none());
    let images: Vec<&ImageConfig> = images.map(|image| &image.config).collect();
    let options = ComposeOptions {
        definition: build_file(common, &project)?,
        args: project.open_args.clone(),
        broken: sound.broken.clone(),
    };
    Ok(deliver(&compose(&images, &options), Mark::COMPOSE, output)?.max(sound.code))
}
