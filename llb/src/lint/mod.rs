//! What is doubtful about a repository that builds: what `gowork check` and `docker buildx build
//! --check` look for in addition to what a build reports. docs/checks.md has a section for each
//! [rule](crate::diag::Rule).
//!
//! Only mod files and the configuration are read here. Everything is a warning: each may be meant.

mod images;
mod members;
mod private;
mod retracted;
mod versions;

use std::collections::BTreeSet;

use crate::config::Config;
use crate::diag::{Diagnostic, Findings};
use crate::workspace::{ModTexts, RootIx, Workspace};

/// Looks at the configuration of a repository, and at the modules of the roots that images are
/// built of. `texts` are all its mod files.
pub fn lint(
    texts: &ModTexts,
    workspace: &Workspace,
    config: &Config,
    built: &BTreeSet<RootIx>,
) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    let retracts = retracted::retracts(texts);
    for root in built.iter().map(|&ix| workspace.root(ix)) {
        versions::lint(workspace, root, &mut findings);
        private::lint(workspace, root, config, &mut findings);
        retracted::lint(&retracts, workspace, root, &mut findings);
        members::lint(texts, workspace, root, &mut findings);
    }
    images::lint(config, &mut findings);
    findings.into_vec()
}
