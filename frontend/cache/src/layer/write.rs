//! The layer that takes this process's results. Outputs are written as they come; the index
//! completes the layer. Owns writing and its determinism.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::checksum;
use crate::hit::Hit;
use crate::id::Id;
use crate::layer::format::{self, Entry};

/// A layer being written.
pub struct LayerWriter {
    dir: PathBuf,
    /// Whether it is scratch space, removed at the end.
    discard: bool,
    /// Directory of files being written.
    temporary: PathBuf,
    /// Number of the next such file.
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By action.
    entries: BTreeMap<Id, Entry>,
    /// By output: an output may be that of several actions.
    stored: HashMap<Id, Entry>,
}

impl LayerWriter {
    /// A layer to keep, at `dir`, which must be absolute. It may hold results of an earlier
    /// process; they stay.
    ///
    /// # Errors
    /// If the directories cannot be made.
    pub fn keep(dir: &Path) -> io::Result<LayerWriter> {
        LayerWriter::create(dir.into(), false)
    }

    /// Scratch space below `dir`, which must be absolute; removed by [`LayerWriter::finish`].
    ///
    /// # Errors
    /// If the directories cannot be made.
    pub fn discard(dir: &Path) -> io::Result<LayerWriter> {
        LayerWriter::create(
            dir.join(format!("gowork-cache.{}", std::process::id())),
            true,
        )
    }

    fn create(dir: PathBuf, discard: bool) -> io::Result<LayerWriter> {
        let temporary = dir.join(format!("tmp.{}", std::process::id()));
        fs::create_dir_all(format::outputs_dir(&dir))?;
        fs::create_dir_all(&temporary)?;
        Ok(LayerWriter {
            dir,
            discard,
            temporary,
            next: AtomicU64::new(0),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this process stored for `action`. It was checked when it came, so it is not read again.
    pub fn find(&self, action: &Id) -> Option<Hit> {
        let entry = *self.state().entries.get(action)?;
        Some(self.hit(entry))
    }

    fn hit(&self, entry: Entry) -> Hit {
        Hit {
            output: entry.output,
            size: entry.size,
            path: format::output_path(&self.dir, &entry.output),
        }
    }

    /// Keeps an output, which must be the SHA-256 of `bytes`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep_output(&self, action: &Id, output: &Id, bytes: &[u8]) -> io::Result<Hit> {
        let stored = self.state().stored.get(output).copied();
        let entry = match stored {
            Some(entry) => entry,
            // Not under the lock: writing takes a while, and other threads write other outputs.
            None => self.store(output, bytes)?,
        };
        let mut state = self.state();
        state.stored.insert(*output, entry);
        state.entries.insert(*action, entry);
        Ok(self.hit(entry))
    }

    fn store(&self, output: &Id, bytes: &[u8]) -> io::Result<Entry> {
        let path = format::output_path(&self.dir, output);
        self.write(bytes, &path).map_err(|error| {
            io::Error::new(error.kind(), format!("write {}: {error}", path.display()))
        })?;
        Ok(Entry {
            output: *output,
            size: bytes.len() as u64,
            checksum: checksum::of(bytes),
        })
    }

    /// Writes a file as layers have them. It appears complete or not at all.
    fn write(&self, bytes: &[u8], path: &Path) -> io::Result<()> {
        let temporary = self
            .temporary
            .join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        normalize(&file, 0o644)?;
        drop(file);
        fs::rename(&temporary, path)
    }

    /// Writes the index, with what an earlier or concurrent process left in it. Scratch space is
    /// removed instead.
    ///
    /// # Errors
    /// If the layer cannot be written.
    pub fn finish(&self) -> io::Result<()> {
        if self.discard {
            return fs::remove_dir_all(&self.dir);
        }
        let state = self.state();
        let root = File::open(&self.dir)?;
        root.lock()?;
        let mut entries: BTreeMap<Id, Entry> = format::read_index(&self.dir)
            .unwrap_or_default()
            .into_iter()
            .collect();
        entries.extend(
            state
                .entries
                .iter()
                .map(|(action, entry)| (*action, *entry)),
        );
        // An output whose action was put again with another one would make the layer depend on the
        // order of puts.
        let named: HashSet<Id> = entries.values().map(|entry| entry.output).collect();
        for orphan in state.stored.keys().filter(|output| !named.contains(output)) {
            fs::remove_file(format::output_path(&self.dir, orphan))?;
        }
        self.write(
            format::format_index(&entries).as_bytes(),
            &format::index_path(&self.dir),
        )?;
        fs::remove_dir_all(&self.temporary)?;
        normalize(&File::open(format::outputs_dir(&self.dir))?, 0o755)?;
        normalize(&root, 0o755)
    }
}

/// Sets a mode and a modification time that do not depend on the umask and the clock.
pub(super) fn normalize(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))?;
    file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))
}
