//! A cache mount: results that stay on one builder, of every repository, Go version and set of
//! flags. Owns their form there, their checks and their bound.
//!
//! ```text
//! 1/a/XX/<actionID hex>   <actionID> <outputID> <size in bytes> <XXH3 of the words before>
//! 1/o/XX/<outputID hex>   the output
//! 1/tmp/                  files and directories being written
//! 1/swept                 its time is that of the last look at the bound
//! 1/ahead                 locked by who compiles ahead of the steps
//! 1/turns/                what steps are doing right now ([`crate::steps::locks`])
//! ```
//!
//! `XX` are the first two digits. Any number of processes may use a mount at once: files appear
//! whole, by renaming, and whatever is missing or is not what its name says is a miss. Nobody holds
//! on to a file: who takes a result copies its bytes, so it does not matter what becomes of the
//! mount then.

mod bound;

use std::fs::{self, File, FileTimes, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::checksum;
use crate::id::Id;

/// Bytes that a mount may hold where nothing else is said: results of a few dozen large programs.
pub const LIMIT: u64 = 10 << 30;

/// Directory of this form within the mount.
const FORM: &str = "1";
/// How often a mount is looked at, and how exact the time of the last use is.
const PERIOD: Duration = Duration::from_secs(3600);
/// What a file takes on disk at least.
const BLOCK: u64 = 4096;

/// Where the mount at `dir` has the files of [`crate::steps::locks`].
pub(crate) fn turns_dir(dir: &Path) -> PathBuf {
    dir.join(FORM).join("turns")
}

/// A cache mount.
pub struct CacheMount {
    dir: PathBuf,
    limit: u64,
    next: AtomicU64,
    added: AtomicU64,
    /// Why nothing more is kept.
    broken: Mutex<Option<String>>,
}

impl CacheMount {
    /// The mount at `dir`, which must be absolute, with at most `limit` bytes. It need not be
    /// there, and may be read-only.
    pub fn new(dir: &Path, limit: u64) -> CacheMount {
        CacheMount {
            dir: dir.join(FORM),
            limit,
            next: AtomicU64::new(0),
            added: AtomicU64::new(0),
            broken: Mutex::default(),
        }
    }

    /// The output of `action` and its bytes, of which the output's ID is the SHA-256. Whatever is
    /// missing or broken is none.
    pub fn find(&self, action: &Id) -> Option<(Id, Vec<u8>)> {
        let entry = self.entry_path(action);
        let (output, size) = parse_entry(action, &fs::read(&entry).ok()?)?;
        let path = self.output_path(&output);
        let good = read(&path, size)
            .ok()
            .filter(|bytes| Id::of(bytes) == output);
        match good {
            Some(bytes) => {
                use_again(&path);
                Some((output, bytes))
            }
            None => {
                // Out of the way of the result that is put next. Another process may have replaced
                // it by now, and then loses it: a miss.
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps an output. A mount that takes nothing (full, read-only) is a slower next build, and no
    /// error: [`Self::complaint`] tells.
    pub fn keep(&self, action: &Id, output: &Id, bytes: &[u8]) {
        if self.complaint().is_some() {
            return;
        }
        if let Err(error) = self.store(action, output, bytes) {
            *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    }

    /// Why the mount keeps nothing more, if so.
    pub fn complaint(&self) -> Option<String> {
        self.broken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn store(&self, action: &Id, output: &Id, bytes: &[u8]) -> io::Result<()> {
        let path = self.output_path(output);
        let size = bytes.len() as u64;
        // One of the right length that is wrong all the same is found so when it is read, and
        // removed.
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
        let directory = self.dir.join("tmp");
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

    /// A directory that no other process has, on the same file system, for files that are to be
    /// adopted. Whoever is killed leaves it to the next sweep.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn scratch(&self) -> io::Result<PathBuf> {
        let dir = self.dir.join("tmp").join(unique());
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

    /// Waits until no other process holds this, and holds it for as long as the result lives.
    ///
    /// # Errors
    /// If the mount cannot be written to.
    pub fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.dir)?;
        let file = File::options()
            .create(true)
            .append(true)
            .open(self.dir.join("ahead"))?;
        file.lock()?;
        Ok(file)
    }

    fn entry_path(&self, action: &Id) -> PathBuf {
        self.path("a", action)
    }

    /// The file of an output that was found or kept, for as long as nobody prunes the mount.
    pub fn output_path(&self, output: &Id) -> PathBuf {
        self.path("o", output)
    }

    fn path(&self, kind: &str, id: &Id) -> PathBuf {
        let name = id.to_string();
        self.dir.join(kind).join(&name[..2]).join(name)
    }
}

/// Moves a file to a directory that may have to be made.
fn move_to(file: &Path, path: &Path) -> io::Result<()> {
    match fs::rename(file, path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::rename(file, path)
        }
        other => other,
    }
}

/// A name that no other process has, in this or another container: process numbers start anew in
/// each.
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

/// Notes the use of a file, at most once a period: every note is a write.
fn use_again(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    if file
        .metadata()
        .is_ok_and(|metadata| age(&metadata) > PERIOD)
    {
        // A read-only mount forgets it.
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

/// The output and its size that an entry names for `action`; none if anything about it is off.
fn parse_entry(action: &Id, bytes: &[u8]) -> Option<(Id, u64)> {
    let line = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let mut words = line.split(' ');
    let (of, output, size) = (words.next()?, words.next()?, words.next()?);
    let (of, output, size) = (
        Id::from_hex(of.as_bytes())?,
        Id::from_hex(output.as_bytes())?,
        size.parse().ok()?,
    );
    (of == *action && bytes == format_entry(action, &output, size).as_bytes())
        .then_some((output, size))
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
    fn what_cannot_be_kept_is_told_once() {
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
