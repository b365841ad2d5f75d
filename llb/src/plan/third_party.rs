//! Packages outside the repository: who reaches which, as the resolve step found them.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::behind::Returns;
use crate::gomod::ImportPath;
use crate::packages::{PackageIx, Packages};
use crate::resolution::{Resolution, ResolvedModule, ResolvedPackage};

/// A resolution, with the packages to be found by import path. Packages of the repository that
/// these import are no part of it, nor is what only those import: [`crate::packages::closure`]
/// leads there.
#[derive(Debug)]
pub(crate) struct ThirdParty<'a> {
    resolution: &'a Resolution,
    by_path: BTreeMap<&'a str, usize>,
}

impl<'a> ThirdParty<'a> {
    pub(crate) fn new(resolution: &'a Resolution) -> Self {
        let by_path = resolution
            .packages
            .iter()
            .enumerate()
            .map(|(ix, package)| (package.path.as_str(), ix))
            .collect();
        Self {
            resolution,
            by_path,
        }
    }

    /// What the go command chose.
    pub(crate) fn resolution(&self) -> &'a Resolution {
        self.resolution
    }

    /// The package at `ix`.
    pub(crate) fn get(&self, ix: usize) -> &'a ResolvedPackage {
        &self.resolution.packages[ix]
    }

    /// The module of a package.
    pub(crate) fn module(&self, package: &ResolvedPackage) -> Option<&'a ResolvedModule> {
        package
            .module
            .and_then(|ix| self.resolution.modules.get(ix))
    }

    /// Whether a package is one of std that is compiled.
    pub(crate) fn is_std(&self, ix: usize) -> bool {
        self.get(ix).is_std() && self.get(ix).path != "unsafe"
    }

    /// The packages outside the repository that `imports` reach, std's included.
    pub(crate) fn reached<'p>(
        &self,
        imports: impl IntoIterator<Item = &'p ImportPath>,
    ) -> BTreeSet<usize> {
        self.closure(
            imports
                .into_iter()
                .filter_map(|path| self.by_path.get(path.as_str()).copied()),
        )
    }

    /// The packages outside the repository that `from` reach, themselves included.
    pub(crate) fn closure(&self, from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = from.into_iter().collect();
        while let Some(ix) = open.pop() {
            if found.insert(ix) {
                open.extend(
                    self.get(ix)
                        .imports
                        .iter()
                        .filter_map(|path| self.by_path.get(path.as_str()).copied()),
                );
            }
        }
        found
    }

    /// The packages of `graph` that the third-party packages `from` import, directly or through
    /// other third-party packages.
    pub(super) fn returns(&self, from: &BTreeSet<usize>, graph: &Packages) -> BTreeSet<PackageIx> {
        let closure = self.closure(from.iter().copied());
        let imports = closure.iter().flat_map(|&ix| &self.get(ix).imports);
        imports
            .filter(|path| !self.by_path.contains_key(path.as_str()))
            .filter_map(|path| graph.find(path))
            .collect()
    }

    /// The packages whose results depend on packages of `graph`.
    pub(super) fn mixed(&self, graph: &Packages) -> BTreeSet<usize> {
        Returns::new(self.resolution)
            .mixed(graph)
            .into_iter()
            .filter_map(|path| self.find(path))
            .collect()
    }

    /// Bytes of the sources of each package.
    pub(super) fn sizes(&self) -> Vec<u64> {
        self.resolution
            .packages
            .iter()
            .map(|package| package.size)
            .collect()
    }

    /// The third-party packages among these, as a set of bits.
    pub(super) fn bits<'s>(&self, among: impl IntoIterator<Item = &'s usize>) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(self.resolution.packages.len());
        bits.extend(
            among
                .into_iter()
                .copied()
                .filter(|&ix| !self.get(ix).is_std()),
        );
        bits
    }

    /// Where a package is, one of std or a third-party one.
    pub(crate) fn position(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// Where a third-party package is.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.by_path
            .get(path)
            .copied()
            .filter(|&ix| !self.get(ix).is_std())
    }
}
