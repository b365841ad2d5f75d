//! Image layouts: layers made of directories, and the OCI layout directory that holds one image.
//!
//! The same files always give the same bytes: entries sorted, times zero, owners numeric.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A layer: a tar file, perhaps gzipped.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// The file holding the layer.
    pub(crate) file: PathBuf,
    /// Digest of the file, `sha256:...`.
    pub(crate) digest: String,
    /// Digest of the uncompressed tar, `sha256:...`.
    pub(crate) diff_id: String,
    /// Bytes of the file.
    pub(crate) size: u64,
}

/// How a directory becomes a tar file.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Packing<'a> {
    /// Arguments for tar beyond those that make the result deterministic.
    pub(crate) tar: &'a [&'a str],
    /// Whether to gzip the result. What is pushed to a registry is, as public images are.
    pub(crate) gzip: bool,
}

impl Layer {
    /// Packs the content of `directory` into `file`.
    ///
    /// # Errors
    /// If tar or gzip fail, or the file cannot be written.
    pub(crate) fn pack(directory: &Path, file: &Path, packing: Packing<'_>) -> Result<Self> {
        let mut tar = Command::new("tar");
        tar.args([
            "--create",
            "--format=gnu",
            "--sort=name",
            "--mtime=@0",
            "--numeric-owner",
        ])
        .args(packing.tar);
        tar.arg("--directory").arg(directory).arg(".");
        let (diff_id, digest, size) = if packing.gzip {
            packed_gzip(&mut tar, file)?
        } else {
            packed(&mut tar, file)?
        };
        Ok(Self {
            file: file.to_path_buf(),
            digest,
            diff_id,
            size,
        })
    }

    fn descriptor(&self) -> Value {
        let suffix = if self.digest == self.diff_id {
            ""
        } else {
            "+gzip"
        };
        json!({
            "mediaType": format!("application/vnd.oci.image.layer.v1.tar{suffix}"),
            "digest": self.digest,
            "size": self.size,
        })
    }
}

fn packed(tar: &mut Command, file: &Path) -> Result<(String, String, u64)> {
    tar.arg("--file").arg(file);
    crate::command::run(tar)?;
    let (digest, size) = digest_of(file)?;
    Ok((digest.clone(), digest, size))
}

/// Streams tar's output through gzip, hashing it on the way.
fn packed_gzip(tar: &mut Command, file: &Path) -> Result<(String, String, u64)> {
    let target =
        std::fs::File::create(file).with_context(|| format!("cannot create {}", file.display()))?;
    let mut tar = tar
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start tar")?;
    // -n: no name and time in the header. -3: base images are large and short-lived, time matters
    // more than size.
    let mut gzip = crate::command::command("gzip", ["-n", "-3"])
        .stdin(Stdio::piped())
        .stdout(target)
        .spawn()
        .context("cannot start gzip")?;
    let (Some(mut from), Some(mut to)) = (tar.stdout.take(), gzip.stdin.take()) else {
        bail!("tar and gzip were started without pipes");
    };
    let (diff_id, _) = hashed(&mut from, &mut to)?;
    drop(to);
    for (name, status) in [("tar", tar.wait()?), ("gzip", gzip.wait()?)] {
        if !status.success() {
            bail!("{name} failed while writing {}: {status}", file.display());
        }
    }
    let (digest, size) = digest_of(file)?;
    Ok((diff_id, digest, size))
}

fn digest_of(file: &Path) -> Result<(String, u64)> {
    let mut source =
        std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    hashed(&mut source, &mut std::io::sink())
}

/// Copies `from` to `to`; returns the digest and length of what was copied.
fn hashed(from: &mut impl Read, to: &mut impl Write) -> Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((named(&hash.finalize()), length));
        }
        hash.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        length += count as u64;
    }
}

/// `sha256:` and the hexadecimal digits of a hash.
fn named(hash: &[u8]) -> String {
    format!("sha256:{}", hexadecimal(hash))
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes an image of `layers` and `config` (the `config` object of an OCI image configuration) for
/// this machine as the only image of the OCI layout `directory`, and returns its manifest's digest.
///
/// A layout that exists is replaced in an order that leaves a reader with a complete old or a
/// complete new image.
///
/// # Errors
/// If the directory cannot be written.
pub(crate) fn write_layout(directory: &Path, layers: &[Layer], config: &Value) -> Result<String> {
    write_layout_for(architecture(), directory, layers, config)
}

/// The same for a machine of another architecture.
///
/// # Errors
/// If the directory cannot be written.
pub(crate) fn write_layout_for(
    architecture: &str,
    directory: &Path,
    layers: &[Layer],
    config: &Value,
) -> Result<String> {
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs)
        .with_context(|| format!("cannot create {}", blobs.display()))?;
    let mut kept = BTreeSet::new();
    for layer in layers {
        let path = blob_path(&blobs, &layer.digest);
        if !path.exists() && std::fs::hard_link(&layer.file, &path).is_err() {
            std::fs::copy(&layer.file, &path)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        kept.insert(path);
    }
    let configuration = json!({
        "architecture": architecture,
        "os": "linux",
        "config": config,
        "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|layer| &layer.diff_id).collect::<Vec<_>>() },
    });
    let configuration = put(
        &blobs,
        &configuration,
        "application/vnd.oci.image.config.v1+json",
        &mut kept,
    )?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": configuration,
        "layers": layers.iter().map(Layer::descriptor).collect::<Vec<_>>(),
    });
    let manifest = put(
        &blobs,
        &manifest,
        "application/vnd.oci.image.manifest.v1+json",
        &mut kept,
    )?;
    let digest = manifest["digest"].as_str().unwrap_or_default().to_owned();
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest] });
    replace(
        &directory.join("oci-layout"),
        br#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    replace(&directory.join("index.json"), index.to_string().as_bytes())?;
    remove_others(&blobs, &kept)?;
    Ok(digest)
}

/// The manifest digest of the layout in `directory`, if it holds a complete one.
pub(crate) fn layout_digest(directory: &Path) -> Option<String> {
    let index = std::fs::read(directory.join("index.json")).ok()?;
    let index: Value = serde_json::from_slice(&index).ok()?;
    Some(index["manifests"][0]["digest"].as_str()?.to_owned())
}

/// The manifest and the configuration of the image in the layout `directory`.
fn documents(directory: &Path) -> Result<(Value, Value)> {
    let blobs = directory.join("blobs/sha256");
    let read = |digest: &str| -> Result<Value> {
        let path = blob_path(&blobs, digest);
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))
    };
    let digest = layout_digest(directory)
        .with_context(|| format!("{} is no OCI layout", directory.display()))?;
    let manifest = read(&digest)?;
    let config = read(manifest["config"]["digest"].as_str().unwrap_or_default())?;
    Ok((manifest, config))
}

/// The `config` object of the configuration of the image in the layout `directory`.
///
/// # Errors
/// If it holds no complete image.
pub(crate) fn config(directory: &Path) -> Result<Value> {
    let (_, mut config) = documents(directory)?;
    Ok(config["config"].take())
}

/// The layers of the image in the layout `directory`.
///
/// # Errors
/// If it holds no complete image.
pub(crate) fn layers(directory: &Path) -> Result<Vec<Layer>> {
    let blobs = directory.join("blobs/sha256");
    let (manifest, config) = documents(directory)?;
    let diff_ids = config["rootfs"]["diff_ids"]
        .as_array()
        .into_iter()
        .flatten();
    let descriptors = manifest["layers"].as_array().into_iter().flatten();
    let layer = |(descriptor, diff_id): (&Value, &Value)| {
        let digest = descriptor["digest"].as_str()?.to_owned();
        let (diff_id, size) = (diff_id.as_str()?.to_owned(), descriptor["size"].as_u64()?);
        Some(Layer {
            file: blob_path(&blobs, &digest),
            digest,
            diff_id,
            size,
        })
    };
    let layers: Option<Vec<_>> = descriptors.zip(diff_ids).map(layer).collect();
    layers.with_context(|| format!("{} has a manifest without its layers", directory.display()))
}

/// Writes the image of the layout `directory` as an archive for `docker load`, with the name `tag`.
/// Every Docker reads this form, whatever its image store.
///
/// # Errors
/// If the layout holds no complete image, or the archive cannot be written.
pub(crate) fn write_archive(directory: &Path, tag: &str, archive: &Path) -> Result<()> {
    let (manifest, _) = documents(directory)?;
    let path = |descriptor: &Value| {
        let digest = descriptor["digest"].as_str().unwrap_or_default();
        format!("blobs/sha256/{}", digest.trim_start_matches("sha256:"))
    };
    let layers = manifest["layers"].as_array().into_iter().flatten();
    let list = json!([{
        "Config": path(&manifest["config"]),
        "RepoTags": [tag],
        "Layers": layers.map(path).collect::<Vec<_>>(),
    }]);
    let beside = tempfile::tempdir().context("cannot make a temporary directory")?;
    std::fs::write(beside.path().join("manifest.json"), list.to_string())?;
    let mut tar = Command::new("tar");
    tar.args(["--create", "--file"]).arg(archive);
    tar.arg("--directory").arg(directory).arg("blobs");
    tar.arg("--directory")
        .arg(beside.path())
        .arg("manifest.json");
    crate::command::run(&mut tar)
}

/// This machine's architecture in the words of OCI (those of Go).
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn blob_path(blobs: &Path, digest: &str) -> PathBuf {
    blobs.join(digest.trim_start_matches("sha256:"))
}

fn put(
    blobs: &Path,
    value: &Value,
    media_type: &str,
    kept: &mut BTreeSet<PathBuf>,
) -> Result<Value> {
    let bytes = value.to_string();
    let digest = named(&Sha256::digest(bytes.as_bytes()));
    let path = blob_path(blobs, &digest);
    replace(&path, bytes.as_bytes())?;
    kept.insert(path);
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, bytes)
        .with_context(|| format!("cannot write {}", temporary.display()))?;
    std::fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))
}

fn remove_others(blobs: &Path, kept: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(blobs)? {
        let path = entry?.path();
        if !kept.contains(&path) {
            std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
