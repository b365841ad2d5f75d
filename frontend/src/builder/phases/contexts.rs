//! Phase: find the named contexts that have modules of the repository, lay them over it, and scan it
//! again; and find those that nothing uses.

use std::collections::BTreeSet;
use std::rc::Rc;

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::ContextUse;
use gowork_llb::ops::{Platform, short_name};
use gowork_llb::plan::Outline;
use gowork_llb::workspace;

use super::overlays::Overlays;
use super::scan::{self, Scanned};
use crate::builder::session::Session;
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
    if session.context.definition().is_dockerfile() {
        return Vec::new();
    }
    let own = session.options.frontend.as_deref().map(short_name);
    let given = given(session).filter(|name| own.as_deref() != Some(*name));
    let context_use = ContextUse {
        given: &given.map(ToOwned::to_owned).collect(),
        modules: &scanned.used,
        config,
        mod_files: &scanned.scanned.scan.mod_files,
        workspace: &scanned.scanned.workspace,
    };
    let outlines: Vec<&Outline> = outlines.iter().map(|(_, outline)| outline).collect();
    context_use.unused(&outlines)
}
