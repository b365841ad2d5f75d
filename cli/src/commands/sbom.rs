//! `gowork sbom IMAGE`: what the binaries of an image hold.

use gowork_llb::image::time_of_creation;
use gowork_llb::sbom::{self, Contents, Linking};

use super::no_image::no_image;
use crate::args::{Bill, Common, Sbom};
use crate::exit::Usage;
use crate::main_version::main_version;
use crate::project::{OpenArgs, Project, one_target};
use crate::{exit, licenses, ui};

/// The time of the document, in seconds since 1970 (<https://reproducible-builds.org/specs/source-date-epoch/>).
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Prints it.
pub(crate) fn run(common: &Common, options: &Sbom) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let created = created()?;
    let project = Project::read(common, OpenArgs::Refuse)?;
    let Some(sound) = project.planned(target, true)? else {
        return Ok(exit::ERRORS);
    };
    let (plan, resolutions) = sound.value;
    let Some(image) = plan.image(&options.image) else {
        project.tell(&[no_image(
            plan.images.iter().map(|image| &image.name),
            &sound.broken,
            &options.image,
        )]);
        return Ok(exit::ERRORS);
    };
    let input = Linking {
        plan: &plan,
        workspace: project.workspace(),
        resolutions: &resolutions.unwrap_or_default(),
    };
    let mut contents = Contents {
        created,
        ..Contents::of_image(input, image)?
    };
    for binary in &mut contents.binaries {
        match main_version(&project, &plan, binary.link) {
            Ok(Some(version)) => binary.says(version),
            Ok(None) => {}
            Err(error) => ui::note(&format!(
                "the version of the main module of {} is not known: {error:#}",
                binary.path
            )),
        }
    }
    let licenses = licenses::expressions(&project, contents.places())?;
    contents.declare(&licenses);
    let text = match options.format {
        Bill::Spdx => serde_json::to_string_pretty(&sbom::spdx(&contents))?,
        Bill::CycloneDx => serde_json::to_string_pretty(&sbom::cyclonedx(&contents))?,
    };
    ui::print(&(text + "\n"))?;
    Ok(sound.code)
}

/// The time that the document says it was made. None if the environment does not say one.
fn created() -> anyhow::Result<Option<String>> {
    let Some(value) = std::env::var_os(EPOCH).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let value = value.to_string_lossy();
    match value.parse().ok().and_then(time_of_creation) {
        Some(time) => Ok(Some(time)),
        None => {
            let wrong = format!("{EPOCH}={value}: this is not a number of seconds since 1970");
            Err(Usage(wrong).into())
        }
    }
}
