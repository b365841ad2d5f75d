//! Questions to the graph: each answers with a set.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::{Import, PackageIx, Packages};
use crate::gomod::ImportPath;
use crate::tree::TreePath;
use crate::workspace::ModuleIx;

/// A set of packages of one graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageSet(pub BTreeSet<PackageIx>);

/// Everything of the repository that `from` is made of: itself and all it imports, directly or not,
/// through third-party packages too.
pub fn closure(packages: &Packages, from: impl IntoIterator<Item = PackageIx>) -> PackageSet {
    reached(from, |ix| packages.below(ix).collect())
}

/// The same without guesses: without what third-party packages may import, but are not known to
/// import.
pub fn sure_closure(packages: &Packages, from: impl IntoIterator<Item = PackageIx>) -> PackageSet {
    let is_sure = |import: &Import, to| {
        packages
            .behind(&import.path)
            .all(|(ix, way)| ix != to || !way.is_empty())
    };
    reached(from, |ix| {
        let imports = packages.get(ix).imports.iter();
        imports
            .flat_map(|import| {
                packages
                    .meant(import)
                    .filter(move |&to| is_sure(import, to))
            })
            .collect()
    })
}

fn reached(
    from: impl IntoIterator<Item = PackageIx>,
    below: impl Fn(PackageIx) -> Vec<PackageIx>,
) -> PackageSet {
    let mut reached = BTreeSet::new();
    let mut open: Vec<PackageIx> = from.into_iter().collect();
    while let Some(ix) = open.pop() {
        if reached.insert(ix) {
            open.extend(below(ix));
        }
    }
    PackageSet(reached)
}

/// One step of a chain: a package takes an import that leads to another one of the repository.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Hop<'a> {
    /// The importer.
    pub from: PackageIx,
    /// What it imports: the package `to`, or a third-party one that leads there
    /// ([`Packages::behind`]).
    pub import: &'a Import,
    /// Where that leads.
    pub to: PackageIx,
}

impl<'a> Hop<'a> {
    /// The import paths on its way: of third-party packages, if it leads through some, and of where
    /// it leads.
    pub fn paths(&self, packages: &'a Packages) -> impl Iterator<Item = &'a ImportPath> {
        let way = packages
            .behind(&self.import.path)
            .find(|(to, _)| self.import.package.is_none() && *to == self.to);
        let way = way.into_iter().flat_map(|(_, way)| way);
        way.chain([&packages.get(self.to).path])
    }
}

/// A shortest chain of imports that leads from `from` to a package that `is_goal` accepts, in
/// order. Empty if `from` is a goal itself; `None` if no chain exists. Among chains of one length
/// that of the first import paths is taken.
pub fn chain<'a>(
    packages: &'a Packages,
    from: PackageIx,
    is_goal: &dyn Fn(PackageIx) -> bool,
) -> Option<Vec<Hop<'a>>> {
    let mut came: BTreeMap<PackageIx, Option<Hop<'a>>> = BTreeMap::from([(from, None)]);
    let mut open = VecDeque::from([from]);
    while let Some(ix) = open.pop_front() {
        if is_goal(ix) {
            let last = came.get(&ix).copied().flatten();
            let mut chain: Vec<_> =
                std::iter::successors(last, |hop| came.get(&hop.from).copied().flatten()).collect();
            chain.reverse();
            return Some(chain);
        }
        for import in &packages.get(ix).imports {
            for to in packages.meant(import) {
                came.entry(to).or_insert_with(|| {
                    open.push_back(to);
                    Some(Hop {
                        from: ix,
                        import,
                        to,
                    })
                });
            }
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
        self.iter()
            .flat_map(|ix| packages.get(ix).files.iter().cloned())
            .collect()
    }

    /// The modules that they are of.
    pub fn modules(&self, packages: &Packages) -> BTreeSet<ModuleIx> {
        self.iter().map(|ix| packages.get(ix).module).collect()
    }

    /// As [`PackageSet::outside`], for a binary made of these packages: it holds the runtime, too.
    pub(crate) fn linked(&self, packages: &Packages) -> BTreeSet<ImportPath> {
        let mut paths = self.outside(packages);
        paths.insert(ImportPath::new("runtime"));
        paths
    }

    /// Bytes of the sources of its packages.
    pub(crate) fn size(&self, packages: &Packages) -> u64 {
        self.iter().map(|ix| packages.get(ix).size).sum()
    }

    /// Import paths outside the repository that its packages import, std's and third-party ones,
    /// `C` and `unsafe` left out.
    pub(crate) fn outside(&self, packages: &Packages) -> BTreeSet<ImportPath> {
        let imports = self.iter().flat_map(|ix| packages.get(ix).outside());
        let mut paths: BTreeSet<ImportPath> = imports
            .map(|import| import.path.clone())
            .filter(|path| *path != "unsafe")
            .collect();
        if paths.remove("C") {
            // What the go command adds to the imports of such a package (cmd/go/internal/load,
            // `UsesCgo`).
            paths.extend(["runtime/cgo", "syscall"].map(ImportPath::new));
        }
        paths
    }
}
