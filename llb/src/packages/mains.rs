//! Which packages the pattern `...` matches, and which of them are mains.

use std::collections::BTreeMap;

use super::scan::{Owners, Scan, ScannedDir};
use super::walk::is_walked;
use crate::gosrc::{self, BuildContext};
use crate::tree::TreePath;
use crate::workspace::{ModuleIx, RootIx, Workspace};

/// A `package main` of a root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Main {
    /// Import path.
    pub path: String,
    /// Its directory.
    pub dir: TreePath,
}

impl Main {
    /// As [`super::Package::binary_name`].
    pub fn binary_name(&self) -> &str {
        super::graph::binary_name(&self.path)
    }
}

/// A directory with source files that the pattern `...` matches.
#[derive(Debug, Clone)]
pub struct Matched<'a> {
    /// Import path of the package that it may hold, in some build context.
    pub path: String,
    /// The directory.
    pub dir: TreePath,
    /// What was found in it.
    pub scanned: &'a ScannedDir,
}

/// Every directory that the pattern `...` matches in the members of a root, sorted by import path.
pub fn matched<'a>(scan: &'a Scan, workspace: &Workspace, root: RootIx) -> Vec<Matched<'a>> {
    let members = workspace.root(root).members.iter().map(|&ix| (workspace.module(ix).dir.as_str(), ix));
    let members: BTreeMap<&str, ModuleIx> = members.collect();
    let owners = Owners::new(&scan.mod_files);
    let mut matched = Vec::new();
    for (dir, scanned) in &scan.dirs {
        let Some(&ix) = owners.of(dir).and_then(|module| members.get(module)) else { continue };
        if is_matched(workspace, ix, dir) {
            let module = workspace.module(ix);
            matched.push(Matched { path: import_path(&module.path, &module.dir, dir), dir: dir.clone(), scanned });
        }
    }
    // A stable order also where two modules have one path.
    matched.sort_by(|a, b| (&a.path, &a.dir).cmp(&(&b.path, &b.dir)));
    matched
}

/// Every `package main` that the pattern `...` matches in the members of a root and that a binary can be made of, sorted by import path: it has a file
/// that is no test and asks for no cgo that is missing, as `go build ./...` wants it, and `func main`, as the linker does.
pub fn mains(scan: &Scan, workspace: &Workspace, root: RootIx, context: &BuildContext) -> Vec<Main> {
    programs(scan, workspace, root, context, true)
}

/// The others: every `package main` that compiles, but declares no `func main`, such as a plugin.
pub fn mains_without_func(scan: &Scan, workspace: &Workspace, root: RootIx, context: &BuildContext) -> Vec<Main> {
    programs(scan, workspace, root, context, false)
}

fn programs(scan: &Scan, workspace: &Workspace, root: RootIx, context: &BuildContext, with_func: bool) -> Vec<Main> {
    let is_asked = |found: &Matched<'_>| {
        let files = &found.scanned.files;
        gosrc::package_name(files, context) == "main"
            && gosrc::is_compiled(files, context)
            && gosrc::declares_main(files, context) == with_func
    };
    let programs = matched(scan, workspace, root).into_iter().filter(is_asked);
    programs.map(|found| Main { path: found.path, dir: found.dir }).collect()
}

pub(super) fn import_path(module: &str, module_dir: &TreePath, dir: &TreePath) -> String {
    match dir.strip_dir(module_dir) {
        Some("") | None => module.to_owned(),
        Some(rest) => format!("{module}/{rest}"),
    }
}

/// Whether `...` in the module matches the directory `dir` of it: no element that the walk skips or closes, nor one that go.mod's `ignore` names
/// (`./a`: that directory; `a/b`: any directory whose path holds these elements).
fn is_matched(workspace: &Workspace, module: ModuleIx, dir: &TreePath) -> bool {
    let module = workspace.module(module);
    let Some(below) = dir.strip_dir(&module.dir) else { return false };
    if below.split('/').any(|element| !element.is_empty() && !is_walked(element)) || format!("/{below}").contains("/vendor/") {
        return false;
    }
    !module.file.ignore.iter().any(|ignore| is_ignored(below, &ignore.value))
}

fn is_ignored(below: &str, ignore: &str) -> bool {
    let ignore = ignore.trim_end_matches('/');
    match ignore.strip_prefix("./") {
        Some(prefix) => crate::workspace::is_path_prefix(prefix, below),
        None => format!("/{below}/").contains(&format!("/{ignore}/")),
    }
}
