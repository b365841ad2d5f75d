//! What goes to the terminal: texts, and diagnostics with the line they are about.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anyhow::Context as _;
use gowork_llb::diag::{Diagnostic, Position, Severity, Span, with_masked_credentials};

/// Gives the text of a file that a span names.
pub(crate) type Texts<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Writes `text` to standard output. A reader that has read enough and is gone is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("standard output"),
        _ => Ok(()),
    }
}

/// One line of trouble on standard error.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}

/// One line on standard error for who sits there.
pub(crate) fn note(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// Tells diagnostics on standard error, each with its line of source.
pub(crate) fn tell(diagnostics: &[Diagnostic], texts: &Texts<'_>) {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut out = String::new();
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{}\n", rendered(diagnostic, texts, colours));
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let parts = [(errors, "error"), (warnings, "warning")].into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, what)| counted(count, what)).collect();
    let _ = writeln!(std::io::stderr(), "{out}{}", parts.join(", "));
}

/// `1 image`, `2 images`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn rendered(diagnostic: &Diagnostic, texts: &Texts<'_>, colours: bool) -> String {
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message));
    if let Some(span) = &diagnostic.span {
        group = with_place(group, span, None, texts);
    }
    for (span, words) in &diagnostic.related {
        group = with_place(group, span, Some(words), texts);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.decor_style(DecorStyle::Ascii).render(&[group])
}

/// A place with its line, or, where there is none to show, the place alone.
fn with_place<'a>(group: Group<'a>, span: &'a Span, words: Option<&'a String>, texts: &Texts<'_>) -> Group<'a> {
    let text = texts(&span.file);
    let Some((text, range)) = text.and_then(|text| Some((range(&text, span)?, text)).map(|(range, text)| (text, range))) else {
        let group = group.element(Origin::path(&span.file));
        return match words {
            Some(words) => group.element(Level::NOTE.message(words)),
            None => group,
        };
    };
    let kind = if words.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
    let annotation = kind.span(range).label(words);
    group.element(Snippet::source(with_masked_credentials(&text)).path(&span.file).annotation(annotation))
}

/// The bytes of `text` that `span` means: at least one character, within the first line.
fn range(text: &str, span: &Span) -> Option<Range<usize>> {
    let start = offset(text, span.start)?;
    let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
    let end = offset(text, span.end).filter(|end| *end > start).unwrap_or_else(|| word_end(text, start));
    Some(start..end.min(line_end).max(start))
}

/// A bare place means the word there.
fn word_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let length = rest.find(|c: char| c.is_whitespace() || c == ')' || c == ',').unwrap_or(rest.len());
    start + length.max(rest.chars().next().map_or(0, char::len_utf8))
}

fn offset(text: &str, at: Position) -> Option<usize> {
    let line = usize::try_from(at.line).ok()?.checked_sub(1)?;
    let start = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
    let column = usize::try_from(at.column).ok()?.saturating_sub(1);
    let rest = text[start..].lines().next().unwrap_or_default();
    Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at))
}
