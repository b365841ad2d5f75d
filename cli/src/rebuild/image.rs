//! Indexes, manifests and configs, by the OCI image specification.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use gowork_llb::ops::{Digest, Platform};
use serde::Deserialize;
use serde_json::Value;

use super::buildx;
use super::descriptor::{Descriptor, PlatformJson};
use super::store::Store;

/// The annotations by which BuildKit says what a manifest of an index is about.
const KIND: &str = "vnd.docker.reference.type";
const ABOUT: &str = "vnd.docker.reference.digest";
const ATTESTATION: &str = "attestation-manifest";
/// The annotation of a statement.
const PREDICATE: &str = "in-toto.io/predicate-type";
/// How the types of provenance begin.
const PROVENANCE: &str = "https://slsa.dev/provenance/";
/// What buildx calls provenance.
const STUB: &str = "SLSA";
/// Manifests of an index that are looked at.
const MAX_MANIFESTS: usize = 256;

/// The images of a name, one a platform.
#[derive(Debug)]
pub(crate) struct Index {
    /// In the order of the index.
    pub(crate) entries: Vec<Entry>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What it is for.
    pub(crate) platform: Platform,
    digest: Digest,
    /// The index that it is in.
    index: Digest,
    /// Manifests that say something about it.
    attestations: Vec<Digest>,
}

impl Index {
    /// Reads it.
    pub(crate) fn read(store: &Store, digest: &Digest) -> anyhow::Result<Self> {
        let document = store.json(digest)?;
        let Some(manifests) = document.get("manifests") else {
            // A manifest by itself, as builds without attestations make.
            let config = store.json(&config_of(&document)?)?;
            let platform = PlatformJson::deserialize(&config)?.platform();
            let entry = Entry {
                platform,
                digest: digest.clone(),
                index: digest.clone(),
                attestations: Vec::new(),
            };
            return Ok(Self {
                entries: vec![entry],
            });
        };
        let manifests: Vec<Descriptor> = serde_json::from_value(manifests.clone())?;
        ensure!(
            manifests.len() <= MAX_MANIFESTS,
            "{digest}: an index of more than {MAX_MANIFESTS} manifests"
        );
        let mut about: BTreeMap<&str, Vec<Digest>> = BTreeMap::new();
        let mut images = Vec::new();
        for manifest in &manifests {
            let annotations = &manifest.annotations;
            if annotations
                .get(KIND)
                .is_some_and(|kind| kind == ATTESTATION)
            {
                let image = annotations.get(ABOUT).map_or("", String::as_str);
                about.entry(image).or_default().push(manifest.digest()?);
            } else {
                images.push(manifest);
            }
        }
        let mut entries = Vec::new();
        for image in images {
            let platform = image
                .platform
                .as_ref()
                .context("no platform in the index")?;
            entries.push(Entry {
                platform: platform.platform(),
                digest: image.digest()?,
                index: digest.clone(),
                attestations: about.remove(image.digest.as_str()).unwrap_or_default(),
            });
        }
        Ok(Self { entries })
    }
}

impl Entry {
    /// The image.
    pub(crate) fn image(&self, store: &Store) -> anyhow::Result<Image> {
        Image::read(store, &self.platform, &self.digest)
    }

    /// The content of its provenance. Returns `None` if it has none.
    pub(crate) fn provenance(&self, store: &Store) -> anyhow::Result<Option<Value>> {
        if self.attestations.is_empty() {
            return Ok(None);
        }
        let Store::Registry(reference) = store else {
            return self.provenance_on_disk(store);
        };
        let mut all = buildx::provenance(&format!("{}@{}", reference.name(), self.index))?;
        let of_platform = match all.get_mut(self.platform.to_string()) {
            Some(of_platform) => of_platform,
            None => &mut all,
        };
        let found = of_platform.get_mut(STUB).map(Value::take);
        Ok(found.filter(|found| !found.is_null()))
    }

    fn provenance_on_disk(&self, store: &Store) -> anyhow::Result<Option<Value>> {
        for attestation in &self.attestations {
            let manifest = store.json(attestation)?;
            for layer in manifest["layers"].as_array().into_iter().flatten() {
                let layer = Descriptor::deserialize(layer)?;
                let kind = layer.annotations.get(PREDICATE);
                if kind.is_some_and(|kind| kind.starts_with(PROVENANCE)) {
                    ensure!(
                        layer.media_type.ends_with("+json"),
                        "provenance of the type {}: only statements that are not wrapped can be read",
                        layer.media_type
                    );
                    let mut statement = store.json(&layer.digest()?)?;
                    return Ok(Some(statement["predicate"].take()));
                }
            }
        }
        Ok(None)
    }
}

/// An image for one platform.
#[derive(Debug)]
pub(crate) struct Image {
    /// What it is for.
    pub(crate) platform: Platform,
    /// Of its manifest.
    pub(crate) digest: Digest,
    pub(super) manifest: Value,
    pub(super) config: Value,
    pub(super) layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Debug)]
pub(super) struct Layer {
    /// Of the blob, as it is transferred.
    pub(super) digest: Digest,
    pub(super) media_type: String,
    /// Of the tar file in it.
    pub(super) diff_id: String,
    /// What made it, by the image's history.
    pub(super) made_by: String,
}

fn config_of(manifest: &Value) -> anyhow::Result<Digest> {
    let descriptor = Descriptor::deserialize(&manifest["config"]).context("no image manifest")?;
    descriptor.digest()
}

impl Image {
    fn read(store: &Store, platform: &Platform, digest: &Digest) -> anyhow::Result<Self> {
        let manifest = store.json(digest)?;
        let config = store.json(&config_of(&manifest)?)?;
        let layers: Vec<Descriptor> = serde_json::from_value(manifest["layers"].clone())
            .with_context(|| format!("{digest}: no image manifest"))?;
        let diff_ids: Vec<String> = serde_json::from_value(config["rootfs"]["diff_ids"].clone())
            .with_context(|| format!("{digest}: no config of an image"))?;
        ensure!(
            layers.len() == diff_ids.len(),
            "{digest}: {} layers, and {} in the config",
            layers.len(),
            diff_ids.len()
        );
        let history = config["history"].as_array().into_iter().flatten();
        let mut made_by = history
            .filter(|entry| entry["empty_layer"] != true)
            .map(|entry| entry["created_by"].as_str().unwrap_or_default());
        let layers = layers.iter().zip(diff_ids).map(|(layer, diff_id)| {
            Ok(Layer {
                digest: layer.digest()?,
                media_type: layer.media_type.clone(),
                diff_id,
                made_by: made_by.next().unwrap_or_default().to_owned(),
            })
        });
        Ok(Self {
            platform: platform.clone(),
            digest: digest.clone(),
            layers: layers.collect::<anyhow::Result<_>>()?,
            manifest,
            config,
        })
    }

    /// The attributes of an exporter that writes layers and manifests of the same kind.
    pub(crate) fn export_attributes(&self) -> String {
        // Layers of the base keep their kind. The last one is of the build.
        let last = self.layers.last().map_or("", |layer| &layer.media_type);
        let compression = match last {
            kind if kind.ends_with("+zstd") => "zstd",
            kind if kind.ends_with("gzip") => "gzip",
            kind if kind.ends_with(".tar") => "uncompressed",
            _ => "gzip",
        };
        let mut attributes = format!(",compression={compression}");
        let kind = self.manifest["mediaType"].as_str().unwrap_or_default();
        if kind.starts_with("application/vnd.docker.") {
            attributes += ",oci-mediatypes=false";
        }
        attributes
    }
}
