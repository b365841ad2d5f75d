//! The plan as JSON, for people and other programs: mirror types with a version, so that the IR
//! itself stays free to change.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::step::{Image, Part, Plan, Step, StepKind, StepName};
use crate::config::ImageName;
use crate::gomod::ImportPath;

/// Version of this JSON form. It grows when a field changes its meaning or goes away; new fields
/// leave it as it is.
pub(crate) const VERSION: u32 = 1;

/// A plan.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JsonPlan {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    pub version: u32,
    /// `linux/amd64`.
    pub platform: String,
    /// Builder image.
    pub builder: String,
    /// Where compile results are kept: `layer`, `mount` or `both`; those of steps with cgo or
    /// included files in layers alone.
    pub cache: &'static str,
    /// Whether `go` chose versions and third-party packages; if not, the plan is coarser.
    pub resolved: bool,
    /// Steps, each after those it needs.
    pub steps: Vec<JsonStep>,
    /// Images by name.
    pub images: BTreeMap<ImageName, JsonImage>,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JsonStep {
    /// Name.
    pub name: StepName,
    /// What the progress output calls it.
    pub title: String,
    /// `resolve`, `std`, `deps`, `unit` or `link`.
    pub kind: &'static str,
    /// Directory of its go.work or go.mod.
    pub root: String,
    /// Import paths that it asks for, compiles or links.
    pub packages: Vec<ImportPath>,
    /// How a compile step's results are kept apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<JsonPart>,
    /// Whether it is sealed: it sees none of the true mod files.
    pub sealed: bool,
    /// Environment of its go commands.
    pub env: BTreeMap<String, String>,
    /// Flags of its go commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Steps whose compile results it reads, each with the numbers of the parts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<StepName, Vec<usize>>,
    /// Whether it reads the module cache of the resolve step.
    pub module_cache: bool,
    /// Mod files that it reads.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub mod_files: BTreeSet<String>,
    /// Sources that it reads.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub files: BTreeSet<String>,
}

/// A part of a compile step.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JsonPart {
    /// Import paths.
    pub packages: Vec<ImportPath>,
    /// Images that reach them; empty where that is not known.
    pub reach: Vec<ImageName>,
}

/// An image.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JsonImage {
    /// Import path of its main.
    pub package: ImportPath,
    /// Directory of its main.
    pub dir: String,
    /// File name of its binary.
    pub binary: String,
    /// The step that links it.
    pub link: StepName,
    /// The binaries that it holds in addition to its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub binaries: Vec<JsonBinary>,
    /// Image it is built upon, or `stage:NAME`.
    pub base: String,
    /// User it runs as; missing if the stage that it is built upon says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether CA certificates are put in.
    pub certificates: bool,
    /// Whether the time zone database is put in.
    pub timezones: bool,
    /// Whether the licences of its modules are put in.
    pub licenses: bool,
}

/// A binary that an image holds in addition to its own.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct JsonBinary {
    /// Import path of its main.
    pub package: ImportPath,
    /// Its file name.
    pub binary: String,
    /// The step that links it.
    pub link: StepName,
}

/// The JSON form of `plan`.
pub fn json(plan: &Plan) -> JsonPlan {
    JsonPlan {
        version: VERSION,
        platform: plan.target.to_string(),
        builder: plan.builder.image.clone(),
        cache: plan.cache.as_str(),
        resolved: plan.resolved,
        steps: plan.steps.iter().map(|s| step(plan, s)).collect(),
        images: plan
            .images
            .iter()
            .map(|image| (image.name.clone(), json_image(plan, image)))
            .collect(),
    }
}

/// The JSON form of one step of `plan`.
pub fn step(plan: &Plan, step: &Step) -> JsonStep {
    let build = plan.build(step.build);
    let kind = match &step.kind {
        StepKind::Resolve(_) => "resolve",
        StepKind::Std(_) => "std",
        StepKind::Deps(_) => "deps",
        StepKind::Unit(_) => "unit",
        StepKind::Link(_) => "link",
    };
    let packages = match &step.kind {
        StepKind::Resolve(request) => request.packages.clone(),
        kind => kind.compiles().into_iter().cloned().collect(),
    };
    let part = |part: &Part| JsonPart {
        packages: part.packages.clone(),
        reach: part.reach.clone(),
    };
    let mut results: BTreeMap<StepName, Vec<usize>> = BTreeMap::new();
    for result in &step.inputs.results {
        results
            .entry(plan.step(result.step).name.clone())
            .or_default()
            .push(result.part);
    }
    let mut flags = build.settings.flags();
    match (&step.kind, &build.settings.profile) {
        (StepKind::Link(link), _) => flags.extend(link.own_flags()),
        (StepKind::Std(_) | StepKind::Deps(_) | StepKind::Unit(_), Some(profile)) => {
            flags.push(format!("-pgo={profile}"))
        }
        _ => {}
    }
    JsonStep {
        name: step.name.clone(),
        title: step.title.clone(),
        kind,
        root: build.dir.to_string(),
        packages,
        parts: step.kind.parts().iter().map(part).collect(),
        sealed: step.inputs.sealed.is_some(),
        env: build.settings.env.clone(),
        flags,
        results,
        module_cache: step.inputs.module_cache,
        mod_files: step
            .inputs
            .mod_files
            .iter()
            .map(ToString::to_string)
            .collect(),
        files: step.inputs.files.iter().map(ToString::to_string).collect(),
    }
}

fn json_image(plan: &Plan, image: &Image) -> JsonImage {
    let binaries = image.binaries.iter().map(|binary| JsonBinary {
        package: binary.package.clone(),
        binary: binary.file.clone(),
        link: plan.step(binary.link).name.clone(),
    });
    JsonImage {
        package: image.package.clone(),
        dir: image.dir.to_string(),
        binary: image.binary.clone(),
        link: plan.step(image.link).name.clone(),
        binaries: binaries.collect(),
        base: image.runtime.base.value.clone(),
        user: image.runtime.user.clone(),
        certificates: image.runtime.certificates,
        timezones: image.runtime.timezones,
        licenses: image.runtime.licenses,
    }
}
