//! `gowork explain --format json`: what an image is made of, and why a file is part of it.

use gowork_llb::config::ImageName;
use gowork_llb::gomod::ImportPath;
use gowork_llb::plan::json::JsonStep;
use schemars::JsonSchema;
use serde::Serialize;

/// What an image is made of.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ExplainJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    pub(super) version: u32,
    /// The image.
    pub(super) image: ImageName,
    /// Import path of its main package.
    pub(super) package: ImportPath,
    /// The platform, like `linux/amd64`.
    pub(super) platform: String,
    /// Whether `go` chose versions and third-party packages; if not, the plan is coarser.
    pub(super) resolved: bool,
    /// Digest of all parts: equal if the image is made of the same.
    pub(super) digest: String,
    /// What decides what is in the image.
    pub(super) parts: Vec<PartJson>,
    /// The steps that make it, each after those it needs.
    pub(super) steps: Vec<ExplainedStep>,
}

/// One thing that decides what is in an image.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PartJson {
    /// Its kind, such as `file` or `module`.
    pub(super) kind: &'static str,
    /// Its name in words.
    pub(super) part: String,
    /// What it is: a digest, a version, a setting.
    pub(super) value: String,
}

/// A step, as `gowork plan` has it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ExplainedStep {
    #[serde(flatten)]
    pub(super) step: JsonStep,
    /// Digest of all that the step is made of.
    pub(super) digest: String,
}

/// Why a file, or a package, is part of an image, or is not.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ExplainFileJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    pub(super) version: u32,
    /// The image.
    pub(super) image: ImageName,
    /// The file, from the root of the repository; or the import path.
    pub(super) file: String,
    /// Whether it is part of the image.
    pub(super) part: bool,
    /// What it is to the image, in words.
    pub(super) roles: Vec<String>,
    /// Why it is not part of the image.
    pub(super) absence: Option<String>,
    /// The shortest chain of imports from the main package.
    pub(super) imports: Vec<ImportJson>,
    /// The names of the steps that read it.
    pub(super) steps: Vec<String>,
}

/// One import of a chain.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ImportJson {
    /// The package that imports.
    pub(super) from: ImportPath,
    /// The package that is imported.
    pub(super) to: ImportPath,
    /// The import line, `FILE:LINE:COLUMN`, if it is in the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    /// Whether only the go command knows if the package imports that; see `--resolve`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) guess: bool,
}
