//! The pruned module cache: of the raw one only what offline builds of this repository read.
//!
//! Kept are the `.mod` files of the module graph; of each module that provides a package its sum,
//! its go.mod and the files of the reached packages; and of each module that merely could provide
//! one, by its path, the directory. Modules with cgo packages are kept whole, since C may include
//! any file of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::command::Go;
use super::failure::Failure;
use super::graph::{self, Modules, Version};
use super::layer;
use super::listing::{ListedModule, ListedPackage, Listing};
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

#[derive(Default)]
struct Pruned {
    dirs: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Content>,
}

/// Writes the pruned module cache of what `listing` reached to `out`.
///
/// # Errors
/// If the raw module cache lacks a file, one is not what it was when it was verified, or a file
/// cannot be written.
pub(super) fn write(
    (go, verified): (&Go, &Verified),
    listing: &Listing,
    modules: &Modules,
    out: &Path,
) -> Result<(), Failure> {
    let raw = go.module_cache();
    let mut pruned = Pruned::default();
    pruned.dirs.insert(PathBuf::from("cache/download"));
    for version in modules.mod_files() {
        pruned.add_mod_file(&raw, &version);
    }
    let third_party = || {
        listing
            .packages
            .iter()
            .filter_map(|package| package.module.as_ref().map(|module| (package, module)))
    };
    let imports: BTreeSet<&str> = third_party()
        .map(|(package, _)| package.import_path.as_str())
        .collect();
    for version in modules.candidates(&imports) {
        pruned.add_candidate(&raw, &version, modules.sum(&version));
    }
    for (package, module) in third_party().filter(|(_, module)| !module.is_local()) {
        pruned.add_provider(&raw, module)?;
        pruned.add_package(&raw, package, module)?;
    }
    pruned.write(out, verified)
}

impl Pruned {
    fn add_mod_file(&mut self, raw: &Path, version: &Version) {
        let file = graph::download_path(raw, version, "mod");
        if file.is_file() {
            self.files.insert(
                graph::download_path(Path::new(""), version, "mod"),
                Content::Copy(file),
            );
        }
    }

    /// A module that perhaps has no reached package. Of its directory the go command wants to see
    /// that it is there, and that no package is in it. A single module's missing sum means that it
    /// never looked; a workspace's only that the sum is not committed.
    fn add_candidate(&mut self, raw: &Path, version: &Version, sum: Option<&String>) {
        let unpacked = || fs::read_to_string(graph::download_path(raw, version, "ziphash")).ok();
        if let Some(sum) = sum.cloned().or_else(unpacked) {
            self.files.insert(
                graph::download_path(Path::new(""), version, "ziphash"),
                Content::Text(sum),
            );
            self.dirs.insert(graph::module_dir(Path::new(""), version));
        }
    }

    fn add_provider(&mut self, raw: &Path, module: &ListedModule) -> Result<(), Failure> {
        let effective = module.effective();
        let version = (effective.path.clone(), effective.version.clone());
        let sum = graph::download_path(raw, &version, "ziphash");
        let text = fs::read_to_string(&sum).map_err(Failure::file(&sum))?;
        self.files.insert(
            graph::download_path(Path::new(""), &version, "ziphash"),
            Content::Text(text),
        );
        // Proxies say more or less about a version; this is what the go command needs of it, in the
        // form that it would write it again.
        let info = effective.time.as_deref().and_then(|time| {
            serde_json::to_string(&Info {
                version: &version.1,
                time,
            })
            .ok()
        });
        if let Some(info) = info {
            self.files.insert(
                graph::download_path(Path::new(""), &version, "info"),
                Content::Text(info),
            );
        }
        self.add_mod_file(raw, &version);
        let (dir, file) = (
            graph::module_dir(Path::new(""), &version),
            graph::module_dir(raw, &version).join("go.mod"),
        );
        if file.is_file() {
            self.files.insert(dir.join("go.mod"), Content::Copy(file));
        }
        self.dirs.insert(dir);
        Ok(())
    }

    fn add_package(
        &mut self,
        raw: &Path,
        package: &ListedPackage,
        module: &ListedModule,
    ) -> Result<(), Failure> {
        let effective = module.effective();
        let root = graph::module_dir(raw, &(effective.path.clone(), effective.version.clone()));
        if package.reads_module() {
            return self.add_tree(raw, &root);
        }
        for file in package.files() {
            self.add_file(raw, &package.dir.join(file))?;
        }
        Ok(())
    }

    fn add_tree(&mut self, raw: &Path, dir: &Path) -> Result<(), Failure> {
        self.dirs.insert(inside(raw, dir)?);
        for entry in fs::read_dir(dir).map_err(Failure::file(dir))? {
            let entry = entry.map_err(Failure::file(dir))?;
            let kind = entry.file_type().map_err(Failure::file(dir))?;
            if kind.is_dir() {
                self.add_tree(raw, &entry.path())?;
            } else if kind.is_file() {
                self.add_file(raw, &entry.path())?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, raw: &Path, path: &Path) -> Result<(), Failure> {
        self.files
            .insert(inside(raw, path)?, Content::Copy(path.into()));
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
        self.dirs.extend(
            named
                .iter()
                .flat_map(|dir| dir.ancestors())
                .map(Path::to_owned),
        );
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

/// Where `path` is in the module cache. Nothing outside of it is ever copied, whatever a listing
/// says.
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
