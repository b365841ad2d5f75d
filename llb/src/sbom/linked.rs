//! What one binary holds, as `go version -m` says it.

use std::collections::{BTreeMap, BTreeSet};

use super::linking::Linking;
use super::reach::{Reach, Source};
use crate::gomod::{ImportPath, ModulePath};
use crate::plan::{Build, BuildModule, StepIx};
use crate::resolution::{ModuleVersion, ResolvedModule};
use crate::tree::TreePath;

/// What one binary holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedBinary {
    /// Import path of its main.
    pub package: ImportPath,
    /// The Go version, as in `go1.26.8`.
    pub go_version: String,
    /// The path of the module of its main: `mod` of `go version -m`.
    pub main: ModulePath,
    /// All modules that packages of it come from: that of its main, and `dep` of `go version -m`.
    pub modules: BTreeMap<ModulePath, LinkedModule>,
    /// Packages of the standard library. Of what the go command links into every program without
    /// an import, nothing is listed.
    pub std: BTreeSet<ImportPath>,
    /// The licences that the standard library declares. None if they are not looked at or none is
    /// known.
    pub std_license: Option<String>,
}

/// A module in a binary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkedModule {
    /// The version that was chosen. None for a main module of the repository, `(devel)`, unless the
    /// binary says which version it is.
    pub version: Option<String>,
    /// The `h1:` sum of its content. Nothing has one that comes from a directory, and what is
    /// replaced has none of its own.
    pub sum: Option<String>,
    /// What stands in for it.
    pub replaced_by: Option<Replacement>,
    /// Its packages in the binary.
    pub packages: BTreeSet<ImportPath>,
    /// Other modules that these packages import from.
    pub imports: BTreeSet<ModulePath>,
    /// Where its files lie. None if it is a directory outside of the repository.
    pub place: Option<ModulePlace>,
    /// The licences that it declares, as an SPDX expression. None if they are not looked at or none
    /// is known.
    pub license: Option<String>,
}

/// Where the files of a module lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModulePlace {
    /// The standard library: GOROOT.
    Std,
    /// The module cache.
    Cache(ModuleVersion),
    /// A vendor directory: the directory with this module.
    Vendor(TreePath),
    /// The repository itself.
    Own(TreePath),
}

impl LinkedBinary {
    /// The modules that are this version of a module, or any version if it names none: what is
    /// replaced counts as what stands in for it. Without a version its own path counts too.
    pub fn modules_like(&self, wanted: &ModuleVersion) -> Vec<(&ModulePath, &LinkedModule)> {
        let mut found = Vec::new();
        for (path, module) in &self.modules {
            let (held, version) = match &module.replaced_by {
                Some(Replacement::Version(by, _)) => (&by.path, Some(&by.version)),
                Some(Replacement::Directory(_)) => (path, None),
                None => (path, module.version.as_ref()),
            };
            let is_like = match wanted.version.as_str() {
                "" => *path == wanted.path || *held == wanted.path,
                wanted_version => {
                    let is_version = version.is_some_and(|version| version == wanted_version);
                    *held == wanted.path && is_version
                }
            };
            if is_like {
                found.push((path, module));
            }
        }
        found
    }
}

impl LinkedModule {
    /// The module at `path`, as `go list -m` shows it: `PATH VERSION`, and behind `=>` what stands in
    /// for it.
    pub fn shown(&self, path: &ModulePath) -> String {
        let mut text = path.to_string();
        if let Some(version) = &self.version {
            text += &format!(" {version}");
        }
        match &self.replaced_by {
            None => text,
            Some(Replacement::Version(by, _)) => format!("{text} => {} {}", by.path, by.version),
            Some(Replacement::Directory(dir)) => format!("{text} => {dir}"),
        }
    }
}

/// What stands in for a module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Replacement {
    /// A version of a module, with its `h1:` sum if one is known.
    Version(ModuleVersion, Option<String>),
    /// A directory, as the go command writes it into the binary.
    Directory(String),
}

/// The go command was not asked about the binary, so nobody knows what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the go command was not asked what this binary is made of")]
pub struct NotResolved;

/// What the binary of the step `link` holds.
///
/// # Errors
/// [`NotResolved`], also if the step is no link.
pub fn linked(input: Linking<'_>, link: StepIx) -> Result<LinkedBinary, NotResolved> {
    let (reach, main) = Reach::new(input, link).ok_or(NotResolved)?;
    let source = reach.source(main).ok_or(NotResolved)?;
    let mut binary = LinkedBinary {
        package: main.clone(),
        go_version: reach.resolution().go_version.clone(),
        main: source.module().ok_or(NotResolved)?.clone(),
        modules: BTreeMap::new(),
        std: BTreeSet::new(),
        std_license: None,
    };
    for path in reach.importers(main).into_keys() {
        let module = match reach.source(path) {
            Some(Source::Own(module)) => {
                let known = binary.modules.entry(module.path.clone());
                known.or_insert_with(|| own(input, &reach, module))
            }
            Some(Source::ThirdParty(module)) => {
                let known = binary.modules.entry(module.path.clone());
                known.or_insert_with(|| third_party(input, &reach, module))
            }
            Some(Source::Std) => {
                binary.std.insert(path.clone());
                continue;
            }
            None => continue,
        };
        module.packages.insert(path.clone());
        for import in reach.imports(path) {
            if let Some(source) = reach.source(import) {
                module.imports.extend(source.module().cloned());
            }
        }
    }
    for (path, module) in &mut binary.modules {
        module.imports.remove(path);
    }
    Ok(binary)
}

/// A module of the repository: a main module, or one that stands in for a required version.
fn own(input: Linking<'_>, reach: &Reach<'_>, module: &BuildModule) -> LinkedModule {
    let place = Some(ModulePlace::Own(module.dir.clone()));
    if module.main {
        return LinkedModule {
            place,
            ..LinkedModule::default()
        };
    }
    let root = input.workspace.root(reach.build.root);
    let directory = input.workspace.replacement_dir(root, &module.path);
    LinkedModule {
        version: reach.resolution().replaced.get(&module.path).cloned(),
        replaced_by: directory.map(Replacement::Directory),
        place,
        ..LinkedModule::default()
    }
}

fn third_party(input: Linking<'_>, reach: &Reach<'_>, module: &ResolvedModule) -> LinkedModule {
    let sum = Some(module.sum.clone()).filter(|sum| !sum.is_empty());
    let by = module.replaced_by.as_str();
    let place = place(reach.build, module);
    // Only a directory stands in for a module without a version: a copy of one, if it is vendored.
    if module.version.is_empty() {
        let root = input.workspace.root(reach.build.root);
        let directory = match TreePath::new(by) {
            Ok(dir) => input.workspace.dir_in_binaries(root, &module.path, &dir),
            Err(_) => by.to_owned(),
        };
        return LinkedModule {
            version: reach.resolution().replaced.get(&module.path).cloned(),
            replaced_by: Some(Replacement::Directory(directory)),
            place,
            ..LinkedModule::default()
        };
    }
    let version = Some(module.version.clone());
    if by.is_empty() {
        return LinkedModule {
            version,
            sum,
            place,
            ..LinkedModule::default()
        };
    }
    LinkedModule {
        version,
        replaced_by: Some(Replacement::Version(ModuleVersion::parse(by), sum)),
        place,
        ..LinkedModule::default()
    }
}

/// Where a module from outside lies.
fn place(build: &Build, module: &ResolvedModule) -> Option<ModulePlace> {
    if build.vendored {
        let dir = build.dir.child("vendor").join(&module.path).ok()?;
        return Some(ModulePlace::Vendor(dir));
    }
    let version = match module.replaced_by.as_str() {
        "" => ModuleVersion::new(module.path.as_str(), &module.version),
        by => ModuleVersion::parse(by),
    };
    let has_version = !version.version.is_empty();
    has_version.then_some(ModulePlace::Cache(version))
}
