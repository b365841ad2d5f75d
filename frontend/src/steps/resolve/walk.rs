//! Which module versions have their `.mod` file read when the go command loads a module graph.
//!
//! Requirements of a module whose go line is 1.17 or later are complete, so what is below them is
//! pruned out; in a workspace, selected versions that are higher than what a module with packages
//! in the build asks for are loaded too (cmd/go/internal/modload, `readModGraph`, Go 1.21 to 1.26).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::graph::Version;

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

/// A module graph as it is loaded.
pub(super) struct Walk<'g> {
    edges: &'g BTreeMap<Version, Vec<Version>>,
    /// The pruning that a module's own go line asks for.
    own: &'g dyn Fn(&Version) -> Pruning,
    seen: BTreeSet<(Version, Pruning)>,
    graph: Loaded,
}

/// A loaded module graph.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// Module versions whose `.mod` file was read; main modules have an empty version.
    pub versions: BTreeSet<Version>,
    /// The version chosen of each path: the highest that anything loaded asks for.
    pub selected: BTreeMap<String, String>,
}

impl<'g> Walk<'g> {
    /// A walk over `edges`; nothing is loaded yet.
    pub(super) fn new(
        edges: &'g BTreeMap<Version, Vec<Version>>,
        own: &'g dyn Fn(&Version) -> Pruning,
    ) -> Self {
        Self {
            edges,
            own,
            seen: BTreeSet::new(),
            graph: Loaded::default(),
        }
    }

    /// The graph of a single main module.
    pub(super) fn module(mut self, main: &Version) -> Loaded {
        let pruning = (self.own)(main);
        for required in self.requirements(main) {
            self.select(required);
            self.load(required, pruning);
        }
        self.graph
    }

    /// The graph of a workspace's members.
    pub(super) fn workspace(mut self, members: &[Version]) -> Loaded {
        for member in members {
            self.select(member);
            self.load(member, Pruning::Workspace);
        }
        let mut with_packages: BTreeSet<&str> =
            members.iter().map(|(path, _)| path.as_str()).collect();
        let mut reloaded: BTreeSet<Version> = BTreeSet::new();
        loop {
            let wanted: BTreeSet<Version> = with_packages
                .iter()
                .flat_map(|path| self.higher(path, &reloaded))
                .collect();
            if wanted.is_empty() {
                return self.graph;
            }
            for version in wanted {
                self.load(&version, Pruning::Workspace);
                if let Some((known, _)) = self
                    .edges
                    .values()
                    .flatten()
                    .chain(members)
                    .find(|node| node.0 == version.0)
                {
                    with_packages.insert(known);
                }
                reloaded.insert(version);
            }
        }
    }

    /// The selected version of `path` if it was not reloaded; then those of its requirements that
    /// are above what it asks for.
    fn higher(&self, path: &str, reloaded: &BTreeSet<Version>) -> Vec<Version> {
        let Some(version) = self
            .selection(path)
            .filter(|version| reloaded.contains(version))
        else {
            return self.selection(path).into_iter().collect();
        };
        let raised = |required: &Version| {
            let selected = self.selection(&required.0)?;
            (compare(&selected.1, &required.1) == Ordering::Greater
                && !reloaded.contains(&selected))
            .then_some(selected)
        };
        self.requirements(&version)
            .iter()
            .filter_map(raised)
            .collect()
    }

    fn selection(&self, path: &str) -> Option<Version> {
        self.graph
            .selected
            .get(path)
            .map(|version| (path.to_owned(), version.clone()))
    }

    fn requirements(&self, version: &Version) -> &'g [Version] {
        self.edges
            .get(version)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    fn load(&mut self, version: &Version, pruning: Pruning) {
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

    fn select(&mut self, (path, version): &Version) {
        let selected = self
            .graph
            .selected
            .entry(path.clone())
            .or_insert_with(|| version.clone());
        // A main module has no version, and is above all.
        if !selected.is_empty()
            && (version.is_empty() || compare(version, selected) == Ordering::Greater)
        {
            selected.clone_from(version);
        }
    }
}

/// Semantic versions as mod files have them, `vX.Y.Z[-pre][+build]`.
fn compare(a: &str, b: &str) -> Ordering {
    let split = |version: &str| {
        let version = version
            .trim_start_matches('v')
            .split('+')
            .next()
            .unwrap_or_default()
            .to_owned();
        match version.split_once('-') {
            Some((numbers, pre)) => (numbers.to_owned(), Some(pre.to_owned())),
            None => (version, None),
        }
    };
    let ((a, a_pre), (b, b_pre)) = (split(a), split(b));
    a.split('.')
        .map(number)
        .cmp(b.split('.').map(number))
        .then_with(|| match (a_pre, b_pre) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a
                .split('.')
                .map(identifier)
                .cmp(b.split('.').map(identifier)),
        })
}

fn number(digits: &str) -> u128 {
    digits.parse().unwrap_or_default()
}

/// Numbers come before words; fewer parts before more, which comparing iterators does.
fn identifier(part: &str) -> (bool, u128, &str) {
    match part.parse() {
        Ok(number) if part.bytes().all(|byte| byte.is_ascii_digit()) => (false, number, ""),
        _ => (true, 0, part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_order() {
        // The example of semver.org, and a pseudo-version.
        let ordered = [
            "v0.0.0-20240123012728-ef4313101c80",
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-alpha.beta",
            "v1.0.0-beta",
            "v1.0.0-beta.2",
            "v1.0.0-beta.11",
            "v1.0.0-rc.1",
            "v1.0.0",
            "v1.2.0",
            "v1.10.0",
            "v2.0.0+incompatible",
        ];
        for (n, a) in ordered.iter().enumerate() {
            for (m, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), n.cmp(&m), "{a} {b}");
            }
        }
    }

    fn graph(text: &str) -> BTreeMap<Version, Vec<Version>> {
        let version = |text: &str| {
            let (path, version) = text.split_once('@').unwrap_or((text, ""));
            (path.to_owned(), version.to_owned())
        };
        let mut edges: BTreeMap<Version, Vec<Version>> = BTreeMap::new();
        for (from, to) in text.lines().filter_map(|line| line.trim().split_once(' ')) {
            edges.entry(version(from)).or_default().push(version(to));
        }
        edges
    }

    /// Paths that start with `old` are older than pruning.
    fn own(version: &Version) -> Pruning {
        if version.0.starts_with("old") {
            Pruning::Unpruned
        } else {
            Pruning::Pruned
        }
    }

    fn shown(loaded: &Loaded) -> Vec<String> {
        loaded
            .versions
            .iter()
            .map(|(path, version)| format!("{path}@{version}"))
            .collect()
    }

    #[test]
    fn requirements_of_pruned_modules_are_not_loaded() {
        let edges = graph(
            "m a@v1.0.0\nm old@v1.0.0\na@v1.0.0 b@v1.0.0\nb@v1.0.0 c@v1.0.0\nold@v1.0.0 d@v1.0.0\nd@v1.0.0 e@v1.0.0",
        );
        let loaded = Walk::new(&edges, &own).module(&("m".into(), String::new()));
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
        let members = ["m", "n"].map(|path| (path.to_owned(), String::new()));
        let loaded = Walk::new(&edges, &own).workspace(&members);
        // a was raised above what m asks for, so it and its requirements are loaded; d is below a
        // pruned one.
        assert_eq!(
            shown(&loaded),
            ["a@v1.0.0", "a@v1.1.0", "b@v1.0.0", "c@v1.0.0", "m@", "n@"]
        );
    }
}
