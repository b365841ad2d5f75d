//! Steps whose results a cache mount has whole, so that they can be taken from there without a go
//! command. Owns a step's key, and what is kept under it.
//!
//! A step is known by its flags, the packages of its parts, the contents of the files that it
//! compiles itself, the results it reads and the Go version: all that makes its results
//! ([`Description`]). Under that key the mount has the index of each of its parts; for a link its
//! binary. A key that is wrong in some way nobody thought of cannot make a wrong compile result:
//! results lie under the go command's own keys, and whoever links asks by these.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use gowork_step::{Description, from_json};
use serde::de::DeserializeOwned;

use crate::args;
use crate::id::Id;
use crate::layer::read::{self, Entry};
use crate::layer::write;
use crate::mount::CacheMount;
use crate::steps::compile::write_parts;
use crate::steps::locks::{Begun, Turns};

/// The first word of what makes a key; the number is that of the form.
const FORM: &str = "gowork step 1";

/// The key of a step's results. `go` is the version of the go command, `reads` are the IDs of the
/// indexes that it reads ([`index_id`]).
///
/// # Errors
/// If a file cannot be read.
pub fn key(step: &Description, go: &str, reads: &[Id]) -> io::Result<Id> {
    let mut own = Vec::new();
    for file in &step.own {
        own.push((&file.name, Id::of(&fs::read(&file.at)?).to_string()));
    }
    let reads: Vec<(&String, String)> = step
        .reads
        .iter()
        .zip(reads)
        .map(|(name, id)| (name, id.to_string()))
        .collect();
    Ok(Id::of(&serde_json::to_vec(&(
        FORM,
        go,
        &step.salt,
        &step.parts,
        own,
        reads,
    ))?))
}

/// What a file in JSON says.
///
/// # Errors
/// If it cannot be read, or says something else.
pub fn read_json<T: DeserializeOwned>(file: &str) -> Result<T, String> {
    let bytes = fs::read(file).map_err(|error| format!("read {file}: {error}"))?;
    from_json(&bytes).map_err(|error| format!("read {file}: {error}"))
}

/// What identifies an index: the layer that it names is the same if this is.
pub fn index_id(index: &str) -> Id {
    Id::of(index.as_bytes())
}

/// What `go version` says.
///
/// # Errors
/// If there is no go command.
pub fn go_version() -> io::Result<String> {
    let output = Command::new("go").arg("version").output()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        .ok_or_else(|| io::Error::other("go version"))
}

/// The turn of the step that this process is to run: it begins when nobody makes its results
/// elsewhere any more. The mount is that of [`Known::this`].
pub fn turn(described: &Description, mount: Option<&Path>) -> Option<Begun> {
    let (_, args) = args::from_environment().ok()?;
    Turns::new(mount.or(args.mount.as_deref())?).begin(&described.name)
}

/// A step that may be known.
pub struct Known {
    mount: CacheMount,
    key: Id,
}

impl Known {
    /// The step that this process is to run, by the words of `GOCACHEPROG`. None if that names no
    /// mount, nor `mount` does; or if what it reads is damaged.
    pub fn this(described: &Description, mount: Option<&Path>) -> Option<Known> {
        let (_, args) = args::from_environment().ok()?;
        let mount = CacheMount::new(mount.or(args.mount.as_deref())?, args.limit);
        let index = |dir: &PathBuf| {
            fs::read_to_string(read::index_path(dir))
                .ok()
                .map(|index| index_id(&index))
        };
        let reads: Vec<Id> = args.parents.iter().map(index).collect::<Option<_>>()?;
        let is_whole = reads.len() == described.reads.len();
        let key = is_whole.then(|| key(described, &go_version().ok()?, &reads).ok())??;
        Some(Known { mount, key })
    }

    /// Takes the results of a compile step with these parts, and makes the layer of each below
    /// `dir`. False, and nothing is there, if it is not known or the mount has lost something.
    pub fn take(&self, dir: &Path, parts: &[Vec<String>]) -> bool {
        let Some(indexes) =
            indexes(&self.mount, &self.key).filter(|indexes| indexes.len() == parts.len())
        else {
            return false;
        };
        let taken = self.take_parts(dir, parts, &indexes).unwrap_or(false);
        if !taken {
            let _ = empty(dir);
        }
        taken
    }

    fn take_parts(
        &self,
        dir: &Path,
        parts: &[Vec<String>],
        indexes: &[String],
    ) -> io::Result<bool> {
        fs::create_dir_all(dir.join("o"))?;
        let mut layers = Vec::new();
        for index in indexes {
            let Some(entries) = read::parse_index(index.as_bytes()) else {
                return Ok(false);
            };
            for (action, entry) in &entries {
                let Some((_, bytes)) = self
                    .mount
                    .find(action)
                    .filter(|(output, _)| *output == entry.output)
                else {
                    return Ok(false);
                };
                let path = read::output_path(dir, &entry.output);
                fs::write(&path, bytes)?;
                write::settle(&File::open(&path)?, 0o644)?;
            }
            layers.push(entries.into_iter().collect::<BTreeMap<Id, Entry>>());
        }
        write_parts(dir, parts, &layers)?;
        Ok(true)
    }

    /// Keeps what a compile step made. The results themselves are in the mount already.
    pub fn keep(&self, layers: &[BTreeMap<Id, Entry>]) {
        keep_indexes(
            &self.mount,
            &self.key,
            &layers.iter().map(read::format_index).collect::<Vec<_>>(),
        );
    }

    /// The binary of a link.
    pub fn binary(&self) -> Option<Vec<u8>> {
        binary(&self.mount, &self.key)
    }
}

/// The index of each part of a step.
pub fn indexes(mount: &CacheMount, key: &Id) -> Option<Vec<String>> {
    let (_, record) = mount.find(key)?;
    serde_json::from_slice(&record).ok()
}

/// Keeps the index of each part of a step.
pub fn keep_indexes(mount: &CacheMount, key: &Id, indexes: &[String]) {
    if let Ok(record) = serde_json::to_vec(indexes) {
        mount.keep(key, &Id::of(&record), &record);
    }
}

/// The binary of a link.
pub fn binary(mount: &CacheMount, key: &Id) -> Option<Vec<u8>> {
    mount.find(&binary_key(key)).map(|(_, binary)| binary)
}

/// Keeps the binary of a link, which is moved there from [`CacheMount::scratch`].
///
/// # Errors
/// If it cannot be read or moved.
pub fn keep_binary(mount: &CacheMount, key: &Id, file: &Path) -> io::Result<()> {
    mount.adopt(&binary_key(key), file)
}

fn binary_key(key: &Id) -> Id {
    Id::of(format!("{FORM} binary {key}").as_bytes())
}

/// Removes everything in a directory.
///
/// # Errors
/// If something cannot be removed.
pub fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?
        } else {
            fs::remove_file(entry.path())?
        }
    }
    Ok(())
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
    fn all_that_makes_results_makes_the_key_and_the_place_of_files_does_not() {
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
    fn a_step_of_which_the_mount_has_lost_something_leaves_nothing() {
        let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mount = CacheMount::new(dir.path(), u64::MAX);
        let known = Known {
            mount: CacheMount::new(dir.path(), u64::MAX),
            key: Id::of(b"key"),
        };
        let parts = [vec!["a".to_owned()], vec!["b".to_owned()]];
        assert!(!known.take(out.path(), &parts));
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
        known.keep(&[layer(1), layer(2)]);
        assert!(known.take(out.path(), &parts));
        assert!(out.path().join("a/index").is_file() && out.path().join("b/index").is_file());
        empty(out.path()).unwrap();
        assert!(
            !known.take(out.path(), &parts[..1]),
            "a record of other parts"
        );
        fs::remove_file(mount.output_path(&Id::of(&[2, 2]))).unwrap();
        assert!(!known.take(out.path(), &parts));
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    }
}
