//! `gowork`: prints what the library makes of a repository. Arguments in, library called, text out.

mod args;
mod commands;
mod edit;
mod exit;
mod git;
mod output;
mod project;
mod resolve;
mod root;
mod since;
mod source;
mod ui;
mod why;

use std::process::ExitCode;

use clap::Parser;

/// A scan takes and gives back many small pieces of memory, on all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::code(commands::run(args::Args::parse()))
}
