//! `--check` (`--call=check`): what is wrong or doubtful, without building.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_llb::diag::{Diagnostic, Span};
use serde::Serialize;

use super::answer::answer;
use super::definition::Definition;
use super::sources::{LocationJson, Sources};
use crate::error::{SourceFiles, render};

/// The request id.
pub const NAME: &str = "frontend.lint";
const VERSION: &str = "1.0.0";

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lint {
    /// Things that build and are doubtful.
    pub warnings: Vec<LintWarning>,
    /// Things that do not build.
    pub errors: Vec<Diagnostic>,
}

/// A doubtful thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LintWarning {
    /// The rule's name, in CamelCase.
    pub rule: String,
    /// What the rule says.
    pub description: String,
    /// What is wrong here.
    pub detail: String,
    /// Where.
    pub span: Option<Span>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LintJson {
    warnings: Vec<WarningJson>,
    sources: Vec<SourceInfoJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    build_error: Option<BuildErrorJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WarningJson {
    rule_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    location: LocationJson,
}

#[derive(Serialize)]
struct SourceInfoJson {
    filename: String,
    data: String,
    language: String,
}

#[derive(Serialize)]
struct BuildErrorJson {
    message: String,
    location: LocationJson,
}

pub(super) fn definition() -> Definition {
    Definition::new(NAME, VERSION, "Lint a Dockerfile")
}

/// The answer. Its status code, which becomes the client's exit code, is 1 if it reports anything.
pub fn result(lint: &Lint, files: &SourceFiles) -> proto::Result {
    let mut sources = Sources::new(files);
    let mut warnings = Vec::new();
    for warning in &lint.warnings {
        warnings.push(WarningJson {
            rule_name: warning.rule.clone(),
            description: warning.description.clone(),
            detail: warning.detail.clone(),
            location: sources.locate_somewhere(warning.span.as_ref()),
        });
    }
    let build_error = build_error(&lint.errors, &mut sources);
    let json = LintJson {
        warnings,
        sources: sources.infos().into_iter().map(source_info).collect(),
        build_error,
    };
    let mut result = answer(VERSION, &json, text(lint));
    let is_clean = lint.warnings.is_empty() && lint.errors.is_empty();
    let code = if is_clean { b"0" } else { b"1" };
    result
        .metadata
        .insert("result.statuscode".to_owned(), code.to_vec());
    result
}

fn build_error(errors: &[Diagnostic], sources: &mut Sources<'_>) -> Option<BuildErrorJson> {
    if errors.is_empty() {
        return None;
    }
    let first = errors.iter().find_map(|error| error.span.as_ref());
    Some(BuildErrorJson {
        message: render(errors),
        location: sources.locate_somewhere(first),
    })
}

fn source_info(info: pb::SourceInfo) -> SourceInfoJson {
    SourceInfoJson {
        filename: info.filename,
        data: STANDARD.encode(info.data),
        language: info.language,
    }
}

fn text(lint: &Lint) -> String {
    let mut text = String::new();
    for warning in &lint.warnings {
        let place = match &warning.span {
            Some(span) => format!("{span}: "),
            None => String::new(),
        };
        text.push_str(&format!(
            "WARNING: {}\n{place}{}\n\n",
            warning.rule, warning.detail
        ));
    }
    if !lint.errors.is_empty() {
        text.push_str(&format!("ERROR: {}\n", render(&lint.errors)));
    }
    text
}
