//! The pruned module cache: the part of the raw one that offline builds of this repository read.
//!
//! It keeps the `.mod` files of the module graph. Of each module that provides a package it keeps
//! the sum, go.mod and the files of the reached packages. Of each module that only could provide
//! one, by its path, it keeps the directory. Modules with cgo packages are kept whole, since C may
//! include any file of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use gowork_llb::resolution::ModuleVersion;
use gowork_llb::resolution::go_list::{ListedModule, ListedPackage, Listing};
use gowork_llb::resolution::module_cache::{download_file, module_dir};
use gowork_llb::resolution::module_graph::ModuleGraph;
use gowork_llb::tree::LocalTree;
use serde::Serialize;

use super::command::Go;
use super::failure::Failure;
use super::layer;
use super::verify::Verified;

/// A file of the pruned cache: its path there, and what it holds.
enum Content {
    Copy(PathBuf),
    Text(String),
}

/// A `.info` file (cmd/go/internal/modfetch, `RevInfo`).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Info<'a> {
    version: &'a str,
    time: &'a str,
}

/// The pruned cache while it is put together. Paths are relative to it, as to the raw one.
struct Pruned<'a> {
    /// The raw module cache.
    raw: &'a Path,
    dirs: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Content>,
}

/// Writes the pruned module cache of what `listing` reached to `out`.
///
/// # Errors
/// If the raw module cache lacks a file, one is not what it was when it was verified, or a file
/// cannot be written.
pub(super) fn write(
    go: &Go,
    verified: &Verified,
    listing: &Listing,
    graph: &ModuleGraph,
    out: &Path,
) -> Result<(), Failure> {
    let raw = go.module_cache();
    let mut pruned = Pruned {
        raw: &raw,
        dirs: BTreeSet::from([PathBuf::from("cache/download")]),
        files: BTreeMap::new(),
    };
    for version in graph.mod_files() {
        pruned.add_mod_file(&version)?;
    }
    let with_module = listing.packages.iter().filter(|it| it.module.is_some());
    let imports: BTreeSet<&str> = with_module.map(|it| it.import_path.as_str()).collect();
    for version in graph.candidates(&imports) {
        pruned.add_candidate(&version, graph.sum(&version))?;
    }
    for package in &listing.packages {
        let Some(module) = &package.module else {
            continue;
        };
        if let Some(version) = module.cached() {
            pruned.add_provider(&version, module)?;
            pruned.add_package(&version, package)?;
        }
    }
    pruned.write(out, verified)
}

impl Pruned<'_> {
    fn add_mod_file(&mut self, version: &ModuleVersion) -> Result<(), Failure> {
        self.copy_if_there(download_file(version, "mod")?.into());
        Ok(())
    }

    fn copy_if_there(&mut self, path: PathBuf) {
        let file = self.raw.join(&path);
        if file.is_file() {
            self.files.insert(path, Content::Copy(file));
        }
    }

    fn add_text(&mut self, path: String, text: String) {
        self.files.insert(path.into(), Content::Text(text));
    }

    /// Adds a module that perhaps has no reached package. The go command looks whether its directory
    /// exists, and whether the package is in it. In a single module, a missing sum means that it
    /// never looked; in a workspace, only that the sum is not committed.
    fn add_candidate(&mut self, version: &ModuleVersion, sum: Option<&str>) -> Result<(), Failure> {
        let path = download_file(version, "ziphash")?;
        let unpacked = || fs::read_to_string(self.raw.join(&path)).ok();
        if let Some(sum) = sum.map(ToOwned::to_owned).or_else(unpacked) {
            self.add_text(path, sum);
            self.dirs.insert(module_dir(version)?.into());
        }
        Ok(())
    }

    fn add_provider(
        &mut self,
        version: &ModuleVersion,
        module: &ListedModule,
    ) -> Result<(), Failure> {
        let path = download_file(version, "ziphash")?;
        let sum = self.raw.join(&path);
        let text = fs::read_to_string(&sum).map_err(Failure::file(&sum))?;
        self.add_text(path, text);
        // Proxies say more or less about a version. This is what the go command needs, in the form
        // in which it would write it again.
        if let Some(time) = module.effective().time.as_deref() {
            let info = Info {
                version: &version.version,
                time,
            };
            let info = serde_json::to_string(&info).unwrap_or_default();
            self.add_text(download_file(version, "info")?, info);
        }
        self.add_mod_file(version)?;
        let dir = PathBuf::from(module_dir(version)?);
        self.copy_if_there(dir.join("go.mod"));
        self.dirs.insert(dir);
        Ok(())
    }

    fn add_package(
        &mut self,
        version: &ModuleVersion,
        package: &ListedPackage,
    ) -> Result<(), Failure> {
        if package.reads_module(&LocalTree::new("/")) {
            return self.add_tree(&self.raw.join(module_dir(version)?));
        }
        for file in package.files() {
            self.add_file(&package.dir.join(file))?;
        }
        Ok(())
    }

    fn add_tree(&mut self, dir: &Path) -> Result<(), Failure> {
        self.dirs.insert(inside(self.raw, dir)?);
        for entry in fs::read_dir(dir).map_err(Failure::file(dir))? {
            let entry = entry.map_err(Failure::file(dir))?;
            let kind = entry.file_type().map_err(Failure::file(dir))?;
            if kind.is_dir() {
                self.add_tree(&entry.path())?;
            } else if kind.is_file() {
                self.add_file(&entry.path())?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), Failure> {
        self.files
            .insert(inside(self.raw, path)?, Content::Copy(path.into()));
        Ok(())
    }

    fn write(mut self, out: &Path, verified: &Verified) -> Result<(), Failure> {
        let named: Vec<PathBuf> = self
            .files
            .keys()
            .filter_map(|file| file.parent())
            .chain(self.dirs.iter().map(PathBuf::as_path))
            .map(Path::to_owned)
            .collect();
        for dir in &named {
            self.dirs.extend(dir.ancestors().map(Path::to_owned));
        }
        for dir in &self.dirs {
            layer::make_dir(&out.join(dir))?;
        }
        for (path, content) in &self.files {
            match content {
                Content::Copy(from) => verified.copy(from, &out.join(path))?,
                Content::Text(text) => layer::write(&out.join(path), text.as_bytes())?,
            }
        }
        // Parents come before their children in the set, so backwards every directory is settled
        // after all that is in it.
        self.dirs
            .iter()
            .rev()
            .try_for_each(|dir| layer::settle_dir(&out.join(dir)))
    }
}

/// Where `path` is in the module cache. An error for any other path, so that a listing cannot make
/// this step copy files from elsewhere.
fn inside(raw: &Path, path: &Path) -> Result<PathBuf, Failure> {
    let relative = path.strip_prefix(raw).ok().filter(|path| {
        path.components()
            .all(|part| matches!(part, Component::Normal(_)))
    });
    relative.map(Path::to_owned).ok_or_else(|| {
        Failure::new(format!(
            "{} is not in the module cache {}",
            path.display(),
            raw.display()
        ))
    })
}
