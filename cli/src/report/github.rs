//! The findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull
//! request.

use std::fmt::Write as _;

use gowork_llb::diag::{Diagnostic, Span};

/// One line a finding (GitHub Docs, "Workflow commands for GitHub Actions").
pub(crate) fn github(found: &[Diagnostic]) -> String {
    let mut text = String::new();
    for found in found {
        let command = if found.is_error() { "error" } else { "warning" };
        let mut properties = match &found.span {
            Some(span) => place(span),
            None => String::new(),
        };
        let _ = write!(properties, "title={}", property(super::rule_name(found)));
        let message = data(&super::text(found));
        let _ = writeln!(text, "::{command} {properties}::{message}");
    }
    text
}

/// The properties of a place, each with a comma behind it.
fn place(span: &Span) -> String {
    let mut text = format!("file={},", property(&span.file));
    if super::has_line(span) {
        let _ = write!(
            text,
            "line={},col={},",
            span.start.line,
            span.start.column.max(1)
        );
        if span.end > span.start {
            let _ = write!(
                text,
                "endLine={},endColumn={},",
                span.end.line, span.end.column
            );
        }
    }
    text
}

/// A message on one line (actions/toolkit, `packages/core/src/command.ts`, `escapeData`).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A value of a property (`escapeProperty` there).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
