//! Files that programs open while they run: what is asked about them, and the answer. No build needs
//! to know; `gowork check` asks. Plain data, which crosses between the frontend and a step as JSON.
//!
//! A relative path starts at the directory in which a program is started. People start theirs in the
//! main's directory, in that of its module, or at the top of the repository, so these are tried: the
//! *bases* of a file.

use std::collections::BTreeMap;

use gowork_step::Version;
use serde::{Deserialize, Serialize};

use crate::diag::Position;
use crate::tree::TreePath;

/// Version of the JSON forms of [`OpenQuestion`] and [`Opened`]. Another one is refused.
pub const OPENED_VERSION: u32 = 1;

/// What is asked: the Go files to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenQuestion {
    /// [`OPENED_VERSION`].
    pub version: Version<OPENED_VERSION>,
    /// The files, each with the index of its bases in `bases`.
    pub files: BTreeMap<TreePath, usize>,
    /// Sets of directories where programs may be started, in the order in which they are tried.
    pub bases: Vec<Vec<TreePath>>,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// [`OPENED_VERSION`].
    pub version: Version<OPENED_VERSION>,
    /// Calls with a path that leads to a file of the repository, by file and place.
    pub calls: Vec<OpenedCall>,
    /// What was not looked at, if a limit was reached.
    pub left_out: Option<String>,
}

/// A call that opens files of the repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedCall {
    /// The Go file.
    pub file: TreePath,
    /// The function: `os.ReadFile`.
    pub function: String,
    /// Those of its paths that lead to a file.
    pub paths: Vec<OpenedPath>,
}

/// A path in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedPath {
    /// Where the argument starts.
    pub start: Position,
    /// One past its last character.
    pub end: Position,
    /// What it leads to from each base from where it does.
    pub found: BTreeMap<TreePath, Vec<OpenedFile>>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedFile {
    /// The file or directory in the repository.
    pub from: TreePath,
    /// The same as the program names it: relative to where it runs.
    pub to: String,
    /// Whether it is a directory.
    pub is_dir: bool,
}

impl OpenQuestion {
    /// The question about files, each with its bases.
    pub(crate) fn new(files: BTreeMap<TreePath, Vec<TreePath>>) -> Self {
        let mut question = Self::default();
        let mut sets: BTreeMap<Vec<TreePath>, usize> = BTreeMap::new();
        for (file, bases) in files {
            let index = match sets.get(&bases) {
                Some(index) => *index,
                None => {
                    let index = question.bases.len();
                    question.bases.push(bases.clone());
                    sets.insert(bases, index);
                    index
                }
            };
            question.files.insert(file, index);
        }
        question
    }

    /// Bytes of all names in it.
    pub(crate) fn name_bytes(&self) -> usize {
        let files: usize = self.files.keys().map(|file| file.as_str().len()).sum();
        let bases: usize = self
            .bases
            .iter()
            .flatten()
            .map(|base| base.as_str().len())
            .sum();
        files + bases
    }
}

impl OpenedPath {
    /// Bytes of all names in it.
    pub(super) fn name_bytes(&self) -> usize {
        let mut bytes = 0;
        for (base, files) in &self.found {
            bytes += base.as_str().len();
            for file in files {
                bytes += file.from.as_str().len() + file.to.len();
            }
        }
        bytes
    }
}
