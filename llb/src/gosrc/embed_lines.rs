//! `//go:embed` lines: comments anywhere in a file, but not what looks like one in a string or
//! block comment.

use super::places::Places;
use super::quoted::unquote_prefix;
use super::scanner::{Kind, Scanner};
use super::source_file::EmbedPattern;
use crate::diag::Position;

const GO_EMBED: &[u8] = b"//go:embed";

/// The patterns in `text`, a whole file, in source order. Badly formed lines give none: the
/// compiler reports them.
pub(super) fn read(text: &[u8]) -> Vec<EmbedPattern> {
    let mut all = Vec::new();
    if !contains(text, GO_EMBED) {
        return all;
    }
    let mut places = Places::new(text);
    let mut scanner = Scanner::without_faults(text);
    loop {
        let token = scanner.token();
        match token.kind {
            Kind::End => return all,
            Kind::Comment if text[token.start..].starts_with(GO_EMBED) => {
                let start = token.start + GO_EMBED.len();
                let arguments = patterns(&text[start..token.end]).unwrap_or_default();
                let first = places.at(start);
                let at = |column| Position::new(first.line, first.column.saturating_add(column));
                all.extend(arguments.into_iter().map(|(column, pattern)| EmbedPattern {
                    pattern,
                    at: at(column),
                }));
            }
            _ => {}
        }
    }
}

fn contains(text: &[u8], needle: &[u8]) -> bool {
    // Few bytes are a slash, so the windows after the first comparison cost little.
    text.windows(needle.len())
        .any(|window| window[0] == needle[0] && window == needle)
}

/// The patterns after `//go:embed`, each with the characters before it: words, or Go strings, with
/// white space between; `None` for a line Go does not understand. As in Go, carriage returns are
/// not there, and a byte that is not UTF-8 is a character.
fn patterns(line: &[u8]) -> Option<Vec<(u32, String)>> {
    let chunks = line.utf8_chunks();
    let line: String = chunks
        .map(|chunk| chunk.valid().replace('\r', "") + &"\u{fffd}".repeat(chunk.invalid().len()))
        .collect();
    let mut rest = line.as_str();
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let mut all = Vec::new();
    let (mut counted, mut column) = (0, 0);
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            return Some(all);
        };
        let start = line.len() - rest.len();
        column += line[counted..start].chars().count();
        counted = start;
        let pattern;
        (pattern, rest) = if matches!(first, '"' | '`') {
            let (value, length) = unquote_prefix(rest.as_bytes())?;
            let after = rest.get(length..)?;
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                return None;
            }
            (String::from_utf8_lossy(&value).into_owned(), after)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        all.push((u32::try_from(column).unwrap_or(u32::MAX), pattern));
    }
}
