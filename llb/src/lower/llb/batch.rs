//! Beside the steps: one step that finds out which of them run, and one that compiles and links for
//! all of them at once, into a cache mount where they find the results.
//!
//! Neither belongs to a result or to the key of a step. With them a build waits for one `go build`
//! instead of many; without them it makes the same bytes.

use std::collections::BTreeSet;

use gowork_step::words::{self, DISCARD, MOUNT, WATCH};
use gowork_step::{BATCH, Batch, Description, NAMES, Names, STEP_DIR, Version, to_json};

use super::Lowering;
use super::description::{brings_others, place_in_batch};
use super::paths::{CACHE_MOUNT, CACHE_PROGRAM, LAYERS, OUT, RESULTS_IMAGE, SRC, source_dir};
use super::progress::weak;
use super::step_files::files_of;
use crate::config::ImageName;
use crate::ops::exec::{Exec, Mount};
use crate::ops::{OpError, Output, ProgressGroup};
use crate::plan::{BuildIx, Step, StepIx, StepKind, for_images};
use crate::tree::TreePath;

/// As many steps have to run at least. Fewer cost no more than they do here, where everything is
/// looked at once more. With a results image one compile step is enough, since the image may have
/// most of its packages.
const WORTHWHILE: usize = 4;

impl Lowering<'_> {
    /// What waits until steps of `images`, or of all images of a build, run, and leaves the file
    /// [`RUNNING`](gowork_step::RUNNING) with their positions, for [`Self::batch`]. `round` counts
    /// from 1. What runs is never to be found in the cache, and to ignore the cache would empty the
    /// cache mount: so `attempt` is a text that no earlier attempt had. None where results are not
    /// kept in layers and a mount, and where the steps are not of the kind whose results can be
    /// identified by what they are made of.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn watch(
        &self,
        build: BuildIx,
        images: Option<&[ImageName]>,
        round: u32,
        attempt: &str,
    ) -> Result<Option<Output>, OpError> {
        let steps = self.compiled_and_linked(build, images);
        let described = steps
            .iter()
            .map(|ix| self.describe(self.plan.step(*ix), place_in_batch))
            .collect::<Option<Vec<Description>>>();
        let Some((described, one)) = described.zip(steps.first()) else {
            return Ok(None);
        };
        let names = Names {
            version: Version,
            names: described.into_iter().map(|step| step.name).collect(),
        };
        let words = [
            CACHE_PROGRAM.to_owned(),
            WATCH.to_owned(),
            format!("{STEP_DIR}/{NAMES}"),
            OUT.to_owned(),
        ];
        let title = self.of_build(
            format!("[internal] check which steps need to run ({round})"),
            build,
        );
        let files_title = self.of_build("[internal] names of the steps".to_owned(), build);
        let files = files_of([(NAMES, to_json(&names))]).named(self.title(&files_title));
        let files = files.progress_group(self.hidden(&files_title));
        let exec = Exec::new(words)
            .read_only_root(&self.inputs.builder)
            .cwd("/")
            .env("GOWORK_ATTEMPT", attempt)
            .mount(Mount::read_only(&files.output(), STEP_DIR));
        // What is cached never runs, so this may end with the build, as canceled. It is alone in
        // its row: buildx shows a hidden row if another member of it is looked at after one was
        // canceled.
        let exec = exec.progress_group(self.hidden(&title));
        self.beside(exec, *one, &title, "")
    }

    /// What compiles and links at once all steps that have to run, if those at the positions
    /// `running` do ([`Self::watch`]): them and all that read their results. The results of others
    /// exist. Returns `None` if only a few steps are missing, and where [`Self::watch`] does.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn batch(
        &mut self,
        build: BuildIx,
        images: Option<&[ImageName]>,
        running: &[usize],
    ) -> Result<Option<Output>, OpError> {
        let missing = self.missing(build, images, running);
        let links: Vec<StepIx> = missing
            .iter()
            .copied()
            .filter(|ix| self.is_link(*ix))
            .collect();
        // All share a container, so one that is stamped stands for the others.
        let stamped = links
            .iter()
            .find(|ix| self.stamp(self.plan.step(**ix)).is_some());
        let one = stamped.or(links.first());
        let Some(&one) = one.filter(|_| self.is_worthwhile(&missing)) else {
            return Ok(None);
        };
        let stamp = self.stamp(self.plan.step(one));
        let compiled = self.compiled_or_read(&missing);
        let Some(batch) = self.describe_batch(&links, &compiled) else {
            return Ok(None);
        };
        let title = self.batch_title(build, &links);
        let row = self.group(&format!("batch {}", build.0), &title);
        let of = self.plan.build(build);
        let words = [
            CACHE_PROGRAM,
            words::BATCH,
            &format!("{STEP_DIR}/{BATCH}"),
            OUT,
            LAYERS,
        ]
        .map(ToOwned::to_owned);
        let mut exec = Exec::new(words)
            .read_only_root(&self.inputs.builder)
            .cwd(source_dir(of));
        for (number, step) in compiled.iter().enumerate() {
            if !missing.contains(step) {
                let layer = self.step(*step)?;
                exec = exec.mount(Mount::read_only(&layer, format!("{LAYERS}/{number}")));
            }
        }
        let sources = self.sources_of_all(&missing, self.plan.step(one), &row)?;
        exec = exec.mount(Mount::discarded(&sources, SRC));
        if !of.vendored {
            exec = exec.mount(Self::modules_mount(&self.module_cache(build)?, stamp));
        } else if let Some(mount) = Self::no_modules_mount(stamp) {
            exec = exec.mount(mount);
        }
        let files = files_of([(BATCH, to_json(&batch))])
            .named(self.title(&format!("[internal] description of: {title}")));
        let files = files.progress_group(weak(row.clone())).output();
        exec = exec
            .mount(Mount::read_only(&files, STEP_DIR))
            .progress_group(row);
        let Some(results) = self.results_for(&missing) else {
            return self.beside(exec, one, &title, "");
        };
        exec = exec.mount(Mount::read_only(&results, RESULTS_IMAGE));
        let flag = format!(" {} {RESULTS_IMAGE}", words::RESULTS_IMAGE);
        self.beside(exec, one, &title, &flag)
    }

    fn is_worthwhile(&self, missing: &BTreeSet<StepIx>) -> bool {
        let compiles = || missing.iter().any(|ix| !self.is_link(*ix));
        missing.len() >= WORTHWHILE || (self.results_image.is_some() && compiles())
    }

    /// The steps that a batch makes.
    fn missing(
        &self,
        build: BuildIx,
        images: Option<&[ImageName]>,
        running: &[usize],
    ) -> BTreeSet<StepIx> {
        let steps = self.compiled_and_linked(build, images);
        let mut found = BTreeSet::new();
        for position in running {
            found.extend(steps.get(*position));
        }
        let mut missing = self.above(found.clone(), &steps);
        // A binary that is being linked is of no use to others.
        missing.retain(|ix| !(self.is_link(*ix) && found.contains(ix)));
        missing
    }

    /// The compile steps among `missing`, and those whose results these steps and links read.
    fn compiled_or_read(&self, missing: &BTreeSet<StepIx>) -> Vec<StepIx> {
        let mut found = BTreeSet::new();
        for &ix in missing {
            let results = &self.plan.step(ix).inputs.results;
            found.extend(results.iter().map(|result| result.step));
            if !self.is_link(ix) {
                found.insert(ix);
            }
        }
        found.into_iter().collect()
    }

    fn batch_title(&self, build: BuildIx, links: &[StepIx]) -> String {
        let images = self.plan.images.iter();
        let made = images.filter(|image| image.links().any(|link| links.contains(&link)));
        let names = for_images(made.map(|image| image.name.as_str()));
        self.of_build(format!("compile and link in one batch{names}"), build)
    }

    /// Completes what runs beside the steps, with the settings of `one` of them. `flags` are more
    /// words for the cache program.
    fn beside(
        &self,
        exec: Exec,
        one: StepIx,
        title: &str,
        flags: &str,
    ) -> Result<Option<Output>, OpError> {
        let exec = exec
            .mount(self.cache_mount())
            .mount(Mount::scratch_output(OUT));
        let program = format!("{CACHE_PROGRAM} {MOUNT} {CACHE_MOUNT}{flags} {DISCARD} {OUT}");
        let exec = self
            .with_go(exec, self.plan.step(one), program)
            .named(self.title(title));
        self.decorate(exec, None).run()?.output(OUT).map(Some)
    }

    /// The steps and links, each with its description. Returns `None` if one has none.
    fn describe_batch(&self, links: &[StepIx], needed: &[StepIx]) -> Option<Batch> {
        let steps = needed
            .iter()
            .map(|ix| self.describe(self.plan.step(*ix), place_in_batch));
        let links = links
            .iter()
            .map(|ix| self.describe_link(self.plan.step(*ix)));
        Some(Batch {
            version: Version,
            steps: steps.collect::<Option<_>>()?,
            links: links.collect::<Option<_>>()?,
        })
    }

    /// The compile steps of `images`, or of all images of a build, each after those that it reads; then
    /// the links.
    fn compiled_and_linked(&self, build: BuildIx, images: Option<&[ImageName]>) -> Vec<StepIx> {
        let wanted = self
            .plan
            .images
            .iter()
            .filter(|image| images.is_none_or(|names| names.contains(&image.name)));
        let links: BTreeSet<StepIx> = wanted
            .flat_map(|image| image.links())
            .filter(|ix| self.plan.step(*ix).build == build)
            .collect();
        let links: Vec<StepIx> = links.into_iter().collect();
        self.below(&links).into_iter().chain(links).collect()
    }

    /// These steps, and those of `among` that read their results or those of one that does. A
    /// package of std is the same whatever else its step compiles: a step that reads some of
    /// a step that adds to the bulk of std need not run for that. If it has to run, it does so soon,
    /// and is seen then.
    fn above(&self, mut found: BTreeSet<StepIx>, among: &[StepIx]) -> BTreeSet<StepIx> {
        for ix in among {
            let mut reads = self
                .plan
                .step(*ix)
                .inputs
                .results
                .iter()
                .map(|result| result.step);
            if reads.any(|read| found.contains(&read) && !self.adds_to_std(read)) {
                found.insert(*ix);
            }
        }
        found
    }

    fn adds_to_std(&self, ix: StepIx) -> bool {
        let step = self.plan.step(ix);
        let mut others = self
            .plan
            .steps
            .iter()
            .filter(|other| other.build == step.build);
        matches!(step.kind, StepKind::Std(_)) && !brings_others(step) && others.any(brings_others)
    }

    fn is_link(&self, ix: StepIx) -> bool {
        matches!(self.plan.step(ix).kind, StepKind::Link(_))
    }

    /// Compile steps that these need, each after those that it needs itself.
    fn below(&self, steps: &[StepIx]) -> BTreeSet<StepIx> {
        let mut found = BTreeSet::new();
        let mut open = steps.to_vec();
        while let Some(ix) = open.pop() {
            let needed = self
                .plan
                .step(ix)
                .inputs
                .results
                .iter()
                .map(|result| result.step);
            open.extend(needed.filter(|needed| found.insert(*needed)));
        }
        found
    }

    /// The sources of all these steps; `one` of them is a link. A compile step may read more than
    /// its links do, if it also compiles for others.
    fn sources_of_all(
        &self,
        steps: &BTreeSet<StepIx>,
        one: &Step,
        row: &ProgressGroup,
    ) -> Result<Output, OpError> {
        let inputs = steps.iter().map(|ix| &self.plan.step(*ix).inputs);
        let files: BTreeSet<&TreePath> = inputs
            .flat_map(|inputs| inputs.files.iter().chain(&inputs.mod_files))
            .collect();
        if files
            == one
                .inputs
                .files
                .iter()
                .chain(&one.inputs.mod_files)
                .collect()
        {
            // The very same, and so by the same name.
            return self.sources_of(one);
        }
        let sources = self.open_sources(one.build, files.into_iter())?;
        Ok(sources
            .named(format!("{} (sources)", row.name))
            .progress_group(weak(row.clone()))
            .output())
    }
}
