//! `gowork`: prints what the library makes of a repository. Arguments in, library called, text out.

mod args;
mod bounded;
mod by_commit;
mod by_name;
mod commands;
mod contexts;
mod conversion;
mod deploy;
mod doctor;
mod drawing;
mod exit;
mod git;
mod licenses;
mod main_version;
mod make;
mod membership;
mod output;
mod pipeline;
mod project;
mod rebuild;
mod report;
mod resolve;
mod root;
mod shell_word;
mod slashed;
mod source;
mod ui;
mod vuln;

use std::process::ExitCode;

use clap::Parser;

/// A scan takes and gives back many small pieces of memory, on all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    exit::code(commands::run(args::Args::parse()))
}
