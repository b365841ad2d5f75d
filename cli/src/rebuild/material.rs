//! What a build fetched: images, git repositories, files.

use std::collections::BTreeMap;

use gowork_llb::ops::{Digest, Reference};
use serde::Deserialize;

/// How the URIs of images begin: of registries, and of layouts on the client's disk.
const IMAGE: &str = "pkg:docker/";
const LAYOUT: &str = "pkg:oci/";

/// As provenance has it.
#[derive(Debug, Deserialize)]
pub(super) struct RawMaterial {
    #[serde(default)]
    uri: String,
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// What a build fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Material {
    /// An image of a registry, by its tag.
    Image {
        /// Its name and its tag.
        reference: Reference,
        /// What the tag meant.
        digest: Digest,
    },
    /// An image that is named by its digest, or was on the client's disk.
    Pinned(String),
    /// A git repository.
    Git {
        /// Its URL.
        url: String,
        /// The commit.
        commit: String,
    },
    /// Something else.
    Other(String),
}

impl Material {
    pub(super) fn of(raw: RawMaterial) -> Self {
        let RawMaterial { uri, digest } = raw;
        if let Some(rest) = uri.strip_prefix(IMAGE) {
            return image(rest, &digest).unwrap_or(Self::Pinned(uri));
        }
        if uri.starts_with(LAYOUT) {
            return Self::Pinned(uri);
        }
        // A git repository has a commit, a file a SHA-256.
        let is_git = uri.split(['#', '?']).next().is_some_and(|url| {
            url.ends_with(".git") || url.starts_with("git@") || url.starts_with("ssh://")
        });
        let commit = digest
            .get("sha1")
            .or_else(|| digest.get("sha256").filter(|_| is_git));
        match commit {
            Some(commit) => Self::Git {
                commit: commit.clone(),
                url: uri,
            },
            None => Self::Other(uri),
        }
    }
}

/// An image with a tag: `NAMESPACE/NAME@TAG?digest=..&platform=..`.
fn image(rest: &str, digest: &BTreeMap<String, String>) -> Option<Material> {
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    if qualifiers
        .split('&')
        .any(|pair| pair.starts_with("ref_type="))
    {
        return None;
    }
    let (name, tag) = path.rsplit_once('@')?;
    let reference = Reference::parse(&format!("{}:{}", decoded(name), decoded(tag))).ok()?;
    let digest = Digest::parse(&format!("sha256:{}", digest.get("sha256")?)).ok()?;
    Some(Material::Image { reference, digest })
}

/// A text with its `%XX` undone; broken ones stay.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, kind: &str, digest: &str) -> Material {
        Material::of(RawMaterial {
            uri: uri.to_owned(),
            digest: BTreeMap::from([(kind.to_owned(), digest.to_owned())]),
        })
    }

    #[test]
    fn images_have_the_names_that_people_write() {
        let hex = "ab".repeat(32);
        let name = |uri: &str| match of(uri, "sha256", &hex) {
            Material::Image { reference, digest } => {
                assert_eq!(digest.hex(), hex);
                Some(reference.familiar())
            }
            _ => None,
        };
        let golang = "pkg:docker/golang@1.26?digest=sha256:00&platform=linux%2Famd64";
        assert_eq!(name(golang).as_deref(), Some("golang:1.26"));
        assert_eq!(
            name("pkg:docker/gowork/gowork@1").as_deref(),
            Some("gowork/gowork:1")
        );
        let with_port = "pkg:docker/127.0.0.1%3A5000/test/base@v1?platform=linux%2Famd64";
        assert_eq!(
            name(with_port).as_deref(),
            Some("127.0.0.1:5000/test/base:v1")
        );
        let plain_port = "pkg:docker/127.0.0.1:5000/test/base@v1";
        assert_eq!(
            name(plain_port).as_deref(),
            Some("127.0.0.1:5000/test/base:v1")
        );
        for pinned in [
            "pkg:docker/golang?digest=sha256:00",
            "pkg:oci/gowork/gowork@1?digest=sha256:00",
            "pkg:docker/golang@1?ref_type=blob",
        ] {
            assert_eq!(name(pinned), None, "{pinned}");
        }
    }

    #[test]
    fn git_repositories_have_commits() {
        let commit = "c0ffee";
        for (uri, kind) in [
            ("https://git.example.com/shop.git", "sha1"),
            ("https://git.example.com/shop.git#v1:sub", "sha256"),
            ("git@git.example.com:shop", "sha256"),
        ] {
            let expected = Material::Git {
                url: uri.to_owned(),
                commit: commit.to_owned(),
            };
            assert_eq!(of(uri, kind, commit), expected);
        }
        let file = "https://example.com/x.tar.gz";
        assert_eq!(of(file, "sha256", commit), Material::Other(file.to_owned()));
    }
}
