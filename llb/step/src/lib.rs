//! gowork-step: the files and command lines between the planner and the program `gowork-cache`.
//!
//! The library `gowork-llb` writes them into the steps of a build; `gowork-cache` reads them when a
//! step runs. Both take every name, path and type from this crate, so neither can rename a field
//! alone.
//!
//! | file in [`STEP_DIR`] | type | read by |
//! |---|---|---|
//! | [`DESCRIPTION`] | [`Description`] | `compile`, `link` |
//! | [`PARTS`] | [`format_parts`] | `compile` |
//! | [`BATCH`] | [`Batch`] | `batch` |
//! | [`NAMES`] | [`Names`] | `watch` |
//!
//! A link of a program that says which commit it is made of reads a [`Checkout`], from the file
//! [`CHECKOUT`]. [`RUNNING`] and [`SAID`] go the other way: `watch` and `failure` leave them in their
//! outputs, and the frontend reads them.
//!
//! Every JSON file begins with its [`Version`]. A reader refuses another version, a field that it
//! does not know, and a field that is missing: a list that is silently empty would leave sources
//! out of the key of a binary.
//!
//! # Everything that goes from one program to another
//!
//! | what | type | version |
//! |---|---|---|
//! | the files above | in this crate | [`VERSION`], in the file |
//! | `scan.json`, of the scan step | `gowork_llb::packages::Scan` | `SCAN_VERSION`, in the file |
//! | `request.json`, for the resolve step | `gowork_llb::resolution::ResolveRequest` | `VERSION`, in the file |
//! | `resolution.json`, `report.json`, of the resolve step | `gowork_llb::resolution` | `VERSION`, in the file |
//! | `git.json`, of the git step | `gowork_frontend::steps::git::GitAnswer` | `GIT_VERSION`, in the file; in it a [`Checkout`] |
//! | layers of compile results | `gowork_cache::layer` | in the first line of the index |
//! | the label `gowork.results` of a results image | `gowork_llb::lower::ResultsLayers` | `RESULTS_VERSION`, in the label; its files are layers |
//! | the cache mount of compile results | `gowork_cache::mount` | in the path; what is kept whole, in its key |
//! | command lines, `GOCACHEPROG` | [`words`] | none: both programs come from one image |
//! | `GOWORK_NAMES`, `GOWORK_ATTEMPT`, `GOWORK_CACHE_NAMESPACE` | none | none: they key a step, and no program reads them |

pub mod checkout;
pub mod parts;
pub mod version;
pub mod words;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use checkout::{CHECKOUT, Checkout};
pub use parts::{format_parts, parse_parts, part_dir};
pub use version::Version;

/// Version of all JSON files of this crate.
pub const VERSION: u32 = 1;

/// Where a step has its files.
pub const STEP_DIR: &str = "/gowork/step";
/// The file with the import paths of a compile step.
pub const PARTS: &str = "parts";
/// The file that describes a step.
pub const DESCRIPTION: &str = "step.json";
/// The file that describes the steps of a batch.
pub const BATCH: &str = "batch.json";
/// The file with the names of steps to watch.
pub const NAMES: &str = "names.json";
/// The file in which `watch` leaves what it saw.
pub const RUNNING: &str = "running.json";

/// The variable that says where a step keeps what it prints if it fails, and which directories
/// distinguish it from other steps; separated by colons.
pub const FAILURES: &str = "GOWORK_FAILURES";
/// The file in which `failure` leaves what the step printed, as text.
pub const SAID: &str = "said";

/// What makes a step's results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Version of this form.
    pub version: Version<VERSION>,
    /// The step's name in its plan: lower-case hex digits. Not part of its key.
    pub name: String,
    /// Everything except files that decides the results: flags, environment, builder image, name of
    /// the binary.
    pub salt: Vec<String>,
    /// Import paths by part, as the go command gets them. A link has none.
    pub parts: Vec<Vec<String>>,
    /// Whether these packages bring others along, whose results belong to the step too. Then only
    /// the step itself can list them.
    pub brings_others: bool,
    /// The files that it compiles itself.
    pub own: Vec<OwnFile>,
    /// Names of the directories of the parts that it reads ([`part_dir`]), in the order of
    /// `--parent`.
    pub reads: Vec<String>,
}

/// A file that a step compiles itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFile {
    /// Its name in the repository, or below `vendor/`. Part of the step's key.
    pub name: String,
    /// Where it is in the container. Not part of the key.
    pub at: String,
}

/// A link, as a batch makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkDescription {
    /// What makes its result.
    pub step: Description,
    /// Import path of the main package.
    pub package: String,
    /// The name that `go install` gives its binary.
    pub binary: String,
    /// Flags that it is compiled and linked with.
    pub flags: Vec<String>,
}

/// Steps that are compiled and linked together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Version of this form.
    pub version: Version<VERSION>,
    /// Compile steps: those that have to run, and those whose results they read. Each stands after
    /// the steps that it reads.
    pub steps: Vec<Description>,
    /// Links that have to run.
    pub links: Vec<LinkDescription>,
}

/// Names of steps to watch ([`Description::name`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Version of this form.
    pub version: Version<VERSION>,
    /// The names.
    pub names: Vec<String>,
}

/// What `watch` saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// Version of this form.
    pub version: Version<VERSION>,
    /// Positions in [`Names::names`] of the steps that run, in order.
    pub positions: Vec<usize>,
}

/// A value of this crate as a file.
pub fn to_json(value: &impl Serialize) -> Vec<u8> {
    // Strings, lists and numbers: JSON can say all of them.
    serde_json::to_vec(value).unwrap_or_default()
}

/// The value in a file.
///
/// # Errors
/// A text that says what is wrong: not JSON, another version, a field that is missing or unknown.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
