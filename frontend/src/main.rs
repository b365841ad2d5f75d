//! The frontend program: `gowork-frontend` runs as BuildKit's frontend, `gowork-frontend
//! scan|resolve|git|opened|licenses|license-texts` inside build steps.
//!
//! Stdout belongs to the gateway: everything for people goes to stderr.

use std::ffi::OsString;

use gowork_frontend::steps::{git, license_texts, licenses, opened, resolve, scan};
use gowork_frontend::version;

/// A scan takes and gives back many small pieces of memory, on all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code for a call that makes no sense.
const USAGE: i32 = 2;

fn main() {
    let mut args = std::env::args_os().skip(1);
    let code = match args.next() {
        None => gowork_frontend::run(),
        Some(name) => subcommand(
            &name,
            &args
                .map(|arg| arg.to_string_lossy().into_owned())
                .collect::<Vec<_>>(),
        ),
    };
    // Not by returning: BuildKit waits for the end of the process, and nothing may hold it up.
    std::process::exit(code)
}

/// Runs the program of a build step.
fn subcommand(name: &OsString, args: &[String]) -> i32 {
    match name.to_str() {
        Some("--version") => finish(version::print()),
        Some("scan") => finish(scan::run(args)),
        Some("git") => finish(git::run(args)),
        Some("opened") => finish(opened::run(args)),
        Some("licenses") => finish(licenses::run(args)),
        Some("license-texts") => finish(license_texts::run(args)),
        Some("resolve") => finish(resolve::run(args)),
        _ => {
            eprintln!(
                "gowork-frontend: unknown subcommand {name:?}; without one it is a BuildKit frontend, in build steps: scan, resolve, git, opened, licenses, license-texts; for people: --version"
            );
            USAGE
        }
    }
}

fn finish<E: std::fmt::Display>(outcome: Result<(), E>) -> i32 {
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("gowork-frontend: {error}");
            1
        }
    }
}
