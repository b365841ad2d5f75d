//! Directories of the client.

use super::super::caps;
use super::super::meta::Meta;
use super::super::output::Output;
use super::{Source, json_list};

/// How the daemon tells which files to transfer again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Differ {
    /// All of them.
    None,
    /// Those whose metadata (size, time, mode, owner) differ from the last transfer. The daemon's
    /// default.
    Metadata,
}

/// A directory that the client shares under a name, such as `context` and `dockerfile`.
#[derive(Debug, Clone)]
pub struct Local {
    source: Source,
    meta: Meta,
}

meta_builders!(Local);

impl Local {
    /// The directory shared as `name`.
    pub fn new(name: &str) -> Self {
        Self {
            source: Source::new(format!("local://{name}"), caps::SOURCE_LOCAL),
            meta: Meta::default(),
        }
    }

    /// The session that shares it. Makes the op unique to the build; what is built from it is still
    /// cached by content.
    #[must_use]
    pub fn session(mut self, id: &str) -> Self {
        self.source
            .set("local.session", id, Some(caps::SOURCE_LOCAL_SESSION_ID));
        self
    }

    /// A key that makes the op unique where no session does.
    #[must_use]
    pub fn unique(mut self, key: &str) -> Self {
        self.source
            .set("local.unique", key, Some(caps::SOURCE_LOCAL_UNIQUE));
        self
    }

    /// Only files that match one of these patterns (moby's patternmatcher); none given means all.
    #[must_use]
    pub fn include(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.source.set(
            "local.includepattern",
            json_list(patterns),
            Some(caps::SOURCE_LOCAL_INCLUDE_PATTERNS),
        );
        self
    }

    /// No files that match these patterns, in `.dockerignore`'s form.
    #[must_use]
    pub fn exclude(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.source.set(
            "local.excludepatterns",
            json_list(patterns),
            Some(caps::SOURCE_LOCAL_EXCLUDE_PATTERNS),
        );
        self
    }

    /// Only these paths and what their symlinks lead to.
    #[must_use]
    pub fn follow(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.source.set(
            "local.followpaths",
            json_list(paths),
            Some(caps::SOURCE_LOCAL_FOLLOW_PATHS),
        );
        self
    }

    /// Which earlier transfer to build on. Different sets of files need different hints, or they
    /// evict one another's files.
    #[must_use]
    pub fn shared_key_hint(mut self, hint: &str) -> Self {
        self.source.set(
            "local.sharedkeyhint",
            hint,
            Some(caps::SOURCE_LOCAL_SHARED_KEY_HINT),
        );
        self
    }

    /// How the daemon tells what changed.
    #[must_use]
    pub fn differ(mut self, differ: Differ) -> Self {
        let value = match differ {
            Differ::None => "none",
            Differ::Metadata => "metadata",
        };
        self.source
            .set("local.differ", value, Some(caps::SOURCE_LOCAL_DIFFER));
        self
    }

    /// Transfers a listing of all files (`.fsutil-metadata`), and content only of those that match
    /// `except`. The result is for reading, not for copying from. Since BuildKit v0.22.
    #[must_use]
    pub fn metadata_only(mut self, except: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.source.set(
            "local.metadatatransfer",
            "true",
            Some(caps::SOURCE_LOCAL_METADATA_TRANSFER),
        );
        self.source
            .set("local.metadatatransferexclude", json_list(except), None);
        self
    }

    /// The file system.
    pub fn output(self) -> Output {
        self.source.output(&self.meta, None)
    }
}
