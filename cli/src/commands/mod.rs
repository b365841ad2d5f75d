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
mod man;
mod plan;

use std::collections::BTreeSet;

use clap::CommandFactory;

use crate::args::{Args, Command, Common};
use crate::project::targets;
use crate::root::Root;
use crate::{exit, ui};
use gowork_llb::diag::Diagnostic;
use gowork_llb::plan::{Plan, Target};

/// Platforms of what is printed to be built later, on machines unknown.
const USUAL_PLATFORMS: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// Runs the command.
pub(crate) fn run(mut args: Args) -> anyhow::Result<u8> {
    if !matches!(args.command, Command::Completions { .. } | Command::Man) {
        args.common.root = Root::find(args.common.directory.as_deref())?;
        if let Some(found) = args.common.root.found {
            ui::note(&format!(
                "the root of the repository is {} ({found})",
                args.common.root.dir.display()
            ));
        }
    }
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
        Command::Man => man::run(),
    }
}

/// An image that the command line names and that cannot be shown: it is broken, or the repository
/// has none of that name.
fn no_image(plan: &Plan, broken: &BTreeSet<String>, name: &str) -> Diagnostic {
    if broken.contains(name) {
        return Diagnostic::error(format!(
            "image {name} cannot be shown before the errors above are mended"
        ));
    }
    let names: Vec<&str> = plan
        .images
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    let error = Diagnostic::error(format!(
        "there is no image {name}; images are {}",
        names.join(", ")
    ));
    match gowork_llb::diag::nearest(name, names.iter().copied()) {
        Some(nearest) => error.help(format!("did you mean {nearest}?")),
        None => error,
    }
}

fn usual_targets(common: &Common) -> Vec<Target> {
    targets(common, &USUAL_PLATFORMS)
}
