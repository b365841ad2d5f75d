//! A tree to a [`Scan`]: the mod files and the heads of the source files, for all platforms at
//! once.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::embeds;
use super::included::{self, Asks, Files};
use super::owners::Owners;
use super::scanned::{Refused, Scan, ScannedDir, source};
use super::walk::{VENDOR, Walk};
use super::{git_ignored, heads, mod_texts};
use crate::batches;
use crate::gomod::FILE_NAMES;
use crate::gomod::path::with_parents;
use crate::gosrc::{FileClass, Includes, SourceFile, is_includable, is_source_name};
use crate::limits;
use crate::tree::{self, Entry, EntryKind, SourceTree, TreePath};
use crate::workspace::{self, Workspace};

/// How many files are read, then parsed, by one thread at a time.
const READ_BATCH: usize = 64;

/// Scans `tree`.
pub fn scan(tree: &dyn SourceTree) -> Scan {
    let mut scanner = Scanner {
        tree,
        walk: Walk::default(),
        scan: Scan::default(),
        sources: 0,
        facts: AtomicUsize::new(0),
    };
    match scanner.run() {
        Ok(()) => scanner.scan,
        Err(refused) => Scan {
            refused: Some(refused),
            ..Scan::default()
        },
    }
}

struct Scanner<'a> {
    tree: &'a dyn SourceTree,
    walk: Walk,
    scan: Scan,
    /// Source files so far.
    sources: usize,
    /// Imports, embed patterns and includes so far.
    facts: AtomicUsize,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), Refused> {
        self.walk.descend(self.tree, &TreePath::ROOT)?;
        self.read_mod_files()?;
        self.find_hidden_modules()?;
        // Which roots are built is not known here.
        let workspace = workspace::load_everything(&self.scan.mod_files);
        let dirs = self.module_dirs(&workspace);
        self.read_sources(&dirs)?;
        self.follow_imports(&workspace)?;
        self.resolve_embeds();
        self.find_included()
    }

    fn read_mod_files(&mut self) -> Result<(), Refused> {
        let mut paths = BTreeSet::new();
        for (dir, entries) in self.walk.listed() {
            let mod_files = entries
                .iter()
                .filter(|entry| FILE_NAMES.contains(&entry.name.as_str()));
            for entry in mod_files.clone() {
                let path = if entry.kind == EntryKind::LinkToFile {
                    dir.child(&entry.name)
                } else {
                    dir.clone()
                };
                self.scan.links.extend(self.walk.links_to(self.tree, &path));
            }
            paths.extend(
                entries
                    .iter()
                    .filter(|e| is_file(e) && FILE_NAMES.contains(&e.name.as_str()))
                    .map(|e| dir.child(&e.name)),
            );
            if entries
                .iter()
                .any(|e| e.name == "vendor" && e.kind == EntryKind::Dir)
            {
                paths.insert(dir.child("vendor").child("modules.txt"));
            }
        }
        paths.retain(|path| !self.scan.mod_files.contains_key(path));
        let paths: Vec<TreePath> = paths.into_iter().collect();
        mod_texts::read(self.tree, &paths, &mut self.scan.mod_files)
    }

    /// Walks directories that mod files name and that `...` does not reach, or not below them, such
    /// as `use ./testdata/x`.
    fn find_hidden_modules(&mut self) -> Result<(), Refused> {
        let named = workspace::named_dirs(&self.scan.mod_files);
        let is_hidden = |dir: &TreePath| self.walk.get(dir).is_none() || dir.name() == VENDOR;
        let hidden: Vec<TreePath> = named.into_iter().filter(is_hidden).collect();
        for dir in &hidden {
            self.walk.descend(self.tree, dir)?;
        }
        if hidden.is_empty() {
            Ok(())
        } else {
            self.read_mod_files()
        }
    }

    /// The listed directories that belong to a module.
    fn module_dirs(&self, workspace: &Workspace) -> Vec<TreePath> {
        let used: BTreeSet<&str> = workspace
            .modules
            .iter()
            .map(|module| module.dir.as_str())
            .collect();
        let owners = Owners::new(&self.scan.mod_files);
        let is_used = |dir: &TreePath| owners.of(dir).is_some_and(|module| used.contains(module));
        self.walk
            .listed()
            .map(|(dir, _)| dir)
            .filter(|dir| is_used(dir))
            .cloned()
            .collect()
    }

    /// Reads the heads of the source files in `dirs`.
    fn read_sources(&mut self, dirs: &[TreePath]) -> Result<(), Refused> {
        let mut files: Vec<(&TreePath, String)> = Vec::new();
        for dir in dirs {
            for name in self.note_dir(dir) {
                files.push((dir, name));
            }
        }
        let mut heads = self.heads(&files)?.into_iter().flatten();
        for of_dir in files.chunk_by(|(dir, _), (other, _)| dir == other) {
            let dir = of_dir.first().map(|(dir, _)| *dir);
            if let Some(scanned) = dir.and_then(|dir| self.scan.dirs.get_mut(dir)) {
                (scanned.files, scanned.sizes) = heads.by_ref().take(of_dir.len()).unzip();
            }
        }
        Ok(())
    }

    /// Notes a directory, and the links in it, if it has sources. Returns their names.
    fn note_dir(&mut self, dir: &TreePath) -> Vec<String> {
        self.scan.links.extend(self.walk.links_to(self.tree, dir));
        let mut names = Vec::new();
        let mut links = Vec::new();
        let mut pgo = false;
        for entry in self.walk.entries(self.tree, dir) {
            let is_source = is_source_name(&entry.name);
            let is_profile = entry.name == "default.pgo";
            // A link that leads nowhere is a source that cannot be read, as the go command finds
            // when it opens it.
            let is_broken = entry.kind == EntryKind::BrokenLink && is_source;
            if !is_file(entry) && !is_broken {
                continue;
            }
            if entry.kind == EntryKind::LinkToFile && (is_source || is_profile) {
                links.push(dir.child(&entry.name));
            }
            pgo |= is_profile;
            if is_source {
                names.push(entry.name.clone());
            }
        }
        if names.is_empty() {
            return names;
        }
        for link in links {
            self.scan.links.extend(tree::links_to(self.tree, &link));
        }
        let scanned = ScannedDir {
            pgo,
            ..ScannedDir::default()
        };
        self.scan.dirs.insert(dir.clone(), scanned);
        names
    }

    /// What the heads of `files` say.
    fn heads(
        &mut self,
        files: &[(&TreePath, String)],
    ) -> Result<Vec<Vec<(SourceFile, u64)>>, Refused> {
        self.sources += files.len();
        if self.sources > limits::SOURCES {
            return Err(Refused::new(format!(
                "more than {} source files, gowork's limit",
                limits::SOURCES
            )));
        }
        let (tree, facts) = (self.tree, &self.facts);
        let heads = batches::map_chunks(files, READ_BATCH, |batch| heads::read(tree, batch, facts));
        if facts.load(Ordering::Relaxed) > limits::FACTS {
            let message = format!(
                "more than {} imports, embed patterns and includes in all source files, gowork's limit",
                limits::FACTS
            );
            return Err(Refused::new(message));
        }
        Ok(heads)
    }

    /// Packages in directories that `...` does not reach (testdata, `_x`) can be imported all the
    /// same.
    fn follow_imports(&mut self, workspace: &Workspace) -> Result<(), Refused> {
        let mut modules: BTreeMap<&str, BTreeSet<&TreePath>> = BTreeMap::new();
        for root in &workspace.roots {
            for (path, ix) in workspace.imported_as(root) {
                let dirs = modules.entry(path).or_default();
                dirs.insert(&workspace.module(ix).dir);
            }
        }
        let mut tried: BTreeSet<TreePath> = BTreeSet::new();
        let mut fresh: Vec<TreePath> = self.scan.dirs.keys().cloned().collect();
        while !fresh.is_empty() {
            let mut wanted = BTreeSet::new();
            for import in self.imports_of(&fresh) {
                for module in with_parents(import) {
                    let below = import[module.len()..].trim_start_matches('/');
                    let dirs = modules.get(module).into_iter().flatten();
                    wanted.extend(dirs.filter_map(|dir| dir.join(below).ok()));
                }
            }
            wanted.retain(|dir| !self.scan.dirs.contains_key(dir) && tried.insert(dir.clone()));
            fresh = wanted.into_iter().collect();
            self.read_sources(&fresh)?;
            fresh.retain(|dir| self.scan.dirs.contains_key(dir));
        }
        Ok(())
    }

    /// What the files in `dirs` import.
    fn imports_of(&self, dirs: &[TreePath]) -> BTreeSet<&str> {
        let mut imports = BTreeSet::new();
        for scanned in dirs.iter().filter_map(|dir| self.scan.dirs.get(dir)) {
            for file in &scanned.files {
                imports.extend(
                    file.header
                        .imports
                        .iter()
                        .map(|import| import.path.as_str()),
                );
            }
        }
        imports
    }

    fn resolve_embeds(&mut self) {
        let mut resolved = Vec::new();
        let budget = Cell::new(limits::EMBED_STEPS);
        for (dir, scanned) in &self.scan.dirs {
            let files = scanned
                .files
                .iter()
                .filter(|file| !crate::gosrc::is_test(&file.name));
            let patterns: BTreeSet<&str> = files
                .flat_map(|file| &file.header.embeds)
                .map(|embed| embed.pattern.as_str())
                .collect();
            if !patterns.is_empty() {
                let embeds = embeds::resolve(self.tree, &mut self.walk, dir, &patterns, &budget);
                let failed = embeds.iter().filter(|(_, found)| found.is_err());
                let failed = failed.map(|(pattern, _)| pattern.as_str());
                let ignored = git_ignored::find(self.tree, dir, failed);
                resolved.push((dir.clone(), embeds, ignored));
            }
        }
        for (dir, embeds, ignored) in resolved {
            if let Some(scanned) = self.scan.dirs.get_mut(&dir) {
                scanned.embeds = embeds;
                scanned.git_ignored = ignored;
            }
        }
    }

    /// Notes all that the packages' C sources and `#cgo` lines may lead to in any build context.
    fn find_included(&mut self) -> Result<(), Refused> {
        let mut recorder = Recorder {
            tree: self.tree,
            walk: &mut self.walk,
            dirs: &self.scan.dirs,
            listed: BTreeMap::new(),
            included: BTreeMap::new(),
            links: BTreeMap::new(),
        };
        for (dir, scanned) in &self.scan.dirs {
            if let Some(asks) = asks(dir, scanned)
                && included::inputs(&asks, &mut recorder).is_none()
            {
                let message = format!(
                    "finding what the C files include takes more than {} steps, gowork's limit",
                    limits::INCLUDE_STEPS
                );
                return Err(Refused::new(message).at(dir.clone()));
            }
        }
        let Recorder {
            listed,
            included,
            links,
            ..
        } = recorder;
        (self.scan.listed, self.scan.included) = (listed, included);
        self.scan.links.extend(links);
        Ok(())
    }
}

/// What a package asks for beyond Go files, in any build context. `None` if it asks for nothing.
fn asks<'a>(dir: &'a TreePath, scanned: &'a ScannedDir) -> Option<Asks<'a>> {
    let mut sources: Vec<&SourceFile> = Vec::new();
    let mut flags = Vec::new();
    let (mut has_go, mut names_files) = (false, false);
    for file in &scanned.files {
        if let Some(FileClass::H | FileClass::Syso | FileClass::TestGo) = FileClass::of(&file.name)
        {
            continue;
        }
        has_go |= !file.header.package.is_empty();
        names_files |= !file.includes.is_empty();
        if let Some(cgo) = &file.header.cgo {
            names_files = true;
            flags.extend(cgo.all_flags());
        }
        sources.push(file);
    }
    (has_go && names_files).then_some(Asks {
        dir,
        sources,
        flags,
    })
}

/// The tree, with notes of what was looked at.
struct Recorder<'a> {
    tree: &'a dyn SourceTree,
    walk: &'a mut Walk,
    dirs: &'a BTreeMap<TreePath, ScannedDir>,
    listed: BTreeMap<TreePath, Vec<String>>,
    included: BTreeMap<TreePath, Includes>,
    links: BTreeMap<TreePath, String>,
}

impl Files for Recorder<'_> {
    fn names(&mut self, dir: &TreePath) -> Vec<String> {
        self.links.extend(self.walk.links_to(self.tree, dir));
        let entries = self.walk.entries(self.tree, dir);
        let links = entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::LinkToFile);
        self.links
            .extend(links.flat_map(|entry| tree::links_to(self.tree, &dir.child(&entry.name))));
        let names: Vec<String> = entries
            .iter()
            .filter(|entry| is_file(entry))
            .map(|entry| entry.name.clone())
            .collect();
        if !names.is_empty() {
            self.listed.insert(dir.clone(), names.clone());
        }
        names
    }

    fn includes(&mut self, file: &TreePath) -> Option<Includes> {
        if let Some(source) = source(self.dirs, file) {
            return Some(source.includes.clone());
        }
        // The texts of other files do not exist everywhere, and the same tree must give the same
        // scan.
        if !is_includable(file.name()) {
            return None;
        }
        let text = self.tree.read(std::slice::from_ref(file)).pop()?.ok()?;
        let includes = Includes::parse(file.name(), &text);
        self.included.insert(file.clone(), includes.clone());
        Some(includes)
    }
}

fn is_file(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::LinkToFile)
}
