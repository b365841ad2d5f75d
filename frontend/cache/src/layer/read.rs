//! A layer that is only read: its index, and outputs that are checked before they are handed out.
//! Also the index's form, for writing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::checksum;
use crate::id::Id;
use crate::server::store::{Hit, Tier};

/// First words of an index; the number is the layer format's.
const HEADER: &str = "gowork-cache 1";

/// What an index says of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256 of the output.
    pub output: Id,
    /// Its bytes.
    pub size: u64,
    /// Checksum of its bytes.
    pub checksum: u64,
}

/// The file of an output in the layer at `dir`.
pub fn output_path(dir: &Path, output: &Id) -> PathBuf {
    dir.join("o").join(output.to_string())
}

/// The index file of the layer at `dir`.
pub fn index_path(dir: &Path) -> PathBuf {
    dir.join("index")
}

/// The bytes of an index.
pub fn format_index(entries: &BTreeMap<Id, Entry>) -> String {
    let mut lines = String::with_capacity(entries.len() * 155);
    for (action, entry) in entries {
        lines.push_str(&format_line(action, entry));
    }
    format!("{HEADER} {}\n{lines}", Id::of(lines.as_bytes()))
}

/// A line of an index.
pub(crate) fn format_line(action: &Id, entry: &Entry) -> String {
    format!(
        "{action} {} {} {:016x}\n",
        entry.output, entry.size, entry.checksum
    )
}

/// The entries of an index; none if anything about it is off, since one wrong line might name
/// another action's output.
pub fn parse_index(bytes: &[u8]) -> Option<HashMap<Id, Entry>> {
    let rest = bytes.strip_prefix(HEADER.as_bytes())?.strip_prefix(b" ")?;
    let (sum, lines) = (rest.get(..64)?, rest.get(64..)?.strip_prefix(b"\n")?);
    if Id::from_hex(sum)? != Id::of(lines) {
        return None;
    }
    lines
        .split_inclusive(|&byte| byte == b'\n')
        .map(parse_line)
        .collect()
}

/// What a line of an index says; none if it is no such line.
pub(crate) fn parse_line(line: &[u8]) -> Option<(Id, Entry)> {
    let mut fields = line.strip_suffix(b"\n")?.split(|&byte| byte == b' ');
    let action = Id::from_hex(fields.next()?)?;
    let output = Id::from_hex(fields.next()?)?;
    let size = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let checksum = u64::from_str_radix(std::str::from_utf8(fields.next()?).ok()?, 16).ok()?;
    fields.next().is_none().then_some((
        action,
        Entry {
            output,
            size,
            checksum,
        },
    ))
}

/// The entries of the layer at `dir`, with the reason if there are none to be had.
///
/// # Errors
/// If there is no index, or it is damaged or of another version.
pub fn read_index(dir: &Path) -> io::Result<HashMap<Id, Entry>> {
    parse_index(&fs::read(index_path(dir))?).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "damaged index, or not a layer of this version",
        )
    })
}

/// A layer as a tier.
pub struct Layer {
    dir: PathBuf,
    entries: HashMap<Id, Entry>,
    checked: Mutex<HashSet<Id>>,
}

impl Layer {
    /// The layer at `dir`, which must be absolute.
    ///
    /// # Errors
    /// As [`read_index`].
    pub fn open(dir: &Path) -> io::Result<Layer> {
        Ok(Layer {
            dir: dir.into(),
            entries: read_index(dir)?,
            checked: Mutex::default(),
        })
    }

    /// Whether the output's file holds what was put. Asked of every output once a process.
    fn check(&self, path: &Path, entry: &Entry) -> bool {
        if self
            .checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&entry.output)
        {
            return true;
        }
        let good = holds(path, entry).unwrap_or(false);
        if good {
            self.checked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(entry.output);
        }
        good
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

impl Tier for Layer {
    fn find(&self, action: &Id) -> Option<Hit> {
        let entry = self.entries.get(action)?;
        let path = output_path(&self.dir, &entry.output);
        self.check(&path, entry).then_some(Hit {
            output: entry.output,
            size: entry.size,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> BTreeMap<Id, Entry> {
        (0..3u8)
            .map(|n| {
                (
                    Id::of(&[n]),
                    Entry {
                        output: Id::of(&[n, n]),
                        size: 2,
                        checksum: 3,
                    },
                )
            })
            .collect()
    }

    #[test]
    fn index_round_trip() {
        let entries = index();
        let parsed = parse_index(format_index(&entries).as_bytes()).unwrap();
        assert_eq!(parsed.into_iter().collect::<BTreeMap<_, _>>(), entries);
    }

    #[test]
    fn every_damaged_byte_and_every_truncation_empties_the_index() {
        let good = format_index(&index()).into_bytes();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(parse_index(&bad), None, "flipped byte {at}");
            assert_eq!(parse_index(&good[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn a_spliced_line_is_not_believed() {
        // Cutting out one line's worth of bytes at mid-line pairs one action with another's output.
        let mut bytes = format_index(&index()).into_bytes();
        let line = 64 + 1 + 64 + 3 + 17;
        let start = HEADER.len() + 66 + 65;
        bytes.drain(start..start + line);
        assert_eq!(parse_index(&bytes), None);
    }
}
