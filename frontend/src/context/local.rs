//! Directories of the client as sources: which part of one, under which cache key.

use gowork_llb::ops::Output;
use gowork_llb::ops::source::{Differ, Local};

/// The file that says what is ignored.
pub(super) const IGNORE_FILE: &str = ".dockerignore";

/// What stands before housekeeping in the progress output.
pub(super) const INTERNAL: &str = "[internal]";

/// Which part of the context a source is to have.
///
/// BuildKit keeps what the client sent, by name and hint: two sets of files under one hint throw
/// each other's out at every build. So every kind of subset has a hint of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter<'a> {
    /// Everything that is not ignored.
    Whole,
    /// A listing of everything that is not ignored (`.fsutil-metadata`), and the contents of what
    /// matches `contents`. Symlinks are only listed. The whole context where the daemon cannot list
    /// ([`Context::can_list`](super::Context::can_list)).
    Listing {
        /// What they are for, one word: part of the cache key.
        hint: &'a str,
        /// Patterns as in `.dockerignore`: `**/*.go`.
        contents: &'a [String],
    },
    /// Only these paths, and what their symlinks lead to.
    Paths {
        /// What they are for, one word: part of the cache key.
        hint: &'a str,
        /// Relative to the context's root; may have wildcards.
        paths: &'a [String],
    },
}

/// A path in the form that the client takes, which reads wildcards in it: a character that would be
/// one stands for any character. A file too many does no harm, since steps copy theirs by name.
pub(crate) fn transfer_pattern(path: &str) -> String {
    path.replace(['*', '[', ']', '\\'], "?")
}

/// A directory of the client.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    /// The name under which it is shared.
    pub(super) name: String,
    /// The session that shares it.
    pub(super) session: String,
    /// First part of the cache keys.
    pub(super) hint: String,
    /// What the progress output puts before its steps: `[internal]`.
    pub(super) group: String,
    /// What the progress output calls it.
    pub(super) shown: String,
    /// Ignored paths.
    pub(super) excludes: Vec<String>,
}

impl Directory {
    /// The part of the directory that `filter` says.
    pub(super) fn source(&self, filter: &Filter) -> Output {
        let local = Local::new(&self.name)
            .session(&self.session)
            .exclude(&self.excludes);
        let (suffix, verb, local) = match filter {
            Filter::Whole => (String::new(), "load", local),
            Filter::Listing { hint, contents } => {
                (format!("-{hint}"), "list", local.metadata_only(*contents))
            }
            Filter::Paths { hint, paths } => (format!("-{hint}"), "load", local.follow(*paths)),
        };
        local
            .shared_key_hint(&format!("{}{suffix}", self.hint))
            .named(format!("{} {verb} {}", self.group, self.shown))
            .output()
    }

    /// A few small files, always sent anew: their time stamps may lie.
    pub(super) fn files(&self, paths: &[String], suffix: &str, shown: &str) -> Output {
        let local = Local::new(&self.name)
            .session(&self.session)
            .follow(paths)
            .differ(Differ::None);
        local
            .shared_key_hint(&format!("{}{suffix}", self.hint))
            .named(format!("{} load {shown}", self.group))
            .output()
    }
}
