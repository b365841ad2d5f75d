//! Metadata that any op may have, without effect on its digest: name, cache wishes, progress group,
//! source locations.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_proto::pb;

use super::sourcemap::Location;

/// The description key whose value the progress output shows as the op's name.
const CUSTOM_NAME: &str = "llb.customname";

/// Ops of one group are shown as one line of progress, cached iff all of them are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressGroup {
    /// Who belongs together; never reuse one for unrelated ops of a build.
    pub id: String,
    /// What the line says.
    pub name: String,
    /// A group stays hidden while only weak members run.
    pub weak: bool,
}

/// The metadata of one op under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct Meta {
    pub(super) ignore_cache: bool,
    pub(super) description: BTreeMap<String, String>,
    pub(super) export_cache: Option<bool>,
    pub(super) progress_group: Option<ProgressGroup>,
    pub(super) locations: Vec<Location>,
}

impl Meta {
    /// Records `key`; an empty value would be lost on the wire, so it removes the key.
    pub(super) fn describe(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let (key, value) = (key.into(), value.into());
        if value.is_empty() {
            self.description.remove(&key);
        } else {
            self.description.insert(key, value);
        }
    }

    pub(super) fn name(&mut self, name: impl Into<String>) {
        self.describe(CUSTOM_NAME, name);
    }

    /// The name given, if any.
    pub(super) fn custom_name(&self) -> Option<&str> {
        self.description.get(CUSTOM_NAME).map(String::as_str)
    }

    /// The wire form, with the capabilities the op needs.
    pub(super) fn to_pb(&self, caps: &BTreeSet<&'static str>) -> pb::OpMetadata {
        pb::OpMetadata {
            ignore_cache: self.ignore_cache,
            description: self.description.clone(),
            export_cache: self.export_cache.map(|value| pb::ExportCache { value }),
            caps: caps.iter().map(|cap| ((*cap).to_owned(), true)).collect(),
            progress_group: self.progress_group.as_ref().map(|group| pb::ProgressGroup {
                id: group.id.clone(),
                name: group.name.clone(),
                weak: group.weak,
            }),
        }
    }
}

/// The name that `metadata` gives its op, if any.
pub(super) fn custom_name(metadata: &pb::OpMetadata) -> Option<&str> {
    metadata.description.get(CUSTOM_NAME).map(String::as_str)
}

/// Adds `other` to `metadata`, the later word winning: two equal ops are one vertex with both
/// descriptions.
pub(super) fn merge(metadata: &mut pb::OpMetadata, other: &pb::OpMetadata) {
    metadata.ignore_cache |= other.ignore_cache;
    metadata.description.extend(other.description.clone());
    metadata
        .caps
        .extend(other.caps.keys().map(|cap| (cap.clone(), true)));
    if other.export_cache.is_some() {
        metadata.export_cache = other.export_cache;
    }
    if other.progress_group.is_some() {
        metadata.progress_group.clone_from(&other.progress_group);
    }
}

/// The builder methods every op has; expects a field `meta: Meta`.
macro_rules! meta_builders {
    ($builder:ident) => {
        impl $builder {
            /// The name shown in progress and errors. Not part of the digest.
            #[must_use]
            pub fn named(mut self, name: impl Into<String>) -> Self {
                self.meta.name(name);
                self
            }

            /// One more key of the op's description, such as `com.docker.dockerfile.v1.command`.
            /// Not part of the digest.
            #[must_use]
            pub fn described(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
                self.meta.describe(key, value);
                self
            }

            /// Whether to run although a cached result exists.
            #[must_use]
            pub fn ignore_cache(mut self, ignore: bool) -> Self {
                self.meta.ignore_cache = ignore;
                self
            }

            /// Whether to export the result with the cache, against the build's own setting.
            #[must_use]
            pub fn export_cache(mut self, export: bool) -> Self {
                self.meta.export_cache = Some(export);
                self
            }

            /// Shows the op as part of `group`'s line.
            #[must_use]
            pub fn progress_group(mut self, group: $crate::ops::ProgressGroup) -> Self {
                self.meta.progress_group = Some(group);
                self
            }

            /// The lines of a file that errors of this op point at. Several add up.
            #[must_use]
            pub fn location(mut self, location: $crate::ops::Location) -> Self {
                self.meta.locations.push(location);
                self
            }
        }
    };
}
