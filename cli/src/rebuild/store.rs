//! Where an image is: in a registry, or in an OCI layout on disk. What is read has the digest that
//! it is asked for.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use gowork_llb::ops::{Digest, Reference};
use serde::Deserialize;
use serde_json::Value;

use super::buildx;
use super::descriptor::Descriptor;
use crate::bounded;

/// The scheme of a layout, as in `--build-context`.
const LAYOUT: &str = "oci-layout://";
/// The file that a directory with a layout has.
const MARK: &str = "oci-layout";
/// The annotation of an index with the tag.
const TAG: &str = "org.opencontainers.image.ref.name";

/// Where an image is.
#[derive(Debug)]
pub(crate) enum Store {
    /// A repository of a registry.
    Registry(Reference),
    /// A directory with an OCI layout.
    Layout(PathBuf),
}

/// The index at the top of a layout.
#[derive(Deserialize)]
struct Top {
    manifests: Vec<Descriptor>,
}

impl Store {
    /// Finds what `name` means: the place, and the digest of the image there.
    ///
    /// # Errors
    /// If there is no such image, or it cannot be read.
    pub(crate) fn open(name: &str) -> anyhow::Result<(Self, Digest)> {
        if let Some(rest) = name.strip_prefix(LAYOUT) {
            // A tag stands behind the last colon, and has no slash.
            return match rest.rsplit_once(':') {
                Some((dir, tag)) if !tag.contains('/') => Self::layout(dir, Some(tag)),
                _ => Self::layout(rest, None),
            };
        }
        if Path::new(name).join(MARK).is_file() {
            return Self::layout(name, None);
        }
        let reference = Reference::parse(name)?;
        let bytes = buildx::document(&reference.to_string())?;
        let digest = Digest::of(&bytes);
        if let Some(asked) = reference.digest() {
            ensure!(
                *asked == digest,
                "{name}: the registry answered with {digest}"
            );
        }
        Ok((Self::Registry(reference), digest))
    }

    /// The layout in a directory, and the digest of its image.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_layout(dir: &Path) -> anyhow::Result<(Self, Digest)> {
        Self::layout(&dir.display().to_string(), None)
    }

    fn layout(dir: &str, tag: Option<&str>) -> anyhow::Result<(Self, Digest)> {
        let path = Path::new(dir);
        ensure!(
            path.join(MARK).is_file(),
            "{dir}: no OCI layout: a directory with one has a file {MARK}"
        );
        let top = path.join("index.json");
        let shown = || top.display().to_string();
        let bytes = bounded::read(&top).with_context(shown)?;
        let index: Top = serde_json::from_slice(&bytes).with_context(shown)?;
        let is_asked = |descriptor: &&Descriptor| {
            let names = &descriptor.annotations;
            tag.is_none_or(|tag| names.get(TAG).is_some_and(|name| name == tag))
        };
        let found: Vec<&Descriptor> = index.manifests.iter().filter(is_asked).collect();
        match found.as_slice() {
            [one] => Ok((Self::Layout(path.to_path_buf()), one.digest()?)),
            [] => bail!("{dir}: the layout has no such image"),
            _ => bail!(
                "{dir}: the layout has {} images; name one by its tag: {LAYOUT}{dir}:TAG",
                found.len()
            ),
        }
    }

    /// A document with this digest.
    ///
    /// # Errors
    /// If it cannot be read, or has another digest.
    pub(crate) fn document(&self, digest: &Digest) -> anyhow::Result<Vec<u8>> {
        let bytes = match self {
            Self::Registry(reference) => {
                buildx::document(&format!("{}@{digest}", reference.name()))?
            }
            Self::Layout(dir) => {
                let path = blob(dir, digest);
                bounded::read(&path).with_context(|| path.display().to_string())?
            }
        };
        let found = Digest::of(&bytes);
        ensure!(
            found == *digest,
            "{digest}: what is stored there has the digest {found}"
        );
        Ok(bytes)
    }

    /// The same as JSON.
    pub(super) fn json(&self, digest: &Digest) -> anyhow::Result<Value> {
        let bytes = self.document(digest)?;
        serde_json::from_slice(&bytes).with_context(|| digest.to_string())
    }
}

/// The file of a blob.
pub(super) fn blob(layout: &Path, digest: &Digest) -> PathBuf {
    layout.join("blobs/sha256").join(digest.hex())
}
