//! A build: one root under one set of flags, and what the go command is asked about it.

use std::collections::BTreeSet;
use std::path::Path;

use super::settings::GoSettings;
use crate::gomod::ModulePath;
use crate::packages::{self, Packages, Scan};
use crate::resolution::go_list::Repository;
use crate::resolution::{self, Question, ResolveRequest};
use crate::tree::TreePath;
use crate::workspace::{ModuleIx, Root, RootIx, Workspace};

/// Index of a [`Build`] in its outline or plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildIx(pub usize);

/// One root under one set of flags: its steps share versions and compile results.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Build {
    /// The root.
    pub root: RootIx,
    /// Directory of its go.work or go.mod.
    pub dir: TreePath,
    /// Whether there is a go.work.
    pub workspace: bool,
    /// Whether third-party packages come from its vendor directory.
    pub vendored: bool,
    /// Flags and environment.
    pub settings: GoSettings,
    /// Whether packages are made of more than the go command keys their results by: system headers,
    /// files of other directories. Such results must not be kept under its keys beyond the step
    /// that made them.
    pub hidden_inputs: bool,
    /// The packages that its programs reach.
    pub packages: Packages,
    /// The modules of the repository that its packages may come from, sorted by path.
    pub modules: Vec<BuildModule>,
    /// Every mod file of the root.
    pub mod_files: BTreeSet<TreePath>,
    /// The go.mod at the root of the repository, if one lies there, and what it leads to if it is a
    /// link. Whether it belongs to the build or not: the version that a program is stamped with
    /// follows from its module path (cmd/go/internal/load, `setBuildInfo`).
    pub root_mod_file: BTreeSet<TreePath>,
    /// What the go command is asked.
    pub request: ResolveRequest,
}

/// A module of the repository, as a build sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildModule {
    /// The module path that its packages are imported by: a replacement's is the one it stands in
    /// for.
    pub path: ModulePath,
    /// Which module of the workspace it is.
    pub ix: ModuleIx,
    /// Its directory.
    pub dir: TreePath,
    /// The version in its `go` line.
    pub go: Option<String>,
    /// Whether it is a main module. Otherwise it stands in for a required one.
    pub main: bool,
}

impl Build {
    /// What to ask the go command about it, in the source tree at `root` (absolute, without
    /// symlinks).
    pub fn question<'a>(&'a self, root: &'a Path) -> Question<'a> {
        let mut own = Vec::new();
        let mut replaced = Vec::new();
        for module in &self.modules {
            own.push(module.path.as_str());
            if !module.main {
                replaced.push(module.path.as_str());
            }
        }
        Question {
            repository: Repository {
                root,
                request: &self.request,
                own,
            },
            replaced,
        }
    }

    /// The title of its resolve step. One more runs where the first answer leads to packages of the
    /// repository.
    pub(crate) fn resolve_title(&self) -> &'static str {
        if self.packages.has_behind() {
            "resolve modules again"
        } else {
            "resolve modules"
        }
    }

    /// The build of these packages of a root.
    pub(super) fn new(
        scan: &Scan,
        workspace: &Workspace,
        root: RootIx,
        settings: GoSettings,
        packages: Packages,
    ) -> Self {
        let the_root = workspace.root(root);
        let outside = packages::closure(&packages, packages.programs()).linked(&packages);
        let request = ResolveRequest {
            version: resolution::VERSION,
            dir: the_root.dir.as_str().to_owned(),
            workspace: the_root.is_workspace(),
            vendored: the_root.vendored,
            packages: outside.into_iter().collect(),
            tags: settings.tags.iter().cloned().collect(),
            env: settings.env.clone(),
        };
        let hidden_inputs = settings.cgo()
            || packages
                .iter()
                .any(|(_, package)| !package.included.is_empty());
        Self {
            root,
            dir: the_root.dir.clone(),
            workspace: the_root.is_workspace(),
            vendored: the_root.vendored,
            settings,
            hidden_inputs,
            packages,
            modules: modules(workspace, the_root),
            mod_files: with_links(scan, workspace.mod_files(the_root)),
            root_mod_file: root_mod_file(scan),
            request,
        }
    }
}

fn root_mod_file(scan: &Scan) -> BTreeSet<TreePath> {
    let path = TreePath::ROOT.child("go.mod");
    let is_there = scan.mod_files.contains_key(&path);
    with_links(scan, is_there.then_some(path).into_iter().collect())
}

/// The files with the symlinks that lead to them, and what these lead to: a module's directory may
/// be a link.
fn with_links(scan: &Scan, mut files: BTreeSet<TreePath>) -> BTreeSet<TreePath> {
    let through: Vec<TreePath> = files.iter().flat_map(|file| scan.followed(file)).collect();
    files.extend(through);
    files
}

fn modules(workspace: &Workspace, root: &Root) -> Vec<BuildModule> {
    let module = |path: &str, ix: ModuleIx, main: bool| {
        let module = workspace.module(ix);
        let go = module.file.go.as_ref().map(|go| go.value.clone());
        BuildModule {
            path: ModulePath::new(path),
            ix,
            dir: module.dir.clone(),
            go,
            main,
        }
    };
    let members = root
        .members
        .iter()
        .map(|&ix| module(&workspace.module(ix).path, ix, true));
    let replaced = root
        .replaced
        .iter()
        .map(|(path, target)| module(path, target.module, false));
    let mut modules: Vec<BuildModule> = members.chain(replaced).collect();
    modules.sort_by(|a, b| a.path.cmp(&b.path));
    modules
}
