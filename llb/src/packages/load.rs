//! A scan, one root and one build context to the import graph.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::check;
use super::excluded;
use super::graph::{Import, Package, PackageIx, Packages, Tool};
use super::owners::Owners;
use super::returning::Returning;
use super::scanned::{Scan, ScannedDir};
use crate::batches;
use crate::diag::{Diagnostic, Findings, Position, Severity, Span};
use crate::gomod::ImportPath;
use crate::gosrc::{self, BuildContext, PackageFiles, Place, SelectError};
use crate::tree::TreePath;
use crate::workspace::{ModuleIx, Providers, Root, RootIx, Workspace};

/// A graph, and messages about its packages.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Loaded {
    /// What was understood.
    pub packages: Packages,
    /// What is wrong; with any error the mains cannot be built.
    pub diagnostics: Vec<Diagnostic>,
}

/// The programs that are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted<'a> {
    /// Import paths of mains.
    pub(crate) mains: Vec<&'a ImportPath>,
    /// Tools. One whose module is a directory of the repository is a main like any other.
    pub(crate) tools: Vec<Tool>,
}

/// Loads what the mains with the import paths `mains` are made of, as if no third-party package
/// imported anything of the repository.
pub fn load(
    scan: &Scan,
    workspace: &Workspace,
    root: RootIx,
    context: &BuildContext,
    mains: &[&ImportPath],
) -> Loaded {
    let wanted = Wanted {
        mains: mains.to_vec(),
        tools: Vec::new(),
    };
    load_with(scan, (workspace, root), context, &wanted, &|_, _| {
        Vec::new()
    })
}

/// The same, with tools, and with the packages that third-party packages import.
pub(crate) fn load_with(
    scan: &Scan,
    (workspace, root): (&Workspace, RootIx),
    context: &BuildContext,
    wanted: &Wanted<'_>,
    returning: &Returning<'_>,
) -> Loaded {
    let mut loader = Loader {
        scan,
        workspace,
        root: workspace.root(root),
        owners: Owners::below(
            &scan.mod_files,
            workspace
                .root(root)
                .modules()
                .map(|ix| &workspace.module(ix).dir),
        ),
        providers: Providers::new(workspace, workspace.root(root)),
        context,
        returning,
        packages: Packages::default(),
        open: VecDeque::new(),
        excluded: Vec::new(),
        known_paths: OnceCell::new(),
        tests_only: BTreeSet::new(),
        findings: Findings::default(),
    };
    for path in &wanted.mains {
        loader.add_main(path);
    }
    for tool in &wanted.tools {
        if !loader.add_main(&tool.path) {
            loader.add_tool(tool);
        }
    }
    loader.run();
    check::graph(&loader.packages, &loader.tests_only, &mut loader.findings);
    let excluded = loader
        .excluded
        .iter()
        .filter_map(|&ix| excluded::diagnostic(&loader.packages, ix, context));
    loader.findings.extend(excluded);
    Loaded {
        packages: loader.packages,
        diagnostics: loader.findings.into_vec(),
    }
}

pub(super) struct Loader<'a> {
    pub(super) scan: &'a Scan,
    pub(super) workspace: &'a Workspace,
    pub(super) root: &'a Root,
    pub(super) owners: Owners<'a>,
    pub(super) providers: Providers<'a>,
    pub(super) context: &'a BuildContext,
    pub(super) returning: &'a Returning<'a>,
    pub(super) packages: Packages,
    pub(super) open: VecDeque<PackageIx>,
    /// Packages without a Go file that is for this context.
    pub(super) excluded: Vec<PackageIx>,
    /// See [`Loader::known_paths`].
    pub(super) known_paths: OnceCell<BTreeSet<ImportPath>>,
    /// Packages of tests alone.
    pub(super) tests_only: BTreeSet<PackageIx>,
    pub(super) findings: Findings,
}

impl Loader<'_> {
    fn run(&mut self) {
        while !self.open.is_empty() {
            let level: Vec<PackageIx> = self.open.drain(..).collect();
            let (packages, scan, context) = (&self.packages, self.scan, self.context);
            let select = |&ix: &PackageIx| {
                Some(gosrc::select(
                    &scan.dirs.get(&packages.get(ix).dir)?.files,
                    context,
                ))
            };
            let selected: Vec<Option<PackageFiles>> = batches::map(&level, select);
            for (ix, selected) in level.into_iter().zip(selected) {
                self.fill(ix, selected.unwrap_or_default());
            }
        }
    }

    /// Completes the package at `ix`, of whose directory the context selects these files.
    fn fill(&mut self, ix: PackageIx, selected: PackageFiles) {
        let dir = self.packages.get(ix).dir.clone();
        if let Some(scanned) = self.scan.dirs.get(&dir) {
            self.check_files(ix, &dir, scanned, &selected);
            let mut files = self.files(&dir, scanned, &selected);
            let size = size(scanned, &files);
            let mut included = self.included(&dir, scanned, &selected);
            included.retain(|file| files.insert(file.clone()));
            if selected.name == "main" && scanned.pgo {
                files.insert(dir.child("default.pgo"));
            }
            let through: Vec<TreePath> = files
                .iter()
                .flat_map(|file| self.scan.followed(file))
                .collect();
            files.extend(through);
            let importer = self.packages.get(ix).path.clone();
            let imports = selected
                .imports
                .iter()
                .filter_map(|(path, places)| self.import(&importer, &dir, path, places))
                .collect();
            let package = &mut self.packages.packages[ix.0];
            package.left_out = left_out(&dir, &selected);
            package.embedded = embedded(&dir, scanned, &selected);
            package.name = selected.name.clone();
            package.size = size;
            package.included = included.into_iter().collect();
            package.files = files.into_iter().collect();
            package.imports = imports;
        }
    }

    /// One import of the package in `dir`.
    fn import(
        &mut self,
        importer: &ImportPath,
        dir: &TreePath,
        path: &str,
        places: &[Place],
    ) -> Option<Import> {
        let place = places.first()?;
        let path = &ImportPath::new(path);
        let mut import = Import {
            path: path.clone(),
            package: None,
            file: dir.child(&place.file),
            at: place.at,
        };
        if *path == "C" {
            return Some(import);
        }
        // Most packages are imported more than once.
        if let Some(known) = self.packages.find(path) {
            import.package = Some(known);
        } else if let Some(error) = check::import_path(path, self.context.go_minor) {
            self.findings.push(at(dir, places, error));
            return None;
        } else if let Some((module, target)) = self.find(path) {
            if let Some(error) = self.ambiguous(path) {
                self.findings.push(at(dir, places, error));
                return None;
            }
            import.package = Some(self.add(path, module, target));
        } else if self.is_missing(path) {
            if self.findings.wants(Severity::Error) {
                let error = at(dir, places, self.no_such_package(importer, path));
                self.findings.push(error);
            }
            return None;
        } else {
            let module = self.packages.find(importer);
            if let Some(module) = module.map(|ix| self.packages.get(ix).module) {
                self.follow(module, dir, path, places);
            }
        }
        if !check::may_import(importer, path, import.package.is_some()) {
            let error = Diagnostic::error(format!(
                "use of internal package {path} not allowed in {importer}"
            ));
            let error = error.help("a package below a directory called internal is for packages beside or below that directory");
            self.findings.push(at(dir, places, error));
        }
        Some(import)
    }

    /// Adds a main, if the repository has the package.
    fn add_main(&mut self, path: &ImportPath) -> bool {
        let Some((module, dir)) = self.find(path) else {
            return false;
        };
        self.check_main(path, module);
        let ix = self.add(path, module, dir);
        if !self.packages.mains.contains(&ix) {
            self.packages.mains.push(ix);
        }
        true
    }

    /// Adds the stand-in of a tool, once.
    fn add_tool(&mut self, tool: &Tool) {
        if self.packages.tools.contains_key(&tool.path) {
            return;
        }
        let (path, module) = (&tool.path, tool.module);
        let dir = self.workspace.module(module).dir.clone();
        let file = dir.child("go.mod");
        let ix = PackageIx(self.packages.len());
        self.packages.packages.push(Package {
            name: "main".to_owned(),
            imports: vec![Import {
                path: path.clone(),
                package: None,
                file: file.clone(),
                at: tool.at,
            }],
            // Below a file, so that no package and no file of the repository is there.
            ..Package::new(path, module, file.child(path.binary_name()))
        });
        self.packages.tools.insert(path.clone(), ix);
        let line = Place {
            file: "go.mod".to_owned(),
            at: tool.at,
        };
        self.follow(module, &dir, path, &[line]);
    }

    /// What is wrong with a main whatever it imports.
    fn check_main(&mut self, path: &ImportPath, module: ModuleIx) {
        let module_line = self
            .workspace
            .module(module)
            .file
            .module
            .as_ref()
            .map(|line| line.span.clone());
        if let (Some(error), Some(span)) = (self.ambiguous(path), module_line) {
            self.findings.push(error.at(span));
        }
    }

    /// What is wrong with the files of the package at `ix`.
    fn check_files(
        &mut self,
        ix: PackageIx,
        dir: &TreePath,
        scanned: &ScannedDir,
        selected: &PackageFiles,
    ) {
        let is_excluded =
            |error: &&SelectError| matches!(error, SelectError::NoGoFiles { ignored: 1.. });
        // If a package is imported, the import is what is wrong.
        let is_imported = !self.packages.mains.contains(&ix);
        let errors = selected
            .errors
            .iter()
            .filter(|error| !(is_imported && is_excluded(error)));
        self.findings
            .extend(errors.map(|error| error.diagnostic(dir.as_str())));
        if is_imported && selected.errors.iter().any(|error| is_excluded(&error)) {
            self.excluded.push(ix);
        }
        if selected.errors.is_empty()
            && selected.go_files.is_empty()
            && selected.cgo_files.is_empty()
        {
            self.tests_only.insert(ix);
        }
        let matched = selected
            .embed_patterns
            .keys()
            .filter_map(|pattern| scanned.embeds.get(pattern)?.as_ref().ok());
        let embedded: Vec<&str> = matched.flatten().map(String::as_str).collect();
        if let Some((message, file)) =
            check::names(&self.packages.get(ix).path, selected, &embedded)
        {
            let file = dir.join(&file).unwrap_or_else(|_| dir.clone());
            self.findings
                .push(Diagnostic::error(message).at(Span::at(file.as_str(), Position::default())));
        }
    }

    /// What the third-party package `path`, which the module `module` imports in `dir`, imports of
    /// the repository in turn.
    fn follow(&mut self, module: ModuleIx, dir: &TreePath, path: &ImportPath, places: &[Place]) {
        for (own, way) in (self.returning)(module, path) {
            let by = way.last().unwrap_or(path).clone();
            let found = self.packages.find(&own).or_else(|| {
                self.find(&own)
                    .map(|(module, target)| self.add(&own, module, target))
            });
            match found {
                Some(ix) => {
                    _ = self
                        .packages
                        .behind
                        .entry(path.clone())
                        .or_default()
                        .entry(ix)
                        .or_insert(way)
                }
                None if self.providers.of(&own).is_empty() => {}
                None if !self.findings.wants(Severity::Error) => {}
                None => {
                    let error = at(dir, places, self.no_such_package(&by, &own));
                    self.findings.push(error);
                }
            }
        }
    }

    fn add(&mut self, path: &ImportPath, module: ModuleIx, dir: TreePath) -> PackageIx {
        if let Some(ix) = self.packages.find(path) {
            return ix;
        }
        let ix = PackageIx(self.packages.len());
        self.packages.packages.push(Package::new(path, module, dir));
        self.packages.by_path.insert(path.clone(), ix);
        self.open.push_back(ix);
        ix
    }
}

/// Puts the first of `places` on a diagnostic about the package in `dir`.
pub(super) fn at(dir: &TreePath, places: &[Place], diagnostic: Diagnostic) -> Diagnostic {
    match places.first() {
        Some(place) => diagnostic.at(Span::at(dir.child(&place.file).as_str(), place.at)),
        None => diagnostic,
    }
}

fn left_out(dir: &TreePath, selected: &PackageFiles) -> Vec<TreePath> {
    let names = selected
        .ignored_go_files
        .iter()
        .chain(&selected.ignored_other_files);
    names
        .filter(|name| !gosrc::is_test(name))
        .map(|name| dir.child(name))
        .collect()
}

fn embedded(
    dir: &TreePath,
    scanned: &ScannedDir,
    selected: &PackageFiles,
) -> BTreeMap<String, Vec<TreePath>> {
    let matched = selected
        .embed_patterns
        .keys()
        .filter_map(|pattern| Some((pattern, scanned.embeds.get(pattern)?.as_ref().ok()?)));
    matched
        .map(|(pattern, files)| {
            (
                pattern.clone(),
                files
                    .iter()
                    .filter_map(|file| dir.join(file).ok())
                    .collect(),
            )
        })
        .collect()
}

fn size(scanned: &ScannedDir, files: &BTreeSet<TreePath>) -> u64 {
    let names: BTreeSet<&str> = files.iter().map(TreePath::name).collect();
    scanned
        .files
        .iter()
        .zip(&scanned.sizes)
        .filter(|(file, _)| names.contains(file.name.as_str()))
        .map(|(_, size)| size)
        .sum()
}
