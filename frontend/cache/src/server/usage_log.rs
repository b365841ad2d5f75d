//! Results that stay where they are, in a cache mount, and the list of them: who has the go command
//! run reads it meanwhile. Owns that list.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::checksum;
use crate::id::Id;
use crate::layer::read::{self, Entry};
use crate::mount::CacheMount;
use crate::server::store::Hit;

/// The list in a directory: a line for each result, in the form of an index's, in the order in
/// which they were taken from the mount or kept there.
fn list(dir: &Path) -> PathBuf {
    dir.join("names")
}

/// The list of all that one process takes from a mount and keeps there.
pub struct Names {
    list: Mutex<File>,
}

impl Names {
    /// A list to be written to `dir`, which must be absolute.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(dir: &Path) -> io::Result<Names> {
        fs::create_dir_all(dir)?;
        let list = File::options().create(true).append(true).open(list(dir))?;
        Ok(Names {
            list: Mutex::new(list),
        })
    }

    /// Notes an output, which must be the SHA-256 of `bytes` and in the mount.
    pub fn note(&self, action: &Id, output: &Id, bytes: &[u8], mount: &CacheMount) -> Hit {
        let size = bytes.len() as u64;
        let line = read::format_line(
            action,
            &Entry {
                output: *output,
                size,
                checksum: checksum::of(bytes),
            },
        );
        // A line that is missing is a result that nobody knows by its package.
        let _ = self
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(line.as_bytes());
        Hit {
            output: *output,
            size,
            path: mount.output_path(output),
        }
    }
}

/// Reads the list while it grows.
pub struct Reader {
    list: BufReader<File>,
    line: Vec<u8>,
    entries: HashMap<Id, (Id, Entry)>,
}

impl Reader {
    /// Of the list in `dir`, from its beginning.
    ///
    /// # Errors
    /// If it can be neither read nor made.
    pub fn new(dir: &Path) -> io::Result<Reader> {
        fs::create_dir_all(dir)?;
        let list = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(list(dir))?;
        Ok(Reader {
            list: BufReader::new(list),
            line: Vec::new(),
            entries: HashMap::new(),
        })
    }

    /// The action of an output that was noted, and its entry.
    ///
    /// # Errors
    /// If the list cannot be read.
    pub fn find(&mut self, output: &Id) -> io::Result<Option<(Id, Entry)>> {
        while !self.entries.contains_key(output) {
            self.list.read_until(b'\n', &mut self.line)?;
            if !self.line.ends_with(b"\n") {
                break;
            }
            self.entries.extend(
                read::parse_line(&self.line).map(|(action, entry)| (entry.output, (action, entry))),
            );
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
        let mut reader = Reader::new(dir.path()).unwrap();
        let names = Names::new(dir.path()).unwrap();
        let output = |n: u8| Id::of(&[n, n]);
        assert_eq!(reader.find(&output(1)).unwrap(), None);
        for n in [1, 2] {
            names.note(&Id::of(&[n]), &output(n), &[n, n], &mount);
        }
        for n in [2, 1] {
            let (action, entry) = reader.find(&output(n)).unwrap().unwrap();
            assert_eq!(
                (action, entry.output, entry.size),
                (Id::of(&[n]), output(n), 2)
            );
        }
        // Half a line is none yet.
        let whole = read::format_line(
            &Id::of(&[3]),
            &Entry {
                output: output(3),
                size: 2,
                checksum: 1,
            },
        );
        let mut file = File::options().append(true).open(list(dir.path())).unwrap();
        file.write_all(&whole.as_bytes()[..70]).unwrap();
        assert_eq!(reader.find(&output(3)).unwrap(), None);
        file.write_all(&whole.as_bytes()[70..]).unwrap();
        assert_eq!(reader.find(&output(3)).unwrap().unwrap().0, Id::of(&[3]));
    }
}
