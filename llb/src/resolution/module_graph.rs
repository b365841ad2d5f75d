//! The module graph: which mod files and which module directories an offline build of the
//! repository reads.
//!
//! The go command loads the `.mod` file of every module version in the graph, less what graph
//! pruning (Go 1.17) leaves out, and looks for a package in every module whose path is a prefix of
//! the import path, to rule out that two have it (cmd/go/internal/modload: `readModGraph`,
//! `importFromModules`). Both sets are computed here from mod files and sums alone, so they do not
//! depend on what else a shared module cache holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::ModuleVersion;
use super::graph_walk::{Loaded, Pruning, Requirements, Walk};
use crate::gomod::path::{is_path_prefix, with_parents};
use crate::gomod::version::{compare_go, compare_semver};
use crate::gomod::{self, ModFile, ModulePath, SumFile, WorkFile, sumfile};

/// The first `go` line with graph pruning (cmd/go/internal/gover, `ExplicitIndirectVersion`): the
/// requirements of such a module are complete, so the graph below them is not loaded.
const PRUNING_GO: &str = "1.17";

/// A main module.
#[derive(Debug, Clone)]
pub struct MainModule {
    /// Its path.
    pub path: ModulePath,
    /// Its directory, absolute.
    pub dir: PathBuf,
    /// Its go.mod.
    pub mod_file: ModFile,
}

/// Where the files of a module version come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The module cache.
    Cache(ModuleVersion),
    /// An absolute directory.
    Dir(PathBuf),
}

/// `old => new`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Replacement {
    /// An empty version means all.
    old: ModuleVersion,
    new: Origin,
}

/// The module graph of a workspace, or of a single module.
#[derive(Debug, Clone, Default)]
pub struct ModuleGraph {
    mains: Vec<MainModule>,
    workspace: bool,
    replacements: Vec<Replacement>,
    /// `h1:` sums of module contents.
    sums: BTreeMap<ModuleVersion, String>,
    loaded: Loaded,
}

impl ModuleGraph {
    /// A graph of main modules with their replacements; nothing of it is loaded. `work` is the
    /// go.work of a workspace, with its directory.
    pub fn new(mains: Vec<MainModule>, work: Option<(&Path, WorkFile)>) -> Self {
        let workspace = work.is_some();
        let mut replacements = Vec::new();
        if let Some((dir, file)) = work {
            replacements.extend(file.replace.iter().map(|it| Replacement::new(dir, it)));
        }
        // Replacements of the workspace file win over those of members for the same path, whatever
        // the version (modload, `MainModules`).
        let of_workspace: BTreeSet<ModulePath> = replacements
            .iter()
            .map(|replacement: &Replacement| replacement.old.path.clone())
            .collect();
        for main in &mains {
            for replace in &main.mod_file.replace {
                if !of_workspace.contains(replace.old_path.as_str()) {
                    replacements.push(Replacement::new(&main.dir, replace));
                }
            }
        }
        Self {
            mains,
            workspace,
            replacements,
            ..Self::default()
        }
    }

    /// Takes in the sums of a go.sum or go.work.sum file. Lines that are wrong are passed over, as
    /// the go command has complained about them before.
    pub fn add_sums(&mut self, text: &[u8]) {
        for sum in SumFile::parse("go.sum", text).0.sums {
            if !sum.go_mod && sum.hash.starts_with(sumfile::H1) {
                let version = ModuleVersion::new(sum.path, sum.version);
                self.sums.insert(version, sum.hash);
            }
        }
    }

    /// Loads the graph as the go command does. `printed` is what `go mod graph` printed;
    /// `read_go_mod` returns the text of a module's go.mod, empty if it cannot be read.
    pub fn load(&mut self, printed: &[u8], read_go_mod: &dyn Fn(&Origin) -> Vec<u8>) {
        let edges = requirements(&String::from_utf8_lossy(printed));
        let mains: Vec<ModuleVersion> = self
            .mains
            .iter()
            .map(|main| ModuleVersion::new(main.path.as_str(), ""))
            .collect();
        let own = |version: &ModuleVersion| self.pruning(version, read_go_mod);
        let walk = Walk::new(&edges, &own);
        let loaded = match mains.first() {
            Some(main) if !self.workspace => walk.module(main),
            _ => walk.workspace(&mains),
        };
        self.loaded = loaded;
    }

    /// Selects the versions that the main modules ask for themselves, instead of
    /// [loading](Self::load) the graph.
    pub fn select_required(&mut self) {
        let mut required: BTreeMap<ModulePath, String> = BTreeMap::new();
        for require in self.mains.iter().flat_map(|main| &main.mod_file.require) {
            let version = required.entry(require.path.clone()).or_default();
            if compare_semver(&require.version, version).is_gt() {
                version.clone_from(&require.version);
            }
        }
        required.retain(|path, _| !self.mains.iter().any(|main| main.path == *path));
        self.loaded.selected = required;
    }

    /// The pruning that a module's own go line asks for.
    fn pruning(&self, module: &ModuleVersion, read_go_mod: &dyn Fn(&Origin) -> Vec<u8>) -> Pruning {
        if let Some(main) = self.main(module) {
            return pruning_of(&main.mod_file);
        }
        let text = read_go_mod(&self.origin(module));
        pruning_of(&ModFile::parse_lax("go.mod", &text).0)
    }

    fn main(&self, module: &ModuleVersion) -> Option<&MainModule> {
        let mut mains = self.mains.iter();
        mains.find(|main| module.version.is_empty() && main.path == module.path)
    }

    /// Where the files of a module version come from: its replacement, or itself.
    fn origin(&self, module: &ModuleVersion) -> Origin {
        let of_path: Vec<&Replacement> = self
            .replacements
            .iter()
            .filter(|replacement| replacement.old.path == module.path)
            .collect();
        let with_version = |version: &str| of_path.iter().find(|it| it.old.version == version);
        match with_version(&module.version).or_else(|| with_version("")) {
            Some(replacement) => replacement.new.clone(),
            None => Origin::Cache(module.clone()),
        }
    }

    /// Where the files of a module version come from, if they are in the module cache.
    fn cached(&self, module: &ModuleVersion) -> Option<ModuleVersion> {
        match self.origin(module) {
            Origin::Cache(version) if !version.version.is_empty() => Some(version),
            Origin::Cache(_) | Origin::Dir(_) => None,
        }
    }

    /// The main modules.
    pub fn mains(&self) -> &[MainModule] {
        &self.mains
    }

    /// The paths of the modules that are directories of the repository: main modules, and those
    /// that a directory stands in for.
    pub fn own(&self) -> Vec<&str> {
        let mains = self.mains.iter().map(|main| main.path.as_str());
        let by_directory = self
            .replacements
            .iter()
            .filter(|replacement| matches!(replacement.new, Origin::Dir(_)))
            .map(|replacement| replacement.old.path.as_str());
        mains.chain(by_directory).collect()
    }

    /// The versions selected of modules that a directory stands in for, by module path.
    pub fn replaced(&self) -> BTreeMap<ModulePath, String> {
        let mut replaced = BTreeMap::new();
        for module in self.selected() {
            if let Origin::Dir(_) = self.origin(&module) {
                replaced.insert(module.path, module.version);
            }
        }
        replaced
    }

    /// The selected versions, without main modules.
    fn selected(&self) -> impl Iterator<Item = ModuleVersion> {
        let selected = self.loaded.selected.iter();
        selected
            .filter(|(_, version)| !version.is_empty())
            .map(|(path, version)| ModuleVersion::new(path.as_str(), version))
    }

    /// Every module version whose `.mod` file is read, after replacement.
    pub fn mod_files(&self) -> BTreeSet<ModuleVersion> {
        let versions = self.loaded.versions.iter();
        versions
            .filter_map(|version| self.cached(version))
            .collect()
    }

    /// Selected modules that could by their paths provide one of `imports`, or a package of the
    /// repository; after replacement.
    pub fn candidates(&self, imports: &BTreeSet<&str>) -> BTreeSet<ModuleVersion> {
        let prefixes: BTreeSet<&str> = imports
            .iter()
            .flat_map(|import| with_parents(import))
            .collect();
        let own = self.own();
        self.selected()
            .filter(|module| prefixes.contains(module.path.as_str()) || is_near(&module.path, &own))
            .filter_map(|module| self.cached(&module))
            .collect()
    }

    /// Selected modules that could by their paths provide a package of the repository, which an
    /// import of it must rule out; after replacement.
    pub fn near_own(&self) -> BTreeSet<ModuleVersion> {
        self.candidates(&BTreeSet::new())
    }

    /// The `h1:` sum of a module's content that a go.sum or go.work.sum file has.
    pub fn sum(&self, version: &ModuleVersion) -> Option<&str> {
        self.sums.get(version).map(String::as_str)
    }
}

impl Replacement {
    /// A replacement as the mod file in `dir` has it. The go command has read the file before, and
    /// found nothing wrong with it.
    fn new(dir: &Path, replace: &gomod::Replace) -> Self {
        let new = if replace.new_version.is_empty() {
            Origin::Dir(dir.join(&replace.new_path))
        } else {
            Origin::Cache(ModuleVersion::new(&replace.new_path, &replace.new_version))
        };
        Self {
            old: ModuleVersion::new(&replace.old_path, &replace.old_version),
            new,
        }
    }
}

fn pruning_of(mod_file: &ModFile) -> Pruning {
    let is_new = |go: &gomod::Spanned<String>| compare_go(&go.value, PRUNING_GO).is_ge();
    if mod_file.go.as_ref().is_some_and(is_new) {
        Pruning::Pruned
    } else {
        Pruning::Unpruned
    }
}

/// Whether one of `own` has `path` as a prefix, or the other way round.
fn is_near(path: &str, own: &[&str]) -> bool {
    own.iter()
        .any(|own| is_path_prefix(path, own) || is_path_prefix(own, path))
}

/// Lines `module[@version] module[@version]`. The toolchain's own pseudo-modules are left out.
fn requirements(printed: &str) -> Requirements {
    let mut edges = Requirements::new();
    for (from, to) in printed.lines().filter_map(|line| line.split_once(' ')) {
        let (from, to) = (ModuleVersion::parse(from), ModuleVersion::parse(to));
        if !is_toolchain(&from) && !is_toolchain(&to) {
            edges.entry(from).or_default().push(to);
        }
    }
    edges
}

fn is_toolchain(module: &ModuleVersion) -> bool {
    matches!(module.path.as_str(), "go" | "toolchain")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(go_mod: &str) -> ModuleGraph {
        let (mod_file, wrong) = ModFile::parse("go.mod", go_mod.as_bytes());
        assert!(wrong.is_empty(), "{wrong:?}");
        let main = MainModule {
            path: ModulePath::new("example.com/m"),
            dir: PathBuf::from("/repo/m"),
            mod_file,
        };
        ModuleGraph::new(vec![main], None)
    }

    #[test]
    fn replacements_by_version_win() {
        let graph = graph(
            "module example.com/m\nreplace example.com/a => example.com/b v1.2.0\nreplace example.com/a v1.0.0 => ../a\n",
        );
        let origin = |text: &str| graph.origin(&ModuleVersion::parse(text));
        assert_eq!(
            origin("example.com/a@v1.0.0"),
            Origin::Dir("/repo/m/../a".into())
        );
        assert_eq!(
            origin("example.com/a@v1.1.0"),
            Origin::Cache(ModuleVersion::parse("example.com/b@v1.2.0"))
        );
        assert_eq!(
            origin("example.com/c@v1.1.0"),
            Origin::Cache(ModuleVersion::parse("example.com/c@v1.1.0"))
        );
        assert_eq!(graph.own(), ["example.com/m", "example.com/a"]);
    }

    #[test]
    fn replacements_of_a_workspace_win_over_those_of_members() {
        let member = graph("module example.com/m\nreplace example.com/a v1.0.0 => ../a\n");
        let (work, _) = WorkFile::parse(
            "go.work",
            b"go 1.24\nuse ./m\nreplace example.com/a => ./other\n",
        );
        let graph = ModuleGraph::new(member.mains, Some((Path::new("/repo"), work)));
        assert_eq!(
            graph.origin(&ModuleVersion::parse("example.com/a@v1.0.0")),
            Origin::Dir("/repo/./other".into())
        );
    }

    #[test]
    fn old_modules_are_not_pruned() {
        let pruning = |go_mod: &str| pruning_of(&ModFile::parse_lax("go.mod", go_mod.as_bytes()).0);
        for old in ["", "module a", "go 1.16", "go 1.9", "go 1"] {
            assert_eq!(pruning(old), Pruning::Unpruned, "{old}");
        }
        for new in ["go 1.17", "go 1.21rc1", "go 1.24.3", "go 1.17 // words"] {
            assert_eq!(pruning(new), Pruning::Pruned, "{new}");
        }
    }

    #[test]
    fn sums_of_contents() {
        let mut graph = graph("module example.com/m\n");
        graph.add_sums(b"example.com/a v1.0.0/go.mod h1:mod=\nexample.com/a v1.0.0 h1:all=\nexample.com/b v1.0.0 h2:x=\n");
        let sum = |text: &str| graph.sum(&ModuleVersion::parse(text));
        assert_eq!(sum("example.com/a@v1.0.0"), Some("h1:all="));
        assert_eq!(sum("example.com/b@v1.0.0"), None);
    }
}
