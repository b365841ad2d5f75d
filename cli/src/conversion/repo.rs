//! What a conversion asks of the repository: its files, its mains with the names of their images,
//! its modules.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use gowork_llb::config::{Config, ImageName};
use gowork_llb::gomod::path::below;
use gowork_llb::gosrc::{FileClass, SourceFile};
use gowork_llb::packages::{self, Main};
use gowork_llb::plan::{self, Target};
use gowork_llb::tree::{EntryKind, SourceTree, TreePath};
use gowork_llb::workspace::{self, Module, Root, RootKind};

/// A repository.
pub(crate) struct Repo {
    tree: Arc<dyn SourceTree>,
    listed: RefCell<BTreeMap<TreePath, Vec<(String, bool)>>>,
    mains: Vec<(ImageName, Main)>,
    modules: Vec<Module>,
    /// Directories of modules that a go.work uses.
    used: Vec<TreePath>,
    has_go_work: bool,
}

/// Configurations that show mains: what cgo leaves out of one may be in another.
const LOOKS: [&str; 3] = ["", "[go]\ncgo = true\n", "[go]\nworkspace = false\n"];

impl Repo {
    /// Reads a repository.
    pub(crate) fn read(tree: Arc<dyn SourceTree>, target: &Target) -> Self {
        let scan = packages::scan(tree.as_ref());
        let mut repo = Self {
            tree,
            listed: RefCell::default(),
            mains: Vec::new(),
            modules: Vec::new(),
            used: Vec::new(),
            has_go_work: false,
        };
        for look in LOOKS {
            let (config, _) = Config::parse("gowork.toml", look);
            let (config, _) = config.expand(&BTreeMap::new());
            let roots = plan::roots(&config, &scan.mod_files);
            let workspace = workspace::load_chosen(&scan.mod_files, &roots).workspace;
            for (name, main) in plan::named_mains(&scan, &workspace, &config, target) {
                if repo.mains.iter().all(|(_, known)| known.dir != main.dir) {
                    repo.mains.push((name, main));
                }
            }
            for module in &workspace.modules {
                if repo.modules.iter().all(|known| known.dir != module.dir) {
                    repo.modules.push(module.clone());
                }
            }
            if look.is_empty() {
                let is_workspace = |root: &&Root| matches!(root.kind, RootKind::Workspace(_));
                for root in workspace.roots.iter().filter(is_workspace) {
                    let members = root.members.iter();
                    repo.used
                        .extend(members.map(|ix| workspace.module(*ix).dir.clone()));
                }
            }
        }
        repo.has_go_work = !repo.used.is_empty();
        repo
    }

    /// Whether a path exists, and then whether it is a directory. A path with a build-arg in it
    /// counts as a directory if what stands before that exists.
    pub(crate) fn is_dir(&self, path: &str) -> Option<bool> {
        if let Some((before, _)) = path.split_once("${") {
            let above = before.rsplit_once('/').map_or("", |(above, _)| above);
            return self.is_dir(above).filter(|is_dir| *is_dir);
        }
        let path = TreePath::new(path).ok()?;
        let Some(above) = path.parent() else {
            return Some(true);
        };
        let mut listed = self.listed.borrow_mut();
        let entries = listed
            .entry(above.clone())
            .or_insert_with(|| self.entries(&above));
        let entry = entries.iter().find(|(name, _)| name == path.name());
        entry.map(|(_, is_dir)| *is_dir)
    }

    /// The names in a directory, and which are directories.
    pub(crate) fn entries(&self, dir: &TreePath) -> Vec<(String, bool)> {
        let entries = self.tree.list(std::slice::from_ref(dir)).remove(0);
        entries
            .unwrap_or_default()
            .into_iter()
            .map(|entry| {
                let is_dir = matches!(entry.kind, EntryKind::Dir | EntryKind::LinkToDir);
                (entry.name, is_dir)
            })
            .collect()
    }

    /// The text of a file.
    pub(crate) fn read_text(&self, path: &str) -> Option<String> {
        let path = TreePath::new(path).ok()?;
        let bytes = self.tree.read(&[path]).pop()?.ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The mains, with the names of their images.
    pub(crate) fn mains(&self) -> &[(ImageName, Main)] {
        &self.mains
    }

    /// The name of the image of the main in a directory.
    pub(crate) fn image_of(&self, dir: &str) -> Option<&ImageName> {
        let found = self.mains.iter().find(|(_, main)| main.dir.as_str() == dir);
        found.map(|(name, _)| name)
    }

    /// The import paths of the modules.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(|module| module.path.as_str())
    }

    /// The directory of a package of the repository, by its import path.
    pub(crate) fn dir_of(&self, import_path: &str) -> Option<String> {
        let mut best: Option<(usize, String)> = None;
        for module in &self.modules {
            let rest = below(&module.path, import_path);
            let dir = rest.and_then(|rest| module.dir.join(rest.trim_start_matches('/')).ok());
            let length = module.path.len();
            if let Some(dir) = dir
                && best.as_ref().is_none_or(|(known, _)| *known < length)
            {
                best = Some((length, dir.as_str().to_owned()));
            }
        }
        best.map(|(_, dir)| dir)
    }

    /// The module that a directory belongs to.
    pub(crate) fn module_of(&self, dir: &str) -> Option<&Module> {
        let path = TreePath::new(dir).ok()?;
        self.modules
            .iter()
            .filter(|module| path.is_under(&module.dir))
            .max_by_key(|module| module.dir.as_str().len())
    }

    /// Whether a directory has a Go file of a `package main`, under whatever flags. A scan has only
    /// directories that builds reach.
    pub(crate) fn has_main_package(&self, dir: &str) -> bool {
        let Ok(dir) = TreePath::new(dir) else {
            return false;
        };
        self.entries(&dir).iter().any(|(name, is_dir)| {
            let is_source = FileClass::of(name) == Some(FileClass::Go) && !is_dir;
            let text = || self.read_text(dir.child(name).as_str()).unwrap_or_default();
            is_source && SourceFile::parse(name, text().as_bytes()).header.package == "main"
        })
    }

    /// The version in the `go` line of the module of a directory.
    pub(crate) fn go_line(&self, dir: &str) -> Option<&str> {
        let module = self.module_of(dir)?;
        Some(module.file.go.as_ref()?.value.as_str())
    }

    /// Whether go.work files use the module of a directory. `None` if the repository has no go.work.
    pub(crate) fn in_workspace(&self, dir: &str) -> Option<bool> {
        if !self.has_go_work {
            return None;
        }
        let module = self.module_of(dir)?;
        Some(self.used.contains(&module.dir))
    }
}
