//! `gowork affected --module`: the images that hold a module, and the imports that lead to it.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::ImageName;
use gowork_llb::gomod::ImportPath;
use gowork_llb::plan::Image;
use gowork_llb::resolution::ModuleVersion;
use gowork_llb::sbom::{self, Linking, NotResolved};

use super::linked_images::each_image;
use crate::args::Common;
use crate::project::{OpenArgs, Project};

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
    let code = each_image(common, &project, |input, image| {
        holders.add(input, image, wanted)
    })?;
    Ok(code.map(|code| Holders { code, ..holders }))
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
