//! Images from OCI layouts that the client shares.

use super::super::caps;
use super::super::meta::Meta;
use super::super::output::Output;
use super::super::platform::Platform;
use super::super::reference::Reference;
use super::Source;

/// An image from an OCI layout that the client shares. dockerd with its graph drivers has none of
/// these.
#[derive(Debug, Clone)]
pub struct OciLayout {
    source: Source,
    platform: Option<Platform>,
    meta: Meta,
}

meta_builders!(OciLayout);

impl OciLayout {
    /// The image `reference`, which must be pinned to a digest; its name only serves to be shown.
    pub fn new(reference: &Reference) -> Self {
        let source = Source::new(format!("oci-layout://{reference}"), caps::SOURCE_OCI_LAYOUT);
        Self {
            source,
            platform: None,
            meta: Meta::default(),
        }
    }

    /// The session that shares the layout.
    #[must_use]
    pub fn session(mut self, id: &str) -> Self {
        self.source.set("oci.session", id, None);
        self
    }

    /// The name under which it does.
    #[must_use]
    pub fn store(mut self, id: &str) -> Self {
        self.source.set("oci.store", id, None);
        self
    }

    /// Only the first `layers` layers.
    #[must_use]
    pub fn layer_limit(mut self, layers: u32) -> Self {
        self.source.set("oci.layerlimit", layers.to_string(), None);
        self
    }

    /// Which of its platforms; without, the daemon's own.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// The file system.
    pub fn output(self) -> Output {
        self.source.output(&self.meta, self.platform)
    }
}
