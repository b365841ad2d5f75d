//! The import graph of one root in one build context.

use std::collections::BTreeMap;

use crate::diag::Position;
use crate::gomod::ImportPath;
use crate::tree::TreePath;
use crate::workspace::ModuleIx;

/// Index of a [`Package`] in its [`Packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageIx(pub usize);

/// The packages of the repository that the mains of a root reach, with the imports that leave the
/// repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    pub(super) packages: Vec<Package>,
    pub(super) by_path: BTreeMap<ImportPath, PackageIx>,
    /// What the third-party packages that are imported here import of the repository in turn, by
    /// their import paths.
    pub(super) behind: BTreeMap<ImportPath, BTreeMap<PackageIx, Way>>,
    /// Every `package main` that the pattern `...` matches in the members, sorted by import path.
    pub mains: Vec<PackageIx>,
    /// The stand-ins of [tools](Tool), by the import paths of these: a `package main` without files
    /// that imports the tool where its go.mod names it. No import path leads to it.
    pub(super) tools: BTreeMap<ImportPath, PackageIx>,
}

/// How third-party packages come back to a package of the repository: their import paths, from the
/// one that the repository imports to the one that imports the repository. Empty where that is a
/// guess.
pub type Way = Vec<ImportPath>;

/// A program from outside the repository that is built with it: a `tool` line of a go.mod names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tool {
    /// Its import path.
    pub(crate) path: ImportPath,
    /// The module whose go.mod names it.
    pub(crate) module: ModuleIx,
    /// Where in that file.
    pub(crate) at: Position,
}

/// One package of the repository, as one build context sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// Import path.
    pub path: ImportPath,
    /// Name in its package clauses.
    pub name: String,
    /// Its module.
    pub module: ModuleIx,
    /// Its directory.
    pub dir: TreePath,
    /// The files the build takes, of every class; embedded ones, a main's `default.pgo`, those of
    /// [`Package::included`], and what symlinks lead through to any of them are among them; sorted.
    pub files: Vec<TreePath>,
    /// The files among [`Package::files`] that are not sources of the package: its C sources,
    /// preambles, assembly or `#cgo` lines name them.
    pub included: Vec<TreePath>,
    /// Go and other source files of its directory that the build does not take: for other platforms
    /// or tags. Tests do not count.
    pub left_out: Vec<TreePath>,
    /// The files among [`Package::files`] that it embeds, by the pattern that names them, as
    /// written (`all:` included).
    pub embedded: BTreeMap<String, Vec<TreePath>>,
    /// What it imports, sorted by path.
    pub imports: Vec<Import>,
    /// Bytes of its compiled source files: the price of compiling it, roughly.
    pub size: u64,
}

/// One import of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Import {
    /// Import path as written.
    pub path: ImportPath,
    /// The package of the repository it means; none for std and third-party ones.
    pub package: Option<PackageIx>,
    /// The file that imports it first.
    pub file: TreePath,
    /// Where in that file.
    pub at: Position,
}

impl Packages {
    /// The package at `ix`.
    pub fn get(&self, ix: PackageIx) -> &Package {
        &self.packages[ix.0]
    }

    /// The package with this import path.
    pub fn find(&self, path: &str) -> Option<PackageIx> {
        self.by_path.get(path).copied()
    }

    /// The package with this import path, or the stand-in of the tool that has it.
    pub fn program(&self, path: &str) -> Option<PackageIx> {
        self.find(path).or_else(|| self.tools.get(path).copied())
    }

    /// The mains, and the stand-ins of tools.
    pub(crate) fn programs(&self) -> impl Iterator<Item = PackageIx> {
        self.mains.iter().chain(self.tools.values()).copied()
    }

    /// The tools.
    pub(crate) fn tools(&self) -> impl Iterator<Item = Tool> {
        self.tools.values().filter_map(|ix| {
            let stand_in = self.get(*ix);
            let line = stand_in.imports.first()?;
            Some(Tool {
                path: line.path.clone(),
                module: stand_in.module,
                at: line.at,
            })
        })
    }

    /// Whether a package is the stand-in of a tool.
    pub(crate) fn is_tool(&self, ix: PackageIx) -> bool {
        self.tools.get(&self.get(ix).path) == Some(&ix)
    }

    /// Every package with its index, in an order without meaning that is always the same.
    pub fn iter(&self) -> impl Iterator<Item = (PackageIx, &Package)> {
        self.packages
            .iter()
            .enumerate()
            .map(|(ix, package)| (PackageIx(ix), package))
    }

    /// How much there is of it: packages, their files and their imports.
    pub(crate) fn fact_count(&self) -> usize {
        let of_package = |package: &Package| 1 + package.files.len() + package.imports.len();
        self.packages.iter().map(of_package).sum()
    }

    /// The packages of the repository that the third-party package `path` imports, directly or
    /// through other third-party packages. Known only of packages that the repository imports, and
    /// once the go command was asked.
    pub fn behind(&self, path: &str) -> impl Iterator<Item = (PackageIx, &Way)> {
        self.behind
            .get(path)
            .into_iter()
            .flatten()
            .map(|(&ix, way)| (ix, way))
    }

    /// The packages of the repository that the one at `ix` imports: by itself, or through
    /// third-party packages.
    pub fn below(&self, ix: PackageIx) -> impl Iterator<Item = PackageIx> {
        self.get(ix)
            .imports
            .iter()
            .flat_map(|import| self.meant(import))
    }

    /// The packages of the repository that an import leads to.
    pub(crate) fn meant<'a>(&'a self, import: &'a Import) -> impl Iterator<Item = PackageIx> + 'a {
        let behind = || self.behind(&import.path).map(|(ix, _)| ix);
        import
            .package
            .into_iter()
            .chain(import.package.is_none().then(behind).into_iter().flatten())
    }

    /// Whether third-party packages import some package of the repository, as far as that is known.
    pub(crate) fn has_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// How many packages there are.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether it has no packages.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }
}

impl Package {
    /// A package that nothing more is known about yet.
    pub(super) fn new(path: &ImportPath, module: ModuleIx, dir: TreePath) -> Self {
        Self {
            path: path.clone(),
            name: String::new(),
            module,
            dir,
            files: Vec::new(),
            included: Vec::new(),
            left_out: Vec::new(),
            embedded: BTreeMap::new(),
            imports: Vec::new(),
            size: 0,
        }
    }

    /// The imports that leave the repository.
    pub fn outside(&self) -> impl Iterator<Item = &Import> {
        self.imports
            .iter()
            .filter(|import| import.package.is_none())
    }
}
