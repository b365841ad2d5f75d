//! Sealed steps: what a compile step sees instead of the true mod files. Owns the synthetic
//! workspace, and when there is one.
//!
//! The go command compiles a package that is no main under a key made of its module's path, version
//! and `go` line, its sources, and what it imports (cmd/go/internal/work, `buildActionID`);
//! requirements, sums, comments and other members are no part of it. So a compile step runs in a
//! workspace made for it: a go.work with the members it reaches, go.mod files with only `module`
//! and `go` lines, and a vendor directory with the third-party packages it reaches. It compiles
//! under the same keys as the true build, and is run again only for what it is made of. Only
//! resolve and the links, which write versions and sums into binaries, see the true mod files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::module_cache::{package_dir, place};
use super::outline::{Build, BuildModule};
use crate::gomod::version::compare_go;
use crate::packages::{Package, PackageSet};
use crate::resolution::{Resolution, ResolvedPackage};
use crate::tree::TreePath;

/// What stands in for mod files and module cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
        let moved = self.moved.iter().filter(|moved| moved.files.contains(file));
        let mut places = moved.filter_map(|moved| moved.to.join(file.strip_dir(&moved.from)?).ok());
        places.next().unwrap_or_else(|| file.clone())
    }

    /// Whether a third-party package is in one of the directories.
    pub(crate) fn sees(&self, resolution: &Resolution, package: &ResolvedPackage) -> bool {
        dirs(resolution, package).any(|(module, dir)| {
            self.vendor
                .get(dir)
                .is_some_and(|from| place(&resolution.modules[module], dir).as_ref() == Some(from))
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
    /// How many files of third-party packages are below each directory of each module.
    files: BTreeMap<ModuleDir<'a>, usize>,
}

impl<'a> Sealer<'a> {
    /// The sealer of a build; or none, where compile steps have to see the true mod files and the
    /// whole module cache: packages with C, and such as read files beyond their own ones, are
    /// compiled under keys that hold the directory they lie in; and directories that stand in for
    /// modules under quite different paths would take many copies.
    pub(super) fn new(build: &'a Build, resolution: &'a Resolution) -> Option<Self> {
        let third_party = || {
            resolution
                .packages
                .iter()
                .filter(|package| !package.is_std())
        };
        let in_place = |package: &ResolvedPackage| {
            build.vendored || package_dir(resolution, package).is_some()
        };
        if !third_party().all(|package| !package.reads_module && in_place(package)) {
            return None;
        }
        let packages = || build.packages.iter().map(|(_, package)| package);
        let replaced: BTreeSet<&str> = packages()
            .filter_map(|package| module_of(build, package))
            .filter(|m| !m.main)
            .map(|m| m.path.as_str())
            .collect();
        let known = replaced
            .iter()
            .all(|path| resolution.replaced.contains_key(*path));
        let stays = |package: &Package| {
            module_of(build, package).is_some_and(|module| module.main || can_move(package))
        };
        if !known || !packages().all(stays) {
            return None;
        }
        let sealer = Self {
            build,
            resolution,
            files: count_files(resolution, third_party()),
        };
        (sealer.moves(packages()).len() <= MAX_MOVES).then_some(sealer)
    }

    /// The workspace of a step that reads the repository's packages `own` and the third-party ones
    /// `outside`.
    pub(super) fn seal(&self, own: &PackageSet, outside: &[&ResolvedPackage]) -> Sealed {
        let packages: Vec<&Package> = own.iter().map(|ix| self.build.packages.get(ix)).collect();
        let outside: Vec<&ResolvedPackage> = outside
            .iter()
            .copied()
            .filter(|package| !package.is_std())
            .collect();
        let mut texts = BTreeMap::new();
        let mut members: BTreeMap<&TreePath, &BuildModule> = BTreeMap::new();
        members.extend(
            packages
                .iter()
                .filter_map(|p| module_of(self.build, p))
                .filter(|m| m.main)
                .map(|m| (&m.dir, m)),
        );
        // A workspace must have a member.
        let lone = self.build.dir.child("gowork-sealed");
        if members.is_empty() {
            texts.insert(
                lone.child("go.mod"),
                "module gowork.invalid/sealed\n".to_owned(),
            );
        }
        for module in members.values() {
            let go = module
                .go
                .as_ref()
                .map(|go| format!("go {go}\n"))
                .unwrap_or_default();
            texts.insert(
                module.dir.child("go.mod"),
                format!("module {}\n{go}", quoted(&module.path)),
            );
        }
        let dirs: Vec<&TreePath> = if members.is_empty() {
            vec![&lone]
        } else {
            members.keys().copied().collect()
        };
        let lines = members.values().filter_map(|module| module.go.as_deref());
        let go = lines
            .chain([MIN_GO])
            .max_by(|a, b| compare_go(a, b))
            .unwrap_or(MIN_GO);
        let uses: String = dirs
            .iter()
            .map(|dir| format!("use {}\n", quoted(&relative(&self.build.dir, dir))))
            .collect();
        texts.insert(self.build.dir.child("go.work"), format!("go {go}\n{uses}"));
        let vendor = self.build.dir.child("vendor");
        texts.insert(
            vendor.child("modules.txt"),
            self.modules_txt(&packages, &outside),
        );
        let vendor = if self.build.vendored {
            BTreeMap::new()
        } else {
            self.cover(&outside)
        };
        Sealed {
            texts,
            vendor,
            moved: self.moves(packages),
        }
    }

    /// vendor/modules.txt as `go work vendor` writes it (cmd/go/internal/modcmd, vendor.go).
    fn modules_txt(&self, own: &[&Package], outside: &[&ResolvedPackage]) -> String {
        // Path to version, go line and packages.
        let mut modules: BTreeMap<&str, (&str, &str, BTreeSet<&str>)> = BTreeMap::new();
        for package in outside {
            let Some(module) = package.module.map(|ix| &self.resolution.modules[ix]) else {
                continue;
            };
            let entry = modules.entry(&module.path).or_insert((
                &module.version,
                &module.go,
                BTreeSet::new(),
            ));
            entry.2.insert(&package.path);
        }
        for package in own {
            let Some(module) = module_of(self.build, package).filter(|module| !module.main) else {
                continue;
            };
            let version = self
                .resolution
                .replaced
                .get(&module.path)
                .map(String::as_str)
                .unwrap_or_default();
            let entry = modules.entry(&module.path).or_insert((
                version,
                module.go.as_deref().unwrap_or_default(),
                BTreeSet::new(),
            ));
            entry.2.insert(&package.path);
        }
        let mut text = "## workspace\n".to_owned();
        for (path, (version, go, packages)) in modules {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {path} {version}");
            if !go.is_empty() {
                let _ = writeln!(text, "## go {go}");
            }
            packages
                .iter()
                .for_each(|package| text.extend([*package, "\n"]));
        }
        text
    }

    /// The directories of packages, with every directory that is wanted whole instead of those in
    /// it: each is a mount. A package's directory may hold packages that nobody asked for, if
    /// others do. A module may have packages below the path of another one, which must not hide
    /// them.
    fn cover(&self, packages: &[&'a ResolvedPackage]) -> BTreeMap<String, String> {
        let wanted = count_files(self.resolution, packages.iter().copied());
        let mut modules: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, dir) in wanted.keys() {
            *modules.entry(dir).or_default() += 1;
        }
        let is_whole = |dir: &ModuleDir<'_>| self.files.get(dir) == wanted.get(dir);
        let outermost = |package: &&'a ResolvedPackage| {
            let mut dirs = dirs(self.resolution, package);
            let own = dirs.next()?;
            // They come from the inside out.
            Some(
                dirs.take_while(|(_, dir)| modules.get(dir) == Some(&1))
                    .filter(is_whole)
                    .last()
                    .unwrap_or(own),
            )
        };
        let found: BTreeMap<&str, usize> = packages
            .iter()
            .filter_map(outermost)
            .map(|(module, dir)| (dir, module))
            .collect();
        let is_inside =
            |dir: &str, module| parents(dir).find_map(|parent| found.get(parent)) == Some(module);
        let kept = found.iter().filter(|(dir, module)| !is_inside(dir, module));
        kept.filter_map(|(dir, module)| {
            Some((
                (*dir).to_owned(),
                place(&self.resolution.modules[*module], dir)?,
            ))
        })
        .collect()
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

/// The module that a package is imported from.
pub(crate) fn module_of<'a>(build: &'a Build, package: &Package) -> Option<&'a BuildModule> {
    let of = build
        .modules
        .iter()
        .filter(|module| module.ix == package.module);
    of.filter(|module| crate::workspace::is_path_prefix(&module.path, &package.path))
        .max_by_key(|module| module.path.len())
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
fn count_files<'r>(
    resolution: &'r Resolution,
    packages: impl Iterator<Item = &'r ResolvedPackage>,
) -> BTreeMap<ModuleDir<'r>, usize> {
    let mut counts = BTreeMap::new();
    for package in packages {
        for dir in dirs(resolution, package) {
            *counts.entry(dir).or_default() += package.files.len();
        }
    }
    counts
}

/// The directory of a third-party package and those above it in its module, from the inside out.
fn dirs<'r>(
    resolution: &'r Resolution,
    package: &'r ResolvedPackage,
) -> impl Iterator<Item = ModuleDir<'r>> {
    let module = package
        .module
        .and_then(|ix| Some((ix, resolution.modules.get(ix)?.path.as_str())));
    module.into_iter().flat_map(move |(ix, path)| {
        let all = std::iter::once(package.path.as_str()).chain(parents(&package.path));
        all.take_while(move |dir| crate::workspace::is_path_prefix(path, dir))
            .map(move |dir| (ix, dir))
    })
}

/// The directories above one, from the inside out.
fn parents(dir: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(dir.rsplit_once('/'), |(dir, _)| dir.rsplit_once('/')).map(|(dir, _)| dir)
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

/// A word of a mod file, quoted where it has to be.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/+".contains(c);
    if word.chars().all(is_plain) && !word.contains("//") {
        word.to_owned()
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
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
