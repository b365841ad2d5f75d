//! Modules that lie in named contexts of the build: directories outside of the repository that go.work
//! and go.mod name, and what takes the place of a module.
//!
//! Each context is laid over the repository in a directory of its own, and the mod files are changed
//! to name that directory. From then on it is a directory of the repository like any other.

use std::collections::{BTreeMap, BTreeSet};

use super::ModTexts;
use super::module::{Root, RootKind, Workspace};
use crate::gomod::path::last_name;
use crate::gomod::redirect::{DirectoryLine, Redirect, redirected};
use crate::gomod::write::word;
use crate::gomod::{ModFile, Replace, WorkFile};
use crate::tree::TreePath;

/// Where contexts are laid over the repository.
const CONTEXTS_DIR: &str = ".gowork-contexts";

/// Where the context `name` is laid over the repository. No other name has this directory or one
/// below it: names of contexts have no `+`.
fn dir_of(name: &str) -> TreePath {
    TreePath::ROOT
        .child(CONTEXTS_DIR)
        .child(&name.replace('/', "+"))
}

/// Whether a file or directory lies in a context.
pub fn is_of_context(path: &TreePath) -> bool {
    path.as_str().starts_with(CONTEXTS_DIR) && path.is_under(&TreePath::ROOT.child(CONTEXTS_DIR))
}

/// What named contexts are to a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlacedContexts {
    /// The directory that each context is laid at, by its name.
    pub dirs: BTreeMap<String, TreePath>,
    /// The mod files that name these directories.
    pub texts: BTreeMap<TreePath, String>,
}

/// Which of the contexts `names` have modules of the repository with these mod files. A context
/// stands for
///
/// - a directory outside of the repository that a `use` or `replace` line names, by the last elements
///   of the directory, or by the module path: of the one that is replaced, or one that ends like the
///   directory of a `use` line;
/// - a module that mod files name in any other way, by its path.
///
/// Names are compared in lower case, since those of contexts have no capital letters.
pub fn place(texts: &ModTexts, workspace: &Workspace, names: &BTreeSet<String>) -> PlacedContexts {
    let mut placed = PlacedContexts::default();
    if names.is_empty() {
        return placed;
    }
    let vendored = vendored_files(workspace);
    // A member cannot be replaced.
    let mut by_use: BTreeSet<(TreePath, String)> = BTreeSet::new();
    let laid: BTreeMap<TreePath, &String> = names.iter().map(|name| (dir_of(name), name)).collect();
    let is_laid = |base: &TreePath, dir: &str| laid.get(&base.join(dir).ok()?).copied();
    for (path, text) in texts {
        if !matches!(path.name(), "go.mod" | "go.work") {
            continue;
        }
        let base = path.parent().unwrap_or_default();
        let is_vendored = vendored.contains(path);
        let new = redirected(path.as_str(), text, |line| {
            let found = match line {
                DirectoryLine::Use(dir, _) => {
                    let found = is_laid(&base, dir).map(String::as_str).or_else(|| {
                        outside(&base, dir).and_then(|outside| of_directory(&outside, None, names))
                    });
                    by_use.extend(found.map(|name| (path.clone(), name.to_owned())));
                    found
                }
                DirectoryLine::Replace(_) if is_vendored => None,
                DirectoryLine::Replace(replace) if replace.new_version.is_empty() => {
                    let (old, new) = (&replace.old_path, &replace.new_path);
                    is_laid(&base, new).map(String::as_str).or_else(|| {
                        outside(&base, new)
                            .and_then(|outside| of_directory(&outside, Some(old), names))
                    })
                }
                DirectoryLine::Replace(_) => None,
            };
            match found {
                Some(name) => Redirect::To(placed.lay(name, &base)),
                None => Redirect::Keep,
            }
        });
        if new != *text {
            placed.texts.insert(path.clone(), new);
        }
    }
    for root in &workspace.roots {
        for (module, name) in modules_of(workspace, root, names) {
            let work = root.dir.child("go.work");
            if root.vendored || by_use.contains(&(work, name.to_owned())) {
                continue;
            }
            placed.replace_module(texts, workspace, root, (&module, name));
        }
    }
    placed
}

impl PlacedContexts {
    /// Lays a context, and returns its directory as a mod file in `base` names it.
    fn lay(&mut self, name: &str, base: &TreePath) -> String {
        let dir = dir_of(name);
        let seen = dir.seen_from(base);
        self.dirs.insert(name.to_owned(), dir);
        if seen.starts_with("../") {
            seen
        } else {
            format!("./{seen}")
        }
    }

    /// Puts the context in place of a module in one root: of a member, or of what is required.
    fn replace_module(
        &mut self,
        texts: &ModTexts,
        workspace: &Workspace,
        root: &Root,
        (module, name): (&str, &str),
    ) {
        let file = match root.kind {
            RootKind::Workspace(_) => root.dir.child("go.work"),
            RootKind::Module => root.dir.child("go.mod"),
        };
        let Some(text) = self.texts.get(&file).or_else(|| texts.get(&file)) else {
            return;
        };
        let member = root
            .members
            .iter()
            .map(|&ix| workspace.module(ix))
            .find(|member| member.path.as_str() == module);
        let text = text.clone();
        let to = self.lay(name, &root.dir);
        if let Some(member) = member {
            if member.dir != dir_of(name) {
                let new = redirected(file.as_str(), &text, |line| match line {
                    DirectoryLine::Use(dir, _)
                        if root.dir.join(dir).is_ok_and(|dir| dir == member.dir) =>
                    {
                        Redirect::To(to.clone())
                    }
                    _ => Redirect::Keep,
                });
                self.texts.insert(file, new);
            }
            return;
        }
        let is_done = |replace: &Replace| {
            replace.old_path == module && replace.old_version.is_empty() && replace.new_path == to
        };
        let lines = match root.kind {
            RootKind::Workspace(_) => WorkFile::parse(file.as_str(), text.as_bytes()).0.replace,
            RootKind::Module => ModFile::parse(file.as_str(), text.as_bytes()).0.replace,
        };
        if lines.iter().any(is_done) {
            return;
        }
        // One line for all versions takes the place of those that are there. In go.work it also
        // overrides those of the members.
        let mut new = redirected(file.as_str(), &text, |line| match line {
            DirectoryLine::Replace(replace) if replace.old_path == module => Redirect::Remove,
            _ => Redirect::Keep,
        });
        if !new.ends_with('\n') {
            new.push('\n');
        }
        new.push_str(&format!("replace {} => {}\n", word(module), word(&to)));
        self.texts.insert(file, new);
    }
}

/// The names of contexts that the mod files would take: modules by their paths, and directories
/// outside of the repository.
pub fn names(texts: &ModTexts, workspace: &Workspace) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for root in &workspace.roots {
        names.extend(module_paths(workspace, root).map(str::to_lowercase));
    }
    for (path, text) in texts {
        let base = path.parent().unwrap_or_default();
        for dir in named(path, text) {
            names.extend(outside(&base, &dir).and_then(|dir| usual_name(&dir)));
        }
    }
    names
}

/// The name of a context for a directory outside of the repository: its last element. Returns `None`
/// if it has none that a context can have.
pub(super) fn usual_name(dir: &str) -> Option<String> {
    let last = dir.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_name = last.starts_with(|c: char| c.is_ascii_alphanumeric())
        && last
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    is_name.then_some(last)
}

/// The directories that the `use` and `replace` lines of a mod file name, as written.
pub(super) fn named(path: &TreePath, text: &str) -> Vec<String> {
    let (uses, replaces) = match path.name() {
        "go.work" => {
            let file = WorkFile::parse(path.as_str(), text.as_bytes()).0;
            (file.uses, file.replace)
        }
        "go.mod" => (
            Vec::new(),
            ModFile::parse(path.as_str(), text.as_bytes()).0.replace,
        ),
        _ => return Vec::new(),
    };
    let is_dir = |replace: &Replace| replace.new_version.is_empty();
    let replaced = replaces.into_iter().filter(is_dir);
    let used = uses.into_iter().map(|entry| entry.dir);
    used.chain(replaced.map(|replace| replace.new_path))
        .collect()
}

/// The directory `path`, which a mod file in `base` names, as seen from the root of the repository,
/// if it lies outside: `../lib`. A context is a repository of its own.
pub(super) fn outside(base: &TreePath, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return Some(path.trim_end_matches('/').to_owned());
    }
    let contexts = TreePath::ROOT.child(CONTEXTS_DIR);
    let inner = base
        .strip_dir(&contexts)
        .and_then(|below| below.split_once('/').map(|(_, rest)| rest).or(Some("")));
    let base = inner.unwrap_or(base.as_str());
    let mut up = 0;
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    up += 1;
                }
            }
            part => parts.push(part),
        }
    }
    (up > 0).then(|| {
        let climbed = std::iter::repeat_n("..", up);
        climbed.chain(parts).collect::<Vec<_>>().join("/")
    })
}

/// The context of a directory outside of the repository, which stands in for `module` if it
/// replaces one.
fn of_directory<'n>(
    dir: &str,
    module: Option<&str>,
    names: &'n BTreeSet<String>,
) -> Option<&'n str> {
    if let Some(name) = module.and_then(|module| names.get(&module.to_lowercase())) {
        return Some(name);
    }
    let dir = dir.to_lowercase();
    let parts: Vec<&str> = dir.split('/').filter(|part| *part != "..").collect();
    let by_end = (0..parts.len()).find_map(|from| names.get(&parts[from..].join("/")));
    if by_end.is_some() || module.is_some() {
        return by_end.map(String::as_str);
    }
    // The path of a module that is not known yet.
    let mut alike = names
        .iter()
        .filter(|name| name.contains('.') && parts.last() == Some(&last_name(name)));
    match (alike.next(), alike.next()) {
        (Some(name), None) => Some(name),
        _ => None,
    }
}

/// The paths of modules that mod files of a root name.
fn module_paths<'a>(workspace: &'a Workspace, root: &'a Root) -> impl Iterator<Item = &'a str> {
    let required = root
        .modules()
        .flat_map(|ix| &workspace.module(ix).file.require)
        .map(|require| require.path.as_str());
    let replaced = root.replace.iter().map(|replace| replace.old_path.as_str());
    // The one module of a root is what is built.
    let members = root.members.iter().filter(|_| root.is_workspace());
    let members = members.map(|&ix| workspace.module(ix).path.as_str());
    required
        .chain(replaced)
        .chain(members)
        .filter(|path| !path.is_empty())
}

/// The modules of a root that have contexts of their path, with the names of these.
fn modules_of<'n>(
    workspace: &Workspace,
    root: &Root,
    names: &'n BTreeSet<String>,
) -> BTreeMap<String, &'n str> {
    module_paths(workspace, root)
        .filter_map(|path| Some((path.to_owned(), names.get(&path.to_lowercase())?.as_str())))
        .collect()
}

/// The mod files of roots that are vendored: what they replace is in the vendor directory.
fn vendored_files(workspace: &Workspace) -> BTreeSet<TreePath> {
    let vendored = workspace.roots.iter().filter(|root| root.vendored);
    vendored
        .flat_map(|root| {
            let members = root.members.iter().map(|&ix| &workspace.module(ix).dir);
            let files = members.map(|dir| dir.child("go.mod"));
            files.chain([root.dir.child("go.work")])
        })
        .collect()
}
