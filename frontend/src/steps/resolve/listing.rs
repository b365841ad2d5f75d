//! What `go list -e -deps -json` says, and the resolution made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gowork_llb::resolution::{
    self, Resolution, ResolveError, ResolveRequest, ResolvedModule, ResolvedPackage,
};
use serde::Deserialize;

use super::command::Go;
use super::failure::Failure;
use super::graph::Modules;

/// A package, as `go list -json` has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListedPackage {
    pub dir: PathBuf,
    pub import_path: String,
    pub standard: bool,
    pub module: Option<ListedModule>,
    go_files: Vec<String>,
    pub cgo_files: Vec<String>,
    c_files: Vec<String>,
    #[serde(rename = "CXXFiles")]
    cxx_files: Vec<String>,
    m_files: Vec<String>,
    h_files: Vec<String>,
    f_files: Vec<String>,
    pub s_files: Vec<String>,
    swig_files: Vec<String>,
    #[serde(rename = "SwigCXXFiles")]
    swig_cxx_files: Vec<String>,
    syso_files: Vec<String>,
    embed_files: Vec<String>,
    imports: Vec<String>,
    import_map: BTreeMap<String, String>,
    error: Option<ListedError>,
}

/// A module, as `go list -json` has it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListedModule {
    pub path: String,
    pub version: String,
    pub main: bool,
    pub replace: Option<Box<ListedModule>>,
    /// RFC 3339; of a released version.
    pub time: Option<String>,
    pub dir: PathBuf,
    pub sum: String,
    /// Of its go.mod.
    go_version: String,
}

impl ListedModule {
    /// The module whose files are used.
    pub(super) fn effective(&self) -> &ListedModule {
        self.replace.as_deref().unwrap_or(self)
    }

    /// Whether its files are a directory of the source tree: a main module, or a replacement by a
    /// directory.
    pub(super) fn is_local(&self) -> bool {
        self.main
            || self
                .replace
                .as_ref()
                .is_some_and(|to| to.version.is_empty())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedError {
    import_stack: Vec<String>,
    pos: String,
    err: String,
}

/// The fields of [`ListedPackage`], for `-json=`.
const FIELDS: &str = "Dir,ImportPath,Standard,Module,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,EmbedFiles,Imports,ImportMap,Error";

impl ListedPackage {
    /// Every class of source that is compiled, assembled or linked, relative to the package's
    /// directory.
    fn sources(&self) -> impl Iterator<Item = &String> {
        let classes = [
            &self.go_files,
            &self.cgo_files,
            &self.c_files,
            &self.cxx_files,
            &self.m_files,
            &self.f_files,
        ];
        let rest = [
            &self.s_files,
            &self.swig_files,
            &self.swig_cxx_files,
            &self.syso_files,
        ];
        classes.into_iter().chain(rest).flatten()
    }

    /// Sources, headers and embedded files.
    pub(super) fn files(&self) -> BTreeSet<&String> {
        self.sources()
            .chain(&self.h_files)
            .chain(&self.embed_files)
            .collect()
    }

    /// Import paths as the go command resolved them. cgo adds some that no file names
    /// (cmd/go/internal/load, `addImport`).
    fn resolved_imports(&self) -> Vec<String> {
        let named = self
            .imports
            .iter()
            .filter(|path| *path != "C")
            .map(|path| self.import_map.get(path).unwrap_or(path).as_str());
        let cgo = if self.cgo_files.is_empty() {
            &[]
        } else {
            gowork_llb::gosrc::cgo::implied_imports(&self.import_path)
        };
        let all: BTreeSet<&str> = named.chain(cgo.iter().copied()).collect();
        all.into_iter().map(ToOwned::to_owned).collect()
    }

    /// Whether compiling it may read more of its module than its own files: C may include anything,
    /// and so may assembly.
    pub(super) fn reads_module(&self) -> bool {
        let includes = |file: &String| {
            let text = fs::read(self.dir.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text)
                .lines()
                .any(|line| line.trim_start().starts_with("#include") && line.contains('/'))
        };
        !self.standard && (!self.cgo_files.is_empty() || self.s_files.iter().any(includes))
    }

    fn size(&self) -> u64 {
        self.sources()
            .filter_map(|file| fs::metadata(self.dir.join(file)).ok())
            .map(|metadata| metadata.len())
            .sum()
    }
}

/// The packages reached from the request's.
pub(super) struct Listing {
    /// In the go command's order: dependencies first.
    pub packages: Vec<ListedPackage>,
}

impl Listing {
    /// Asks for the request's packages and all they import. Downloads what it needs into the raw
    /// module cache.
    ///
    /// # Errors
    /// If the go command cannot say anything, as with mod files that do not parse. Errors of
    /// packages are in the listing.
    pub(super) fn ask(go: &Go, request: &ResolveRequest) -> Result<Self, Failure> {
        let (fields, tags) = (
            format!("-json={FIELDS}"),
            format!("-tags={}", request.tags.join(",")),
        );
        let mut args = vec!["list", "-e", "-deps", &fields, &tags, "--"];
        // Every main package depends on it, whatever it imports. It also keeps an empty list from
        // meaning ".".
        args.push("runtime");
        args.extend(request.packages.iter().map(String::as_str));
        let text = go.output(&args)?;
        let packages = serde_json::Deserializer::from_slice(&text)
            .into_iter()
            .collect::<Result<Vec<_>, _>>();
        Ok(Self {
            packages: packages
                .map_err(|error| Failure::new(format!("output of go list: {error}")))?,
        })
    }

    /// Errors of packages. The repository's own packages have no sources here, so theirs are none,
    /// unless one was asked for as third-party: then no module has it.
    pub(super) fn errors(&self, request: &ResolveRequest, modules: &Modules) -> Vec<ResolveError> {
        let asked = |path: &String| request.packages.binary_search(path).is_ok();
        let failed = self
            .packages
            .iter()
            .filter(|package| asked(&package.import_path) || !modules.is_own(&package.import_path));
        failed
            .filter_map(|package| package.error.as_ref().map(|error| (package, error)))
            .map(|(package, error)| describe(package, error))
            .collect()
    }

    /// The resolution: third-party and std packages, and directories of the repository that were
    /// asked for as third-party.
    pub(super) fn resolution(
        &self,
        request: &ResolveRequest,
        modules: &Modules,
        go: &Go,
    ) -> Result<Resolution, Failure> {
        let wanted = |package: &&ListedPackage| {
            let local = match &package.module {
                // A vendor directory has copies of replacements by directories, too.
                Some(module) if request.vendored => module.main,
                module => {
                    module.as_ref().is_some_and(ListedModule::is_local)
                        || (!package.standard && modules.is_own(&package.import_path))
                }
            };
            !local
                || (package.error.is_none()
                    && request.packages.binary_search(&package.import_path).is_ok())
        };
        let packages: BTreeMap<&str, &ListedPackage> = self
            .packages
            .iter()
            .filter(wanted)
            .map(|package| (package.import_path.as_str(), package))
            .collect();
        let by_path: BTreeMap<&str, &ListedModule> = packages
            .values()
            .filter_map(|package| package.module.as_ref())
            .map(|module| (module.path.as_str(), module))
            .collect();
        let indices: BTreeMap<&str, usize> = by_path
            .keys()
            .enumerate()
            .map(|(n, path)| (*path, n))
            .collect();
        let packages = packages
            .into_values()
            .map(|package| resolved(package, &indices, &go.source))
            .collect::<Result<_, _>>()?;
        Ok(Resolution {
            runtime_files: Vec::new(),
            version: resolution::VERSION,
            go_version: go.variable("GOVERSION"),
            modules: by_path
                .into_values()
                .map(|module| resolved_module(module, &go.source))
                .collect(),
            packages,
            replaced: modules.replaced(),
        })
    }
}

fn describe(package: &ListedPackage, error: &ListedError) -> ResolveError {
    // Why the go command did not look for a module by itself is no news to whoever builds.
    let mut message = error
        .err
        .trim()
        .trim_end_matches(": import lookup disabled by -mod=readonly")
        .to_owned();
    if !message.contains(&package.import_path) {
        message = format!("{}: {message}", package.import_path);
    }
    if !error.pos.is_empty() {
        message = format!("{}: {message}", error.pos);
    }
    // The stack starts with what was asked for, which some file of the repository imports.
    let asked = error.import_stack.first().unwrap_or(&package.import_path);
    if *asked != package.import_path {
        message = format!("{message} (imported through {asked})");
    }
    ResolveError {
        package: asked.clone(),
        message,
    }
}

fn resolved(
    package: &ListedPackage,
    indices: &BTreeMap<&str, usize>,
    source: &Path,
) -> Result<ResolvedPackage, Failure> {
    let module = package
        .module
        .as_ref()
        .and_then(|module| indices.get(module.path.as_str()).copied());
    let mut resolved = ResolvedPackage {
        path: package.import_path.clone(),
        module,
        imports: package.resolved_imports(),
        dir: String::new(),
        files: Vec::new(),
        size: 0,
        reads_module: package.reads_module(),
    };
    if package.standard {
        return Ok(resolved);
    }
    if module.is_none() {
        return Err(Failure::new(format!(
            "go list names no module for {}",
            package.import_path
        )));
    }
    if let Ok(dir) = package.dir.strip_prefix(source) {
        resolved.dir = dir.to_string_lossy().into_owned();
    }
    resolved.files = super::vendored::files(package, source)?
        .into_iter()
        .collect();
    resolved.size = package.size();
    Ok(resolved)
}

fn resolved_module(module: &ListedModule, source: &Path) -> ResolvedModule {
    let replaced_by = match module.replace.as_deref() {
        None => String::new(),
        Some(to) if to.version.is_empty() => to.dir.strip_prefix(source).map_or_else(
            |_| to.path.clone(),
            |dir| dir.to_string_lossy().into_owned(),
        ),
        Some(to) => format!("{}@{}", to.path, to.version),
    };
    let version = if module.is_local() {
        String::new()
    } else {
        module.version.clone()
    };
    let (go, sum) = (module.go_version.clone(), module.effective().sum.clone());
    ResolvedModule {
        path: module.path.clone(),
        version,
        replaced_by,
        go,
        sum,
    }
}
