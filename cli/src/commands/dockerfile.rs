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
    let warnings = not_carried_over(&project);
    if !warnings.is_empty() {
        project.tell(&warnings);
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

/// Keys of the configuration that a build of the printed file does not follow.
fn not_carried_over(project: &Project) -> Vec<Diagnostic> {
    let config = project.config();
    let allowed = config.licenses.allow.iter().flatten();
    let through_gowork = "build through gowork's syntax line for that";
    let stamped = config.stamped().first().map(|key| {
        let message = "`buildvcs`: programs of the printed Dockerfile do not say which commit they are made of";
        (message, through_gowork, key.span.clone())
    });
    let judged = allowed.take(1).map(|id| {
        let message = "`licenses`: a build of the printed Dockerfile does not look at licences";
        let help = "run `gowork check` before it, or build through gowork's syntax line";
        (message, help, id.span.clone())
    });
    let put_in = config.with_licenses().first().map(|key| {
        let message = "`licenses`: images of the printed Dockerfile do not hold the licences of their modules";
        (message, through_gowork, key.span.clone())
    });
    let all = stamped.into_iter().chain(judged).chain(put_in);
    all.map(|(message, help, span)| {
        Diagnostic::warning(Rule::NotCarriedOver, message)
            .help(help)
            .at(span)
    })
    .collect()
}
