//! `gowork compose`: a compose file for the images.

use std::collections::BTreeMap;

use gowork_llb::config::ImageConfig;
use gowork_llb::lower::Mark;

use super::build_file::build_file;
use super::watched::watched;
use crate::args::{Common, Compose};
use crate::deploy::{ComposeOptions, compose};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project, one_target};

/// Prints the compose file.
pub(crate) fn run(common: &Common, options: &Compose) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Keep)?;
    if let Some(error) = project.refuse_stages("the compose file") {
        project.tell(&[error]);
        return Ok(exit::ERRORS);
    }
    let Some(sound) = project.outlines(&[target]) else {
        return Ok(exit::ERRORS);
    };
    let mut images: Vec<&ImageConfig> = Vec::new();
    let mut watched_of = BTreeMap::new();
    for outline in &sound.value {
        let own = outline.images.iter();
        for image in own.filter(|image| image.variant_of.is_none()) {
            images.push(&image.config);
            if options.watch {
                let paths = watched(outline, image);
                let on_disk = paths.iter().map(|path| project.contexts.on_disk(path));
                watched_of.insert(image.config.name.clone(), on_disk.collect());
            }
        }
    }
    let file = ComposeOptions {
        definition: build_file(common, &project)?,
        args: project.open_args.clone(),
        contexts: project.contexts.places_from(&common.root.dir),
        broken: sound.broken.clone(),
        watched: watched_of,
    };
    Ok(deliver(&compose(&images, &file), Mark::COMPOSE, &options.output)?.max(sound.code))
}
