//! One small file a command. Each gives its exit code.

mod affected;
mod affected_module;
mod affected_vuln;
mod bake;
mod build_file;
mod check;
mod ci;
mod compose;
mod cut_embeds;
mod dockerfile;
mod dockerignore;
mod doctor;
mod explain;
mod explain_file;
mod explain_json;
mod fix;
mod github_output;
mod graph;
mod init;
mod linked_images;
mod list;
mod man;
mod no_image;
mod plan;
mod rebuild;
mod sbom;
mod schema;
mod systemd;
mod topmost;
mod watched;

use clap::CommandFactory;
use gowork_llb::limits;

use crate::args::{Args, Command};
use crate::root::Root;
use crate::{exit, ui};

/// Runs the command.
pub(crate) fn run(mut args: Args) -> anyhow::Result<u8> {
    let is_about_itself = matches!(
        args.command,
        Command::Completions { .. } | Command::Man | Command::Schema { .. }
    );
    // What it builds is named by the image.
    let is_about_image = matches!(args.command, Command::Rebuild(_));
    if !is_about_itself && !is_about_image {
        args.common.root = Root::find(args.common.directory.as_deref())?;
        if let Some(found) = args.common.root.found {
            ui::note(&format!(
                "the root of the repository is {} ({found})",
                args.common.root.dir.display()
            ));
        }
    }
    let common = &args.common;
    if common.platform.len() > limits::PLATFORMS {
        let (count, most) = (common.platform.len(), limits::PLATFORMS);
        let wrong = format!("--platform: {count} platforms; gowork looks at up to {most}");
        return Err(exit::Usage(wrong).into());
    }
    match &args.command {
        Command::List { format } => list::run(common, *format),
        Command::Plan { format, resolve } => plan::run(common, *format, *resolve),
        Command::Graph(graph) => graph::run(common, graph),
        Command::Explain(explain) => explain::run(common, explain),
        Command::Sbom(options) => sbom::run(common, options),
        Command::Rebuild(options) => rebuild::run(common, options),
        Command::Affected(affected) => affected::run(common, affected),
        Command::Dockerfile(dockerfile) => dockerfile::run(common, dockerfile),
        Command::Bake(output) => bake::run(common, output),
        Command::Dockerignore(output) => dockerignore::run(common, output),
        Command::Ci(ci) => ci::run(common, ci),
        Command::Doctor(options) => doctor::run(common, options),
        Command::Compose(options) => compose::run(common, options),
        Command::Systemd(options) => systemd::run(common, options),
        Command::Init(init) => init::run(common, init),
        Command::Check(check) => check::run(common, check),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "gowork", &mut text);
            ui::print(&String::from_utf8_lossy(&text))?;
            Ok(exit::OK)
        }
        Command::Man => man::run(),
        Command::Schema { of } => schema::run(*of),
    }
}
