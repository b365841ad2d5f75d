//! What an image holds.

use std::collections::{BTreeMap, BTreeSet};

use super::linked::{LinkedBinary, ModulePlace, NotResolved, linked};
use super::linking::Linking;
use crate::config::SCRATCH;
use crate::lower;
use crate::plan::{Image, StepIx};

/// What an image holds, and what is said of it in every format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The image's name.
    pub name: String,
    /// Its version, if the label `org.opencontainers.image.version` says one.
    pub version: Option<String>,
    /// Its platform, as in `linux/arm64`.
    pub platform: String,
    /// What it is built upon. None for scratch.
    pub base: Option<Base>,
    /// Its binaries.
    pub binaries: Vec<PlacedBinary>,
    /// The time that the document says it was made, RFC 3339 in whole seconds of UTC. None is the
    /// first second of 1970.
    pub created: Option<String>,
}

/// What an image is built upon. What that holds is not in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// An image, and its digest if that is known.
    Image(String, Option<String>),
    /// A stage or named context.
    Stage(String),
}

/// A binary, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedBinary {
    /// Its path in the image; its file name where only the stages of a Dockerfile know the path.
    pub path: String,
    /// The step that links it.
    pub link: StepIx,
    /// What it holds.
    pub linked: LinkedBinary,
}

impl PlacedBinary {
    /// Takes down the version that the binary itself says its main module has.
    pub fn says(&mut self, version: String) {
        let main = self.linked.modules.get_mut(&self.linked.main);
        if let Some(main) = main.filter(|main| main.replaced_by.is_none()) {
            main.version = Some(version);
        }
    }
}

/// The label of an image with its version (the OCI image specification, annotations.md).
pub const VERSION_LABEL: &str = "org.opencontainers.image.version";

/// The time of documents that are made at no known time.
const FIRST_SECOND: &str = "1970-01-01T00:00:00Z";

/// The name of the program that makes the documents, and its version.
pub(super) const TOOL: (&str, &str) = ("gowork", env!("CARGO_PKG_VERSION"));

impl Contents {
    /// What an image holds. The digest of its base and the time are not known here.
    ///
    /// # Errors
    /// [`NotResolved`] for one of its binaries.
    pub fn of_image(input: Linking<'_>, image: &Image) -> Result<Self, NotResolved> {
        let mut contents = Self::empty(input, &image.name);
        for binary in lower::placed_binaries(image) {
            contents.binaries.push(PlacedBinary {
                path: binary.path,
                link: binary.link,
                linked: linked(input, binary.link)?,
            });
        }
        let runtime = &image.runtime;
        let of_commit = runtime.oci_labels.as_ref();
        let version = runtime.labels.get(VERSION_LABEL);
        let version = version.or_else(|| of_commit?.get(VERSION_LABEL));
        contents.version = version.cloned();
        let base = &image.runtime.base.value;
        contents.base = match image.runtime.base_stage() {
            Some(stage) => Some(Base::Stage(stage.to_owned())),
            None if base == SCRATCH => None,
            None => Some(Base::Image(base.clone(), None)),
        };
        Ok(contents)
    }

    /// What the binaries of these images hold, apart from the images: each under its image's name.
    ///
    /// # Errors
    /// [`NotResolved`] for one of them.
    pub fn of_binaries<'a>(
        input: Linking<'_>,
        name: &str,
        images: impl IntoIterator<Item = &'a Image>,
    ) -> Result<Self, NotResolved> {
        let mut contents = Self::empty(input, name);
        for image in images {
            contents.binaries.push(PlacedBinary {
                path: input.plan.target.file_name(&image.name),
                link: image.link,
                linked: linked(input, image.link)?,
            });
        }
        Ok(contents)
    }

    /// Where the modules lie, each place once.
    pub fn places(&self) -> BTreeSet<&ModulePlace> {
        let modules = self
            .binaries
            .iter()
            .flat_map(|it| it.linked.modules.values());
        let mut places: BTreeSet<&ModulePlace> =
            modules.filter_map(|it| it.place.as_ref()).collect();
        places.insert(&ModulePlace::Std);
        places
    }

    /// Adds the licences that modules declare, SPDX expressions, by where the modules lie.
    pub fn declare(&mut self, licenses: &BTreeMap<ModulePlace, String>) {
        for binary in &mut self.binaries {
            binary.linked.std_license = licenses.get(&ModulePlace::Std).cloned();
            for module in binary.linked.modules.values_mut() {
                let place = module.place.as_ref();
                module.license = place.and_then(|place| licenses.get(place).cloned());
            }
        }
    }

    fn empty(input: Linking<'_>, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
            platform: input.plan.target.to_string(),
            base: None,
            binaries: Vec::new(),
            created: None,
        }
    }

    /// The time that the document says it was made.
    pub(super) fn created(&self) -> String {
        let created = self.created.as_deref();
        created.unwrap_or(FIRST_SECOND).to_owned()
    }
}
