//! Packages outside the repository: who reaches which, as the resolve step found them.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::partition::Node;
use crate::resolution::{Resolution, ResolvedModule, ResolvedPackage};

/// A resolution, with the packages to be found by import path.
#[derive(Debug)]
pub(super) struct ThirdParty<'a> {
    resolution: &'a Resolution,
    by_path: BTreeMap<&'a str, usize>,
}

impl<'a> ThirdParty<'a> {
    pub(super) fn new(resolution: &'a Resolution) -> Self {
        let by_path = resolution.packages.iter().enumerate().map(|(ix, package)| (package.path.as_str(), ix)).collect();
        Self { resolution, by_path }
    }

    /// What the go command chose.
    pub(super) fn resolution(&self) -> &'a Resolution {
        self.resolution
    }

    /// The package at `ix`.
    pub(super) fn get(&self, ix: usize) -> &'a ResolvedPackage {
        &self.resolution.packages[ix]
    }

    /// The module of a package.
    pub(super) fn module(&self, package: &ResolvedPackage) -> Option<&'a ResolvedModule> {
        package.module.and_then(|ix| self.resolution.modules.get(ix))
    }

    /// Whether a package is one of std that is compiled.
    pub(super) fn is_std(&self, ix: usize) -> bool {
        self.get(ix).is_std() && self.get(ix).path != "unsafe"
    }

    /// The packages outside the repository that `imports` reach, std's included.
    pub(super) fn reached<'p>(&self, imports: impl IntoIterator<Item = &'p String>) -> BTreeSet<usize> {
        self.closure(imports.into_iter().filter_map(|path| self.by_path.get(path.as_str()).copied()))
    }

    /// The packages outside the repository that `from` reach, themselves included.
    pub(super) fn closure(&self, from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = from.into_iter().collect();
        while let Some(ix) = open.pop() {
            if found.insert(ix) {
                open.extend(self.get(ix).imports.iter().filter_map(|path| self.by_path.get(path.as_str()).copied()));
            }
        }
        found
    }

    /// Bytes of the sources of each package.
    pub(super) fn sizes(&self) -> Vec<u64> {
        self.resolution.packages.iter().map(|package| package.size).collect()
    }

    /// The third-party packages among these, as a set of bits.
    pub(super) fn bits<'s>(&self, among: impl IntoIterator<Item = &'s usize>) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(self.resolution.packages.len());
        bits.extend(among.into_iter().copied().filter(|&ix| !self.get(ix).is_std()));
        bits
    }

    /// Where a third-party package is.
    pub(super) fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied().filter(|&ix| !self.get(ix).is_std())
    }

    /// The third-party packages among `reached` as nodes; the others are reached by nobody. Of each module those that other modules reach are cut from
    /// those that the repository alone imports. So the cut follows from what third-party packages import, whoever imports them here: an import of one that
    /// others have already moves nothing, and one that is new joins the packages that no third-party package of another module reads.
    ///
    /// A node's reach are the modules that reach its part, as if each had an image of its own. Modules are bumped equally often, whatever their size.
    pub(super) fn nodes(&self, reached: &BTreeSet<usize>) -> Vec<Node> {
        let packages = &self.resolution.packages;
        let modules = self.resolution.modules.len();
        let mut of_module: Vec<Vec<usize>> = vec![Vec::new(); modules];
        for &ix in reached {
            packages[ix].module.into_iter().for_each(|module| of_module[module].push(ix));
        }
        let closures: Vec<BTreeSet<usize>> = of_module.iter().map(|of| self.closure(of.iter().copied())).collect();
        let mut for_others = FixedBitSet::with_capacity(packages.len());
        for (module, closure) in closures.iter().enumerate() {
            for_others.extend(closure.iter().copied().filter(|&ix| packages[ix].module.is_some_and(|of| of != module)));
        }
        let part_of = |ix: usize| packages[ix].module.map(|module| 2 * module + usize::from(for_others[ix]));
        let mut reach = vec![FixedBitSet::with_capacity(modules); 2 * modules];
        for (module, closure) in closures.iter().enumerate() {
            closure.iter().filter_map(|&ix| part_of(ix)).for_each(|part| reach[part].insert(module));
        }
        let node = |(ix, package): (usize, &ResolvedPackage)| {
            let part = part_of(ix).filter(|_| reached.contains(&ix));
            Node {
                module: part.unwrap_or(usize::MAX),
                reach: part.map(|part| reach[part].clone()).unwrap_or_default(),
                imports: package.imports.iter().filter_map(|path| self.find(path)).collect(),
                outside: FixedBitSet::new(),
                size: package.size,
                weight: package.module.map_or(0, |module| BUMP / (of_module[module].len() as u64).max(1)),
            }
        };
        packages.iter().enumerate().map(node).collect()
    }
}

/// The weight of a module's bumps, shared by its packages.
const BUMP: u64 = 1_000_000;
