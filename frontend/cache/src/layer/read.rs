//! A layer that is only read. Outputs are checked before they are handed out.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::checksum;
use crate::hit::Hit;
use crate::id::Id;
use crate::layer::format::{self, Entry};

/// A layer that is only read.
pub struct Layer {
    dir: PathBuf,
    entries: HashMap<Id, Entry>,
    checked: Mutex<HashSet<Id>>,
}

impl Layer {
    /// The layer at `dir`, which must be absolute.
    ///
    /// # Errors
    /// See [`format::read_index`].
    pub fn open(dir: &Path) -> io::Result<Layer> {
        Ok(Layer {
            dir: dir.into(),
            entries: format::read_index(dir)?,
            checked: Mutex::default(),
        })
    }

    /// The output of `action`. Returns `None` if the layer has no such output, or a damaged one.
    pub fn find(&self, action: &Id) -> Option<Hit> {
        let entry = self.entries.get(action)?;
        let path = format::output_path(&self.dir, &entry.output);
        if !self.is_whole(&path, entry) {
            return None;
        }
        Some(Hit {
            output: entry.output,
            size: entry.size,
            path,
        })
    }

    /// Whether the output's file holds what was put. Each file is read once per process.
    fn is_whole(&self, path: &Path, entry: &Entry) -> bool {
        if self.checked().contains(&entry.output) {
            return true;
        }
        let is_whole = holds(path, entry).unwrap_or(false);
        if is_whole {
            self.checked().insert(entry.output);
        }
        is_whole
    }

    fn checked(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn holds(path: &Path, entry: &Entry) -> io::Result<bool> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() != entry.size {
        return Ok(false);
    }
    Ok(checksum::of_reader(file)? == (entry.checksum, entry.size))
}
