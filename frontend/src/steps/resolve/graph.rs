//! The module graph: which mod files and which module directories an offline build of the
//! repository reads.
//!
//! The go command loads the `.mod` file of every module version in the graph, less what graph
//! pruning (Go 1.17) leaves out, and looks for a package in every module whose path is a prefix of
//! the import path, to rule out that two have it (cmd/go/internal/modload: `readModGraph`,
//! `importFromModules`). Both sets are computed here from mod files and sums alone, so they do not
//! depend on what else a shared module cache holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gowork_llb::gomod::{self, ModFile, WorkFile};
use gowork_llb::resolution::ResolveRequest;

use super::command::Go;
use super::failure::Failure;
use super::listing::Listing;
use super::walk::{Loaded, Pruning, Walk};

/// A module version: path, version.
pub(super) type Version = (String, String);

/// The module graph of the request's directory.
#[derive(Default)]
pub(super) struct Modules {
    /// Main modules: path, and its go.mod.
    mains: Vec<(String, PathBuf)>,
    replaces: Vec<Replace>,
    /// Main modules have an empty version.
    edges: BTreeMap<Version, Vec<Version>>,
    /// `h1:` sums of module contents.
    sums: BTreeMap<Version, String>,
    loaded: Loaded,
    workspace: bool,
}

/// `old => new`; an empty old version is any, an empty new one makes the path an absolute
/// directory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Replace {
    old: Version,
    new: Version,
}

impl Modules {
    /// Asks for the graph; of a vendored tree only for the main modules.
    ///
    /// # Errors
    /// With the go command's words.
    pub(super) fn ask(
        go: &Go,
        request: &ResolveRequest,
        listing: &Listing,
    ) -> Result<Self, Failure> {
        let mains =
            String::from_utf8_lossy(&go.output(&["list", "-m", "-f", "{{.Path}}\t{{.GoMod}}"])?)
                .into_owned();
        let mains: Vec<(String, PathBuf)> = mains
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(path, file)| (path.into(), file.into()))
            .collect();
        let mut modules = Self {
            mains,
            workspace: request.workspace,
            ..Self::default()
        };
        modules.replaces = modules.read_replaces(go, request)?;
        // Without the network the graph has errors of its own, which say less.
        if request.vendored || !listing.errors(request, &modules).is_empty() {
            return Ok(modules);
        }
        modules.sums = modules.read_sums(go);
        let Ok(graph) = go.output(&["mod", "graph"]) else {
            // Something in it cannot be had. The listing came without it, and so do offline builds
            // of the same packages: the go command reads only the mod files of modules that provide
            // packages, as long as the mod files of the main modules name all of these ("Lazy
            // module loading" in the Go modules reference).
            modules.loaded.selected = modules.required()?;
            return Ok(modules);
        };
        modules.edges = parse_graph(&String::from_utf8_lossy(&graph));
        modules.loaded = modules.load(&go.module_cache());
        // The listing had no import of the repository's own packages, so these were not downloaded.
        for (path, version) in modules.selected(|path| modules.is_near_own(path)) {
            if request.workspace && modules.sum(&(path.clone(), version.clone())).is_none() {
                go.output(&["mod", "download", &format!("{path}@{version}")])?;
            }
        }
        Ok(modules)
    }

    /// Replacements of the workspace file win over those of members for the same path, whatever the
    /// version (modload, `MainModules`).
    fn read_replaces(&self, go: &Go, request: &ResolveRequest) -> Result<Vec<Replace>, Failure> {
        let mut replaces = Vec::new();
        if request.workspace {
            let file = go.dir.join("go.work");
            replaces = written(&file, WorkFile::parse("go.work", &read(&file)?).0.replace);
        }
        let of_workspace: BTreeSet<String> = replaces
            .iter()
            .map(|replace| replace.old.0.clone())
            .collect();
        for (_, file) in &self.mains {
            let of_module = written(file, ModFile::parse("go.mod", &read(file)?).0.replace);
            replaces.extend(
                of_module
                    .into_iter()
                    .filter(|replace| !of_workspace.contains(&replace.old.0)),
            );
        }
        Ok(replaces)
    }

    /// The versions that the main modules ask for themselves, by path: of a single module whose
    /// graph is not loaded, those that are selected.
    fn required(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut required: BTreeMap<String, String> = BTreeMap::new();
        for (_, file) in &self.mains {
            for require in ModFile::parse("go.mod", &read(file)?).0.require {
                let version = required.entry(require.path).or_default();
                if gomod::version::compare_semver(&require.version, version).is_gt() {
                    *version = require.version;
                }
            }
        }
        required.retain(|path, _| !self.mains.iter().any(|(main, _)| main == path));
        Ok(required)
    }

    fn read_sums(&self, go: &Go) -> BTreeMap<Version, String> {
        let of_mains = self
            .mains
            .iter()
            .map(|(_, file)| file.with_file_name("go.sum"));
        let files = of_mains.chain(self.workspace.then(|| go.dir.join("go.work.sum")));
        files
            .filter_map(|file| fs::read_to_string(file).ok())
            .flat_map(|text| parse_sums(&text))
            .collect()
    }

    /// Whether an import path belongs to the repository: to a main module, or to a replacement by a
    /// directory.
    pub(super) fn is_own(&self, import: &str) -> bool {
        self.own().any(|module| has_prefix(import, module))
    }

    /// The paths of the modules that are directories of the repository.
    fn own(&self) -> impl Iterator<Item = &str> {
        let local = self
            .replaces
            .iter()
            .filter(|replace| replace.new.1.is_empty())
            .map(|replace| replace.old.0.as_str());
        self.mains
            .iter()
            .map(|(path, _)| path.as_str())
            .chain(local)
    }

    /// The versions selected of modules that a directory stands in for.
    pub(super) fn replaced(&self) -> BTreeMap<String, String> {
        let by_directory = |(path, version): &(&String, &String)| {
            !version.is_empty()
                && self
                    .effective(&((*path).clone(), (*version).clone()))
                    .1
                    .is_empty()
        };
        let selected = self.loaded.selected.iter().filter(by_directory);
        selected
            .map(|(path, version)| (path.clone(), version.clone()))
            .collect()
    }

    /// What a module version is replaced by, or itself; a directory has no version.
    fn effective(&self, version: &Version) -> Version {
        let of_path = || {
            self.replaces
                .iter()
                .filter(|replace| replace.old.0 == version.0)
        };
        let replace = of_path()
            .find(|replace| replace.old.1 == version.1)
            .or_else(|| of_path().find(|replace| replace.old.1.is_empty()));
        replace.map_or_else(|| version.clone(), |replace| replace.new.clone())
    }

    /// The graph as the go command loads it. `module_cache` is where the `.mod` files are.
    fn load(&self, module_cache: &Path) -> Loaded {
        let own = |version: &Version| {
            let file = match self
                .mains
                .iter()
                .find(|(path, _)| version.1.is_empty() && *path == version.0)
            {
                Some((_, file)) => file.clone(),
                None => match self.effective(version) {
                    (dir, empty) if empty.is_empty() => Path::new(&dir).join("go.mod"),
                    version => download_path(module_cache, &version, "mod"),
                },
            };
            if prunes(&file) {
                Pruning::Pruned
            } else {
                Pruning::Unpruned
            }
        };
        let mains: Vec<Version> = self
            .mains
            .iter()
            .map(|(path, _)| (path.clone(), String::new()))
            .collect();
        let walk = Walk::new(&self.edges, &own);
        match mains.first() {
            Some(main) if !self.workspace => walk.module(main),
            _ => walk.workspace(&mains),
        }
    }

    /// Every module version whose `.mod` file is read, after replacement.
    pub(super) fn mod_files(&self) -> BTreeSet<Version> {
        self.loaded
            .versions
            .iter()
            .map(|version| self.effective(version))
            .filter(|(_, version)| !version.is_empty())
            .collect()
    }

    /// Selected modules that could provide one of `imports`, by their paths; after replacement.
    pub(super) fn candidates(&self, imports: &BTreeSet<&str>) -> BTreeSet<Version> {
        let prefixes: BTreeSet<&str> = imports.iter().flat_map(|import| prefixes(import)).collect();
        self.selected(|path| prefixes.contains(path) || self.is_near_own(path))
    }

    fn selected(&self, wanted: impl Fn(&str) -> bool) -> BTreeSet<Version> {
        let selected = self
            .loaded
            .selected
            .iter()
            .filter(|(path, version)| !version.is_empty() && wanted(path));
        let effective =
            selected.map(|(path, version)| self.effective(&(path.clone(), version.clone())));
        effective
            .filter(|(_, version)| !version.is_empty())
            .collect()
    }

    /// Whether a module could by its path provide a package of the repository, which an import of
    /// it must rule out.
    fn is_near_own(&self, path: &str) -> bool {
        self.own()
            .any(|own| has_prefix(own, path) || has_prefix(path, own))
    }

    /// The `h1:` sum of a module's content that a go.sum or go.work.sum file has.
    pub(super) fn sum(&self, version: &Version) -> Option<&String> {
        self.sums.get(version)
    }
}

/// `cache/download/<path>/@v/<version>.<suffix>` of a module cache.
pub(super) fn download_path(
    module_cache: &Path,
    (path, version): &Version,
    suffix: &str,
) -> PathBuf {
    module_cache.join(format!(
        "cache/download/{}/@v/{}.{suffix}",
        escape(path),
        escape(version)
    ))
}

/// The directory of a module version in a module cache.
pub(super) fn module_dir(module_cache: &Path, (path, version): &Version) -> PathBuf {
    module_cache.join(format!("{}@{}", escape(path), escape(version)))
}

/// Capital letters as `!` and the small letter, for file systems that do not tell them apart
/// (golang.org/x/mod/module, `EscapePath`).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    escaped
}

/// Whether a module's requirements are complete, so that the graph below them is not loaded: its go
/// line is 1.17 or later.
fn prunes(mod_file: &Path) -> bool {
    let text = fs::read_to_string(mod_file).unwrap_or_default();
    let version = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("go "))
        .unwrap_or_default();
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u32>().unwrap_or_default());
    (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    ) >= (1, 17)
}

fn has_prefix(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `a/b/c`, `a/b`, `a`.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        path.rsplit_once('/').map(|(parent, _)| parent)
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(Failure::file(file))
}

/// Replacements as a mod file has them. The go command has read the file before, and found nothing
/// wrong with it.
fn written(file: &Path, replaces: Vec<gomod::Replace>) -> Vec<Replace> {
    let target = |path: String, version: String| match version.is_empty() {
        true => (
            file.with_file_name("")
                .join(path)
                .to_string_lossy()
                .into_owned(),
            version,
        ),
        false => (path, version),
    };
    let replace = |replace: gomod::Replace| Replace {
        old: (replace.old_path, replace.old_version),
        new: target(replace.new_path, replace.new_version),
    };
    replaces.into_iter().map(replace).collect()
}

/// Lines `module[@version] module[@version]`. The toolchain's own pseudo-modules are left out.
fn parse_graph(text: &str) -> BTreeMap<Version, Vec<Version>> {
    let mut edges: BTreeMap<Version, Vec<Version>> = BTreeMap::new();
    for (from, to) in text.lines().filter_map(|line| line.split_once(' ')) {
        let (from, to) = (parse_version(from), parse_version(to));
        if ![&from, &to]
            .iter()
            .any(|(path, _)| path == "go" || path == "toolchain")
        {
            edges.entry(from).or_default().push(to);
        }
    }
    edges
}

fn parse_version(text: &str) -> Version {
    let (path, version) = text.split_once('@').unwrap_or((text, ""));
    (path.into(), version.into())
}

/// Lines `path version h1:...`; those of mod files are left out.
fn parse_sums(text: &str) -> Vec<(Version, String)> {
    let line = |line: &str| {
        let mut fields = line.split_whitespace();
        let (path, version, sum) = (fields.next()?, fields.next()?, fields.next()?);
        let of_content = sum.starts_with("h1:") && !version.ends_with("/go.mod");
        of_content.then(|| ((path.to_owned(), version.to_owned()), sum.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_as_the_module_cache_does() {
        let version = (
            "github.com/BurntSushi/toml".to_owned(),
            "v1.0.0-RC1".to_owned(),
        );
        assert_eq!(
            module_dir(Path::new("/c"), &version),
            Path::new("/c/github.com/!burnt!sushi/toml@v1.0.0-!r!c1")
        );
        assert_eq!(
            download_path(Path::new("/c"), &version, "mod"),
            Path::new("/c/cache/download/github.com/!burnt!sushi/toml/@v/v1.0.0-!r!c1.mod")
        );
    }

    #[test]
    fn prefixes_end_at_slashes() {
        assert_eq!(
            prefixes("a/bc/d").collect::<Vec<_>>(),
            ["a/bc/d", "a/bc", "a"]
        );
        assert!(
            has_prefix("a/bc", "a/bc")
                && has_prefix("a/bc/d", "a/bc")
                && !has_prefix("a/bcd", "a/bc")
        );
    }

    #[test]
    fn replacements_by_version_win() {
        let version = |path: &str, version: &str| (path.to_owned(), version.to_owned());
        let replace = |old, new| Replace { old, new };
        let replaces = vec![
            replace(version("a", ""), version("b", "v2.0.0")),
            replace(version("a", "v1.0.0"), version("../a", "")),
        ];
        let modules = Modules {
            replaces,
            ..Modules::default()
        };
        assert_eq!(
            modules.effective(&version("a", "v1.0.0")),
            version("../a", "")
        );
        assert_eq!(
            modules.effective(&version("a", "v1.1.0")),
            version("b", "v2.0.0")
        );
        assert_eq!(
            modules.effective(&version("c", "v1.1.0")),
            version("c", "v1.1.0")
        );
        assert!(modules.is_own("a/x") && !modules.is_own("b"));
    }
}
