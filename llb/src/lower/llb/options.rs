//! What a plan is lowered with: the images and files that steps are fed with, and how they are run.

use std::collections::{BTreeMap, BTreeSet};

use gowork_step::Checkout;

use crate::config::RuntimeConfig;
use crate::lower::accounts::Accounts;
use crate::ops::exec::{Exec, Network};
use crate::ops::source::Image;
use crate::ops::{Output, Platform, Reference, ReferenceError};
use crate::plan::Plan;

/// What the steps are fed with.
#[derive(Debug, Clone)]
pub struct LlbInputs {
    /// The build context, with at least [`Outline::tree_paths`](crate::plan::Outline::tree_paths)
    /// and what [`Outline::file_patterns`](crate::plan::Outline::file_patterns) match in it.
    pub context: Output,
    /// The builder image.
    pub builder: Output,
    /// The digest of the builder image, which says what is in it. None of one that is made in this
    /// very build: then steps are not known by what they are made of.
    pub builder_digest: Option<String>,
    /// Environment of the builder image. Steps get PATH, and with cgo what is about C compilers.
    pub builder_env: BTreeMap<String, String>,
    /// The image with the programs `gowork-frontend` and `gowork-cache` at its root.
    pub programs: Output,
    /// What the steps run on.
    pub build_platform: Platform,
    /// Base images by reference, for the plan's platform.
    pub bases: BTreeMap<String, Output>,
    /// Stages and named contexts that images take from, by name, for the plan's platform.
    pub stages: BTreeMap<String, Output>,
    /// What is in /etc/passwd and /etc/group of the bases of images that users are added to, by what
    /// the configuration calls the base.
    pub accounts: BTreeMap<String, Accounts>,
    /// Go modules that the user has in a directory: files as a proxy serves them, or a module cache.
    pub modules: Option<Output>,
    /// What git says of the commit that is built, for programs with `buildvcs = true`. Without it
    /// they are made as `go build` makes them outside of a checkout.
    pub checkout: Option<Checkout>,
}

/// What the user may say about how steps are run, without a change to what they make.
#[derive(Clone, Copy)]
pub struct LlbOptions<'a> {
    /// Steps to run although their results are cached.
    pub no_cache: &'a NoCache,
    /// Put before the names of cache mounts, with a `/` between, as docker/dockerfile does
    /// (`BUILDKIT_CACHE_MOUNT_NS`). Builds with other names share nothing: no cache mount, and no
    /// layer of a step. Nothing is put before them if it is empty.
    pub cache_namespace: &'a str,
    /// Put before every step's name: `[linux/arm64] `, or nothing.
    pub prefix: &'a str,
    /// Adds to every exec what the user asked for: proxies, hosts, limits.
    pub decorate_exec: &'a dyn Fn(Exec) -> Exec,
    /// Network of the resolve step; others have none.
    pub network: Network,
    /// Times of the files that go into images, in seconds since 1970.
    pub epoch: i64,
    /// Whether layers are made apart and merged (MergeOp), as far as the daemon can: a layer's
    /// bytes then depend on nothing below it.
    pub merge: bool,
}

impl LlbInputs {
    /// Inputs for a plan whose images start from scratch. The builder image is the plan's, as the
    /// registry has it, and is taken to have the PATH of the golang images. If the plan's builder is
    /// a stage, set [`Self::builder`].
    ///
    /// `context` is the build context, `programs` the image of the frontend.
    ///
    /// # Errors
    /// If the plan's builder image has no valid name.
    pub fn new(
        plan: &Plan,
        context: Output,
        programs: Output,
        build_platform: Platform,
    ) -> Result<Self, ReferenceError> {
        let stage = plan.builder.stage();
        let builder = Reference::parse(stage.unwrap_or(&plan.builder.image))?;
        let path = ("PATH".to_owned(), GOLANG_PATH.to_owned());
        Ok(Self {
            context,
            builder: Image::new(&builder)
                .platform(build_platform.clone())
                .output(),
            builder_digest: None,
            builder_env: BTreeMap::from([path]),
            programs,
            build_platform,
            bases: BTreeMap::new(),
            stages: BTreeMap::new(),
            accounts: BTreeMap::new(),
            modules: None,
            checkout: None,
        })
    }

    /// What an image is built upon. Returns `None` for scratch, and for what was not looked up.
    pub fn base(&self, runtime: &RuntimeConfig) -> Option<&Output> {
        match runtime.base_stage() {
            Some(name) => self.stages.get(name),
            None => self.bases.get(&runtime.base.value),
        }
    }
}

/// The named context for [`LlbInputs::modules`].
pub const MODULES_CONTEXT: &str = "gowork-modules";

/// The named context that is a results image, of which a build takes compile results.
pub const RESULTS_CONTEXT: &str = "gowork-results";

/// Where programs are in the golang images.
pub const GOLANG_PATH: &str =
    "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Default for LlbOptions<'_> {
    /// Steps use the cache, the resolve step has the network, files are of 1970, and layers are
    /// merged, which every BuildKit since v0.10 can do.
    fn default() -> Self {
        Self {
            no_cache: &NoCache::Nothing,
            cache_namespace: "",
            prefix: "",
            decorate_exec: &|exec| exec,
            network: Network::Sandbox,
            epoch: 0,
            merge: true,
        }
    }
}

impl std::fmt::Debug for LlbOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LlbOptions")
            .field("no_cache", self.no_cache)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Which steps run although their results are cached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoCache {
    /// None.
    #[default]
    Nothing,
    /// All.
    Everything,
    /// The link steps of these images.
    Images(BTreeSet<String>),
}
