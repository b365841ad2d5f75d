//! Mod files to roots.

use std::collections::{BTreeMap, BTreeSet};

use super::module::{Module, ModuleIx, ReplaceTarget, Root, RootKind, Workspace};
use super::{ModTexts, check, contexts, replace};
use crate::diag::{Diagnostic, Findings, Severity, Span};
use crate::gomod::{ModFile, ModulePath, Replace, WorkFile};
use crate::tree::TreePath;

/// A workspace, and messages about its mod files.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoadedWorkspace {
    /// What was understood.
    pub workspace: Workspace,
    /// What is wrong; with any error the workspace must not be built.
    pub diagnostics: Vec<Diagnostic>,
}

/// Which go.work and go.mod files a repository is built from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Directories with a go.work, or else a go.mod, each with the place that asks for it. `None`
    /// leaves it to the repository: a go.work at its root is all; without it every go.work that
    /// lies below no other, and every module that none uses and that has none above it; a go.mod
    /// without a `module` line does not count.
    pub roots: Option<Vec<(TreePath, Option<Span>)>>,
    /// Whether modules are built by themselves.
    pub gowork_off: GoworkOff,
    /// Directories whose go.mod may be wrong unless something names them.
    pub skipped: BTreeSet<TreePath>,
}

/// Whether modules are built by themselves, as with GOWORK=off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum GoworkOff {
    /// Only where no go.work is.
    #[default]
    No,
    /// Each may be: every module is also a root ([`Root::gowork_off`](super::Root::gowork_off)).
    Also,
    /// All are: a go.work only says which modules there are.
    Only,
}

/// Loads what the mod files `texts` describe, leaving the choice of roots to them.
pub fn load(texts: &ModTexts) -> LoadedWorkspace {
    load_chosen(texts, &Choice::default())
}

/// Loads what the mod files `texts` describe, with these roots.
pub fn load_chosen(texts: &ModTexts, choice: &Choice) -> LoadedWorkspace {
    let mut loader = Loader::new(texts);
    let dirs = match &choice.roots {
        None => loader.default_roots(&choice.skipped),
        Some(asked) => loader.asked_roots(asked),
    };
    match choice.gowork_off {
        GoworkOff::Only => loader.add_modules(&dirs),
        GoworkOff::No | GoworkOff::Also => loader.add_roots(&dirs),
    }
    if let Some(asked) = &choice.roots {
        loader.findings.extend(check::built_twice(
            asked,
            loader
                .roots
                .iter()
                .map(|draft| (&draft.dir, &draft.members)),
        ));
    }
    if choice.gowork_off == GoworkOff::Also {
        loader.add_alone();
    }
    loader.finish()
}

/// Every root that some choice may have, wrong ones too: for those who look at a tree before the
/// choice is known.
pub(crate) fn load_everything(texts: &ModTexts) -> Workspace {
    let mut loader = Loader::new(texts);
    let works = loader.dirs_of("go.work");
    loader.add_roots(&works);
    loader.add_alone();
    loader.finish().workspace
}

/// How wrong a go.mod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// It has no `module` line, as one that is there to hide a directory from the go command.
    NoModule,
    Error,
}

struct Loader<'a> {
    texts: &'a ModTexts,
    /// Modules parsed so far, by directory, and what is wrong with their files.
    modules: BTreeMap<TreePath, ModFile>,
    said: BTreeMap<TreePath, Vec<Diagnostic>>,
    roots: Vec<Draft>,
    findings: Findings,
}

/// A root whose modules are still named by directory.
struct Draft {
    dir: TreePath,
    kind: RootKind,
    members: BTreeSet<TreePath>,
    replaced: replace::Targets,
    replace: Vec<Replace>,
    read: BTreeSet<TreePath>,
    vendored: bool,
    gowork_off: bool,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Loader<'a> {
    fn new(texts: &'a ModTexts) -> Self {
        Self {
            texts,
            modules: BTreeMap::new(),
            said: BTreeMap::new(),
            roots: Vec::new(),
            findings: Findings::default(),
        }
    }

    /// The directories that hold a mod file of this name.
    fn dirs_of(&self, name: &str) -> Vec<TreePath> {
        self.texts
            .keys()
            .filter(|path| path.name() == name)
            .filter_map(TreePath::parent)
            .collect()
    }

    /// See [`Choice::roots`].
    fn default_roots(&mut self, skipped: &BTreeSet<TreePath>) -> Vec<TreePath> {
        let mut works: BTreeSet<TreePath> = self.dirs_of("go.work").into_iter().collect();
        // Modules of named contexts are there to be used.
        works.retain(|dir| !contexts::is_of_context(dir));
        if works.contains(&TreePath::ROOT) {
            works = BTreeSet::from([TreePath::ROOT]);
        }
        let used: BTreeSet<TreePath> = works.iter().flat_map(|dir| self.used_by(dir)).collect();
        let is_below = |dir: &TreePath| {
            std::iter::successors(dir.parent(), TreePath::parent)
                .any(|above| works.contains(&above))
        };
        let mut modules = self.dirs_of("go.mod");
        modules.retain(|dir| !works.contains(dir) && !used.contains(dir) && !is_below(dir));
        modules.retain(|dir| !contexts::is_of_context(dir));
        let mut dirs: Vec<TreePath> = works.iter().filter(|dir| !is_below(dir)).cloned().collect();
        for dir in modules {
            match self.fault_of(&dir) {
                Fault::None => dirs.push(dir),
                _ if skipped.contains(&dir) => {}
                Fault::NoModule => self.findings.push(check::no_root_without_module(&dir)),
                Fault::Error => dirs.push(dir),
            }
        }
        dirs.sort();
        dirs
    }

    /// How wrong the go.mod in `dir` is by itself.
    fn fault_of(&self, dir: &TreePath) -> Fault {
        let path = dir.child("go.mod");
        let text = self
            .texts
            .get(&path)
            .map(String::as_str)
            .unwrap_or_default();
        let (file, diagnostics) = ModFile::parse(path.as_str(), text.as_bytes());
        match file.module {
            _ if diagnostics.iter().any(Diagnostic::is_error) => Fault::Error,
            None => Fault::NoModule,
            Some(_) => Fault::None,
        }
    }

    fn asked_roots(&mut self, asked: &[(TreePath, Option<Span>)]) -> Vec<TreePath> {
        let known: BTreeSet<TreePath> = self
            .dirs_of("go.work")
            .into_iter()
            .chain(self.dirs_of("go.mod"))
            .collect();
        let unknown = asked.iter().filter(|(dir, _)| !known.contains(dir));
        self.findings
            .extend(unknown.map(|(dir, span)| check::no_root(dir, span.clone(), &known)));
        let asked: BTreeSet<&TreePath> = asked.iter().map(|(dir, _)| dir).collect();
        known
            .into_iter()
            .filter(|dir| asked.contains(dir))
            .collect()
    }

    fn add_roots(&mut self, dirs: &[TreePath]) {
        for dir in dirs {
            let work = dir.child("go.work");
            let Some(text) = self.texts.get(&work) else {
                self.module_root(dir);
                continue;
            };
            let (file, diagnostics) = WorkFile::parse(work.as_str(), text.as_bytes());
            let sound = !diagnostics.iter().any(Diagnostic::is_error);
            self.findings.extend(diagnostics);
            if sound {
                self.workspace_root(dir, file);
            }
        }
    }

    /// The directories that the go.work in `dir` uses, if there is one.
    fn used_by(&self, dir: &TreePath) -> Vec<TreePath> {
        let work = dir.child("go.work");
        let file = self
            .texts
            .get(&work)
            .map(|text| WorkFile::parse(work.as_str(), text.as_bytes()).0);
        file.unwrap_or_default()
            .uses
            .iter()
            .filter_map(|entry| dir.join(&entry.dir).ok())
            .collect()
    }

    /// The modules in `dirs` and those that go.work files there use, each by itself.
    fn add_modules(&mut self, dirs: &[TreePath]) {
        let mut modules: BTreeSet<TreePath> = BTreeSet::new();
        for dir in dirs {
            modules.extend(self.used_by(dir).into_iter().chain([dir.clone()]));
        }
        modules.retain(|dir| self.texts.contains_key(&dir.child("go.mod")));
        modules.iter().for_each(|dir| self.module_root(dir));
    }

    /// Every module that is not a root by itself becomes one. What is wrong with it matters only if
    /// it is built.
    fn add_alone(&mut self) {
        let modules = self
            .roots
            .iter()
            .filter(|draft| matches!(draft.kind, RootKind::Module));
        let known: BTreeSet<TreePath> = modules.map(|draft| draft.dir.clone()).collect();
        for dir in self
            .dirs_of("go.mod")
            .into_iter()
            .filter(|dir| !known.contains(dir))
        {
            if self.fault_of(&dir) == Fault::NoModule {
                continue;
            }
            let outer = std::mem::take(&mut self.findings);
            self.module_root(&dir);
            let own = std::mem::replace(&mut self.findings, outer);
            if let Some(draft) = self.roots.last_mut() {
                (draft.gowork_off, draft.diagnostics) = (true, own.into_vec());
            }
        }
    }

    /// Parses the go.mod in `dir`, and keeps what is wrong with it. Returns false if
    /// it does not exist.
    fn parse_module(&mut self, dir: &TreePath) -> bool {
        let path = dir.child("go.mod");
        let Some(text) = self.texts.get(&path) else {
            return false;
        };
        if !self.modules.contains_key(dir) {
            let (file, diagnostics) = ModFile::parse(path.as_str(), text.as_bytes());
            self.modules.insert(dir.clone(), file);
            self.said.insert(dir.clone(), diagnostics);
        }
        self.findings.extend(self.said[dir].iter().cloned());
        true
    }

    /// Says what is wrong with the go.mod in `dir`, if there is one, for a module that is built and
    /// not only required.
    fn check_main_module(&mut self, dir: &TreePath) {
        // In a file that cannot be read, a missing module line need not be reported.
        let is_broken = self
            .said
            .get(dir)
            .is_some_and(|said| said.iter().any(Diagnostic::is_error));
        let is_unread = is_broken && check::module_path(&self.modules, dir).is_none();
        self.findings
            .extend(check::main_module(&self.modules, dir).filter(|_| !is_unread));
    }

    fn workspace_root(&mut self, root: &TreePath, file: WorkFile) {
        let mut members = BTreeMap::new();
        for entry in &file.uses {
            let Some(dir) = check::inside(root, &entry.dir, &entry.span, &mut self.findings) else {
                continue;
            };
            if let Some(first) = members.insert(dir.clone(), entry.span.clone()) {
                self.findings
                    .push(check::used_twice(&entry.dir, &entry.span, first));
            } else if !self.parse_module(&dir) && self.findings.wants(Severity::Error) {
                self.findings
                    .push(check::member_without_module(&dir, &entry.span, self.texts));
            }
            self.check_main_module(&dir);
        }
        self.findings
            .extend(check::members(&file, &members, &self.modules));
        let members: BTreeSet<TreePath> = members
            .into_keys()
            .filter(|dir| self.modules.contains_key(dir))
            .collect();
        let replaces = replace::effective(root, &file, &members, &self.modules, &mut self.findings);
        self.add_root(root.clone(), RootKind::Workspace(file), members, &replaces);
    }

    fn module_root(&mut self, dir: &TreePath) {
        self.parse_module(dir);
        self.check_main_module(dir);
        let own = self
            .modules
            .get(dir)
            .map(|file| file.replace.clone())
            .unwrap_or_default();
        let replaces: Vec<(TreePath, Replace)> = own
            .into_iter()
            .map(|replace| (dir.clone(), replace))
            .collect();
        self.add_root(
            dir.clone(),
            RootKind::Module,
            BTreeSet::from([dir.clone()]),
            &replaces,
        );
    }

    fn add_root(
        &mut self,
        dir: TreePath,
        kind: RootKind,
        members: BTreeSet<TreePath>,
        replaces: &[(TreePath, Replace)],
    ) {
        let vendored = check::is_vendored(&dir, &kind, &self.modules, self.texts);
        // The vendor directory has copies of replacements too, and the go command looks at nothing
        // else.
        let replaced = if vendored {
            BTreeMap::new()
        } else {
            self.replace_targets(replaces, &members)
        };
        // The go command reads those that are to stand in for a member, too, though the member is
        // what it takes.
        let local = replaces
            .iter()
            .filter(|(_, replace)| replace.new_version.is_empty());
        let mut read: BTreeSet<TreePath> = local
            .filter_map(|(base, replace)| base.join(&replace.new_path).ok())
            .collect();
        read.retain(|dir| !vendored && self.texts.contains_key(&dir.child("go.mod")));
        self.roots.push(Draft {
            dir,
            kind,
            members,
            replaced,
            replace: replaces.iter().map(|(_, line)| line.clone()).collect(),
            read,
            vendored,
            gowork_off: false,
            diagnostics: Vec::new(),
        });
    }

    /// The local directories among `replaces` (each with the directory it is relative to) that
    /// stand in for something.
    fn replace_targets(
        &mut self,
        replaces: &[(TreePath, Replace)],
        members: &BTreeSet<TreePath>,
    ) -> replace::Targets {
        let texts = self.texts;
        let is_there = |dir: &TreePath| texts.contains_key(&dir.child("go.mod"));
        let mut targets = replace::Targets::new();
        let mut candidates = replace::Candidates::new(replaces, members, &self.modules);
        while let Some((base, replace)) = candidates.next(&targets, &is_there) {
            let dir = check::inside(base, &replace.new_path, &replace.span, &mut self.findings);
            let dir = dir.unwrap_or_else(|| base.clone());
            targets.insert(
                replace.old_path.clone(),
                (dir.clone(), replace.old_version.clone()),
            );
            if !self.parse_module(&dir) {
                self.findings
                    .push(check::target_without_module(&dir, replace));
            }
            // What a target requires may be replaced, too.
            if let Some(file) = self.modules.get(&dir) {
                candidates.require(file);
            }
        }
        targets
    }

    fn finish(self) -> LoadedWorkspace {
        let mut indexes: BTreeMap<TreePath, ModuleIx> = BTreeMap::new();
        for (number, dir) in self.modules.keys().enumerate() {
            indexes.insert(dir.clone(), ModuleIx(number));
        }
        let mut roots: Vec<Root> = Vec::new();
        for draft in &self.roots {
            let mut replaced = BTreeMap::new();
            for (path, (dir, version)) in &draft.replaced {
                if let Some(&module) = indexes.get(dir) {
                    let version = version.clone();
                    let target = ReplaceTarget { module, version };
                    replaced.insert(ModulePath::new(path), target);
                }
            }
            let members = draft.members.iter().filter_map(|dir| indexes.get(dir));
            roots.push(Root {
                dir: draft.dir.clone(),
                kind: draft.kind.clone(),
                members: members.copied().collect(),
                replaced,
                replace: draft.replace.clone(),
                read: draft.read.clone(),
                vendored: draft.vendored,
                gowork_off: draft.gowork_off,
                diagnostics: draft.diagnostics.clone(),
            });
        }
        roots.sort_by(|a, b| (&a.dir, a.gowork_off).cmp(&(&b.dir, b.gowork_off)));
        let used: BTreeSet<ModuleIx> = roots
            .iter()
            .filter(|root| !root.gowork_off)
            .flat_map(Root::modules)
            .collect();
        let mut unused = self.dirs_of("go.mod");
        unused.retain(|dir| {
            let is_used = indexes.get(dir).is_some_and(|ix| used.contains(ix));
            !is_used && !contexts::is_of_context(dir) && self.fault_of(dir) != Fault::NoModule
        });
        let modules = self.modules.into_iter().map(|(dir, file)| {
            let path = file.module.as_ref().map(|module| module.value.as_str());
            let path = ModulePath::new(path.unwrap_or_default());
            Module { dir, path, file }
        });
        let workspace = Workspace {
            modules: modules.collect(),
            roots,
            unused,
            present: self.texts.keys().cloned().collect(),
        };
        LoadedWorkspace {
            workspace,
            diagnostics: self.findings.into_vec(),
        }
    }
}

/// The directories that go.work's `use` lines and the mod files' `replace` lines name, whether or
/// not they exist: a tree walk that skips some directories, as `...` does, must look there too.
pub(crate) fn named_dirs(texts: &ModTexts) -> BTreeSet<TreePath> {
    let mut dirs = BTreeSet::new();
    for (path, text) in texts {
        let base = path.parent().unwrap_or_default();
        let named = contexts::named(path, text);
        dirs.extend(named.iter().filter_map(|dir| base.join(dir).ok()));
    }
    dirs
}
