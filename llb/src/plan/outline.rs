//! The first phase: which images there are, and what each build must ask the go command.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;

use super::broken;
use super::builder::Builder;
use super::image_errors;
use super::images::{self, NamedMain};
use super::settings::{GoSettings, Target};
use super::unused;
use crate::config::{Cache, Config, FileSource, ImageConfig, ImageName, Stage};
use crate::diag::{Diagnostic, Findings, Span};
use crate::gomod::{ImportPath, ModulePath};
use crate::limits;
use crate::packages::{self, PackageIx, Packages, Scan, Unknown};
use crate::resolution::go_list::Repository;
use crate::resolution::{self, Question, ResolveRequest};
use crate::tree::TreePath;
use crate::workspace::{ModuleIx, Root, RootIx, Workspace};

/// Index of a [`Build`] in its [`Outline`] or plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildIx(pub usize);

/// What all images of a repository share on one platform.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setup {
    /// The platform.
    pub target: Target,
    /// The image that the go command comes from.
    pub builder: Builder,
    /// GOTOOLCHAIN of every go command.
    pub toolchain: String,
    /// GOPROXY and variables like it, for the resolve steps only.
    pub module_env: BTreeMap<String, String>,
    /// Where compile results are kept. Those of a build with hidden inputs are in layers only.
    pub cache: Cache,
    /// The stages that the configuration describes, by name.
    pub stages: BTreeMap<String, Stage>,
    /// Roots under one set of flags each. Steps of one build share versions and flags.
    pub builds: Vec<Build>,
}

/// The images of a repository for one platform, before versions are chosen.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outline {
    /// What all images share. Its fields read as the outline's own.
    pub setup: Setup,
    /// Images, sorted by name.
    pub images: Vec<OutlineImage>,
    /// Directories of `package main` that make no images, because they declare no `func main`;
    /// without those that `skip` names.
    pub without_func: BTreeSet<TreePath>,
    /// Names of images that something is wrong with, so that they cannot be built.
    pub broken: BTreeSet<ImageName>,
}

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
    /// The packages that its mains reach.
    pub packages: Packages,
    /// The modules of the repository that its packages may come from, sorted by path.
    pub modules: Vec<BuildModule>,
    /// Every mod file of the root.
    pub mod_files: BTreeSet<TreePath>,
    /// What the go command is asked.
    pub request: ResolveRequest,
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

/// One image, before it is planned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutlineImage {
    /// Which build it belongs to.
    pub build: BuildIx,
    /// Its main in that build's packages.
    pub main: PackageIx,
    /// File name of its binary.
    pub binary: String,
    /// What holds for it.
    pub config: ImageConfig,
}

/// Finds the images of `workspace` for `target`. The outline holds what was understood; with an
/// error it must not be built.
pub fn outline(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    target: &Target,
) -> (Outline, Vec<Diagnostic>) {
    outline_where(scan, workspace, config, target, |_| true)
}

/// The same for some images. They get the same names, but nothing is reported about packages that
/// they are not made of.
pub fn outline_of(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    target: &Target,
    images: &[ImageName],
) -> (Outline, Vec<Diagnostic>) {
    outline_where(scan, workspace, config, target, |name| {
        images.iter().any(|image| image == name)
    })
}

pub(super) fn outline_where(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    target: &Target,
    is_meant: impl Fn(&str) -> bool,
) -> (Outline, Vec<Diagnostic>) {
    let builder = builder(workspace, config);
    let named = images::name(scan, workspace, config, target, builder.go_minor);
    let mut findings: Findings = named.diagnostics.into_iter().collect();
    findings.extend(unused::skips(scan, workspace, config));
    let mut broken = named.refused;
    broken.extend(without_main(config, &named.mains));
    let mut outline = Outline {
        setup: Setup {
            target: target.clone(),
            builder,
            toolchain: toolchain(config),
            module_env: config.module_env(),
            cache: config.cache(),
            stages: config.stages.clone(),
            builds: Vec::new(),
        },
        images: Vec::new(),
        without_func: named.without_func,
        broken,
    };
    let has_mains = !named.mains.is_empty();
    let meant = named
        .mains
        .into_iter()
        .filter(|main| is_meant(&main.config.name));
    let wrong = outline.add_all(scan, workspace, grouped(meant, target), &mut findings);
    // If no main is there, the error names the files that cannot be read.
    if has_mains {
        findings.extend(unknown_warnings(&named.unknown, &wrong));
    }
    outline
        .images
        .sort_by(|a, b| a.config.name.cmp(&b.config.name));
    (outline, findings.into_vec())
}

/// The builder image for all that is built.
pub fn builder(workspace: &Workspace, config: &Config) -> Builder {
    let every_module = config.image("").compile.gowork_off;
    let mut lines = Vec::new();
    for root in &workspace.roots {
        if !root.gowork_off || every_module {
            lines.extend(root.version_lines(workspace));
        }
    }
    Builder::choose(&config.go, lines)
}

/// GOTOOLCHAIN of every go command.
fn toolchain(config: &Config) -> String {
    let named = config.go.toolchain.as_ref();
    named.map_or_else(|| "local".to_owned(), |name| name.value.clone())
}

/// The names of the configuration that none of `mains` has.
fn without_main(config: &Config, mains: &[NamedMain]) -> Vec<ImageName> {
    let names = config.images.keys();
    names
        .filter(|name| !mains.iter().any(|main| main.config.name == **name))
        .cloned()
        .collect()
}

/// Warnings of the files that cannot be read and may belong to mains, but for those that something
/// is said about already, at the places `wrong`.
fn unknown_warnings(unknown: &[Unknown], wrong: &BTreeSet<Span>) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for unknown in unknown {
        let span = unknown.error.span.as_ref();
        if !span.is_some_and(|span| wrong.contains(span)) {
            warnings.push(image_errors::unknown_warning(unknown));
        }
    }
    warnings
}

/// Mains by what their steps share.
type Grouped = BTreeMap<(RootIx, GoSettings), Vec<NamedMain>>;

fn grouped(mains: impl Iterator<Item = NamedMain>, target: &Target) -> Grouped {
    let mut grouped = Grouped::new();
    for main in mains {
        let mut settings = GoSettings::new(&main.config.compile, target);
        settings.profile.clone_from(&main.profile);
        grouped.entry((main.root, settings)).or_default().push(main);
    }
    grouped
}

/// The error of builds that are too large together.
fn too_many_facts() -> Diagnostic {
    let error = Diagnostic::error(format!(
        "more than {} packages, files and imports in all builds, gowork's limit: a package counts once for each set of flags",
        limits::BUILD_FACTS
    ));
    error.help("give more images the same flags, or build a part of the repository")
}

impl Deref for Outline {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.setup
    }
}

impl Outline {
    /// Names of its images.
    pub fn names(&self) -> impl Iterator<Item = ImageName> {
        self.images.iter().map(|image| image.config.name.clone())
    }

    /// Adds the builds of these mains, and what is wrong with them to `findings`. Returns the places
    /// of that.
    fn add_all(
        &mut self,
        scan: &Scan,
        workspace: &Workspace,
        grouped: Grouped,
        findings: &mut Findings,
    ) -> BTreeSet<Span> {
        let every: Vec<ImageName> = grouped
            .values()
            .flatten()
            .map(|main| main.config.name.clone())
            .collect();
        let mut wrong = BTreeSet::new();
        let mut facts = 0;
        for ((root, settings), mains) in grouped {
            let names: Vec<ImageName> = mains.iter().map(|main| main.config.name.clone()).collect();
            let builds = self.builds.len();
            let found = self.add(scan, workspace, (root, settings), mains);
            self.note_broken(names, &found);
            wrong.extend(found.iter().filter_map(|found| found.span.clone()));
            findings.extend(found);
            let added = self.builds.get(builds);
            facts += added.map_or(0, |build| build.packages.fact_count());
            if facts > limits::BUILD_FACTS {
                self.broken.extend(every);
                self.images.clear();
                self.setup.builds.clear();
                findings.push(too_many_facts());
                break;
            }
        }
        wrong
    }

    /// Notes which of the images `names`, of the build added last if any was, cannot be built after
    /// what was `found`.
    fn note_broken(&mut self, names: Vec<ImageName>, found: &[Diagnostic]) {
        let errors: Vec<&Diagnostic> = found.iter().filter(|found| found.is_error()).collect();
        let last = BuildIx(self.builds.len().saturating_sub(1));
        let wrong = self
            .builds
            .last()
            .map(|build| broken::broken_mains(&build.packages, &errors))
            .unwrap_or_default();
        let is_sound = |name: &ImageName| {
            let image = self
                .images
                .iter()
                .find(|image| image.build == last && image.config.name == *name);
            image.is_some_and(|image| !wrong.contains(&image.main))
        };
        let broken: Vec<ImageName> = names.into_iter().filter(|name| !is_sound(name)).collect();
        self.broken.extend(broken);
    }

    /// Every path of the tree that some step or image may read, whatever the go command chooses;
    /// directories stand for all below them. What [`Self::file_patterns`] match is not among them.
    pub fn tree_paths(&self) -> BTreeSet<TreePath> {
        let mut paths = BTreeSet::new();
        for build in &self.builds {
            paths.extend(build.mod_files.iter().cloned());
            paths.extend(
                build
                    .packages
                    .iter()
                    .flat_map(|(_, package)| package.files.iter().cloned()),
            );
            paths.extend(build.vendored.then(|| build.dir.child("vendor")));
        }
        let files = self.files().filter(|file| !file.is_pattern());
        paths.extend(files.filter_map(FileSource::context_path));
        paths
    }

    /// The patterns of files of the tree that images take.
    pub fn file_patterns(&self) -> BTreeSet<&TreePath> {
        let files = self.files();
        files.filter_map(FileSource::context_pattern).collect()
    }

    /// What images take besides their binaries.
    fn files(&self) -> impl Iterator<Item = &FileSource> {
        let images = self.images.iter();
        let files = images.flat_map(|image| &image.config.runtime.files);
        files.map(|file| &file.from.value)
    }

    fn add(
        &mut self,
        scan: &Scan,
        workspace: &Workspace,
        (root, settings): (RootIx, GoSettings),
        mains: Vec<NamedMain>,
    ) -> Vec<Diagnostic> {
        // Messages about packages need sound mod files.
        let said = &workspace.root(root).diagnostics;
        if said.iter().any(Diagnostic::is_error) {
            return said.clone();
        }
        let context = settings.context(self.builder.go_minor);
        let paths: Vec<&ImportPath> = mains.iter().map(|main| &main.package).collect();
        let loaded = packages::load(scan, workspace, root, &context, &paths);
        let build = BuildIx(self.builds.len());
        let packages = &loaded.packages;
        for main in mains {
            if let Some(ix) = packages.find(&main.package) {
                let configured = main
                    .config
                    .binary
                    .as_ref()
                    .map(|binary| binary.value.as_str());
                let binary = self
                    .target
                    .file_name(configured.unwrap_or_else(|| packages.get(ix).path.binary_name()));
                self.images.push(OutlineImage {
                    build,
                    main: ix,
                    binary,
                    config: main.config,
                });
            }
        }
        self.setup
            .builds
            .push(Build::new(scan, workspace, root, settings, loaded.packages));
        loaded.diagnostics
    }
}

impl Build {
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
        let outside =
            packages::closure(&packages, packages.mains.iter().copied()).linked(&packages);
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
            request,
        }
    }
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
