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
    /// The repository in `.git`, as far as git reads it to describe a commit.
    Repository {
        /// Whether with all other files that are not ignored, to compare them with the commit.
        work_tree: bool,
    },
}

/// What a listing has no use for: with the names of git's objects, each commit would be a change.
const BELOW_GIT: &str = ".git/*";

/// What git reads of `.git` to find a commit and its tags. Nothing else there decides about them, so
/// nothing else keys the step.
const GIT_FILES: [&str; 7] = [
    ".git/HEAD",
    ".git/config",
    ".git/objects",
    ".git/packed-refs",
    ".git/refs",
    ".git/reftable",
    ".git/shallow",
];

/// What git does not read of `.git` to compare files with a commit, and what is large or changes
/// often: notes of what was done, programs, files of other work trees and repositories.
const NOT_READ: [&str; 9] = [
    ".git/*_HEAD",
    ".git/COMMIT_EDITMSG",
    ".git/branches",
    ".git/hooks",
    ".git/lfs",
    ".git/logs",
    ".git/modules",
    ".git/refs/remotes",
    ".git/worktrees",
];

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
            Filter::Repository { work_tree: false } => {
                ("-git".to_owned(), "load .git of", local.follow(GIT_FILES))
            }
            Filter::Repository { work_tree: true } => {
                let not_read = NOT_READ.map(ToOwned::to_owned);
                let excludes = [&self.excludes, &not_read[..]].concat();
                (
                    "-checkout".to_owned(),
                    "load checkout in",
                    local.exclude(excludes),
                )
            }
            Filter::Listing { hint, contents } => {
                let excludes = [&self.excludes, &[BELOW_GIT.to_owned()][..]].concat();
                let listed = local.exclude(excludes).metadata_only(*contents);
                (format!("-{hint}"), "list", listed)
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
