//! The result of a build: refs and metadata, by platform or not.
//!
//! Owns the keys and the choice between the two shapes, which exporters are strict about: one image
//! has a plain ref and plain keys, several have a map of refs and keys ending in `/PLATFORM`.
//! dockerd with its graphdriver store loses the config of any mixture.

use std::collections::{BTreeMap, HashMap};

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::ops::Platform;
use serde::{Deserialize, Serialize};

use crate::gateway::Ref;

/// The key of an image's config in the metadata of a result.
pub(crate) const CONFIG: &str = "containerimage.config";
/// The key of the config of the image that it is built upon.
pub(crate) const BASE_CONFIG: &str = "containerimage.base.config";
/// Prefix of annotations (exporter/containerimage/exptypes, annotations.go).
const ANNOTATION: &str = "annotation.";
const PLATFORMS: &str = "refs.platforms";
const EPOCH: &str = "source.date.epoch";

/// The result for one platform.
#[derive(Debug, Clone, Default)]
pub struct ImageResult {
    /// The filesystem.
    pub reference: Ref,
    /// The image config, JSON. Files for the client have none.
    pub config: Option<Vec<u8>>,
    /// The base image's config as it came from the registry: keeps its history as it is.
    pub base_config: Option<Vec<u8>>,
    /// Annotations of its manifest.
    pub annotations: BTreeMap<String, String>,
    /// What is said about it.
    pub attestations: Vec<Attestation>,
}

/// Something that is said about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attestation {
    /// The predicate, JSON, in a file. The exporter says what it is about.
    Predicate {
        /// The filesystem that has the file.
        reference: Ref,
        /// The file's name: exporters to directories keep it.
        path: String,
        /// What it is: a URL.
        kind: String,
    },
    /// All files of a filesystem, each an in-toto statement without a subject.
    Statements {
        /// The filesystem.
        reference: Ref,
    },
}

impl Attestation {
    fn into_proto(self) -> proto::Attestation {
        let reference = |reference: Ref| proto::Ref {
            id: reference.0,
            def: None,
        };
        match self {
            Self::Predicate {
                reference: file,
                path,
                kind,
            } => proto::Attestation {
                kind: proto::AttestationKind::InToto.into(),
                r#ref: Some(reference(file)),
                path,
                in_toto_predicate_type: kind,
                ..proto::Attestation::default()
            },
            Self::Statements { reference: files } => proto::Attestation {
                kind: proto::AttestationKind::Bundle.into(),
                r#ref: Some(reference(files)),
                ..proto::Attestation::default()
            },
        }
    }
}

/// Adds attestations to those of a platform of a result.
pub fn attest(result: &mut proto::Result, platform: &Platform, attestations: Vec<Attestation>) {
    if attestations.is_empty() {
        return;
    }
    let known = result.attestations.entry(platform.to_string()).or_default();
    let all = attestations.into_iter().map(Attestation::into_proto);
    known.attestation.extend(all);
}

/// The platforms of a result.
pub fn platforms(result: &proto::Result) -> Vec<Platform> {
    let json = result.metadata.get(PLATFORMS).map(Vec::as_slice);
    let read: Option<PlatformsJson> = json.and_then(|json| serde_json::from_slice(json).ok());
    let platforms = read.map(|read| read.platforms).unwrap_or_default();
    let platforms = platforms.into_iter().map(|platform| platform.platform);
    platforms.collect()
}

/// The result of a build.
#[derive(Debug, Clone, Default)]
pub struct BuildResult {
    /// What was built, by platform; at least one.
    pub images: BTreeMap<Platform, ImageResult>,
    /// Whether it goes by platform even if there is only one.
    pub multi_platform: bool,
    /// The time for the exporters, seconds since 1970.
    pub source_date_epoch: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlatformsJson {
    platforms: Vec<PlatformJson>,
}

#[derive(Serialize, Deserialize)]
struct PlatformJson {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Platform")]
    platform: Platform,
}

impl BuildResult {
    /// The message for the daemon.
    pub fn into_proto(self) -> proto::Result {
        let by_platform = self.multi_platform || self.images.len() > 1;
        let mut metadata = HashMap::from([(PLATFORMS.to_owned(), platforms_json(&self.images))]);
        if let Some(seconds) = self.source_date_epoch {
            metadata.insert(EPOCH.to_owned(), seconds.to_string().into_bytes());
        }
        let mut refs = HashMap::new();
        let mut attested = proto::Result::default();
        for (platform, image) in self.images {
            attest(&mut attested, &platform, image.attestations);
            // They are the same on every platform.
            for (name, value) in image.annotations {
                metadata.insert(format!("{ANNOTATION}{name}"), value.into_bytes());
            }
            let id = platform.to_string();
            let suffix = if by_platform {
                format!("/{id}")
            } else {
                String::new()
            };
            if let Some(config) = image.config {
                metadata.insert(format!("{CONFIG}{suffix}"), config);
            }
            if let Some(config) = image.base_config {
                metadata.insert(format!("{BASE_CONFIG}{suffix}"), config);
            }
            let reference = proto::Ref {
                id: image.reference.0,
                def: None,
            };
            refs.insert(id, reference);
        }
        let result = if by_platform {
            proto::result::Result::Refs(proto::RefMap { refs })
        } else {
            proto::result::Result::Ref(refs.into_values().next().unwrap_or_default())
        };
        proto::Result {
            metadata,
            result: Some(result),
            ..attested
        }
    }
}

/// Which image is for which platform, JSON.
fn platforms_json(images: &BTreeMap<Platform, ImageResult>) -> Vec<u8> {
    let platforms = images
        .keys()
        .map(|platform| PlatformJson {
            id: platform.to_string(),
            platform: platform.clone(),
        })
        .collect();
    serde_json::to_vec(&PlatformsJson { platforms }).unwrap_or_default()
}

/// A result of metadata only, as calls give: no filesystem.
pub fn metadata_only(metadata: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> proto::Result {
    let metadata = metadata
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    proto::Result {
        metadata,
        ..proto::Result::default()
    }
}
