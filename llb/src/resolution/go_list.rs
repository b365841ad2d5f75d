//! `go list`: the arguments to call it with, and the JSON that it prints.
//!
//! Owns every flag and field. [`Listing::resolution`] makes a [`Resolution`] of a listing.
//!
//! [`Resolution`]: super::Resolution

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::{ModuleVersion, ResolveError, ResolveRequest};
use crate::diag::without_credentials;
use crate::gomod::path::is_path_prefix;
use crate::gomod::{ImportPath, ModulePath};
use crate::gosrc::cgo;
use crate::tree::{SourceTree, TreeError, TreePath};

/// The fields of [`ListedPackage`], for `-json=`.
const FIELDS: &str = "Dir,ImportPath,Standard,Module,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,\
                      HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,EmbedFiles,Imports,\
                      ImportMap,Error";

/// Every main package depends on it, whatever it imports. It also keeps an empty list from meaning
/// ".".
const RUNTIME: &str = "runtime";

/// Arguments of the go command that list the request's packages and all they import, as JSON for
/// [`Listing::parse`].
///
/// Packages with errors are listed too (`-e`): the repository's own sources need not be there.
pub fn package_args(request: &ResolveRequest) -> Vec<String> {
    let mut args = vec![
        "list".to_owned(),
        "-e".to_owned(),
        "-deps".to_owned(),
        format!("-json={FIELDS}"),
        format!("-tags={}", request.tags.join(",")),
        "--".to_owned(),
        RUNTIME.to_owned(),
    ];
    args.extend(request.packages.iter().map(ToString::to_string));
    args
}

/// Arguments of the go command that list the main modules, for [`main_modules`].
pub const MAIN_MODULE_ARGS: [&str; 4] = ["list", "-m", "-f", "{{.Path}}\t{{.GoMod}}"];

/// Reads what [`MAIN_MODULE_ARGS`] printed: the path of each main module, and its go.mod.
pub fn main_modules(printed: &[u8]) -> Vec<(String, PathBuf)> {
    String::from_utf8_lossy(printed)
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(path, file)| (path.to_owned(), PathBuf::from(file)))
        .collect()
}

/// Arguments of the go command that list the selected versions of modules, for
/// [`selected_versions`].
pub(crate) fn version_args<'m>(modules: impl IntoIterator<Item = &'m str>) -> Vec<String> {
    let flags = ["list", "-e", "-m", "-f", "{{.Path}} {{.Version}}", "--"];
    flags
        .into_iter()
        .chain(modules)
        .map(ToOwned::to_owned)
        .collect()
}

/// Reads what [`version_args`] printed: versions by module path, without the modules that have
/// none.
pub(crate) fn selected_versions(printed: &[u8]) -> BTreeMap<ModulePath, String> {
    String::from_utf8_lossy(printed)
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, version)| !version.is_empty())
        .map(|(path, version)| (ModulePath::new(path), version.to_owned()))
        .collect()
}

/// Why a listing cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The go command printed something else than JSON of packages.
    #[error("output of go list: {0}")]
    Json(#[from] serde_json::Error),
    /// A package outside std without a module.
    #[error("go list names no module for {0}")]
    NoModule(ImportPath),
    /// A directory of a listed package cannot be read.
    #[error("/{0}")]
    Disk(#[from] TreeError),
    /// What the go command has against packages. Credentials in URLs are not shown.
    #[error("go list says:\n{}", shown(.0))]
    Packages(Vec<ResolveError>),
}

fn shown(errors: &[ResolveError]) -> String {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    without_credentials(&messages.join("\n"))
}

/// The packages reached from the request's.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Listing {
    /// In the go command's order: dependencies first.
    pub packages: Vec<ListedPackage>,
}

/// A package, as `go list -json` has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListedPackage {
    /// Its directory, absolute.
    pub dir: PathBuf,
    /// Its import path.
    pub import_path: ImportPath,
    /// Whether it belongs to std.
    pub standard: bool,
    /// Its module; std has none.
    pub module: Option<ListedModule>,
    go_files: Vec<String>,
    cgo_files: Vec<String>,
    c_files: Vec<String>,
    #[serde(rename = "CXXFiles")]
    cxx_files: Vec<String>,
    m_files: Vec<String>,
    h_files: Vec<String>,
    f_files: Vec<String>,
    s_files: Vec<String>,
    swig_files: Vec<String>,
    #[serde(rename = "SwigCXXFiles")]
    swig_cxx_files: Vec<String>,
    syso_files: Vec<String>,
    embed_files: Vec<String>,
    imports: Vec<ImportPath>,
    import_map: BTreeMap<ImportPath, ImportPath>,
    error: Option<ListedError>,
}

/// A module, as `go list -json` has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ListedModule {
    /// Module path as required.
    pub path: String,
    /// Version chosen; empty for main modules and directories.
    pub version: String,
    /// Whether it is a main module.
    pub main: bool,
    /// What stands in for it.
    pub replace: Option<Box<ListedModule>>,
    /// RFC 3339; of a released version.
    pub time: Option<String>,
    /// Its directory, absolute; empty if the module is not on disk.
    pub dir: PathBuf,
    /// `h1:` sum of its content; empty if none is known.
    pub sum: String,
    /// The version in its `go` line; empty if it has none.
    pub go_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedError {
    import_stack: Vec<ImportPath>,
    pos: String,
    err: String,
}

/// The repository that a listing is about.
#[derive(Debug)]
pub struct Repository<'a> {
    /// Root of the source tree: absolute, without symlinks.
    pub root: &'a Path,
    /// What was asked.
    pub request: &'a ResolveRequest,
    /// Paths of the modules whose files are directories of the repository: main modules, and those
    /// that a directory stands in for.
    pub own: Vec<&'a str>,
}

impl Repository<'_> {
    /// Whether a package comes from outside the repository, or was asked for as if it did. Only
    /// such packages count.
    pub(super) fn lacks(&self, package: &ListedPackage) -> bool {
        self.request.asks_for(&package.import_path) || !self.has(package)
    }

    fn has(&self, package: &ListedPackage) -> bool {
        match &package.module {
            // A vendor directory has copies of replacements by directories, too.
            Some(module) if self.request.vendored => module.main,
            // Third-party modules may have paths below those of the repository's modules.
            Some(module) => module.is_local(),
            None => !package.standard && self.is_own(&package.import_path),
        }
    }

    /// Whether by its path a package would be one of the repository.
    fn is_own(&self, import_path: &ImportPath) -> bool {
        self.own
            .iter()
            .any(|module| is_path_prefix(module, import_path))
    }
}

impl Listing {
    /// Reads what [`package_args`] printed.
    ///
    /// # Errors
    /// [`ListError::Json`].
    pub fn parse(printed: &[u8]) -> Result<Self, ListError> {
        let packages = serde_json::Deserializer::from_slice(printed)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { packages })
    }

    /// What the go command has against packages from outside the repository. The repository's own
    /// packages have no sources here, so their errors mean nothing; but if one was asked for as
    /// third-party, then no module has it.
    pub fn errors(&self, repository: &Repository<'_>) -> Vec<ResolveError> {
        self.packages
            .iter()
            .filter(|package| repository.lacks(package))
            .filter_map(ListedPackage::described_error)
            .collect()
    }
}

impl ListedModule {
    /// The module whose files are used.
    pub fn effective(&self) -> &ListedModule {
        self.replace.as_deref().unwrap_or(self)
    }

    /// The version whose files are used from the module cache. `None` if its files are a directory
    /// of the source tree.
    pub fn cached(&self) -> Option<ModuleVersion> {
        let used = self.effective();
        (!self.is_local()).then(|| ModuleVersion::new(&used.path, &used.version))
    }

    /// Whether its files are a directory of the source tree: a main module, or a replacement by a
    /// directory.
    pub(crate) fn is_local(&self) -> bool {
        let by_directory = |to: &ListedModule| to.version.is_empty();
        self.main || self.replace.as_deref().is_some_and(by_directory)
    }
}

impl ListedPackage {
    /// Every class of source that is compiled, assembled or linked, relative to the package's
    /// directory.
    pub(super) fn sources(&self) -> impl Iterator<Item = &String> {
        let classes = [
            &self.go_files,
            &self.cgo_files,
            &self.c_files,
            &self.cxx_files,
            &self.m_files,
            &self.f_files,
            &self.s_files,
            &self.swig_files,
            &self.swig_cxx_files,
            &self.syso_files,
        ];
        classes.into_iter().flatten()
    }

    /// Sources, headers and embedded files, relative to the package's directory.
    pub fn files(&self) -> BTreeSet<&String> {
        self.sources()
            .chain(&self.h_files)
            .chain(&self.embed_files)
            .collect()
    }

    /// Import paths as the go command resolved them. cgo adds some that no file names
    /// (cmd/go/internal/load, `addImport`).
    pub(super) fn resolved_imports(&self) -> Vec<ImportPath> {
        let mut all: BTreeSet<ImportPath> = BTreeSet::new();
        for path in self.imports.iter().filter(|path| **path != "C") {
            all.insert(self.import_map.get(path).unwrap_or(path).clone());
        }
        if !self.cgo_files.is_empty() {
            let implied = cgo::implied_imports(&self.import_path);
            all.extend(implied.iter().copied().map(ImportPath::new));
        }
        all.into_iter().collect()
    }

    /// Whether compiling it may read more of its module than its own files: C may include anything,
    /// and so may assembly. `disk` is the file system that the listing is about, from its root.
    pub fn reads_module(&self, disk: &dyn SourceTree) -> bool {
        if self.standard {
            return false;
        }
        let assembly: Vec<TreePath> = self.places(self.s_files.iter());
        !self.cgo_files.is_empty()
            || disk
                .read(&assembly)
                .into_iter()
                .flatten()
                .any(|text| includes_elsewhere(&text))
    }

    /// Where files of the package are on disk.
    pub(super) fn places<'f>(&self, files: impl Iterator<Item = &'f String>) -> Vec<TreePath> {
        files
            .filter_map(|file| on_disk(&self.dir.join(file)))
            .collect()
    }

    fn described_error(&self) -> Option<ResolveError> {
        let error = self.error.as_ref()?;
        // Why the go command did not look for a module by itself does not help the user.
        let words = error.err.trim();
        let words = words
            .strip_suffix(": import lookup disabled by -mod=readonly")
            .unwrap_or(words);
        let mut message = words.to_owned();
        if !message.contains(self.import_path.as_str()) {
            message = format!("{}: {message}", self.import_path);
        }
        if !error.pos.is_empty() {
            message = format!("{}: {message}", error.pos);
        }
        // The stack starts with what was asked for, which some file of the repository imports.
        let asked = error.import_stack.first().unwrap_or(&self.import_path);
        if *asked != self.import_path {
            message = format!("{message} (imported through {asked})");
        }
        Some(ResolveError {
            package: asked.clone(),
            message,
        })
    }
}

/// Whether assembly includes a file of another directory.
fn includes_elsewhere(text: &[u8]) -> bool {
    String::from_utf8_lossy(text)
        .lines()
        .any(|line| line.trim_start().starts_with("#include") && line.contains('/'))
}

/// An absolute path in a tree of the whole file system. `None` if it is not UTF-8. On Windows it
/// begins with the drive, `C:/src`.
pub(super) fn on_disk(path: &Path) -> Option<TreePath> {
    let elements = path.components().filter(|it| *it != Component::RootDir);
    let elements: Option<Vec<&str>> = elements.map(|it| it.as_os_str().to_str()).collect();
    TreePath::new(&elements?.join("/")).ok()
}
