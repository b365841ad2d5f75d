//! Git references as contexts: `https://host/x.git#ref:subdir`, `git@host:x.git?ref=..`. Owns the
//! text form only.

use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::source::Git;
use gowork_llb::ops::{Output, caps};

use crate::error::BuildError;
use crate::gateway::Gateway;
use crate::opts::Options;

/// A git reference, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitRef {
    /// The repository, without what BuildKit adds to it.
    pub remote: String,
    /// Branch, tag or commit; empty for the default branch.
    pub reference: String,
    /// The directory in it; empty for all.
    pub subdir: String,
    /// The commit that the reference must have.
    pub checksum: Option<String>,
    /// Whether to keep `.git`.
    pub keep_git_dir: bool,
    /// Whether to leave submodules out.
    pub skip_submodules: bool,
    /// Whether files get the commit's time.
    pub commit_times: bool,
    /// Whether to fetch the commit of `checksum` itself.
    pub fetch_by_commit: bool,
    /// Whether git prints its advice.
    pub advice: bool,
}

impl GitRef {
    /// Reads a git reference. Returns `None` if the text is something else.
    ///
    /// A plain http(s) URL is one only if its path ends in `.git`. `github.com/..` without a scheme
    /// counts, as it always has for contexts.
    ///
    /// # Errors
    /// If it is a git reference that cannot be read.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (remote, query) = rest.split_once('?').unwrap_or((rest, ""));
        let remote = match remote.split_once("://") {
            Some((scheme, path)) => match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" if !path.ends_with(".git") => return Ok(None),
                "http" | "https" | "ssh" | "git" => remote.to_owned(),
                _ => return Ok(None),
            },
            None if remote.starts_with("github.com/") => format!("https://{remote}"),
            None if is_scp(remote) => remote.to_owned(),
            None => return Ok(None),
        };
        let (reference, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
        let mut git = Self {
            remote,
            reference: reference.to_owned(),
            subdir: subdir.trim_matches('/').to_owned(),
            ..Self::default()
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            git.query(&decoded(key), &decoded(value))?;
        }
        Ok(Some(git))
    }

    fn query(&mut self, key: &str, value: &str) -> Result<(), String> {
        let flag = || match value {
            "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(format!("{key}={value} in the git URL is not true or false")),
        };
        match (key, value) {
            ("keep-git-dir", _) => self.keep_git_dir = flag()?,
            ("submodules", _) => self.skip_submodules = !flag()?,
            ("fetch-by-commit", _) => self.fetch_by_commit = flag()?,
            (_, "") => return Err(format!("{key} in the git URL has no value")),
            ("ref", value) => set(&mut self.reference, value, "references")?,
            ("tag", value) => set(
                &mut self.reference,
                &full("refs/tags/", value),
                "references",
            )?,
            ("branch", value) => set(
                &mut self.reference,
                &full("refs/heads/", value),
                "references",
            )?,
            ("subdir", value) => set(&mut self.subdir, value.trim_matches('/'), "directories")?,
            ("checksum" | "commit", value) => self.checksum = Some(value.to_owned()),
            ("mtime", "commit") => self.commit_times = true,
            ("mtime", "checkout") => self.commit_times = false,
            ("mtime", value) => {
                return Err(format!(
                    "mtime={value} in the git URL is neither checkout nor commit"
                ));
            }
            (key, _) => return Err(format!("the git URL has an unknown key: {key}")),
        }
        Ok(())
    }

    /// The source, shown as `name`.
    pub fn output(&self, name: &str) -> Result<Output, String> {
        let mut git = Git::new(&self.remote, &self.reference, &self.subdir)
            .map_err(|error| error.to_string())?
            .named(name);
        if self.keep_git_dir {
            git = git.keep_git_dir();
        }
        if let Some(commit) = &self.checksum {
            git = git.checksum(commit);
        }
        if self.skip_submodules {
            git = git.skip_submodules();
        }
        if self.commit_times {
            git = git.commit_times();
        }
        if self.fetch_by_commit {
            git = git.fetch_by_commit();
        }
        if self.advice {
            git = git.advice();
        }
        Ok(git.output())
    }
}

/// The source of a git reference, shown as `doing` and the reference. Returns `None` if `text` is
/// something else.
pub(super) fn source(
    gateway: &dyn Gateway,
    options: &Options,
    text: &str,
    doing: &str,
) -> Result<Option<Output>, BuildError> {
    let shown = shown(text);
    let unusable = |problem: String| Diagnostic::error(format!("context {shown}: {problem}"));
    let Some(mut git) = GitRef::parse(text).map_err(unusable)? else {
        return Ok(None);
    };
    let can_set_times = gateway.pong().llb_caps.has(caps::SOURCE_GIT_MTIME);
    git.keep_git_dir |= options.contexts.keep_git_dir;
    git.commit_times |= options.source_date_epoch.is_some() && can_set_times;
    git.advice = options.contexts.git_advice;
    let output = git.output(&format!("{doing} {shown}")).map_err(unusable)?;
    Ok(Some(output))
}

/// The whole checkout of a git reference, with `.git`. Returns `None` if `text` is something else.
pub(super) fn checkout(text: &str) -> Result<Option<Output>, BuildError> {
    let shown = shown(text);
    let unusable = |problem: String| Diagnostic::error(format!("context {shown}: {problem}"));
    let Some(mut git) = GitRef::parse(text).map_err(unusable)? else {
        return Ok(None);
    };
    git.keep_git_dir = true;
    git.subdir = String::new();
    let name = format!("[internal] load commit of {shown}");
    Ok(Some(git.output(&name).map_err(unusable)?))
}

/// The reference without user and password, and without the query: for names and messages.
pub(super) fn shown(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let rest = match rest[..end].rfind('@') {
        Some(at) => &rest[at + 1..],
        None => rest,
    };
    format!("{scheme}://{rest}")
}

/// Sets a field that fragment and query may both give, if they agree.
fn set(field: &mut String, value: &str, what: &str) -> Result<(), String> {
    if !field.is_empty() && field != value {
        return Err(format!("the git URL names two {what}: {field} and {value}"));
    }
    value.clone_into(field);
    Ok(())
}

fn full(prefix: &str, name: &str) -> String {
    if name.starts_with(prefix) {
        name.to_owned()
    } else {
        format!("{prefix}{name}")
    }
}

/// `user@host:path`, as ssh and scp write it.
fn is_scp(text: &str) -> bool {
    let Some((user, rest)) = text.split_once('@') else {
        return false;
    };
    let Some((host, path)) = rest.split_once(':') else {
        return false;
    };
    is_word(user, b"-_") && is_word(host, b"-.") && !path.is_empty()
}

/// Whether `text` has nothing but letters, digits and `more`.
fn is_word(text: &str, more: &[u8]) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// A query's text with its escapes undone; broken ones stay.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%'
            && let Some(escaped) = hexadecimal(bytes.get(at + 1..at + 3))
        {
            out.push(escaped);
            at += 3;
            continue;
        }
        out.push(if byte == b'+' { b' ' } else { byte });
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hexadecimal(digits: Option<&[u8]>) -> Option<u8> {
    let digits = std::str::from_utf8(digits?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}
