//! A plan as LLB: every step an exec with exactly its inputs mounted.
//!
//! One kind of step a file: `resolve`, `compile`, `link`, `image`; `batch` is what runs beside them,
//! `results` and `results_image` what travels to other builders.
//! What they share: `paths` (where things are in a container), `sources` (what is in `/src`),
//! `step_files` (what the programs read about a step), `description` (what a step's results are
//! known by), `stamp` (what links have of git), `secret`, `compiler_env`, and `progress` (the rows that people
//! see).

mod batch;
mod compile;
mod compiler_env;
mod description;
mod failures;
mod image;
mod layers;
mod link;
mod options;
mod paths;
mod progress;
mod resolve;
mod results;
mod results_image;
mod secret;
mod sources;
mod stamp;
mod step_files;

pub(super) use layers::layer_history;
pub use options::{GOLANG_PATH, LlbInputs, LlbOptions, MODULES_CONTEXT, NoCache, RESULTS_CONTEXT};
pub use paths::MODULES;
pub(super) use paths::{MODCACHE, SRC, source_dir};
pub use results::MadeResults;
pub use results_image::{RESULTS_VERSION, ResultsImage, ResultsLayers};
pub use secret::Secret;

use std::collections::BTreeMap;

use crate::config::ImageName;
use crate::ops::exec::{Exec, Mount, Sharing};
use crate::ops::{OpError, Output};
use crate::plan::{BuildIx, Plan, Step, StepIx, StepKind};
use paths::CACHE_MOUNT;
use step_files::StepFiles;

/// A plan being lowered. Equal steps come out as one op, however often they are asked for.
#[derive(Debug, Clone)]
pub struct Lowering<'a> {
    plan: &'a Plan,
    inputs: &'a LlbInputs,
    options: LlbOptions<'a>,
    /// Compile results and binaries by step.
    made: BTreeMap<StepIx, Output>,
    /// What the programs read about the steps of a build.
    step_files: BTreeMap<BuildIx, StepFiles>,
    /// Results of another builder.
    results_image: Option<ResultsImage>,
    /// What images have in [`LICENSES_DIR`](crate::lower::LICENSES_DIR), by image.
    licenses: BTreeMap<ImageName, Output>,
}

impl<'a> Lowering<'a> {
    /// Starts to lower `plan`.
    pub fn new(plan: &'a Plan, inputs: &'a LlbInputs, options: LlbOptions<'a>) -> Self {
        Self {
            plan,
            inputs,
            options,
            made: BTreeMap::new(),
            step_files: BTreeMap::new(),
            results_image: None,
            licenses: BTreeMap::new(),
        }
    }

    /// The plan that is lowered.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// What a step makes: compile results, a directory for each part; or for a link a directory
    /// with the binary.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn step(&mut self, ix: StepIx) -> Result<Output, OpError> {
        if let Some(output) = self.made.get(&ix) {
            return Ok(output.clone());
        }
        let step = self.plan.step(ix);
        let output = match &step.kind {
            StepKind::Resolve(_) => self.resolve(step.build)?,
            StepKind::Std(_) | StepKind::Deps(_) | StepKind::Unit(_) => self.compile(step)?,
            StepKind::Link(link) => self.link(step, link)?,
        };
        self.made.insert(ix, output.clone());
        Ok(output)
    }

    /// The compile steps and links that were lowered, with what they make.
    pub fn lowered(&self) -> impl Iterator<Item = (StepIx, &Output)> {
        self.made.iter().map(|(ix, output)| (*ix, output))
    }

    /// What every exec gets, whatever it does. BuildKit leaves the names of cache mounts out of a
    /// step's key (solver/llbsolver/ops, `ExecOp.CacheMap`): without a word of its own, a namespace
    /// would be handed the layers that another one's mounts were made into.
    pub(super) fn decorate(&self, exec: Exec, step: Option<&Step>) -> Exec {
        let exec = match self.options.cache_namespace {
            "" => exec,
            namespace => exec.env("GOWORK_CACHE_NAMESPACE", namespace),
        };
        let exec = (self.options.decorate_exec)(exec.platform(self.inputs.build_platform.clone()));
        exec.ignore_cache(self.ignores_cache(step))
    }

    fn ignores_cache(&self, step: Option<&Step>) -> bool {
        match (self.options.no_cache, step.map(|step| &step.kind)) {
            (NoCache::Everything, _) => true,
            (NoCache::Images(names), Some(StepKind::Link(_))) => {
                let mut images = self.plan.images.iter().filter(|image| {
                    let mut links = image.links();
                    links.any(|link| step == self.plan.steps.get(link.0))
                });
                images.any(|image| {
                    names
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(&image.name))
                })
            }
            _ => false,
        }
    }

    /// The cache mount with compile results.
    pub(super) fn cache_mount(&self) -> Mount {
        self.shared_cache("gowork-results", CACHE_MOUNT)
    }

    /// A cache mount that any number of steps use at once, of all builds with the same namespace.
    pub(super) fn shared_cache(&self, name: &str, dest: &str) -> Mount {
        let id = match self.options.cache_namespace {
            "" => name.to_owned(),
            namespace => format!("{namespace}/{name}"),
        };
        Mount::cache(id, dest, Sharing::Shared)
    }

    pub(super) fn title(&self, words: &str) -> String {
        format!("{}{words}", self.options.prefix)
    }
}
