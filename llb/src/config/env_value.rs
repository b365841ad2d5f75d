//! Values of `env` once build-args are filled in: text with `$NAME` and `${NAME}` in it, which
//! stand for variables of the base image, as in ENV of a Dockerfile. Two dollars are one.
//!
//! In the file such a variable is written `$$NAME`: one dollar belongs to build-args. A dollar in
//! the value of a build-arg is a dollar.

use super::wrong::{Wrong, wrong};

/// Braces in braces. Values need one or two.
const MAX_DEPTH: usize = 8;

/// A value of `env`, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvValue {
    /// Its parts, in order.
    pub parts: Vec<EnvPart>,
}

/// A part of a value of `env`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EnvPart {
    /// Text as it is.
    Text(String),
    /// A variable of the base image.
    Variable {
        /// Its name.
        name: String,
        /// What stands for it instead, if anything does.
        instead: Option<Instead>,
    },
}

/// What stands for a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instead {
    /// `${NAME:-value}`: where the variable is not set, or empty.
    Unset(EnvValue),
    /// `${NAME:+value}`: where it is set, and not empty.
    Set(EnvValue),
}

impl EnvValue {
    /// Reads a value, in which build-args are filled in. Everything that is not a variable is text.
    pub(crate) fn parse(text: &str) -> Self {
        parse(text, 0).unwrap_or_else(|_| Self {
            parts: vec![EnvPart::Text(text.to_owned())],
        })
    }

    /// The value where `variable` gives those of the base image. A variable that is not set is
    /// empty.
    pub(crate) fn expand(&self, variable: &dyn Fn(&str) -> Option<String>) -> String {
        let part = |part: &EnvPart| match part {
            EnvPart::Text(text) => text.clone(),
            EnvPart::Variable { name, instead } => {
                let value = variable(name).unwrap_or_default();
                match instead {
                    Some(Instead::Unset(other)) if value.is_empty() => other.expand(variable),
                    Some(Instead::Set(other)) if !value.is_empty() => other.expand(variable),
                    Some(Instead::Set(_)) => String::new(),
                    Some(Instead::Unset(_)) | None => value,
                }
            }
        };
        self.parts.iter().map(part).collect()
    }

    /// The variables that have to be set, or the value lacks something.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            EnvPart::Variable {
                name,
                instead: None,
            } => Some(name.as_str()),
            EnvPart::Variable { .. } | EnvPart::Text(_) => None,
        })
    }
}

/// A value of `env`, with build-args filled in.
pub(super) fn check(text: &str) -> Result<(), Wrong> {
    parse(text, 0).map(drop)
}

/// Text that comes out as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

fn parse(text: &str, depth: usize) -> Result<EnvValue, Wrong> {
    let mut value = EnvValue { parts: Vec::new() };
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        value.text(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            value.text("$");
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner)?;
            value.parts.push(variable(&inner[..end], depth)?);
            rest = &inner[end + 1..];
        } else {
            let name = leading_name(after);
            if name.is_empty() {
                value.text("$");
            } else {
                value.parts.push(EnvPart::Variable {
                    name: name.to_owned(),
                    instead: None,
                });
            }
            rest = &after[name.len()..];
        }
    }
    value.text(rest);
    Ok(value)
}

impl EnvValue {
    fn text(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(EnvPart::Text(last)) => last.push_str(text),
            _ => self.parts.push(EnvPart::Text(text.to_owned())),
        }
    }
}

/// What is between the braces of `${...}`.
fn variable(inner: &str, depth: usize) -> Result<EnvPart, Wrong> {
    let name = leading_name(inner);
    let rest = &inner[name.len()..];
    let of = |value: &str| {
        if depth < MAX_DEPTH {
            parse(value, depth + 1)
        } else {
            wrong("`${` in too many others", "write less of them")
        }
    };
    let instead = match (name, rest.get(..2), rest.get(2..)) {
        ("", ..) => return not_a_variable(inner),
        (_, None, _) if rest.is_empty() => None,
        (_, Some(":-"), Some(value)) => Some(Instead::Unset(of(value)?)),
        (_, Some(":+"), Some(value)) => Some(Instead::Set(of(value)?)),
        _ => return not_a_variable(inner),
    };
    Ok(EnvPart::Variable {
        name: name.to_owned(),
        instead,
    })
}

fn not_a_variable(inner: &str) -> Result<EnvPart, Wrong> {
    wrong(
        format!("`$${{{inner}}}` is not a variable of the base image"),
        "write $$NAME, $${NAME}, $${NAME:-text} or $${NAME:+text}; two dollars that stay one are $$$$",
    )
}

/// Where the brace is closed that stands before `inner`.
fn closing(inner: &str) -> Result<usize, Wrong> {
    let mut open = 0usize;
    let mut before = ' ';
    for (at, character) in inner.char_indices() {
        match character {
            '{' if before == '$' => open += 1,
            '}' if open == 0 => return Ok(at),
            '}' => open -= 1,
            _ => {}
        }
        before = character;
    }
    wrong(
        "`$${` is never closed",
        "write $${NAME} for a variable of the base image; two dollars that stay one are $$$$",
    )
}

/// The name of a variable at the start of a text; empty for none.
fn leading_name(text: &str) -> &str {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        &text[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::{EnvValue, check};

    #[test]
    fn values() {
        let base = |name: &str| (name == "PATH").then(|| "/bin".to_owned());
        for (text, want) in [
            ("/opt/bin:$PATH", "/opt/bin:/bin"),
            ("/opt/bin:${PATH}:x", "/opt/bin:/bin:x"),
            ("$PATHS$PATH-$", "/bin-$"),
            ("costs $5, $$PATH, $ PATH", "costs $5, $PATH, $ PATH"),
            ("/opt/lib${LIB:+:$LIB}${PATH:+:${PATH}}", "/opt/lib:/bin"),
            ("${LIB:-${LIB:-a}b}${PATH:-c}", "ab/bin"),
        ] {
            assert_eq!(EnvValue::parse(text).expand(&base), want, "{text}");
            assert!(check(text).is_ok(), "{text}");
        }
        let deep = format!("{}{}", "${A:-".repeat(100_000), "}".repeat(100_000));
        for text in [
            "${PATH",
            "${}",
            "${1}",
            "${PATH#x}",
            "${A:-${B}",
            "${A:",
            "${é:-}",
            deep.as_str(),
        ] {
            assert!(check(text).is_err(), "{}", &text[..text.len().min(20)]);
        }
    }
}
