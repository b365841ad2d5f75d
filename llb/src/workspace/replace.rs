//! Replacements: which hold, and which of them the build uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Findings, Span};
use crate::gomod::{ModFile, Replace, WorkFile, version};
use crate::tree::TreePath;

/// Directories that stand in for a required module, by its path; each with the only version it
/// stands in for, or none.
pub(super) type Targets = BTreeMap<String, (TreePath, String)>;

/// The replacements that hold in a workspace: go.work's own, and those of members for paths that
/// go.work does not replace. Two members that replace the same module by different things are an
/// error, as they are to the go command.
pub(super) fn effective(
    root: &TreePath,
    work: &WorkFile,
    members: &BTreeSet<TreePath>,
    modules: &BTreeMap<TreePath, ModFile>,
    findings: &mut Findings,
) -> Vec<(TreePath, Replace)> {
    let overridden: BTreeSet<&str> = work
        .replace
        .iter()
        .map(|replace| replace.old_path.as_str())
        .collect();
    let mut all: Vec<(TreePath, Replace)> = work
        .replace
        .iter()
        .map(|r| (root.clone(), r.clone()))
        .collect();
    let mut seen: BTreeMap<(String, String), (String, Span)> = BTreeMap::new();
    for dir in members {
        for replace in modules
            .get(dir)
            .map(|file| file.replace.as_slice())
            .unwrap_or_default()
        {
            if overridden.contains(replace.old_path.as_str()) {
                continue;
            }
            let target = absolute_target(dir, replace);
            let key = (replace.old_path.clone(), replace.old_version.clone());
            match seen.get(&key) {
                Some((first, span)) if *first != target => findings.push(
                    Diagnostic::error(format!(
                        "conflicting replacements for {}: {first} and {target}",
                        replace.old_path
                    ))
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
    dir.join(&replace.new_path)
        .map_or_else(|_| replace.new_path.clone(), |path| format!("./{path}"))
}

/// The replacements that may bring a directory into a build, tried in their order.
pub(super) struct Candidates<'r> {
    replaces: &'r [(TreePath, Replace)],
    by_path: BTreeMap<&'r str, Vec<usize>>,
    /// Those that are still to be looked at, or to be looked at again.
    open: BTreeSet<usize>,
    /// The highest version that the mod files looked at require, by module path. What modules
    /// beyond the repository require is not known here.
    chosen: BTreeMap<&'r str, String>,
}

impl<'r> Candidates<'r> {
    /// Those of `replaces` that could stand in for a module in the build of `members`: not for one
    /// of them.
    pub(super) fn new(
        replaces: &'r [(TreePath, Replace)],
        members: &BTreeSet<TreePath>,
        modules: &BTreeMap<TreePath, ModFile>,
    ) -> Self {
        let files: Vec<&ModFile> = members.iter().filter_map(|dir| modules.get(dir)).collect();
        let own: BTreeSet<&str> = files
            .iter()
            .filter_map(|file| file.module.as_ref())
            .map(|path| path.value.as_str())
            .collect();
        let mut by_path: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (ix, (_, replace)) in replaces.iter().enumerate() {
            if replace.new_version.is_empty() && !own.contains(replace.old_path.as_str()) {
                by_path.entry(&replace.old_path).or_default().push(ix);
            }
        }
        let open = by_path.values().flatten().copied().collect();
        let mut candidates = Self {
            replaces,
            by_path,
            open,
            chosen: BTreeMap::new(),
        };
        files.into_iter().for_each(|file| candidates.require(file));
        candidates
    }

    /// Takes notice of what one more mod file requires.
    pub(super) fn require(&mut self, file: &ModFile) {
        for require in &file.require {
            let Some((path, of_path)) = self.by_path.get_key_value(require.path.as_str()) else {
                continue;
            };
            let is_news =
                |chosen: &String| version::compare_semver(chosen, &require.version).is_lt();
            if self.chosen.get(path).is_none_or(is_news) {
                self.chosen.insert(path, require.version.clone());
                self.open.extend(of_path);
            }
        }
    }

    /// The next one whose version is chosen, or, where no mod file asks for the module, whose
    /// directory `is_there`.
    pub(super) fn next(
        &mut self,
        targets: &Targets,
        is_there: &dyn Fn(&TreePath) -> bool,
    ) -> Option<&'r (TreePath, Replace)> {
        while let Some(ix) = self.open.pop_first() {
            let candidate = &self.replaces[ix];
            let (base, replace) = candidate;
            let holds = match self.chosen.get(replace.old_path.as_str()) {
                Some(chosen) => replace.old_version.is_empty() || replace.old_version == *chosen,
                None => base.join(&replace.new_path).is_ok_and(|dir| is_there(&dir)),
            };
            if holds && !targets.contains_key(&replace.old_path) {
                return Some(candidate);
            }
        }
        None
    }
}
