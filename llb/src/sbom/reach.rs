//! The packages of one binary, and which of them import which.

use std::collections::{BTreeMap, VecDeque};

use super::linking::Linking;
use crate::gomod::{ImportPath, ModulePath};
use crate::packages::{PackageIx, Packages};
use crate::plan::{self, Build, BuildModule, StepIx, StepKind, ThirdParty};
use crate::resolution::{Resolution, ResolvedModule};

/// What may be linked in one build.
pub(super) struct Reach<'a> {
    pub(super) build: &'a Build,
    third_party: ThirdParty<'a>,
}

/// Where a package comes from.
pub(super) enum Source<'a> {
    /// A module of the repository.
    Own(&'a BuildModule),
    /// A module from outside.
    ThirdParty(&'a ResolvedModule),
    /// The standard library.
    Std,
}

impl Source<'_> {
    /// The module's path. Returns `None` for std.
    pub(super) fn module(&self) -> Option<&ModulePath> {
        match self {
            Self::Own(module) => Some(&module.path),
            Self::ThirdParty(module) => Some(&module.path),
            Self::Std => None,
        }
    }
}

/// The packages of a binary, each with one that imports it, on a shortest way from the main. The
/// main has none.
pub(super) type Importers<'a> = BTreeMap<&'a ImportPath, Option<&'a ImportPath>>;

impl<'a> Reach<'a> {
    /// The packages of the build that links the step `link`, with the import path of its main.
    /// Returns `None` if the step is no link, or if its build is not resolved.
    pub(super) fn new(input: Linking<'a>, link: StepIx) -> Option<(Self, &'a ImportPath)> {
        let step = input.plan.step(link);
        let StepKind::Link(link) = &step.kind else {
            return None;
        };
        let reach = Self {
            build: input.plan.build(step.build),
            third_party: ThirdParty::new(input.resolutions.get(&step.build)?),
        };
        Some((reach, &link.package))
    }

    /// What the go command chose.
    pub(super) fn resolution(&self) -> &'a Resolution {
        self.third_party.resolution()
    }

    /// All packages that `main` reaches, itself included.
    pub(super) fn importers(&self, main: &'a ImportPath) -> Importers<'a> {
        let mut importers = BTreeMap::from([(main, None)]);
        let mut open = VecDeque::from([main]);
        while let Some(path) = open.pop_front() {
            for import in self.imports(path) {
                if self.source(import).is_some() && !importers.contains_key(import) {
                    importers.insert(import, Some(path));
                    open.push_back(import);
                }
            }
        }
        importers
    }

    /// What a package imports.
    pub(super) fn imports(&self, path: &str) -> Vec<&'a ImportPath> {
        let packages = &self.build.packages;
        if let Some(ix) = packages.find(path) {
            return own_imports(packages, ix);
        }
        let Some(ix) = self.third_party.position(path) else {
            return Vec::new();
        };
        self.third_party.get(ix).imports.iter().collect()
    }

    /// Where a package comes from. Returns `None` for what is no package: `C`, and `unsafe`, which
    /// has no code.
    pub(super) fn source(&self, path: &str) -> Option<Source<'a>> {
        let packages = &self.build.packages;
        if let Some(ix) = packages.find(path) {
            return plan::module_of(self.build, packages.get(ix)).map(Source::Own);
        }
        let ix = self.third_party.position(path)?;
        match self.third_party.module(self.third_party.get(ix)) {
            Some(module) => Some(Source::ThirdParty(module)),
            None => self.third_party.is_std(ix).then_some(Source::Std),
        }
    }
}

fn own_imports(packages: &Packages, ix: PackageIx) -> Vec<&ImportPath> {
    let mut paths = Vec::new();
    for import in &packages.get(ix).imports {
        paths.push(match import.package {
            Some(own) => &packages.get(own).path,
            None => &import.path,
        });
    }
    paths
}
