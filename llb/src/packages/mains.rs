//! Which packages the pattern `...` matches, and which of them are mains.

use std::collections::BTreeSet;

use super::owners::Owners;
use super::scanned::{Scan, ScannedDir};
use super::walk::is_walked;
use crate::diag::Diagnostic;
use crate::gomod::ImportPath;
use crate::gomod::path::with_parents;
use crate::gosrc::{self, BuildContext};
use crate::tree::{self, TreePath};
use crate::workspace::{Module, RootIx, Workspace};

/// A `package main` of a root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Main {
    /// Import path.
    pub path: ImportPath,
    /// Its directory.
    pub dir: TreePath,
}

/// A directory with source files that the pattern `...` matches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Matched<'a> {
    /// Import path of the package that it may hold, in some build context.
    pub path: ImportPath,
    /// The directory.
    pub dir: TreePath,
    /// What was found in it.
    pub scanned: &'a ScannedDir,
}

/// Every directory that the pattern `...` matches in the members of a root, sorted by import path.
pub fn matched<'a>(scan: &'a Scan, workspace: &Workspace, root: RootIx) -> Vec<Matched<'a>> {
    let members = || {
        workspace
            .root(root)
            .members
            .iter()
            .map(|&ix| workspace.module(ix))
    };
    let owners = Owners::below(&scan.mod_files, members().map(|module| &module.dir));
    let mut matched = Vec::new();
    for module in members() {
        let ignored = Ignored::of(module);
        for (dir, scanned) in tree::below(&scan.dirs, &module.dir) {
            let Some(below) = dir.strip_dir(&module.dir) else {
                continue;
            };
            if owners.of(dir) == Some(module.dir.as_str())
                && is_matched(below)
                && !ignored.has(below)
            {
                matched.push(Matched {
                    path: ImportPath::in_module(&module.path, below),
                    dir: dir.clone(),
                    scanned,
                });
            }
        }
    }
    // A stable order also where two modules have one path.
    matched.sort_by(|a, b| (&a.path, &a.dir).cmp(&(&b.path, &b.dir)));
    matched
}

/// Every `package main` that the pattern `...` matches in the members of a root and that a binary
/// can be made of, sorted by import path: it has a file that is not a test and does not need
/// missing cgo, as `go build ./...` wants it, and `func main`, as the linker does.
pub fn mains(
    scan: &Scan,
    workspace: &Workspace,
    root: RootIx,
    context: &BuildContext,
) -> Vec<Main> {
    programs(scan, workspace, root, context, true)
}

/// The others: every `package main` that compiles, but declares no `func main`, such as a plugin.
pub fn mains_without_func(
    scan: &Scan,
    workspace: &Workspace,
    root: RootIx,
    context: &BuildContext,
) -> Vec<Main> {
    programs(scan, workspace, root, context, false)
}

/// A directory that may hold a main: no Go file of it that a build takes can be read, not even the
/// package clause.
#[derive(Debug, Clone)]
pub(crate) struct Unknown {
    /// The main that it may be.
    pub(crate) main: Main,
    /// Its first file that cannot be read.
    pub(crate) file: TreePath,
    /// Why that cannot be read, as an error at the file.
    pub(crate) error: Diagnostic,
}

/// Every directory that the pattern `...` matches in the members of a root and that may or may not
/// hold a main: gowork cannot know. Sorted by import path.
pub(crate) fn unknown_mains(
    scan: &Scan,
    workspace: &Workspace,
    root: RootIx,
    context: &BuildContext,
) -> Vec<Unknown> {
    let mut unknown = Vec::new();
    for found in matched(scan, workspace, root) {
        let first = gosrc::unreadable_package(&found.scanned.files, context);
        let Some(source) = first.filter(|source| source.header.package.is_empty()) else {
            continue;
        };
        let file = found.dir.child(&source.name);
        if let Some(error) = source.diagnostic(file.as_str()) {
            let main = Main {
                path: found.path,
                dir: found.dir,
            };
            unknown.push(Unknown { main, file, error });
        }
    }
    unknown
}

fn programs(
    scan: &Scan,
    workspace: &Workspace,
    root: RootIx,
    context: &BuildContext,
    with_func: bool,
) -> Vec<Main> {
    let is_asked = |found: &Matched<'_>| {
        let files = &found.scanned.files;
        if let Some(file) = gosrc::unreadable_package(files, context) {
            // The loader reports what is wrong with the file.
            return with_func && file.header.package == "main";
        }
        gosrc::has_program(files, context) && gosrc::declares_main(files, context) == with_func
    };
    let programs = matched(scan, workspace, root).into_iter().filter(is_asked);
    programs
        .map(|found| Main {
            path: found.path,
            dir: found.dir,
        })
        .collect()
}

/// Whether `...` in a module matches the directory `below` it: no element that the walk skips or
/// closes.
fn is_matched(below: &str) -> bool {
    below
        .split('/')
        .all(|element| element.is_empty() || is_walked(element))
        && !format!("/{below}").contains("/vendor/")
}

/// What the `ignore` lines of a go.mod take off `...`: `./a` that directory; `a/b` any directory
/// whose path holds these elements.
struct Ignored<'a> {
    rooted: BTreeSet<&'a str>,
    anywhere: BTreeSet<&'a str>,
    /// Elements of the longest of `anywhere`.
    longest: usize,
}

impl<'a> Ignored<'a> {
    fn of(module: &'a Module) -> Self {
        let mut ignored = Self {
            rooted: BTreeSet::new(),
            anywhere: BTreeSet::new(),
            longest: 0,
        };
        for line in &module.file.ignore {
            let path = line.value.trim_end_matches('/');
            if let Some(path) = path.strip_prefix("./") {
                ignored.rooted.insert(path);
            } else {
                ignored.longest = ignored.longest.max(path.split('/').count());
                ignored.anywhere.insert(path);
            }
        }
        ignored
    }

    /// Whether the directory `below` the module's, or one above it, is ignored.
    fn has(&self, below: &str) -> bool {
        if with_parents(below).any(|dir| self.rooted.contains(dir)) {
            return true;
        }
        // The last elements of a directory, no more than an ignored path has: `c`, `b/c` of `a/b/c`.
        let ends_ignored = |dir: &str| {
            let slashes = dir.rmatch_indices('/').map(|(at, _)| at + 1);
            let mut starts = slashes.chain([0]).take(self.longest);
            starts.any(|start| self.anywhere.contains(&dir[start..]))
        };
        with_parents(below).any(ends_ignored)
    }
}
