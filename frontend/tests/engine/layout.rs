//! What buildx exports as an OCI layout: manifests, configs, layers, unpacked files. And what there
//! is to see in an executable.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::Build;
use crate::repository::files;

/// Builds to a layout.
pub(crate) fn build(build: Build) -> Layout {
    let dir = tempfile::tempdir().expect("a directory for the layout");
    build.layout_to(dir.path()).succeeds();
    Layout { dir: Rc::new(dir) }
}

/// An OCI layout in a temporary directory.
#[derive(Debug)]
pub(crate) struct Layout {
    dir: Rc<TempDir>,
}

/// An image of it.
#[derive(Debug)]
pub(crate) struct Image {
    /// Of its manifest.
    pub(crate) digest: String,
    /// Its manifest.
    pub(crate) manifest: Value,
    /// Its config.
    pub(crate) config: Value,
    layout: Rc<TempDir>,
}

impl Layout {
    /// The one in this directory.
    pub(crate) fn at(dir: TempDir) -> Self {
        Self { dir: Rc::new(dir) }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Its images, in the order of the index.
    pub(crate) fn images(&self) -> Vec<Image> {
        let index: Value =
            serde_json::from_slice(&std::fs::read(self.path().join("index.json")).unwrap())
                .unwrap();
        self.below(&index)
    }

    /// What a descriptor refers to, JSON.
    pub(crate) fn blob(&self, descriptor: &Value) -> Value {
        blob(self.path(), descriptor)
    }

    /// Its only image.
    pub(crate) fn image(&self) -> Image {
        let mut images = self.images();
        assert_eq!(images.len(), 1, "{images:?}");
        images.remove(0)
    }

    fn below(&self, index: &Value) -> Vec<Image> {
        let mut found = Vec::new();
        for entry in index["manifests"].as_array().expect("an index") {
            let manifest = blob(self.path(), entry);
            if manifest["manifests"].is_array() {
                found.extend(self.below(&manifest));
            } else {
                let digest = entry["digest"].as_str().unwrap().to_owned();
                let config = blob(self.path(), &manifest["config"]);
                found.push(Image {
                    digest,
                    manifest,
                    config,
                    layout: Rc::clone(&self.dir),
                });
            }
        }
        found
    }
}

impl Image {
    /// Bytes of its uncompressed layers.
    pub(crate) fn size(&self) -> u64 {
        self.layers()
            .map(|layer| layer["size"].as_u64().unwrap())
            .sum()
    }

    fn layers(&self) -> impl Iterator<Item = &Value> {
        self.manifest["layers"].as_array().expect("layers").iter()
    }

    /// Its files.
    pub(crate) fn files(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        let root = tempfile::tempdir().unwrap();
        for layer in self.layers() {
            let mut tar = Command::new("tar");
            tar.arg("-xf")
                .arg(blob_path(self.layout.path(), layer))
                .arg("-C")
                .arg(root.path())
                .args(["--no-same-owner", "--exclude=dev/*"]);
            assert!(tar.status().expect("tar must be on PATH").success());
        }
        files(root.path())
    }

    /// The listing of all layers, with owners and modes.
    pub(crate) fn listing(&self) -> String {
        let list = |layer| {
            let mut tar = Command::new("tar");
            tar.args(["--numeric-owner", "-tvf"])
                .arg(blob_path(self.layout.path(), layer));
            String::from_utf8(tar.output().expect("tar must be on PATH").stdout).unwrap()
        };
        self.layers().map(list).collect()
    }
}

fn blob(layout: &Path, descriptor: &Value) -> Value {
    serde_json::from_slice(&std::fs::read(blob_path(layout, descriptor)).unwrap()).unwrap()
}

fn blob_path(layout: &Path, descriptor: &Value) -> PathBuf {
    layout.join("blobs").join(
        descriptor["digest"]
            .as_str()
            .expect("a digest")
            .replace(':', "/"),
    )
}

/// What the header of a little-endian 64-bit ELF file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elf {
    /// `e_machine`: 62 is x86-64, 183 is AArch64.
    pub(crate) machine: u16,
    /// Whether there is a `PT_INTERP` segment: it wants a dynamic linker.
    pub(crate) dynamic: bool,
}

impl Elf {
    /// Reads it.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        assert_eq!(
            &bytes[..6],
            b"\x7fELF\x02\x01",
            "a little-endian 64-bit ELF file"
        );
        let half = |at: usize| u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap());
        let first = usize::try_from(u64::from_le_bytes(bytes[32..40].try_into().unwrap())).unwrap();
        let (size, count) = (usize::from(half(54)), usize::from(half(56)));
        let kind = |number: usize| {
            bytes[first + number * size..]
                .first_chunk::<4>()
                .map(|word| u32::from_le_bytes(*word))
        };
        Self {
            machine: half(18),
            dynamic: (0..count).any(|number| kind(number) == Some(3)),
        }
    }
}
