//! The pruned module cache: of the raw one only what offline builds of this repository read.
//!
//! Kept are the `.mod` files of the module graph; of each module that provides a package its sum, its go.mod and the files of the reached packages; and of each
//! module that merely could provide one, by its path, the directory. Modules with cgo packages are kept whole, since C may include any file of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::command::Go;
use super::failure::Failure;
use super::graph::{self, Modules, Version};
use super::layer;
use super::listing::{ListedModule, ListedPackage, Listing};

/// A file of the pruned cache: its path there, and what it holds.
enum Content {
    Copy(PathBuf),
    Text(String),
}

#[derive(Default)]
struct Pruned {
    dirs: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Content>,
}

/// Writes the pruned module cache of what `listing` reached to `out`.
///
/// # Errors
/// If the raw module cache lacks a file, or a file cannot be written.
pub(super) fn write(go: &Go, listing: &Listing, modules: &Modules, out: &Path) -> Result<(), Failure> {
    let raw = go.module_cache();
    let mut pruned = Pruned::default();
    pruned.dirs.insert(PathBuf::from("cache/download"));
    for version in modules.mod_files(&raw) {
        pruned.add_mod_file(&raw, &version);
    }
    let third_party = || listing.packages.iter().filter_map(|package| package.module.as_ref().map(|module| (package, module)));
    let imports: BTreeSet<&str> = third_party().map(|(package, _)| package.import_path.as_str()).collect();
    for (version, sum) in modules.candidates(&imports) {
        pruned.add_candidate(&raw, &version, &sum);
    }
    for (package, module) in third_party().filter(|(_, module)| !module.is_local()) {
        pruned.add_provider(&raw, module)?;
        pruned.add_package(&raw, package, module)?;
    }
    pruned.write(out)
}

impl Pruned {
    fn add_mod_file(&mut self, raw: &Path, version: &Version) {
        let file = graph::download_path(raw, version, "mod");
        if file.is_file() {
            self.files.insert(graph::download_path(Path::new(""), version, "mod"), Content::Copy(file));
        }
    }

    /// A module that has no reached package. Its directory may not have been unpacked for this request, so all of it comes from mod files and sums.
    fn add_candidate(&mut self, raw: &Path, version: &Version, sum: &str) {
        let mod_file = graph::download_path(raw, version, "mod");
        if !mod_file.is_file() {
            return;
        }
        self.add_mod_file(raw, version);
        self.files.insert(graph::download_path(Path::new(""), version, "ziphash"), Content::Text(sum.into()));
        self.files.insert(graph::module_dir(Path::new(""), version).join("go.mod"), Content::Copy(mod_file));
    }

    fn add_provider(&mut self, raw: &Path, module: &ListedModule) -> Result<(), Failure> {
        let effective = module.effective();
        let version = (effective.path.clone(), effective.version.clone());
        let sum = graph::download_path(raw, &version, "ziphash");
        let text = fs::read_to_string(&sum).map_err(Failure::file(&sum))?;
        self.files.insert(graph::download_path(Path::new(""), &version, "ziphash"), Content::Text(text));
        // Proxies say more or less about a version; what the go command needs of it is here.
        if let Some(time) = &effective.time {
            let info = serde_json::json!({ "Version": effective.version, "Time": time });
            self.files.insert(graph::download_path(Path::new(""), &version, "info"), Content::Text(info.to_string()));
        }
        self.add_mod_file(raw, &version);
        let (dir, file) = (graph::module_dir(Path::new(""), &version), graph::module_dir(raw, &version).join("go.mod"));
        if file.is_file() {
            self.files.insert(dir.join("go.mod"), Content::Copy(file));
        }
        self.dirs.insert(dir);
        Ok(())
    }

    fn add_package(&mut self, raw: &Path, package: &ListedPackage, module: &ListedModule) -> Result<(), Failure> {
        let effective = module.effective();
        let root = graph::module_dir(raw, &(effective.path.clone(), effective.version.clone()));
        if !package.cgo_files.is_empty() || includes_from_elsewhere(package) {
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
        self.files.insert(inside(raw, path)?, Content::Copy(path.into()));
        Ok(())
    }

    fn write(mut self, out: &Path) -> Result<(), Failure> {
        let named: Vec<PathBuf> = self
            .files
            .keys()
            .filter_map(|file| file.parent())
            .chain(self.dirs.iter().map(PathBuf::as_path))
            .map(Path::to_owned)
            .collect();
        self.dirs.extend(named.iter().flat_map(|dir| dir.ancestors()).map(Path::to_owned));
        for dir in &self.dirs {
            layer::make_dir(&out.join(dir))?;
        }
        for (path, content) in &self.files {
            match content {
                Content::Copy(from) => layer::copy(from, &out.join(path))?,
                Content::Text(text) => layer::write(&out.join(path), text.as_bytes())?,
            }
        }
        // Parents come before their children in the set, so backwards every directory is settled after all that is in it.
        self.dirs.iter().rev().try_for_each(|dir| layer::settle_dir(&out.join(dir)))
    }
}

/// Where `path` is in the module cache. Nothing outside of it is ever copied, whatever a listing says.
fn inside(raw: &Path, path: &Path) -> Result<PathBuf, Failure> {
    let relative = path.strip_prefix(raw).ok().filter(|path| path.components().all(|part| matches!(part, Component::Normal(_))));
    relative
        .map(Path::to_owned)
        .ok_or_else(|| Failure::new(format!("{} is not in the module cache {}", path.display(), raw.display())))
}

/// Whether an assembly file includes something that is not in its own directory.
fn includes_from_elsewhere(package: &ListedPackage) -> bool {
    let includes = |file: &String| {
        let text = fs::read(package.dir.join(file)).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().any(|line| line.trim_start().starts_with("#include") && line.contains('/'))
    };
    package.s_files.iter().any(includes)
}
