//! `gowork`: prints what the library makes of a repository. Arguments in, library called, text out.

mod args;
mod commands;
mod exit;
mod project;
mod resolve;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    exit::code(commands::run(&args::Args::parse()))
}
