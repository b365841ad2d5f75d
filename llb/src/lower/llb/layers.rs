//! The layers of an image over its base: which ones, what they are called, and what made them.

use crate::config::SCRATCH;
use crate::lower::rootfs::{LICENSES_DIR, PlacedBinary, placed_binaries};
use crate::plan::Image;

/// A layer of an image, over its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layer {
    /// What programs expect around them: certificates, time zones, and on scratch users and /tmp.
    Surroundings,
    /// Licences of the modules in its binaries.
    Licenses,
    /// Files, directories and links of the configuration.
    Files,
    /// A binary: its own, or one beside that.
    Binary(PlacedBinary),
}

impl Layer {
    /// The layers of an image, the lowest first.
    pub(super) fn of(image: &Image) -> Vec<Self> {
        let runtime = &image.runtime;
        let surroundings = is_scratch(image) || runtime.certificates || runtime.timezones;
        let has_files =
            !(runtime.files.is_empty() && runtime.links.is_empty() && runtime.dirs.is_empty());
        let mut layers = Vec::new();
        layers.extend(surroundings.then_some(Self::Surroundings));
        layers.extend(runtime.licenses.then_some(Self::Licenses));
        layers.extend(has_files.then_some(Self::Files));
        layers.extend(placed_binaries(image).into_iter().map(Self::Binary));
        layers
    }

    /// Its name in the progress output.
    pub(super) fn title(&self, image: &Image) -> String {
        match self {
            Self::Surroundings => "runtime files".to_owned(),
            Self::Licenses => format!("licences of {}", image.name),
            Self::Files => format!("files of {}", image.name),
            Self::Binary(binary) if binary.link == image.link => format!("image {}", image.name),
            Self::Binary(binary) => format!("{} of {}", binary.file, image.name),
        }
    }

    /// What made it, for the image's history.
    fn made_by(&self, image: &Image) -> String {
        match self {
            Self::Surroundings => surroundings(image),
            Self::Licenses => format!("add licences of modules to {LICENSES_DIR}"),
            Self::Files => files(image),
            Self::Binary(binary) => {
                let mut others = image.binaries.iter();
                let other = others.find(|other| other.link == binary.link);
                let package = other.map_or(&image.package, |other| &other.package);
                format!("go build -o {} {package}", binary.path)
            }
        }
    }
}

/// What made the layers of an image, the lowest first: those that are put over its base.
pub(in crate::lower) fn layer_history(image: &Image) -> Vec<String> {
    let layers = Layer::of(image).into_iter();
    layers.map(|layer| layer.made_by(image)).collect()
}

/// How many files, directories and links the history of a layer names.
const SHOWN: usize = 5;

/// What programs expect around them, in words.
fn surroundings(image: &Image) -> String {
    let runtime = &image.runtime;
    let all = [
        (runtime.certificates, "CA certificates"),
        (runtime.timezones, "time zones"),
        (is_scratch(image), "users"),
        (is_scratch(image), "/tmp"),
    ];
    let words = all.into_iter().filter(|(is_there, _)| *is_there);
    let words: Vec<&str> = words.map(|(_, word)| word).collect();
    format!("add {}", words.join(", "))
}

/// What the configuration puts in, in words.
fn files(image: &Image) -> String {
    let runtime = &image.runtime;
    let dirs = runtime.dirs.iter();
    let mut all: Vec<String> = dirs.map(|dir| format!("mkdir {}", dir.path)).collect();
    for file in &runtime.files {
        all.push(format!("copy {} to {}", file.from.value, file.to));
    }
    for (at, says) in &runtime.links {
        all.push(format!("link {at} to {says}"));
    }
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    all.join(", ")
}

/// Whether an image is built upon nothing.
pub(super) fn is_scratch(image: &Image) -> bool {
    image.runtime.base.value == SCRATCH
}
