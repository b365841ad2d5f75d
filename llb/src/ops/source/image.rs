//! Images from registries.

use super::super::caps;
use super::super::digest::Digest;
use super::super::meta::Meta;
use super::super::output::Output;
use super::super::platform::Platform;
use super::super::reference::Reference;
use super::Source;

/// How to look an image up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveMode {
    /// As the daemon likes.
    Default,
    /// Always ask the registry.
    Pull,
    /// A local image first.
    Local,
}

impl ResolveMode {
    /// The wire word: `default`, `pull`, `local`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Pull => "pull",
            Self::Local => "local",
        }
    }
}

/// An image from a registry, as a file system. Its configuration (environment, user) is not part of
/// it.
#[derive(Debug, Clone)]
pub struct Image {
    source: Source,
    platform: Option<Platform>,
    meta: Meta,
}

meta_builders!(Image);

impl Image {
    /// The image `reference`.
    pub fn new(reference: &Reference) -> Self {
        let source = Source::new(format!("docker-image://{reference}"), caps::SOURCE_IMAGE);
        Self {
            source,
            platform: None,
            meta: Meta::default(),
        }
    }

    /// Which of its platforms; without, the daemon's own.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// How to look it up. [`ResolveMode::Default`] is written as nothing.
    #[must_use]
    pub fn resolve_mode(mut self, mode: ResolveMode) -> Self {
        let value = if mode == ResolveMode::Default {
            ""
        } else {
            mode.as_str()
        };
        let cap = (mode == ResolveMode::Pull).then_some(caps::SOURCE_IMAGE_RESOLVE_MODE);
        self.source.set("image.resolvemode", value, cap);
        self
    }

    /// The manifest digest it must have, for references that are not pinned. Since BuildKit v0.25.
    #[must_use]
    pub fn checksum(mut self, digest: &Digest) -> Self {
        self.source.set(
            "image.checksum",
            digest.as_str(),
            Some(caps::SOURCE_IMAGE_CHECKSUM),
        );
        self
    }

    /// Only the first `layers` layers.
    #[must_use]
    pub fn layer_limit(mut self, layers: u32) -> Self {
        self.source.set(
            "image.layerlimit",
            layers.to_string(),
            Some(caps::SOURCE_IMAGE_LAYER_LIMIT),
        );
        self
    }

    /// Keeps it out of the list of images that a user sees (`image.recordtype`: `internal`).
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.source.set("image.recordtype", "internal", None);
        self
    }

    /// The file system.
    pub fn output(self) -> Output {
        self.source.output(&self.meta, self.platform)
    }
}
