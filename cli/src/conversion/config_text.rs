//! Values as `gowork.toml` writes them.

use std::fmt::Write as _;

use gowork_llb::config::GitValue;

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
    if let Some((value, default)) = git_value(command) {
        return asked_of_git(walker, value, &default);
    }
    let mut words = command.split_whitespace();
    let (program, verb) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let has = |forms: &[&str]| forms.iter().any(|form| command.contains(form));
    let (name, pass) = match (program, verb) {
        ("git", "describe") if is_description(command) => {
            return in_place_of(walker, GitValue::Describe, command);
        }
        ("git", "describe") => ("GIT_DESCRIBE", command),
        ("git", "branch") => ("GIT_BRANCH", command),
        ("git", "rev-parse") if has(&["--abbrev-ref"]) => ("GIT_BRANCH", command),
        ("git", "log") if has(&["%c", "%ad", "%ai", "%aI"]) => {
            return in_place_of(walker, GitValue::CommitTime, command);
        }
        ("git", "rev-parse" | "log" | "rev-list") if is_commit(command) => {
            return in_place_of(walker, GitValue::Revision, command);
        }
        // The time of the build would link anew each time.
        ("date", _) => return in_place_of(walker, GitValue::CommitTime, command),
        _ => {
            let name = variable(before);
            return by_arg(walker, at, (&name, command));
        }
    };
    let how = if GitValue::named(name).is_some() {
        "a build asks git for it; to have another text, pass"
    } else {
        "pass it:"
    };
    walker.leave(
        at,
        format!("the output of $({command}) is a flag's value; it is the build-arg {name} now"),
        format!("{how} --build-arg {name}=\"$({pass})\""),
    );
    format!("${{{name}:-}}")
}

/// A value from git that says the same in another form: the whole commit, the time of the commit.
fn in_place_of(walker: &mut Walker<'_>, value: GitValue, command: &str) -> String {
    let name = value.name();
    let what = match value {
        GitValue::CommitTime => "the time of the commit",
        GitValue::Revision => "the whole commit",
        _ => "the nearest tag and how far the commit is from it",
    };
    let note = format!(
        "{name}, {what}, takes the place of $({command}); to have another text, pass --build-arg {name}=..."
    );
    if !walker.notes.contains(&note) {
        walker.notes.push(note);
    }
    asked_of_git(walker, value, "")
}

/// Whether git describes the commit by the nearest tag and how far it is from that.
fn is_description(command: &str) -> bool {
    let mut options = command.split_whitespace().skip(2);
    options.all(|option| {
        let length = option.strip_prefix("--abbrev=");
        [
            "--tags",
            "--always",
            "--dirty",
            "--long",
            "--first-parent",
            "HEAD",
        ]
        .contains(&option)
            || length.is_some_and(|length| length.parse::<u8>().is_ok_and(|length| length > 0))
    })
}

/// Whether git prints a commit, perhaps a short one: not how many there are, who made it, or where
/// the repository is.
fn is_commit(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let has = |start: &str| words.iter().any(|word| word.starts_with(start));
    match words.get(1) {
        Some(&"rev-parse") => words[2..].iter().all(|word| {
            ["HEAD", "--verify", "-q", "--quiet"].contains(word) || word.starts_with("--short")
        }),
        Some(&"rev-list") => has("HEAD") && (has("-1") || has("-n") || has("--max-count=1")),
        Some(&"log") => ["%h", "%H"].iter().any(|form| {
            command.ends_with(form)
                || command.ends_with(&format!("{form}\""))
                || command.ends_with(&format!("{form}'"))
        }),
        _ => false,
    }
}

/// The value from git that a command prints, and what it prints where git fails: `git describe
/// --tags 2>/dev/null || echo dev`. Of a description without all options of the value, the value may
/// say more.
fn git_value(command: &str) -> Option<(GitValue, String)> {
    let (question, default) = match command.split_once("||") {
        Some((question, other)) => (question, other.trim().strip_prefix("echo ")?.trim()),
        None => (command, ""),
    };
    let default = default.trim_matches(['"', '\'']);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if !default.chars().all(is_plain) {
        return None;
    }
    let question = question
        .replace("2> /dev/null", "")
        .replace("2>/dev/null", "");
    let words: Vec<&str> = question.split_whitespace().collect();
    let value = match words.as_slice() {
        ["git", "rev-parse", "HEAD"]
        | ["git", "rev-parse", "--verify", "HEAD"]
        | ["git", "rev-list", "-1", "HEAD"]
        | [
            "git",
            "log",
            "-1",
            "--format=%H" | "--pretty=%H" | "--pretty=format:%H",
        ] => GitValue::Revision,
        ["git", "describe", options @ ..]
            if options.contains(&"--tags")
                && options
                    .iter()
                    .all(|option| GitValue::Describe.question().contains(option)) =>
        {
            GitValue::Describe
        }
        ["git", "log", "-1", "--format=%cI" | "--pretty=%cI"]
        | ["git", "show", "-s", "--format=%cI"] => GitValue::CommitTime,
        _ => return None,
    };
    Some((value, default.to_owned()))
}

/// A value from git, with a note on where it comes from.
fn asked_of_git(walker: &mut Walker<'_>, value: GitValue, default: &str) -> String {
    let name = value.name();
    let note = match value {
        GitValue::Revision => format!("{name} is the commit that docker buildx names"),
        GitValue::CommitTime => format!(
            "{name} is in UTC; a build asks git for it, so .git must be in the build context, and git in the builder"
        ),
        _ => format!(
            "{name} is what {} prints; a build asks git for it, so .git must be in the build context, and git in the builder",
            value.in_shell()
        ),
    };
    if !walker.notes.contains(&note) {
        walker.notes.push(note);
    }
    format!("${{{name}:-{default}}}")
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
