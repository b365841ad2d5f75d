//! The file operations, each with its options.

use buildkit_proto::pb;
use pb::file_action::Action as Wire;

use super::super::output::Output;
use super::super::{caps, path};

/// "As it is": copies keep the source's mode.
const KEEP_MODE: i32 = -1;
/// "As it is": copies keep the source's time, new files have the time of the build. 0 would be
/// 1970.
const KEEP_TIME: i64 = -1;

#[derive(Debug, Clone)]
pub(super) enum Action {
    Copy(Copy),
    Mkdir(Mkdir),
    Mkfile(Mkfile),
    Rm(Rm),
    Symlink(Symlink),
}

impl Action {
    /// The other output it needs.
    pub(super) fn source(&self) -> Option<&Output> {
        match self {
            Self::Copy(copy) => Some(&copy.from),
            _ => None,
        }
    }

    /// The wire form; user names are looked up in the op's input `base`.
    pub(super) fn to_pb(&self, base: i64) -> Wire {
        match self {
            Self::Copy(copy) => Wire::Copy(pb::FileActionCopy {
                owner: wire_owner(copy.owner.as_ref(), base),
                ..copy.wire.clone()
            }),
            Self::Mkdir(mkdir) => Wire::Mkdir(pb::FileActionMkDir {
                owner: wire_owner(mkdir.owner.as_ref(), base),
                ..mkdir.wire.clone()
            }),
            Self::Mkfile(mkfile) => Wire::Mkfile(pb::FileActionMkFile {
                owner: wire_owner(mkfile.owner.as_ref(), base),
                ..mkfile.wire.clone()
            }),
            Self::Rm(rm) => Wire::Rm(rm.wire.clone()),
            Self::Symlink(symlink) => Wire::Symlink(pb::FileActionSymlink {
                owner: wire_owner(symlink.owner.as_ref(), base),
                ..symlink.wire.clone()
            }),
        }
    }

    pub(super) fn caps(&self) -> impl Iterator<Item = &'static str> {
        let needed: &[(bool, &'static str)] = match self {
            Self::Copy(Copy { wire, .. }) => &[
                (
                    !wire.include_patterns.is_empty(),
                    caps::FILE_COPY_INCLUDE_EXCLUDE_PATTERNS,
                ),
                (
                    !wire.exclude_patterns.is_empty(),
                    caps::FILE_COPY_INCLUDE_EXCLUDE_PATTERNS,
                ),
                (
                    !wire.required_paths.is_empty(),
                    caps::FILE_COPY_REQUIRED_PATHS,
                ),
                (
                    wire.always_replace_existing_dest_paths,
                    caps::FILE_COPY_ALWAYS_REPLACE_EXISTING_DEST_PATHS,
                ),
            ],
            Self::Rm(Rm { wire }) => &[(wire.allow_wildcard, caps::FILE_RM_WILDCARD)],
            Self::Symlink(_) => &[(true, caps::FILE_SYMLINK_CREATE)],
            Self::Mkdir(_) | Self::Mkfile(_) => &[],
        };
        needed
            .iter()
            .filter(|(needed, _)| *needed)
            .map(|(_, cap)| *cap)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// Who a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    user: Id,
    group: Option<Id>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Id {
    Number(u32),
    Name(String),
}

impl Owner {
    /// By numbers.
    pub fn ids(uid: u32, gid: u32) -> Self {
        Self {
            user: Id::Number(uid),
            group: Some(Id::Number(gid)),
        }
    }

    /// By `user[:group]`, each a number or a name; names are looked up in the base's `/etc/passwd`
    /// and `/etc/group`.
    pub fn named(text: &str) -> Self {
        let (user, group) = text.split_once(':').unwrap_or((text, ""));
        Self {
            user: Id::parse(user),
            group: (!group.is_empty()).then(|| Id::parse(group)),
        }
    }
}

impl Id {
    fn parse(text: &str) -> Self {
        match (text, text.parse()) {
            ("root" | "", _) => Self::Number(0),
            (_, Ok(number)) => Self::Number(number),
            (name, Err(_)) => Self::Name(name.to_owned()),
        }
    }

    fn to_pb(&self, base: i64) -> pb::UserOpt {
        let user = match self {
            Self::Number(number) => pb::user_opt::User::ById(*number),
            Self::Name(name) => pb::user_opt::User::ByName(pb::NamedUserOpt {
                name: name.clone(),
                input: base,
            }),
        };
        pb::UserOpt { user: Some(user) }
    }
}

fn wire_owner(owner: Option<&Owner>, base: i64) -> Option<pb::ChownOpt> {
    let Owner { user, group } = owner?;
    Some(pb::ChownOpt {
        user: Some(user.to_pb(base)),
        group: group.as_ref().map(|group| group.to_pb(base)),
    })
}

fn wire_mode(mode: u32) -> i32 {
    // Permission bits and setuid, setgid, sticky: nothing else is a mode, and what is left fits.
    i32::try_from(mode & 0o7777).unwrap_or(KEEP_MODE)
}

fn wire_time(unix_seconds: i64) -> i64 {
    unix_seconds.saturating_mul(1_000_000_000)
}

/// Options of several operations; expects fields `owner` and `wire.timestamp`.
macro_rules! owner_and_time {
    ($action:ident) => {
        impl $action {
            /// Who the result belongs to; without, root, or for copies, the source's owner as
            /// BuildKit maps it (root).
            #[must_use]
            pub fn owner(mut self, owner: Owner) -> Self {
                self.owner = Some(owner);
                self
            }

            /// The result's modification time, in seconds since 1970. Set it where the layer must
            /// be reproducible.
            #[must_use]
            pub fn timestamp(mut self, unix_seconds: i64) -> Self {
                self.wire.timestamp = wire_time(unix_seconds);
                self
            }
        }
    };
}

/// Copies a file or a directory from one output into the base. Only what is copied enters the cache
/// key.
#[derive(Debug, Clone)]
pub struct Copy {
    from: Output,
    owner: Option<Owner>,
    wire: pb::FileActionCopy,
}

owner_and_time!(Copy);

impl Copy {
    /// Copies `src` of `output` to `dest`. A `dest` ending in `/` is a directory to copy into.
    pub fn from(output: &Output, src: &str, dest: &str) -> Self {
        let wire = pb::FileActionCopy {
            src: path::absolute(src),
            dest: path::destination(dest),
            mode: KEEP_MODE,
            timestamp: KEEP_TIME,
            ..pb::FileActionCopy::default()
        };
        Self {
            from: output.clone(),
            owner: None,
            wire,
        }
    }

    /// Only files that match one of these patterns, below `src`.
    #[must_use]
    pub fn include(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.wire
            .include_patterns
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// No files that match one of these patterns, below `src`.
    #[must_use]
    pub fn exclude(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.wire
            .exclude_patterns
            .extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Fails unless these paths are found. Since BuildKit v0.26.
    #[must_use]
    pub fn required(mut self, paths: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.wire
            .required_paths
            .extend(paths.into_iter().map(Into::into));
        self
    }

    /// Copies what is in the directory `src`, not the directory.
    #[must_use]
    pub fn contents_only(mut self) -> Self {
        self.wire.dir_copy_contents = true;
        self
    }

    /// The mode of everything copied, such as `0o755`; without, the source's.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.wire.mode = wire_mode(mode);
        self.wire.mode_str.clear();
        self
    }

    /// The change of mode of everything copied, in chmod's words, such as `u=rwX,go=rX`. Old
    /// daemons do not know it, and no capability tells them apart.
    #[must_use]
    pub fn chmod(mut self, change: impl Into<String>) -> Self {
        self.wire.mode_str = change.into();
        self.wire.mode = if self.wire.mode_str.is_empty() {
            KEEP_MODE
        } else {
            0
        };
        self
    }

    /// Makes the directories that `dest` lies in.
    #[must_use]
    pub fn create_dest_path(mut self) -> Self {
        self.wire.create_dest_path = true;
        self
    }

    /// Takes `src` as a pattern, which must match something unless `allow_empty`.
    #[must_use]
    pub fn wildcard(mut self, allow_empty: bool) -> Self {
        self.wire.allow_wildcard = true;
        self.wire.allow_empty_wildcard = allow_empty;
        self
    }

    /// Copies what a symlink `src` points to, not the symlink.
    #[must_use]
    pub fn follow_symlinks(mut self) -> Self {
        self.wire.follow_symlink = true;
        self
    }

    /// Unpacks `src` if it is an archive.
    #[must_use]
    pub fn unpack(mut self) -> Self {
        self.wire.attempt_unpack_docker_compatibility = true;
        self
    }

    /// Replaces what is in the way even if one is a directory and the other is not. Since BuildKit
    /// v0.14.
    #[must_use]
    pub fn replace_existing(mut self) -> Self {
        self.wire.always_replace_existing_dest_paths = true;
        self
    }
}

/// Makes a directory.
#[derive(Debug, Clone)]
pub struct Mkdir {
    owner: Option<Owner>,
    wire: pb::FileActionMkDir,
}

owner_and_time!(Mkdir);

impl Mkdir {
    /// The directory `path` with permissions `mode`.
    pub fn new(path: &str, mode: u32) -> Self {
        let (path, mode) = (path::absolute(path), wire_mode(mode & 0o777));
        let wire = pb::FileActionMkDir {
            path,
            mode,
            timestamp: KEEP_TIME,
            ..pb::FileActionMkDir::default()
        };
        Self { owner: None, wire }
    }

    /// Makes the directories that it lies in; no error if it exists.
    #[must_use]
    pub fn parents(mut self) -> Self {
        self.wire.make_parents = true;
        self
    }
}

/// Makes a file.
#[derive(Debug, Clone)]
pub struct Mkfile {
    owner: Option<Owner>,
    wire: pb::FileActionMkFile,
}

owner_and_time!(Mkfile);

impl Mkfile {
    /// The file `path` with permissions `mode` and the content `data`.
    pub fn new(path: &str, mode: u32, data: impl Into<Vec<u8>>) -> Self {
        let (path, mode, data) = (path::absolute(path), wire_mode(mode & 0o777), data.into());
        Self {
            owner: None,
            wire: pb::FileActionMkFile {
                path,
                mode,
                data,
                owner: None,
                timestamp: KEEP_TIME,
            },
        }
    }
}

/// Removes a file or a directory with all that is in it.
#[derive(Debug, Clone)]
pub struct Rm {
    wire: pb::FileActionRm,
}

impl Rm {
    /// The file or directory `path`.
    pub fn new(path: &str) -> Self {
        Self {
            wire: pb::FileActionRm {
                path: path::absolute(path),
                ..pb::FileActionRm::default()
            },
        }
    }

    /// No error if it is not there.
    #[must_use]
    pub fn allow_not_found(mut self) -> Self {
        self.wire.allow_not_found = true;
        self
    }

    /// Takes the path as a pattern.
    #[must_use]
    pub fn wildcard(mut self) -> Self {
        self.wire.allow_wildcard = true;
        self
    }
}

/// Makes a symlink.
#[derive(Debug, Clone)]
pub struct Symlink {
    owner: Option<Owner>,
    wire: pb::FileActionSymlink,
}

owner_and_time!(Symlink);

impl Symlink {
    /// The symlink `at` that points to `target`. Both as given: BuildKit resolves neither.
    pub fn new(target: impl Into<String>, at: impl Into<String>) -> Self {
        let (oldpath, newpath) = (target.into(), at.into());
        Self {
            owner: None,
            wire: pb::FileActionSymlink {
                oldpath,
                newpath,
                owner: None,
                timestamp: KEEP_TIME,
            },
        }
    }
}
