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
                if let Some(command) = one_command(&default) {
                    let value = command_value(walker, at, (command, &out));
                    let is_same = value.starts_with(&format!("${{{name}:-"));
                    if is_same {
                        out.push_str(&value);
                    } else {
                        let _ = write!(out, "${{{name}:-{value}}}");
                    }
                } else if default.contains(['}', '$']) {
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

/// The command in a default that is one: `$(git describe)`.
fn one_command(default: &str) -> Option<&str> {
    let command = default.strip_prefix("$(")?.strip_suffix(')')?;
    (!command.contains("$(")).then_some(command)
}

/// What stands for the output of a command.
fn command_value(walker: &mut Walker<'_>, at: usize, (command, before): (&str, &str)) -> String {
    let (question, default) = asked(command);
    if let Some(value) = git_value(&question) {
        return asked_of_git(walker, value, &default);
    }
    if let Some(value) = of_the_commit(&question) {
        return in_place_of(walker, value, (command, &default));
    }
    if let Some(said) = of_the_machine(&question) {
        let name = if said == Machine::Branch {
            "GIT_BRANCH".to_owned()
        } else {
            variable(before)
        };
        return by_machine(walker, said, (&name, command));
    }
    if !question.starts_with("git describe") {
        return by_arg(walker, at, (&variable(before), command));
    }
    walker.leave(
        at,
        format!(
            "the output of $({command}) is a flag's value; it is the build-arg GIT_DESCRIBE now"
        ),
        format!("a build asks git for it; to have another text, pass --build-arg GIT_DESCRIBE=\"$({command})\""),
    );
    "${GIT_DESCRIBE:-}".to_owned()
}

/// What a command asks, without what it does with errors, and what it prints where that fails:
/// `git describe --tags 2>/dev/null || echo dev`.
fn asked(command: &str) -> (String, String) {
    let without_errors = |text: &str| {
        let text = text.replace("2> /dev/null", "").replace("2>/dev/null", "");
        text.trim().to_owned()
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if let Some((question, other)) = command.rsplit_once("||")
        && let Some(default) = other.trim().strip_prefix("echo ")
    {
        let default = default.trim().trim_matches(['"', '\'']);
        if default.chars().all(is_plain) {
            return (without_errors(question), default.to_owned());
        }
    }
    (without_errors(command), String::new())
}

/// The value from git that says the same as a command, in another form.
fn of_the_commit(question: &str) -> Option<GitValue> {
    let mut words = question.split_whitespace();
    let (program, verb) = (words.next()?, words.next().unwrap_or_default());
    let is_time = ["%c", "%ad", "%ai", "%aI"];
    match (program, verb) {
        ("git", "describe") if is_description(question) => Some(GitValue::Describe),
        ("git", "log") if is_time.iter().any(|form| question.contains(form)) => {
            Some(GitValue::CommitTime)
        }
        ("git", "rev-parse" | "log" | "rev-list") if is_commit(question) => {
            Some(GitValue::Revision)
        }
        // The time of the build would link anew each time.
        ("date", _) => Some(GitValue::CommitTime),
        _ => None,
    }
}

/// What differs from one machine or clone to the next, for the same commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    /// The branch that is checked out.
    Branch,
    /// The user who builds.
    User,
    /// The host that builds.
    Host,
}

impl Machine {
    /// What a build with BuildKit prints for it.
    fn in_a_build(self) -> &'static str {
        match self {
            // A build of a commit or of a pull request is on no branch.
            Self::Branch => "",
            Self::User => "root",
            // The name that BuildKit gives the container of a step.
            Self::Host => "buildkitsandbox",
        }
    }
}

/// What a command says of the machine.
fn of_the_machine(question: &str) -> Option<Machine> {
    let words: Vec<&str> = question.split_whitespace().collect();
    match words.as_slice() {
        ["git", "branch", "--show-current"]
        | ["git", "rev-parse", "--abbrev-ref", "HEAD"]
        | ["git", "symbolic-ref", .., "HEAD"] => Some(Machine::Branch),
        ["whoami"] | ["id", "-un" | "-nu"] | ["id", "-u", "-n"] => Some(Machine::User),
        ["hostname", ..] | ["uname", "-n"] => Some(Machine::Host),
        _ => None,
    }
}

/// A build-arg for what differs from machine to machine: the same commit must give the same binary.
fn by_machine(walker: &mut Walker<'_>, said: Machine, (name, command): (&str, &str)) -> String {
    let value = said.in_a_build();
    let is = match value {
        "" => "empty".to_owned(),
        value => format!("{value}, as in a build,"),
    };
    let note = format!(
        "the build-arg {name} takes the place of $({command}), which the commit does not decide; it is {is} unless you pass --build-arg {name}=\"$({command})\""
    );
    walker.note(note);
    format!("${{{name}:-{value}}}")
}

/// A value from git that says the same in another form: the whole commit, the time of the commit.
fn in_place_of(
    walker: &mut Walker<'_>,
    value: GitValue,
    (command, default): (&str, &str),
) -> String {
    let name = value.name();
    let what = match value {
        GitValue::CommitTime => "the time of the commit",
        GitValue::Revision => "the whole commit",
        _ => "the nearest tag and how far the commit is from it",
    };
    let note = format!(
        "{name}, {what}, takes the place of $({command}); to have another text, pass --build-arg {name}=..."
    );
    walker.note(note);
    asked_of_git(walker, value, default)
}

/// Whether git describes the commit by the nearest tag, perhaps with how far it is from that; or,
/// where no tag is near, by the commit.
fn is_description(question: &str) -> bool {
    let mut questions = question.split("||");
    let first = questions.next().unwrap_or_default();
    let rest: Vec<&str> = questions.map(str::trim).collect();
    // A tag that names the commit is not what other commits have: something must follow.
    let is_exact = first.contains("--exact-match");
    let follows = rest
        .iter()
        .all(|other| describes(other) || is_commit(other));
    describes(first) && follows && !(is_exact && rest.is_empty())
}

/// Whether a command is `git describe`, of any tag.
fn describes(question: &str) -> bool {
    let mut words = question.split_whitespace();
    if (words.next(), words.next()) != (Some("git"), Some("describe")) {
        return false;
    }
    words.all(|option| {
        let length = option.strip_prefix("--abbrev=");
        [
            "--tags",
            "--always",
            "--dirty",
            "--long",
            "--first-parent",
            "--exact-match",
            "HEAD",
        ]
        .contains(&option)
            || length.is_some_and(|length| length.parse::<u8>().is_ok())
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

/// The value from git that a command prints. Of a description without all options of the value, the
/// value may say more.
fn git_value(question: &str) -> Option<GitValue> {
    let words: Vec<&str> = question.split_whitespace().collect();
    match words.as_slice() {
        ["git", "rev-parse", "HEAD"]
        | ["git", "rev-parse", "--verify", "HEAD"]
        | ["git", "rev-list", "-1", "HEAD"]
        | [
            "git",
            "log",
            "-1",
            "--format=%H" | "--pretty=%H" | "--pretty=format:%H",
        ] => Some(GitValue::Revision),
        ["git", "describe", options @ ..]
            if options.contains(&"--tags")
                && options
                    .iter()
                    .all(|option| GitValue::Describe.question().contains(option)) =>
        {
            Some(GitValue::Describe)
        }
        ["git", "log", "-1", "--format=%cI" | "--pretty=%cI"]
        | ["git", "show", "-s", "--format=%cI"] => Some(GitValue::CommitTime),
        _ => None,
    }
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
    walker.note(note);
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
