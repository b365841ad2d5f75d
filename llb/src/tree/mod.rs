//! What the library may see of the world: a read-only tree of files, asked in batches.
//!
//! Owns paths, listings and contents. Does not own what they mean: nothing here knows Go.

mod ignore;
mod laid;
#[cfg(feature = "local")]
mod local;
mod mem;
mod path;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::limits;

pub use ignore::{Ignore, IgnoreRule, IgnoringTree};
pub use laid::LaidTree;
#[cfg(feature = "local")]
pub use local::LocalTree;
pub use mem::MemTree;
pub use path::{TreePath, TreePathError, below};

/// A read-only source tree. Paths are relative, UTF-8, slash-separated, and never climb out. Both
/// calls take many paths and answer in order: one round trip to a remote tree, one loop for a local
/// one.
pub trait SourceTree: Send + Sync {
    /// The entries of each directory, sorted by name.
    fn list(&self, dirs: &[TreePath]) -> Vec<Result<Vec<Entry>, TreeError>>;

    /// The contents of each file of up to [`limits::FILE`] bytes; symlinks are followed inside the
    /// tree.
    fn read(&self, files: &[TreePath]) -> Vec<Result<Vec<u8>, TreeError>>;

    /// The target of a symlink, as written; `None` for other entries, and in trees that have none.
    fn link(&self, path: &TreePath) -> Option<String> {
        let _ = path;
        None
    }

    /// Gives `take` the first `length` bytes of each file, or all of one that has fewer, in order.
    /// A tree may give more.
    fn heads(
        &self,
        files: &[TreePath],
        length: usize,
        take: &mut dyn FnMut(Result<Head<'_>, TreeError>),
    ) {
        let _ = length;
        for text in self.read(files) {
            take(
                text.as_ref()
                    .map(|text| Head {
                        bytes: text,
                        size: text.len() as u64,
                    })
                    .map_err(Clone::clone),
            );
        }
    }
}

/// A name of a directory's entry as a tree shows it. What is not UTF-8 in it becomes U+FFFD, which
/// no file of a module may have in its name (module.CheckFilePath): so it can be seen that a
/// pattern would embed it, and nothing else can be made of it.
pub fn shown_name(name: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(name)
}

/// How many symlinks a path may lead through, as on Linux.
const MAX_LINKS: usize = 40;

/// Every further path that a file is read through, where symlinks lead to it: those symlinks, and
/// the file. Nothing, where none is on the way, or one leads out of the tree.
pub fn followed(tree: &dyn SourceTree, file: &TreePath) -> Vec<TreePath> {
    followed_by(&|path| tree.link(path), file)
}

/// The symlinks that a path leads through, itself included, with what they say.
pub(crate) fn links_to(tree: &dyn SourceTree, path: &TreePath) -> BTreeMap<TreePath, String> {
    let links = RefCell::new(BTreeMap::new());
    let noted = |path: &TreePath| {
        let says = tree.link(path)?;
        links.borrow_mut().insert(path.clone(), says.clone());
        Some(says)
    };
    followed_by(&noted, path);
    links.into_inner()
}

/// As [`followed`], where `link_at` returns the target of a symlink.
pub(crate) fn followed_by(
    link_at: &dyn Fn(&TreePath) -> Option<String>,
    file: &TreePath,
) -> Vec<TreePath> {
    let mut through = Vec::new();
    let mut at = file.clone();
    for _ in 0..MAX_LINKS {
        let mut above: Vec<TreePath> =
            std::iter::successors(Some(at.clone()), TreePath::parent).collect();
        above.reverse();
        let Some((link, target)) = above
            .into_iter()
            .find_map(|path| Some((path.clone(), link_at(&path)?)))
        else {
            through.extend((at != *file).then_some(at));
            return through;
        };
        let rest = at.strip_dir(&link).unwrap_or_default();
        let next = link
            .parent()
            .and_then(|dir| dir.join(&target).ok())
            .and_then(|target| target.join(rest).ok());
        let Some(next) = next else { break };
        through.extend((link != *file).then_some(link));
        at = next;
    }
    Vec::new()
}

/// How a file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head<'a> {
    /// Its first bytes.
    pub bytes: &'a [u8],
    /// How many it has in all.
    pub size: u64,
}

impl Head<'_> {
    /// Whether this is the whole file.
    pub(crate) fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.size
    }
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Last path element.
    pub name: String,
    /// What it is, links not followed.
    pub kind: EntryKind,
}

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symlink to a regular file.
    LinkToFile,
    /// A symlink to a directory.
    LinkToDir,
    /// A broken symlink, or one that leaves the tree.
    BrokenLink,
    /// A device, socket or pipe.
    Other,
}

/// Why a path could not be listed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// No such file or directory.
    #[error("{0}: no such file or directory")]
    NotFound(TreePath),
    /// A file that is larger than [`limits::FILE`].
    #[error(
        "{path}: {size} bytes, more than gowork reads of a file ({})",
        limits::FILE
    )]
    TooLarge {
        /// The path asked for.
        path: TreePath,
        /// Bytes it has.
        size: u64,
    },
    /// Anything else the operating system says.
    #[error("{path}: {message}")]
    Io {
        /// The path asked for.
        path: TreePath,
        /// The system's words.
        message: String,
    },
}
