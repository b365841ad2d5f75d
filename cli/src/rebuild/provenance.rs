//! Provenance by SLSA, v0.2 and v1, with what BuildKit adds to it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;

use super::material::{Material, RawMaterial};

/// What BuildKit wrote down of a build.
#[derive(Debug, Default)]
pub(crate) struct Provenance {
    /// The options of the build, by the names that frontends know them by.
    pub(super) args: BTreeMap<String, String>,
    /// The context, if it was not a directory of the client.
    pub(super) context: Option<Context>,
    /// The definition file, if it was named.
    pub(super) definition: Option<String>,
    /// Secrets that steps could ask for.
    pub(super) secrets: Vec<Secret>,
    /// SSH agents that steps could ask for.
    pub(super) ssh: Vec<Secret>,
    /// What was fetched.
    pub(crate) materials: Vec<Material>,
    /// What `docker buildx` found out about the checkout that the context is in.
    pub(super) vcs: BTreeMap<String, String>,
    /// Whether it has all options.
    pub(super) has_all_args: bool,
    /// Whether it has what `mode=max` adds.
    pub(super) is_max: bool,
}

/// A context that is not a directory of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) uri: String,
    /// The commit, if it is a git repository.
    pub(super) commit: Option<String>,
}

/// A secret, or an SSH agent.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Secret {
    pub(super) id: String,
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V1Json {
    build_definition: Definition,
    #[serde(default)]
    run_details: RunDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    external_parameters: Parameters,
    #[serde(default)]
    internal_parameters: BTreeMap<String, Value>,
    #[serde(default)]
    resolved_dependencies: Vec<RawMaterial>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    #[serde(default)]
    config_source: ConfigSource,
    request: Request,
}

#[derive(Default, Deserialize)]
struct ConfigSource {
    #[serde(default)]
    uri: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
    /// The definition file; of v0.2, `entryPoint`.
    #[serde(default, alias = "entryPoint")]
    path: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    frontend: String,
    args: BTreeMap<String, String>,
    secrets: Vec<Secret>,
    ssh: Vec<Secret>,
    /// What the client asked for, if a frontend has asked for something else.
    root: Option<Box<Root>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    #[serde(default)]
    config_source: ConfigSource,
    #[serde(default)]
    request: Request,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RunDetails {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    buildkit_metadata: BuildKit,
    buildkit_completeness: Completeness,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BuildKit {
    vcs: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Completeness {
    #[serde(alias = "parameters")]
    request: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V02Json {
    invocation: Invocation,
    #[serde(default)]
    materials: Vec<RawMaterial>,
    build_config: Option<Value>,
    #[serde(default)]
    metadata: V02Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default)]
    config_source: ConfigSource,
    parameters: Request,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct V02Metadata {
    completeness: Completeness,
    #[serde(rename = "https://mobyproject.org/buildkit@v1#metadata")]
    buildkit: BuildKit,
}

impl Provenance {
    /// Reads the content of a statement: of SLSA v1, or v0.2.
    ///
    /// # Errors
    /// If BuildKit has not written it.
    pub(crate) fn read(predicate: Value) -> anyhow::Result<Self> {
        let wrong = || "the provenance is not BuildKit's";
        if predicate.get("buildDefinition").is_some() {
            let read: V1Json = serde_json::from_value(predicate).with_context(wrong)?;
            let made = read.build_definition;
            let metadata = read.run_details.metadata;
            let parameters = made.external_parameters;
            return Ok(Self {
                materials: materials(made.resolved_dependencies),
                vcs: metadata.buildkit_metadata.vcs,
                has_all_args: metadata.buildkit_completeness.request,
                is_max: made.internal_parameters.contains_key("buildConfig"),
                ..Self::of_request(parameters.config_source, parameters.request)
            });
        }
        let read: V02Json = serde_json::from_value(predicate).with_context(wrong)?;
        let invocation = read.invocation;
        Ok(Self {
            materials: materials(read.materials),
            vcs: read.metadata.buildkit.vcs,
            has_all_args: read.metadata.completeness.request,
            is_max: read.build_config.is_some(),
            ..Self::of_request(invocation.config_source, invocation.parameters)
        })
    }

    fn of_request(config_source: ConfigSource, mut request: Request) -> Self {
        // The frontend that made the result may have had other options than the client gave.
        let (source, args) = match request.root.take() {
            Some(root) => (root.config_source, root.request.args),
            None => (config_source, std::mem::take(&mut request.args)),
        };
        let context = (!source.uri.is_empty()).then(|| Context {
            commit: ["sha1", "sha256"]
                .iter()
                .find_map(|kind| source.digest.get(*kind).cloned()),
            uri: source.uri,
        });
        let of_args = args.get("filename").cloned();
        Self {
            context,
            definition: Some(source.path)
                .filter(|path| !path.is_empty())
                .or(of_args),
            secrets: request.secrets,
            ssh: request.ssh,
            args,
            ..Self::default()
        }
    }

    /// The commit of the checkout that the context was in, and whether files had changed since.
    pub(crate) fn revision(&self) -> Option<(&str, bool)> {
        let revision = self.vcs.get("revision")?;
        Some(match revision.strip_suffix("-dirty") {
            Some(commit) => (commit, true),
            None => (revision, false),
        })
    }
}

fn materials(raw: Vec<RawMaterial>) -> Vec<Material> {
    raw.into_iter().map(Material::of).collect()
}
