//! Where a repository is read from: the work tree, or a commit; whole, or without what .dockerignore leaves out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use gowork_llb::tree::{Ignore, IgnoringTree, LocalTree, SourceTree, TreeError, TreePath};

use crate::args::Common;

/// A tree with the configuration that belongs to it.
#[derive(Clone)]
pub(crate) struct Source {
    /// The files.
    pub(crate) tree: Arc<dyn SourceTree>,
    /// Name and text of the configuration, if there is one.
    pub(crate) config_file: Option<(String, String)>,
    /// Name and rules of the ignore file, if there is one.
    pub(crate) ignore: Option<(String, Ignore)>,
}

impl Source {
    /// The work tree.
    pub(crate) fn on_disk(common: &Common) -> anyhow::Result<Self> {
        let root = &common.directory;
        anyhow::ensure!(root.is_dir(), "{}: no such directory", root.display());
        Self::of(Arc::new(LocalTree::new(root)), common)
    }

    /// Any tree of the same repository. A configuration that lies outside of it is read from disk.
    pub(crate) fn of(tree: Arc<dyn SourceTree>, common: &Common) -> anyhow::Result<Self> {
        let config_file = config_file(tree.as_ref(), &common.directory, common.config.as_deref())?;
        let own = config_file.as_ref().map(|(name, _)| format!("{name}.dockerignore"));
        let names = own.into_iter().chain([".dockerignore".to_owned()]);
        let mut ignore = None;
        for name in names {
            if let Some(text) = read(tree.as_ref(), &name)? {
                ignore = Some((name, Ignore::parse(text.as_bytes())));
                break;
            }
        }
        Ok(Self { tree, config_file, ignore })
    }

    /// What a build sees of it.
    pub(crate) fn without_ignored(mut self) -> Self {
        if let Some((_, ignore)) = &self.ignore {
            self.tree = Arc::new(IgnoringTree::new(Arc::clone(&self.tree), ignore.clone()));
        }
        self
    }
}

/// The text of a file at `name`; none if there is none.
fn read(tree: &dyn SourceTree, name: &str) -> anyhow::Result<Option<String>> {
    // What lies outside is not of this tree.
    let Ok(path) = TreePath::new(name) else { return Ok(None) };
    match tree.read(&[path]).remove(0) {
        Ok(bytes) => Ok(Some(String::from_utf8(bytes).with_context(|| format!("{name}: stream did not contain valid UTF-8"))?)),
        Err(TreeError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Name and text of the configuration, if there is one.
fn config_file(tree: &dyn SourceTree, root: &Path, given: Option<&Path>) -> anyhow::Result<Option<(String, String)>> {
    if let Some(path) = given {
        let name = shown(root, path);
        if let Some(text) = read(tree, &name)? {
            return Ok(Some((name, text)));
        }
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        return Ok(Some((name, text)));
    }
    for (name, is_ours) in [("gowork.toml", (|_| true) as fn(&str) -> bool), ("Dockerfile", has_our_syntax)] {
        if let Some(text) = read(tree, name)?.filter(|text| is_ours(text)) {
            return Ok(Some((name.to_owned(), text)));
        }
    }
    Ok(None)
}

/// A path below the root as seen from there, so that places in it read like all others.
fn shown(root: &Path, path: &Path) -> String {
    let inside = || Some(path.canonicalize().ok()?.strip_prefix(root.canonicalize().ok()?).ok()?.to_path_buf());
    inside().unwrap_or_else(|| PathBuf::from(path)).display().to_string()
}

/// Whether a Dockerfile's first line names a frontend called gowork.
fn has_our_syntax(text: &str) -> bool {
    let first = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let value = first.trim_start_matches('#').trim().strip_prefix("syntax").map(str::trim_start);
    let reference = value.and_then(|rest| rest.strip_prefix('=')).unwrap_or_default().trim();
    let name = reference.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().contains("gowork")
}
