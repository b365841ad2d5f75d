//! `--check` (`--call=check`): what is wrong or doubtful, without building.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::moby::buildkit::v1::frontend as proto;
use buildkit_proto::pb;
use gowork_llb::diag::{Diagnostic, Span};
use serde::Serialize;
use serde_json::Value;

use super::answer::{JSON, TEXT, answer};
use super::definition::Definition;
use super::sources::{LocationJson, Sources};
use crate::error::{SourceFiles, render};

/// The request id.
pub const NAME: &str = "frontend.lint";
const VERSION: &str = "1.0.0";
/// Where the answer has the client's exit code.
const STATUS_CODE: &str = "result.statuscode";

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
            detail: detail(warning, files),
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
        .insert(STATUS_CODE.to_owned(), code.to_vec());
    result
}

/// What a warning says, with its place unless that is in the definition file: whatever file it is
/// in, buildx prints the name of that one.
fn detail(warning: &LintWarning, files: &SourceFiles) -> String {
    match &warning.span {
        Some(span) if span.file != files.definition() => format!("{span}: {}", warning.detail),
        _ => warning.detail.clone(),
    }
}

/// The answer of Docker's frontend, which has the same form, and what gowork found.
pub fn joined(mut answered: proto::Result, lint: &Lint, files: &SourceFiles) -> proto::Result {
    let own = result(lint, files);
    let json = |result: &proto::Result| -> Option<Value> {
        serde_json::from_slice(result.metadata.get(JSON)?).ok()
    };
    let (Some(mut all), Some(mut own_json)) = (json(&answered), json(&own)) else {
        return answered;
    };
    let before = all["sources"].as_array().map_or(0, Vec::len);
    if let Some(warnings) = own_json["warnings"].as_array_mut() {
        for warning in warnings {
            count_on(&mut warning["location"], before);
        }
    }
    append(&mut all, &own_json, "warnings");
    append(&mut all, &own_json, "sources");
    if all["buildError"].is_null() && !own_json["buildError"].is_null() {
        let mut error = own_json["buildError"].take();
        count_on(&mut error["location"], before);
        all["buildError"] = error;
    }
    let text = serde_json::to_vec_pretty(&all).unwrap_or_default();
    answered.metadata.insert(JSON.to_owned(), text);
    for (key, value) in own.metadata {
        match key.as_str() {
            TEXT => answered.metadata.entry(key).or_default().extend(value),
            STATUS_CODE if value != b"0" => {
                answered.metadata.insert(key, value);
            }
            _ => {}
        }
    }
    answered
}

/// A place among more sources.
fn count_on(location: &mut Value, before: usize) {
    let index = location["sourceIndex"].as_u64().unwrap_or_default();
    location["sourceIndex"] = (index + before as u64).into();
}

/// Adds a list to the same list of another answer.
fn append(all: &mut Value, own: &Value, key: &str) {
    let own = own[key].as_array().cloned().unwrap_or_default();
    match all[key].as_array_mut() {
        Some(list) => list.extend(own),
        None => all[key] = own.into(),
    }
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
