//! Images of registries: looked up, and pinned to their digests.

use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::source::Image;
use gowork_llb::ops::{Digest, Output, Platform, Reference};
use serde_json::Value;

use crate::error::BuildError;
use crate::gateway::{Gateway, ImageQuery, ResolvedImage};
use crate::opts::Options;

/// The name that stands for the empty filesystem.
pub(super) const SCRATCH: &str = "scratch";

/// A filesystem to build on or to run steps in: an image, or a context in place of one.
#[derive(Debug, Clone)]
pub struct BaseImage {
    /// The filesystem, for the platform asked for.
    pub output: Output,
    /// The config as the registry has it, JSON. `scratch`, and contexts that are not images, have
    /// none.
    pub config: Option<Vec<u8>>,
    /// The digest it is pinned to, if it has one.
    pub digest: Option<String>,
    /// The image, if it is one of a registry and has layers.
    pub image: Option<Image>,
}

impl BaseImage {
    /// A filesystem that is not an image.
    pub(super) fn plain(output: Output) -> Self {
        Self {
            output,
            config: None,
            digest: None,
            image: None,
        }
    }
}

/// An image to look up.
pub(super) struct Lookup<'a> {
    pub(super) reference: &'a Reference,
    pub(super) platform: &'a Platform,
    /// What the progress output calls the lookup.
    pub(super) log_name: &'a str,
    /// What the progress output calls the image.
    pub(super) shown: &'a str,
}

impl Lookup<'_> {
    /// The image, pinned to its digest if it has one.
    pub(super) async fn image(
        &self,
        gateway: &dyn Gateway,
        options: &Options,
    ) -> Result<BaseImage, BuildError> {
        let reference = self.reference;
        let mode = options.image_resolve_mode;
        let query = ImageQuery {
            reference: reference.to_string(),
            platform: Some(self.platform.clone()),
            resolve_mode: mode.as_str().to_owned(),
            log_name: self.log_name.to_owned(),
            oci_layout: None,
        };
        let found = gateway.resolve_image(query).await.map_err(|error| {
            // The daemon leads with the reference in its long form. People know the short one.
            let error = error.without_lead(&format!("{reference}: "));
            error.context(&format!("image {}", reference.familiar()))
        })?;
        let image = Image::new(&pinned(&found, reference)?)
            .platform(self.platform.clone())
            .resolve_mode(mode)
            .named(self.shown);
        let image = (!is_empty(&found.config)).then_some(image);
        Ok(BaseImage {
            output: image.clone().map_or_else(Output::scratch, Image::output),
            config: Some(found.config),
            digest: found.digest,
            image,
        })
    }
}

/// The reference to build from: what the daemon answered (a policy may have changed it), pinned to
/// the digest.
fn pinned(found: &ResolvedImage, asked: &Reference) -> Result<Reference, BuildError> {
    let unusable = |problem: String| {
        Diagnostic::error(format!(
            "image {}: BuildKit answered {problem}",
            asked.familiar()
        ))
    };
    let reference =
        Reference::parse(&found.reference).map_err(|error| unusable(error.to_string()))?;
    let Some(digest) = &found.digest else {
        return Ok(reference);
    };
    let digest = Digest::parse(digest).map_err(|error| unusable(error.to_string()))?;
    Ok(reference.pinned(&digest))
}

/// Whether an image has no layers: such a one cannot be mounted.
fn is_empty(config: &[u8]) -> bool {
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    config
        .pointer("/rootfs/diff_ids")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
}
