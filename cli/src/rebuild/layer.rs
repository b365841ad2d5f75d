//! The files of a layer, and what is different in those of two.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use flate2::read::MultiGzDecoder;
use gowork_llb::limits;
use ruzstd::decoding::StreamingDecoder;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tar::{Archive, EntryType, Header};

/// Bytes of the tar file of a layer that are read.
const MAX_BYTES: u64 = 16 << 30;

/// An entry of a layer: its fields, as a person writes them.
type Fields = BTreeMap<&'static str, String>;

/// The entries of a layer, by path.
pub(super) type Files = BTreeMap<String, Fields>;

/// A file that is not the same in both layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FileJson {
    /// Its path in the image.
    pub(crate) path: String,
    /// Whether it is in both layers, and if not, in which.
    pub(crate) side: Side,
    /// What is different in it, if it is in both.
    pub(crate) fields: Vec<FieldJson>,
}

/// Where something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    /// In the image alone.
    Image,
    /// In the rebuilt image alone.
    Rebuilt,
    /// In both, and different.
    Both,
}

/// A value that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FieldJson {
    /// What it is: of a file `content`, `mode`, `owner`, `time` or another; of a config or a
    /// manifest the way to it, `config.Labels.version`.
    pub(crate) name: String,
    /// In the image; null if it has none.
    pub(crate) image: Option<String>,
    /// In the rebuilt image; null if it has none.
    pub(crate) rebuilt: Option<String>,
}

/// Reads the layer in `file`.
///
/// # Errors
/// If it is no layer, or of a kind that is not known.
pub(super) fn read(file: &Path, media_type: &str) -> anyhow::Result<Files> {
    let shown = || file.display().to_string();
    let opened = BufReader::new(File::open(file).with_context(shown)?);
    let unpacked: Box<dyn Read> = match media_type {
        kind if kind.ends_with("gzip") => Box::new(MultiGzDecoder::new(opened)),
        kind if kind.ends_with("zstd") => {
            Box::new(StreamingDecoder::new(opened).map_err(|error| anyhow::anyhow!("{error}"))?)
        }
        kind if kind.ends_with(".tar") => Box::new(opened),
        kind => bail!("a layer of the type {kind}, which gowork cannot read"),
    };
    entries(unpacked.take(MAX_BYTES)).with_context(shown)
}

fn entries(tar: impl Read) -> anyhow::Result<Files> {
    let mut files = Files::new();
    let mut archive = Archive::new(tar);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut fields = described(entry.header())?;
        if let Some(target) = entry.link_name_bytes() {
            fields.insert("target", String::from_utf8_lossy(&target).into_owned());
        }
        if let Some(extensions) = entry.pax_extensions()? {
            let mut attributes = Vec::new();
            for extension in extensions {
                let extension = extension?;
                let value = String::from_utf8_lossy(extension.value_bytes()).into_owned();
                match String::from_utf8_lossy(extension.key_bytes()).as_ref() {
                    // The entry has them already.
                    "path" | "linkpath" | "size" | "uid" | "gid" => {}
                    "mtime" => _ = fields.insert("time", value),
                    name => {
                        let name = name.strip_prefix("SCHILY.xattr.").unwrap_or(name);
                        attributes.push(format!("{name}={value:?}"));
                    }
                }
            }
            if !attributes.is_empty() {
                fields.insert("attributes", attributes.join(" "));
            }
        }
        if entry.header().entry_type() == EntryType::Regular {
            fields.insert("size", entry.size().to_string());
            let mut hash = Sha256::new();
            io::copy(&mut entry, &mut hash)?;
            fields.insert(
                "content",
                format!("sha256:{}", hexadecimal(&hash.finalize())),
            );
        }
        files.insert(path.trim_end_matches('/').to_owned(), fields);
        if files.len() > limits::NAMES {
            bail!("a layer of more than {} files", limits::NAMES);
        }
    }
    Ok(files)
}

fn described(header: &Header) -> io::Result<Fields> {
    let mut fields = Fields::from([
        ("kind", kind(header.entry_type())),
        ("mode", format!("{:04o}", header.mode()? & 0o7777)),
        ("owner", format!("{}:{}", header.uid()?, header.gid()?)),
        ("time", header.mtime()?.to_string()),
    ]);
    // Of other kinds, the fields may have anything.
    if matches!(header.entry_type(), EntryType::Char | EntryType::Block)
        && let (Some(major), Some(minor)) = (header.device_major()?, header.device_minor()?)
    {
        fields.insert("device", format!("{major}:{minor}"));
    }
    Ok(fields)
}

fn kind(of: EntryType) -> String {
    match of {
        EntryType::Regular => "file".to_owned(),
        EntryType::Directory => "directory".to_owned(),
        EntryType::Symlink => "symbolic link".to_owned(),
        EntryType::Link => "hard link".to_owned(),
        EntryType::Char => "character device".to_owned(),
        EntryType::Block => "block device".to_owned(),
        EntryType::Fifo => "pipe".to_owned(),
        other => format!("{other:?}"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files that are not the same, by path.
pub(super) fn differences(image: &Files, rebuilt: &Files) -> Vec<FileJson> {
    let mut found = Vec::new();
    let paths: BTreeSet<&String> = image.keys().chain(rebuilt.keys()).collect();
    for path in paths {
        let (side, fields) = match (image.get(path), rebuilt.get(path)) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) => (Side::Both, unequal(a, b)),
            (Some(_), None) => (Side::Image, Vec::new()),
            (None, _) => (Side::Rebuilt, Vec::new()),
        };
        found.push(FileJson {
            path: path.clone(),
            side,
            fields,
        });
    }
    found
}

fn unequal(image: &Fields, rebuilt: &Fields) -> Vec<FieldJson> {
    let names: BTreeSet<&&str> = image.keys().chain(rebuilt.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| image.get(**name) != rebuilt.get(**name));
    differing
        .map(|name| FieldJson {
            name: (*name).to_owned(),
            image: image.get(*name).cloned(),
            rebuilt: rebuilt.get(*name).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tar file with one file.
    fn tar(path: &str, content: &[u8], mode: u32, time: u64) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, path, content).unwrap();
        builder.into_inner().unwrap()
    }

    fn names(differences: &[FileJson]) -> Vec<(&str, Side, Vec<&str>)> {
        differences
            .iter()
            .map(|file| {
                let fields = file.fields.iter().map(|field| field.name.as_str());
                (file.path.as_str(), file.side, fields.collect())
            })
            .collect()
    }

    #[test]
    fn each_field_of_a_file_is_compared() {
        let of = |bytes: Vec<u8>| entries(bytes.as_slice()).unwrap();
        let image = of(tar("srv/a", b"one", 0o755, 1));
        assert_eq!(differences(&image, &image), []);
        let other = of(tar("srv/a", b"two", 0o700, 2));
        let found = differences(&image, &other);
        let expected = ("srv/a", Side::Both, vec!["content", "mode", "time"]);
        assert_eq!(names(&found), [expected]);
        assert_eq!(found[0].fields[1].image.as_deref(), Some("0755"));
        assert_eq!(found[0].fields[1].rebuilt.as_deref(), Some("0700"));
        let elsewhere = of(tar("srv/b", b"one", 0o755, 1));
        let expected = [
            ("srv/a", Side::Image, vec![]),
            ("srv/b", Side::Rebuilt, vec![]),
        ];
        assert_eq!(names(&differences(&image, &elsewhere)), expected);
    }

    #[test]
    fn what_is_no_layer_is_an_error() {
        let mut cut = tar("srv/a", &[7; 5000], 0o755, 1);
        cut.truncate(2000);
        assert!(entries(cut.as_slice()).is_err());
        assert!(entries([1; 2000].as_slice()).is_err());
    }
}
