//! Versions of the repository's own modules that these retract.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Findings, Rule};
use crate::gomod::{ModFile, Require, Retract, version};
use crate::workspace::{ModTexts, Root, Workspace};

/// The `retract` lines of all modules of the repository, by module path. Of two modules with one
/// path neither is taken: nobody knows which one is published.
pub(super) type Retracts = BTreeMap<String, Option<Vec<Retract>>>;

/// Adds a warning for each requirement of a version that the repository's go.mod of that module
/// retracts. What other modules retract only the network knows.
pub(super) fn lint(
    retracts: &Retracts,
    workspace: &Workspace,
    root: &Root,
    findings: &mut Findings,
) {
    for module in root.modules().map(|ix| workspace.module(ix)) {
        for require in &module.file.require {
            let lines = retracts.get(require.path.as_str());
            let mut lines = lines.into_iter().flatten().flatten();
            let Some(line) = lines.find(|line| covers(line, require)) else {
                continue;
            };
            findings.push(warning(module.path.as_str(), require, line));
        }
    }
}

/// Those that the mod files have.
pub(super) fn retracts(texts: &ModTexts) -> Retracts {
    let mut all = Retracts::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.name() == "go.mod") {
        let (file, errors) = ModFile::parse(path.as_str(), text.as_bytes());
        let Some(module) = file.module.filter(|_| errors.is_empty()) else {
            continue;
        };
        let lines = all.entry(module.value);
        lines
            .and_modify(|lines| *lines = None)
            .or_insert(Some(file.retract));
    }
    all
}

/// Whether a line retracts the version that is required. Branch names and short versions stand for
/// versions that only the network knows.
fn covers(line: &Retract, require: &Require) -> bool {
    let is_exact = |bound: &str| version::canonical(bound).is_some_and(|it| it == bound);
    let [low, high, version] = [&line.low, &line.high, &require.version];
    is_exact(low)
        && is_exact(high)
        && version::compare_semver(low, version).is_le()
        && version::compare_semver(version, high).is_le()
}

fn warning(by: &str, require: &Require, line: &Retract) -> Diagnostic {
    let why = line.rationale.lines().next().unwrap_or_default().trim();
    let why = match why {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let message = format!(
        "module {by} requires {} {}, which that module retracts{why}",
        require.path, require.version
    );
    Diagnostic::warning(Rule::RetractedVersion, message)
        .at(require.span.clone())
        .related(line.span.clone(), "retracted here")
        .help("require a version that is not retracted: `go get MODULE@latest` finds one")
}
