//! The labels of an image, those of `oci_labels` among them, and the annotations of its manifest.

use std::collections::BTreeMap;

use crate::config::{OciLabel, RuntimeConfig, SCRATCH};
use crate::ops::Reference;
use crate::plan::Image;

/// What the build, not the plan, says about labels.
#[derive(Debug, Clone, Copy)]
pub struct LabelInput<'a> {
    /// Labels of the command line, which override those of the configuration.
    pub given: &'a BTreeMap<String, String>,
    /// The digest of the image that it is built upon, if it is known.
    pub base_digest: Option<&'a str>,
    /// The time that the user gave the build, RFC 3339. It takes the place of the commit's.
    pub time: Option<&'a str>,
}

/// The labels that the configuration says for an image, without those of its base.
pub(super) fn labels_of(
    name: &str,
    runtime: &RuntimeConfig,
    digest: Option<&str>,
    time: Option<&str>,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    if let Some(of_commit) = &runtime.oci_labels {
        let mut set = |label: OciLabel, value: String| {
            labels.insert(label.name().to_owned(), value);
        };
        set(OciLabel::Title, name.to_owned());
        if let Some((base, pinned)) = base(runtime) {
            set(OciLabel::BaseName, base);
            if let Some(digest) = pinned.as_deref().or(digest) {
                set(OciLabel::BaseDigest, digest.to_owned());
            }
        }
        labels.extend(of_commit.clone());
        if let Some(time) = time {
            labels.insert(OciLabel::Created.name().to_owned(), time.to_owned());
        }
    }
    labels.extend(runtime.labels.clone());
    labels
}

/// The image that it is built upon, complete but for the digest, and the digest if one is written.
/// Returns `None` for scratch and for stages.
fn base(runtime: &RuntimeConfig) -> Option<(String, Option<String>)> {
    let base = &runtime.base.value;
    if base == SCRATCH || runtime.base_stage().is_some() {
        return None;
    }
    let reference = Reference::parse(base).ok()?;
    let name = reference.tag().map_or_else(
        || reference.name(),
        |tag| format!("{}:{tag}", reference.name()),
    );
    Some((name, reference.digest().map(ToString::to_string)))
}

/// The labels of an image, without those that it has of its base.
pub(super) fn labels(image: &Image, input: LabelInput<'_>) -> BTreeMap<String, String> {
    let mut labels = labels_of(&image.name, &image.runtime, input.base_digest, input.time);
    labels.extend(input.given.clone());
    labels
}

/// Whether a label of the base speaks of the base, and not of what is built upon it.
pub(super) fn is_of_base(runtime: &RuntimeConfig, label: &str) -> bool {
    let is_known = OciLabel::ALL.iter().any(|known| known.name() == label);
    runtime.oci_labels.is_some() && is_known
}

/// The annotations of an image's manifest: with `oci_labels`, its labels of the specification are
/// among them.
pub fn annotations(image: &Image, input: LabelInput<'_>) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    if image.runtime.oci_labels.is_some() {
        annotations = labels(image, input);
        annotations.retain(|name, _| is_of_base(&image.runtime, name));
    }
    annotations.extend(image.runtime.annotations.clone());
    annotations
}
