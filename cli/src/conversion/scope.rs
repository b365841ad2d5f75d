//! What variables hold at a place of a stage: `ARG`, `ENV`, and what the shell sets.

use std::collections::BTreeMap;

use super::value::{Part, Value};
use super::word::{self, ARGUMENTS, Piece, Word};

/// Variables and the working directory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    vars: BTreeMap<String, Value>,
    /// The arguments of the script that runs.
    args: Vec<Value>,
    /// The working directory, an absolute path.
    pub(crate) dir: String,
}

/// Bytes of a value that is kept.
const VALUE: usize = 64 << 10;

/// Bytes of a default that may hold variables itself.
const NESTED: usize = 4 << 10;

/// What BuildKit sets, without an `ARG` in stages of old files.
const PLATFORM: [&str; 8] = [
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
];

impl Scope {
    /// What holds at the start of a stage from an image.
    pub(crate) fn new() -> Self {
        let mut scope = Self {
            dir: "/".to_owned(),
            ..Self::default()
        };
        // As Docker's golang images have it.
        scope.set("GOPATH", Value::text("/go"));
        scope.set("HOME", Value::text("/root"));
        scope
    }

    /// Sets a variable. A value of more than [`VALUE`] bytes is not kept.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        let value = if value.length() > VALUE {
            Value::of(Part::Unknown(format!("${name}")))
        } else {
            value
        };
        self.vars.insert(name.to_owned(), value);
    }

    /// Gives a script its arguments.
    pub(crate) fn call(&mut self, args: &[Value]) {
        self.args = args.to_vec();
        for (ix, arg) in args.iter().enumerate() {
            self.set(&(ix + 1).to_string(), arg.clone());
        }
    }

    /// Sets what a word gives a value where it has none: `${NAME:=text}`.
    pub(crate) fn set_defaults(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let Piece::Var { name, rest, .. } = piece else {
                continue;
            };
            let Some(('=', _)) = operator(rest) else {
                continue;
            };
            let value = self.variable(name, rest);
            self.set(name, value);
        }
    }

    /// What a variable holds, if anything sets it.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.vars.get(name)
    }

    /// Every variable.
    pub(crate) fn vars(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.vars.iter()
    }

    /// Declares a build-arg, with its default as written.
    pub(crate) fn declare(&mut self, name: &str, default: Option<&str>) {
        let value = if PLATFORM.contains(&name) {
            Value::of(Part::Platform(name.to_owned()))
        } else {
            let default = default.map(|default| self.expand(&word::pieces(default)));
            match default.as_ref().map(|default| default.0.as_slice()) {
                // What BuildKit says of the platform, by another name.
                Some([Part::Platform(_)]) => default.unwrap_or_default(),
                _ => Value::of(Part::Arg {
                    name: name.to_owned(),
                    default: default.and_then(|default| default.by_default()),
                }),
            }
        };
        self.set(name, value);
    }

    /// Fills in variables.
    pub(crate) fn expand(&self, pieces: &[Piece]) -> Value {
        let mut value = Value::default();
        for piece in pieces {
            match piece {
                Piece::Text(text) => value.push(Part::Text(text.clone())),
                Piece::Command(command) => value.push(Part::Command(command.clone())),
                Piece::Var { name, rest, .. } => value.append(&self.variable(name, rest)),
            }
        }
        value
    }

    /// Fills in the variables of a command's words. Outside of quotes, blanks of a value part
    /// words, and an empty value is no word.
    pub(crate) fn words(&self, words: &[Word]) -> Vec<Value> {
        let mut values = Vec::new();
        for word in words {
            if is_arguments(word) {
                values.extend(self.args.iter().cloned());
                continue;
            }
            let value = self.expand(&word.pieces);
            let is_open = matches!(word.pieces.as_slice(), [Piece::Var { quoted: false, .. }]);
            if is_open {
                values.extend(value.split());
            } else {
                values.push(value);
            }
        }
        values
    }

    /// A path or another argument of an instruction, filled in.
    pub(crate) fn text(&self, text: &str) -> Value {
        self.expand(&word::pieces(text))
    }

    /// The absolute path that a path means here.
    pub(crate) fn path(&self, path: &Value) -> String {
        join(&self.dir, &path.to_string())
    }

    fn variable(&self, name: &str, rest: &str) -> Value {
        let as_written = || {
            let text = if rest.is_empty() {
                format!("${name}")
            } else {
                format!("${{{name}{rest}}}")
            };
            Value::of(Part::Unknown(text))
        };
        let known = match self.vars.get(name) {
            Some(value) => Some(value.clone()),
            None if PLATFORM.contains(&name) => Some(Value::of(Part::Platform(name.to_owned()))),
            None => None,
        };
        let Some((op, other)) = operator(rest) else {
            return match known {
                Some(value) if rest.is_empty() => value,
                // A part of a platform's name is one.
                Some(value) if matches!(value.0.as_slice(), [Part::Platform(_)]) => value,
                _ => as_written(),
            };
        };
        if other.len() > NESTED {
            return as_written();
        }
        let other = self.expand(&word::pieces(other));
        match (op, known) {
            ('-' | '=', None) => other,
            ('-' | '=', Some(value)) if value.is_empty() => other,
            ('-' | '=', Some(value)) => match value.0.as_slice() {
                [Part::Arg { name, default }] if default.as_ref().is_none_or(String::is_empty) => {
                    Value::of(Part::Arg {
                        name: name.clone(),
                        default: other.by_default(),
                    })
                }
                _ => value,
            },
            (_, None) => Value::default(),
            (_, Some(value)) if value.is_empty() => value,
            (_, Some(value)) if value.plain().is_some() => other,
            _ => as_written(),
        }
    }
}

/// Whether a word is `$@`, in quotes or not.
fn is_arguments(word: &Word) -> bool {
    let is_empty = |piece: &&Piece| matches!(piece, Piece::Text(text) if text.is_empty());
    let mut pieces = word.pieces.iter().filter(|piece| !is_empty(piece));
    let first = pieces.next();
    matches!(first, Some(Piece::Var { name, .. }) if name == ARGUMENTS) && pieces.next().is_none()
}

/// `:-` and `-` as `-`, `:+` and `+` as `+`, `:=` and `=` as `=`, with what follows.
fn operator(rest: &str) -> Option<(char, &str)> {
    let text = rest.strip_prefix(':').unwrap_or(rest);
    let op = text.chars().next().filter(|c| "-+=".contains(*c))?;
    Some((op, &text[1..]))
}

/// An absolute path from a directory and a path, without `.` and `..`.
pub(crate) fn join(dir: &str, path: &str) -> String {
    let mut elements: Vec<&str> = Vec::new();
    let from = if path.starts_with('/') { "" } else { dir };
    for element in from.split('/').chain(path.split('/')) {
        match element {
            "" | "." => {}
            ".." => {
                elements.pop();
            }
            element => elements.push(element),
        }
    }
    format!("/{}", elements.join("/"))
}

/// The last element of a path.
pub(crate) fn base(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}
