//! The model: modules, roots, and whose packages an import path belongs to.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::gomod::path::with_parents;
use crate::gomod::{ImportPath, ModFile, ModulePath, Replace, Spanned, WorkFile};
use crate::tree::TreePath;

/// Index of a [`Module`] in its [`Workspace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleIx(pub usize);

/// Index of a [`Root`] in its [`Workspace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootIx(pub usize);

/// All modules of a repository and the roots they are built from.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Workspace {
    /// Every module that some root uses, sorted by directory.
    pub modules: Vec<Module>,
    /// What is built, sorted by directory; those that are alone after others of the same directory.
    pub roots: Vec<Root>,
    /// Directories with a go.mod that no root uses, but for those that are alone: their packages
    /// are not built.
    pub unused: Vec<TreePath>,
    /// The mod files that exist.
    pub present: BTreeSet<TreePath>,
}

/// One module of the repository.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Module {
    /// Its directory.
    pub dir: TreePath,
    /// Its path, as its go.mod declares it.
    pub path: ModulePath,
    /// Its go.mod.
    pub file: ModFile,
}

/// What the go command treats as one build: a main module, or several tied by go.work.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Root {
    /// Directory of the go.work, or of the module.
    pub dir: TreePath,
    /// Workspace or single module.
    pub kind: RootKind,
    /// Main modules: the members of the workspace, or the one module; sorted by directory.
    pub members: Vec<ModuleIx>,
    /// Directories of the repository that stand in for a required module, beyond the members, by
    /// module path as required.
    pub replaced: BTreeMap<ModulePath, ReplaceTarget>,
    /// The `replace` lines that hold: of go.work, and of members for paths that go.work does not
    /// replace.
    pub replace: Vec<Replace>,
    /// Directories of replacements whose go.mod the go command may read, whether or not it takes
    /// packages from there.
    pub read: BTreeSet<TreePath>,
    /// Whether third-party packages come from `dir/vendor`.
    pub vendored: bool,
    /// A module by itself (GOWORK=off) that is not built so unless someone asks for it: a go.work
    /// uses it, or leaves it out.
    pub gowork_off: bool,
    /// What is wrong with its mod files, of a root that is alone: it matters only if the root is
    /// built.
    pub diagnostics: Vec<Diagnostic>,
}

/// A local directory that replaces a module.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplaceTarget {
    /// The module in that directory.
    pub module: ModuleIx,
    /// The only version that is replaced; empty for all.
    pub version: String,
}

/// What makes a root.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RootKind {
    /// A go.work.
    Workspace(WorkFile),
    /// A lone module: its go.mod decides (GOWORK=off).
    Module,
}

impl Workspace {
    /// The module at `ix`.
    pub fn module(&self, ix: ModuleIx) -> &Module {
        &self.modules[ix.0]
    }

    /// The root at `ix`.
    pub fn root(&self, ix: RootIx) -> &Root {
        &self.roots[ix.0]
    }

    /// Every root with its index.
    pub fn roots(&self) -> impl Iterator<Item = (RootIx, &Root)> {
        self.roots
            .iter()
            .enumerate()
            .map(|(ix, root)| (RootIx(ix), root))
    }

    /// The modules of a root with the paths that their packages' import paths begin with (a
    /// replaced module's is the one it stands in for).
    pub(crate) fn imported_as<'a>(
        &'a self,
        root: &'a Root,
    ) -> impl Iterator<Item = (&'a str, ModuleIx)> {
        let members = root
            .members
            .iter()
            .map(|&ix| (self.module(ix).path.as_str(), ix));
        members.chain(
            root.replaced
                .iter()
                .map(|(path, target)| (path.as_str(), target.module)),
        )
    }

    /// The mod files that decide which versions the root is built with: go.work and its sum, go.mod
    /// and go.sum of every member and replaced directory, vendor/modules.txt. Version selection is
    /// global, so none of them may be left out of a true build.
    pub(crate) fn mod_files(&self, root: &Root) -> BTreeSet<TreePath> {
        let mut names = Vec::new();
        if matches!(root.kind, RootKind::Workspace(_)) {
            names.extend([root.dir.child("go.work"), root.dir.child("go.work.sum")]);
        }
        if root.vendored {
            names.push(root.dir.child("vendor").child("modules.txt"));
        }
        for dir in root
            .modules()
            .map(|ix| &self.module(ix).dir)
            .chain(&root.read)
        {
            names.extend(["go.mod", "go.sum"].map(|name| dir.child(name)));
        }
        names
            .into_iter()
            .filter(|path| self.present.contains(path))
            .collect()
    }

    /// The directory that stands in for a module, as the go command writes it into binaries. Returns
    /// `None` if no directory does, and for what is vendored.
    pub(crate) fn replacement_dir(&self, root: &Root, path: &str) -> Option<String> {
        let target = root.replaced.get(path)?;
        let dir = &self.module(target.module).dir;
        Some(self.dir_in_binaries(root, path, dir))
    }

    /// `dir`, which stands in for a module, as the go command writes it into binaries: in go.work and
    /// in a lone go.mod as it is written there, for the go.mod of a member from the directory of
    /// go.work (cmd/go/internal/modload, canonicalizeReplacePath).
    pub(crate) fn dir_in_binaries(&self, root: &Root, path: &str, dir: &TreePath) -> String {
        let is_meant =
            |replace: &&Replace| replace.old_path == path && replace.new_version.is_empty();
        let lines = match &root.kind {
            RootKind::Workspace(file) => file.replace.as_slice(),
            RootKind::Module => root.replace.as_slice(),
        };
        if let Some(line) = lines.iter().find(is_meant) {
            return line.new_path.clone();
        }
        let dir = dir.seen_from(&root.dir);
        match dir.as_str() {
            "" => ".".to_owned(),
            dir if dir.starts_with("../") => dir.to_owned(),
            dir => format!("./{dir}"),
        }
    }

    /// The paths of the modules that some mod file of the root requires and that are not in the
    /// repository.
    pub(crate) fn required<'a>(&'a self, root: &Root) -> BTreeSet<&'a str> {
        let members: BTreeSet<&str> = root
            .members
            .iter()
            .map(|&ix| self.module(ix).path.as_str())
            .collect();
        let required = root
            .modules()
            .flat_map(|ix| &self.module(ix).file.require)
            .map(|require| require.path.as_str());
        required
            .filter(|path| !members.contains(path) && !root.replaced.contains_key(*path))
            .collect()
    }
}

/// The modules of one root by the paths that their packages are imported by.
#[derive(Debug, Clone)]
pub(crate) struct Providers<'a> {
    by_path: BTreeMap<&'a str, Vec<ModuleIx>>,
    /// See [`Workspace::required`].
    required: BTreeSet<&'a str>,
}

impl<'a> Providers<'a> {
    /// The modules of `root`.
    pub(crate) fn new(workspace: &'a Workspace, root: &'a Root) -> Self {
        let mut by_path: BTreeMap<&str, Vec<ModuleIx>> = BTreeMap::new();
        for (path, module) in workspace.imported_as(root) {
            by_path.entry(path).or_default().push(module);
        }
        by_path.values_mut().for_each(|modules| modules.sort());
        Self {
            by_path,
            required: workspace.required(root),
        }
    }

    /// Whether an import that leaves the repository may be third-party, as far as that is known
    /// without the go command.
    pub(crate) fn may_be_third_party(&self, import: &ImportPath) -> bool {
        !import.looks_standard() || self.is_required(import)
    }

    /// Whether a module that could have the package `import` is required and not in the repository.
    pub(crate) fn is_required(&self, import: &str) -> bool {
        with_parents(import).any(|path| self.required.contains(path))
    }

    /// The modules that may have the package `import`, the longest module path first, each with its
    /// path.
    pub(crate) fn of(&self, import: &str) -> Vec<(&'a str, ModuleIx)> {
        let known = with_parents(import).filter_map(|path| self.by_path.get_key_value(path));
        known
            .flat_map(|(path, modules)| modules.iter().map(|&module| (*path, module)))
            .collect()
    }
}

impl Root {
    /// Its members and the directories that stand in for modules.
    pub(crate) fn modules(&self) -> impl Iterator<Item = ModuleIx> {
        self.members
            .iter()
            .copied()
            .chain(self.replaced.values().map(|target| target.module))
    }

    /// The `go` version the root asks for: go.work's line, or the module's. None means the go
    /// command's own default (1.18, 1.16).
    pub(crate) fn go<'a>(&'a self, workspace: &'a Workspace) -> Option<&'a str> {
        self.lines(workspace).0.map(|go| go.value.as_str())
    }

    /// The lines that say which Go the root asks for.
    pub(crate) fn version_lines<'a>(
        &'a self,
        workspace: &'a Workspace,
    ) -> impl Iterator<Item = &'a Spanned<String>> {
        self.toolchain_line(workspace)
            .into_iter()
            .chain(self.lines(workspace).0)
    }

    fn toolchain_line<'a>(&'a self, workspace: &'a Workspace) -> Option<&'a Spanned<String>> {
        self.lines(workspace)
            .1
            .filter(|toolchain| toolchain.value != "default")
    }

    /// The `go` and `toolchain` lines that hold for the root.
    fn lines<'a>(
        &'a self,
        workspace: &'a Workspace,
    ) -> (Option<&'a Spanned<String>>, Option<&'a Spanned<String>>) {
        match &self.kind {
            RootKind::Workspace(file) => (file.go.as_ref(), file.toolchain.as_ref()),
            RootKind::Module => match self.members.first() {
                Some(&ix) => (
                    workspace.module(ix).file.go.as_ref(),
                    workspace.module(ix).file.toolchain.as_ref(),
                ),
                None => (None, None),
            },
        }
    }

    /// Whether it has a go.work.
    pub fn is_workspace(&self) -> bool {
        matches!(self.kind, RootKind::Workspace(_))
    }
}
