//! The log of results that one go command takes from a cache mount or keeps there. The results stay
//! in the mount; the process that started the go command reads the log while it grows. Owns the log.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::checksum;
use crate::hit::Hit;
use crate::id::Id;
use crate::layer::format::{self, Entry};
use crate::mount::CacheMount;

/// The log in a directory: a line for each result, in the form of an index's, in the order in which
/// the results were taken or kept.
fn log_path(dir: &Path) -> PathBuf {
    dir.join("usage")
}

/// Writes the log.
pub struct UsageLog {
    file: Mutex<File>,
}

impl UsageLog {
    /// A log in `dir`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(dir: &Path) -> io::Result<UsageLog> {
        fs::create_dir_all(dir)?;
        let file = File::options()
            .create(true)
            .append(true)
            .open(log_path(dir))?;
        Ok(UsageLog {
            file: Mutex::new(file),
        })
    }

    /// Notes an output, which must be the SHA-256 of `bytes` and in the mount.
    pub fn note(&self, action: &Id, output: &Id, bytes: &[u8], mount: &CacheMount) -> Hit {
        let entry = Entry {
            output: *output,
            size: bytes.len() as u64,
            checksum: checksum::of(bytes),
        };
        let line = format::format_line(action, &entry);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // If a line is missing, the reader doesn't learn which package this is the result of.
        let _ = file.write_all(line.as_bytes());
        Hit {
            output: *output,
            size: entry.size,
            path: mount.output_path(output),
        }
    }
}

/// Reads the log while it grows.
pub struct UsageReader {
    log: BufReader<File>,
    /// The last line, if its end is not there yet.
    line: Vec<u8>,
    entries: HashMap<Id, (Id, Entry)>,
}

impl UsageReader {
    /// Reads the log in `dir` from its beginning.
    ///
    /// # Errors
    /// If it can be neither read nor made.
    pub fn new(dir: &Path) -> io::Result<UsageReader> {
        fs::create_dir_all(dir)?;
        let file = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(log_path(dir))?;
        Ok(UsageReader {
            log: BufReader::new(file),
            line: Vec::new(),
            entries: HashMap::new(),
        })
    }

    /// The action of an output that was noted, and its entry.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn find(&mut self, output: &Id) -> io::Result<Option<(Id, Entry)>> {
        while !self.entries.contains_key(output) {
            self.log.read_until(b'\n', &mut self.line)?;
            if !self.line.ends_with(b"\n") {
                break;
            }
            if let Some((action, entry)) = format::parse_line(&self.line) {
                self.entries.insert(entry.output, (action, entry));
            }
            self.line.clear();
        }
        Ok(self.entries.get(output).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_found_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let mount = CacheMount::new(dir.path(), u64::MAX);
        let mut reader = UsageReader::new(dir.path()).unwrap();
        let log = UsageLog::new(dir.path()).unwrap();
        let output = |n: u8| Id::of(&[n, n]);
        assert_eq!(reader.find(&output(1)).unwrap(), None);
        for n in [1, 2] {
            log.note(&Id::of(&[n]), &output(n), &[n, n], &mount);
        }
        for n in [2, 1] {
            let (action, entry) = reader.find(&output(n)).unwrap().unwrap();
            assert_eq!(
                (action, entry.output, entry.size),
                (Id::of(&[n]), output(n), 2)
            );
        }
        // A line counts when its end is there.
        let whole = format::format_line(
            &Id::of(&[3]),
            &Entry {
                output: output(3),
                size: 2,
                checksum: 1,
            },
        );
        let mut file = File::options()
            .append(true)
            .open(log_path(dir.path()))
            .unwrap();
        file.write_all(&whole.as_bytes()[..70]).unwrap();
        assert_eq!(reader.find(&output(3)).unwrap(), None);
        file.write_all(&whole.as_bytes()[70..]).unwrap();
        assert_eq!(reader.find(&output(3)).unwrap().unwrap().0, Id::of(&[3]));
    }
}
