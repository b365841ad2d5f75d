//! Which files a `//go:embed` pattern stands for: what `go list` calls EmbedFiles. Listing
//! directories is the caller's.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::chars::is_letter;
use super::glob::{self, Glob};
use crate::limits;

/// What a name in a directory is, links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symlink, wherever it leads.
    Symlink,
    /// Anything else.
    Other,
}

/// The names in a directory with their kinds, sorted by name.
pub type Listing = Rc<[(String, NodeKind)]>;

/// Lists a directory, given its path relative to the package's directory ("" for itself, else
/// `a/b`); `None` if no such directory exists. Where the path passes a symlink to a directory the
/// link should be followed if it can be. Asked for one directory many times.
pub(crate) type ListDir<'a> = dyn Fn(&str) -> Option<Listing> + 'a;

/// Why a pattern cannot be embedded. `Display` gives Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern {pattern}: {message}")]
#[non_exhaustive]
pub struct EmbedError {
    /// The pattern, with its `all:`.
    pub pattern: String,
    /// What is wrong, in Go's words.
    pub message: String,
}

/// The files that one pattern matches: paths relative to the package's directory, sorted, each
/// once.
///
/// # Errors
/// Where `go build` would refuse the pattern: bad syntax, no match, a symlink or other irregular
/// file, a directory of another module or without embeddable files, a name no module can hold.
pub fn resolve(pattern: &str, list: &ListDir) -> Result<Vec<String>, EmbedError> {
    resolve_within(pattern, list, &Cell::new(usize::MAX))
}

/// The same, within a budget that other patterns share: names that are compared with wildcards, and
/// files that are found.
///
/// # Errors
/// As [`resolve`], and where the budget is used up.
pub fn resolve_within(
    pattern: &str,
    list: &ListDir,
    budget: &Cell<usize>,
) -> Result<Vec<String>, EmbedError> {
    let fail = |message: String| EmbedError {
        pattern: pattern.to_owned(),
        message,
    };
    let (all, glob) = pattern
        .strip_prefix("all:")
        .map_or((false, pattern), |glob| (true, glob));
    let elements = elements(glob).ok_or_else(|| fail("invalid pattern syntax".to_owned()))?;
    let resolver = Resolver { list, all, budget };
    let mut files = BTreeSet::new();
    for (path, kind) in resolver.glob(&elements).map_err(fail)? {
        resolver.take(&path, kind, &mut files).map_err(fail)?;
    }
    if files.is_empty() {
        return Err(fail("no matching files found".to_owned()));
    }
    Ok(files.into_iter().collect())
}

/// The files that all patterns match together, sorted, each once; the first error in the patterns'
/// order (Go's is their sorted order).
///
/// # Errors
/// As [`resolve`].
pub fn resolve_all<'p>(
    patterns: impl IntoIterator<Item = &'p str>,
    list: &ListDir,
) -> Result<Vec<String>, EmbedError> {
    let mut files = BTreeSet::new();
    for pattern in patterns {
        files.extend(resolve(pattern, list)?);
    }
    Ok(files.into_iter().collect())
}

/// The elements of a pattern that Go accepts.
fn elements(glob: &str) -> Option<Vec<&str>> {
    if glob.is_empty() {
        return None;
    }
    let elements: Vec<&str> = glob.split('/').collect();
    let valid =
        |element: &&str| !matches!(*element, "" | "." | "..") && glob::matches(element, "").is_ok();
    elements.iter().all(valid).then_some(elements)
}

struct Resolver<'a> {
    list: &'a ListDir<'a>,
    /// Whether hidden files of directories count.
    all: bool,
    budget: &'a Cell<usize>,
}

impl Resolver<'_> {
    fn names(&self, dir: &str) -> Listing {
        (self.list)(dir).unwrap_or_default()
    }

    /// Takes what work costs from the budget.
    fn spend(&self, cost: usize) -> Result<(), String> {
        let left = self.budget.get().checked_sub(cost).ok_or_else(|| {
            format!(
                "the patterns of the repository take more than {} steps, gowork's limit",
                limits::EMBED_STEPS
            )
        })?;
        self.budget.set(left);
        Ok(())
    }

    /// All paths that match, in Go's order: element by element, names sorted. Elements before the
    /// first glob are taken as they are written.
    fn glob(&self, elements: &[&str]) -> Result<Vec<(String, NodeKind)>, String> {
        let mut found = vec![(String::new(), NodeKind::Dir)];
        let mut literal = true;
        for element in elements {
            literal &= !glob::has_meta(element);
            let wildcards = Glob::new(element).map_err(|error| error.to_string())?;
            let mut next = Vec::new();
            for (dir, kind) in found {
                if matches!(kind, NodeKind::File | NodeKind::Other) {
                    continue;
                }
                if literal {
                    next.extend(
                        self.kind(&dir, element)
                            .map(|kind| (join(&dir, element), kind)),
                    );
                    continue;
                }
                let names = self.names(&dir);
                self.spend(names.len().saturating_mul(wildcards.cost()))?;
                let fitting = names.iter().filter(|(name, _)| wildcards.matches(name));
                next.extend(fitting.map(|(name, kind)| (join(&dir, name), *kind)));
            }
            found = next;
        }
        Ok(found)
    }

    /// Adds the files that one matching path stands for.
    fn take(&self, path: &str, kind: NodeKind, files: &mut BTreeSet<String>) -> Result<(), String> {
        let what = if kind == NodeKind::Dir {
            "directory"
        } else {
            "file"
        };
        self.check_place(path, kind)
            .map_err(|why| format!("cannot embed {what} {path}: {why}"))?;
        match kind {
            NodeKind::File => {
                files.insert(path.to_owned());
                self.spend(1)
            }
            NodeKind::Dir => match self.walk(path, files)? {
                0 => Err(format!(
                    "cannot embed directory {path}: contains no embeddable files"
                )),
                _ => Ok(()),
            },
            NodeKind::Symlink | NodeKind::Other => {
                Err(format!("cannot embed irregular file {path}"))
            }
        }
    }

    /// Checks that a module can hold the path: no directory on it starts another module, is a
    /// symlink or has a name no module has.
    fn check_place(&self, path: &str, kind: NodeKind) -> Result<(), String> {
        let mut dir = path;
        loop {
            let (parent, name) = dir.rsplit_once('/').unwrap_or(("", dir));
            let at_path = dir.len() == path.len();
            if (!at_path || matches!(kind, NodeKind::Dir | NodeKind::Symlink))
                && self.is_module(dir)
            {
                return Err("in different module".to_owned());
            }
            if !at_path && self.kind(parent, name) != Some(NodeKind::Dir) {
                return Err(format!("in non-directory {dir}"));
            }
            if is_bad_name(name) {
                return Err(if at_path {
                    format!("invalid name {name}")
                } else {
                    format!("in invalid directory {name}")
                });
            }
            if parent.is_empty() {
                return Ok(());
            }
            dir = parent;
        }
    }

    fn kind(&self, dir: &str, name: &str) -> Option<NodeKind> {
        let names = (self.list)(dir)?;
        let at = names
            .binary_search_by(|(other, _)| other.as_str().cmp(name))
            .ok()?;
        Some(names[at].1)
    }

    /// Whether the directory holds a go.mod, whatever it is.
    fn is_module(&self, dir: &str) -> bool {
        self.kind(dir, "go.mod").is_some()
    }

    /// Adds the embeddable files below a directory and counts them, in Go's order, which decides
    /// the first error. Iterative: trees may be deep.
    fn walk(&self, root: &str, files: &mut BTreeSet<String>) -> Result<usize, String> {
        let mut count = 0;
        let mut pending = vec![(root.to_owned(), NodeKind::Dir)];
        while let Some((path, kind)) = pending.pop() {
            let name = path.rsplit('/').next().unwrap_or(&path);
            let hidden = name.starts_with(['.', '_']);
            let bad = is_bad_name(name);
            if path != root && (bad || hidden && !self.all) {
                if bad && !hidden && kind != NodeKind::Dir {
                    return Err(format!("cannot embed file {path}: invalid name {name}"));
                }
            } else if kind == NodeKind::Dir {
                if !self.is_module(&path) {
                    let names = self.names(&path);
                    self.spend(names.len())?;
                    pending.extend(
                        names
                            .iter()
                            .rev()
                            .map(|(name, kind)| (join(&path, name), *kind)),
                    );
                }
            } else if kind == NodeKind::File {
                count += 1;
                files.insert(path);
            }
        }
        Ok(count)
    }
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() {
        name.to_owned()
    } else {
        format!("{dir}/{name}")
    }
}

/// Whether no module can hold a file of this name (x/mod's `CheckFilePath`), or it is version
/// control's.
fn is_bad_name(name: &str) -> bool {
    const WINDOWS: &[&str] = &[
        "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
        "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
    ];
    let allowed = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "!#$%&()+,-.=@[]^_{}~ ".contains(c),
        false => is_letter(c),
    };
    let stem = name.split('.').next().unwrap_or(name);
    // Ends in a dot, or is nothing but dots.
    name.is_empty()
        || name.ends_with('.')
        || !name.chars().all(allowed)
        || WINDOWS
            .iter()
            .any(|reserved| stem.eq_ignore_ascii_case(reserved))
        || matches!(name, ".bzr" | ".hg" | ".git" | ".svn")
}
