//! `${NAME}` in a value: which build-args it names, and what they stand for.

use std::collections::BTreeMap;

use super::wrong::Wrong;

/// How many build-args a value asks for.
pub(super) fn count_args(text: &str, with_variables: bool) -> usize {
    let pieces = pieces(text, with_variables).unwrap_or_default();
    let args = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Arg { .. }));
    args.count()
}

/// A part of a string value.
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The first of several build-args that is given, and what it is if none is.
    Arg {
        names: Vec<&'a str>,
        default: Option<&'a str>,
    },
}

/// Cuts a value at its build-args. What two dollars make is only for the help: in a value
/// `with_variables` they start one of the base image.
pub(super) fn pieces(text: &str, with_variables: bool) -> Result<Vec<Piece<'_>>, Wrong> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        pieces.push(Piece::Text(&rest[..at]));
        let after = &rest[at + 1..];
        if let Some(tail) = after.strip_prefix('$') {
            pieces.push(Piece::Text("$"));
            rest = tail;
        } else if let Some(inner) = after.strip_prefix('{') {
            let Some(end) = closing(inner) else {
                return Err(Wrong {
                    why: "`${` is never closed".to_owned(),
                    help: "write ${NAME}; a dollar by itself is $$".to_owned(),
                });
            };
            pieces.push(argument(&inner[..end])?);
            rest = &inner[end + 1..];
        } else {
            let name: String = after
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let help = if name.is_empty() {
                "a dollar by itself is written $$".to_owned()
            } else {
                let other = if with_variables {
                    "base image's variable"
                } else {
                    "text"
                };
                format!("write ${{{name}}} for the build-arg, or $${name} for the {other}")
            };
            return Err(Wrong {
                why: "a `$` stands by itself".to_owned(),
                help,
            });
        }
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Where the brace is that closes a build-arg, behind those in it.
fn closing(inner: &str) -> Option<usize> {
    let mut open = 0;
    for (at, c) in inner.char_indices() {
        match c {
            '{' if inner[..at].ends_with('$') => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn argument(inner: &str) -> Result<Piece<'_>, Wrong> {
    let mut names = Vec::new();
    let mut rest = inner;
    loop {
        let (name, default) = rest
            .split_once(":-")
            .map_or((rest, None), |(name, default)| (name, Some(default)));
        let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !letters || name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Wrong {
                why: format!("`${{{rest}}}` is not a build-arg"),
                help: "write ${NAME} or ${NAME:-default}, the name of letters, digits and `_`"
                    .to_owned(),
            });
        }
        names.push(name);
        let Some(default) = default else {
            return Ok(Piece::Arg { names, default });
        };
        let other = default.strip_prefix("${");
        if let Some(other) = other.and_then(|other| other.strip_suffix('}')) {
            rest = other;
        } else if default.contains('$') {
            return Err(Wrong {
                why: format!("the default of `{name}` holds a `$`"),
                help: "a default is plain text, or one other build-arg: ${NAME:-${OTHER}}"
                    .to_owned(),
            });
        } else {
            let default = Some(default);
            return Ok(Piece::Arg { names, default });
        }
    }
}

/// What the first of these build-args that is given stands for.
pub(super) fn value_of<'v>(
    names: &[&str],
    default: Option<&'v str>,
    build_args: &'v BTreeMap<String, String>,
) -> Result<&'v str, Wrong> {
    for (ix, name) in names.iter().enumerate() {
        let is_last = ix + 1 == names.len() && default.is_none();
        if let Some(value) = build_args.get(*name)
            && (is_last || !value.is_empty())
        {
            return Ok(value);
        }
    }
    default.ok_or_else(|| {
        let name = names.first().copied().unwrap_or_default();
        Wrong {
            why: format!("build-arg `{}` is not given", names.join("` or `")),
            help: format!("pass --build-arg {name}=..., or give it a default: ${{{name}:-...}}"),
        }
    })
}
