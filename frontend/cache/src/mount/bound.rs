//! How much a mount holds. When it holds too much, the least recently used results go.

use std::collections::HashSet;
use std::fs::{self, DirEntry, File, Metadata, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::{BLOCK, CacheMount, ENTRIES, LOCKS, OUTPUTS, PERIOD, TEMPORARY, age};

/// How much of the limit is left after a sweep, in fifths, so that not every step has to sweep.
const LEFT: u64 = 4;
/// Age at which a temporary file belongs to no running process.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

impl CacheMount {
    /// Removes the least recently used results, if the mount holds more than it may. Does nothing
    /// if another process sweeps, or if the last sweep was recent and this process added little.
    ///
    /// # Errors
    /// If the mount cannot be listed or written. Callers may ignore that: the mount only stays large.
    pub fn sweep(&self) -> io::Result<()> {
        let stamp = self.dir.join("swept");
        if !(self.is_sweep_due(&stamp) && self.dir.is_dir()) {
            return Ok(());
        }
        let stamp = File::options().create(true).append(true).open(stamp)?;
        match stamp.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        stamp.set_modified(SystemTime::now())?;
        self.hold_bound()?;
        for name in [TEMPORARY, LOCKS] {
            remove_abandoned(&self.dir.join(name))?;
        }
        Ok(())
    }

    fn is_sweep_due(&self, stamp: &Path) -> bool {
        if self.added.load(Ordering::Relaxed) > self.limit / 8 {
            return true;
        }
        let last = fs::metadata(stamp).and_then(|metadata| metadata.modified());
        match last.map(|time| time.elapsed()) {
            Ok(Ok(age)) => age >= PERIOD,
            // No sweep has happened, or its time is in the future.
            _ => true,
        }
    }

    fn hold_bound(&self) -> io::Result<()> {
        let mut outputs = self.all(OUTPUTS)?;
        let mut total: u64 = outputs.iter().map(|(_, metadata)| space(metadata)).sum();
        if total <= self.limit {
            return Ok(());
        }
        outputs.sort_by_cached_key(|(file, metadata)| (metadata.modified().ok(), file.file_name()));
        let mut kept: HashSet<Vec<u8>> = HashSet::new();
        for (file, metadata) in &outputs {
            if total > self.limit / 5 * LEFT {
                fs::remove_file(file.path())?;
                total -= space(metadata);
            } else {
                kept.insert(file.file_name().into_encoded_bytes());
            }
        }
        for (file, _) in self.all(ENTRIES)? {
            let entry = fs::read(file.path()).unwrap_or_default();
            let output = entry.split(|&byte| byte == b' ').nth(1);
            if !output.is_some_and(|output| kept.contains(output)) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    /// Every file in the directories below `name`.
    fn all(&self, name: &str) -> io::Result<Vec<(DirEntry, Metadata)>> {
        let mut found = Vec::new();
        for (directory, _) in entries(&self.dir.join(name))? {
            for (file, metadata) in entries(&directory.path())? {
                if metadata.is_file() {
                    found.push((file, metadata));
                }
            }
        }
        Ok(found)
    }
}

/// What an output takes on disk, with the entry that names it.
fn space(metadata: &Metadata) -> u64 {
    metadata.len().next_multiple_of(BLOCK) + BLOCK
}

/// Removes files and directories that no process has written to for a long time.
fn remove_abandoned(dir: &Path) -> io::Result<()> {
    for (entry, metadata) in entries(dir)? {
        if age(&metadata) <= ABANDONED {
            continue;
        }
        // If it cannot be removed, the next sweep tries again.
        let _ = if metadata.is_dir() {
            fs::remove_dir_all(entry.path())
        } else {
            fs::remove_file(entry.path())
        };
    }
    Ok(())
}

/// What is in a directory, if it is one. Files that are removed meanwhile are left out.
fn entries(dir: &Path) -> io::Result<Vec<(DirEntry, Metadata)>> {
    let listed = match fs::read_dir(dir) {
        Ok(listed) => listed,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Vec::new()),
                _ => Err(error),
            };
        }
    };
    let mut found = Vec::new();
    for entry in listed.flatten() {
        if let Ok(metadata) = entry.metadata() {
            found.push((entry, metadata));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::LIMIT;
    use super::super::tests::{id, keep};
    use super::*;
    use crate::id::Id;

    /// Sets the time of an output's last use, in hours ago.
    fn age_output(mount: &CacheMount, bytes: &[u8], hours: u64) {
        let file = File::open(mount.output_path(&Id::of(bytes))).unwrap();
        file.set_modified(SystemTime::now() - PERIOD * u32::try_from(hours).unwrap())
            .unwrap();
    }

    #[test]
    fn the_bound_is_held_and_the_last_used_results_stay() {
        let dir = tempfile::tempdir().unwrap();
        let outputs: Vec<Vec<u8>> = (0..10u8).map(|n| vec![n; 20_000]).collect();
        let generous = CacheMount::new(dir.path(), LIMIT);
        for (n, bytes) in (0..).zip(&outputs) {
            keep(&generous, n, bytes);
            age_output(&generous, bytes, 100 - u64::from(n));
        }
        // Used again, though it is the oldest.
        assert!(generous.find(&id(0)).is_some());
        // Each takes 24576 bytes and its entry's 4096.
        let narrow = CacheMount::new(dir.path(), 5 * 28_672);
        narrow.sweep().unwrap();
        let left: Vec<u8> = (0..10).filter(|&n| narrow.find(&id(n)).is_some()).collect();
        assert_eq!(left, [0, 7, 8, 9]);
        assert_eq!(
            narrow.all("a").unwrap().len(),
            4,
            "entries go with their outputs"
        );
        assert_eq!(narrow.all("o").unwrap().len(), 4);
    }

    #[test]
    fn a_mount_that_was_swept_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), 0);
        CacheMount::new(dir.path(), LIMIT).sweep().unwrap();
        keep(&CacheMount::new(dir.path(), LIMIT), 1, b"one");
        CacheMount::new(dir.path(), LIMIT).sweep().unwrap();
        mount.sweep().unwrap();
        assert!(mount.find(&id(1)).is_some());
        // A process that adds much sweeps at once.
        keep(&mount, 2, b"two");
        mount.sweep().unwrap();
        assert_eq!((mount.find(&id(1)), mount.find(&id(2))), (None, None));
    }

    #[test]
    fn a_year_of_disuse_removes_nothing_but_for_space() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), LIMIT);
        keep(&mount, 1, b"one");
        age_output(&mount, b"one", 366 * 24);
        mount.sweep().unwrap();
        assert!(mount.find(&id(1)).is_some());
    }

    #[test]
    fn abandoned_files_go() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), LIMIT);
        let scratch: [PathBuf; 2] = [(); 2].map(|()| mount.scratch().unwrap());
        scratch
            .iter()
            .for_each(|dir| fs::write(dir.join("program"), "").unwrap());
        File::open(&scratch[0])
            .unwrap()
            .set_modified(SystemTime::now() - ABANDONED * 2)
            .unwrap();
        mount.sweep().unwrap();
        assert_eq!(scratch.map(|dir| dir.exists()), [false, true]);
    }
}
