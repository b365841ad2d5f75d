//! A results image: the layers of many steps, which one build exported to a registry. Owns where
//! layers are in it, and the checks of what comes from outside.
//!
//! ```text
//! PART/index, PART/o/...       the layer of a part, in the form of `format`
//! BUILD/PART/index, ...        the same, where two builds of a repository have parts of one name
//! ```
//!
//! Nothing in it is trusted: a result is used only if its bytes have the SHA-256 that the index
//! says. What is damaged, of another version or too large is a miss.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::id::Id;
use crate::layer::format::{self, Entry};

/// Bytes of all indexes that are read: a package takes about 150.
pub const MAX_INDEXES: u64 = 128 << 20;
/// Directories that are looked at.
const MAX_DIRS: usize = 100_000;
/// Bytes of one result.
const MAX_OUTPUT: u64 = 1 << 30;

/// A results image that is mounted.
pub struct ResultsImage {
    /// By action: the layer that has the result, and what its index says.
    results: HashMap<Id, (Arc<Path>, Entry)>,
}

impl ResultsImage {
    /// The image at `root`, which must be absolute. What cannot be read is left out.
    pub fn open(root: &Path) -> ResultsImage {
        let mut opening = Opening {
            results: HashMap::new(),
            bytes: MAX_INDEXES,
            dirs: MAX_DIRS,
        };
        for dir in opening.dirs_in(root) {
            if format::index_path(&dir).exists() {
                opening.add(&dir);
                continue;
            }
            for part in opening.dirs_in(&dir) {
                opening.add(&part);
            }
        }
        ResultsImage {
            results: opening.results,
        }
    }

    /// The output of `action` and its bytes, whose SHA-256 is the output's ID. Returns `None` if the
    /// result is missing or damaged.
    pub fn find(&self, action: &Id) -> Option<(Id, Vec<u8>)> {
        let (layer, entry) = self.results.get(action)?;
        if entry.size > MAX_OUTPUT {
            return None;
        }
        let bytes = read(&format::output_path(layer, &entry.output), entry.size).ok()?;
        let is_whole = bytes.len() as u64 == entry.size && Id::of(&bytes) == entry.output;
        is_whole.then_some((entry.output, bytes))
    }
}

/// An image whose indexes are being read, and how much more may be read.
struct Opening {
    results: HashMap<Id, (Arc<Path>, Entry)>,
    bytes: u64,
    dirs: usize,
}

impl Opening {
    /// The directories in `dir`, by name.
    fn dirs_in(&mut self, dir: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if self.dirs == 0 {
                break;
            }
            // Links lead to nothing that a layer has.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.dirs -= 1;
                found.push(entry.path());
            }
        }
        found.sort();
        found
    }

    /// Adds the results of the layer at `dir`, if it is one.
    fn add(&mut self, dir: &Path) {
        let Ok(index) = read(&format::index_path(dir), self.bytes) else {
            return;
        };
        self.bytes -= index.len() as u64;
        let Some(entries) = format::parse_index(&index) else {
            return;
        };
        let layer: Arc<Path> = dir.into();
        for (action, entry) in entries {
            let result = (Arc::clone(&layer), entry);
            self.results.entry(action).or_insert(result);
        }
    }
}

/// The bytes of a file that has at most `most`.
fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A device or a pipe is not even opened.
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() || metadata.len() > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
