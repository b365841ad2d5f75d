//! The repository that both sides build: what is in it, found by the library that the frontend
//! plans with.

use super::source_text::longest_body;
use anyhow::{Context, Result, bail};
use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::ImportPath;
use gowork_llb::packages::{self, PackageIx, Packages, closure};
use gowork_llb::plan::{self, Build, Outline, Target};
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A repository with one root at its top.
pub(super) struct Subject {
    /// For tables and file names.
    pub(super) name: String,
    /// A copy that is never edited.
    pub(super) source: PathBuf,
    /// The configuration: which mains are no images.
    pub(super) configuration: String,
    /// The builder image.
    pub(super) builder: String,
    /// Whether there is a go.work.
    pub(super) workspace: bool,
    /// Sorted by name.
    pub(super) images: Vec<Image>,
    /// Directories of the modules, `.` for the top.
    pub(super) modules: Vec<String>,
    /// Every mod file that the go command reads.
    pub(super) mod_files: Vec<String>,
    /// Requirements, `// indirect` ones too, with the directories of the modules that have them.
    pub(super) required: BTreeMap<String, Vec<String>>,
    /// What its packages import from outside.
    pub(super) imported: BTreeSet<ImportPath>,
    /// The image whose main is edited: the one made of the most packages.
    pub(super) edited: usize,
    /// The package that most images reach.
    pub(super) shared: Own,
    /// Its own packages that an image is made of, mains left out, by import path.
    pub(super) libraries: Vec<Own>,
    /// How many packages of its own it has.
    pub(super) packages: usize,
}

/// One image.
#[derive(Clone, Debug)]
pub(super) struct Image {
    /// As the target is called.
    pub(super) name: String,
    /// File name of the binary.
    pub(super) binary: String,
    /// Its main package.
    pub(super) main: Own,
    /// Directory of its module.
    pub(super) module: String,
}

/// A package of the repository.
#[derive(Clone, Debug)]
pub(super) struct Own {
    /// Import path.
    pub(super) path: ImportPath,
    /// Directory, `.` for the top.
    pub(super) dir: String,
    /// Name in package clauses.
    pub(super) name: String,
    /// Its Go files, tests left out.
    pub(super) files: Vec<String>,
    /// Import paths, of every kind.
    pub(super) imports: Vec<ImportPath>,
}

impl Subject {
    /// Reads the repository in `source`; of its images only those in `wanted`, where it names any.
    ///
    /// # Errors
    /// If it cannot be built, has several roots, or lacks an image that is wanted.
    pub(super) fn open(name: &str, source: &Path, wanted: &[String]) -> Result<Self> {
        let (everything, _) = read(source, "")?;
        let configuration = configuration(source, &everything, wanted)?;
        let (outline, workspace) = read(source, &configuration)?;
        let [build] = outline.builds.as_slice() else {
            bail!(
                "{} is built from several roots or by several sets of flags; one is measured at a time",
                source.display()
            );
        };
        if !build.dir.is_root() {
            bail!(
                "go.work or go.mod of {} is not at its top, which the hand-written Dockerfiles need",
                source.display()
            );
        }
        let reached = reached(&outline, build);
        let shared = most_shared(source, build, &reached)
            .context("the images have no package of the repository in common")?;
        let images: Vec<Image> = outline
            .images
            .iter()
            .map(|image| image_of(build, image))
            .collect();
        let edited = (0..images.len())
            .max_by_key(|&ix| (reached[ix].0.len(), std::cmp::Reverse(ix)))
            .unwrap_or_default();
        let mut required: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let members = workspace
            .roots
            .iter()
            .flat_map(|root| &root.members)
            .map(|&ix| workspace.module(ix));
        for module in members {
            for require in &module.file.require {
                required
                    .entry(require.path.to_string())
                    .or_default()
                    .push(shown(module.dir.as_str()));
            }
        }
        Ok(Self {
            name: name.to_owned(),
            source: source.to_path_buf(),
            configuration,
            builder: outline.builder.image.clone(),
            workspace: build.workspace,
            images,
            modules: build
                .modules
                .iter()
                .map(|module| shown(module.dir.as_str()))
                .collect(),
            mod_files: build
                .mod_files
                .iter()
                .map(|file| file.as_str().to_owned())
                .collect(),
            required,
            imported: build
                .packages
                .iter()
                .flat_map(|(_, package)| package.outside())
                .map(|import| import.path.clone())
                .collect(),
            edited,
            shared,
            libraries: libraries(build, &reached),
            packages: build.packages.len(),
        })
    }

    /// The image whose main is edited.
    pub(super) fn edited(&self) -> &Image {
        &self.images[self.edited]
    }

    /// Another image is the one whose main is edited.
    ///
    /// # Errors
    /// If none has this name.
    pub(super) fn choose(&mut self, name: &str) -> Result<()> {
        let found = self.images.iter().position(|image| image.name == name);
        self.edited = found.with_context(|| format!("no image is named {name}"))?;
        Ok(())
    }
}

/// A configuration that leaves out what is not in `wanted`; an empty one if that names nothing.
///
/// # Errors
/// If an image that is wanted is not there.
fn configuration(source: &Path, everything: &Outline, wanted: &[String]) -> Result<String> {
    if let Some(missing) = wanted.iter().find(|name| {
        !everything
            .images
            .iter()
            .any(|image| image.config.name == **name)
    }) {
        let known: Vec<_> = everything
            .images
            .iter()
            .map(|image| image.config.name.as_str())
            .collect();
        bail!(
            "{} has no image {missing}; it has {}",
            source.display(),
            known.join(", ")
        );
    }
    let left_out = everything.images.iter().filter(|image| {
        !wanted.is_empty() && !wanted.iter().any(|name| image.config.name == *name)
    });
    let skipped: Vec<String> = left_out
        .map(|image| {
            format!(
                "\"./{}\"",
                everything.builds[image.build.0]
                    .packages
                    .get(image.main)
                    .dir
            )
        })
        .collect();
    Ok(if skipped.is_empty() {
        String::new()
    } else {
        format!("skip = [{}]\n", skipped.join(", "))
    })
}

/// The images of a repository for linux on this machine's architecture.
fn read(source: &Path, configuration: &str) -> Result<(Outline, workspace::Workspace)> {
    let (written, mut said) = Config::parse("configuration", configuration);
    let (config, more) = written.expand(&BTreeMap::new());
    said.extend(more);
    let scan = packages::scan(&LocalTree::new(source));
    let loaded = workspace::load_chosen(&scan.mod_files, &plan::roots(&config, &scan.mod_files));
    said.extend(loaded.diagnostics);
    let target = Target {
        os: "linux".to_owned(),
        arch: crate::oci::architecture().to_owned(),
        variant: String::new(),
    };
    let (outline, more) = plan::outline(&scan, &loaded.workspace, &config, &target);
    said.extend(more);
    let errors: Vec<String> = said
        .iter()
        .filter(|said| said.is_error())
        .map(Diagnostic::to_string)
        .collect();
    if !errors.is_empty() {
        bail!(
            "{} cannot be built:\n{}",
            source.display(),
            errors.join("\n")
        );
    }
    Ok((outline, loaded.workspace))
}

/// What each image is made of.
fn reached(outline: &Outline, build: &Build) -> Vec<packages::PackageSet> {
    outline
        .images
        .iter()
        .map(|image| closure(&build.packages, [image.main]))
        .collect()
}

/// The package, no main, that most images reach; among several the one whose path is first. One
/// without a function that could be edited does not count.
fn most_shared(source: &Path, build: &Build, reached: &[packages::PackageSet]) -> Option<Own> {
    let count = |ix: PackageIx| reached.iter().filter(|set| set.contains(ix)).count();
    let has_body = |file: &str| {
        std::fs::read_to_string(source.join(file)).is_ok_and(|text| longest_body(&text) > 0)
    };
    let mut candidates: Vec<_> = build
        .packages
        .iter()
        .filter(|(_, package)| package.name != "main")
        .collect();
    candidates.sort_by_key(|(ix, package)| (std::cmp::Reverse(count(*ix)), package.path.clone()));
    let candidates = candidates
        .into_iter()
        .map(|(ix, _)| own(&build.packages, ix));
    candidates
        .into_iter()
        .find(|package| package.files.iter().any(|file| has_body(file)))
}

/// Packages that an image is made of, mains left out, by import path.
fn libraries(build: &Build, reached: &[packages::PackageSet]) -> Vec<Own> {
    let all = build.packages.iter();
    let mut libraries: Vec<Own> = all
        .filter(|(ix, package)| {
            package.name != "main" && reached.iter().any(|set| set.contains(*ix))
        })
        .map(|(ix, _)| own(&build.packages, ix))
        .collect();
    libraries.sort_by(|a, b| a.path.cmp(&b.path));
    libraries
}

fn image_of(build: &Build, image: &plan::OutlineImage) -> Image {
    let main = own(&build.packages, image.main);
    let module = build.packages.get(image.main).module;
    let module = build
        .modules
        .iter()
        .find(|candidate| candidate.ix == module)
        .map(|module| module.dir.as_str());
    Image {
        name: image.config.name.to_string(),
        binary: image.binary.clone(),
        main,
        module: shown(module.unwrap_or_default()),
    }
}

fn own(packages: &Packages, ix: PackageIx) -> Own {
    let package = packages.get(ix);
    let go = |file: &&str| {
        Path::new(file)
            .extension()
            .is_some_and(|extension| extension == "go")
    };
    let is_here = |file: &&str| Path::new(file).parent() == Some(Path::new(package.dir.as_str()));
    let files = package
        .files
        .iter()
        .map(|file| file.as_str())
        .filter(go)
        .filter(is_here);
    Own {
        path: package.path.clone(),
        dir: shown(package.dir.as_str()),
        name: package.name.clone(),
        files: files.map(str::to_owned).collect(),
        imports: package
            .imports
            .iter()
            .map(|import| import.path.clone())
            .collect(),
    }
}

fn shown(dir: &str) -> String {
    if dir.is_empty() {
        ".".to_owned()
    } else {
        dir.to_owned()
    }
}
