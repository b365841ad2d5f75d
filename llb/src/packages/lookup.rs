//! Paths that programs open, looked up in a tree. Only what a program may want as data counts: no Go
//! sources, nothing hidden, no `testdata`.

use std::collections::BTreeMap;

use super::opened::OpenedFile;
use crate::gomod::FILE_NAMES;
use crate::gosrc::Opens;
use crate::gosrc::glob;
use crate::tree::{Entry, EntryKind, SourceTree, TreePath};

/// Files of a pattern that begins with a wildcard, which are named one by one.
const MAX_MATCHES: usize = 100;
/// What a configuration file may end in (github.com/spf13/viper, SupportedExts).
const CONFIG_ENDS: [&str; 12] = [
    "json",
    "toml",
    "yaml",
    "yml",
    "properties",
    "props",
    "prop",
    "hcl",
    "tfvars",
    "dotenv",
    "env",
    "ini",
];
/// Where test data is: no program is started for it.
const TESTDATA: &str = "testdata";

/// A tree, with what is known of it.
pub(super) struct Lookup<'a> {
    tree: &'a dyn SourceTree,
    dirs: BTreeMap<TreePath, Vec<Entry>>,
    /// Names looked at so far.
    pub(super) steps: usize,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(tree: &'a dyn SourceTree) -> Self {
        Self {
            tree,
            dirs: BTreeMap::new(),
            steps: 0,
        }
    }

    /// What a path leads to from a directory.
    pub(super) fn files(&mut self, base: &TreePath, path: &str, opens: Opens) -> Vec<OpenedFile> {
        let path = match opens {
            Opens::DirUrl => path.strip_prefix("file://").unwrap_or("/"),
            _ => path,
        };
        if !may_be_data(path) {
            return Vec::new();
        }
        if opens == Opens::Pattern {
            return self.matches(base, path);
        }
        self.named(base, path, opens).into_iter().collect()
    }

    fn named(&mut self, base: &TreePath, path: &str, opens: Opens) -> Option<OpenedFile> {
        let target = below(base, path)?;
        let is_dir = match self.kind(&target)? {
            EntryKind::File | EntryKind::LinkToFile => false,
            EntryKind::Dir | EntryKind::LinkToDir => true,
            EntryKind::BrokenLink | EntryKind::Other => return None,
        };
        let is_meant = match opens {
            Opens::File => !is_dir && is_data(target.name()),
            Opens::Any if !is_dir => is_data(target.name()),
            Opens::ConfigDir => is_dir && self.has_config(&target),
            Opens::Dir | Opens::Any | Opens::DirUrl | Opens::Pattern => {
                is_dir && self.has_data(&target)
            }
        };
        is_meant.then(|| OpenedFile {
            to: path.to_owned(),
            from: target,
            is_dir,
        })
    }

    /// What a pattern matches: the directory before its first wildcard. If no directory is before
    /// it, the files by name.
    fn matches(&mut self, base: &TreePath, pattern: &str) -> Vec<OpenedFile> {
        let elements: Vec<&str> = pattern
            .split('/')
            .filter(|element| !matches!(*element, "" | "."))
            .collect();
        let plain = elements
            .iter()
            .take_while(|element| !glob::has_meta(element))
            .count();
        let (dir, rest) = elements.split_at(plain);
        let Some((first, deeper)) = rest.split_first() else {
            return self.named(base, pattern, Opens::Any).into_iter().collect();
        };
        let dir = dir.join("/");
        let above = if dir.is_empty() {
            Some(base.clone())
        } else {
            below(base, &dir)
        };
        let Some(above) = above else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for entry in self.entries(&above) {
            let is_file = matches!(entry.kind, EntryKind::File | EntryKind::LinkToFile);
            let may_match = is_file && is_data(&entry.name) || !deeper.is_empty();
            if may_match && glob::matches(first, &entry.name) == Ok(true) {
                names.push(entry.name.clone());
            }
        }
        if names.is_empty() {
            return Vec::new();
        }
        if !dir.is_empty() {
            return vec![OpenedFile {
                from: above,
                to: dir,
                is_dir: true,
            }];
        }
        // Which of the directories have what is deeper is not looked at.
        if !deeper.is_empty() || names.len() > MAX_MATCHES {
            return Vec::new();
        }
        let file = |name: String| OpenedFile {
            from: above.child(&name),
            to: name,
            is_dir: false,
        };
        names.into_iter().map(file).collect()
    }

    fn entries(&mut self, dir: &TreePath) -> &[Entry] {
        let tree = self.tree;
        let steps = &mut self.steps;
        let entries = self.dirs.entry(dir.clone()).or_insert_with(|| {
            let listed = tree.list(std::slice::from_ref(dir)).pop();
            listed.and_then(Result::ok).unwrap_or_default()
        });
        *steps += entries.len() + 1;
        entries
    }

    fn kind(&mut self, path: &TreePath) -> Option<EntryKind> {
        let entries = self.entries(&path.parent()?);
        let at = entries.binary_search_by(|entry| entry.name.as_str().cmp(path.name()));
        Some(entries.get(at.ok()?)?.kind)
    }

    /// Whether a file that may be data is anywhere below a directory.
    fn has_data(&mut self, dir: &TreePath) -> bool {
        let mut open = vec![dir.clone()];
        while let Some(dir) = open.pop() {
            let mut below = Vec::new();
            for entry in self.entries(&dir) {
                match entry.kind {
                    EntryKind::File | EntryKind::LinkToFile if is_data(&entry.name) => return true,
                    EntryKind::Dir if entry.name != TESTDATA && !is_hidden(&entry.name) => {
                        below.push(dir.child(&entry.name));
                    }
                    _ => {}
                }
            }
            open.extend(below);
            if self.steps > crate::limits::OPEN_STEPS {
                break;
            }
        }
        false
    }

    fn has_config(&mut self, dir: &TreePath) -> bool {
        self.entries(dir).iter().any(|entry| {
            let end = entry.name.rsplit_once('.').map(|(_, end)| end);
            matches!(entry.kind, EntryKind::File | EntryKind::LinkToFile)
                && end.is_some_and(|end| CONFIG_ENDS.contains(&end))
        })
    }
}

/// Where a path leads, unless that is the directory itself or one above it.
fn below(base: &TreePath, path: &str) -> Option<TreePath> {
    let target = base.join(path).ok()?;
    (!base.is_under(&target)).then_some(target)
}

/// Whether a path in a program may be one of data in its repository.
fn may_be_data(path: &str) -> bool {
    let mut elements = path.split('/');
    !path.starts_with(['/', '~'])
        && !elements.any(|element| element == TESTDATA || is_hidden(element))
}

/// Whether a name begins as hidden ones do.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && !matches!(name, "." | ".." | ".well-known")
}

/// Whether a program may want a file of this name: not if it is there to build programs.
fn is_data(name: &str) -> bool {
    !is_hidden(name) && !name.ends_with(".go") && !FILE_NAMES.contains(&name)
}
