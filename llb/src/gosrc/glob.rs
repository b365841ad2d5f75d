//! Go's `path.Match` for one path element: `*`, `?`, `[a-z]`, `[^a-z]` and `\` escapes.

/// A glob is not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// Whether the element has a character that makes it more than a name.
pub fn has_meta(element: &str) -> bool {
    element.contains(['*', '?', '[', '\\'])
}

/// One thing a pattern asks for.
enum Piece {
    Any,
    One,
    Byte(u8),
    /// Ranges, and whether the character must be in none of them.
    Class(Vec<(char, char)>, bool),
}

/// Whether `pattern` matches the whole of `name`; neither has a `/`.
///
/// # Errors
/// Where Go finds the pattern malformed: an unclosed or empty class, a lone `-`, a `\` at the end.
pub fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    Ok(Glob::new(pattern)?.matches(name))
}

/// A pattern for many names.
pub(crate) struct Glob {
    pieces: Vec<Piece>,
}

impl Glob {
    /// Reads the pattern.
    ///
    /// # Errors
    /// As [`matches()`].
    pub(crate) fn new(pattern: &str) -> Result<Self, BadPattern> {
        Ok(Self {
            pieces: parse(pattern)?,
        })
    }

    /// Whether it matches the whole of `name`.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match_pieces(&self.pieces, name)
    }

    /// How much longer than with a name and a `*` a comparison may take.
    pub(crate) fn cost(&self) -> usize {
        let class = |piece: &Piece| {
            if let Piece::Class(ranges, _) = piece {
                ranges.len()
            } else {
                1
            }
        };
        1 + self.pieces.iter().map(class).sum::<usize>() / 8
    }
}

fn parse(pattern: &str) -> Result<Vec<Piece>, BadPattern> {
    let mut pieces = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '*' if matches!(pieces.last(), Some(Piece::Any)) => {}
            '*' => pieces.push(Piece::Any),
            '?' => pieces.push(Piece::One),
            '[' => {
                let (class, after) = parse_class(rest.as_str())?;
                pieces.push(class);
                rest = after.chars();
            }
            _ => {
                let literal = if c == '\\' {
                    rest.next().ok_or(BadPattern)?
                } else {
                    c
                };
                pieces.extend(literal.encode_utf8(&mut [0; 4]).bytes().map(Piece::Byte));
            }
        }
    }
    Ok(pieces)
}

/// A class after its `[`, and what follows its `]`.
fn parse_class(text: &str) -> Result<(Piece, &str), BadPattern> {
    let (negated, mut rest) = text
        .strip_prefix('^')
        .map_or((false, text), |rest| (true, rest));
    let mut ranges = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(']').filter(|_| !ranges.is_empty()) {
            return Ok((Piece::Class(ranges, negated), after));
        }
        let (low, after) = class_char(rest)?;
        let high;
        (high, rest) = match after.strip_prefix('-') {
            Some(after) => class_char(after)?,
            None => (low, after),
        };
        ranges.push((low, high));
    }
}

/// A character of a class, perhaps escaped, and what follows it; something must.
fn class_char(text: &str) -> Result<(char, &str), BadPattern> {
    if text.starts_with(['-', ']']) {
        return Err(BadPattern);
    }
    let mut chars = text.strip_prefix('\\').unwrap_or(text).chars();
    let c = chars.next().ok_or(BadPattern)?;
    if chars.as_str().is_empty() {
        Err(BadPattern)
    } else {
        Ok((c, chars.as_str()))
    }
}

/// Matches with one place to go back to, the last `*`: linear in practice, never exponential.
fn match_pieces(pieces: &[Piece], name: &str) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match pieces.get(piece) {
            None if at == name.len() => return true,
            None => None,
            Some(Piece::Any) => {
                star = Some((piece + 1, at));
                piece += 1;
                continue;
            }
            Some(one) => match_one(one, name, at),
        };
        if let Some(length) = step {
            piece += 1;
            at += length;
            continue;
        }
        match &mut star {
            Some((after, from)) if *from < name.len() => {
                *from += 1;
                (piece, at) = (*after, *from);
            }
            _ => return false,
        }
    }
}

/// How many bytes at `at` the piece takes; `None` if it does not match.
fn match_one(piece: &Piece, name: &str, at: usize) -> Option<usize> {
    let byte = *name.as_bytes().get(at)?;
    // A `*` may have stopped inside a character: Go then reads one broken byte.
    let c = name.get(at..).and_then(|rest| rest.chars().next());
    let (c, length) = c.map_or(('\u{fffd}', 1), |c| (c, c.len_utf8()));
    match piece {
        Piece::Any => None,
        Piece::One => Some(length),
        Piece::Byte(literal) => (*literal == byte).then_some(1),
        Piece::Class(ranges, negated) => {
            let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
            (inside != *negated).then_some(length)
        }
    }
}
