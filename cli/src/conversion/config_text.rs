//! Values as `gowork.toml` writes them.

use std::fmt::Write as _;

use super::value::{Part, Value};
use super::walker::Walker;

/// A value as the configuration writes it. What it cannot say is noted, and becomes a build-arg.
pub(super) fn text(walker: &mut Walker<'_>, at: usize, value: &Value) -> String {
    let mut out = String::new();
    for part in &value.0 {
        match part {
            Part::Text(text) => {
                let words: Vec<&str> = text.split_whitespace().collect();
                // Line breaks and blanks between flags are one blank.
                let before = text.starts_with(char::is_whitespace) && !out.is_empty();
                let behind = text.ends_with(char::is_whitespace) && !words.is_empty();
                let body = words.join(" ").replace('$', "$$");
                let _ = write!(
                    out,
                    "{}{body}{}",
                    if before { " " } else { "" },
                    if behind { " " } else { "" }
                );
            }
            Part::Arg { name, default } => {
                let default = default.clone().unwrap_or_default();
                if default.contains(['}', '$']) {
                    walker.leave(
                        at,
                        format!("the default of the build-arg {name} cannot be written: {default}"),
                        "write it into gowork.toml",
                    );
                    let _ = write!(out, "${{{name}:-}}");
                } else {
                    let _ = write!(out, "${{{name}:-{default}}}");
                }
            }
            Part::Command(command) => out.push_str(&command_value(walker, at, (command, &out))),
            Part::Platform(name) | Part::Unknown(name) => {
                walker.leave(
                    at,
                    format!("the value of {name} in a flag is not known"),
                    "write it into gowork.toml",
                );
            }
        }
    }
    out
}

/// What stands for the output of a command.
fn command_value(walker: &mut Walker<'_>, at: usize, (command, before): (&str, &str)) -> String {
    let mut words = command.split_whitespace();
    let (program, verb) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let is_short = command.contains("--short") || command.contains("%h") || command.contains("cut");
    match (program, verb) {
        ("git", "describe") => "${GIT_DESCRIBE:-}".to_owned(),
        ("git", "rev-parse") if command.contains("--abbrev-ref") => {
            by_arg(walker, at, ("GIT_BRANCH", command))
        }
        ("git", "rev-parse" | "log" | "rev-list") => {
            let is_date = ["%c", "%ad", "%ai", "%aI"]
                .iter()
                .any(|form| command.contains(form));
            if is_date && verb == "log" {
                return "${GIT_COMMIT_TIME:-}".to_owned();
            }
            if is_short {
                walker.notes.push(format!(
                    "$({command}): the whole hash takes the place of the short one"
                ));
            }
            "${GIT_REVISION:-}".to_owned()
        }
        ("date", _) => {
            walker.notes.push(format!("$({command}): the time of the commit takes the place of the time of the build, so that a build gives the same bytes again"));
            "${GIT_COMMIT_TIME:-}".to_owned()
        }
        _ => {
            let name = variable(before);
            by_arg(walker, at, (&name, command))
        }
    }
}

/// A build-arg in place of a command's output.
fn by_arg(walker: &mut Walker<'_>, at: usize, (name, command): (&str, &str)) -> String {
    walker.leave(
        at,
        format!("the output of $({command}) is a flag's value; gowork runs no commands"),
        format!("pass it: --build-arg {name}=\"$({command})\""),
    );
    format!("${{{name}:-}}")
}

/// The name of a build-arg for the Go variable that is set last before it: `-X main.version=`.
fn variable(before: &str) -> String {
    let flag = before.rsplit("-X").next().unwrap_or_default();
    let name = flag
        .split('=')
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default();
    let name = name.rsplit(['.', '/']).next().unwrap_or_default();
    let (behind, is_value) = flag
        .rsplit_once('}')
        .map_or(("", false), |(_, text)| (text, true));
    if is_value && !behind.is_empty() {
        // A second value in one flag.
        return format!("{}_2", variable(&format!("-X {name}=")));
    }
    let mut out = String::new();
    for c in name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
    {
        let is_word = !out.ends_with('_') && out.ends_with(|c: char| c.is_ascii_uppercase());
        let was_small = name
            .find(c)
            .is_some_and(|at| name[..at].ends_with(|before: char| before.is_ascii_lowercase()));
        if c.is_ascii_uppercase() && is_word && was_small {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        "VALUE".to_owned()
    } else {
        out
    }
}

/// A string of TOML.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
