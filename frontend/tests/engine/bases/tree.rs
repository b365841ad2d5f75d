//! The file system of an image, as an archive has it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::engine::Build;

/// What there is at a path: all that an archive says of it but its time, and a file's content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Mode, owner, and what a link says.
    pub(crate) what: String,
    /// Of a file.
    pub(crate) content: Vec<u8>,
}

/// A file system as an archive has it, with the times of its entries.
pub(crate) struct Tree {
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) times: BTreeMap<String, String>,
}

impl Tree {
    pub(crate) fn of(build: Build) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (archive, root) = (dir.path().join("archive"), dir.path().join("root"));
        build
            .args([format!("--output=type=tar,dest={}", archive.display())])
            .succeeds();
        std::fs::create_dir(&root).unwrap();
        tar(&[
            "-C",
            &root.to_string_lossy(),
            "--no-same-owner",
            "--exclude=dev/*",
            "-xf",
            &archive.to_string_lossy(),
        ]);
        let listing = tar(&[
            "--numeric-owner",
            "--full-time",
            "-tvf",
            &archive.to_string_lossy(),
        ]);
        let mut tree = Self {
            entries: BTreeMap::new(),
            times: BTreeMap::new(),
        };
        for line in listing.lines().filter(|line| !line.starts_with(['c', 'b'])) {
            let mut words = line.split_ascii_whitespace();
            let (mode, owner, _size) = (
                words.next().unwrap(),
                words.next().unwrap(),
                words.next().unwrap(),
            );
            let time = format!("{} {}", words.next().unwrap(), words.next().unwrap());
            let rest: Vec<&str> = words.collect();
            let path = rest[0].trim_end_matches('/').to_owned();
            let content = if mode.starts_with('-') {
                std::fs::read(root.join(&path)).unwrap_or_default()
            } else {
                Vec::new()
            };
            tree.entries.insert(
                path.clone(),
                Entry {
                    what: format!("{mode} {owner} {}", rest[1..].join(" ")),
                    content,
                },
            );
            tree.times.insert(path, time);
        }
        tree
    }

    /// Where it differs from another.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let shown = |entry: Option<&Entry>| {
            entry.map(|entry| format!("{} ({} bytes)", entry.what, entry.content.len()))
        };
        let paths: BTreeSet<&String> = self.entries.keys().chain(other.entries.keys()).collect();
        let differ = paths
            .into_iter()
            .filter(|path| self.entries.get(*path) != other.entries.get(*path));
        differ
            .map(|path| {
                format!(
                    "{path}: {:?}, not {:?}",
                    shown(self.entries.get(path)),
                    shown(other.entries.get(path))
                )
            })
            .collect()
    }
}

fn tar(words: &[&str]) -> String {
    let output = Command::new("tar")
        .args(words)
        .env("TZ", "UTC")
        .output()
        .expect("tar must be on PATH");
    assert!(
        output.status.success(),
        "tar {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
