//! Versions that modules require, and what the build takes instead.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Findings, Rule};
use crate::gomod::{Replace, Require, version};
use crate::workspace::{Module, Root, Workspace};

/// How many other modules a warning counts by name.
const NAMED: usize = 3;

/// A module of the repository, and the highest version that it requires of another one.
struct Requirement<'a> {
    by: &'a Module,
    line: &'a Require,
}

/// What the modules of one root require, by module path.
type Requirements<'a> = BTreeMap<&'a str, Vec<Requirement<'a>>>;

/// Adds what is doubtful about the versions that the modules of `root` require.
pub(super) fn lint(workspace: &Workspace, root: &Root, findings: &mut Findings) {
    let requirements = requirements(workspace, root);
    excluded(workspace, root, &requirements, findings);
    for (path, required) in &requirements {
        if root.is_workspace() {
            findings.extend(skew(path, required));
        }
        findings.extend(incompatible(path, required));
    }
    for replace in &root.replace {
        findings.extend(replaced_below(replace, &requirements));
    }
}

/// The requirements of modules that are not in the repository.
fn requirements<'a>(workspace: &'a Workspace, root: &Root) -> Requirements<'a> {
    let outside = workspace.required(root);
    let modules: BTreeSet<_> = root.modules().collect();
    let mut all = Requirements::new();
    for by in modules.into_iter().map(|ix| workspace.module(ix)) {
        let mut highest: BTreeMap<&str, &Require> = BTreeMap::new();
        for line in &by.file.require {
            let known = highest.entry(line.path.as_str()).or_insert(line);
            if version::compare_semver(&line.version, &known.version).is_gt() {
                *known = line;
            }
        }
        for (path, line) in highest {
            if outside.contains(path) {
                all.entry(path).or_default().push(Requirement { by, line });
            }
        }
    }
    all
}

/// The requirement of the highest version: what the build takes, or more.
fn highest<'r, 'a>(required: &'r [Requirement<'a>]) -> Option<&'r Requirement<'a>> {
    let compare = |a: &&Requirement<'_>, b: &&Requirement<'_>| {
        version::compare_semver(&a.line.version, &b.line.version)
            // Of equal ones the first module.
            .then_with(|| b.by.dir.cmp(&a.by.dir))
    };
    required.iter().max_by(compare)
}

/// A warning about the members that require less than another one. What a go.mod lists as
/// `// indirect` is not its own choice.
fn skew(path: &str, required: &[Requirement<'_>]) -> Option<Diagnostic> {
    let newest = highest(required)?;
    let taken = &newest.line.version;
    let is_behind = |requirement: &&Requirement<'_>| {
        let order = version::compare_semver(&requirement.line.version, taken);
        order.is_lt() && !requirement.line.indirect
    };
    let behind: Vec<&Requirement<'_>> = required.iter().filter(is_behind).collect();
    let (first, others) = behind.split_first()?;
    let warning = format!(
        "module {} requires {path} {}, but the workspace is built with {taken} or later",
        first.by.path, first.line.version
    );
    let mut warning = Diagnostic::warning(Rule::VersionSkew, warning)
        .at(first.line.span.clone())
        .related(
            newest.line.span.clone(),
            format!("{} requires {taken}", newest.by.path),
        );
    for other in others.iter().take(NAMED) {
        let words = format!("{} requires {}", other.by.path, other.line.version);
        warning = warning.related(other.line.span.clone(), words);
    }
    let more = match others.len().saturating_sub(NAMED) {
        0 => String::new(),
        1 => "; one more module is behind".to_owned(),
        more => format!("; {more} more modules are behind"),
    };
    Some(warning.help(format!(
        "`go work sync` writes the versions of the workspace into its go.mod files{more}"
    )))
}

/// A warning about a version from before its module had a go.mod.
fn incompatible(path: &str, required: &[Requirement<'_>]) -> Option<Diagnostic> {
    let is_old = |requirement: &&Requirement<'_>| {
        requirement.line.version.ends_with("+incompatible") && !requirement.line.indirect
    };
    let found = required.iter().find(is_old)?;
    let major = version::major(&found.line.version);
    let message = format!(
        "{path} {} has no go.mod that names {path}/{major}: go cannot tell its major versions apart",
        found.line.version
    );
    let help = format!("see whether a newer version is published as {path}/{major} or later");
    Some(
        Diagnostic::warning(Rule::IncompatibleVersion, message)
            .at(found.line.span.clone())
            .help(help),
    )
}

/// A warning about a `replace` line to an older version of the same module than one requires.
fn replaced_below(replace: &Replace, requirements: &Requirements<'_>) -> Option<Diagnostic> {
    if replace.new_path != replace.old_path || replace.new_version.is_empty() {
        return None;
    }
    let required = requirements.get(replace.old_path.as_str())?;
    let newest = highest(required)?;
    let wanted = &newest.line.version;
    let holds = replace.old_version.is_empty() || replace.old_version == *wanted;
    if !holds || version::compare_semver(&replace.new_version, wanted).is_ge() {
        return None;
    }
    let path = &replace.old_path;
    let message = format!(
        "builds take {path} {}, although {} requires {wanted}",
        replace.new_version, newest.by.path
    );
    Some(
        Diagnostic::warning(Rule::ReplaceBelowRequired, message)
            .at(replace.span.clone())
            .related(newest.line.span.clone(), format!("requires {wanted}"))
            .help("an update of the requirement changes nothing: remove the `replace`, or raise it as well"),
    )
}

/// Warnings about requirements that an `exclude` line of a main module takes back.
fn excluded(
    workspace: &Workspace,
    root: &Root,
    requirements: &Requirements<'_>,
    findings: &mut Findings,
) {
    let members = root.members.iter().map(|&ix| workspace.module(ix));
    for exclude in members.flat_map(|member| &member.file.exclude) {
        let (path, version) = &exclude.value;
        let Some(required) = requirements.get(path.as_str()) else {
            continue;
        };
        for found in required.iter().filter(|it| it.line.version == *version) {
            let message = format!(
                "module {} requires {path} {version}, which is excluded: go ignores the requirement",
                found.by.path
            );
            findings.push(
                Diagnostic::warning(Rule::ExcludedVersion, message)
                    .at(found.line.span.clone())
                    .related(exclude.span.clone(), "excluded here")
                    .help("run `go mod tidy`, which requires another version"),
            );
        }
    }
}
