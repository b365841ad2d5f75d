//! Development tasks of gowork: `cargo xtask COMMAND`.
//!
//! One file per command; what several commands need (running programs, progress lines, OCI layouts,
//! the state directory) has a file of its own. Nothing here is part of a release.

mod base;
mod bench;
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared with tests, which fail by panicking"
)]
#[path = "../../cli/tests/it/bill.rs"]
mod bill;
mod book;
mod command;
mod demo;
mod docker_cases;
mod dockerfiles;
mod engine;
mod engines;
mod fuzz;
mod golang;
mod image;
mod oci;
mod oracle;
mod progress;
mod python;
mod rust_std;
mod sboms;
mod schemas;
mod state;
mod tests;
mod workflows;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Development tasks of gowork.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start, stop and describe the BuildKit engines that the tests use
    Engine(engine::Arguments),
    /// Run a choice of tests on each release of BuildKit that people have, and print a table
    Engines(engines::Arguments),
    /// Build the frontend image and write it as an OCI layout
    Image(image::Arguments),
    /// Build and run an example, edit it, and show what was rebuilt
    Demo(demo::Arguments),
    /// Compare what we read of checkouts with what Go does
    Oracle(oracle::Arguments),
    /// Convert Dockerfiles of public repositories, and check that the result says what is known of
    /// them
    Dockerfiles(dockerfiles::Arguments),
    /// Run the integration cases of Docker's own frontend through it and through ours
    DockerCases(docker_cases::Arguments),
    /// Measure, against what Go does
    Bench(bench::Arguments),
    /// Look for bytes that break what must hold of our readers
    Fuzz(fuzz::Arguments),
    /// Run every test, those on a real BuildKit included
    Test(tests::Arguments),
    /// Check GitHub's workflows, and the pipelines that `gowork ci` prints for the examples
    Workflows,
    /// Compare the SBOM of each image of checkouts with what `go version -m` says of its binary
    Sboms(sboms::Arguments),
    /// Install the validators of SBOMs, and print the directory with their programs
    SbomValidators,
    /// Make a book of the documentation, and follow its links
    Book(book::Arguments),
    /// Build the image for linux/arm64 on two engines, and run its programs by QEMU
    Arm64,
    /// Sign an image, its SBOM and its provenance with cosign, which takes minutes to compile
    Signing,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Engine(arguments) => engine::run(&arguments),
        Task::Engines(arguments) => engines::run(&arguments),
        Task::Image(arguments) => image::run(&arguments),
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Oracle(arguments) => oracle::run(&arguments),
        Task::Dockerfiles(arguments) => dockerfiles::run(&arguments),
        Task::DockerCases(arguments) => docker_cases::run(&arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Test(arguments) => tests::run(&arguments),
        Task::Workflows => workflows::run(),
        Task::Sboms(arguments) => sboms::run(&arguments),
        Task::SbomValidators => python::print_sbom_validators(),
        Task::Book(arguments) => book::run(&arguments),
        Task::Arm64 => tests::run_arm64(),
        Task::Signing => tests::run_signing(),
    };
    report(result)
}

/// Prints an error with all its causes. `anyhow`'s own `Debug` would add a backtrace where
/// `RUST_BACKTRACE` is set, which says nothing to the person who has to install something.
fn report(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::interrupted();
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
