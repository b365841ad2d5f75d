//! Steps and images: the plan itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::build::{Build, BuildIx};
use super::outline::Setup;
use super::sealed::Sealed;
use crate::config::{Cache, ImageName, RuntimeConfig};
use crate::gomod::ImportPath;
use crate::resolution::ResolveRequest;
use crate::text_type::text_type;
use crate::tree::TreePath;

/// Index of a [`Step`] in its [`Plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIx(pub usize);

text_type! {
    /// The name of a step, unique in its plan and the same in each plan that has the step: `std`,
    /// `deps`, `unit:lib/money`, `link:api`.
    StepName
}

/// How all images of a repository are built for one platform.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// What all images share. Its fields read as the plan's own.
    pub setup: Setup,
    /// Steps, each after those it needs.
    pub steps: Vec<Step>,
    /// Images, sorted by name.
    pub images: Vec<Image>,
    /// Whether `go` chose the third-party packages ([`crate::resolution`]). Without, the plan is
    /// coarser: one deps step, std not listed.
    pub resolved: bool,
}

/// One step: a run of a program on exactly these inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// Its name in the plan.
    pub name: StepName,
    /// What a person reads in the progress output: `compile ./lib/money (2 packages)`.
    pub title: String,
    /// Which build it belongs to.
    pub build: BuildIx,
    /// What it does.
    pub kind: StepKind,
    /// What it reads.
    pub inputs: Inputs,
}

/// The files that a step compiles itself, and for a link the mod files: apart from those of what it
/// imports, whose results it reads. Std's are not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnFiles {
    /// Files of the repository.
    pub files: BTreeSet<TreePath>,
    /// Files of third-party packages by import path and name, as a vendor directory has them, and
    /// where the module cache has each.
    pub vendor: BTreeMap<String, String>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// Asks `go` which versions and packages there are; gives a resolution and a pruned module
    /// cache.
    Resolve(ResolveRequest),
    /// Compiles packages of the standard library.
    Std(Vec<Part>),
    /// Compiles third-party packages.
    Deps(Vec<Part>),
    /// Compiles packages of the repository, and third-party packages that import such.
    Unit(Vec<Part>),
    /// Compiles a main and links its binary.
    Link(Link),
}

impl StepKind {
    /// What a compile step makes, by part; none for other steps.
    pub fn parts(&self) -> &[Part] {
        match self {
            Self::Std(parts) | Self::Deps(parts) | Self::Unit(parts) => parts,
            Self::Resolve(_) | Self::Link(_) => &[],
        }
    }

    /// Import paths of the packages that a compile step or a link compiles, sorted.
    pub fn compiles(&self) -> Vec<&ImportPath> {
        let mut paths: Vec<&ImportPath> = match self {
            Self::Link(link) => link.compiles.iter().collect(),
            _ => self
                .parts()
                .iter()
                .flat_map(|part| &part.packages)
                .collect(),
        };
        paths.sort_unstable();
        paths
    }

    /// Whether a step takes compile results from the cache mount and leaves them there. A link that
    /// compiles its main alone does so under a key which no other link has.
    pub(crate) fn uses_mount(&self, cache: Cache) -> bool {
        match (cache, self) {
            (Cache::Layer, _) | (_, Self::Resolve(_)) => false,
            (Cache::Both, Self::Link(link)) => link.compiles.len() > 1,
            (Cache::Both | Cache::Mount, _) => true,
        }
    }
}

/// Packages that a step compiles and whose results it keeps apart, so that a step that needs only
/// these does not depend on the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Import paths, sorted.
    pub packages: Vec<ImportPath>,
    /// Names of the images that reach one of them or more, sorted. Empty where that is not known.
    pub reach: Vec<ImageName>,
    /// The packages that need all the others, and nothing else that no step before has compiled, if
    /// they are known early: the go command gets only their names.
    pub roots: Vec<ImportPath>,
}

impl Part {
    /// The import paths that the go command is asked for.
    pub fn named(&self) -> &[ImportPath] {
        if self.roots.is_empty() {
            &self.packages
        } else {
            &self.roots
        }
    }
}

/// The results of one part of a compile step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Results {
    /// The step.
    pub step: StepIx,
    /// Index of the part in [`StepKind::parts`].
    pub part: usize,
}

/// The flag of a link whose program says which commit it is made of.
pub(crate) const STAMPED: &str = "-buildvcs=true";

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Link {
    /// Import path of the main.
    pub package: ImportPath,
    /// Import paths of the packages that it compiles, sorted: its main, and those that no other
    /// program is made of, where a step of their own would cost more.
    pub compiles: Vec<ImportPath>,
    /// File name of the binary.
    pub binary: String,
    /// `-ldflags`, build-args expanded.
    pub ldflags: String,
    /// Whether the program says which commit it is made of: `-buildvcs=true`.
    pub buildvcs: bool,
}

impl Link {
    /// Its flags that decide no compile result of a package.
    pub(crate) fn own_flags(&self) -> Vec<String> {
        let mut flags = vec![format!("-ldflags={}", self.ldflags)];
        if self.buildvcs {
            flags.push(STAMPED.to_owned());
        }
        flags
    }
}

/// All that a step may read. Nothing else may be part of its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Mod files of the root, in full: version selection is global. None for sealed steps.
    pub mod_files: BTreeSet<TreePath>,
    /// What a sealed step sees in place of the mod files and the module cache.
    pub sealed: Option<Sealed>,
    /// Sources: every file of the packages in question and of the repository's packages they
    /// import, vendored ones included. The resolve step of a vendored root reads its whole vendor
    /// directory, which stands for all below it.
    pub files: BTreeSet<TreePath>,
    /// Whether it reads the module cache that the resolve step left.
    pub module_cache: bool,
    /// The compile results that it reads, sorted.
    pub results: Vec<Results>,
    /// The files among these that it compiles itself.
    pub own: OwnFiles,
}

/// One image.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Image {
    /// Its name, as `--target` takes it.
    pub name: ImageName,
    /// Import path of its main.
    pub package: ImportPath,
    /// Directory of its main.
    pub dir: TreePath,
    /// File name of the binary.
    pub binary: String,
    /// The step that links it.
    pub link: StepIx,
    /// The binaries that it holds in addition to its own, in the order written.
    pub binaries: Vec<Binary>,
    /// The image that it is a variant of, for a debugger. It is built only if it is asked for.
    pub variant_of: Option<ImageName>,
    /// What is in the image in addition to its binaries, and how it runs.
    pub runtime: RuntimeConfig,
}

/// A binary that an image holds in addition to its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binary {
    /// Import path of its main.
    pub package: ImportPath,
    /// Directory of its main. Of a tool nothing is there.
    pub dir: TreePath,
    /// Its file name.
    pub file: String,
    /// The step that links it.
    pub link: StepIx,
}

impl Image {
    /// The links of its binaries, its own first.
    pub fn links(&self) -> impl Iterator<Item = StepIx> {
        let others = self.binaries.iter().map(|binary| binary.link);
        [self.link].into_iter().chain(others)
    }

    /// Each of its other binaries as if it were the own one of an image of this name, with nothing
    /// else in it.
    pub fn others(&self) -> Vec<Self> {
        let mut others = Vec::new();
        for binary in &self.binaries {
            let mut other = Self {
                name: self.name.clone(),
                package: binary.package.clone(),
                dir: binary.dir.clone(),
                binary: binary.file.clone(),
                link: binary.link,
                binaries: Vec::new(),
                variant_of: self.variant_of.clone(),
                runtime: self.runtime.clone(),
            };
            other.runtime.files.clear();
            others.push(other);
        }
        others
    }
}

impl Deref for Plan {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.setup
    }
}

impl Plan {
    /// The step at `ix`.
    pub fn step(&self, ix: StepIx) -> &Step {
        &self.steps[ix.0]
    }

    /// The build at `ix`.
    pub fn build(&self, ix: BuildIx) -> &Build {
        &self.builds[ix.0]
    }

    /// Where a build's compile results are kept: in layers alone if it has hidden inputs, for
    /// layers are keyed by these.
    pub(crate) fn cache_of(&self, ix: BuildIx) -> Cache {
        if self.build(ix).hidden_inputs {
            Cache::Layer
        } else {
            self.cache
        }
    }

    /// The image of this name.
    pub fn image(&self, name: &str) -> Option<&Image> {
        self.images
            .iter()
            .find(|image| image.name.eq_ignore_ascii_case(name))
    }
}
