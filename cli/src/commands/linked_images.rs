//! What the images of a repository are linked from, on all platforms asked for.

use gowork_llb::plan::Image;
use gowork_llb::sbom::{Linking, NotResolved};

use crate::args::Common;
use crate::project::{Project, host_target, targets};

/// Has `look` look at each image of each platform. Returns what the command exits with, or `None`,
/// and shows why, if no image can be built.
pub(super) fn each_image(
    common: &Common,
    project: &Project,
    mut look: impl FnMut(Linking<'_>, &Image) -> Result<(), NotResolved>,
) -> anyhow::Result<Option<u8>> {
    let mut code = 0;
    for target in targets(common, &host_target()) {
        let Some(sound) = project.planned(target, true)? else {
            return Ok(None);
        };
        code = code.max(sound.code);
        let (plan, resolutions) = sound.value;
        let input = Linking {
            plan: &plan,
            workspace: project.workspace(),
            resolutions: &resolutions.unwrap_or_default(),
        };
        for image in &plan.images {
            look(input, image)?;
        }
    }
    Ok(Some(code))
}
