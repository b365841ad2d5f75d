//! Files downloaded over HTTP.

use super::super::caps;
use super::super::digest::Digest;
use super::super::meta::Meta;
use super::super::output::Output;
use super::{Source, SourceError};

/// A file downloaded over HTTP, in a file system of its own.
#[derive(Debug, Clone)]
pub struct Http {
    source: Source,
    meta: Meta,
}

meta_builders!(Http);

impl Http {
    /// The file at `url`, `http://` or `https://`.
    pub fn new(url: &str) -> Result<Self, SourceError> {
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            let reason = "it does not begin with http:// or https:// and a host".to_owned();
            return Err(SourceError {
                kind: "an HTTP",
                address: url.to_owned(),
                reason,
            });
        }
        Ok(Self {
            source: Source::new(url.to_owned(), caps::SOURCE_HTTP),
            meta: Meta::default(),
        })
    }

    /// The digest the file must have.
    #[must_use]
    pub fn checksum(mut self, digest: &Digest) -> Self {
        self.source.set(
            "http.checksum",
            digest.as_str(),
            Some(caps::SOURCE_HTTP_CHECKSUM),
        );
        self
    }

    /// What to call the file; without, the server's or the URL's name for it.
    #[must_use]
    pub fn filename(mut self, name: &str) -> Self {
        self.source.set("http.filename", name, None);
        self
    }

    /// Its permissions, such as `0o755`; 0 leaves BuildKit's default, 0600.
    #[must_use]
    pub fn perm(mut self, mode: u32) -> Self {
        let mode = mode & 0o777;
        let value = if mode == 0 {
            String::new()
        } else {
            format!("0{mode:o}")
        };
        self.source
            .set("http.perm", value, Some(caps::SOURCE_HTTP_PERM));
        self
    }

    /// Its owner; 0 is the default for both.
    #[must_use]
    pub fn owner(mut self, uid: u32, gid: u32) -> Self {
        let value = |id: u32| {
            if id == 0 {
                String::new()
            } else {
                id.to_string()
            }
        };
        self.source
            .set("http.uid", value(uid), Some(caps::SOURCE_HTTP_UID_GID));
        self.source
            .set("http.gid", value(gid), Some(caps::SOURCE_HTTP_UID_GID));
        self
    }

    /// The secret that holds the `Authorization` header. Since BuildKit v0.21.
    #[must_use]
    pub fn auth_header_secret(mut self, id: &str) -> Self {
        self.source
            .set("http.authheadersecret", id, Some(caps::SOURCE_HTTP_AUTH));
        self
    }

    /// The `Accept` header. Since BuildKit v0.21.
    #[must_use]
    pub fn accept(mut self, value: &str) -> Self {
        self.source
            .set("http.header.accept", value, Some(caps::SOURCE_HTTP_HEADER));
        self
    }

    /// The `User-Agent` header. Since BuildKit v0.21.
    #[must_use]
    pub fn user_agent(mut self, value: &str) -> Self {
        self.source.set(
            "http.header.user-agent",
            value,
            Some(caps::SOURCE_HTTP_HEADER),
        );
        self
    }

    /// The file system with the file in its root.
    pub fn output(self) -> Output {
        self.source.output(&self.meta, None)
    }
}
