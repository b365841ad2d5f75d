//! Words of instructions and of shell commands: text, variables, and commands in them.

use std::ops::Range;

/// The name of the arguments of a script, `$@` or `$*`.
pub(crate) const ARGUMENTS: &str = "@";

/// One piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text. Blanks in it do not part words.
    Text(String),
    /// `$NAME` or `${NAME}`; with what stands behind the name in braces: `:-text`, `#v`.
    Var {
        /// Its name.
        name: String,
        /// What stands behind the name.
        rest: String,
        /// Whether it stands in quotes, so that its value stays one word.
        quoted: bool,
    },
    /// `$(command)`, or the same in backquotes.
    Command(String),
}

/// One word, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its pieces.
    pub(crate) pieces: Vec<Piece>,
    /// Where it stands.
    pub(crate) span: Range<usize>,
}

impl Word {
    /// Its text, if it is nothing else.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// The words of an instruction such as `ENV`: blanks part them, quotes hold them together, and no
/// other character is special.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let (word, end) = word(text, at, false);
        words.push(word);
        at = end.max(at + c.len_utf8());
    }
    words
}

/// Reads the word that begins at `start`. Returns it, and where it ends. Outside of a shell only
/// blanks end it.
pub(super) fn word(text: &str, start: usize, in_shell: bool) -> (Word, usize) {
    let mut pieces = Pieces::default();
    let mut at = start;
    let mut quoted = false;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        match c {
            '"' => {
                quoted = !quoted;
                pieces.text("");
                at += 1;
            }
            '\'' if !quoted => {
                let end = rest[1..].find('\'').map_or(rest.len(), |end| end + 1);
                pieces.text(&rest[1..end]);
                at += (end + 1).min(rest.len());
            }
            '\\' => {
                let next = rest[1..].chars().next();
                let keeps = quoted && !next.is_some_and(|c| "$`\"\\".contains(c));
                if keeps {
                    pieces.text("\\");
                }
                if let Some(next) = next {
                    pieces.text(next.encode_utf8(&mut [0; 4]));
                }
                at += 1 + next.map_or(0, char::len_utf8);
            }
            '$' => at += pieces.dollar(rest, quoted),
            '`' => {
                let end = rest[1..].find('`').map_or(rest.len(), |end| end + 1);
                pieces.0.push(Piece::Command(rest[1..end].to_owned()));
                at += (end + 1).min(rest.len());
            }
            ' ' | '\t' | '\r' | '\n' if !quoted => break,
            ';' | '&' | '|' | '<' | '>' | '(' | ')' if !quoted && in_shell => break,
            c => {
                pieces.text(c.encode_utf8(&mut [0; 4]));
                at += c.len_utf8();
            }
        }
    }
    let word = Word {
        pieces: pieces.0,
        span: start..at,
    };
    (word, at)
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn text(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
    }

    /// What begins with a dollar sign. Returns its length.
    fn dollar(&mut self, rest: &str, quoted: bool) -> usize {
        if rest.starts_with("$(") {
            let end = closing(rest, 1, '(', ')');
            let inner = rest[2..end].trim().to_owned();
            self.0.push(Piece::Command(inner));
            return (end + 1).min(rest.len());
        }
        if rest.starts_with("$@") || rest.starts_with("$*") {
            let name = ARGUMENTS.to_owned();
            let rest = String::new();
            self.0.push(Piece::Var { name, rest, quoted });
            return 2;
        }
        let (name, length, rest) = if rest.starts_with("${") {
            let end = closing(rest, 1, '{', '}');
            let inner = &rest[2..end];
            let name = name_of(inner);
            (
                name,
                (end + 1).min(rest.len()),
                inner[name.len()..].to_owned(),
            )
        } else {
            let name = name_of(&rest[1..]);
            (name, 1 + name.len(), String::new())
        };
        if name.is_empty() {
            self.text("$");
            return 1;
        }
        let name = name.to_owned();
        self.0.push(Piece::Var { name, rest, quoted });
        length
    }
}

pub(super) fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// Where what opens at `open` closes; the end of the text if it does not.
fn closing(text: &str, open: usize, opens: char, closes: char) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < open) {
        if c == opens {
            depth += 1;
        } else if c == closes {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    text.len()
}

/// Reads `$NAME` and `$(command)` in a text without quotes, as `ENV` and `COPY` have it. Returns
/// the pieces; a backslash keeps the dollar sign behind it.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with("\\$") {
            pieces.text("$");
            at += 2;
        } else if c == '$' && !rest.starts_with("$(") {
            at += pieces.dollar(rest, true);
        } else {
            pieces.text(c.encode_utf8(&mut [0; 4]));
            at += c.len_utf8();
        }
    }
    pieces.0
}
