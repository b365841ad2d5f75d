//! What `gowork check` found, in the forms that programs read.

mod github;
mod json;
mod sarif;

pub(crate) use github::github;
pub(crate) use json::{CheckJson, check};
pub(crate) use sarif::{document, file, sarif};

use gowork_llb::diag::{Diagnostic, Span};

/// What stands for a rule where errors and warnings are listed alike.
const ERROR: &str = "BuildError";

/// The rule of a warning, or what stands for it.
fn rule_name(found: &Diagnostic) -> &'static str {
    found.rule.map_or(ERROR, |rule| rule.name())
}

/// The message with what to do, for forms that have one text.
fn text(found: &Diagnostic) -> String {
    match &found.help {
        Some(help) => format!("{}\n{help}", found.message),
        None => found.message.clone(),
    }
}

/// Whether a place has a line.
fn has_line(span: &Span) -> bool {
    span.start.line > 0
}
