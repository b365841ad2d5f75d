//! A resolution made of a listing: packages with their files, and their modules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::go_list::{ListError, ListedModule, ListedPackage, Listing, Repository, on_disk};
use super::{Resolution, ResolvedModule, ResolvedPackage, VERSION};
use crate::gomod::ModulePath;
use crate::tree::{EntryKind, SourceTree, TreePath};

/// What the go command chose in addition to packages and their modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// `go env GOVERSION`, as in `go1.26.8`.
    pub go_version: String,
    /// The versions that were selected of modules which a directory of the repository stands in
    /// for, by module path.
    pub replaced: BTreeMap<ModulePath, String>,
}

impl Listing {
    /// The resolution: third-party and std packages, and directories of the repository that were
    /// asked for as third-party. `disk` is the file system that the listing is about, from its
    /// root.
    ///
    /// # Errors
    /// [`ListError::NoModule`], and [`ListError::Disk`] for vendor directories.
    pub fn resolution(
        &self,
        repository: &Repository<'_>,
        chosen: Chosen,
        disk: &dyn SourceTree,
    ) -> Result<Resolution, ListError> {
        let mut listed: BTreeMap<&str, &ListedPackage> = BTreeMap::new();
        let mut modules: BTreeMap<&str, &ListedModule> = BTreeMap::new();
        for package in self.packages.iter().filter(|it| repository.lacks(it)) {
            listed.insert(&package.import_path, package);
            if let Some(module) = &package.module {
                modules.insert(&module.path, module);
            }
        }
        let index: BTreeMap<&str, usize> = modules.keys().copied().zip(0..).collect();
        let mut replaced = chosen.replaced;
        for module in modules.values() {
            if module.is_local() && !module.version.is_empty() {
                let version = replaced.entry(ModulePath::new(&module.path));
                version.or_insert_with(|| module.version.clone());
            }
        }
        let reader = Reader {
            root: repository.root,
            disk,
        };
        let mut packages = Vec::new();
        for package in listed.into_values() {
            let module = package.module.as_ref();
            let module = module.and_then(|module| index.get(module.path.as_str()).copied());
            packages.push(reader.package(package, module)?);
        }
        Ok(Resolution {
            version: VERSION,
            go_version: chosen.go_version,
            modules: modules.into_values().map(|it| reader.module(it)).collect(),
            packages,
            replaced,
            runtime_files: Vec::new(),
        })
    }
}

struct Reader<'a> {
    /// Root of the source tree, absolute.
    root: &'a Path,
    disk: &'a dyn SourceTree,
}

impl Reader<'_> {
    fn package(
        &self,
        package: &ListedPackage,
        module: Option<usize>,
    ) -> Result<ResolvedPackage, ListError> {
        let mut resolved = ResolvedPackage {
            path: package.import_path.clone(),
            module,
            imports: package.resolved_imports(),
            dir: String::new(),
            files: Vec::new(),
            size: 0,
            reads_module: package.reads_module(self.disk),
        };
        if package.standard {
            return Ok(resolved);
        }
        if module.is_none() {
            return Err(ListError::NoModule(package.import_path.clone()));
        }
        let mut files: BTreeSet<String> = package.files().into_iter().cloned().collect();
        if resolved.reads_module {
            files.extend(self.vendored_neighbours(package)?);
        }
        resolved.dir = self.below_root(&package.dir).unwrap_or_default();
        resolved.files = files.into_iter().collect();
        resolved.size = self.size(package);
        Ok(resolved)
    }

    fn module(&self, module: &ListedModule) -> ResolvedModule {
        let replaced_by = match module.replace.as_deref() {
            None => String::new(),
            Some(to) if to.version.is_empty() => {
                self.below_root(&to.dir).unwrap_or_else(|| to.path.clone())
            }
            Some(to) => format!("{}@{}", to.path, to.version),
        };
        let version = if module.is_local() {
            String::new()
        } else {
            module.version.clone()
        };
        ResolvedModule {
            path: ModulePath::new(&module.path),
            version,
            replaced_by,
            go: module.go_version.clone(),
            sum: module.effective().sum.clone(),
        }
    }

    /// A directory of the source tree, relative to its root.
    fn below_root(&self, dir: &Path) -> Option<String> {
        let dir = dir.strip_prefix(self.root).ok()?;
        // With slashes, whatever the system of the go command writes.
        let elements = dir.iter().map(|element| element.to_string_lossy());
        Some(elements.collect::<Vec<_>>().join("/"))
    }

    /// Bytes of the package's sources.
    fn size(&self, package: &ListedPackage) -> u64 {
        let mut bytes = 0;
        let sources = package.places(package.sources());
        self.disk.heads(&sources, 1, &mut |head| {
            bytes += head.map_or(0, |head| head.size);
        });
        bytes
    }

    /// The other files of a vendored package's module, relative to the package's directory. `go mod
    /// vendor` keeps all of a package's directory, whatever the suffix, and C sources and assembly
    /// include from the directories of their module that are there. So everything counts but Go
    /// files, which belong to their own packages.
    fn vendored_neighbours(&self, package: &ListedPackage) -> Result<Vec<String>, ListError> {
        let (Some(vendor), Some(module)) = (self.vendor_dir(&package.dir), &package.module) else {
            return Ok(Vec::new());
        };
        let (Some(dir), Some(module_dir)) =
            (on_disk(&package.dir), on_disk(&vendor.join(&module.path)))
        else {
            return Ok(Vec::new());
        };
        let mut found = self.files_below(module_dir)?;
        found.retain(|file| !file.name().ends_with(".go"));
        Ok(found.iter().map(|file| file.seen_from(&dir)).collect())
    }

    /// The outermost directory of the source tree named `vendor` that holds `dir`.
    fn vendor_dir<'d>(&self, dir: &'d Path) -> Option<&'d Path> {
        dir.ancestors()
            .filter(|dir| dir.ends_with("vendor") && dir.starts_with(self.root))
            .last()
    }

    /// The regular files in a directory and in those below it. A name that is not UTF-8 cannot
    /// belong to a module.
    fn files_below(&self, dir: TreePath) -> Result<Vec<TreePath>, ListError> {
        let mut files = Vec::new();
        let mut open = vec![dir];
        while !open.is_empty() {
            let dirs = std::mem::take(&mut open);
            for (dir, entries) in dirs.iter().zip(self.disk.list(&dirs)) {
                for entry in entries? {
                    let path = dir.child(&entry.name);
                    match entry.kind {
                        EntryKind::Dir => open.push(path),
                        EntryKind::File if !entry.name.contains('\u{fffd}') => files.push(path),
                        _ => {}
                    }
                }
            }
        }
        Ok(files)
    }
}
