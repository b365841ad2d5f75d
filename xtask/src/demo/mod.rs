//! `cargo xtask demo`: from a fresh clone to images that answer, with what an edit costs.
//!
//! What it says it also checks: it fails where an image is too large, runs as root, does not
//! answer, or where an edit makes more run than it should.

mod build;
mod container;
mod unpacked;

use crate::engine::{self, environment};
use crate::image::{self, Quality};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use build::{Build, Shop};
use container::Runner;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};
use unpacked::Unpacked;

/// The images of `examples/shop`.
const IMAGES: [&str; 4] = ["api", "orders", "web", "worker"];
/// The image that is looked into and run.
const SHOWN: &str = "api";
/// Bytes that an image may have, unpacked.
const SIZE_LIMIT: u64 = 15_000_000;
/// The engine that `--fresh` makes and removes.
const FRESH: &str = "demo";
/// The file of [`SHOWN`] that is edited, and what in it: words of an answer.
const EDITED: &str = "services/api/routes/routes.go";
const WORDS: &str = "%d roots";
/// How many steps of the first build are shown: the longest.
const SHOWN_STEPS: usize = 6;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave the engine running at the end
    #[arg(long)]
    keep: bool,
    /// Build on an engine of its own that knows nothing yet, and remove it at the end
    #[arg(long, conflicts_with = "keep")]
    fresh: bool,
    /// Build the frontend image as it is released: smaller, and minutes later
    #[arg(long)]
    optimized: bool,
}

/// Times of phases, in order.
#[derive(Debug, Default)]
struct Times(Vec<(String, Duration)>);

impl Times {
    fn add(&mut self, what: &str, time: Duration) {
        self.0.push((what.to_owned(), time));
    }

    fn table(&self, total: Duration) -> String {
        let mut text = "Where the time went\n".to_owned();
        for (what, time) in &self.0 {
            text += &format!("  {what:<38}{:>7.1} s\n", time.as_secs_f64());
        }
        text + &format!("  {:<38}{:>7.1} s\n", "in all", total.as_secs_f64())
    }
}

/// Sets up what is missing, builds, runs, edits, builds again; stops the engine if it was not up
/// before.
///
/// # Errors
/// If something is missing on the machine, or anything is not as the demonstration says.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    let state = State::open()?;
    engine::require_layouts(&state)?;
    let mut times = Times::default();
    let name = if arguments.fresh { FRESH } else { engine::MAIN };
    if arguments.fresh {
        engine::reset(&state, name)?;
    }
    let quality = if arguments.optimized {
        Quality::Release
    } else {
        Quality::Quick
    };
    let layout = environment::frontend_layout(&state);
    // The tools of the engine do not keep all processors busy all the time.
    let (up, image) = std::thread::scope(|scope| {
        let image = scope.spawn(|| {
            let before = Instant::now();
            image::build(&state, &layout, quality).map(|_| before.elapsed())
        });
        let at_hand = if arguments.fresh {
            Ok(None)
        } else {
            engine::up_at_hand(&state)
        };
        let up = match at_hand.transpose() {
            Some(up) => up,
            None => engine::up_to_build(&state, name),
        };
        (up, image.join())
    });
    let up = up?;
    let image = image.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    for (what, time) in &up.times {
        times.add(what, *time);
    }
    let result = image.and_then(|time| {
        times.add("frontend image, beside", time);
        on_engine(&state, &up, &layout, &mut times)
    });
    let stopped = match arguments {
        Arguments { fresh: true, .. } => engine::reset(&state, name),
        Arguments { keep: false, .. } if up.started => engine::stop_quietly(&state, name),
        _ => Ok(()),
    };
    result.and(stopped)?;
    say(&format!("\n{}", times.table(started.elapsed())))?;
    if arguments.keep {
        say(
            "The engine still runs: `cargo xtask engine env` prints what reaches it, `cargo xtask engine down` stops it.\n",
        )?;
    }
    Ok(())
}

fn on_engine(state: &State, up: &engine::Up, layout: &Path, times: &mut Times) -> Result<()> {
    let workshop = tempfile::Builder::new()
        .prefix("gowork-demo-")
        .tempdir()
        .context("cannot make a temporary directory")?;
    let shop = Shop::copy(state, workshop.path(), layout, &up.variables)?;
    let runner = Runner::choose(&up.variables)?;
    first(&shop, times)?;
    look_and_run(&shop, &runner)?;
    unchanged(&shop, times)?;
    edited_service(&shop, &runner, times)?;
    edited_readme(&shop, times)
}

fn first(shop: &Shop, times: &mut Times) -> Result<()> {
    let phase = Phase::start(&format!(
        "building {} (a minute or two on an empty engine)",
        IMAGES.join(", ")
    ));
    let build = shop.build()?;
    phase.done();
    let (ran, cached) = (build.ran(), build.cached());
    let known = if cached.is_empty() {
        String::new()
    } else {
        format!(", {} known from earlier builds", cached.len())
    };
    say(&format!(
        "\nFour images of examples/shop, whose Dockerfile is `{}`: {} steps ran{known}\n",
        shop.syntax()?,
        ran.len()
    ))?;
    let mut longest = ran.clone();
    longest.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    longest.truncate(SHOWN_STEPS);
    say(&listing("longest", &longest))?;
    for image in IMAGES {
        let unpacked = Unpacked::open(&shop.archive(image), &shop.unpacked(image))?;
        say(&format!(
            "  image    {image:<10}{:>5.1} MB compressed, {:.1} MB unpacked\n",
            megabytes(unpacked.packed),
            megabytes(unpacked.size)
        ))?;
        if unpacked.size > SIZE_LIMIT {
            bail!(
                "the image {image} has {} bytes, the limit is {SIZE_LIMIT}",
                unpacked.size
            );
        }
    }
    times.add(
        if cached.is_empty() {
            "first build of all images"
        } else {
            "first build (not from empty)"
        },
        build.time,
    );
    Ok(())
}

/// Checks the image that is shown, and runs it.
fn look_and_run(shop: &Shop, runner: &Runner) -> Result<()> {
    let unpacked = Unpacked::open(&shop.archive(SHOWN), &shop.unpacked(SHOWN))?;
    let facts = unpacked.facts()?;
    say(&format!("\nThe image {SHOWN}, run by {}\n", runner.name()))?;
    for (what, fact) in facts {
        say(&format!("  {what:<38}{fact}\n"))?;
    }
    ask(
        shop,
        runner,
        &unpacked,
        &questions(WORDS.trim_start_matches("%d ")),
    )
}

fn ask(
    shop: &Shop,
    runner: &Runner,
    unpacked: &Unpacked,
    questions: &[(&str, IsRight<'_>)],
) -> Result<()> {
    let service = runner.start(SHOWN, unpacked, &shop.archive(SHOWN))?;
    for (path, right) in questions {
        let answer = service.ask(path)?;
        say(&format!("  GET {path:<34}{answer}\n"))?;
        if !right(&answer) {
            bail!("that is not the answer {path} should have");
        }
    }
    service.stop()
}

type IsRight<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// What the image is asked; `words` must end what it says of certificates.
fn questions(words: &str) -> [(&'static str, IsRight<'_>); 3] {
    [
        ("/healthz", Box::new(|answer| answer == "ok")),
        (
            "/time?zone=Europe/Berlin&at=0",
            Box::new(|answer| answer == "1970-01-01T01:00:00+01:00"),
        ),
        // None would say that the program cannot read them.
        (
            "/certs",
            Box::new(move |answer| answer.ends_with(words) && !answer.starts_with("0 ")),
        ),
    ]
}

fn unchanged(shop: &Shop, times: &mut Times) -> Result<()> {
    let build = built(shop, "building again, nothing changed")?;
    nothing_ran(&build)?;
    say(&format!(
        "\nNothing changed: nothing ran, all {} steps from cache\n",
        build.cached().len()
    ))?;
    times.add("build after no change", build.time);
    Ok(())
}

fn edited_service(shop: &Shop, runner: &Runner, times: &mut Times) -> Result<()> {
    // Another edit each time, since the engine remembers those of earlier runs.
    let stamp = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map(|time| time.as_secs())
        .unwrap_or_default();
    let words = format!("%d roots, said edit {stamp}");
    shop.edit(EDITED, |text| {
        if text.contains(WORDS) {
            Ok(text.replacen(WORDS, &words, 1))
        } else {
            bail!("{EDITED} has no `{WORDS}` to edit")
        }
    })?;
    let build = built(shop, &format!("building again, {EDITED} edited"))?;
    let ran = build.ran();
    say(&format!("\nEdited {EDITED}\n"))?;
    say(&listing("ran", &ran))?;
    let others: Vec<_> = build
        .cached()
        .into_iter()
        .filter(|step| step.name.starts_with("link "))
        .collect();
    let others: Vec<_> = others.iter().map(|step| step.name.as_str()).collect();
    say(&format!(
        "  {:<9}{} steps, {} among them\n",
        "cached",
        build.cached().len(),
        others.join(", ")
    ))?;
    if let Some(step) = ran
        .iter()
        .find(|step| step.name.starts_with("link ") && step.name != format!("link {SHOWN}"))
    {
        bail!("`{}` ran though nothing of it was edited", step.name);
    }
    if !ran.iter().any(|step| step.name == format!("link {SHOWN}")) {
        bail!("`link {SHOWN}` did not run though {EDITED} was edited");
    }
    times.add("build after an edit of one service", build.time);
    let unpacked = Unpacked::open(&shop.archive(SHOWN), &shop.unpacked(SHOWN))?;
    let [_, _, certificates] = questions(words.trim_start_matches("%d "));
    ask(shop, runner, &unpacked, &[certificates])
}

fn edited_readme(shop: &Shop, times: &mut Times) -> Result<()> {
    shop.edit("README.md", |text| Ok(format!("{text}\nAnother line.\n")))?;
    let build = built(shop, "building again, README.md edited")?;
    nothing_ran(&build)?;
    say("\nEdited README.md: nothing ran\n")?;
    times.add("build after an edit of the README", build.time);
    Ok(())
}

fn built(shop: &Shop, what: &str) -> Result<Build> {
    let phase = Phase::start(what);
    let build = shop.build()?;
    phase.done();
    Ok(build)
}

fn nothing_ran(build: &Build) -> Result<()> {
    let ran: Vec<_> = build.ran().into_iter().map(|step| step.name).collect();
    if !ran.is_empty() {
        bail!(
            "nothing that images are made of was edited, yet these steps ran: {}",
            ran.join(", ")
        );
    }
    Ok(())
}

fn listing(title: &str, steps: &[build::Step]) -> String {
    // Copies of sources stand beside each step that takes them.
    let shown = steps
        .iter()
        .filter(|step| !step.name.starts_with("sources "));
    let line = |(index, step): (usize, &build::Step)| {
        format!(
            "  {:<9}{:<52}{:>5.1} s\n",
            if index == 0 { title } else { "" },
            step.name,
            step.seconds
        )
    };
    shown.enumerate().map(line).collect()
}

#[allow(clippy::cast_precision_loss, reason = "for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn say(text: &str) -> Result<()> {
    crate::progress::interrupted();
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// Copies a directory with all below it.
fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in
        std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?
    {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}
