//! Replacements: which hold, and which of them the build uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Findings, Span};
use crate::gomod::{ModFile, Replace, WorkFile, version};
use crate::tree::TreePath;

/// Directories that stand in for a required module, by its path; each with the only version it stands in for, or none.
pub(super) type Targets = BTreeMap<String, (TreePath, String)>;

/// The replacements that hold in a workspace: go.work's own, and those of members for paths that go.work does not replace.
/// Two members that replace the same module by different things are an error, as they are to the go command.
pub(super) fn effective(
    root: &TreePath,
    work: &WorkFile,
    members: &BTreeSet<TreePath>,
    modules: &BTreeMap<TreePath, ModFile>,
    findings: &mut Findings,
) -> Vec<(TreePath, Replace)> {
    let overridden: BTreeSet<&str> = work.replace.iter().map(|replace| replace.old_path.as_str()).collect();
    let mut all: Vec<(TreePath, Replace)> = work.replace.iter().map(|r| (root.clone(), r.clone())).collect();
    let mut seen: BTreeMap<(String, String), (String, Span)> = BTreeMap::new();
    for dir in members {
        for replace in modules.get(dir).map(|file| file.replace.as_slice()).unwrap_or_default() {
            if overridden.contains(replace.old_path.as_str()) {
                continue;
            }
            let target = absolute_target(dir, replace);
            let key = (replace.old_path.clone(), replace.old_version.clone());
            match seen.get(&key) {
                Some((first, span)) if *first != target => findings.push(
                    Diagnostic::error(format!("conflicting replacements for {}: {first} and {target}", replace.old_path))
                        .at(replace.span.clone())
                        .related(span.clone(), "the other replacement")
                        .help("put one `replace` into go.work: it overrides those of the members"),
                ),
                Some(_) => {}
                None => {
                    seen.insert(key, (target, replace.span.clone()));
                    all.push((dir.clone(), replace.clone()));
                }
            }
        }
    }
    all
}

/// What a replacement points at, in a form that two members' replacements can be compared by.
fn absolute_target(dir: &TreePath, replace: &Replace) -> String {
    if !replace.new_version.is_empty() {
        return format!("{}@{}", replace.new_path, replace.new_version);
    }
    dir.join(&replace.new_path).map_or_else(|_| replace.new_path.clone(), |path| format!("./{path}"))
}

/// Whether a directory could stand in for a module in the build of `members`: not for one of them.
pub(super) fn is_local(replace: &Replace, members: &BTreeSet<TreePath>, modules: &BTreeMap<TreePath, ModFile>) -> bool {
    let own = |dir: &TreePath| modules.get(dir).and_then(|file| file.module.as_ref()).map(|module| module.value.clone());
    replace.new_version.is_empty() && !members.iter().any(|dir| own(dir).as_ref() == Some(&replace.old_path))
}

/// Whether the version that is replaced is chosen, as far as the mod files in `known` say; `None` if they do not ask for the module. What
/// modules beyond the repository require is not known here.
pub(super) fn is_chosen(replace: &Replace, known: &BTreeSet<&TreePath>, modules: &BTreeMap<TreePath, ModFile>) -> Option<bool> {
    let requires = known.iter().filter_map(|dir| modules.get(*dir)).flat_map(|file| &file.require);
    let versions = requires.filter(|require| require.path == replace.old_path).map(|require| require.version.as_str());
    let chosen = versions.max_by(|a, b| version::compare_semver(a, b))?;
    Some(replace.old_version.is_empty() || replace.old_version == chosen)
}
