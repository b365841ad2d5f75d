//! `gowork dockerfile`.

use gowork_llb::config;
use gowork_llb::lower::{self, CacheForm, DockerfileOptions, Mark};

use super::usual_targets;
use crate::args::{Cache, Common, Dockerfile};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project};

/// Prints the Dockerfile.
pub(crate) fn run(common: &Common, options: &Dockerfile) -> anyhow::Result<u8> {
    let project = Project::read(common, OpenArgs::Keep)?;
    let Some(plans) = project.plans(&usual_targets(common)) else { return Ok(exit::ERRORS) };
    let in_mount = match options.cache {
        Some(cache) => cache == Cache::Mount,
        None => plans.iter().any(|plan| plan.cache == config::Cache::Mount),
    };
    let cache = if in_mount { CacheForm::Mount } else { CacheForm::Layer };
    match lower::dockerfile(&plans, &DockerfileOptions { cache, args: project.open_args.clone() }) {
        Ok(text) => deliver(&text, Mark::DOCKERFILE, &options.output),
        Err(diagnostic) => {
            project.tell(&[diagnostic]);
            Ok(exit::ERRORS)
        }
    }
}
