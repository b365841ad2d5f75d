//! Phase: find the named contexts that have modules of the repository, lay them over it, and scan it
//! again; and find those that nothing uses.

use std::collections::BTreeSet;
use std::rc::Rc;

use gowork_llb::config::Config;
use gowork_llb::diag::{self, Diagnostic, Rule};
use gowork_llb::lower::MODULES_CONTEXT;
use gowork_llb::ops::Platform;
use gowork_llb::plan::Outline;
use gowork_llb::workspace;

use super::overlays::Overlays;
use super::scan::{self, Scanned};
use crate::builder::session::Session;
use crate::context::short_name;
use crate::error::{BuildError, SourceFiles};

/// What a scan found, with modules of named contexts.
pub(in crate::builder) struct WithContexts {
    pub(in crate::builder) scanned: Scanned,
    /// Contexts that have modules.
    pub(in crate::builder) used: BTreeSet<String>,
}

/// Scans the repository, and once more for the modules that named contexts have, until none of these
/// names another.
pub(in crate::builder) async fn scan(
    session: &Session<'_>,
    config: &Config,
    overlays: Overlays,
    files: &mut SourceFiles,
) -> Result<WithContexts, BuildError> {
    let given: BTreeSet<String> = given(session).map(ToOwned::to_owned).collect();
    let mut overlays = Rc::new(overlays);
    loop {
        let scanned = scan::run(session, config, &overlays, files).await?;
        let placed = workspace::place_contexts(&scanned.scan.mod_files, &scanned.workspace, &given);
        if placed.texts.is_empty() && overlays.have(&placed) {
            let used = placed.dirs.into_keys().collect();
            return Ok(WithContexts { scanned, used });
        }
        overlays = Rc::new(overlays.with_contexts(session, placed).await?);
    }
}

/// The names of the build's contexts.
fn given<'s>(session: &'s Session<'_>) -> impl Iterator<Item = &'s str> {
    let names = session.options.contexts.named.keys();
    names.map(|name| {
        name.split_once("::")
            .map_or(name.as_str(), |(name, _)| name)
    })
}

/// A warning for each context that nothing uses. Which ones the stages of a Dockerfile use is
/// Docker's affair: where there are some, nothing is said.
pub(in crate::builder) fn unused(
    session: &Session<'_>,
    config: &Config,
    scanned: &WithContexts,
    outlines: &[(Platform, Outline)],
) -> Vec<Diagnostic> {
    let has_stages = config.stages.values().any(|stage| stage.image.is_none());
    if outlines.is_empty() || has_stages || session.context.definition().is_dockerfile() {
        return Vec::new();
    }
    let mut known = in_configuration(config, outlines);
    known.insert(MODULES_CONTEXT.to_owned());
    let frontend = session.options.frontend.as_ref();
    let unused: BTreeSet<&str> = given(session)
        .filter(|name| !known.contains(*name) && !scanned.used.contains(*name))
        .filter(|name| frontend.is_none_or(|frontend| short_name(frontend) != *name))
        .collect();
    if unused.is_empty() {
        return Vec::new();
    }
    let WithContexts { scanned, .. } = scanned;
    known.extend(workspace::context_names(
        &scanned.scan.mod_files,
        &scanned.workspace,
    ));
    unused
        .into_iter()
        .map(|name| unused_context(name, &known))
        .collect()
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
fn in_configuration(config: &Config, outlines: &[(Platform, Outline)]) -> BTreeSet<String> {
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
    for (_, outline) in outlines {
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
