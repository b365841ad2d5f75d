//! An index of results that stay where they are, in a cache mount. Owns which ones these are.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::checksum;
use crate::id::Id;
use crate::layer::{self, Entry};
use crate::mount::CacheMount;
use crate::store::Hit;

/// The index of all that one process took from a mount and kept there.
pub struct Names {
    dir: PathBuf,
    entries: Mutex<BTreeMap<Id, Entry>>,
}

impl Names {
    /// An index to be written to `dir`, which must be absolute.
    pub fn new(dir: &Path) -> Names {
        Names { dir: dir.into(), entries: Mutex::default() }
    }

    /// Notes an output, which must be the SHA-256 of `bytes` and in the mount.
    pub fn note(&self, action: &Id, output: &Id, bytes: &[u8], mount: &CacheMount) -> Hit {
        let size = bytes.len() as u64;
        let entry = Entry { output: *output, size, checksum: checksum::of(bytes) };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).insert(*action, entry);
        Hit { output: *output, size, path: mount.output_path(output) }
    }

    /// Writes the index.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(layer::index_path(&self.dir), layer::format_index(&entries))
    }
}
