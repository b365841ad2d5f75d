//! `.dockerignore`: which paths of a directory a build never sees.
//!
//! Rules as in moby/patternmatcher, which BuildKit's client applies: patterns start at the root,
//! `*` and `?` do not cross a `/`, `**` stands for any number of directories, `!` takes back, the
//! last rule decides that matches a path or a directory above it.

use std::sync::Arc;

use super::{Entry, EntryKind, Head, SourceTree, TreeError, TreePath};
use crate::diag::{Diagnostic, Position, Span};
use crate::limits;

/// The rules of one ignore file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignore {
    rules: Vec<IgnoreRule>,
    /// Bytes of the file.
    size: u64,
}

/// One line of an ignore file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreRule {
    /// Its line, from 1.
    pub line: u32,
    /// The pattern in the form BuildKit takes: clean, without leading slash, exceptions with their
    /// `!`.
    pub pattern: String,
    /// Whether it takes back what an earlier rule leaves out.
    pub exception: bool,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Char(char),
    /// `?`.
    One,
    /// `*`.
    Any,
    /// `**/`: any directories, none too.
    Dirs,
    /// `**` at the end.
    Rest,
    /// `[a-z]`, `[^a-z]`: ranges, and whether the character must be in none.
    Class(Vec<(char, char)>, bool),
}

impl Ignore {
    /// Reads an ignore file. Lines beginning with `#` are comments; the rest is trimmed and made a
    /// clean path.
    pub fn parse(text: &[u8]) -> Self {
        let size = text.len() as u64;
        let text = String::from_utf8_lossy(text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.starts_with('#'))
            .map(|(number, line)| (number, line.trim()));
        Self {
            size,
            rules: lines
                .filter(|(_, line)| !line.is_empty())
                .map(|(number, line)| rule(number, line))
                .collect(),
        }
    }

    /// The patterns in order, in the form BuildKit takes them.
    pub fn patterns(&self) -> Vec<String> {
        self.rules.iter().map(|rule| rule.pattern.clone()).collect()
    }

    /// The rule that leaves `path` out; none if it is let in.
    pub fn excludes(&self, path: &TreePath) -> Option<&IgnoreRule> {
        // What held for a directory holds for all below it. A rule that could change nothing where
        // it was met is not tried, and so holds for nothing below either: a quirk of the original
        // (MatchesUsingParentResults) that decides real cases.
        let mut held = vec![false; self.rules.len()];
        let mut deciding = None;
        let ends = path
            .as_str()
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.as_str().len()]);
        for end in ends {
            let prefix: Vec<char> = path.as_str()[..end].chars().collect();
            deciding = None;
            for (rule, held) in self.rules.iter().zip(&mut held) {
                let tried = rule.exception == deciding.is_some();
                *held = *held || (tried && matches(&rule.pieces, &prefix));
                if *held {
                    deciding = (!rule.exception).then_some(rule);
                }
            }
        }
        deciding
    }

    /// What is wrong with the file named `name`: it is too large, or has too many patterns, each of
    /// which is tried on each path.
    pub fn check(&self, name: &str) -> Option<Diagnostic> {
        if self.size > limits::DEFINITION {
            let message = format!(
                "{} bytes; gowork reads an ignore file of up to {}",
                self.size,
                limits::DEFINITION
            );
            return Some(Diagnostic::error(message).at(Span::at(name, Position::default())));
        }
        let beyond = self.rules.get(limits::IGNORE_PATTERNS)?;
        let message = format!(
            "more than {} patterns, gowork's limit for an ignore file",
            limits::IGNORE_PATTERNS
        );
        Some(Diagnostic::error(message).at(Span::at(name, Position::new(beyond.line, 1))))
    }

    fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.exception)
    }
}

fn rule(line: u32, text: &str) -> IgnoreRule {
    let exception = text.strip_prefix('!').map(str::trim);
    let pattern = clean(exception.unwrap_or(text));
    let pieces = pieces(&pattern);
    match exception {
        Some("") => IgnoreRule {
            line,
            pattern: "!".to_owned(),
            exception: true,
            pieces: Vec::new(),
        },
        Some(_) => IgnoreRule {
            line,
            pattern: format!("!{pattern}"),
            exception: true,
            pieces,
        },
        None => IgnoreRule {
            line,
            pattern,
            exception: false,
            pieces,
        },
    }
}

/// The shortest path that means the same, by its letters alone: no `.`, no `a/..`, no slash at
/// either end.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (parts.is_empty(), rooted) {
        (true, true) => "/".to_owned(),
        (true, false) => ".".to_owned(),
        _ => parts.join("/"),
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        pieces.push(match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                rest.next_if_eq(&'/');
                if rest.peek().is_none() {
                    Piece::Rest
                } else {
                    Piece::Dirs
                }
            }
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => rest.next().map_or(Piece::Char('\\'), Piece::Char),
            '[' => class(&mut rest),
            c => Piece::Char(c),
        });
    }
    pieces
}

/// What follows a `[`.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Piece {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while let Some(c) = rest.next() {
        let low = match c {
            ']' if !ranges.is_empty() => break,
            '\\' => rest.next().unwrap_or(c),
            c => c,
        };
        let high = if rest.next_if_eq(&'-').is_some() {
            rest.next().unwrap_or(low)
        } else {
            low
        };
        ranges.push((low, high));
    }
    Piece::Class(ranges, negated)
}

/// Whether the pieces take all of `text`. All ways to match are followed side by side, so that no
/// pattern takes more steps than it has pieces for each character.
fn matches(pieces: &[Piece], text: &[char]) -> bool {
    // Most patterns differ from most paths in their first letters.
    let same = pieces
        .iter()
        .zip(text)
        .take_while(|(piece, c)| matches!(piece, Piece::Char(expected) if expected == *c))
        .count();
    let (pieces, text) = (&pieces[same..], &text[same..]);
    if matches!(
        (pieces.first(), text.first()),
        (Some(Piece::Char(_)), _) | (None, Some(_))
    ) {
        return false;
    }
    // Whether the pieces so far may end before each character, and at the end.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for piece in pieces {
        if matches!(piece, Piece::Rest) {
            return true;
        }
        ends = after(piece, text, &ends);
        if !ends.contains(&true) {
            return false;
        }
    }
    ends[text.len()]
}

/// Where `piece` may end, if it may begin at `starts`.
fn after(piece: &Piece, text: &[char], starts: &[bool]) -> Vec<bool> {
    let mut ends = vec![false; starts.len()];
    // Whether an earlier start reaches this place.
    let mut open = false;
    for at in 0..starts.len() {
        let before = at.checked_sub(1).map(|before| text[before]);
        ends[at] = match piece {
            Piece::Rest => true,
            Piece::Any => {
                open = starts[at] || (open && before != Some('/'));
                open
            }
            Piece::Dirs => {
                let reached = starts[at] || (open && before == Some('/'));
                open |= starts[at];
                reached
            }
            one => at > 0 && starts[at - 1] && before.is_some_and(|c| accepts(one, c)),
        };
    }
    ends
}

/// Whether a piece for one character takes `c`.
fn accepts(piece: &Piece, c: char) -> bool {
    match piece {
        Piece::Char(expected) => c == *expected,
        Piece::One => c != '/',
        Piece::Class(ranges, negated) => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
        }
        Piece::Any | Piece::Dirs | Piece::Rest => false,
    }
}

/// A tree without what an ignore file leaves out.
#[derive(Clone)]
pub struct IgnoringTree {
    tree: Arc<dyn SourceTree>,
    ignore: Ignore,
}

impl IgnoringTree {
    /// `tree` without what `ignore` leaves out.
    pub fn new(tree: Arc<dyn SourceTree>, ignore: Ignore) -> Self {
        Self { tree, ignore }
    }

    fn is_seen(&self, path: &TreePath, kind: EntryKind) -> bool {
        // Something below a directory that is left out may be let in again.
        self.ignore.excludes(path).is_none()
            || (kind == EntryKind::Dir && self.ignore.has_exceptions())
    }
}

impl std::fmt::Debug for IgnoringTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IgnoringTree")
            .field("ignore", &self.ignore)
            .finish_non_exhaustive()
    }
}

impl SourceTree for IgnoringTree {
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>> {
        let mut listed = self.tree.list(dirs);
        for (dir, entries) in dirs.iter().zip(&mut listed) {
            if let Ok(entries) = entries {
                entries.retain(|entry| self.is_seen(&dir.child(&entry.name), entry.kind));
            }
        }
        listed
    }

    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>> {
        let read = files.iter().zip(self.tree.read(files));
        read.map(|(path, bytes)| {
            if self.ignore.excludes(path).is_some() {
                Err(TreeError::NotFound(path.clone()))
            } else {
                bytes
            }
        })
        .collect()
    }

    fn link(&self, path: &TreePath) -> Option<String> {
        self.tree.link(path)
    }

    fn heads(
        &self,
        files: &[TreePath],
        length: usize,
        take: &mut dyn FnMut(Result<Head<'_>, TreeError>),
    ) {
        let mut paths = files.iter();
        self.tree
            .heads(files, length, &mut |head| match paths.next() {
                Some(path) if self.ignore.excludes(path).is_some() => {
                    take(Err(TreeError::NotFound(path.clone())))
                }
                _ => take(head),
            });
    }
}
