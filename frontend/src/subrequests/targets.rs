//! `--call=targets`: which targets there are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::diag::Span;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{JSON, answer};
use super::definition::Definition;
use super::sources::{LocationJson, Sources};
use super::table::table;
use crate::error::SourceFiles;

/// The request id.
pub const NAME: &str = "frontend.targets";
const VERSION: &str = "1.0.0";

/// One thing to build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its name for `--target`.
    pub name: String,
    /// Whether it is built if none is named.
    pub default: bool,
    /// What it is, one sentence.
    pub description: String,
    /// Its base image.
    pub base: String,
    /// The platforms that it is built for.
    pub platform: String,
    /// Where it is written down.
    pub span: Option<Span>,
    /// Whether something is wrong with it, so that it cannot be built.
    pub is_broken: bool,
}

#[derive(Serialize)]
struct TargetsJson {
    targets: Vec<TargetJson>,
    sources: Vec<String>,
}

#[derive(Serialize)]
struct TargetJson {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    default: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    base: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    platform: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationJson>,
}

pub(super) fn definition() -> Definition {
    Definition::new(NAME, VERSION, "List all targets current build supports")
}

/// The answer. Its status code, which becomes the client's exit code, is 1 if a target cannot be
/// built.
pub fn result(targets: &[Target], files: &SourceFiles) -> proto::Result {
    let mut sources = Sources::new(files);
    let mut all = Vec::new();
    for target in targets {
        all.push(TargetJson {
            name: target.name.clone(),
            default: target.default,
            description: target.description.clone(),
            base: target.base.clone(),
            platform: target.platform.clone(),
            location: sources.locate(target.span.as_ref()),
        });
    }
    let json = TargetsJson {
        targets: all,
        sources: sources
            .infos()
            .into_iter()
            .map(|info| STANDARD.encode(info.data))
            .collect(),
    };
    let mut result = answer(VERSION, &json, text(targets));
    if targets.iter().any(|target| target.is_broken) {
        let code = b"1".to_vec();
        result.metadata.insert("result.statuscode".to_owned(), code);
    }
    result
}

/// An answer of Docker's frontend, with this text as the Dockerfile that it is about.
pub fn of_source(mut answer: proto::Result, text: &[u8]) -> proto::Result {
    if let Some(json) = answer.metadata.get_mut(JSON)
        && let Ok(mut value) = serde_json::from_slice::<Value>(json)
    {
        value["sources"] = json!([STANDARD.encode(text)]);
        *json = value.to_string().into_bytes();
    }
    answer
}

fn text(targets: &[Target]) -> String {
    let mut rows = vec![["TARGET", "DESCRIPTION"].map(str::to_owned).to_vec()];
    for target in targets {
        let mark = if target.default { " (default)" } else { "" };
        rows.push(vec![
            format!("{}{mark}", target.name),
            target.description.clone(),
        ]);
    }
    table(&rows)
}
