//! Flags for Go's tools, as `go build` splits them into words (cmd/internal/quoted, `Split`), and
//! build-args in them: each is part of one word, whatever it holds.

use super::wrong::{Wrong, wrong};

/// One word of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'t> {
    /// What the tool is given.
    pub text: &'t str,
    /// The same with the quotes around it, if it has any.
    pub written: &'t str,
}

/// The words of `flags`. They end at blanks; one that begins with a quote ends at the next of the
/// same kind. Escapes do not exist, and a quote inside a word is a letter.
///
/// # Errors
/// The quote that is never closed.
pub fn split(flags: &str) -> Result<Vec<Word<'_>>, char> {
    let mut words = Vec::new();
    let mut rest = flags.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let is_quoted = first == '"' || first == '\'';
        let (text, length) = if is_quoted {
            let end = rest[1..].find(first).ok_or(first)?;
            (&rest[1..=end], end + 2)
        } else {
            let end = rest.find(is_blank).unwrap_or(rest.len());
            (&rest[..end], end)
        };
        words.push(Word {
            text,
            written: &rest[..length],
        });
        rest = rest[length..].trim_start_matches(is_blank);
    }
    Ok(words)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// `word` as one word of flags: in quotes where it must be. None if it needs quotes and holds both
/// kinds.
fn quoted(word: &str) -> Option<String> {
    // The go command takes any white space off both ends of flags.
    let is_bare =
        !word.is_empty() && !word.starts_with(['"', '\'']) && !word.contains(char::is_whitespace);
    if is_bare {
        return Some(word.to_owned());
    }
    let quote = ['\'', '"']
        .into_iter()
        .find(|quote| !word.contains(*quote))?;
    Some(format!("{quote}{word}{quote}"))
}

/// What a build-arg begins with that stays open: a value that is filled in for a Dockerfile that
/// asks for it later. No text of a configuration holds it.
pub const OPEN_ARG: char = '\u{e000}';

/// Stands for a build-arg in a template. No value may hold it.
pub(super) const ARG: char = '\0';

/// Fills `values` into `template`, flags in which each [`ARG`] stands for the next one.
pub(super) fn fill(template: &str, values: &[String]) -> Result<String, Wrong> {
    let (pattern, flags) = parts(template);
    let mut values = values.iter();
    let mut filled = filled(pattern, &mut values);
    if filled.contains(['"', '\''])
        || filled.contains(char::is_whitespace)
        || filled.matches('=').count() > 1
    {
        return wrong(
            format!("{filled:?} is not a package pattern"),
            "it is what stands before the first `=`",
        );
    }
    let words = split(flags);
    let words = words.or_else(|quote| {
        wrong(
            format!("a word starts with {quote} and never ends"),
            format!("close it with {quote}"),
        )
    })?;
    let mut written = Vec::new();
    for word in words {
        if !word.text.contains(ARG) {
            written.push(word.written.to_owned());
            continue;
        }
        let text = self::filled(word.text, &mut values);
        // A word of nothing but build-args without a value is dropped, as in a shell.
        if text.is_empty() && word.text == word.written {
            continue;
        }
        match quoted(&text) {
            Some(word) => written.push(word),
            None => {
                return wrong(
                    format!(
                        "{text:?} would have to be one word, and Go cannot quote it: it holds both kinds of quotes"
                    ),
                    "pass a build-arg without \" or without '",
                );
            }
        }
    }
    let flags = written.join(" ");
    if filled.is_empty() && !flags.is_empty() && !flags.starts_with('-') {
        return wrong(
            format!("{flags:?} does not start with `-`"),
            "flags start with `-`, like \"-s -w\"",
        );
    }
    filled.push_str(&flags);
    Ok(filled)
}

/// The package pattern that flags may begin with, its `=` included, and the rest
/// (cmd/go/internal/load, `PerPackageFlag`).
pub fn parts(flags: &str) -> (&str, &str) {
    let trimmed = flags.trim();
    let pattern = trimmed.split_once('=').map(|(pattern, _)| pattern);
    match pattern {
        Some(pattern) if !trimmed.starts_with('-') && !pattern.contains(char::is_whitespace) => {
            trimmed.split_at(pattern.len() + 1)
        }
        _ => ("", trimmed),
    }
}

fn filled<'v>(text: &str, values: &mut impl Iterator<Item = &'v String>) -> String {
    let mut pieces = text.split(ARG);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        filled.push_str(values.next().map_or("", String::as_str));
        filled.push_str(piece);
    }
    filled
}
