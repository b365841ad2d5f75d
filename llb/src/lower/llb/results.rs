//! The results image: the compile results of all steps, which a build exports to a registry and
//! builds on other builders read.
//!
//! It has a layer for each compile step, and these are what the steps made: an edit changes the
//! layers of the steps whose results it changes, and a registry that has the cache of the same
//! build has them already.

use std::collections::{BTreeMap, BTreeSet};

use gowork_step::part_dir;

use super::Lowering;
use super::results_image::{LABEL, ResultsImage, ResultsLayers};
use crate::config::Cache;
use crate::image::{ImageConfig, ImageConfigError};
use crate::ops::file::{Copy, File, Mkdir};
use crate::ops::{Merge, OpError, Output, Platform};
use crate::plan::{Step, StepIx, StepKind};

/// A results image being made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MadeResults {
    /// Its file system.
    pub output: Output,
    /// What each layer is called, the lowest first.
    titles: Vec<String>,
    layers: ResultsLayers,
}

impl MadeResults {
    /// The image's config, as JSON, with these labels of the build. `created` is its time of
    /// creation, RFC 3339; none leaves it to the exporter.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn config(
        &self,
        platform: &Platform,
        labels: &BTreeMap<String, String>,
        created: Option<String>,
    ) -> Result<Vec<u8>, ImageConfigError> {
        let mut config = ImageConfig::scratch(platform);
        config.created = created;
        for title in &self.titles {
            config.add_history(title.clone(), false);
        }
        config.config.labels.clone_from(labels);
        let layers = serde_json::to_string(&self.layers).unwrap_or_default();
        config.config.labels.insert(LABEL.to_owned(), layers);
        config.to_json()
    }
}

impl Lowering<'_> {
    /// The results image. Returns `None` if no compile step has results that another builder may
    /// use: those that a cache mount may not have are left out.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn results(&mut self) -> Result<Option<MadeResults>, OpError> {
        let mut layers = ResultsLayers::default();
        let (mut outputs, mut titles) = (Vec::new(), Vec::new());
        let mut parts: BTreeMap<String, Output> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for ix in self.exported_steps() {
            let output = self.step(ix)?;
            // Builds may have steps in common.
            if !known.insert(output.clone()) {
                continue;
            }
            let step = self.plan.step(ix);
            outputs.push(self.apart(step, &output, &mut parts));
            titles.push(step.title.clone());
            *layers.count_of(step) += 1;
        }
        if outputs.is_empty() {
            return Ok(None);
        }
        Ok(Some(MadeResults {
            output: self.joined(&outputs),
            titles,
            layers,
        }))
    }

    /// The compile steps whose results may be used on other builders, in the order of their layers.
    fn exported_steps(&self) -> Vec<StepIx> {
        let steps = self.plan.steps.iter().enumerate();
        let mut found: Vec<(u8, StepIx)> = Vec::new();
        for (ix, step) in steps {
            let place = match step.kind {
                StepKind::Unit(_) => 0,
                StepKind::Deps(_) => 1,
                StepKind::Std(_) => 2,
                StepKind::Resolve(_) | StepKind::Link(_) => continue,
            };
            if self.plan.cache_of(step.build) == Cache::Both {
                found.push((place, StepIx(ix)));
            }
        }
        found.sort();
        found.into_iter().map(|(_, ix)| ix).collect()
    }

    /// What a step makes, in a directory of its build's if another build has a part of the same
    /// name.
    fn apart(&self, step: &Step, output: &Output, parts: &mut BTreeMap<String, Output>) -> Output {
        let mut is_taken = false;
        for part in step.kind.parts() {
            let first = parts
                .entry(part_dir(part.named()))
                .or_insert_with(|| output.clone());
            is_taken |= first != output;
        }
        if !is_taken {
            return output.clone();
        }
        let dir = format!("/{}", step.build.0);
        let title = format!("[internal] results of: {}", step.title);
        let epoch = self.options.epoch;
        let copy = Copy::from(output, "/", &dir).contents_only();
        File::on(&Output::scratch())
            .mkdir(Mkdir::new(&dir, 0o755).timestamp(epoch))
            .copy(copy.timestamp(epoch))
            .named(self.title(&title))
            .output()
    }

    /// All of these in one file system, each in a layer of its own.
    fn joined(&self, outputs: &[Output]) -> Output {
        let title = self.title("compile results");
        if self.options.merge {
            return Merge::of(outputs).named(title).output();
        }
        let mut below = Output::scratch();
        for output in outputs {
            let copy = Copy::from(output, "/", "/").contents_only();
            below = File::on(&below).copy(copy).named(title.clone()).output();
        }
        below
    }

    /// Has batches read a results image, or none.
    pub fn read_results(&mut self, image: Option<ResultsImage>) {
        self.results_image = image;
    }

    /// Whether batches read one.
    pub fn has_results(&self) -> bool {
        self.results_image.is_some()
    }

    /// What a batch reads of the results image to make these steps.
    pub(super) fn results_for(&self, steps: &BTreeSet<StepIx>) -> Option<Output> {
        let image = self.results_image.as_ref()?;
        let steps = steps.iter().map(|ix| self.plan.step(*ix));
        Some(image.for_steps(steps))
    }
}
