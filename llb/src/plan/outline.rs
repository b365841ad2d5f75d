//! The first phase: which images there are, and what each build must ask the go command.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::broken;
use super::build::{Build, BuildIx};
use super::builder::Builder;
use super::found::{BinaryMain, NamedBinary, NamedMain};
use super::image_errors;
use super::images;
use super::settings::{GoSettings, Target};
use super::unused;
use crate::config::{Cache, Config, FileSource, ImageConfig, ImageName, Stage};
use crate::diag::{Diagnostic, Findings, Span};
use crate::limits;
use crate::packages::{self, PackageIx, Scan, Unknown, Wanted};
use crate::tree::TreePath;
use crate::workspace::{RootIx, Workspace};

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
    /// The binaries that it holds in addition to its own, in the order written.
    pub binaries: Vec<OutlineBinary>,
    /// The image that it is a variant of, for a debugger. It is built only if it is asked for.
    pub variant_of: Option<ImageName>,
}

impl OutlineImage {
    /// Whether one of its programs says which commit it is made of.
    fn is_stamped(&self) -> bool {
        self.config.buildvcs || self.binaries.iter().any(|binary| binary.buildvcs)
    }
}

/// A binary that an image holds in addition to its own, before it is planned.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutlineBinary {
    /// Which build it belongs to.
    pub build: BuildIx,
    /// Its main, or the stand-in of the tool that it is, in that build's packages.
    pub main: PackageIx,
    /// Its file name.
    pub file: String,
    /// `-ldflags`.
    pub ldflags: String,
    /// Whether it says which commit it is made of.
    pub buildvcs: bool,
    /// The image whose own binary it is, if it is one's.
    pub image: Option<ImageName>,
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
    let meant: Vec<NamedMain> = meant.collect();
    let binaries = binaries(&meant);
    let wrong = outline.add_all(scan, workspace, grouped(meant, target), &mut findings);
    outline.add_binaries(binaries, &wrong.programs);
    // If no main is there, the error names the files that cannot be read.
    if has_mains {
        findings.extend(unknown_warnings(&named.unknown, &wrong.places));
    }
    outline
        .images
        .sort_by(|a, b| a.config.name.cmp(&b.config.name));
    (outline, findings.into_vec())
}

/// The roots that images are built of.
pub fn built_roots<'o>(outlines: impl IntoIterator<Item = &'o Outline>) -> BTreeSet<RootIx> {
    let builds = outlines.into_iter().flat_map(|outline| &outline.builds);
    builds.map(|build| build.root).collect()
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

/// GOTOOLCHAIN that takes the builder's Go, whatever mod files ask for.
pub(super) const LOCAL: &str = "local";

/// GOTOOLCHAIN of every go command.
fn toolchain(config: &Config) -> String {
    let named = config.go.toolchain.as_ref();
    named.map_or_else(|| LOCAL.to_owned(), |name| name.value.clone())
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

/// What steps share, and the programs that they make.
type Grouped = BTreeMap<(RootIx, GoSettings), Group>;

/// Programs that share steps.
#[derive(Default)]
struct Group {
    /// Those that images are made of.
    mains: Vec<NamedMain>,
    /// Those that images hold in addition.
    binaries: Vec<BinaryMain>,
}

impl Group {
    /// All of them, as they are asked for.
    fn wanted(&self) -> Wanted<'_> {
        let mut wanted = Wanted::default();
        for main in &self.mains {
            match &main.tool {
                Some(tool) => wanted.tools.push(tool.clone()),
                None => wanted.mains.push(&main.package),
            }
        }
        for binary in &self.binaries {
            match binary {
                BinaryMain::Own(path) => wanted.mains.push(path),
                BinaryMain::Tool(tool) => wanted.tools.push(tool.clone()),
            }
        }
        wanted
    }
}

fn grouped(mains: Vec<NamedMain>, target: &Target) -> Grouped {
    let mut grouped = Grouped::new();
    for main in mains {
        for binary in &main.binaries {
            let key = (binary.root, binary.settings.clone());
            grouped
                .entry(key)
                .or_default()
                .binaries
                .push(binary.main.clone());
        }
        let mut settings = GoSettings::new(&main.config.compile, target);
        settings.profile.clone_from(&main.profile);
        let group = grouped.entry((main.root, settings)).or_default();
        group.mains.push(main);
    }
    grouped
}

/// The binaries that images hold in addition to their own, by image.
type Binaries = BTreeMap<ImageName, Vec<NamedBinary>>;

fn binaries(mains: &[NamedMain]) -> Binaries {
    let mut binaries = Binaries::new();
    for main in mains {
        binaries.insert(main.config.name.clone(), main.binaries.clone());
    }
    binaries
}

/// Where something is wrong.
#[derive(Default)]
struct Wrong {
    places: BTreeSet<Span>,
    /// The programs that cannot be built for that.
    programs: BTreeSet<(BuildIx, PackageIx)>,
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
    ) -> Wrong {
        let every: Vec<ImageName> = grouped
            .values()
            .flat_map(|group| &group.mains)
            .map(|main| main.config.name.clone())
            .collect();
        let mut wrong = Wrong::default();
        let mut facts = 0;
        for ((root, settings), group) in grouped {
            let mains = group.mains.iter();
            let names: Vec<ImageName> = mains.map(|main| main.config.name.clone()).collect();
            let builds = self.builds.len();
            let found = self.add(scan, workspace, (root, settings), group);
            let not_built = self.note_broken(names, &found);
            if self.builds.len() > builds {
                wrong.programs.extend(not_built);
            }
            wrong
                .places
                .extend(found.iter().filter_map(|found| found.span.clone()));
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

    /// Adds the binaries that images hold in addition to their own. An image with one that cannot
    /// be built cannot be built itself.
    fn add_binaries(&mut self, named: Binaries, wrong: &BTreeSet<(BuildIx, PackageIx)>) {
        for (name, binaries) in named {
            if binaries.is_empty() {
                continue;
            }
            let mut found = Vec::new();
            for binary in &binaries {
                found.extend(self.binary(binary));
            }
            let is_wrong = |binary: &OutlineBinary| wrong.contains(&(binary.build, binary.main));
            if found.len() < binaries.len() || found.iter().any(is_wrong) {
                self.broken.insert(name.clone());
            }
            let mut images = self.images.iter_mut();
            if let Some(image) = images.find(|image| image.config.name == name) {
                image.binaries = found;
            }
        }
    }

    /// Such a binary in its build. Returns `None` if that has errors.
    fn binary(&self, named: &NamedBinary) -> Option<OutlineBinary> {
        let is_its = |build: &Build| build.root == named.root && build.settings == named.settings;
        let build = self.builds.iter().position(is_its)?;
        Some(OutlineBinary {
            build: BuildIx(build),
            main: self.builds[build].packages.program(named.main.path())?,
            file: self.target.file_name(&named.file),
            ldflags: named.ldflags.clone(),
            buildvcs: named.buildvcs,
            image: named.image.clone(),
        })
    }

    /// Notes which of the images `names`, of the build added last if any was, cannot be built after
    /// what was `found`. Returns the programs that cannot.
    fn note_broken(
        &mut self,
        names: Vec<ImageName>,
        found: &[Diagnostic],
    ) -> Vec<(BuildIx, PackageIx)> {
        let errors: Vec<&Diagnostic> = found.iter().filter(|found| found.is_error()).collect();
        let last = BuildIx(self.builds.len().saturating_sub(1));
        let wrong = self
            .builds
            .last()
            .map(|build| broken::broken_programs(&build.packages, &errors))
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
        wrong.into_iter().map(|main| (last, main)).collect()
    }

    /// Every path of the tree that some step or image may read, whatever the go command chooses;
    /// directories stand for all below them. What [`Self::file_patterns`] match is not among them.
    pub fn tree_paths(&self) -> BTreeSet<TreePath> {
        let mut paths = BTreeSet::new();
        let is_stamped = self.images.iter().any(OutlineImage::is_stamped);
        for build in &self.builds {
            if is_stamped {
                paths.extend(build.root_mod_file.iter().cloned());
            }
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

    /// What images take in addition to their binaries.
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
        group: Group,
    ) -> Vec<Diagnostic> {
        // Messages about packages need sound mod files.
        let said = &workspace.root(root).diagnostics;
        if said.iter().any(Diagnostic::is_error) {
            return said.clone();
        }
        let context = settings.context(self.builder.go_minor);
        let loaded = packages::load_with(
            scan,
            (workspace, root),
            &context,
            &group.wanted(),
            &|_, _| Vec::new(),
        );
        let build = BuildIx(self.builds.len());
        for main in group.mains {
            if let Some(ix) = loaded.packages.program(&main.package) {
                self.images.push(OutlineImage {
                    build,
                    main: ix,
                    binary: self.target.file_name(main.file()),
                    config: main.config,
                    binaries: Vec::new(),
                    variant_of: main.variant_of,
                });
            }
        }
        self.setup
            .builds
            .push(Build::new(scan, workspace, root, settings, loaded.packages));
        loaded.diagnostics
    }
}
