//! What the writer of an unknown key may have meant.

use super::document;
use super::read::keys_of;
use crate::diag;

/// Two parts of a message: one right behind "unknown key", the other of what to do.
pub(super) struct Advice {
    /// Starts with its own punctuation; may be empty.
    pub(super) message: String,
    /// What to do, where the message does not say it.
    pub(super) help: Option<String>,
}

/// Words that people know from elsewhere, and ours.
const SYNONYMS: [(&str, &str); 20] = [
    ("build_tags", "tags"),
    ("certs", "certificates"),
    ("cgo_enabled", "cgo"),
    ("command", "cmd"),
    ("environment", "env"),
    ("exclude", "skip"),
    ("expose", "ports"),
    ("from", "base"),
    ("goexperiment", "experiment"),
    ("goprivate", "private"),
    ("goproxy", "proxy"),
    ("gosumdb", "sumdb"),
    ("gotoolchain", "toolchain"),
    ("gowork", "workspace"),
    ("image", "base"),
    ("package", "main"),
    ("test", "cmd"),
    ("tz", "timezones"),
    ("working_dir", "workdir"),
    ("amd64", "goamd64"),
];

/// Advice on the unknown key `key` in the table of `prefix` (`go.`), which knows the keys `known`.
pub(super) fn advice(prefix: &str, key: &str, known: &[&'static str]) -> Advice {
    let plain = key.to_lowercase().replace('-', "_");
    if prefix.starts_with("images.")
        && ["version", "builder", "toolchain"].contains(&plain.as_str())
    {
        return Advice {
            message: ": one Go toolchain builds all images".to_owned(),
            help: Some(format!("set `{plain}` in [go]")),
        };
    }
    if plain == "platform" || plain == "platforms" {
        return Advice {
            message: ": platforms are not configured here".to_owned(),
            help: Some("pass --platform to the build".to_owned()),
        };
    }
    if let Some(near) = nearest(&plain, known) {
        return Advice {
            message: format!("; did you mean `{near}`?"),
            help: None,
        };
    }
    let tables: [(&str, Vec<&str>); 4] = [
        ("at the top, before any table", keys_of(document::config)),
        ("in [go]", keys_of(document::go)),
        ("in [modules]", keys_of(document::modules)),
        ("in [runtime]", keys_of(document::runtime)),
    ];
    for (place, keys) in tables {
        if let Some(near) =
            nearest(&plain, &keys).filter(|near| *near == plain || prefix.is_empty())
        {
            return Advice {
                message: String::new(),
                help: Some(format!("`{near}` belongs {place}")),
            };
        }
    }
    Advice {
        message: String::new(),
        help: Some(listing(known)),
    }
}

fn listing(known: &[&str]) -> String {
    let mut known = known.to_vec();
    known.sort_unstable();
    format!("keys here: {}", known.join(", "))
}

/// The known key nearest to `key`: a synonym, else the one with the fewest slips, if they are few
/// for its length.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    if let Some((_, ours)) = SYNONYMS.iter().find(|(theirs, _)| *theirs == key)
        && let Some(found) = known.iter().find(|known| *known == ours)
    {
        return Some(found);
    }
    diag::nearest(key, known.iter().copied())
}
