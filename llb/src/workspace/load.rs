//! Mod files to roots.

use std::collections::{BTreeMap, BTreeSet};

use super::module::{Module, ModuleIx, ReplaceTarget, Root, RootKind, Workspace};
use super::{ModTexts, check};
use crate::diag::{Diagnostic, Span};
use crate::gomod::{ModFile, Replace, WorkFile};
use crate::tree::TreePath;

/// A workspace with what is to be said about its mod files.
#[derive(Debug, Clone)]
pub struct LoadedWorkspace {
    /// What was understood.
    pub workspace: Workspace,
    /// What is wrong; with any error the workspace must not be built.
    pub diagnostics: Vec<Diagnostic>,
}

/// Loads the workspace that the mod files `texts` describe. A go.work at the root makes it one workspace; without it every module that is
/// not only a replacement of another's requirement is a root of its own.
pub fn load(texts: &ModTexts) -> LoadedWorkspace {
    let mut loader = Loader::new(texts);
    let work = TreePath::ROOT.child("go.work");
    if let Some(text) = texts.get(&work) {
        let (file, diagnostics) = WorkFile::parse(work.as_str(), text.as_bytes());
        let sound = !diagnostics.iter().any(Diagnostic::is_error);
        loader.diagnostics.extend(diagnostics);
        if sound {
            loader.workspace_root(file);
        }
    } else {
        loader.module_roots();
    }
    loader.finish()
}

struct Loader<'a> {
    texts: &'a ModTexts,
    /// Modules parsed so far, by directory.
    modules: BTreeMap<TreePath, ModFile>,
    roots: Vec<Draft>,
    diagnostics: Vec<Diagnostic>,
}

/// A root whose modules are still named by directory.
struct Draft {
    dir: TreePath,
    kind: RootKind,
    members: BTreeSet<TreePath>,
    replaced: BTreeMap<String, (TreePath, String)>,
    vendored: bool,
}

impl<'a> Loader<'a> {
    fn new(texts: &'a ModTexts) -> Self {
        Self { texts, modules: BTreeMap::new(), roots: Vec::new(), diagnostics: Vec::new() }
    }

    /// Parses the go.mod in `dir` once. False where there is none.
    fn parse_module(&mut self, dir: &TreePath) -> bool {
        if self.modules.contains_key(dir) {
            return true;
        }
        let path = dir.child("go.mod");
        let Some(text) = self.texts.get(&path) else { return false };
        let (file, diagnostics) = ModFile::parse(path.as_str(), text.as_bytes());
        if file.module.is_none() && !diagnostics.iter().any(Diagnostic::is_error) {
            self.diagnostics.push(
                Diagnostic::error("no module declaration in go.mod")
                    .at(Span::at(path.as_str(), crate::diag::Position::new(1, 1)))
                    .help("add a line `module PATH`, for example with `go mod edit -module=PATH`"),
            );
        }
        self.diagnostics.extend(diagnostics);
        self.modules.insert(dir.clone(), file);
        true
    }

    fn workspace_root(&mut self, file: WorkFile) {
        let mut members = BTreeMap::new();
        for entry in &file.uses {
            let Some(dir) = check::inside(&TreePath::ROOT, &entry.dir, &entry.span, &mut self.diagnostics) else { continue };
            if let Some(first) = members.insert(dir.clone(), entry.span.clone()) {
                self.diagnostics.push(check::used_twice(&entry.dir, &entry.span, first));
            } else if !self.parse_module(&dir) {
                self.diagnostics.push(check::member_without_module(&dir, &entry.span, self.texts));
            }
            self.diagnostics.extend(check::main_module(&self.modules, &dir));
        }
        self.diagnostics.extend(check::members(&file, &members, &self.modules));
        let members: BTreeSet<TreePath> = members.into_keys().filter(|dir| self.modules.contains_key(dir)).collect();
        let replaces = check::effective_replaces(&file, &members, &self.modules, &mut self.diagnostics);
        self.add_root(TreePath::ROOT, RootKind::Workspace(file), members, &replaces);
    }

    /// Every go.mod is a root, but for those that another one replaces a requirement by and that hold no root of their own reason:
    /// they stay roots as well, since `go build` works in each.
    fn module_roots(&mut self) {
        let dirs: Vec<TreePath> = self.texts.keys().filter(|path| path.name() == "go.mod").filter_map(TreePath::parent).collect();
        for dir in dirs {
            self.parse_module(&dir);
            self.diagnostics.extend(check::main_module(&self.modules, &dir));
            let members = BTreeSet::from([dir.clone()]);
            let replaces: Vec<(TreePath, Replace)> =
                self.modules[&dir].replace.iter().map(|r| (dir.clone(), r.clone())).collect();
            self.add_root(dir, RootKind::Module, members, &replaces);
        }
    }

    fn add_root(&mut self, dir: TreePath, kind: RootKind, members: BTreeSet<TreePath>, replaces: &[(TreePath, Replace)]) {
        let vendored = check::is_vendored(&dir, &kind, &self.modules, self.texts);
        // The vendor directory has copies of replacements too, and the go command looks at nothing else.
        let replaced = if vendored { BTreeMap::new() } else { self.replace_targets(replaces, &members) };
        self.roots.push(Draft { dir, kind, members, replaced, vendored });
    }

    /// The local directories among `replaces` (each with the directory it is relative to).
    fn replace_targets(
        &mut self,
        replaces: &[(TreePath, Replace)],
        members: &BTreeSet<TreePath>,
    ) -> BTreeMap<String, (TreePath, String)> {
        let member_paths: BTreeSet<String> = members.iter().filter_map(|dir| check::module_path(&self.modules, dir)).collect();
        let mut targets = BTreeMap::new();
        for (base, replace) in replaces.iter().filter(|(_, replace)| replace.new_version.is_empty()) {
            if member_paths.contains(&replace.old_path) || !check::is_required(&self.modules, members, replace) {
                continue;
            }
            let Some(dir) = check::inside(base, &replace.new_path, &replace.span, &mut self.diagnostics) else { continue };
            if self.parse_module(&dir) {
                targets.insert(replace.old_path.clone(), (dir, replace.old_version.clone()));
            } else {
                self.diagnostics.push(check::target_without_module(&dir, replace));
            }
        }
        targets
    }

    fn finish(self) -> LoadedWorkspace {
        let dirs: Vec<TreePath> = self.modules.keys().cloned().collect();
        let index = |dir: &TreePath| ModuleIx(dirs.partition_point(|other| other < dir));
        let unused = self.texts.keys().filter(|path| path.name() == "go.mod").filter_map(TreePath::parent);
        let unused = unused.filter(|dir| !self.modules.contains_key(dir)).collect();
        let roots = self.roots.iter().map(|draft| Root {
            dir: draft.dir.clone(),
            kind: draft.kind.clone(),
            members: draft.members.iter().map(index).collect(),
            replaced: draft
                .replaced
                .iter()
                .map(|(path, (dir, version))| (path.clone(), ReplaceTarget { module: index(dir), version: version.clone() }))
                .collect(),
            vendored: draft.vendored,
        });
        let roots = roots.collect();
        let modules = self.modules.into_iter().map(|(dir, file)| {
            let path = file.module.as_ref().map(|module| module.value.clone()).unwrap_or_default();
            Module { dir, path, file }
        });
        let workspace = Workspace { modules: modules.collect(), roots, unused, present: self.texts.keys().cloned().collect() };
        LoadedWorkspace { workspace, diagnostics: self.diagnostics }
    }
}

/// The directories that go.work's `use` lines and the mod files' `replace` lines name, whether or not they exist: a tree walk that skips
/// some directories, as `...` does, must look there too.
pub fn named_dirs(texts: &ModTexts) -> BTreeSet<TreePath> {
    let mut dirs = BTreeSet::new();
    for (path, text) in texts {
        let base = path.parent().unwrap_or_default();
        let (uses, replaces) = match path.name() {
            "go.work" => {
                let file = WorkFile::parse(path.as_str(), text.as_bytes()).0;
                (file.uses, file.replace)
            }
            "go.mod" => (Vec::new(), ModFile::parse(path.as_str(), text.as_bytes()).0.replace),
            _ => continue,
        };
        let targets = replaces.iter().filter(|replace| replace.new_version.is_empty()).map(|replace| replace.new_path.as_str());
        dirs.extend(uses.iter().map(|entry| entry.dir.as_str()).chain(targets).filter_map(|dir| base.join(dir).ok()));
    }
    dirs
}
