//! Diagnostics as text, as the output of a build shows them.

use gowork_llb::diag::{Diagnostic, Span};

use crate::gateway::GatewayError;

/// All diagnostics: one line each, what to do below it; errors before warnings.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    let errors: usize = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(Diagnostic::count)
        .sum();
    if errors > 1 {
        text.push_str(&format!("{errors} errors:\n"));
    }
    let rendered: Vec<String> = in_order(diagnostics).into_iter().map(render_one).collect();
    text.push_str(&rendered.join("\n"));
    text
}

/// Errors before warnings.
pub(super) fn in_order(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let (mut errors, warnings): (Vec<_>, Vec<_>) = diagnostics
        .iter()
        .partition(|diagnostic| diagnostic.is_error());
    errors.extend(warnings);
    errors
}

fn render_one(diagnostic: &Diagnostic) -> String {
    let place = place(diagnostic.span.as_ref());
    let kind = if diagnostic.is_error() {
        ""
    } else {
        "warning: "
    };
    let mut text = format!("{place}{kind}{}", diagnostic.message);
    for (span, words) in &diagnostic.related {
        text.push_str(&format!("\n    {span}: {words}"));
    }
    if let Some(help) = &diagnostic.help {
        let help = help.replace('\n', "\n          ");
        text.push_str(&format!("\n    help: {help}"));
    }
    text
}

/// The errors of a failed step, and `rest`. The first words are the compiler's.
pub(super) fn render_step(errors: &[Diagnostic], rest: &str) -> String {
    let mut lines: Vec<String> = errors.iter().map(render_one).collect();
    if !rest.is_empty() {
        lines.push(rest.to_owned());
    }
    lines.join("\n")
}

/// A failure of BuildKit's, with the place that asks for it and what to do.
pub(super) fn render_gateway(
    error: &GatewayError,
    span: Option<&Span>,
    help: Option<&str>,
) -> String {
    let mut text = format!("{}{error}", place(span));
    if let Some(help) = help {
        text.push_str(&format!("\n    help: {help}"));
    }
    text
}

fn place(span: Option<&Span>) -> String {
    span.map(|span| format!("{span}: ")).unwrap_or_default()
}
