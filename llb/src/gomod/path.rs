//! Module and import paths: validity, the major version in a path, and the escaped form that
//! directories of the module cache have.
//!
//! Rules: golang.org/x/mod/module.

use super::quote::{quote, quote_char};
use super::version;
use crate::text_type::text_type;

text_type! {
    /// The path of a module, as a go.mod or the go command has it: `golang.org/x/text`.
    /// [`check_module_path`] says what Go takes.
    ModulePath
}

impl ModulePath {
    /// The name of the binary that `go build` makes of a main in the module's root directory.
    pub(crate) fn binary_name(&self) -> &str {
        last_name(self)
    }
}

/// A path or version that Go does not accept, and why. Its text is Go's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPath(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Import,
    File,
}

/// Checks what may stand in an `import`, and what a main module may be named.
///
/// # Errors
/// `malformed import path "a//b": double slash` and the like.
pub fn check_import_path(path: &str) -> Result<(), InvalidPath> {
    check_path(path, Kind::Import).map_err(|why| malformed("import", path, &why))
}

/// Checks the path of a module that can be downloaded: stricter than [`check_import_path`], as the
/// first element is a domain name.
///
/// # Errors
/// `malformed module path "x": missing dot in first path element` and the like.
pub fn check_module_path(path: &str) -> Result<(), InvalidPath> {
    let check = || {
        check_path(path, Kind::Module)?;
        let host = path.split('/').next().unwrap_or_default();
        if !host.contains('.') {
            return Err("missing dot in first path element".to_owned());
        }
        if let Some(c) = host
            .chars()
            .find(|&c| !(matches!(c, '-' | '.' | '0'..='9' | 'a'..='z')))
        {
            return Err(format!(
                "invalid char {} in first path element",
                quote_char(c)
            ));
        }
        split_major(path)
            .map(|_| ())
            .ok_or_else(|| "invalid version".to_owned())
    };
    check().map_err(|why| malformed("module", path, &why))
}

fn malformed(kind: &str, path: &str, why: &str) -> InvalidPath {
    InvalidPath(format!("malformed {kind} path {}: {why}", quote(path)))
}

fn check_path(path: &str, kind: Kind) -> Result<(), String> {
    if path.is_empty() {
        return Err("empty string".into());
    }
    if path.starts_with('-') && kind != Kind::File {
        return Err("leading dash".into());
    }
    if path.contains("//") {
        return Err("double slash".into());
    }
    if path.ends_with('/') {
        return Err("trailing slash".into());
    }
    path.split('/')
        .try_for_each(|element| check_element(element, kind))
}

fn check_element(element: &str, kind: Kind) -> Result<(), String> {
    if element.is_empty() {
        return Err("empty path element".into());
    }
    if element.bytes().all(|b| b == b'.') {
        return Err(format!("invalid path element {}", quote(element)));
    }
    if element.starts_with('.') && kind == Kind::Module {
        return Err("leading dot in path element".into());
    }
    if element.ends_with('.') {
        return Err("trailing dot in path element".into());
    }
    if let Some(c) = element.chars().find(|&c| !is_allowed(c, kind)) {
        return Err(format!("invalid char {}", quote_char(c)));
    }
    let short = element.split('.').next().unwrap_or(element);
    if is_reserved_on_windows(short) {
        return Err(format!(
            "{} disallowed as path element component on Windows",
            quote(short)
        ));
    }
    // Names such as `PROGRA~1` are short names on Windows.
    let short_name = short
        .rsplit_once('~')
        .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    if short_name && kind != Kind::File {
        return Err("trailing tilde and digits in path element".into());
    }
    Ok(())
}

fn is_allowed(c: char, kind: Kind) -> bool {
    match c {
        '0'..='9' | 'A'..='Z' | 'a'..='z' | '-' | '.' | '_' | '~' => true,
        '+' => kind != Kind::Module,
        '!' | '#' | '$' | '%' | '&' | '(' | ')' | ',' | '=' | '@' | '[' | ']' | '^' | '{' | '}'
        | ' ' => kind == Kind::File,
        // Go takes letters of all scripts in names of files; here only versions are checked as
        // such, and they are ASCII.
        _ => false,
    }
}

fn is_reserved_on_windows(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let numbered = |prefix| {
        upper
            .strip_prefix(prefix)
            .is_some_and(|n: &str| matches!(n.as_bytes(), [b'1'..=b'9']))
    };
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

/// Splits a module path into what comes before its major version and the major version with its
/// separator: `/v2`, `.v3` (gopkg.in), `.v1-unstable`, or empty. Returns `None` if the end looks like
/// a major version but is not valid (`/v1`, `/v2.0`, `/v02`).
pub fn split_major(path: &str) -> Option<(&str, &str)> {
    let gopkg = path.starts_with("gopkg.in/");
    let stem = if gopkg {
        path.strip_suffix("-unstable").unwrap_or(path)
    } else {
        path
    };
    let before = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' && !gopkg);
    let number = &stem[before.len()..];
    let prefix = before.strip_suffix(if gopkg { ".v" } else { "/v" });
    let Some(prefix) = prefix.filter(|_| gopkg || !number.is_empty()) else {
        // Every path at gopkg.in has a version.
        return (!gopkg).then_some((path, ""));
    };
    let valid = if gopkg {
        let major = &path[prefix.len()..];
        major == ".v0" || major.len() > 2 && !number.starts_with('0')
    } else {
        number != "1" && !number.starts_with('0') && !number.contains('.')
    };
    valid.then(|| path.split_at(prefix.len()))
}

/// Checks that `version` (canonical) belongs to a path that ends with `major`, the second half of
/// [`split_major`].
///
/// # Errors
/// `version "v2.0.0" invalid: should be v0 or v1, not v2`.
pub(crate) fn check_major(version: &str, major: &str) -> Result<(), InvalidPath> {
    let major = if major.starts_with(".v") {
        major.strip_suffix("-unstable").unwrap_or(major)
    } else {
        major
    };
    let actual = version::major(version);
    let (fits, expected) = match major.get(1..) {
        None | Some("") => (
            matches!(actual, "v0" | "v1") || version::is_incompatible(version),
            "v0 or v1",
        ),
        // Pseudo-versions of gopkg.in's .v1 were once made with v0.
        Some(number) => (
            actual == number || major == ".v1" && version.starts_with("v0.0.0-"),
            number,
        ),
    };
    if fits {
        return Ok(());
    }
    Err(InvalidPath(format!(
        "version {} invalid: should be {expected}, not {actual}",
        quote(version)
    )))
}

/// Whether the right side of a `replace` means a directory (modfile.IsDirectoryPath): relative with
/// `.` or `..` first, or rooted, on any system.
pub(crate) fn is_directory(path: &str) -> bool {
    let bytes = path.as_bytes();
    let drive = bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    let first = path.split(['/', '\\']).next().unwrap_or_default();
    path.starts_with(['/', '\\']) || first == "." || first == ".." || drive
}

/// What follows the module path `path` in an import path: "" or `/sub/dir`. `None` if a package with
/// that import path cannot be in the module.
pub fn below<'i>(path: &str, import: &'i str) -> Option<&'i str> {
    import
        .strip_prefix(path)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `path` is `import` or a parent of it, whole elements only.
pub fn is_path_prefix(path: &str, import: &str) -> bool {
    below(path, import).is_some()
}

/// A path and its parents, the longest first: `a/b/c`, `a/b`, `a`.
pub(crate) fn with_parents(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        path.rsplit_once('/').map(|(parent, _)| parent)
    })
}

/// The last element of a path, or the one before if the last is a major version.
pub(crate) fn last_name(path: &str) -> &str {
    let mut elements = path.rsplit('/');
    let last = elements.next().unwrap_or_default();
    let is_version = last.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty()
            && !digits.starts_with('0')
            && digits != "1"
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_version {
        elements.next().unwrap_or(last)
    } else {
        last
    }
}

/// The form of a module path in directories of the module cache and URLs of module proxies:
/// `!azure` for `Azure`.
///
/// # Errors
/// If the path is not a valid module path.
pub fn escape_path(path: &str) -> Result<String, InvalidPath> {
    check_module_path(path)?;
    Ok(escape(path))
}

/// As [`escape_path`], for a version.
///
/// # Errors
/// `version "a/b" invalid: disallowed version string`.
pub fn escape_version(version: &str) -> Result<String, InvalidPath> {
    if !version.is_ascii()
        || version.contains(['!', '/'])
        || check_element(version, Kind::File).is_err()
    {
        return Err(InvalidPath(format!(
            "version {} invalid: disallowed version string",
            quote(version)
        )));
    }
    Ok(escape(version))
}

/// The module path that [`escape_path`] made `escaped` of.
///
/// # Errors
/// If `escaped` is not an escaped path, or the path is not valid.
pub fn unescape_path(escaped: &str) -> Result<String, InvalidPath> {
    let invalid = || format!("invalid escaped module path {}", quote(escaped));
    let path = unescape(escaped).ok_or_else(|| InvalidPath(invalid()))?;
    match check_module_path(&path) {
        Ok(()) => Ok(path),
        Err(why) => Err(InvalidPath(format!("{}: {why}", invalid()))),
    }
}

/// The version that [`escape_version`] made `escaped` of.
///
/// # Errors
/// If `escaped` is not an escaped version.
pub fn unescape_version(escaped: &str) -> Result<String, InvalidPath> {
    let version = unescape(escaped).filter(|version| check_element(version, Kind::File).is_ok());
    version.ok_or_else(|| InvalidPath(format!("invalid escaped version {}", quote(escaped))))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    escaped
}

pub(crate) fn unescape(escaped: &str) -> Option<String> {
    let mut text = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        match c {
            '!' => text.push(
                chars
                    .next()
                    .filter(char::is_ascii_lowercase)?
                    .to_ascii_uppercase(),
            ),
            'A'..='Z' => return None,
            c if c.is_ascii() => text.push(c),
            _ => return None,
        }
    }
    Some(text)
}

/// The hosts that a list of patterns such as GOPRIVATE names, in order, each once. A pattern with a
/// wildcard in the host names none.
pub fn private_hosts(patterns: &str) -> Vec<&str> {
    let mut hosts: Vec<&str> = patterns
        .split(',')
        .filter_map(|pattern| pattern.trim().split('/').next())
        .filter(|host| host.contains('.') && !host.contains(['*', '?', '[', '\\']))
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use super::{private_hosts, with_parents};

    #[test]
    fn hosts_of_private_patterns() {
        let patterns = "git.example.com/*,*.corp.example.com, git.example.com/x,local,";
        assert_eq!(private_hosts(patterns), ["git.example.com"]);
    }

    #[test]
    fn parents_end_at_slashes() {
        let found: Vec<&str> = with_parents("a/bc/d").collect();
        assert_eq!(found, ["a/bc/d", "a/bc", "a"]);
    }
}
