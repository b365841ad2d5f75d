//! Which module versions have their `.mod` file read when the go command loads a module graph.
//!
//! Requirements of a module whose go line is 1.17 or later are complete, so what is below them is
//! pruned out; in a workspace, selected versions that are higher than what a module with packages
//! in the build asks for are loaded too (cmd/go/internal/modload, `readModGraph`, Go 1.21 to 1.26).

use std::collections::{BTreeMap, BTreeSet};

use super::ModuleVersion;
use crate::gomod::ModulePath;
use crate::gomod::version::compare_semver;

/// The requirements of module versions, as `go mod graph` prints them.
pub(super) type Requirements = BTreeMap<ModuleVersion, Vec<ModuleVersion>>;

/// How much of a module's requirements is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pruning {
    /// Only if the module itself is older than pruning.
    Pruned,
    /// All, and all of theirs.
    Unpruned,
    /// All, as a workspace does with its members.
    Workspace,
}

/// A module graph while it is loaded.
pub(super) struct Walk<'g> {
    edges: &'g Requirements,
    /// The pruning that a module's own go line asks for.
    own: &'g dyn Fn(&ModuleVersion) -> Pruning,
    seen: BTreeSet<(ModuleVersion, Pruning)>,
    graph: Loaded,
}

/// A loaded module graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Loaded {
    /// Module versions whose `.mod` file was read; main modules have an empty version.
    pub(super) versions: BTreeSet<ModuleVersion>,
    /// The version chosen of each path: the highest that anything loaded asks for.
    pub(super) selected: BTreeMap<ModulePath, String>,
}

impl<'g> Walk<'g> {
    /// A walk over `edges`; nothing is loaded yet.
    pub(super) fn new(edges: &'g Requirements, own: &'g dyn Fn(&ModuleVersion) -> Pruning) -> Self {
        Self {
            edges,
            own,
            seen: BTreeSet::new(),
            graph: Loaded::default(),
        }
    }

    /// The graph of a single main module.
    pub(super) fn module(mut self, main: &ModuleVersion) -> Loaded {
        let pruning = (self.own)(main);
        for required in self.requirements(main) {
            self.select(required);
            self.load(required, pruning);
        }
        self.graph
    }

    /// The graph of a workspace's members.
    pub(super) fn workspace(mut self, members: &[ModuleVersion]) -> Loaded {
        for member in members {
            self.select(member);
            self.load(member, Pruning::Workspace);
        }
        let known = self.known_paths(members);
        let mut with_packages: BTreeSet<&str> =
            members.iter().map(|member| member.path.as_str()).collect();
        let mut reloaded: BTreeSet<ModuleVersion> = BTreeSet::new();
        loop {
            let mut wanted: BTreeSet<ModuleVersion> = BTreeSet::new();
            for path in &with_packages {
                wanted.extend(self.higher(path, &reloaded));
            }
            if wanted.is_empty() {
                return self.graph;
            }
            for version in wanted {
                self.load(&version, Pruning::Workspace);
                with_packages.extend(known.get(version.path.as_str()));
                reloaded.insert(version);
            }
        }
    }

    /// The paths of all modules that something requires, and of the members.
    fn known_paths<'m>(&self, members: &'m [ModuleVersion]) -> BTreeSet<&'m str>
    where
        'g: 'm,
    {
        let required = self.edges.values().flatten();
        required
            .chain(members)
            .map(|module| module.path.as_str())
            .collect()
    }

    /// The selected version of `path` if it was not reloaded; then those of its requirements that
    /// are above what it asks for.
    fn higher(&self, path: &str, reloaded: &BTreeSet<ModuleVersion>) -> Vec<ModuleVersion> {
        let Some(version) = self.selection(path) else {
            return Vec::new();
        };
        if !reloaded.contains(&version) {
            return vec![version];
        }
        let mut raised = Vec::new();
        for required in self.requirements(&version) {
            let Some(selected) = self.selection(&required.path) else {
                continue;
            };
            let is_above = compare_semver(&selected.version, &required.version).is_gt();
            if is_above && !reloaded.contains(&selected) {
                raised.push(selected);
            }
        }
        raised
    }

    fn selection(&self, path: &str) -> Option<ModuleVersion> {
        let version = self.graph.selected.get(path)?;
        Some(ModuleVersion::new(path, version))
    }

    fn requirements(&self, version: &ModuleVersion) -> &'g [ModuleVersion] {
        self.edges
            .get(version)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    fn load(&mut self, version: &ModuleVersion, pruning: Pruning) {
        let mut queue = vec![(version.clone(), pruning)];
        while let Some((version, pruning)) = queue.pop() {
            if !self.seen.insert((version.clone(), pruning)) {
                continue;
            }
            let own = (self.own)(&version);
            let next = if pruning == Pruning::Unpruned {
                pruning
            } else {
                own
            };
            for required in self.requirements(&version) {
                self.select(required);
                if pruning != Pruning::Pruned || own == Pruning::Unpruned {
                    queue.push((required.clone(), next));
                }
            }
            self.graph.versions.insert(version);
        }
    }

    fn select(&mut self, ModuleVersion { path, version }: &ModuleVersion) {
        let selected = self
            .graph
            .selected
            .entry(path.clone())
            .or_insert_with(|| version.clone());
        // A main module has no version, and is above all.
        let is_main = selected.is_empty();
        if !is_main && (version.is_empty() || compare_semver(version, selected).is_gt()) {
            selected.clone_from(version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(text: &str) -> Requirements {
        let mut edges = Requirements::new();
        for (from, to) in text.lines().filter_map(|line| line.split_once(' ')) {
            let required = edges.entry(ModuleVersion::parse(from)).or_default();
            required.push(ModuleVersion::parse(to));
        }
        edges
    }

    /// Paths that start with `old` are older than pruning.
    fn own(version: &ModuleVersion) -> Pruning {
        if version.path.starts_with("old") {
            Pruning::Unpruned
        } else {
            Pruning::Pruned
        }
    }

    fn shown(loaded: &Loaded) -> Vec<String> {
        loaded.versions.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn requirements_of_pruned_modules_are_not_loaded() {
        let edges = graph(
            "m a@v1.0.0\nm old@v1.0.0\na@v1.0.0 b@v1.0.0\nb@v1.0.0 c@v1.0.0\nold@v1.0.0 d@v1.0.0\nd@v1.0.0 e@v1.0.0",
        );
        let loaded = Walk::new(&edges, &own).module(&ModuleVersion::parse("m"));
        assert_eq!(
            shown(&loaded),
            ["a@v1.0.0", "d@v1.0.0", "e@v1.0.0", "old@v1.0.0"]
        );
    }

    #[test]
    fn a_workspace_reloads_what_another_member_raised() {
        let edges = graph(
            "m a@v1.0.0\nn b@v1.0.0\nb@v1.0.0 a@v1.1.0\na@v1.1.0 c@v1.0.0\nc@v1.0.0 d@v1.0.0",
        );
        let members = ["m", "n"].map(ModuleVersion::parse);
        let loaded = Walk::new(&edges, &own).workspace(&members);
        // a was raised above what m asks for, so it and its requirements are loaded; d is below a
        // pruned one.
        assert_eq!(
            shown(&loaded),
            ["a@v1.0.0", "a@v1.1.0", "b@v1.0.0", "c@v1.0.0", "m", "n"]
        );
    }
}
