//! Packages outside the repository: who reaches which, as the resolve step found them.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use sha2::{Digest as _, Sha256};

use super::behind::Returns;
use super::fold::STEP;
use super::partition::{self, Node, Part};
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

    /// Where a third-party package is.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        self.by_path
            .get(path)
            .copied()
            .filter(|&ix| !self.get(ix).is_std())
    }

    /// The third-party packages among `reached`, cut into parts, and these into steps, each after
    /// those it needs: a step for each heavy module that nothing else is built upon, some for the
    /// light ones among these, and one below for the others. `one`, if a single step will do.
    ///
    /// Of each module those packages that other modules reach are cut from those that the
    /// repository alone imports. The cut depends only on what third-party packages import, and not
    /// on who imports them here, and from nothing that another module could tip: so an import of a
    /// package that others have moves nothing, and a module that is new moves only what it imports
    /// itself.
    pub(super) fn steps(&self, reached: &BTreeSet<usize>, one: bool) -> Vec<Vec<BTreeSet<usize>>> {
        let nodes = self.nodes(reached);
        let parts = partition::parts(&nodes);
        let modules = |part: &Part| -> BTreeSet<usize> {
            part.nodes
                .iter()
                .filter_map(|&ix| self.get(ix).module)
                .collect()
        };
        let modules: Vec<BTreeSet<usize>> = parts.iter().map(modules).collect();
        let is_heavy = |part: &Part| part.size >= HEAVY;
        let one = one || parts.iter().map(|part| part.size).sum::<u64>() < STEP;
        let levels = levels(&parts, &modules);
        let (mut base, mut heavy, mut light) = (Vec::new(), Vec::new(), Vec::new());
        for (part, level) in parts.into_iter().zip(levels) {
            match level {
                _ if one => base.push(part),
                Level::Top | Level::Middle if is_heavy(&part) => heavy.push((level, part)),
                Level::Top => light.push(part),
                Level::Middle | Level::Base => base.push(part),
            }
        }
        heavy.sort_by_key(|(level, _)| *level == Level::Top);
        let heavy = heavy.into_iter().map(|(_, part)| vec![part]);
        let light = self.shared_out(light);
        let steps = std::iter::once(base)
            .chain(heavy)
            .chain(light)
            .filter(|step| !step.is_empty());
        steps
            .map(|step| step.into_iter().map(|part| part.nodes).collect())
            .collect()
    }

    /// Parts of light modules that need no other light module, in as many steps as would be heavy:
    /// another version of one module repeats but one of them. Each module has its place by its path
    /// alone. Only when all together have become twice as heavy is each step cut in two.
    fn shared_out(&self, light: Vec<Part>) -> Vec<Vec<Part>> {
        let size: u64 = light.iter().map(|part| part.size).sum();
        let count = (size / HEAVY).max(1).ilog2();
        let mut steps: BTreeMap<u32, Vec<Part>> = BTreeMap::new();
        for part in light {
            let module = part.nodes.first().and_then(|&ix| self.module(self.get(ix)));
            let place = Sha256::digest(
                module
                    .map(|module| module.path.as_str())
                    .unwrap_or_default(),
            );
            let place = place
                .first_chunk()
                .map(|bytes| u32::from_be_bytes(*bytes))
                .unwrap_or_default();
            steps
                .entry(place.checked_shr(u32::BITS - count).unwrap_or_default())
                .or_default()
                .push(part);
        }
        steps.into_values().collect()
    }

    fn nodes(&self, reached: &BTreeSet<usize>) -> Vec<Node> {
        let packages = &self.resolution.packages;
        let mut of_module: Vec<Vec<usize>> = vec![Vec::new(); self.resolution.modules.len()];
        for &ix in reached {
            packages[ix]
                .module
                .into_iter()
                .for_each(|module| of_module[module].push(ix));
        }
        let mut for_others = FixedBitSet::with_capacity(packages.len());
        for (module, of) in of_module.into_iter().enumerate() {
            let closure = self.closure(of).into_iter();
            for_others
                .extend(closure.filter(|&ix| packages[ix].module.is_some_and(|of| of != module)));
        }
        let node = |(ix, package): (usize, &ResolvedPackage)| Node {
            module: package.module.map_or(usize::MAX, |module| {
                2 * module + usize::from(for_others[ix])
            }),
            reach: (0..usize::from(reached.contains(&ix) && !package.is_std())).collect(),
            imports: package
                .imports
                .iter()
                .filter_map(|path| self.find(path))
                .collect(),
            outside: FixedBitSet::new(),
            size: package.size,
            weight: 0,
        };
        packages.iter().enumerate().map(node).collect()
    }
}

/// Where a part stands among those of other modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// No other module needs it.
    Top,
    /// Only such modules do.
    Middle,
    /// Others do. What a part at this level needs is at this level; the other two need nothing of
    /// their own level.
    Base,
}

/// The level of each part, of these modules each.
fn levels(parts: &[Part], modules: &[BTreeSet<usize>]) -> Vec<Level> {
    let mut levels = vec![Level::Top; parts.len()];
    // What needs a part comes after it.
    for (ix, part) in parts.iter().enumerate().rev() {
        let level = levels[ix];
        for needed in part
            .needs
            .ones()
            .filter(|&needed| modules[needed] != modules[ix])
        {
            levels[needed] = match (levels[needed], level) {
                (Level::Top | Level::Middle, Level::Top) => Level::Middle,
                _ => Level::Base,
            };
        }
    }
    levels
}

/// How many bytes of source make a step of their own.
const HEAVY: u64 = 2 * STEP;
