//! What a results image says of its layers, and which of them a batch has fetched.
//!
//! BuildKit fetches an image's layers from the lowest one up to a limit. So those that an edit of
//! the repository is likely to need come first: your own packages, then third-party ones, then std.

use gowork_step::Version;
use serde::{Deserialize, Serialize};

use crate::image::ImageConfig;
use crate::ops::Output;
use crate::ops::source::Image;
use crate::plan::{Step, StepKind};

/// Version of [`ResultsLayers`].
pub const RESULTS_VERSION: u32 = 1;

/// The label of a results image that has its [`ResultsLayers`], as JSON.
pub(super) const LABEL: &str = "gowork.results";

/// How many layers of a results image have what, from the lowest one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultsLayers {
    /// Version of this form.
    version: Version<RESULTS_VERSION>,
    /// Layers with packages of the repository.
    own: u32,
    /// Then, layers with third-party packages.
    third_party: u32,
    /// Then, layers with packages of std.
    std: u32,
}

impl ResultsLayers {
    /// The count that the layer of a step belongs to.
    pub(super) fn count_of(&mut self, step: &Step) -> &mut u32 {
        match step.kind {
            StepKind::Std(_) => &mut self.std,
            StepKind::Deps(_) => &mut self.third_party,
            StepKind::Unit(_) | StepKind::Link(_) | StepKind::Resolve(_) => &mut self.own,
        }
    }

    fn total(self) -> Option<u32> {
        self.own
            .checked_add(self.third_party)?
            .checked_add(self.std)
    }

    /// The layers that may have results of these steps.
    fn limit<'s>(self, mut steps: impl Iterator<Item = &'s Step> + Clone) -> Option<u32> {
        if steps
            .clone()
            .any(|step| matches!(step.kind, StepKind::Std(_)))
        {
            self.total()
        } else if steps.any(|step| matches!(step.kind, StepKind::Deps(_))) {
            self.own.checked_add(self.third_party)
        } else {
            Some(self.own)
        }
    }
}

/// A results image that a batch reads.
#[derive(Debug, Clone)]
pub struct ResultsImage {
    whole: Output,
    /// The image, if its layers are known.
    layered: Option<(Image, ResultsLayers)>,
}

impl ResultsImage {
    /// The file system `whole`. If it is an image of a registry, `image` is that and `config` its
    /// config: then only the layers that a build needs are fetched.
    pub fn new(whole: Output, image: Option<Image>, config: Option<&[u8]>) -> Self {
        Self {
            layered: image.zip(config.and_then(layers_of)),
            whole,
        }
    }

    /// The part of it that may have results of these steps.
    pub(super) fn for_steps<'s>(&self, steps: impl Iterator<Item = &'s Step> + Clone) -> Output {
        let limited = self.layered.as_ref().and_then(|(image, layers)| {
            let limit = layers.limit(steps)?;
            Some(image.clone().layer_limit(limit.max(1)).output())
        });
        limited.unwrap_or_else(|| self.whole.clone())
    }
}

/// The layers that a config's label lists. Returns `None` if it has none, one of another version,
/// or one that does not fit the image.
fn layers_of(config: &[u8]) -> Option<ResultsLayers> {
    let config = ImageConfig::from_json(config).ok()?;
    let layers: ResultsLayers = serde_json::from_str(config.config.labels.get(LABEL)?).ok()?;
    let has = config.rootfs?.get("diff_ids")?.as_array()?.len();
    (layers.total().and_then(|total| usize::try_from(total).ok()) == Some(has)).then_some(layers)
}
