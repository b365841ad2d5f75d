//! `--call=outline`: what a target takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::diag::Span;
use serde::Serialize;

use super::definition::Definition;
use super::{LocationJson, Sources, answer, table};
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
    let arg = |arg: &Arg| ArgJson {
        name: arg.name.clone(),
        description: arg.description.clone(),
        value: arg.value.clone(),
        location: arg.span.as_ref().and_then(|span| sources.locate(span)),
    };
    let args = outline.args.iter().map(arg).collect();
    let mut forward = |forward: &Forward| ForwardJson {
        name: forward.name.clone(),
        required: forward.required,
        location: forward.span.as_ref().and_then(|span| sources.locate(span)),
    };
    let secrets = outline.secrets.iter().map(&mut forward).collect();
    let ssh = outline.ssh.iter().map(&mut forward).collect();
    let sources = sources
        .infos()
        .map(|info| STANDARD.encode(info.data))
        .collect();
    let (name, description) = (outline.name.clone(), outline.description.clone());
    answer(
        VERSION,
        &OutlineJson {
            name,
            description,
            args,
            secrets,
            ssh,
            sources,
        },
        text(outline),
    )
}

fn text(outline: &Outline) -> String {
    let mut text = format!("TARGET: {}\n", outline.name);
    if !outline.description.is_empty() {
        text.push_str(&format!("DESCRIPTION: {}\n", outline.description));
    }
    let args = outline
        .args
        .iter()
        .map(|arg| vec![arg.name.clone(), arg.value.clone(), arg.description.clone()]);
    section(&mut text, &["BUILD ARG", "VALUE", "DESCRIPTION"], args);
    let row = |forward: &Forward| {
        vec![
            forward.name.clone(),
            if forward.required { "true" } else { "" }.to_owned(),
        ]
    };
    section(
        &mut text,
        &["SECRET", "REQUIRED"],
        outline.secrets.iter().map(row),
    );
    section(&mut text, &["SSH", "REQUIRED"], outline.ssh.iter().map(row));
    text
}

fn section(text: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut all = vec![
        head.iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>(),
    ];
    all.extend(rows);
    if all.len() > 1 {
        text.push('\n');
        text.push_str(&table(&all));
    }
}
