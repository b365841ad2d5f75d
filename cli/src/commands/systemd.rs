//! `gowork systemd`: a unit that runs an image, or its program.

use gowork_llb::lower::Mark;

use super::no_image::no_image;
use crate::args::{Common, Systemd, Unit};
use crate::deploy::{quadlet, service};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project, one_target};

/// Prints the unit.
pub(crate) fn run(common: &Common, options: &Systemd) -> anyhow::Result<u8> {
    if options.form == Unit::Service && options.reference.is_some() {
        let wrong = "--reference: a service runs the program and no image; leave it out";
        return Err(exit::Usage(wrong.to_owned()).into());
    }
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Refuse)?;
    let Some(sound) = project.outlines(&[target]) else {
        return Ok(exit::ERRORS);
    };
    let images = sound.value.iter().flat_map(|outline| &outline.images);
    let Some(image) = images
        .clone()
        .find(|image| image.config.name.as_str() == options.image)
    else {
        project.tell(&[no_image(
            images.map(|image| &image.config.name),
            &sound.broken,
            &options.image,
        )]);
        return Ok(exit::ERRORS);
    };
    let text = match options.form {
        Unit::Quadlet => quadlet(&image.config, options.reference.as_deref()),
        Unit::Service => service(&image.config, &image.binary),
    };
    Ok(deliver(&text, Mark::SYSTEMD, &options.output)?.max(sound.code))
}
