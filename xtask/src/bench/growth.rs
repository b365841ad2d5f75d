//! `cargo xtask bench growth`: what each phase from sources to LLB costs as a repository grows.
//!
//! The repositories are made up in memory by `llb/examples/growth.rs`. Times are those of
//! processors. Behind each number stands the exponent by which it grew since the line before: 1 says
//! that a repository twice as large takes twice as much.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::scan::{build_example, median};
use crate::command::output;
use crate::progress::Phase;
use crate::state::State;

/// The phases of a build, in order; `keys` is what `gowork affected` does beyond.
const PHASES: [&str; 6] = ["scan", "outline", "resolution", "plan", "lower", "keys"];

/// What is sent and written down: the resolutions as JSON; the LLB of all binaries and of one image;
/// and what an exported cache has of all steps, as it is estimated.
const SIZES: [(&str, &str); 4] = [
    ("json", "resolution, JSON"),
    ("llb", "LLB, all"),
    ("image", "LLB, one"),
    ("cache", "cache config"),
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Numbers of images, each with as many packages as the middle one of --packages
    #[arg(long, value_delimiter = ',', default_value = "10,40,160")]
    images: Vec<usize>,
    /// Numbers of packages, each with as many images as the middle one of --images
    #[arg(long, value_delimiter = ',', default_value = "100,1000,10000")]
    packages: Vec<usize>,
    /// How often each size is measured; medians count
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

/// What was measured of one size.
struct Figures {
    /// The number that grows.
    size: usize,
    /// Processor seconds of each phase.
    seconds: [f64; PHASES.len()],
    /// The most bytes of memory at once.
    peak: u64,
    /// What the program says of its repository.
    report: Value,
}

/// Measures every size and prints two tables.
///
/// # Errors
/// If the measured program cannot be built, or fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let phase = Phase::start("building growth");
    let program = build_example(&state, "growth")?;
    phase.done();
    let middle = |sizes: &[usize]| sizes.get(sizes.len() / 2).copied().unwrap_or(1);
    let (images, packages) = (middle(&arguments.images), middle(&arguments.packages));
    let by_images = series(&arguments.images, |size| {
        measure(&program, (size, packages), size, arguments.runs)
    })?;
    let by_packages = series(&arguments.packages, |size| {
        measure(&program, (images, size), size, arguments.runs)
    })?;
    print(&format!("images, with {packages} packages"), &by_images)?;
    print(&format!("packages, with {images} images"), &by_packages)
}

fn series(sizes: &[usize], measure: impl Fn(usize) -> Result<Figures>) -> Result<Vec<Figures>> {
    sizes.iter().map(|size| measure(*size)).collect()
}

fn measure(
    program: &Path,
    (images, packages): (usize, usize),
    size: usize,
    runs: usize,
) -> Result<Figures> {
    let phase = Phase::start(&format!("{images} images, {packages} packages"));
    let mut reports = Vec::new();
    for _ in 0..runs.max(1) {
        let words = [images, packages].map(|number| number.to_string());
        let text = output(Command::new(program).args(words))?;
        reports.push(serde_json::from_str::<Value>(&text).context("growth printed no JSON")?);
    }
    phase.done();
    let seconds = |name: &str| {
        let of = |report: &Value| report["phases"][name]["seconds"].as_f64();
        median(reports.iter().filter_map(of).collect())
    };
    let peaks = reports.iter().flat_map(|report| {
        let of = |name: &&str| report["phases"][*name]["peak"].as_u64();
        PHASES.iter().filter_map(of).collect::<Vec<u64>>()
    });
    Ok(Figures {
        size,
        seconds: PHASES.map(seconds),
        peak: peaks.max().unwrap_or_default(),
        report: reports.swap_remove(0),
    })
}

fn print(title: &str, rows: &[Figures]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let sizes = SIZES.map(|(_, title)| title).join(" | ");
    let phases = PHASES.join(" | ");
    writeln!(
        out,
        "| {title} | third-party | steps | {phases} | memory | {sizes} |"
    )?;
    let columns = PHASES.len() + SIZES.len() + 4;
    writeln!(out, "|{}", "---|".repeat(columns))?;
    let mut before: Option<&Figures> = None;
    for row in rows {
        let (of_others, steps) = (&row.report["third-party"], &row.report["steps"]);
        write!(out, "| {} | {of_others} | {steps} |", row.size)?;
        for (phase, seconds) in row.seconds.iter().enumerate() {
            let exponent = exponent(row, before, |figures| figures.seconds[phase]);
            write!(out, " {seconds:.3} s{exponent} |")?;
        }
        let exponent_of_peak = exponent(row, before, |figures| figures.peak as f64);
        write!(out, " {} MB{exponent_of_peak} |", row.peak / 1_000_000)?;
        for (name, _) in SIZES {
            let bytes = |figures: &Figures| figures.report[name].as_f64().unwrap_or_default();
            let exponent = exponent(row, before, bytes);
            write!(out, " {:.0} kB{exponent} |", bytes(row) / 1e3)?;
        }
        writeln!(out)?;
        before = Some(row);
    }
    Ok(writeln!(out)?)
}

/// The exponent by which a figure grew since the row before.
fn exponent(row: &Figures, before: Option<&Figures>, of: impl Fn(&Figures) -> f64) -> String {
    let Some(before) = before else {
        return String::new();
    };
    let growth = row.size as f64 / before.size as f64;
    format!(" ({:.1})", (of(row) / of(before)).ln() / growth.ln())
}
