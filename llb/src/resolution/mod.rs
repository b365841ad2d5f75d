//! What `go` chose: the question put to the resolve step, and its answer.
//!
//! Version selection is never simulated: the step runs `go list -deps -json` with the real mod
//! files, and this is what it says, reduced to what planning needs. Both sides are JSON files with
//! a `version` field. An unknown field is refused; a list or text that is empty is left out. Asking
//! and answering are the frontend's (or the CLI's); nothing here runs `go`.

use std::collections::BTreeMap;

use gowork_step::Version;
use serde::{Deserialize, Serialize};

/// Version of [`ResolveRequest`], [`Resolution`] and [`ResolveReport`]. Another one is refused when
/// a file is read; both sides come from one image, so that is a bug.
pub const VERSION: Version<2> = Version;

/// The file with a [`ResolveRequest`].
pub const REQUEST_FILE: &str = "request.json";
/// The file with a [`Resolution`].
pub const RESOLUTION_FILE: &str = "resolution.json";
/// The file with a [`ResolveReport`].
pub const REPORT_FILE: &str = "report.json";

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
    pub packages: Vec<String>,
    /// `-tags`, sorted.
    pub tags: Vec<String>,
    /// What else decides which files are in: GOOS, GOARCH, CGO_ENABLED, GOAMD64, GOEXPERIMENT ...
    pub env: BTreeMap<String, String>,
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
    pub replaced: BTreeMap<String, String>,
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
    pub path: String,
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
    pub path: String,
    /// Index into [`Resolution::modules`]; none for std.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<usize>,
    /// What it imports, as import paths after `go list`'s ImportMap, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
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
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// The go command's words, without secrets.
    pub message: String,
}
