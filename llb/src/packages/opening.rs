//! Which of the literal paths in a program's calls lead to files of the repository.

use std::collections::{BTreeMap, BTreeSet};

use super::lookup::Lookup;
use super::opened::{OpenQuestion, Opened, OpenedCall, OpenedPath};
use crate::batches;
use crate::gosrc::{self, Call, CallPath, FileCalls};
use crate::limits;
use crate::tree::{SourceTree, TreePath};

/// How many files one thread reads at a time, and how many are read before limits are checked.
const READ_BATCH: usize = 4;
const READ_AT_ONCE: usize = 64;

/// A file with the index of its bases.
type Asked<'a> = (&'a TreePath, &'a usize);

/// Looks at the files of a question.
pub fn opened(tree: &dyn SourceTree, question: &OpenQuestion) -> Opened {
    let mut files: Vec<Asked<'_>> = question.files.iter().collect();
    files.sort_by_key(|(file, _)| (file.parent(), file.name()));
    let mut opening = Opening {
        tree,
        question,
        lookup: Lookup::new(tree),
        opened: Opened::default(),
        bytes: 0,
        paths: 0,
        names: 0,
    };
    for of_dir in files.chunk_by(|(file, _), (other, _)| file.parent() == other.parent()) {
        if let Err(left_out) = opening.add(of_dir) {
            opening.opened.left_out = Some(left_out);
            break;
        }
    }
    opening.opened
}

struct Opening<'a> {
    tree: &'a dyn SourceTree,
    question: &'a OpenQuestion,
    lookup: Lookup<'a>,
    opened: Opened,
    /// Bytes of the files that were read.
    bytes: usize,
    /// Paths in their calls.
    paths: usize,
    /// Bytes of the names that were found.
    names: usize,
}

impl Opening<'_> {
    /// Adds what the files of a directory open. Fails with what is left out at a limit.
    fn add(&mut self, files: &[Asked<'_>]) -> Result<(), String> {
        let read = self.read(files)?;
        let mut written = BTreeSet::new();
        for calls in &read {
            written.extend(calls.written.iter().map(|path| cleaned(path)));
        }
        for ((file, bases), calls) in files.iter().zip(&read) {
            if calls.is_cut {
                let paths = limits::OPEN_FILE_PATHS;
                let beyond = format!("calls in {file} after the first {paths} paths");
                self.opened.left_out.get_or_insert(beyond);
            }
            let bases = self.question.bases.get(**bases).map(Vec::as_slice);
            for call in &calls.opened {
                self.add_call(file, call, bases.unwrap_or_default(), &written);
                if self.lookup.steps > limits::OPEN_STEPS || self.names > limits::OPEN_NAMES {
                    return Err(format!("calls from {file} on, which open too many files"));
                }
            }
        }
        Ok(())
    }

    /// What the calls in the files of a directory say.
    fn read(&mut self, files: &[Asked<'_>]) -> Result<Vec<FileCalls>, String> {
        let mut read = Vec::new();
        for some in files.chunks(READ_AT_ONCE) {
            let tree = self.tree;
            let calls = batches::map_chunks(some, READ_BATCH, |batch| read_calls(tree, batch));
            for (calls, bytes) in calls.into_iter().flatten() {
                self.bytes += bytes;
                self.paths += calls.written.len();
                self.paths += calls
                    .opened
                    .iter()
                    .map(|call| call.paths.len())
                    .sum::<usize>();
                read.push(calls);
            }
            let last = some.last().map_or("", |(file, _)| file.as_str());
            if self.bytes > limits::OPEN_TEXTS {
                let limit = limits::OPEN_TEXTS;
                return Err(format!(
                    "Go files after {last}, since all have more than {limit} bytes"
                ));
            }
            if self.paths > limits::OPEN_PATHS {
                let limit = limits::OPEN_PATHS;
                return Err(format!(
                    "Go files after {last}, since all open more than {limit} paths"
                ));
            }
        }
        Ok(read)
    }

    /// Adds those of a call's paths that lead somewhere, and that the program does not write
    /// itself.
    fn add_call(
        &mut self,
        file: &TreePath,
        call: &Call,
        bases: &[TreePath],
        written: &BTreeSet<&str>,
    ) {
        let mut paths = Vec::new();
        for CallPath {
            path, start, end, ..
        } in &call.paths
        {
            if is_below(cleaned(path), written) {
                continue;
            }
            let mut found = BTreeMap::new();
            for base in bases {
                let files = self.lookup.files(base, path, call.opens);
                if !files.is_empty() {
                    found.insert(base.clone(), files);
                }
            }
            if !found.is_empty() {
                let path = OpenedPath {
                    start: *start,
                    end: *end,
                    found,
                };
                self.names += path.name_bytes();
                paths.push(path);
            }
        }
        if !paths.is_empty() {
            self.opened.calls.push(OpenedCall {
                file: file.clone(),
                function: call.function.clone(),
                paths,
            });
        }
    }
}

/// What the calls of each file say, and how long it is.
fn read_calls(tree: &dyn SourceTree, files: &[Asked<'_>]) -> Vec<(FileCalls, usize)> {
    let paths: Vec<TreePath> = files.iter().map(|(file, _)| (*file).clone()).collect();
    let mut calls = Vec::with_capacity(paths.len());
    tree.heads(&paths, limits::OPEN_TEXT, &mut |head| {
        // What cannot be read is reported by who has to read it.
        let bytes = head.map(|head| head.bytes).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(limits::OPEN_TEXT)];
        calls.push((gosrc::file_calls(bytes), bytes.len()));
    });
    calls
}

/// A path without what means nothing at its ends.
fn cleaned(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_prefix("./").unwrap_or(path)
}

/// Whether a path is one of these, or below one.
fn is_below(path: &str, above: &BTreeSet<&str>) -> bool {
    let mut ends = path.match_indices('/').map(|(end, _)| end);
    above.contains(path) || ends.any(|end| above.contains(&path[..end]))
}
