//! What the reader of a printed Dockerfile decides.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{ImageName, OverlayConfig};
use crate::tree::TreePath;

/// Where modules and compile results are kept between builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CacheForm {
    /// In the layer of the deps stage: they travel with a registry cache.
    #[default]
    Layer,
    /// In cache mounts: they stay on the builder, and own packages are kept as well.
    Mount,
}

/// What the reader of the Dockerfile decides.
#[derive(Debug, Clone, Default)]
pub struct DockerfileOptions {
    /// Where modules and compile results are kept.
    pub cache: CacheForm,
    /// Build-args that stay open, with their defaults. Their uses in the configuration are filled
    /// with [`open_arg`](super::open_arg).
    pub args: BTreeMap<String, Option<String>>,
    /// Images that are missing, since they cannot be built.
    pub without: BTreeSet<ImageName>,
    /// What is laid over the repository, from contexts that a build is given.
    pub overlays: Vec<OverlayConfig>,
    /// Named contexts that have modules of the repository.
    pub contexts: Vec<ModuleContext>,
    /// What `go mod edit` and `go work edit` change in mod files, so that they name the directories of
    /// these contexts: flags, by file.
    pub edits: BTreeMap<TreePath, Vec<String>>,
}

/// A named context that has modules of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleContext {
    /// Its name.
    pub name: String,
    /// Where it is for a build: a directory, as `--build-context` names it.
    pub place: String,
    /// The directory of the repository that it is laid at.
    pub dir: TreePath,
}
