//! A cache mount: results that stay on one builder, of all repositories, Go versions and flags. Owns
//! the form of its files, their checks and how much it holds.
//!
//! ```text
//! 1/a/XX/<actionID hex>   <actionID> <outputID> <size in bytes> <XXH3 of the words before>
//! 1/o/XX/<outputID hex>   the output
//! 1/tmp/                  files and directories being written
//! 1/swept                 its time is that of the last sweep
//! 1/batch                 locked by the batch that runs
//! 1/locks/                what steps are doing right now ([`crate::steps::locks`])
//! ```
//!
//! `XX` are the first two digits. Any number of processes may use a mount at once. Files appear
//! whole, by renaming. A file that is missing, or is not what its name says, is a miss. A process
//! that takes a result copies its bytes, so later changes of the mount don't matter to it.

mod bound;

use std::fs::{self, File, FileTimes, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::checksum;
use crate::id::Id;

/// Bytes that a mount may hold by default: results of a few dozen large programs.
pub const LIMIT: u64 = 10 << 30;

/// Directory of this form within the mount.
const FORM: &str = "1";
/// Directory of the outputs, by ID.
const OUTPUTS: &str = "o";
/// Directory of the entries that name them, by action.
const ENTRIES: &str = "a";
/// Directory of files being written.
const TEMPORARY: &str = "tmp";
/// Directory of the files that steps lock.
const LOCKS: &str = "locks";
/// How often a mount is swept, and how exact the time of the last use is.
const PERIOD: Duration = Duration::from_secs(3600);
/// The least that a file takes on disk.
const BLOCK: u64 = 4096;

/// Where the mount at `dir` has the files of [`crate::steps::locks`].
pub(crate) fn locks_dir(dir: &Path) -> PathBuf {
    dir.join(FORM).join(LOCKS)
}

/// A cache mount.
pub struct CacheMount {
    dir: PathBuf,
    limit: u64,
    next: AtomicU64,
    added: AtomicU64,
    /// Why nothing more is kept, if so.
    broken: Mutex<Option<String>>,
}

impl CacheMount {
    /// The mount at `dir`, which must be absolute, with at most `limit` bytes. The directory need not
    /// exist, and may be read-only.
    pub fn new(dir: &Path, limit: u64) -> CacheMount {
        CacheMount {
            dir: dir.join(FORM),
            limit,
            next: AtomicU64::new(0),
            added: AtomicU64::new(0),
            broken: Mutex::default(),
        }
    }

    /// The output of `action` and its bytes, whose SHA-256 is the output's ID. Returns `None` if the
    /// result is missing or broken.
    pub fn find(&self, action: &Id) -> Option<(Id, Vec<u8>)> {
        let entry = self.entry_path(action);
        let (output, size) = parse_entry(action, &fs::read(&entry).ok()?)?;
        let path = self.output_path(&output);
        match read(&path, size) {
            Ok(bytes) if Id::of(&bytes) == output => {
                use_again(&path);
                Some((output, bytes))
            }
            _ => {
                // Make room for the next put. If another process has replaced the file by now, its
                // result is lost: a miss.
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps an output. If the mount takes nothing (full, read-only), the next build is slower;
    /// that is not an error. [`Self::complaint`] says why.
    pub fn keep(&self, action: &Id, output: &Id, bytes: &[u8]) {
        if self.complaint().is_some() {
            return;
        }
        if let Err(error) = self.store(action, output, bytes) {
            *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    }

    /// Why the mount keeps nothing more; `None` if it keeps what it is given.
    pub fn complaint(&self) -> Option<String> {
        self.broken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn store(&self, action: &Id, output: &Id, bytes: &[u8]) -> io::Result<()> {
        let path = self.output_path(output);
        let size = bytes.len() as u64;
        // A file of the right length with wrong bytes is found and removed when it is read.
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() == size) {
            use_again(&path);
        } else {
            self.write(bytes, &path)?;
            self.added.fetch_add(size.max(BLOCK), Ordering::Relaxed);
        }
        self.write(
            format_entry(action, output, size).as_bytes(),
            &self.entry_path(action),
        )
    }

    /// Writes a file, which appears complete or not at all.
    fn write(&self, bytes: &[u8], path: &Path) -> io::Result<()> {
        let directory = self.dir.join(TEMPORARY);
        let name = format!("{}.{}", unique(), self.next.fetch_add(1, Ordering::Relaxed));
        let temporary = directory.join(name);
        let written = fs::write(&temporary, bytes).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                fs::create_dir_all(&directory).and_then(|()| fs::write(&temporary, bytes))
            }
            _ => Err(error),
        });
        written
            .and_then(|()| move_to(&temporary, path))
            .inspect_err(|_| _ = fs::remove_file(&temporary))
    }

    /// A directory of this process alone, on the mount's file system, for files that
    /// [`Self::adopt`] takes. If the process is killed, a later sweep removes it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn scratch(&self) -> io::Result<PathBuf> {
        let dir = self.dir.join(TEMPORARY).join(unique());
        fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// Keeps a file of [`Self::scratch`] as an output, without a copy.
    ///
    /// # Errors
    /// If it cannot be read or moved.
    pub fn adopt(&self, action: &Id, file: &Path) -> io::Result<()> {
        let bytes = fs::read(file)?;
        let (output, size) = (Id::of(&bytes), bytes.len() as u64);
        move_to(file, &self.output_path(&output))?;
        self.added.fetch_add(size.max(BLOCK), Ordering::Relaxed);
        self.write(
            format_entry(action, &output, size).as_bytes(),
            &self.entry_path(action),
        )
    }

    /// Keeps other batches on this mount waiting until the result is dropped. Returns `None` if one
    /// runs.
    ///
    /// # Errors
    /// If the mount cannot be written to.
    pub fn try_lock_batch(&self) -> io::Result<Option<File>> {
        fs::create_dir_all(&self.dir)?;
        let file = File::options()
            .create(true)
            .append(true)
            .open(self.dir.join("batch"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn entry_path(&self, action: &Id) -> PathBuf {
        self.path(ENTRIES, action)
    }

    /// The file of an output that was found or kept. It exists until the mount is swept or pruned.
    pub fn output_path(&self, output: &Id) -> PathBuf {
        self.path(OUTPUTS, output)
    }

    fn path(&self, kind: &str, id: &Id) -> PathBuf {
        let name = id.to_string();
        self.dir.join(kind).join(&name[..2]).join(name)
    }
}

/// Moves a file. Makes the directory that it goes to.
fn move_to(file: &Path, path: &Path) -> io::Result<()> {
    match fs::rename(file, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::rename(file, path)
        }
        other => other,
    }
}

/// A name of this process alone. The time is part of it, since process numbers start anew in each
/// container.
fn unique() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("{}.{}", std::process::id(), now.as_nanos())
}

fn age(metadata: &Metadata) -> Duration {
    metadata
        .modified()
        .ok()
        .and_then(|time| time.elapsed().ok())
        .unwrap_or_default()
}

/// Notes the use of a file, at most once a period, since every note is a write.
fn use_again(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if file
        .metadata()
        .is_ok_and(|metadata| age(&metadata) > PERIOD)
    {
        // A read-only mount can't note it.
        let _ = file.set_times(FileTimes::new().set_modified(SystemTime::now()));
    }
}

fn read(path: &Path, size: u64) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() != size {
        return Err(io::ErrorKind::InvalidData.into());
    }
    fs::read(path)
}

fn format_entry(action: &Id, output: &Id, size: u64) -> String {
    let words = format!("{action} {output} {size}");
    format!("{words} {:016x}\n", checksum::of(words.as_bytes()))
}

/// The output that an entry names for `action`, and its size. Returns `None` if anything about the
/// entry is wrong.
fn parse_entry(action: &Id, bytes: &[u8]) -> Option<(Id, u64)> {
    let mut words = std::str::from_utf8(bytes).ok()?.split(' ');
    let _action = words.next()?;
    let output = Id::from_hex(words.next()?.as_bytes())?;
    let size = words.next()?.parse().ok()?;
    // This compares the action and the checksum too.
    if bytes != format_entry(action, &output, size).as_bytes() {
        return None;
    }
    Some((output, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn id(n: u8) -> Id {
        Id::of(&[n])
    }

    pub(super) fn keep(mount: &CacheMount, n: u8, bytes: &[u8]) {
        mount.keep(&id(n), &Id::of(bytes), bytes);
    }

    #[test]
    fn what_is_kept_is_found_by_others() {
        let dir = tempfile::tempdir().unwrap();
        keep(&CacheMount::new(dir.path(), LIMIT), 1, b"one");
        let other = CacheMount::new(dir.path(), LIMIT);
        assert_eq!(other.find(&id(1)), Some((Id::of(b"one"), b"one".to_vec())));
        assert_eq!(other.find(&id(2)), None);
        assert_eq!(other.complaint(), None);
    }

    #[test]
    fn every_damage_is_a_miss_and_is_mended_by_the_next_put() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), LIMIT);
        let files = [
            mount.entry_path(&id(1)),
            mount.output_path(&Id::of(b"some bytes")),
        ];
        for file in &files {
            keep(&mount, 1, b"some bytes");
            let good = fs::read(file).unwrap();
            for at in 0..good.len() {
                let mut flipped = good.clone();
                flipped[at] ^= 1;
                for bad in [&flipped[..], &good[..at]] {
                    fs::write(file, bad).unwrap();
                    assert_eq!(mount.find(&id(1)), None, "{} at {at}", file.display());
                    keep(&mount, 1, b"some bytes");
                    assert!(mount.find(&id(1)).is_some(), "{} at {at}", file.display());
                }
            }
            fs::remove_file(file).unwrap();
            assert_eq!(mount.find(&id(1)), None);
            fs::create_dir(file).unwrap();
            assert_eq!(mount.find(&id(1)), None);
            fs::remove_dir(file).unwrap();
        }
    }

    #[test]
    fn an_entry_under_another_name_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), LIMIT);
        keep(&mount, 1, b"one");
        keep(&mount, 2, b"two");
        fs::copy(mount.entry_path(&id(1)), mount.entry_path(&id(2))).unwrap();
        assert_eq!(mount.find(&id(2)), None);
    }

    #[test]
    fn an_adopted_file_is_an_output() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), LIMIT);
        let (scratch, other) = (mount.scratch().unwrap(), mount.scratch().unwrap());
        assert_ne!(scratch, other);
        for n in [1, 2] {
            let file = scratch.join("program");
            fs::write(&file, b"one").unwrap();
            mount.adopt(&id(n), &file).unwrap();
            assert!(!file.exists());
            assert_eq!(mount.find(&id(n)), Some((Id::of(b"one"), b"one".to_vec())));
        }
        assert!(mount.adopt(&id(3), &scratch.join("program")).is_err());
    }

    #[test]
    fn a_mount_that_keeps_nothing_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let mount = CacheMount::new(&file, LIMIT);
        keep(&mount, 1, b"one");
        assert!(mount.complaint().is_some());
        assert_eq!(mount.find(&id(1)), None);
        mount.sweep().unwrap();
    }
}
