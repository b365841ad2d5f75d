//! `cargo xtask bench`: measurements, each with what it is compared to. None of them is a test: a
//! machine may be busy.

mod build;
mod growth;
mod moves;
mod scan;
mod waits;
mod workspace;

use anyhow::Result;
use clap::Subcommand;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// From disk to the import graph, against `go list -deps -json`
    Scan(scan::Arguments),
    /// What planning costs as a repository grows: seconds and memory of each phase, with exponents
    Growth(growth::Arguments),
    /// Images of a repository, against hand-written Dockerfiles
    Build(Box<build::Arguments>),
    /// CI jobs on clean runners with an imported cache: an image each, and pull requests
    Jobs(build::Jobs),
    /// What each image of a checkout waits for on an empty engine; builds nothing
    Waits(waits::Arguments),
    /// How much third-party code a new import, or another version of a module, compiles again where
    /// results are only in layers; builds nothing
    Moves(moves::Arguments),
    /// Make a generated workspace, unless it is there, and print its directory
    Generate { kind: build::Kind },
}

/// Runs one benchmark.
///
/// # Errors
/// If a program that is measured fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.benchmark {
        Benchmark::Scan(arguments) => scan::run(arguments),
        Benchmark::Growth(arguments) => growth::run(arguments),
        Benchmark::Build(arguments) => build::run(arguments),
        Benchmark::Jobs(arguments) => build::run_jobs(arguments),
        Benchmark::Waits(arguments) => waits::run(arguments),
        Benchmark::Moves(arguments) => moves::run(arguments),
        Benchmark::Generate { kind } => build::generate(*kind),
    }
}
