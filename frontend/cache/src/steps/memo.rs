//! Results of whole steps that a cache mount remembers, so that a step can take them without running
//! a go command. Owns a step's key and what is kept under it.
//!
//! The key of a step is made of its flags, the packages of its parts, the contents of the files that
//! it compiles itself, the results that it reads and the Go version: everything that makes its
//! results ([`Description`]). Under that key the mount has the index of each of the step's parts, or
//! the binary of a link. A wrong key cannot make a wrong compile result: results lie under the go
//! command's own keys, and a link asks for them by these.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use gowork_step::Description;

use crate::id::Id;
use crate::layer::format::{self, Entry};
use crate::layer::parts;
use crate::mount::CacheMount;

/// The first word of what makes a key; the number is that of the form.
const FORM: &str = "gowork step 1";

/// The key of a step's results. `go` is the output of `go version`; `reads` are the IDs of the
/// indexes that the step reads ([`index_id`]), in the order of [`Description::reads`].
///
/// # Errors
/// If a file cannot be read.
pub fn key(step: &Description, go: &str, reads: &[Id]) -> io::Result<Id> {
    let mut sources = Vec::new();
    for file in &step.own {
        sources.push((&file.name, Id::of(&fs::read(&file.at)?).to_string()));
    }
    let mut results = Vec::new();
    for (name, id) in step.reads.iter().zip(reads) {
        results.push((name, id.to_string()));
    }
    let made_of = (FORM, go, &step.salt, &step.parts, sources, results);
    Ok(Id::of(&serde_json::to_vec(&made_of)?))
}

/// The ID of an index. Equal IDs mean equal layers.
pub fn index_id(index: &str) -> Id {
    Id::of(index.as_bytes())
}

/// The output of `go version`.
///
/// # Errors
/// If no go command exists, or if it fails.
pub fn go_version() -> io::Result<String> {
    let output = Command::new("go").arg("version").output()?;
    if !output.status.success() {
        return Err(io::Error::other("go version"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a cache mount remembers of one step.
pub struct Memo<'m> {
    mount: &'m CacheMount,
    key: Id,
}

impl<'m> Memo<'m> {
    /// Of the step with this [`key`].
    pub fn new(mount: &'m CacheMount, key: Id) -> Self {
        Memo { mount, key }
    }

    /// The index of each part.
    pub fn indexes(&self) -> Option<Vec<String>> {
        let (_, record) = self.mount.find(&self.key)?;
        serde_json::from_slice(&record).ok()
    }

    /// Remembers the index of each part. The results themselves must be in the mount already.
    pub fn keep_indexes(&self, indexes: &[String]) {
        if let Ok(record) = serde_json::to_vec(indexes) {
            self.mount.keep(&self.key, &Id::of(&record), &record);
        }
    }

    /// Remembers the layer of each part, as [`Self::keep_indexes`].
    pub fn keep_layers(&self, layers: &[BTreeMap<Id, Entry>]) {
        let indexes: Vec<String> = layers.iter().map(format::format_index).collect();
        self.keep_indexes(&indexes);
    }

    /// Restores the results of a compile step with these parts: the layer of each, below `dir`.
    /// Returns `false`, and leaves `dir` empty, if the mount does not have all of them.
    pub fn restore(&self, dir: &Path, parts: &[Vec<String>]) -> bool {
        let Some(indexes) = self.indexes() else {
            return false;
        };
        if indexes.len() != parts.len() {
            return false;
        }
        let is_restored = self.restore_parts(dir, parts, &indexes).unwrap_or(false);
        if !is_restored {
            let _ = parts::clear(dir);
        }
        is_restored
    }

    fn restore_parts(
        &self,
        dir: &Path,
        parts: &[Vec<String>],
        indexes: &[String],
    ) -> io::Result<bool> {
        fs::create_dir_all(format::outputs_dir(dir))?;
        let mut layers = Vec::new();
        for index in indexes {
            let Some(entries) = format::parse_index(index.as_bytes()) else {
                return Ok(false);
            };
            for (action, entry) in &entries {
                match self.mount.find(action) {
                    Some((output, bytes)) if output == entry.output => {
                        parts::write_output(dir, &output, &bytes)?;
                    }
                    _ => return Ok(false),
                }
            }
            layers.push(entries.into_iter().collect());
        }
        parts::write_parts(dir, parts, &layers)?;
        Ok(true)
    }

    /// The binary of a link.
    pub fn binary(&self) -> Option<Vec<u8>> {
        let (_, binary) = self.mount.find(&self.binary_key())?;
        Some(binary)
    }

    /// Remembers the binary of a link. Moves the file, which must be below [`CacheMount::scratch`].
    ///
    /// # Errors
    /// If it cannot be read or moved.
    pub fn keep_binary(&self, file: &Path) -> io::Result<()> {
        self.mount.adopt(&self.binary_key(), file)
    }

    fn binary_key(&self) -> Id {
        Id::of(format!("{FORM} binary {}", self.key).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use gowork_step::{OwnFile, Version};

    use super::*;

    fn described(own: Vec<OwnFile>) -> Description {
        Description {
            version: Version,
            name: "1".into(),
            salt: vec!["-trimpath".into()],
            parts: vec![vec!["a".into()]],
            brings_others: false,
            own,
            reads: vec!["fmt".into()],
        }
    }

    fn file(name: &str, at: &Path) -> OwnFile {
        OwnFile {
            name: name.into(),
            at: at.to_str().unwrap().into(),
        }
    }

    #[test]
    fn everything_that_makes_results_changes_the_key_and_the_place_of_files_does_not() {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let at = |dir: usize, text: &str| {
            let path = dirs[dir].path().join("a.go");
            fs::write(&path, text).unwrap();
            described(vec![file("a/a.go", &path)])
        };
        let key_of = |step: &Description| key(step, "go1", &[Id::of(b"fmt")]).unwrap();
        let first = key_of(&at(0, "package a"));
        assert_eq!(key_of(&at(1, "package a")), first);
        assert_ne!(key_of(&at(0, "package b")), first);
        let step = at(0, "package a");
        assert_ne!(key(&step, "go2", &[Id::of(b"fmt")]).unwrap(), first);
        assert_ne!(key(&step, "go1", &[Id::of(b"other")]).unwrap(), first);
        assert_ne!(
            key_of(&Description {
                salt: vec![],
                ..step.clone()
            }),
            first
        );
        assert_ne!(
            key_of(&Description {
                parts: vec![vec!["b".into()]],
                ..step.clone()
            }),
            first
        );
        assert_ne!(
            key_of(&Description {
                reads: vec!["os".into()],
                ..step.clone()
            }),
            first
        );
        let renamed = step
            .own
            .iter()
            .map(|own| file("b/a.go", Path::new(&own.at)))
            .collect();
        assert_ne!(
            key_of(&Description {
                own: renamed,
                ..step.clone()
            }),
            first
        );
        assert!(
            key(
                &described(vec![file("a/a.go", Path::new("/nowhere/a.go"))]),
                "go1",
                &[]
            )
            .is_err()
        );
    }

    #[test]
    fn a_step_is_restored_whole_or_leaves_nothing() {
        let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mount = CacheMount::new(dir.path(), u64::MAX);
        let memo = Memo::new(&mount, Id::of(b"key"));
        let packages = [vec!["a".to_owned()], vec!["b".to_owned()]];
        assert!(!memo.restore(out.path(), &packages));
        let layer = |n: u8| {
            mount.keep(&Id::of(&[n]), &Id::of(&[n, n]), &[n, n]);
            BTreeMap::from([(
                Id::of(&[n]),
                Entry {
                    output: Id::of(&[n, n]),
                    size: 2,
                    checksum: crate::checksum::of(&[n, n]),
                },
            )])
        };
        memo.keep_layers(&[layer(1), layer(2)]);
        assert!(memo.restore(out.path(), &packages));
        assert!(out.path().join("a/index").is_file() && out.path().join("b/index").is_file());
        parts::clear(out.path()).unwrap();
        assert!(
            !memo.restore(out.path(), &packages[..1]),
            "a record of other parts"
        );
        fs::remove_file(mount.output_path(&Id::of(&[2, 2]))).unwrap();
        assert!(!memo.restore(out.path(), &packages));
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }
}
