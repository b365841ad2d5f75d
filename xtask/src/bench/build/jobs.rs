//! `cargo xtask bench jobs`: CI jobs on clean runners that import the cache of the main branch.
//!
//! One main is edited. One job builds all images; then a matrix of jobs builds an image each, and
//! the processor seconds of both are compared: those of the engine, from its start on, and of the
//! client. After that come pull requests, one after another. Each edits a main or a package, builds
//! all images and exports its cache, and what it adds to the layers that are there is counted.

use super::edit::Edit;
use super::edits::Edits;
use super::figures::Figures;
use super::measure::{Bench, EMPTY, Plan};
use super::scenario::{Scenario, Stage};
use super::scratch::Scratch;
use super::side::Side;
use super::subject::{Image, Own, Subject};
use super::workplace::{Cache, Order, Workplace};
use super::{Kind, checkout, equipment, generated, out};
use crate::engine;
use crate::engine::process::processor_seconds;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A checkout to build; without it, the generated workspace of forty services
    #[arg(long)]
    repo: Option<PathBuf>,
    /// Images of the checkout that are built; all, unless some are named
    #[arg(long, value_delimiter = ',', requires = "repo")]
    images: Vec<String>,
    /// Platforms to build for; this machine's, unless some are named
    #[arg(long, value_delimiter = ',')]
    platform: Vec<String>,
    /// How many jobs the matrix has; one for each image, unless it is said
    #[arg(long)]
    jobs: Option<usize>,
    /// How many pull requests follow
    #[arg(long, default_value_t = 30)]
    pulls: usize,
    /// Where the table goes
    #[arg(long, default_value = ".gowork/bench")]
    out: PathBuf,
    /// Build the frontend image without optimization
    #[arg(long)]
    quick: bool,
}

/// What a job took.
#[derive(Clone, Copy, Default)]
struct Cost {
    /// From the start of the client to its end.
    seconds: f64,
    /// Of processors, those of the client and of the engine.
    processors: f64,
    /// Steps that compiled or linked.
    compiled: usize,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.processors += other.processors;
        self.compiled += other.compiled;
    }
}

/// Measures, and prints and saves what came of it.
///
/// # Errors
/// If something is missing on the machine, or a build fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    // Two at once would take each other's engines away.
    let _lock = state.lock("bench")?;
    let mut equipment = equipment(&state, &[Side::Both], arguments.quick)?;
    equipment.platforms.clone_from(&arguments.platform);
    let out = out(&state, &arguments.out)?;
    let subject = match &arguments.repo {
        Some(repo) => checkout(repo, &arguments.images)?,
        None => generated(&state, Kind::Fleet)?,
    };
    let parent = state.path("bench");
    std::fs::create_dir_all(&parent)?;
    let workshop = tempfile::Builder::new()
        .prefix("sides-")
        .tempdir_in(&parent)?;
    let scratch = Scratch::new(&state, &subject, workshop.path())?;
    let pulls = pulls(&scratch, &subject, arguments.pulls)?;
    let plan = Plan {
        stages: vec![Stage::Imported],
        scenarios: vec![Scenario::Main],
        runs: 1,
        once_over: 0.0,
        timings: None,
    };
    let mut bench = Bench {
        state: &state,
        subject: &subject,
        places: vec![Workplace::new(
            Side::Both,
            &subject,
            &equipment,
            workshop.path(),
        )?],
        edits: Edits::find(&scratch, &subject, &plan.scenarios, plan.runs)?,
        plan: &plan,
        figures: Figures::default(),
        exported: Vec::new(),
    };
    let measured: Result<String> = (|| {
        bench.make_empty(&equipment.buildx)?;
        bench.make_warm(&equipment.buildx, true)?;
        let matrix = matrix(&bench, arguments.jobs.unwrap_or(subject.images.len()))?;
        Ok(matrix + &requested(&bench, &pulls)?)
    })();
    bench.remove_engines()?;
    let platforms = if arguments.platform.is_empty() {
        "this machine's platform".to_owned()
    } else {
        arguments.platform.join(" and ")
    };
    let table = format!(
        "{}: {} images, {} packages, {platforms}.\n\n{}",
        subject.name,
        subject.images.len(),
        subject.packages,
        measured?
    );
    let path = out.join(format!("{}.jobs.md", subject.name));
    std::fs::write(&path, &table).with_context(|| format!("cannot write {}", path.display()))?;
    crate::progress::interrupted();
    writeln!(
        std::io::stdout().lock(),
        "{table}\nsaved as {}",
        path.display()
    )?;
    Ok(())
}

/// The edit of each pull request: in turns a main and another package, from all over the
/// repository.
fn pulls(scratch: &Scratch<'_>, subject: &Subject, count: usize) -> Result<Vec<Edit>> {
    let mains: Vec<&Own> = subject.images.iter().map(|image| &image.main).collect();
    let libraries: Vec<&Own> = subject.libraries.iter().collect();
    let mains = Edits::of_bodies(scratch, mains)?;
    let libraries = Edits::of_bodies(scratch, libraries)?;
    let of =
        |edits: &[Edit], ix: usize, of: usize| edits.get(ix * edits.len() / of.max(1)).cloned();
    let half = count.div_ceil(2);
    let edits = (0..count).map(|ix| {
        let edits = if ix % 2 == 0 { &mains } else { &libraries };
        of(edits, ix / 2, half).context("the repository has nothing to edit")
    });
    edits.collect()
}

/// Runs one job on an engine that has the builder image and nothing else.
fn job(bench: &Bench<'_>, edit: &Edit, one: Option<&Image>, cache: Cache) -> Result<Cost> {
    let place = &bench.places[0];
    let engine = bench.empty()?;
    let client = processor_seconds("self")?;
    let built = place.build(&engine, Order { edit, one, cache })?;
    let processors =
        processor_seconds("self")? - client + engine::processor_seconds(bench.state, EMPTY)?;
    Ok(Cost {
        seconds: built.seconds,
        processors,
        compiled: built.records.compiled(),
    })
}

/// A table of the jobs that build one edit of one main.
fn matrix(bench: &Bench<'_>, count: usize) -> Result<String> {
    let place = &bench.places[0];
    let mut table = String::from(
        "| jobs on clean runners | number | compile and link steps that ran | seconds, together | processor seconds, together |\n|---|---|---|---|---|\n",
    );
    let mut row = |title: &str, count: usize, cost: Cost| {
        let _ = writeln!(
            table,
            "| {title} | {count} | {} | {:.1} | {:.1} |",
            cost.compiled, cost.seconds, cost.processors
        );
    };
    let unedited = Edit::default();
    let phase = Phase::start("one job for all images, nothing edited");
    row(
        "nothing edited, all images",
        1,
        job(bench, &unedited, None, Cache::Import)?,
    );
    phase.done();
    let edit = bench.edits.of(Scenario::Main, 0);
    let edit = edit.context("no main can be edited")?.with("matrix");
    edit.apply(&place.repository())?;
    let phase = Phase::start("one job for all images, one main edited");
    let together = job(bench, &edit, None, Cache::Import)?;
    phase.done();
    row("one main edited, all images", 1, together);
    let mut apart = Cost::default();
    let images = &bench.subject.images[..count.min(bench.subject.images.len())];
    for image in images {
        let phase = Phase::start(&format!("a job for {}", image.name));
        let cost = job(bench, &edit, Some(image), Cache::Import)?;
        phase.done_with(&format!("{:.1} processor seconds", cost.processors));
        apart.add(cost);
    }
    if !images.is_empty() {
        row("the same, an image each", images.len(), apart);
    }
    edit.revert(&place.repository(), &bench.subject.source)?;
    if !images.is_empty() {
        let _ = writeln!(
            table,
            "\nThe matrix takes {:.1} times the processor seconds of one job.",
            apart.processors / together.processors
        );
    }
    Ok(table)
}

/// A table of what pull requests add to the exported cache of the main branch.
fn requested(bench: &Bench<'_>, pulls: &[Edit]) -> Result<String> {
    let place = &bench.places[0];
    let engine = bench.empty()?;
    let main = place.kept(&engine, Cache::Export)?;
    let mut all = main.layers.clone();
    let mut most = Vec::new();
    let mut largest = main.config;
    for (number, edit) in pulls.iter().enumerate() {
        let phase = Phase::start(&format!("pull request {}: {}", number + 1, edit.what));
        let cache = Cache::Pull(number + 1);
        let edit = edit.with(&format!("pull{number}"));
        edit.apply(&place.repository())?;
        job(bench, &edit, None, cache)?;
        edit.revert(&place.repository(), &bench.subject.source)?;
        let kept = place.kept(&engine, cache)?;
        largest = largest.max(kept.config);
        let before = total(&all);
        all.extend(kept.layers);
        most.push(total(&all) - before);
        phase.done_with(&format!("{} more", megabytes(total(&all) - before)));
    }
    most.sort_unstable();
    let mut text = format!(
        "\n| exported cache, `mode=max` | |\n|---|---|\n| of the main branch | {} in {} layers |\n| its config | {:.0} kB, {} records |\n",
        megabytes(total(&main.layers)),
        main.layers.len(),
        main.config as f64 / 1e3,
        main.records
    );
    if let (Some(least), Some(greatest)) = (most.first(), most.last()) {
        let _ = writeln!(
            text,
            "| a pull request adds | {} to {}, in the middle {} |\n| the main branch and {} pull requests | {} |\n| the largest config of these | {:.0} kB |",
            megabytes(*least),
            megabytes(*greatest),
            megabytes(most[most.len() / 2]),
            pulls.len(),
            megabytes(total(&all)),
            largest as f64 / 1e3
        );
    }
    Ok(text)
}

fn total(layers: &BTreeMap<String, u64>) -> u64 {
    layers.values().sum()
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
