//! Questions to the graph: each answers with a set.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::{Import, PackageIx, Packages};
use crate::tree::TreePath;

/// A set of packages of one graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageSet(pub BTreeSet<PackageIx>);

/// Everything that `from` is made of: itself and all it imports, directly or not.
pub fn closure(packages: &Packages, from: impl IntoIterator<Item = PackageIx>) -> PackageSet {
    let mut reached = BTreeSet::new();
    let mut open: Vec<PackageIx> = from.into_iter().collect();
    while let Some(ix) = open.pop() {
        if reached.insert(ix) {
            open.extend(packages.get(ix).inside());
        }
    }
    PackageSet(reached)
}

/// A shortest chain of imports that leads from `from` to a package that `is_goal` accepts: each step's importer with the import it takes, in order.
/// Empty if `from` is a goal itself; none if there is no way. Among chains of one length that of the first import paths is taken.
pub fn chain<'a>(
    packages: &'a Packages,
    from: PackageIx,
    is_goal: &dyn Fn(PackageIx) -> bool,
) -> Option<Vec<(PackageIx, &'a Import)>> {
    let mut came: BTreeMap<PackageIx, Option<(PackageIx, &Import)>> = BTreeMap::from([(from, None)]);
    let mut open = VecDeque::from([from]);
    while let Some(ix) = open.pop_front() {
        if is_goal(ix) {
            let steps =
                std::iter::successors(came.get(&ix).copied().flatten(), |(before, _)| came.get(before).copied().flatten());
            let mut chain: Vec<_> = steps.collect();
            chain.reverse();
            return Some(chain);
        }
        for import in &packages.get(ix).imports {
            let Some(next) = import.package else { continue };
            came.entry(next).or_insert_with(|| {
                open.push_back(next);
                Some((ix, import))
            });
        }
    }
    None
}

impl PackageSet {
    /// The packages, in index order.
    pub fn iter(&self) -> impl Iterator<Item = PackageIx> {
        self.0.iter().copied()
    }

    /// Whether it holds `package`.
    pub fn contains(&self, package: PackageIx) -> bool {
        self.0.contains(&package)
    }

    /// Every file of its packages.
    pub fn files(&self, packages: &Packages) -> BTreeSet<TreePath> {
        self.iter().flat_map(|ix| packages.get(ix).files.iter().cloned()).collect()
    }

    /// Import paths outside the repository that its packages import, std's and third-party ones, `C` and `unsafe` left out.
    pub fn outside(&self, packages: &Packages) -> BTreeSet<String> {
        let imports = self.iter().flat_map(|ix| packages.get(ix).outside());
        let mut paths: BTreeSet<String> = imports.map(|import| import.path.clone()).filter(|path| path != "unsafe").collect();
        if paths.remove("C") {
            // What the go command adds to the imports of such a package (cmd/go/internal/load, `UsesCgo`).
            paths.extend(["runtime/cgo", "syscall"].map(ToOwned::to_owned));
        }
        paths
    }
}
