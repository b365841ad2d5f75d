//! Text as a Dockerfile and a POSIX shell read it.

use crate::config::{EnvPart, EnvValue, Instead};

/// Columns that lists of short words are wrapped at.
pub(super) const WIDTH: usize = 100;

/// Around the name of a build-arg that stays open: characters that no configuration holds.
const OPEN: char = crate::config::OPEN_ARG;
const CLOSE: char = '\u{e001}';
/// After the name of a variable that must be given: the shell, `COPY` and instructions like it stop
/// with an error if it is not.
const REQUIRED: &str = ":?";

/// What to fill in for the build-arg `name` so that the printed Dockerfile asks for it: a value
/// that becomes `${name}` again. If it has no default it must be given: an empty version stamp is
/// what no one wants.
pub fn open_arg(name: &str, required: bool) -> String {
    format!(
        "{OPEN}{name}{}{CLOSE}",
        if required { REQUIRED } else { "" }
    )
}

/// The names of the open build-args in `text`.
pub(super) fn open_args(text: &str) -> impl Iterator<Item = &str> {
    let names = text
        .split(OPEN)
        .skip(1)
        .filter_map(|rest| rest.split_once(CLOSE).map(|(name, _)| name));
    names.map(|name| name.trim_end_matches(REQUIRED))
}

/// A part of a flag's or variable's value in double quotes, for the shell.
pub(super) fn shell_quoted(text: &str) -> String {
    quoted(text, &['"', '\\', '$', '`'])
}

/// The same for ENV, LABEL and ARG.
pub(super) fn quoted_value(text: &str) -> String {
    quoted(text, &['"', '\\', '$'])
}

fn quoted(text: &str, special: &[char]) -> String {
    let mut out = String::from("\"");
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some((name, after)) = rest
            .strip_prefix(OPEN)
            .and_then(|rest| rest.split_once(CLOSE))
        {
            out.push_str(&format!("${{{name}}}"));
            rest = after;
            continue;
        }
        if special.contains(&character) {
            out.push('\\');
        }
        // Go's flags are split at any white space; a Dockerfile's line ends at a line break.
        out.push(if character == '\n' { ' ' } else { character });
        rest = &rest[character.len_utf8()..];
    }
    out.push('"');
    out
}

/// One word of a command: bare where that is safe.
pub(super) fn shell_word(text: &str) -> String {
    if is_bare(text, "@%+=:,./_-") {
        text.to_owned()
    } else {
        shell_quoted(text)
    }
}

/// `-name=value` with the value quoted where it must be.
pub(super) fn flag_word(flag: &str) -> String {
    match flag.split_once('=') {
        Some((name, value)) if shell_word(value) != value => {
            format!("{name}={}", shell_quoted(value))
        }
        _ => flag.to_owned(),
    }
}

/// `NAME=value` of ENV, LABEL and ARG: bare where that is safe.
pub(super) fn assignment(name: &str, value: &str) -> String {
    let name = if is_bare(name, "._-/") {
        name.to_owned()
    } else {
        quoted_value(name)
    };
    let value = if is_bare(value, "@%+=:,./_-") {
        value.to_owned()
    } else {
        quoted_value(value)
    };
    format!("{name}={value}")
}

/// `NAME=value` of ENV, where the value has variables of the base image in it.
pub(super) fn env_assignment(name: &str, value: &str) -> String {
    let value = EnvValue::parse(value);
    match value.parts.as_slice() {
        [] => assignment(name, ""),
        [EnvPart::Text(text)] => assignment(name, text),
        _ => format!(
            "{}\"{}\"",
            assignment(name, "").trim_end_matches("\"\""),
            env_word(&value, &['"', '\\', '$'])
        ),
    }
}

/// A value of ENV within double quotes, or within the braces of a variable.
fn env_word(value: &EnvValue, special: &[char]) -> String {
    let in_braces = |other: &EnvValue| env_word(other, &['"', '\'', '\\', '$', '}']);
    let part = |part: &EnvPart| match part {
        EnvPart::Text(text) => {
            let quoted = quoted(text, special);
            quoted
                .get(1..quoted.len() - 1)
                .unwrap_or_default()
                .to_owned()
        }
        EnvPart::Variable {
            name,
            instead: None,
        } => format!("${{{name}}}"),
        EnvPart::Variable {
            name,
            instead: Some(Instead::Unset(other)),
        } => format!("${{{name}:-{}}}", in_braces(other)),
        EnvPart::Variable {
            name,
            instead: Some(Instead::Set(other)),
        } => format!("${{{name}:+{}}}", in_braces(other)),
    };
    value.parts.iter().map(part).collect()
}

fn is_bare(text: &str, also: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

/// A path as a pattern of COPY that matches nothing else (Go's path/filepath.Match).
pub(super) fn literal_pattern(path: &str) -> String {
    let mut pattern = String::new();
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// A source or destination of COPY as its word: COPY expands variables and takes backslashes and
/// quotes away.
pub(super) fn copy_word(pattern: &str) -> String {
    let mut word = String::new();
    for character in pattern.chars() {
        if matches!(character, '\\' | '$' | '"' | '\'') {
            word.push('\\');
        }
        word.push(character);
    }
    word
}

/// A JSON array, as the exec form of many instructions.
pub(super) fn json_array<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(json_string).collect();
    format!("[{}]", words.join(", "))
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Words in lines of at most [`WIDTH`] columns.
pub(super) fn wrap(words: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push((*word).to_owned()),
        }
    }
    lines
}

/// With the first letter large, after a `# `.
pub(super) fn capital(text: &str) -> String {
    let at = if text.starts_with("# ") { 2 } else { 0 };
    let mut out = text.to_owned();
    if let Some(first) = out.get_mut(at..=at) {
        first.make_ascii_uppercase();
    }
    out
}
