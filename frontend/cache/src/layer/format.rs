//! The form of a layer: where its files are, and the bytes of its index. The crate's first page
//! shows it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::id::Id;

/// First words of an index; the number is the layer format's.
const HEADER: &str = "gowork-cache 1";

/// What an index says about an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256 of the output.
    pub output: Id,
    /// Its bytes.
    pub size: u64,
    /// Checksum of its bytes.
    pub checksum: u64,
}

/// The directory of the outputs in the layer at `dir`.
pub fn outputs_dir(dir: &Path) -> PathBuf {
    dir.join("o")
}

/// The file of an output in the layer at `dir`.
pub fn output_path(dir: &Path, output: &Id) -> PathBuf {
    outputs_dir(dir).join(output.to_string())
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

/// The entries of an index. Returns `None` if anything about it is wrong, since one wrong line might
/// name another action's output.
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

/// A line of an index: the action and its entry. Returns `None` for any other line.
pub(crate) fn parse_line(line: &[u8]) -> Option<(Id, Entry)> {
    let line = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let mut fields = line.split(' ');
    let action = Id::from_hex(fields.next()?.as_bytes())?;
    let entry = Entry {
        output: Id::from_hex(fields.next()?.as_bytes())?,
        size: fields.next()?.parse().ok()?,
        checksum: u64::from_str_radix(fields.next()?, 16).ok()?,
    };
    if fields.next().is_some() {
        return None;
    }
    Some((action, entry))
}

/// The entries of the layer at `dir`.
///
/// # Errors
/// If no index exists, or if it is damaged or of another version.
pub fn read_index(dir: &Path) -> io::Result<HashMap<Id, Entry>> {
    parse_index(&fs::read(index_path(dir))?).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "damaged index, or not a layer of this version",
        )
    })
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
