//! Descriptors, by which documents of the OCI image specification name each other.

use std::collections::BTreeMap;

use gowork_llb::ops::{Digest, Platform};
use serde::Deserialize;

/// Names a document.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) platform: Option<PlatformJson>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PlatformJson {
    os: String,
    architecture: String,
    variant: String,
}

impl PlatformJson {
    pub(super) fn platform(&self) -> Platform {
        Platform::new(&self.os, &self.architecture).with_variant(&self.variant)
    }
}

impl Descriptor {
    pub(super) fn digest(&self) -> anyhow::Result<Digest> {
        Ok(Digest::parse(&self.digest)?)
    }
}
