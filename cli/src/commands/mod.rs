//! One small file a command. Each gives its exit code.

mod affected;
mod bake;
mod check;
mod dockerfile;
mod dockerignore;
mod explain;
mod explain_file;
mod graph;
mod list;
mod plan;

use clap::CommandFactory;

use crate::args::{Args, Command, Common, Output};
use crate::project::targets;
use crate::{exit, ui};
use anyhow::Context as _;
use gowork_llb::diag::Diagnostic;
use gowork_llb::plan::{Plan, Target};

/// Platforms of what is printed to be built later, on machines unknown.
const USUAL_PLATFORMS: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    let common = &args.common;
    match &args.command {
        Command::List => list::run(common),
        Command::Plan { json, resolve } => plan::run(common, *json, *resolve),
        Command::Graph(graph) => graph::run(common, graph),
        Command::Explain(explain) => explain::run(common, explain),
        Command::Affected(affected) => affected::run(common, affected),
        Command::Dockerfile(dockerfile) => dockerfile::run(common, dockerfile),
        Command::Bake(output) => bake::run(common, output),
        Command::Dockerignore(output) => dockerignore::run(common, output),
        Command::Check => check::run(common),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "gowork", &mut text);
            ui::print(&String::from_utf8_lossy(&text))?;
            Ok(exit::OK)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut text)?;
            ui::print(&String::from_utf8_lossy(&text))?;
            Ok(exit::OK)
        }
    }
}

/// An image that the command line names and the repository does not have.
fn no_image(plan: &Plan, name: &str) -> Diagnostic {
    let names: Vec<&str> = plan.images.iter().map(|image| image.name.as_str()).collect();
    let error = Diagnostic::error(format!("there is no image {name}; images are {}", names.join(", ")));
    match gowork_llb::diag::nearest(name, names.iter().copied()) {
        Some(nearest) => error.help(format!("did you mean {nearest}?")),
        None => error,
    }
}

fn usual_targets(common: &Common) -> Vec<Target> {
    targets(common, &USUAL_PLATFORMS)
}

/// Writes a generated text where it is to go, or compares it with what is there.
fn deliver(text: &str, output: &Output) -> anyhow::Result<u8> {
    let Some(path) = &output.output else {
        ui::print(text)?;
        return Ok(exit::OK);
    };
    if !output.check {
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
        return Ok(exit::OK);
    }
    let there = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.with_context(|| path.display().to_string())?,
    };
    if there == text {
        return Ok(exit::OK);
    }
    let line = there.lines().zip(text.lines()).take_while(|(a, b)| a == b).count() + 1;
    ui::complain(&format!("{}:{line}: not what would be printed now; print it again", path.display()));
    Ok(exit::ERRORS)
}
