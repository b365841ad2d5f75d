//! What a value of `[runtime]` and `[images]` may look like.

use std::time::Duration;

use super::check::no_control;
use super::values::{Port, Protocol};
use super::wrong::{Wrong, wrong};
use crate::tree::TreePath;

/// A file name.
pub(super) fn file_name(text: &str) -> Result<(), Wrong> {
    if text.is_empty() || text == "." || text == ".." || text.contains('/') {
        return wrong(
            format!("{text:?} is not a file name"),
            "a plain name, like \"api\"",
        );
    }
    no_control(text)
}

/// `user`, `uid`, or either with a group.
pub(super) fn user(text: &str) -> Result<(), Wrong> {
    let mut parts = text.split(':');
    let good = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && !part.contains(char::is_whitespace))
    };
    let (user, group, more) = (parts.next(), parts.next(), parts.next());
    if good(user) && (group.is_none() || good(group)) && more.is_none() {
        return Ok(());
    }
    wrong(
        format!("{text:?} is not a user"),
        "write it like \"65532:65532\", \"65532\" or \"app\"",
    )
}

/// Characters of the name of a user or a group, as `useradd` takes them (shadow, `is_valid_name`).
const MAX_NAME: usize = 32;

/// The name of a user or a group that is made.
pub(super) fn account(text: &str) -> Result<(), Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && text.len() <= MAX_NAME && text.chars().all(allowed) {
        return Ok(());
    }
    wrong(
        format!("{text:?} cannot name a user or a group"),
        format!(
            "names begin with a letter and have up to {MAX_NAME} letters, digits, `.`, `_` and `-`"
        ),
    )
}

/// The home directory of a user that is made: a field of /etc/passwd, in which a colon ends it.
pub(super) fn home(text: &str) -> Result<(), Wrong> {
    made_path(text)?;
    if text.contains(':') {
        return wrong(
            format!("{text:?} holds a colon"),
            "/etc/passwd cannot say that: choose another directory",
        );
    }
    Ok(())
}

/// `uid` or `uid:gid`, in numbers; the group is the user's number if it is left out.
pub(super) fn owner(text: &str) -> Result<(u32, u32), Wrong> {
    let (user, group) = text.split_once(':').unwrap_or((text, text));
    match (user.parse(), group.parse()) {
        (Ok(user), Ok(group)) => Ok((user, group)),
        _ => wrong(
            format!("{text:?} is not an owner in numbers"),
            "write it like \"65532:65532\"",
        ),
    }
}

/// Permissions in octal.
pub(super) fn mode(text: &str) -> Result<u32, Wrong> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match u32::from_str_radix(text, 8) {
        Ok(mode) if digits && mode <= 0o7777 => Ok(mode),
        _ => wrong(
            format!("{text:?} is not a file mode"),
            "write it in octal like \"0644\"",
        ),
    }
}

/// Ports of one range: enough for what relays of calls ask for, and less than engines have trouble
/// with.
const MAX_RANGE: u16 = 20_000;

/// A port or a range of ports, with a protocol or not.
pub(super) fn port(text: &str) -> Result<Port, Wrong> {
    let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = match protocol {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => None,
    };
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    match (port_number(first), port_number(last), protocol) {
        (Some(first), Some(last), Some(_)) if last < first => wrong(
            format!("{text:?} is not a range of ports"),
            format!("the lower port comes first: \"{last}-{first}\""),
        ),
        (Some(first), Some(last), Some(_)) if last - first >= MAX_RANGE => {
            let count = u32::from(last - first) + 1;
            wrong(
                format!("{text:?} are {count} ports"),
                format!("a range has at most {MAX_RANGE} of them"),
            )
        }
        (Some(first), Some(last), Some(protocol)) => Ok(Port {
            first,
            last,
            protocol,
        }),
        _ if text.contains(':') => wrong(
            format!("{text:?} is not a port"),
            "one item per port that the program listens on, like 8080; you choose the published port when you run the image",
        ),
        _ => wrong(
            format!("{text:?} is not a port"),
            "write 1 to 65535, with a protocol if it is not TCP: 8080, \"8080/udp\" or \"8000-8010\"",
        ),
    }
}

fn port_number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number > 0)
}

/// An absolute path in the image.
pub(super) fn absolute(text: &str) -> Result<(), Wrong> {
    if !text.starts_with('/') {
        return wrong(
            format!("{text:?} is not an absolute path"),
            "paths in the image start with `/`",
        );
    }
    if text.split('/').any(|part| part == "..") {
        return wrong(
            format!("{text:?} climbs with `..`"),
            "write the path that it leads to",
        );
    }
    no_control(text)
}

/// The path of something that is made in the image.
pub(super) fn made_path(text: &str) -> Result<(), Wrong> {
    absolute(text)?;
    if text.split('/').all(|part| matches!(part, "" | ".")) {
        return wrong(
            format!("{text:?} is the root, which is there"),
            "write a path below it",
        );
    }
    Ok(())
}

/// What a symbolic link says.
pub(super) fn link_target(text: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        return wrong(
            "the link leads nowhere",
            "write the path that it leads to, like \"/usr/local/bin/api\"",
        );
    }
    no_control(text)
}

/// A path in the build context.
pub(super) fn context_path(text: &str) -> Result<TreePath, Wrong> {
    if text.is_empty() {
        return wrong(
            "the path is empty",
            "write a path in the build context, like \"config/app.yaml\"",
        );
    }
    TreePath::new(text).or_else(|_| {
        wrong(
            format!("{text:?} lies outside of the build context"),
            "paths are relative to its root",
        )
    })
}

/// A signal.
pub(super) fn signal(text: &str) -> Result<(), Wrong> {
    let name = |rest: &str| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'+' || b == b'-')
    };
    if text.strip_prefix("SIG").is_some_and(name)
        || text.parse::<u8>().is_ok_and(|n| (1..=64).contains(&n))
    {
        return Ok(());
    }
    wrong(
        format!("{text:?} is not a signal"),
        "write it like \"SIGTERM\"",
    )
}

/// A duration as Go writes it, `1m30s`; zero, or a millisecond at least, which is what engines
/// take.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let bad = || Wrong {
        why: format!("{text:?} is not a duration"),
        help: "write it like \"30s\", \"500ms\" or \"1m30s\"".to_owned(),
    };
    let mut rest = text;
    let mut nanos = 0f64;
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let unit_at = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(bad)?;
        let (number, tail) = rest.split_at(unit_at);
        let next = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(next);
        let scale = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return Err(bad()),
        };
        nanos += number.parse::<f64>().map_err(|_| bad())? * scale;
        rest = tail;
    }
    if nanos > 0.0 && nanos < 1e6 {
        return wrong(
            format!("{text:?} is shorter than a millisecond"),
            "write \"1ms\" or more",
        );
    }
    // Go's durations end at 2^63 ns; so do the engines'.
    if nanos >= 9_223_372_036_854_775_808.0 {
        return wrong(
            format!("{text:?} is longer than a duration can be"),
            "write 2562047h or less",
        );
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 <= nanos < 2^63"
    )]
    Ok(Duration::from_nanos(nanos.round() as u64))
}

/// Name of an environment variable.
pub(super) fn env_name(text: &str) -> Result<(), Wrong> {
    if text.is_empty() || text.contains(['=', '\0']) || text.contains(char::is_whitespace) {
        return wrong(
            format!("{text:?} cannot name an environment variable"),
            "names are not empty and hold no `=` or blanks",
        );
    }
    Ok(())
}

/// Name of an annotation: BuildKit takes none with a blank in it (exporter/containerimage/exptypes,
/// annotations.go).
pub(super) fn annotation_name(text: &str) -> Result<(), Wrong> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return wrong(
            format!("{text:?} cannot name an annotation"),
            "give it a name without blanks, like \"org.opencontainers.image.title\"",
        );
    }
    no_control(text)
}

/// Name of a label.
pub(super) fn label_name(text: &str) -> Result<(), Wrong> {
    if text.is_empty() || text.contains('\0') {
        return wrong(
            format!("{text:?} cannot name a label"),
            "give it a name, like \"org.opencontainers.image.title\"",
        );
    }
    Ok(())
}
