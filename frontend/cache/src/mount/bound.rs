//! How much a mount holds: what was not used for the longest time goes.

use std::collections::HashSet;
use std::fs::{self, DirEntry, File, Metadata, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::{BLOCK, CacheMount, PERIOD, age};

/// How much of the bound is left when it was passed, in fifths: so that not every step sweeps.
const LEFT: u64 = 4;
/// Age of files being written that nobody writes any more.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

impl CacheMount {
    /// Removes what was not used for the longest time, if the mount holds more than it may. Looks
    /// only if much was added or nobody looked for a while, and if nobody else is looking.
    ///
    /// # Errors
    /// If the mount cannot be listed or written: nobody depends on it.
    pub fn sweep(&self) -> io::Result<()> {
        let stamp = self.dir.join("swept");
        let looked = fs::metadata(&stamp)
            .and_then(|metadata| metadata.modified())
            .ok();
        let is_due = looked.is_none_or(|time| !time.elapsed().is_ok_and(|age| age < PERIOD));
        if !(is_due || self.added.load(Ordering::Relaxed) > self.limit / 8) || !self.dir.is_dir() {
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
        for name in ["tmp", "turns"] {
            for (entry, metadata) in entries(&self.dir.join(name))? {
                if age(&metadata) > ABANDONED {
                    let path = entry.path();
                    let _ = if metadata.is_dir() {
                        fs::remove_dir_all(path)
                    } else {
                        fs::remove_file(path)
                    };
                }
            }
        }
        Ok(())
    }

    fn hold_bound(&self) -> io::Result<()> {
        let mut outputs = self.all("o")?;
        // Each is named by an entry at least.
        let space = |metadata: &Metadata| metadata.len().next_multiple_of(BLOCK) + BLOCK;
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
        for (file, _) in self.all("a")? {
            let output = fs::read(file.path()).unwrap_or_default();
            let output = output
                .split(|&byte| byte == b' ')
                .nth(1)
                .unwrap_or_default();
            if !kept.contains(output) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }

    /// Every file of the form's directory `name`.
    fn all(&self, name: &str) -> io::Result<Vec<(DirEntry, Metadata)>> {
        let mut found = Vec::new();
        let dir = self.dir.join(name);
        let below = if dir.is_dir() {
            Some(fs::read_dir(dir)?)
        } else {
            None
        };
        for directory in below.into_iter().flatten() {
            found.extend(files(&directory?.path())?);
        }
        Ok(found)
    }
}

/// The files of a directory.
fn files(dir: &Path) -> io::Result<Vec<(DirEntry, Metadata)>> {
    Ok(entries(dir)?
        .into_iter()
        .filter(|(_, metadata)| metadata.is_file())
        .collect())
}

/// What is in a directory; what went while it was read is left out.
fn entries(dir: &Path) -> io::Result<Vec<(DirEntry, Metadata)>> {
    let listed = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let with_metadata = |file: io::Result<DirEntry>| {
        let file = file.ok()?;
        let metadata = file.metadata().ok()?;
        Some((file, metadata))
    };
    Ok(listed.filter_map(with_metadata).collect())
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
    fn the_bound_is_held_and_what_was_used_last_stays() {
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
    fn a_mount_that_was_looked_at_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), 0);
        CacheMount::new(dir.path(), LIMIT).sweep().unwrap();
        keep(&CacheMount::new(dir.path(), LIMIT), 1, b"one");
        CacheMount::new(dir.path(), LIMIT).sweep().unwrap();
        mount.sweep().unwrap();
        assert!(mount.find(&id(1)).is_some());
        // Whoever adds much looks himself.
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
    fn what_nobody_writes_any_more_goes() {
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
