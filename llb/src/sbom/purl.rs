//! Package URLs: how scanners name a module, Go itself, or an image.
//!
//! The form is that of <https://github.com/package-url/purl-spec>, with its rules for the types
//! `golang` and `docker`. `golang` has small letters only.

use std::fmt::Write as _;

use crate::ops::Written;

/// The package URL of a Go module, without a version if none is known.
pub(super) fn module(path: &str, version: Option<&str>) -> String {
    let mut url = "pkg:golang".to_owned();
    for element in path.to_lowercase().split('/') {
        let _ = write!(url, "/{}", encoded(element));
    }
    if let Some(version) = version {
        let _ = write!(url, "@{}", encoded(version));
    }
    url
}

/// The package URL of an image: `docker.io/library/debian:13`, or a name with a digest.
pub(super) fn image(reference: &str, digest: Option<&str>) -> String {
    let written = Written::of(reference);
    let digest = digest.or(written.digest);
    let mut url = "pkg:docker".to_owned();
    for element in written.familiar_name().split('/') {
        let _ = write!(url, "/{}", encoded(element));
    }
    if let Some(tag) = written.tag {
        let _ = write!(url, "@{}", encoded(tag));
    }
    if let Some(digest) = digest {
        let _ = write!(url, "?digest={}", encoded(digest));
    }
    url
}

/// A part of a package URL: all but letters, digits, `.`, `-`, `_`, `~` and `:` is percent-encoded.
fn encoded(part: &str) -> String {
    let mut text = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules() {
        for (path, version, url) in [
            (
                "golang.org/x/net",
                Some("v0.30.0"),
                "pkg:golang/golang.org/x/net@v0.30.0",
            ),
            (
                "github.com/Masterminds/semver/v3",
                Some("v3.2.1"),
                "pkg:golang/github.com/masterminds/semver/v3@v3.2.1",
            ),
            (
                "github.com/docker/docker",
                Some("v28.0.0+incompatible"),
                "pkg:golang/github.com/docker/docker@v28.0.0%2Bincompatible",
            ),
            ("app", None, "pkg:golang/app"),
        ] {
            assert_eq!(module(path, version), url);
        }
    }

    #[test]
    fn images() {
        for (reference, digest, url) in [
            ("debian", None, "pkg:docker/debian"),
            (
                "docker.io/library/debian:13",
                Some("sha256:ab"),
                "pkg:docker/debian@13?digest=sha256:ab",
            ),
            (
                "localhost:5000/our/base:1@sha256:ab",
                None,
                "pkg:docker/localhost:5000/our/base@1?digest=sha256:ab",
            ),
        ] {
            assert_eq!(image(reference, digest), url);
        }
    }
}
