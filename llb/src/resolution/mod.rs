//! What `go` chose: the question put to the resolve step, and its answer.
//!
//! gowork never simulates version selection: the step runs `go list -deps -json` with the real mod
//! files. A [`Resolution`] is its answer, reduced to what planning needs. Question and answer are
//! JSON files with a `version` field. An unknown field is refused; an empty list or text is left
//! out.
//!
//! Nothing here runs `go` or touches the disk. Programs run it with the arguments that [`go_list`]
//! gives, and hand over what it printed and a tree to read files from. [`ask`] does the whole
//! round. [`module_graph`] finds the mod files that an offline build reads; [`module_cache`] knows
//! where a module cache has them.

mod ask;
mod from_list;
pub mod go_list;
mod graph_walk;
pub mod module_cache;
pub mod module_graph;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use gowork_step::Version;
use serde::{Deserialize, Serialize};

use crate::gomod::{ImportPath, ModulePath};

pub use ask::{Question, ask};
pub use from_list::Chosen;

/// Version of [`ResolveRequest`], [`Resolution`] and [`ResolveReport`]. Another one is refused when
/// a file is read; both sides come from one image, so that is a bug.
pub const VERSION: Version<2> = Version;

/// The file with a [`ResolveRequest`].
pub const REQUEST_FILE: &str = "request.json";
/// The file with a [`Resolution`].
pub const RESOLUTION_FILE: &str = "resolution.json";
/// The file with a [`ResolveReport`].
pub const REPORT_FILE: &str = "report.json";

/// The directory with the licence files of the standard library, beside those of modules. No module
/// has this path: it has no dot.
pub const STD_LICENSES: &str = "std";

/// What the resolve step is asked, for one root and one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveRequest {
    /// [`VERSION`].
    pub version: Version<2>,
    /// Directory of the go.work, or of the single module's go.mod, relative to the source tree; ""
    /// for its root.
    pub dir: String,
    /// Whether there is a go.work in `dir`. Otherwise the step runs with GOWORK=off.
    pub workspace: bool,
    /// Whether `dir/vendor` is used: no network, no module cache.
    pub vendored: bool,
    /// Import paths outside the repository, third-party and std, sorted.
    pub packages: Vec<ImportPath>,
    /// `-tags`, sorted.
    pub tags: Vec<String>,
    /// What else decides which files are in: GOOS, GOARCH, CGO_ENABLED, GOAMD64, GOEXPERIMENT ...
    pub env: BTreeMap<String, String>,
}

impl ResolveRequest {
    /// The directory to run the go command in, for the source tree at `root`.
    pub fn go_dir(&self, root: &Path) -> PathBuf {
        if self.dir.is_empty() {
            root.to_owned()
        } else {
            root.join(&self.dir)
        }
    }

    /// Environment of the go command that answers it, for the source tree at `root`: PWD, GOWORK
    /// and GOFLAGS, then [`env`](Self::env).
    pub fn go_env(&self, root: &Path) -> BTreeMap<String, String> {
        let dir = self.go_dir(root);
        let work = if self.workspace {
            dir.join("go.work").to_string_lossy().into_owned()
        } else {
            "off".to_owned()
        };
        let flags = if self.vendored {
            "-mod=vendor"
        } else {
            "-mod=readonly"
        };
        let mut env = BTreeMap::from([
            // Go takes the directory's name from here, even if it leads through symlinks. Then
            // paths that it prints would not begin with `root`.
            ("PWD".to_owned(), dir.to_string_lossy().into_owned()),
            ("GOWORK".to_owned(), work),
            ("GOFLAGS".to_owned(), flags.to_owned()),
        ]);
        env.extend(self.env.clone());
        env
    }

    /// Whether it names this package.
    pub(crate) fn asks_for(&self, import_path: &ImportPath) -> bool {
        self.packages.binary_search(import_path).is_ok()
    }
}

/// A version of a module. Ordered by path, then by the letters of the version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ModuleVersion {
    /// Module path.
    pub path: ModulePath,
    /// Its version, as in `v1.2.3`; empty for a main module.
    pub version: String,
}

impl ModuleVersion {
    /// The version `version` of the module `path`.
    pub(crate) fn new(path: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            path: ModulePath::new(path),
            version: version.into(),
        }
    }

    /// Reads `path@version`, or the `path` of a main module.
    pub fn parse(text: &str) -> Self {
        let (path, version) = text.split_once('@').unwrap_or((text, ""));
        Self::new(path, version)
    }
}

impl fmt::Display for ModuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, version } = self;
        if version.is_empty() {
            f.write_str(path)
        } else {
            write!(f, "{path}@{version}")
        }
    }
}

/// What `go` chose: every package outside the repository that is reached, with its module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// [`VERSION`].
    pub version: Version<2>,
    /// `go env GOVERSION`, as in `go1.26.8`.
    pub go_version: String,
    /// Modules that provide a package below, sorted by path.
    pub modules: Vec<ResolvedModule>,
    /// Packages, sorted by import path. Those of the repository itself are left out.
    pub packages: Vec<ResolvedPackage>,
    /// The versions that were selected of modules which a directory of the repository stands in
    /// for, by module path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<ModulePath, String>,
    /// What the builder image has for images that start from nothing: absolute paths of the
    /// certificates and the time zone database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtime_files: Vec<String>,
}

/// One module that provides packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvedModule {
    /// Module path as required.
    pub path: ModulePath,
    /// Version chosen; empty for a replacement by a directory of the repository.
    pub version: String,
    /// `path@version` of its replacement, or the directory's path; empty if it is not replaced.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub replaced_by: String,
    /// The version in its `go` line; empty if it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub go: String,
    /// `h1:` sum of the content, empty where none is known (vendored, directories).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sum: String,
}

/// One package outside the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvedPackage {
    /// Import path; std's vendored packages as `vendor/golang.org/x/...`.
    pub path: ImportPath,
    /// Index into [`Resolution::modules`]; none for std.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<usize>,
    /// What it imports, as import paths after `go list`'s ImportMap, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<ImportPath>,
    /// Directory relative to the source tree, for packages that live in it (vendored).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dir: String,
    /// Files of the build, of every class, embedded ones included, relative to the package's
    /// directory, sorted. Empty for std.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Bytes of its compiled source files: the price of compiling it, roughly. 0 for std.
    pub size: u64,
    /// Whether compiling it may read other files of its module: it has cgo, or assembly that
    /// includes something from elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_module: bool,
}

impl ResolvedPackage {
    /// Whether it belongs to the standard library.
    pub fn is_std(&self) -> bool {
        self.module.is_none()
    }
}

/// What went wrong in a resolve, for a located error: written instead of a [`Resolution`] by the
/// step's `--report` mode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveReport {
    /// [`VERSION`].
    pub version: Version<2>,
    /// Each error once, in the go command's order.
    pub errors: Vec<ResolveError>,
    /// What the user can do about them, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
}

/// One error of the go command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolveError {
    /// The import path that could not be resolved, if the error is about one.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub package: ImportPath,
    /// The go command's words, without secrets.
    pub message: String,
}
