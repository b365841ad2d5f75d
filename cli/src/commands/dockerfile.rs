//! `gowork dockerfile`.

use gowork_llb::config;
use gowork_llb::diag::{Diagnostic, Rule};
use gowork_llb::lower::{self, CacheForm, DockerfileOptions, Mark};

use crate::args::{Cache, Common, Dockerfile};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project, usual_targets};

/// Prints the Dockerfile.
pub(crate) fn run(common: &Common, options: &Dockerfile) -> anyhow::Result<u8> {
    let project = match &options.output.output {
        Some(path) => Project::read_for(common, OpenArgs::Keep, path)?,
        None => Project::read(common, OpenArgs::Keep)?,
    };
    if let Some(error) = project.refuse_stages("the printed Dockerfile") {
        project.tell(&[error]);
        return Ok(exit::ERRORS);
    }
    let Some(sound) = project.plans(&usual_targets(common)) else {
        return Ok(exit::ERRORS);
    };
    let plans = sound.value;
    if let Some(buildvcs) = project.config().stamped().first() {
        let warning = Diagnostic::warning(
            Rule::NotCarriedOver,
            "`buildvcs`: programs of the printed Dockerfile do not say which commit they are made of",
        );
        let help = "build through gowork's syntax line for that";
        project.tell(&[warning.help(help).at(buildvcs.span.clone())]);
    }
    let in_mount = match options.cache {
        Some(cache) => cache == Cache::Mount,
        None => plans.iter().any(|plan| plan.cache == config::Cache::Mount),
    };
    let cache = if in_mount {
        CacheForm::Mount
    } else {
        CacheForm::Layer
    };
    let printing = DockerfileOptions {
        cache,
        args: project.open_args.clone(),
        without: sound.broken,
        overlays: project.config().overlays(),
        contexts: project.contexts.modules.clone(),
        edits: project.contexts.edits.clone(),
    };
    match lower::dockerfile(&plans, &printing) {
        Ok(text) => Ok(deliver(&text, Mark::DOCKERFILE, &options.output)?.max(sound.code)),
        Err(diagnostic) => {
            project.tell(&[diagnostic]);
            Ok(exit::ERRORS)
        }
    }
}
