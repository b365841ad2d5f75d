//! `gowork affected --module`: the images that hold a module, and the imports that lead to it.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::ImageName;
use gowork_llb::gomod::ImportPath;
use gowork_llb::plan::Image;
use gowork_llb::resolution::ModuleVersion;
use gowork_llb::sbom::{self, Linking, NotResolved};

use crate::args::Common;
use crate::project::{OpenArgs, Project, host_target, targets};

/// The images that hold a module.
pub(super) struct Holders {
    /// By name, each with what it holds and why.
    pub(super) images: BTreeMap<ImageName, BTreeSet<String>>,
    /// What other versions images hold.
    pub(super) others: BTreeSet<String>,
    /// What the command exits with.
    pub(super) code: u8,
}

/// Finds them, on all platforms asked for. Returns `None`, and shows why, if no image can be built.
pub(super) fn holders(common: &Common, wanted: &ModuleVersion) -> anyhow::Result<Option<Holders>> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let mut holders = Holders {
        images: BTreeMap::new(),
        others: BTreeSet::new(),
        code: 0,
    };
    for target in targets(common, &host_target()) {
        let Some(sound) = project.planned(target, true)? else {
            return Ok(None);
        };
        holders.code = holders.code.max(sound.code);
        let (plan, resolutions) = sound.value;
        let input = Linking {
            plan: &plan,
            workspace: project.workspace(),
            resolutions: &resolutions.unwrap_or_default(),
        };
        for image in &plan.images {
            holders.add(input, image, wanted)?;
        }
    }
    Ok(Some(holders))
}

impl Holders {
    fn add(
        &mut self,
        input: Linking<'_>,
        image: &Image,
        wanted: &ModuleVersion,
    ) -> Result<(), NotResolved> {
        let any_version = ModuleVersion::parse(&wanted.path);
        for link in image.links() {
            let binary = sbom::linked(input, link)?;
            let found = binary.modules_like(wanted);
            if found.is_empty() {
                let others = binary.modules_like(&any_version);
                let shown = others.iter().map(|(path, module)| module.shown(path));
                self.others.extend(shown);
            }
            for (path, module) in found {
                let Some(way) = sbom::why(input, link, path)? else {
                    continue;
                };
                let way: Vec<&str> = way.iter().map(ImportPath::as_str).collect();
                let text = format!("{} by {}", module.shown(path), way.join(" -> "));
                let known = self.images.entry(image.name.clone()).or_default();
                known.insert(text);
            }
        }
        Ok(())
    }
}
