//! What a program sees in its file system in addition to the root.

use buildkit_proto::pb;

use super::super::output::Output;

/// Who may use a cache mount at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Sharing {
    /// Everyone.
    Shared,
    /// One at a time; a second user gets a new, empty one.
    Private,
    /// One at a time; a second user waits.
    Locked,
}

/// Whether a mount's content (not only the way it was made) makes the cache key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ContentCache {
    /// Where BuildKit can: for mounts that cannot be changed or whose changes are dropped.
    Default,
    /// Yes.
    On,
    /// No.
    Off,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mount {
    pub(super) dest: String,
    pub(super) selector: String,
    pub(super) content_cache: ContentCache,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    ReadOnly(Output),
    Writable(Output),
    Discarded(Output),
    Cache {
        base: Output,
        id: String,
        sharing: Sharing,
    },
    Tmpfs {
        size: u64,
    },
    Secret(Forwarded),
    Ssh(Forwarded),
}

/// A file or socket that the client forwards, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Forwarded {
    pub(super) id: String,
    pub(super) optional: bool,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Mount {
    /// `output` at `dest`, which the program cannot change.
    pub fn read_only(output: &Output, dest: impl Into<String>) -> Self {
        Self::new(dest, Kind::ReadOnly(output.clone()))
    }

    /// `output` at `dest`; with the program's changes it is an output of the step, by `dest`.
    pub fn writable(output: &Output, dest: impl Into<String>) -> Self {
        Self::new(dest, Kind::Writable(output.clone()))
    }

    /// An empty directory at `dest`; with what the program puts there it is an output of the step,
    /// by `dest`.
    pub fn scratch_output(dest: impl Into<String>) -> Self {
        Self::writable(&Output::scratch(), dest)
    }

    /// `output` at `dest`, writable, but the changes are dropped.
    pub fn discarded(output: &Output, dest: impl Into<String>) -> Self {
        Self::new(dest, Kind::Discarded(output.clone()))
    }

    /// The cache `id` at `dest`: a directory that outlives the build on this daemon and is part of
    /// no result.
    pub fn cache(id: impl Into<String>, dest: impl Into<String>, sharing: Sharing) -> Self {
        Self::new(
            dest,
            Kind::Cache {
                base: Output::scratch(),
                id: id.into(),
                sharing,
            },
        )
    }

    /// A memory file system at `dest` of up to `size` bytes; 0 for the kernel's default.
    pub fn tmpfs(dest: impl Into<String>, size: u64) -> Self {
        Self::new(dest, Kind::Tmpfs { size })
    }

    /// The client's secret `id` as the file `dest`, mode 0400 and root's unless said otherwise.
    pub fn secret(id: impl Into<String>, dest: impl Into<String>) -> ClientMount {
        ClientMount(Self::new(dest, Kind::Secret(Forwarded::new(id, 0o400))))
    }

    /// The client's SSH agent `id` as the socket `dest` (empty for a place in `/run/buildkit`),
    /// mode 0600 and root's unless said otherwise. The first one is also set as `SSH_AUTH_SOCK`,
    /// unless that is set already.
    pub fn ssh(id: impl Into<String>, dest: impl Into<String>) -> ClientMount {
        ClientMount(Self::new(dest, Kind::Ssh(Forwarded::new(id, 0o600))))
    }

    /// Only the file or directory `path` of what is mounted. With content as cache key, only that
    /// counts.
    #[must_use]
    pub fn selector(mut self, path: impl Into<String>) -> Self {
        self.selector = path.into();
        self
    }

    /// Whether the content makes the cache key. Since BuildKit v0.13.
    #[must_use]
    pub fn content_cache(mut self, content_cache: ContentCache) -> Self {
        self.content_cache = content_cache;
        self
    }

    /// What a cache mount begins with, owner and mode included. Without effect on mounts that are
    /// no caches.
    #[must_use]
    pub fn starting_from(mut self, output: &Output) -> Self {
        if let Kind::Cache { base, .. } = &mut self.kind {
            *base = output.clone();
        }
        self
    }

    fn new(dest: impl Into<String>, kind: Kind) -> Self {
        Self {
            dest: dest.into(),
            selector: String::new(),
            content_cache: ContentCache::Default,
            kind,
        }
    }

    /// The output mounted, if it is a mount of one.
    pub(super) fn input(&self) -> Option<&Output> {
        match &self.kind {
            Kind::ReadOnly(output) | Kind::Writable(output) | Kind::Discarded(output) => {
                Some(output)
            }
            Kind::Cache { base, .. } => Some(base),
            Kind::Tmpfs { .. } | Kind::Secret(_) | Kind::Ssh(_) => None,
        }
    }
}

/// A secret or an SSH agent of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientMount(Mount);

impl ClientMount {
    /// Runs without it if the client does not have it.
    #[must_use]
    pub fn optional(self) -> Self {
        self.with(|forwarded| forwarded.optional = true)
    }

    /// Its permissions, such as `0o440`.
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        self.with(|forwarded| forwarded.mode = mode)
    }

    /// The user that owns it.
    #[must_use]
    pub fn uid(self, uid: u32) -> Self {
        self.with(|forwarded| forwarded.uid = uid)
    }

    /// The group that owns it.
    #[must_use]
    pub fn gid(self, gid: u32) -> Self {
        self.with(|forwarded| forwarded.gid = gid)
    }

    fn with(mut self, change: impl FnOnce(&mut Forwarded)) -> Self {
        if let Kind::Secret(forwarded) | Kind::Ssh(forwarded) = &mut self.0.kind {
            change(forwarded);
        }
        self
    }
}

impl From<ClientMount> for Mount {
    fn from(mount: ClientMount) -> Self {
        mount.0
    }
}

impl Forwarded {
    fn new(id: impl Into<String>, mode: u32) -> Self {
        Self {
            id: id.into(),
            optional: false,
            mode,
            uid: 0,
            gid: 0,
        }
    }

    pub(super) fn to_secret(&self) -> pb::SecretOpt {
        let Self {
            id,
            optional,
            mode,
            uid,
            gid,
        } = self.clone();
        pb::SecretOpt {
            id,
            uid,
            gid,
            mode,
            optional,
        }
    }

    pub(super) fn to_ssh(&self) -> pb::SshOpt {
        let Self {
            id,
            optional,
            mode,
            uid,
            gid,
        } = self.clone();
        pb::SshOpt {
            id,
            uid,
            gid,
            mode,
            optional,
        }
    }
}
