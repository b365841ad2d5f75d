//! What a scan found: plain data, which crosses from the scan step to the frontend as JSON.

use std::collections::BTreeMap;

use gowork_step::Version;
use serde::{Deserialize, Serialize};

use super::included::Files;
use crate::diag::{Diagnostic, Position, Span};
use crate::gosrc::{Includes, SourceFile};
use crate::tree::{self, TreePath};
use crate::workspace::ModTexts;

/// Version of the JSON form of [`Scan`]. Another one is refused when it is read.
pub const SCAN_VERSION: u32 = 7;

/// What a tree says about its modules and packages. The same tree gives the same scan, whatever the
/// platform, the machine and the files' times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// [`SCAN_VERSION`].
    pub version: Version<SCAN_VERSION>,
    /// Mod files, by path. What is not UTF-8 in them has become U+FFFD, which no mod file may hold.
    pub mod_files: ModTexts,
    /// Directories of modules that hold source files, by path.
    pub dirs: BTreeMap<TreePath, ScannedDir>,
    /// Names of the files in directories where a C compiler or linker may look for what some
    /// package asks for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub listed: BTreeMap<TreePath, Vec<String>>,
    /// What files beyond [`Self::dirs`] include, of those that some package may include.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub included: BTreeMap<TreePath, Includes>,
    /// The symlinks on the way to mod files, and to files that some package may be made of, with
    /// what they say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<TreePath, String>,
    /// Why the tree is not read at all: it has more of something than [`limits`](crate::limits)
    /// allows. Nothing else is set then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// What a tree has too much of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// What, and the limit.
    pub message: String,
    /// The first path beyond the limit, if it is one path's fault.
    pub path: Option<TreePath>,
}

impl Refused {
    pub(super) fn new(message: String) -> Self {
        Self {
            message,
            path: None,
        }
    }

    pub(super) fn at(self, path: TreePath) -> Self {
        Self {
            path: Some(path),
            ..self
        }
    }

    /// The error that it is to a build.
    pub fn diagnostic(&self) -> Diagnostic {
        let error = Diagnostic::error(&self.message);
        let error = error
            .help("leave what no build needs out by .dockerignore; docs/limits.md has all limits");
        match &self.path {
            Some(path) if path.is_root() => error.at(Span::at(".", Position::default())),
            Some(path) => error.at(Span::at(path.as_str(), Position::default())),
            None => error,
        }
    }
}

/// A path that git ignores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct GitIgnored {
    /// The path.
    pub path: TreePath,
    /// The file with the rule.
    pub file: TreePath,
    /// Its line, from 1.
    pub line: u32,
}

/// One directory of source files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScannedDir {
    /// Its source files, sorted by name.
    pub files: Vec<SourceFile>,
    /// Bytes of each of them, in the same order.
    pub sizes: Vec<u64>,
    /// What each embed pattern of its files matches: files relative to this directory, sorted; or
    /// why it fails.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub embeds: BTreeMap<String, Result<Vec<String>, String>>,
    /// Embed patterns that match nothing and lead into what git ignores: the path that is ignored,
    /// and the rule.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub git_ignored: BTreeMap<String, GitIgnored>,
    /// Whether it holds a `default.pgo`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pgo: bool,
}

impl Scan {
    /// Takes embed patterns that find nothing for good ones where they lead into these directories:
    /// something fills them that this scan does not see.
    #[cfg(feature = "local")]
    pub(crate) fn suppose_filled(&mut self, filled: &[TreePath]) {
        if filled.is_empty() {
            return;
        }
        for (dir, scanned) in &mut self.dirs {
            for (pattern, found) in &mut scanned.embeds {
                if found.is_err() && leads_into(dir, pattern, filled) {
                    *found = Ok(Vec::new());
                }
            }
        }
    }

    /// What a file is read through, where symlinks lead to it: these, and the file that they lead
    /// to.
    pub fn followed(&self, file: &TreePath) -> Vec<TreePath> {
        if self.links.is_empty() {
            Vec::new()
        } else {
            tree::followed_by(&|path| self.links.get(path).cloned(), file)
        }
    }
}

impl Files for &Scan {
    fn names(&mut self, dir: &TreePath) -> Vec<String> {
        self.listed.get(dir).cloned().unwrap_or_default()
    }

    fn includes(&mut self, file: &TreePath) -> Option<Includes> {
        let scanned = source(&self.dirs, file).map(|source| &source.includes);
        scanned.or_else(|| self.included.get(file)).cloned()
    }
}

/// Whether an embed pattern of the package in `dir` may find a file in one of these directories.
#[cfg(feature = "local")]
fn leads_into(dir: &TreePath, pattern: &str, dirs: &[TreePath]) -> bool {
    let pattern = pattern.strip_prefix("all:").unwrap_or(pattern);
    let literal: Vec<&str> = pattern
        .split('/')
        .take_while(|element| !crate::gosrc::glob::has_meta(element))
        .collect();
    let Ok(start) = dir.join(&literal.join("/")) else {
        return false;
    };
    dirs.iter()
        .any(|dir| start.strip_dir(dir).is_some() || dir.strip_dir(&start).is_some())
}

pub(super) fn source<'a>(
    dirs: &'a BTreeMap<TreePath, ScannedDir>,
    file: &TreePath,
) -> Option<&'a SourceFile> {
    dirs.get(&file.parent()?)?
        .files
        .iter()
        .find(|source| source.name == file.name())
}
