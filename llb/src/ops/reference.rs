//! Image references, always complete: `golang` is `docker.io/library/golang:latest`.

use std::fmt;
use std::str::FromStr;

use super::digest::Digest;

/// Where a reference without a registry points.
const DEFAULT_DOMAIN: &str = "docker.io";
const LIBRARY: &str = "library/";
/// The tag of a reference without tag and digest.
const LATEST: &str = "latest";
/// Length limit of `domain/path`, as registries have it.
const MAX_NAME: usize = 255;
const MAX_TAG: usize = 128;

/// A complete image reference: registry, repository, and a tag or a digest or both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A text that is not an image reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an image reference: {reason}")]
pub struct ReferenceError {
    text: String,
    reason: String,
}

/// The parts of a reference as they are written: only a missing registry is filled in, and nothing
/// is checked.
pub(crate) struct Written<'a> {
    /// The registry.
    domain: &'a str,
    /// The repository.
    path: &'a str,
    /// The tag, if one is written.
    pub(crate) tag: Option<&'a str>,
    /// The digest, if one is written.
    pub(crate) digest: Option<&'a str>,
}

impl<'a> Written<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let (domain, rest) = split_domain(rest);
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (rest, None),
        };
        Self {
            domain,
            path,
            tag,
            digest,
        }
    }

    /// Registry and repository as people write them: without those that go without saying.
    pub(crate) fn familiar_name(&self) -> String {
        if self.domain == DEFAULT_DOMAIN {
            self.path
                .strip_prefix(LIBRARY)
                .unwrap_or(self.path)
                .to_owned()
        } else {
            format!("{}/{}", self.domain, self.path)
        }
    }
}

impl Reference {
    /// Reads `[registry/]repository[:tag][@digest]` by Docker's rules; without tag and digest, the
    /// tag is `latest`.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let error = |reason: &str| ReferenceError {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        let Written {
            domain,
            path,
            tag,
            digest,
        } = Written::of(text);
        let digest = digest
            .map(Digest::parse)
            .transpose()
            .map_err(|e| error(&e.to_string()))?;
        if !is_domain(domain) {
            return Err(error(
                "the registry is not a host name with an optional port",
            ));
        }
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(error("the repository must be lower case"));
        }
        if !path.split('/').all(is_path_component) {
            return Err(error(
                "the repository may have letters and digits, separated by '.', '_', '__' or '-', and '/'",
            ));
        }
        if domain == DEFAULT_DOMAIN
            && path.len() == 64
            && path.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return Err(error("64 hexadecimal digits are an image ID, not a name"));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(error(
                "the tag may have up to 128 letters, digits, '_', '.' and '-', the first no '.' or '-'",
            ));
        }
        let prefix = if domain == DEFAULT_DOMAIN && !path.contains('/') {
            LIBRARY
        } else {
            ""
        };
        let path = format!("{prefix}{path}");
        if domain.len() + 1 + path.len() > MAX_NAME {
            return Err(error("it is longer than 255 characters"));
        }
        let tag = tag.or(if digest.is_none() { Some(LATEST) } else { None });
        Ok(Self {
            domain: domain.to_owned(),
            path,
            tag: tag.map(str::to_owned),
            digest,
        })
    }

    /// Registry and repository: `docker.io/library/golang`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The registry: `docker.io`.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The tag, if any.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if it is pinned.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Whether it means what is newest on the day that it is looked up: without a digest, and without
    /// a tag but `latest`.
    pub fn is_latest(&self) -> bool {
        self.digest.is_none() && self.tag() == Some(LATEST)
    }

    /// The same, pinned to `digest`; the tag stays for people to read.
    #[must_use]
    pub fn pinned(&self, digest: &Digest) -> Self {
        Self {
            digest: Some(digest.clone()),
            ..self.clone()
        }
    }

    /// The short form people write: `golang:1.26`.
    pub fn familiar(&self) -> String {
        let full = self.to_string();
        match full.strip_prefix("docker.io/") {
            Some(rest) => rest
                .strip_prefix(LIBRARY)
                .filter(|rest| !rest.contains('/'))
                .unwrap_or(rest)
                .to_owned(),
            None => full,
        }
    }
}

/// The name of a named context as clients write it: in the short form of image references, without
/// the tag `latest`. What is no reference stays as it is.
pub fn short_name(name: &str) -> String {
    match Reference::parse(name) {
        Ok(reference) => reference.familiar().trim_end_matches(":latest").to_owned(),
        Err(_) => name.to_owned(),
    }
}

/// The registry and the rest. What stands before the first slash is a registry if it looks like a
/// host.
fn split_domain(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some(("index.docker.io", rest)) => (DEFAULT_DOMAIN, rest),
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        // Repositories are lower case, so this can only be a host.
        Some((first, rest)) if first.bytes().any(|b| b.is_ascii_uppercase()) => (first, rest),
        _ => (DEFAULT_DOMAIN, text),
    }
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let bracketed = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match bracketed {
        Some(address) => is_all(address, |b| b.is_ascii_hexdigit() || b == b':'),
        None => host.split('.').all(is_label),
    };
    is_host && port.is_none_or(|port| is_all(port, |b| b.is_ascii_digit()))
}

/// Whether `text` is made of such bytes, of one at least.
fn is_all(text: &str, is_such: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(is_such)
}

/// Whether `text` can stand between the dots of a host's name.
fn is_label(text: &str) -> bool {
    is_all(text, |b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Lower-case letters and digits, in runs separated by one `.`, one or two `_`, or any number of
/// `-`.
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let separators = component.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_separator = |s: &str| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-');
    component.bytes().next().is_some_and(alphanumeric)
        && component.bytes().last().is_some_and(alphanumeric)
        && separators.into_iter().all(is_separator)
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= MAX_TAG
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse(text)
    }
}

impl fmt::Display for Reference {
    /// The complete form, as BuildKit wants it: `docker.io/library/golang:1.26@sha256:…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest
            .iter()
            .try_for_each(|digest| write!(f, "@{digest}"))
    }
}
