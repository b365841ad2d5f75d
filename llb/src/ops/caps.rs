//! LLB capabilities: what a definition asks of the daemon, and whether the daemon can do it.
//!
//! Every op names the capabilities it needs and the daemon refuses a definition that names one it
//! lacks. Two capabilities that BuildKit declares are missing here because no release has ever
//! enabled them, so naming them fails every build, while the fields they stand for work:
//! `exec.meta.removemountstubs.recursive` and `file.copy.modestring`.

use std::collections::BTreeMap;
use std::fmt;

use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;

use super::definition::Definition;

macro_rules! caps {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $id;)*

        /// Every capability that this library can ask for.
        pub const ALL: &[&str] = &[$($name),*];
    };
}

caps! {
    /// Images as sources.
    SOURCE_IMAGE = "source.image";
    /// Forcing a pull of an image.
    SOURCE_IMAGE_RESOLVE_MODE = "source.image.resolvemode";
    /// Only the first layers of an image.
    SOURCE_IMAGE_LAYER_LIMIT = "source.image.layerlimit";
    /// The manifest digest an image must have (v0.25).
    SOURCE_IMAGE_CHECKSUM = "source.image.checksum";
    /// Client directories as sources.
    SOURCE_LOCAL = "source.local";
    /// A key that keeps a client directory apart from others of the same name.
    SOURCE_LOCAL_UNIQUE = "source.local.unique";
    /// Client directories of a certain session.
    SOURCE_LOCAL_SESSION_ID = "source.local.sessionid";
    /// Only these files of a client directory.
    SOURCE_LOCAL_INCLUDE_PATTERNS = "source.local.includepatterns";
    /// Only these paths of a client directory, symlinks followed.
    SOURCE_LOCAL_FOLLOW_PATHS = "source.local.followpaths";
    /// All but these files of a client directory.
    SOURCE_LOCAL_EXCLUDE_PATTERNS = "source.local.excludepatterns";
    /// Which earlier transfer of a client directory to build on.
    SOURCE_LOCAL_SHARED_KEY_HINT = "source.local.sharedkeyhint";
    /// How to tell what changed in a client directory.
    SOURCE_LOCAL_DIFFER = "source.local.differ";
    /// A listing of a client directory instead of its files (v0.22).
    SOURCE_LOCAL_METADATA_TRANSFER = "source.local.metadatatransfer";
    /// Git repositories as sources.
    SOURCE_GIT = "source.git";
    /// Keeping `.git`.
    SOURCE_GIT_KEEP_DIR = "source.git.keepgitdir";
    /// The remote's address apart from its identity.
    SOURCE_GIT_FULL_URL = "source.git.fullurl";
    /// Secrets for HTTP authentication at a remote.
    SOURCE_GIT_HTTP_AUTH = "source.git.httpauth";
    /// Host keys of an SSH remote.
    SOURCE_GIT_KNOWN_SSH_HOSTS = "source.git.knownsshhosts";
    /// The SSH agent for a remote.
    SOURCE_GIT_MOUNT_SSH_SOCK = "source.git.mountsshsock";
    /// The commit a reference must have (v0.23).
    SOURCE_GIT_CHECKSUM = "source.git.checksum";
    /// Leaving submodules out (v0.24).
    SOURCE_GIT_SKIP_SUBMODULES = "source.git.skipsubmodules";
    /// File times from the commit (v0.29).
    SOURCE_GIT_MTIME = "source.git.mtime";
    /// Fetching the commit itself (v0.30).
    SOURCE_GIT_FETCH_BY_COMMIT = "source.git.fetchbycommit";
    /// HTTP downloads as sources.
    SOURCE_HTTP = "source.http";
    /// Secrets for HTTP authentication (v0.21).
    SOURCE_HTTP_AUTH = "source.http.auth";
    /// The digest a download must have.
    SOURCE_HTTP_CHECKSUM = "source.http.checksum";
    /// Permissions of a downloaded file.
    SOURCE_HTTP_PERM = "source.http.perm";
    /// Owner of a downloaded file. The spelling is BuildKit's.
    SOURCE_HTTP_UID_GID = "soruce.http.uidgid";
    /// Request headers (v0.21).
    SOURCE_HTTP_HEADER = "source.http.header";
    /// OCI layouts of the client as sources (v0.11).
    SOURCE_OCI_LAYOUT = "source.ocilayout";
    /// Running programs.
    EXEC_META_BASE = "exec.meta.base";
    /// The cgroup to run in (v0.10).
    EXEC_META_CGROUP_PARENT = "exec.meta.cgroup.parent";
    /// A network other than the sandbox.
    EXEC_META_NETWORK = "exec.meta.network";
    /// Proxy variables that do not enter cache keys.
    EXEC_META_PROXY = "exec.meta.proxyenv";
    /// Running outside the sandbox.
    EXEC_META_SECURITY = "exec.meta.security";
    /// A default for PATH.
    EXEC_META_SETS_DEFAULT_PATH = "exec.meta.setsdefaultpath";
    /// Resource limits of a process (v0.10).
    EXEC_META_ULIMIT = "exec.meta.ulimit";
    /// Devices by their CDI names (v0.20).
    EXEC_META_CDI = "exec.meta.cdi";
    /// Mounting outputs.
    EXEC_MOUNT_BIND = "exec.mount.bind";
    /// Writable mounts whose changes are dropped (v0.6).
    EXEC_MOUNT_BIND_READ_WRITE_NO_OUTPUT = "exec.mount.bind.readwrite-nooutput";
    /// Cache mounts.
    EXEC_MOUNT_CACHE = "exec.mount.cache";
    /// Who may use a cache mount at one time.
    EXEC_MOUNT_CACHE_SHARING = "exec.mount.cache.sharing";
    /// Whether a mount's content makes the cache key (v0.13).
    EXEC_MOUNT_CONTENT_CACHE = "exec.mount.cache.content";
    /// Mounting a part of an output.
    EXEC_MOUNT_SELECTOR = "exec.mount.selector";
    /// Memory file systems.
    EXEC_MOUNT_TMPFS = "exec.mount.tmpfs";
    /// Their size (v0.10).
    EXEC_MOUNT_TMPFS_SIZE = "exec.mount.tmpfs.size";
    /// Secrets.
    EXEC_MOUNT_SECRET = "exec.mount.secret";
    /// SSH agents.
    EXEC_MOUNT_SSH = "exec.mount.ssh";
    /// Secrets as environment variables (v0.10).
    EXEC_SECRET_ENV = "exec.secretenv";
    /// Exit codes other than 0 that mean success (v0.17).
    EXEC_VALID_EXIT_CODE = "exec.validexitcode";
    /// File operations.
    FILE_BASE = "file.base";
    /// Removing by pattern.
    FILE_RM_WILDCARD = "file.rm.wildcard";
    /// Copying by patterns.
    FILE_COPY_INCLUDE_EXCLUDE_PATTERNS = "file.copy.includeexcludepatterns";
    /// Paths that a copy must find (v0.26).
    FILE_COPY_REQUIRED_PATHS = "file.copy.requiredpaths";
    /// Copying over whatever is there, directories included (v0.14).
    FILE_COPY_ALWAYS_REPLACE_EXISTING_DEST_PATHS = "file.copy.alwaysreplaceexistingdestpaths";
    /// Making symlinks (v0.19).
    FILE_SYMLINK_CREATE = "file.symlink.create";
    /// Worker constraints.
    CONSTRAINTS = "constraints";
    /// Platforms of ops.
    PLATFORM = "platform";
    /// Running although cached.
    META_IGNORE_CACHE = "meta.ignorecache";
    /// Names of ops.
    META_DESCRIPTION = "meta.description";
    /// Whether a result goes into the exported cache.
    META_EXPORT_CACHE = "meta.exportcache";
    /// Merges (v0.10; not with dockerd's graph drivers).
    MERGE = "mergeop";
    /// Diffs (v0.10; not with dockerd's graph drivers).
    DIFF = "diffop";
}

/// What a daemon says it can do, from its answer to Ping.
#[derive(Debug, Clone, Default)]
pub struct Supported(BTreeMap<String, Support>);

#[derive(Debug, Clone)]
enum Support {
    Enabled,
    Disabled(String),
}

impl Supported {
    /// From the daemon's list (`PongResponse.LLBCaps`). A capability that is listed may still be
    /// disabled.
    pub fn from_api(caps: &[ApiCap]) -> Self {
        let support = |cap: &ApiCap| match (
            cap.enabled,
            cap.disabled_reason_msg.as_str(),
            cap.disabled_reason.as_str(),
        ) {
            (true, _, _) => Support::Enabled,
            (false, "", reason) | (false, reason, _) => Support::Disabled(reason.to_owned()),
        };
        Self(
            caps.iter()
                .map(|cap| (cap.id.clone(), support(cap)))
                .collect(),
        )
    }

    /// These capabilities and no others, for tests and for daemons too old to say.
    pub fn only<'a>(ids: impl IntoIterator<Item = &'a str>) -> Self {
        Self(
            ids.into_iter()
                .map(|id| (id.to_owned(), Support::Enabled))
                .collect(),
        )
    }

    /// Whether the daemon has `cap`, enabled.
    pub fn has(&self, cap: &str) -> bool {
        matches!(self.0.get(cap), Some(Support::Enabled))
    }

    /// Whether the daemon knows `cap`, enabled or not.
    pub fn knows(&self, cap: &str) -> bool {
        self.0.contains_key(cap)
    }

    /// Why the daemon has it disabled, if it says.
    fn reason(&self, cap: &str) -> Option<&str> {
        match self.0.get(cap) {
            Some(Support::Disabled(reason)) if !reason.is_empty() => Some(reason),
            _ => None,
        }
    }
}

/// A capability that a definition needs and the daemon lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The capability's id.
    pub cap: String,
    /// Why the daemon has it disabled, if it knows it and says.
    pub reason: Option<String>,
    /// The steps that need it, by name, or by the first digits of the digest.
    pub steps: Vec<String>,
}

/// What a definition needs and the daemon lacks, all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnsupportedCaps(
    /// At least one.
    pub Vec<Missing>,
);

impl fmt::Display for UnsupportedCaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this BuildKit cannot run the build; update it, or use a builder that can")?;
        for Missing { cap, reason, steps } in &self.0 {
            write!(f, "\n- it has no {cap}")?;
            reason
                .iter()
                .try_for_each(|reason| write!(f, " ({reason})"))?;
            match &steps[..] {
                [] => {}
                [step] => write!(f, ", which {step:?} needs")?,
                [step, rest @ ..] => write!(f, ", which {step:?} and {} more need", rest.len())?,
            }
        }
        Ok(())
    }
}

/// Whether the daemon can run `definition`; the error names everything it lacks.
pub fn check(definition: &Definition, supported: &Supported) -> Result<(), UnsupportedCaps> {
    let missing: Vec<Missing> = definition
        .caps()
        .into_iter()
        .filter(|(cap, _)| !supported.has(cap))
        .map(|(cap, ops)| Missing {
            reason: supported.reason(cap).map(str::to_owned),
            steps: ops
                .iter()
                .map(|digest| definition.step_name(digest))
                .collect(),
            cap: cap.to_owned(),
        })
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(UnsupportedCaps(missing))
    }
}
