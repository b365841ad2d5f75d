//! `cargo xtask bench build`: images of one repository, made by us and by others, on a real engine.
//!
//! ```text
//! subject (what is in the repository) ──► edits (one for each scenario) ──► measure (every side by turns) ──► figures ──► report, picture
//! ```
//!
//! Every side has a copy of the repository and builds the same images from it with the same base
//! image. What is measured is the client, `docker buildx build`, from its start to its end. See
//! docs/benchmark.md.

mod dockerfile;
mod edit;
mod edits;
mod figures;
mod generated;
mod jobs;
mod measure;
mod page;
mod picture;
mod records;
mod report;
mod scenario;
mod scratch;
mod side;
mod source_text;
mod subject;
mod workplace;

use crate::command::built_program;
use crate::engine::registry;
use crate::engine::tools::Tool;
use crate::image::{self, Quality};
use crate::progress::{Phase, note};
use crate::state::State;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use edits::Edits;
use figures::Figures;
pub(super) use generated::Kind;
pub(super) use jobs::{Arguments as Jobs, run as run_jobs};
use measure::{Bench, Plan};
use scenario::{Scenario, Stage};
use scratch::Scratch;
use side::Side;
use std::io::Write;
use std::path::{Path, PathBuf};
use subject::Subject;
pub(super) use workplace::copy;
use workplace::{Equipment, Workplace};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A checkout to build; without it, examples/shop and a generated workspace of forty modules
    #[arg(long)]
    repo: Option<PathBuf>,
    /// Of those without --repo, only this
    #[arg(long, conflicts_with = "repo")]
    only: Option<Own>,
    /// Images of the checkout that are built; all, unless some are named
    #[arg(long, value_delimiter = ',', requires = "repo")]
    images: Vec<String>,
    /// The image whose main is edited, and that is built alone; by default that of the most packages
    #[arg(long, requires = "repo")]
    edited: Option<String>,
    /// Who builds
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = Side::value_variants().to_vec())]
    sides: Vec<Side>,
    /// What is edited
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = Scenario::value_variants().to_vec())]
    scenarios: Vec<Scenario>,
    /// What the engine has
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = Stage::value_variants().to_vec())]
    stages: Vec<Stage>,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Builds that take more seconds than this are not repeated
    #[arg(long, default_value_t = 60.0)]
    once_over: f64,
    /// Where tables, data and pictures go
    #[arg(long, default_value = ".gowork/bench")]
    out: PathBuf,
    /// A page whose figures of the repository are replaced, or added at its end: docs/benchmark.md
    #[arg(long)]
    page: Option<PathBuf>,
    /// How exported caches are compressed: gzip, as BuildKit does it, zstd, or uncompressed
    #[arg(long, default_value = "gzip")]
    compression: String,
    /// Also write down what each step of the first runs took
    #[arg(long)]
    timings: bool,
    /// Layout of the frontend image of another revision, for the side `earlier`
    #[arg(long)]
    earlier: Option<PathBuf>,
    /// Build the frontend image without optimization
    #[arg(long)]
    quick: bool,
}

/// A repository of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Own {
    /// examples/shop
    Shop,
    /// The generated workspace of forty modules
    Generated,
    /// The generated workspace of forty services; only where it is named, as it takes hours
    Fleet,
}

/// Measures, and prints and saves what came of it.
///
/// # Errors
/// If something is missing on the machine, or a repository cannot be built.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    // Two at once would take each other's engines away.
    let _lock = state.lock("bench")?;
    let sides = sides(&arguments.sides, arguments.earlier.is_some());
    let mut equipment = equipment(&state, &sides, arguments.quick)?;
    equipment.compression.clone_from(&arguments.compression);
    if let Some(layout) = &arguments.earlier {
        equipment.earlier = Some(std::path::absolute(layout)?);
    }
    let out = out(&state, &arguments.out)?;
    let parent = state.path("bench");
    std::fs::create_dir_all(&parent)?;
    for subject in subjects(&state, arguments)? {
        let workshop = tempfile::Builder::new()
            .prefix("sides-")
            .tempdir_in(&parent)?;
        let timings = arguments
            .timings
            .then(|| out.join(format!("{}.timings.txt", subject.name)));
        if let Some(path) = timings.as_ref().filter(|path| path.exists()) {
            std::fs::remove_file(path)?;
        }
        let mut scenarios = arguments.scenarios.clone();
        scenarios.sort();
        scenarios.dedup();
        let plan = Plan {
            stages: arguments.stages.clone(),
            scenarios,
            runs: arguments.runs.max(1),
            once_over: arguments.once_over,
            timings,
        };
        let edits = {
            let phase = Phase::start(&format!("{}: looking for what to edit", subject.name));
            let scratch = Scratch::new(&state, &subject, workshop.path())?;
            let edits = Edits::find(&scratch, &subject, &plan.scenarios, plan.runs)?;
            phase.done();
            edits
        };
        let places = sides
            .iter()
            .map(|side| Workplace::new(*side, &subject, &equipment, workshop.path()));
        let places = places.collect::<Result<Vec<_>>>()?;
        let figures = Figures::default();
        let mut bench = Bench {
            state: &state,
            subject: &subject,
            places,
            edits,
            plan: &plan,
            figures,
            exported: Vec::new(),
        };
        bench.run(&equipment.buildx)?;
        save(&bench, &out, arguments.page.as_deref())?;
    }
    Ok(())
}

/// The sides that are possible. Says why the others are not.
fn sides(asked: &[Side], has_earlier: bool) -> Vec<Side> {
    let mut sides = asked.to_vec();
    sides.sort();
    sides.dedup();
    sides.retain(|side| match side.missing(has_earlier) {
        Some(why) => {
            note(&format!("{} is left out: {why}", side.word()));
            false
        }
        None => true,
    });
    sides
}

/// The directory that tables go to.
fn out(state: &State, asked: &Path) -> Result<PathBuf> {
    let out = state.repository().join(asked);
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    Ok(out)
}

fn equipment(state: &State, sides: &[Side], quick: bool) -> Result<Equipment> {
    let frontend = crate::engine::environment::frontend_layout(state);
    let quality = if quick {
        Quality::Quick
    } else {
        Quality::Release
    };
    image::build(state, &frontend, quality)?;
    let ko = if sides.contains(&Side::Ko) {
        let address = registry::ensure(state)?.address;
        Some((
            Tool::Ko.ensure(state)?,
            format!("{address}/library/busybox:latest"),
        ))
    } else {
        None
    };
    let dockerfile = sides
        .contains(&Side::HandSyntax)
        .then(|| frontend.with_file_name("dockerfile-frontend"));
    if let Some(layout) = &dockerfile {
        image::build_dockerfile_frontend(state, layout)?;
    }
    Ok(Equipment {
        dockerfile,
        earlier: None,
        buildx: Tool::Buildx.ensure(state)?,
        frontend,
        gowork: built_program(state, &["--package", "gowork", "--bin", "gowork"])?,
        ko,
        compression: "gzip".to_owned(),
        platforms: Vec::new(),
        path: crate::golang::path(state)?,
    })
}

fn subjects(state: &State, arguments: &Arguments) -> Result<Vec<Subject>> {
    if let Some(repo) = &arguments.repo {
        let mut subject = checkout(repo, &arguments.images)?;
        if let Some(edited) = &arguments.edited {
            subject.choose(edited)?;
        }
        return Ok(vec![subject]);
    }
    let wanted = |own| match arguments.only {
        Some(only) => only == own,
        None => own != Own::Fleet,
    };
    let mut subjects = Vec::new();
    if wanted(Own::Shop) {
        subjects.push(Subject::open(
            "shop",
            &state.repository().join("examples/shop"),
            &[],
        )?);
    }
    if wanted(Own::Generated) {
        subjects.push(generated(state, Kind::Forty)?);
    }
    if wanted(Own::Fleet) {
        subjects.push(generated(state, Kind::Fleet)?);
    }
    if subjects.is_empty() {
        bail!("there is nothing to build");
    }
    Ok(subjects)
}

/// A checkout, of whose images only those in `wanted` are built, where it names any.
fn checkout(repo: &Path, wanted: &[String]) -> Result<Subject> {
    let source = repo
        .canonicalize()
        .with_context(|| format!("cannot find {}", repo.display()))?;
    let name = source
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    Subject::open(&name, &source, wanted)
}

/// Makes a workspace and prints where it is.
///
/// # Errors
/// If it cannot be written, or the go command does not find the modules.
pub(super) fn generate(kind: Kind) -> Result<()> {
    let directory = generated::workspace(&State::open()?, kind)?;
    writeln!(std::io::stdout().lock(), "{}", directory.display())?;
    Ok(())
}

fn generated(state: &State, kind: Kind) -> Result<Subject> {
    let source = generated::workspace(state, kind)?;
    Subject::open(kind.name(), &source, &[])
}

fn save(bench: &Bench<'_>, out: &Path, page: Option<&Path>) -> Result<()> {
    let name = &bench.subject.name;
    let table = report::markdown(bench);
    let data = serde_json::to_string_pretty(&report::data(bench))? + "\n";
    let sides: Vec<Side> = bench.places.iter().map(|place| place.side).collect();
    let drawing = picture::svg(
        &format!("{name}, {} images", bench.subject.images.len()),
        &bench.figures,
        &sides,
    );
    for (suffix, text) in [("md", &table), ("json", &data), ("svg", &drawing)] {
        let path = out.join(format!("{name}.{suffix}"));
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(page) = page {
        page::update(page, name, &table, [("json", &data), ("svg", &drawing)])?;
    }
    crate::progress::interrupted();
    writeln!(
        std::io::stdout().lock(),
        "{table}\nsaved as {name}.md, .json and .svg in {}",
        out.display()
    )?;
    Ok(())
}
