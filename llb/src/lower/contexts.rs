//! What a build uses its named contexts for, and those that nothing uses.

use std::collections::BTreeSet;

use super::{MODULES_CONTEXT, RESULTS_CONTEXT};
use crate::config::Config;
use crate::diag::{self, Diagnostic, Rule};
use crate::ops::short_name;
use crate::plan::Outline;
use crate::workspace::{self, ModTexts, Workspace};

/// The named contexts of a build, and all that may use them.
#[derive(Debug, Clone, Copy)]
pub struct ContextUse<'a> {
    /// Their names.
    pub given: &'a BTreeSet<String>,
    /// Those that have modules of the repository.
    pub modules: &'a BTreeSet<String>,
    /// The configuration.
    pub config: &'a Config,
    /// The mod files of the repository.
    pub mod_files: &'a ModTexts,
    /// Its modules.
    pub workspace: &'a Workspace,
}

impl ContextUse<'_> {
    /// A warning for each context that nothing uses. What the stages of a Dockerfile use is not
    /// known here: if the configuration has some, nothing is said.
    pub fn unused(&self, outlines: &[&Outline]) -> Vec<Diagnostic> {
        let mut stages = self.config.stages.values();
        if outlines.is_empty() || stages.any(|stage| stage.image.is_none()) {
            return Vec::new();
        }
        let mut known = in_configuration(self.config, outlines);
        known.extend([MODULES_CONTEXT, RESULTS_CONTEXT].map(ToOwned::to_owned));
        let is_used = |name: &&String| known.contains(*name) || self.modules.contains(*name);
        let unused: Vec<&String> = self.given.iter().filter(|name| !is_used(name)).collect();
        if unused.is_empty() {
            return Vec::new();
        }
        known.extend(workspace::context_names(self.mod_files, self.workspace));
        let warnings = unused.into_iter().map(|name| unused_context(name, &known));
        warnings.collect()
    }
}

fn unused_context(name: &str, known: &BTreeSet<String>) -> Diagnostic {
    let near = diag::nearest(name, known.iter().map(String::as_str));
    let warning = Diagnostic::warning(
        Rule::UnusedContext,
        format!("build context {name} is not used"),
    );
    warning.help(match near {
        Some(near) => format!("did you mean {near}?"),
        None => "a context has the name of an image, a stage, a module, or a directory outside of the repository that go.work or go.mod names".to_owned(),
    })
}

/// The names of images, stages and contexts that a configuration takes something from.
fn in_configuration(config: &Config, outlines: &[&Outline]) -> BTreeSet<String> {
    let overlays = config.overlays();
    let mut names: BTreeSet<String> = overlays
        .iter()
        .map(|overlay| overlay.from.value.clone())
        .collect();
    names.extend(config.stages.keys().cloned());
    let images = config
        .stages
        .values()
        .filter_map(|stage| stage.image.as_ref());
    names.extend(images.map(|image| short_name(image)));
    for outline in outlines {
        let builder = &outline.builder;
        names.insert(short_name(builder.stage().unwrap_or(&builder.image)));
        for image in &outline.images {
            let runtime = &image.config.runtime;
            names.insert(short_name(
                runtime.base_stage().unwrap_or(&runtime.base.value),
            ));
            names.extend(
                runtime
                    .files
                    .iter()
                    .filter_map(|file| file.from.stage())
                    .map(ToOwned::to_owned),
            );
        }
    }
    names
}
