//! Sealed steps: what a compile step sees instead of the true mod files. Owns the synthetic
//! workspace, and when there is one.
//!
//! The go command compiles a package that is not a main under a key made of its module's path,
//! version and `go` line, its sources, and what it imports (cmd/go/internal/work, `buildActionID`);
//! requirements, sums, comments and other members do not belong to it. So a compile step runs in a
//! workspace made for it: a go.work with the members it reaches, go.mod files with only `module`
//! and `go` lines, and a vendor directory with the third-party packages it reaches. It compiles
//! under the same keys as the true build, and is run again only for what it is made of. Only
//! resolve and the links, which write versions and sums into binaries, see the true mod files.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, BuildModule};
use crate::gomod::path::{is_path_prefix, with_parents};
use crate::gomod::version::compare_go;
use crate::gomod::{ModulePath, Vendored, VendoredModule, write};
use crate::packages::{Package, PackageSet};
use crate::resolution::module_cache::{package_dir, place};
use crate::resolution::{Resolution, ResolvedPackage};
use crate::tree::TreePath;

/// What replaces mod files and module cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// The mod files written for the step, by path.
    pub texts: BTreeMap<TreePath, String>,
    /// Directories of third-party packages below the vendor directory, and where the module cache
    /// has each. None is in another one of the same module.
    pub vendor: BTreeMap<String, String>,
    /// Files of modules that stand in for required ones: in the vendor directory, as any required
    /// module.
    pub moved: Vec<Moved>,
}

/// Files that are read at another place than their own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// The directory they are in.
    pub from: TreePath,
    /// The directory that takes its place.
    pub to: TreePath,
    /// The files, by the paths they have in the tree.
    pub files: BTreeSet<TreePath>,
}

impl Sealed {
    /// Where the step sees a file of the repository.
    pub fn place(&self, file: &TreePath) -> TreePath {
        for moved in self.moved.iter().filter(|moved| moved.files.contains(file)) {
            let below = file.strip_dir(&moved.from);
            if let Some(place) = below.and_then(|below| moved.to.join(below).ok()) {
                return place;
            }
        }
        file.clone()
    }

    /// Whether a third-party package is in one of the directories.
    pub(crate) fn sees(&self, resolution: &Resolution, package: &ResolvedPackage) -> bool {
        dirs(resolution, package).any(|(module, dir)| {
            let from = self.vendor.get(dir);
            from.is_some() && from == place(&resolution.modules[module], dir).as_ref()
        })
    }
}

/// The oldest `go` line that lets a workspace have a vendor directory (Go 1.22 release notes).
const MIN_GO: &str = "1.22";

/// Into how many places files may have to be moved. Each is a copy of its own in the step that
/// gathers sources, and many are slow.
const MAX_MOVES: usize = 8;

/// Seals the steps of one build.
#[derive(Debug)]
pub(super) struct Sealer<'a> {
    build: &'a Build,
    resolution: &'a Resolution,
    /// The files of all third-party packages.
    files: FileCounts<'a>,
}

impl<'a> Sealer<'a> {
    /// The sealer of a build. `None` if compile steps have to see the true mod files and the whole
    /// module cache. Packages with C, and those that read files beyond their own, are compiled
    /// under keys that hold the directory they are in. And directories that stand in for modules
    /// under quite different paths would take many copies.
    pub(super) fn new(build: &'a Build, resolution: &'a Resolution) -> Option<Self> {
        let third_party: Vec<&ResolvedPackage> = resolution
            .packages
            .iter()
            .filter(|package| !package.is_std())
            .collect();
        for package in &third_party {
            let is_found = build.vendored || package_dir(resolution, package).is_some();
            if package.reads_module || !is_found {
                return None;
            }
        }
        for (_, package) in build.packages.iter() {
            let module = module_of(build, package)?;
            let is_known = resolution.replaced.contains_key(&module.path);
            let stays_valid = module.main || is_known && can_move(package);
            if !stays_valid {
                return None;
            }
        }
        let sealer = Self {
            build,
            resolution,
            files: FileCounts::new(resolution, third_party),
        };
        let moves = sealer.moves(build.packages.iter().map(|(_, package)| package));
        (moves.len() <= MAX_MOVES).then_some(sealer)
    }

    /// The workspace of a step that reads the repository's packages `own` and the third-party ones
    /// `outside`.
    pub(super) fn seal(&self, own: &PackageSet, outside: &[&'a ResolvedPackage]) -> Sealed {
        let packages: Vec<&Package> = own.iter().map(|ix| self.build.packages.get(ix)).collect();
        let third_party: Vec<&ResolvedPackage> = outside
            .iter()
            .copied()
            .filter(|package| !package.is_std())
            .collect();
        let mut texts = self.workspace(&packages);
        texts.insert(
            self.build.dir.child("vendor").child("modules.txt"),
            write::modules_txt(&self.vendored(&packages, &third_party)),
        );
        let vendor = if self.build.vendored {
            BTreeMap::new()
        } else {
            self.cover(&third_party)
        };
        Sealed {
            texts,
            vendor,
            moved: self.moves(packages),
        }
    }

    /// The go.mod files of the modules that packages come from, and the go.work with these as
    /// members.
    fn workspace(&self, packages: &[&Package]) -> BTreeMap<TreePath, String> {
        let mut texts = BTreeMap::new();
        let mut uses = BTreeSet::new();
        let mut work_go = MIN_GO;
        for package in packages {
            let Some(module) = module_of(self.build, package).filter(|module| module.main) else {
                continue;
            };
            let go = module.go.as_deref();
            texts.insert(module.dir.child("go.mod"), write::go_mod(&module.path, go));
            uses.insert(&module.dir);
            if let Some(go) = go.filter(|go| compare_go(go, work_go).is_gt()) {
                work_go = go;
            }
        }
        // A workspace must have a member.
        let lone = self.build.dir.child("gowork-sealed");
        if uses.is_empty() {
            texts.insert(
                lone.child("go.mod"),
                write::go_mod("gowork.invalid/sealed", None),
            );
            uses.insert(&lone);
        }
        let uses: Vec<String> = uses
            .iter()
            .map(|dir| relative(&self.build.dir, dir))
            .collect();
        texts.insert(
            self.build.dir.child("go.work"),
            write::go_work(work_go, uses.iter().map(String::as_str)),
        );
        texts
    }

    /// What the vendor directory holds: third-party modules, and directories that stand in for
    /// required ones.
    fn vendored(&self, own: &[&Package], third_party: &[&ResolvedPackage]) -> Vendored {
        let mut modules: BTreeMap<&str, VendoredModule> = BTreeMap::new();
        for package in third_party {
            let Some(module) = package.module.map(|ix| &self.resolution.modules[ix]) else {
                continue;
            };
            let entry = modules.entry(&module.path);
            let entry =
                entry.or_insert_with(|| vendored(&module.path, &module.version, &module.go));
            entry.packages.push(package.path.clone());
        }
        for package in own {
            let Some(module) = module_of(self.build, package).filter(|module| !module.main) else {
                continue;
            };
            let version = self.resolution.replaced.get(&module.path);
            let version = version.map(String::as_str).unwrap_or_default();
            let go = module.go.as_deref().unwrap_or_default();
            let entry = modules.entry(&module.path);
            let entry = entry.or_insert_with(|| vendored(&module.path, version, go));
            entry.packages.push(package.path.clone());
        }
        let mut modules: Vec<VendoredModule> = modules.into_values().collect();
        for module in &mut modules {
            module.packages.sort();
            module.packages.dedup();
        }
        Vendored {
            workspace: true,
            modules,
        }
    }

    /// The directories to mount, so that all of `packages` are there, and where the module cache
    /// has each. A directory is mounted whole if all third-party packages in it are wanted;
    /// otherwise the directories in it are. (The directory of a wanted package may still hold other
    /// packages.)
    fn cover(&self, packages: &[&'a ResolvedPackage]) -> BTreeMap<String, String> {
        let wanted = FileCounts::new(self.resolution, packages.iter().copied());
        // Directory to the index of its module.
        let mut mounts: BTreeMap<&str, usize> = BTreeMap::new();
        for package in packages {
            if let Some((module, dir)) = self.outermost(package, &wanted) {
                mounts.insert(dir, module);
            }
        }
        let mut vendor = BTreeMap::new();
        for (&dir, &module) in &mounts {
            let around = with_parents(dir)
                .skip(1)
                .find_map(|parent| mounts.get(parent));
            // A directory of another module must not hide this one.
            if around == Some(&module) {
                continue;
            }
            if let Some(from) = place(&self.resolution.modules[module], dir) {
                vendor.insert(dir.to_owned(), from);
            }
        }
        vendor
    }

    /// The outermost directory around a wanted package that can be mounted whole: no other module
    /// has wanted packages in it, and no package in it is not wanted. At least the package's own.
    fn outermost(
        &self,
        package: &'a ResolvedPackage,
        wanted: &FileCounts<'a>,
    ) -> Option<ModuleDir<'a>> {
        let mut outwards = dirs(self.resolution, package);
        let mut outermost = outwards.next()?;
        for (module, dir) in outwards {
            if wanted.modules(dir) != 1 {
                break;
            }
            if self.files.below((module, dir)) == wanted.below((module, dir)) {
                outermost = (module, dir);
            }
        }
        Some(outermost)
    }

    /// Where the files of stand-ins go. Directories that lie to each other as their module paths do
    /// go together.
    fn moves<'p>(&self, packages: impl IntoIterator<Item = &'p Package>) -> Vec<Moved> {
        let mut moves: BTreeMap<(TreePath, TreePath), BTreeSet<TreePath>> = BTreeMap::new();
        for package in packages {
            let Some(module) = module_of(self.build, package).filter(|module| !module.main) else {
                continue;
            };
            let (path, dir) = without_common_end(&module.path, module.dir.as_str());
            let to = self.build.dir.child("vendor").join(path);
            if let (Ok(from), Ok(to)) = (TreePath::new(dir), to) {
                moves
                    .entry((from, to))
                    .or_default()
                    .extend(package.files.iter().cloned());
            }
        }
        moves
            .into_iter()
            .map(|((from, to), files)| Moved { from, to, files })
            .collect()
    }
}

/// A module of vendor/modules.txt, without packages.
fn vendored(path: &str, version: &str, go: &str) -> VendoredModule {
    VendoredModule {
        path: ModulePath::new(path),
        version: version.to_owned(),
        go: go.to_owned(),
        ..VendoredModule::default()
    }
}

/// The module that a package is imported from.
pub(crate) fn module_of<'a>(build: &'a Build, package: &Package) -> Option<&'a BuildModule> {
    // By the paths that it may have, the longest first: this is asked for every package of every
    // step, and a workspace may have hundreds of modules.
    with_parents(&package.path).find_map(|path| {
        let earlier = |module: &BuildModule| module.path.as_str() < path;
        let first = build.modules.partition_point(earlier);
        let same = build.modules[first..].iter();
        let same = same.take_while(|module| module.path.as_str() == path);
        same.filter(|module| module.ix == package.module).last()
    })
}

/// Whether a package compiles to the same in another directory: C may name the directory, and what
/// it includes is found from there.
fn can_move(package: &Package) -> bool {
    let is_below = |file: &TreePath| file.is_under(&package.dir);
    package.files.iter().all(is_below) && package.imports.iter().all(|import| import.path != "C")
}

/// A directory of a module, by the module's index and the import path that a package in it would
/// have.
type ModuleDir<'a> = (usize, &'a str);

/// How many files of third-party packages are below each directory of each module.
#[derive(Debug, Default)]
struct FileCounts<'a> {
    files: BTreeMap<ModuleDir<'a>, usize>,
    /// How many modules have files below a directory of that path.
    modules: BTreeMap<&'a str, usize>,
}

impl<'a> FileCounts<'a> {
    fn new(
        resolution: &'a Resolution,
        packages: impl IntoIterator<Item = &'a ResolvedPackage>,
    ) -> Self {
        let mut counts = Self::default();
        for package in packages {
            for dir in dirs(resolution, package) {
                *counts.files.entry(dir).or_default() += package.files.len();
            }
        }
        for (_, dir) in counts.files.keys() {
            *counts.modules.entry(dir).or_default() += 1;
        }
        counts
    }

    fn below(&self, dir: ModuleDir<'a>) -> usize {
        self.files.get(&dir).copied().unwrap_or_default()
    }

    fn modules(&self, dir: &str) -> usize {
        self.modules.get(dir).copied().unwrap_or_default()
    }
}

/// The directory of a third-party package and those above it in its module, from the inside out.
fn dirs<'r>(
    resolution: &'r Resolution,
    package: &'r ResolvedPackage,
) -> impl Iterator<Item = ModuleDir<'r>> {
    let module = package
        .module
        .and_then(|ix| Some((ix, resolution.modules.get(ix)?.path.as_str())));
    module.into_iter().flat_map(move |(ix, module_path)| {
        with_parents(&package.path)
            .take_while(move |dir| is_path_prefix(module_path, dir))
            .map(move |dir| (ix, dir))
    })
}

/// Two paths without the elements that both end in: `example.com/mono/libs/a` and `libs/a` are
/// `example.com/mono` and nothing.
fn without_common_end<'a>(mut path: &'a str, mut dir: &'a str) -> (&'a str, &'a str) {
    let split = |path: &'a str| path.rsplit_once('/').unwrap_or(("", path));
    while !path.is_empty() && !dir.is_empty() {
        let ((path_start, path_end), (dir_start, dir_end)) = (split(path), split(dir));
        if path_end != dir_end || path_start.is_empty() {
            break;
        }
        (path, dir) = (path_start, dir_start);
    }
    (path, dir)
}

/// `to`, as seen from `from`, in the form of `use` directives.
fn relative(from: &TreePath, to: &TreePath) -> String {
    let mut up = String::from("./");
    let mut base = from.clone();
    loop {
        if let Some(rest) = to.strip_dir(&base) {
            let path = format!("{up}{rest}");
            return if path == "./" { ".".to_owned() } else { path };
        }
        if up == "./" {
            up.clear();
        }
        up.push_str("../");
        base = base.parent().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_lie_as_their_paths_do_move_together() {
        assert_eq!(
            without_common_end("example.com/mono/libs/a", "libs/a"),
            ("example.com/mono", "")
        );
        assert_eq!(
            without_common_end("example.com/a", "libs/a"),
            ("example.com", "libs")
        );
        assert_eq!(
            without_common_end("example.com/a", "b"),
            ("example.com/a", "b")
        );
        assert_eq!(without_common_end("a", "a"), ("a", "a"));
    }

    #[test]
    fn use_paths_are_relative_to_the_workspace() {
        let path = |text: &str| TreePath::new(text).unwrap();
        assert_eq!(relative(&path("x"), &path("x/y")), "./y");
        assert_eq!(relative(&path("x"), &path("x")), ".");
        assert_eq!(relative(&path("x/y"), &path("z")), "../../z");
    }
}
