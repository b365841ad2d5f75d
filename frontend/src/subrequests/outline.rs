//! `--call=outline`: what a target takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::diag::Span;
use serde::Serialize;

use super::answer::answer;
use super::definition::Definition;
use super::sources::{LocationJson, Sources};
use super::table::table;
use crate::error::SourceFiles;

/// The request id.
pub const NAME: &str = "frontend.outline";
const VERSION: &str = "1.0.0";

/// What a target takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The target.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its build arguments.
    pub args: Vec<Arg>,
    /// Its secrets.
    pub secrets: Vec<Forward>,
    /// Its ssh agents.
    pub ssh: Vec<Forward>,
}

/// A build argument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arg {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The value in effect: given, or the default.
    pub value: String,
    /// Where it is used.
    pub span: Option<Span>,
}

/// A secret or ssh agent of the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forward {
    /// Its id.
    pub name: String,
    /// Whether the build fails without.
    pub required: bool,
    /// Where it is used.
    pub span: Option<Span>,
}

#[derive(Serialize)]
struct OutlineJson {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<ArgJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<ForwardJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssh: Vec<ForwardJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
}

#[derive(Serialize)]
struct ArgJson {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationJson>,
}

#[derive(Serialize)]
struct ForwardJson {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationJson>,
}

pub(super) fn definition() -> Definition {
    Definition::new(
        NAME,
        VERSION,
        "List all parameters current build target supports",
    )
    .takes("target", "Target build stage")
}

/// The answer.
pub fn result(outline: &Outline, files: &SourceFiles) -> proto::Result {
    let mut sources = Sources::new(files);
    let mut args = Vec::new();
    for arg in &outline.args {
        args.push(ArgJson {
            name: arg.name.clone(),
            description: arg.description.clone(),
            value: arg.value.clone(),
            location: sources.locate(arg.span.as_ref()),
        });
    }
    let json = OutlineJson {
        name: outline.name.clone(),
        description: outline.description.clone(),
        args,
        secrets: forwards(&outline.secrets, &mut sources),
        ssh: forwards(&outline.ssh, &mut sources),
        sources: sources
            .infos()
            .into_iter()
            .map(|info| STANDARD.encode(info.data))
            .collect(),
    };
    answer(VERSION, &json, text(outline))
}

fn forwards(forwards: &[Forward], sources: &mut Sources<'_>) -> Vec<ForwardJson> {
    let mut json = Vec::new();
    for forward in forwards {
        json.push(ForwardJson {
            name: forward.name.clone(),
            required: forward.required,
            location: sources.locate(forward.span.as_ref()),
        });
    }
    json
}

fn text(outline: &Outline) -> String {
    let mut text = format!("TARGET: {}\n", outline.name);
    if !outline.description.is_empty() {
        text.push_str(&format!("DESCRIPTION: {}\n", outline.description));
    }
    let mut args = Vec::new();
    for arg in &outline.args {
        args.push(vec![
            arg.name.clone(),
            arg.value.clone(),
            arg.description.clone(),
        ]);
    }
    section(&mut text, &["BUILD ARG", "VALUE", "DESCRIPTION"], args);
    section(&mut text, &["SECRET", "REQUIRED"], rows(&outline.secrets));
    section(&mut text, &["SSH", "REQUIRED"], rows(&outline.ssh));
    text
}

fn rows(forwards: &[Forward]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for forward in forwards {
        let required = if forward.required { "true" } else { "" };
        rows.push(vec![forward.name.clone(), required.to_owned()]);
    }
    rows
}

/// Adds a table under `head`, unless it is empty.
fn section(text: &mut String, head: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let mut all = vec![head.iter().map(|word| (*word).to_owned()).collect()];
    all.extend(rows);
    text.push('\n');
    text.push_str(&table(&all));
}
