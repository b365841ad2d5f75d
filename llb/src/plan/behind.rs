//! Own code behind third-party code: a fork in a directory of the repository, or a member of it,
//! that third-party packages import. It is own code like any other.
//!
//! Only the go command knows what third-party packages import. So an outline knows nothing of it at
//! first. [`Outline::completed`] adds what an answer of the go command leads to; that may import
//! more third-party packages, for which it has to be asked again. [`Outline::supposed`] guesses,
//! without a go command.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::build::{Build, BuildIx};
use super::outline::Outline;
use crate::diag::Diagnostic;
use crate::gomod::ImportPath;
use crate::packages::{self, PackageIx, Packages, Returning, Scan, Wanted, Way};
use crate::resolution::{Resolution, ResolvedPackage};
use crate::workspace::{Evidence, ModuleIx, Providers, Workspace};

/// What the go command said about every build of an outline.
#[derive(Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The outline with every package that the answers lead to.
    pub outline: Outline,
    /// The answers.
    pub resolutions: BTreeMap<BuildIx, Resolution>,
    /// What is wrong with packages of the repository that third-party packages import. With an
    /// error, the answers are not complete.
    pub diagnostics: Vec<Diagnostic>,
}

impl Outline {
    /// Asks `go` about every build, until the answers lead to no package that it must be asked
    /// about again.
    ///
    /// # Errors
    /// Those of `go`.
    pub fn resolve<E>(
        mut self,
        scan: &Scan,
        workspace: &Workspace,
        mut go: impl FnMut(&Self, &Build) -> Result<Resolution, E>,
    ) -> Result<Resolved, E> {
        loop {
            let mut resolutions = BTreeMap::new();
            for (ix, build) in self.builds.iter().enumerate() {
                resolutions.insert(BuildIx(ix), go(&self, build)?);
            }
            let Some((completed, diagnostics)) = self.completed(scan, workspace, &resolutions)
            else {
                return Ok(Resolved {
                    outline: self,
                    resolutions,
                    diagnostics: Vec::new(),
                });
            };
            if completed.asks_as(&self) || diagnostics.iter().any(Diagnostic::is_error) {
                return Ok(Resolved {
                    outline: completed,
                    resolutions,
                    diagnostics,
                });
            }
            self = completed;
        }
    }

    /// Whether answers to the questions of `other` answer those of this outline.
    pub(crate) fn asks_as(&self, other: &Self) -> bool {
        let mut pairs = self.builds.iter().zip(&other.builds);
        pairs.all(|(own, other)| own.request == other.request)
    }

    /// The outline with the packages of the repository that third-party packages import, as
    /// `resolutions` say, and what is wrong with these packages; `None` if it has them all. The new
    /// outline may ask the go command for more, which these packages import in turn: then other
    /// answers are needed to plan with, and may lead further.
    pub fn completed(
        &self,
        scan: &Scan,
        workspace: &Workspace,
        resolutions: &BTreeMap<BuildIx, Resolution>,
    ) -> Option<(Self, Vec<Diagnostic>)> {
        let mut outline = self.clone();
        let mut diagnostics = Vec::new();
        for (&ix, resolution) in resolutions {
            let returns = Returns::new(resolution);
            if returns.own.is_empty() {
                continue;
            }
            let (_, known) = self.again(scan, workspace, ix, &|_, _| Vec::new());
            let (build, found) = self.again(scan, workspace, ix, &|_, path| returns.of(path));
            outline.put(ix, build);
            diagnostics.extend(found.into_iter().filter(|found| !known.contains(found)));
        }
        let is_more = (0..self.builds.len())
            .any(|ix| self.builds[ix].packages != outline.builds[ix].packages);
        (is_more || diagnostics.iter().any(Diagnostic::is_error)).then_some((outline, diagnostics))
    }

    /// The outline with every package of the repository that third-party packages may import, as
    /// far as mod files say: for a plan without an answer of the go command. It asks for no more
    /// than before.
    pub fn supposed(&self, scan: &Scan, workspace: &Workspace) -> Self {
        let mut outline = self.clone();
        for (ix, of) in self.builds.iter().enumerate() {
            let candidates = candidates(scan, workspace, of, self.builder.go_minor);
            if candidates.values().all(Vec::is_empty) {
                continue;
            }
            let providers = Providers::new(workspace, workspace.root(of.root));
            let may_return = |importer: ModuleIx, path: &ImportPath| {
                let is_third_party = providers.may_be_third_party(path);
                let paths = candidates.get(&importer).filter(|_| is_third_party);
                paths
                    .into_iter()
                    .flatten()
                    .flat_map(|paths| paths.iter())
                    .map(|path| (path.clone(), Way::new()))
                    .collect()
            };
            // What is wrong with them matters only if they are reached.
            let (build, _) = outline.again(scan, workspace, BuildIx(ix), &may_return);
            outline.put(
                BuildIx(ix),
                Build {
                    request: of.request.clone(),
                    ..build
                },
            );
        }
        outline
    }

    /// The build `ix` once more, with what third-party packages import.
    fn again(
        &self,
        scan: &Scan,
        workspace: &Workspace,
        ix: BuildIx,
        returning: &Returning<'_>,
    ) -> (Build, Vec<Diagnostic>) {
        let of = &self.builds[ix.0];
        let mains = of.packages.mains.iter();
        let wanted = Wanted {
            mains: mains.map(|&main| &of.packages.get(main).path).collect(),
            tools: of.packages.tools().collect(),
        };
        let context = of.settings.context(self.builder.go_minor);
        let loaded = packages::load_with(scan, (workspace, of.root), &context, &wanted, returning);
        (
            Build::new(
                scan,
                workspace,
                of.root,
                of.settings.clone(),
                loaded.packages,
            ),
            loaded.diagnostics,
        )
    }

    /// Puts a build in the place of an earlier one with the same mains.
    fn put(&mut self, ix: BuildIx, build: Build) {
        let earlier = std::mem::replace(&mut self.setup.builds[ix.0], build);
        let packages = &self.setup.builds[ix.0].packages;
        let again = |main: PackageIx| {
            let path = &earlier.packages.get(main).path;
            packages.program(path).unwrap_or(main)
        };
        for image in &mut self.images {
            if image.build == ix {
                image.main = again(image.main);
            }
            for binary in &mut image.binaries {
                if binary.build == ix {
                    binary.main = again(binary.main);
                }
            }
        }
    }
}

/// The import paths that may be reached through third-party packages, by the module whose package
/// imports these. Modules share the lists: there may be thousands of both.
fn candidates(
    scan: &Scan,
    workspace: &Workspace,
    build: &Build,
    go_minor: u32,
) -> BTreeMap<ModuleIx, Vec<Arc<Vec<ImportPath>>>> {
    let root = workspace.root(build.root);
    let context = build.settings.context(go_minor);
    let mut importable: BTreeMap<&str, Arc<Vec<ImportPath>>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    let evidence = Evidence::new(workspace, root);
    // What may be imported that way has imports too.
    let mut open: BTreeSet<ModuleIx> = build
        .packages
        .iter()
        .map(|(_, package)| package.module)
        .collect();
    while let Some(importer) = open.pop_first() {
        let mut paths = Vec::new();
        for (path, module) in evidence.may_return(importer) {
            let of_module = importable.entry(path).or_insert_with(|| {
                let paths = packages::importable(scan, workspace, (path, module), &context);
                Arc::new(paths)
            });
            if !of_module.is_empty() {
                paths.push(Arc::clone(of_module));
            }
            if module != importer && !found.contains_key(&module) {
                open.insert(module);
            }
        }
        found.insert(importer, paths);
    }
    found
}

/// What the packages of a resolution import of the repository.
pub(super) struct Returns<'a> {
    by_path: BTreeMap<&'a ImportPath, &'a ResolvedPackage>,
    /// Import paths of the repository, by the third-party package that imports them.
    own: BTreeMap<&'a ImportPath, Vec<&'a ImportPath>>,
}

impl<'a> Returns<'a> {
    pub(super) fn new(resolution: &'a Resolution) -> Self {
        let by_path: BTreeMap<&ImportPath, &ResolvedPackage> = resolution
            .packages
            .iter()
            .map(|package| (&package.path, package))
            .collect();
        let mut own: BTreeMap<&ImportPath, Vec<&ImportPath>> = BTreeMap::new();
        for package in resolution
            .packages
            .iter()
            .filter(|package| !package.is_std())
        {
            // What the resolution does not list is the repository's.
            for import in &package.imports {
                if !by_path.contains_key(import) && !["C", "unsafe"].contains(&import.as_str()) {
                    own.entry(&package.path).or_default().push(import);
                }
            }
        }
        Self { by_path, own }
    }

    /// The first packages of the repository on every way from the third-party package `path`, each
    /// with a shortest one.
    fn of(&self, path: &ImportPath) -> Vec<(ImportPath, Way)> {
        let mut found: BTreeMap<&ImportPath, Way> = BTreeMap::new();
        let mut ways: BTreeMap<&ImportPath, Way> = BTreeMap::new();
        let mut open = VecDeque::new();
        if let Some((&path, _)) = self.by_path.get_key_value(path) {
            ways.insert(path, vec![path.clone()]);
            open.push_back(path);
        }
        while let Some(at) = open.pop_front() {
            let way = ways[at].clone();
            for &own in self.own.get(at).into_iter().flatten() {
                found.entry(own).or_insert_with(|| way.clone());
            }
            for import in &self.by_path[at].imports {
                let Some((&next, _)) = self
                    .by_path
                    .get_key_value(import)
                    .filter(|(_, next)| !next.is_std())
                else {
                    continue;
                };
                if !ways.contains_key(next) {
                    ways.insert(next, way.iter().cloned().chain([next.clone()]).collect());
                    open.push_back(next);
                }
            }
        }
        found
            .into_iter()
            .map(|(own, way)| (own.clone(), way))
            .collect()
    }

    /// The packages whose results depend on packages of `graph`: they import some, directly or not.
    pub(super) fn mixed(&self, graph: &Packages) -> BTreeSet<&'a ImportPath> {
        let imports_own = |own: &[&ImportPath]| own.iter().any(|path| graph.find(path).is_some());
        let mut mixed: BTreeSet<&ImportPath> = self
            .own
            .iter()
            .filter(|(_, own)| imports_own(own))
            .map(|(&path, _)| path)
            .collect();
        if mixed.is_empty() {
            return mixed;
        }
        let mut importers: BTreeMap<&ImportPath, Vec<&'a ImportPath>> = BTreeMap::new();
        for (&path, package) in &self.by_path {
            package
                .imports
                .iter()
                .for_each(|import| importers.entry(import).or_default().push(path));
        }
        let mut open: Vec<&ImportPath> = mixed.iter().copied().collect();
        while let Some(path) = open.pop() {
            let fresh = importers
                .get(path)
                .into_iter()
                .flatten()
                .filter(|importer| mixed.insert(importer));
            open.extend(fresh);
        }
        mixed
    }
}
