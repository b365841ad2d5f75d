//! What goes to the terminal: texts, and diagnostics with the line they are about.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::ops::Range;
use std::rc::Rc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anyhow::Context as _;
use gowork_llb::diag::{Diagnostic, Severity, Span, with_masked_credentials};

/// Gives the text of a file that a span names.
pub(crate) type Texts<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Bytes of a line that is shown. For a longer line, only the place is shown.
const MAX_LINE: usize = 2000;

/// The texts that diagnostics point into, each read once.
struct Shown<'a> {
    texts: &'a Texts<'a>,
    read: RefCell<BTreeMap<String, Option<Rc<str>>>>,
}

impl Shown<'_> {
    fn text(&self, file: &str) -> Option<Rc<str>> {
        let mut read = self.read.borrow_mut();
        read.entry(file.to_owned())
            .or_insert_with(|| (self.texts)(file).map(Rc::from))
            .clone()
    }
}

/// Writes `text` to standard output. A reader that has read enough and is gone is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output")
        }
        _ => Ok(()),
    }
}

/// The JSON of a value, indented.
pub(crate) fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// One line of trouble on standard error.
pub(crate) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}

/// One line on standard error for who sits there.
pub(crate) fn note(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// Shows diagnostics on standard error, each with its line of source.
pub(crate) fn tell(diagnostics: &[Diagnostic], texts: &Texts<'_>) {
    let texts = Shown {
        texts,
        read: RefCell::default(),
    };
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let mut out = String::new();
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{}\n", rendered(diagnostic, &texts, colours));
    }
    let count = |is_error: bool| -> usize {
        diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error() == is_error)
            .map(Diagnostic::count)
            .sum()
    };
    let (errors, warnings) = (count(true), count(false));
    let parts = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, what)| counted(count, what)).collect();
    let _ = writeln!(std::io::stderr(), "{out}{}", parts.join(", "));
}

/// `1 image`, `2 images`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn rendered(diagnostic: &Diagnostic, texts: &Shown<'_>, colours: bool) -> String {
    let renderer = if colours {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(&diagnostic.message);
    if let Some(rule) = diagnostic.rule {
        title = title.id(rule.name());
    }
    let mut group = Group::with_title(title);
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

/// A place with its line, or the place alone if its line cannot be shown.
fn with_place<'a>(
    group: Group<'a>,
    span: &'a Span,
    words: Option<&'a String>,
    texts: &Shown<'_>,
) -> Group<'a> {
    let text = texts.text(&span.file);
    let shown = text
        .as_deref()
        .and_then(|text| line_of(text, span.start.line));
    let Some((line, range)) = shown.and_then(|line| Some((line, range(line, span)?))) else {
        let group = group.element(origin(span));
        return match words {
            Some(words) => group.element(Level::NOTE.message(words)),
            None => group,
        };
    };
    let kind = if words.is_some() {
        AnnotationKind::Context
    } else {
        AnnotationKind::Primary
    };
    let annotation = kind.span(range).label(words);
    let line_start = usize::try_from(span.start.line).unwrap_or_default();
    let snippet = Snippet::source(with_masked_credentials(line))
        .line_start(line_start)
        .path(&span.file);
    group.element(snippet.annotation(annotation))
}

/// A place whose line is not shown.
fn origin(span: &Span) -> Origin<'_> {
    let number = |number: u32| usize::try_from(number).unwrap_or_default();
    let origin = Origin::path(&span.file);
    if span.start.line == 0 {
        origin
    } else {
        origin
            .line(number(span.start.line))
            .char_column(number(span.start.column).max(1))
    }
}

/// A line of `text`, the first being 1, if it is one to show.
fn line_of(text: &str, number: u32) -> Option<&str> {
    let line = text
        .split('\n')
        .nth(usize::try_from(number).ok()?.checked_sub(1)?)?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    (line.len() <= MAX_LINE).then_some(line)
}

/// The bytes of `line` that `span` means: at least one character.
fn range(line: &str, span: &Span) -> Option<Range<usize>> {
    let start = offset(line, span.start.column);
    let end = if span.end.line > span.start.line {
        line.len()
    } else {
        offset(line, span.end.column)
    };
    let end = if end > start {
        end
    } else {
        word_end(line, start)
    };
    Some(start..end.min(line.len()).max(start))
}

/// A bare place means the word there.
fn word_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let length = rest
        .find(|c: char| c.is_whitespace() || c == ')' || c == ',')
        .unwrap_or(rest.len());
    start + length.max(rest.chars().next().map_or(0, char::len_utf8))
}

fn offset(line: &str, column: u32) -> usize {
    let column = usize::try_from(column)
        .unwrap_or_default()
        .saturating_sub(1);
    line.char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at)
}
