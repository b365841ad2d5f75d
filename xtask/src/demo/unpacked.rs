//! An image out of a build, taken apart: its configuration, its sizes, and its files in a
//! directory.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where programs find certificates, and time zones, in the images.
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";
const ZONES: [&str; 2] = ["usr/share/zoneinfo.zip", "usr/share/zoneinfo/Europe/Berlin"];

/// An image with its files.
pub(super) struct Unpacked {
    /// The `config` object of its configuration.
    pub(super) config: Value,
    /// The directory with its files.
    pub(super) root: PathBuf,
    /// Bytes of its layers, compressed.
    pub(super) packed: u64,
    /// Bytes of its files.
    pub(super) size: u64,
}

impl Unpacked {
    /// Unpacks the only image of `archive`, a tar file of an OCI layout, into `directory`,
    /// replacing what is there. The layers may remove nothing: the images built here stand on no
    /// base.
    ///
    /// # Errors
    /// If it is no such file.
    pub(super) fn open(archive: &Path, directory: &Path) -> Result<Self> {
        if directory.exists() {
            std::fs::remove_dir_all(directory)
                .with_context(|| format!("cannot remove {}", directory.display()))?;
        }
        let (layout, root) = (directory.join("layout"), directory.join("rootfs"));
        std::fs::create_dir_all(&layout)?;
        std::fs::create_dir_all(&root)?;
        untar(archive, &layout)?;
        let read = |digest: &Value| -> Result<Value> {
            let digest = digest.as_str().context("a descriptor without digest")?;
            let blob = blob(&layout, digest);
            serde_json::from_slice(&std::fs::read(&blob)?)
                .with_context(|| format!("{digest} is no JSON"))
        };
        let index: Value = serde_json::from_slice(&std::fs::read(layout.join("index.json"))?)?;
        let manifest = read(&index["manifests"][0]["digest"])?;
        let config = read(&manifest["config"]["digest"])?["config"].clone();
        let mut packed = 0;
        for layer in manifest["layers"].as_array().into_iter().flatten() {
            packed += layer["size"].as_u64().unwrap_or_default();
            untar(
                &blob(&layout, layer["digest"].as_str().unwrap_or_default()),
                &root,
            )?;
        }
        let size = size_of(&root)?;
        Ok(Self {
            config,
            root,
            packed,
            size,
        })
    }

    /// What is to be said about the image, each part checked.
    ///
    /// # Errors
    /// If it runs as root, its program is not static, or certificates or time zones are missing.
    pub(super) fn facts(&self) -> Result<Vec<(&'static str, String)>> {
        let (uid, gid) = self.user()?;
        if uid == 0 {
            bail!("the image runs as root");
        }
        let arguments = self.arguments();
        let program = arguments.first().context("the image has no entrypoint")?;
        crate::image::check_static(&self.below(program))?;
        let certificates = std::fs::read_to_string(self.root.join(CERTIFICATES))
            .context("the image has no certificates")?;
        let count = certificates.matches("BEGIN CERTIFICATE").count();
        let zones = ZONES
            .into_iter()
            .find(|zones| self.root.join(zones).exists())
            .context("the image has no time zones")?;
        Ok(vec![
            ("user", format!("{uid}:{gid}")),
            ("program", format!("{program}, static")),
            ("certificates", format!("/{CERTIFICATES}, {count}")),
            ("time zones", format!("/{zones}")),
        ])
    }

    /// Entrypoint and command.
    pub(super) fn arguments(&self) -> Vec<String> {
        ["Entrypoint", "Cmd"]
            .into_iter()
            .flat_map(|key| self.words(key))
            .collect()
    }

    /// The environment, `NAME=value` each.
    pub(super) fn environment(&self) -> Vec<String> {
        self.words("Env")
    }

    /// The working directory.
    pub(super) fn directory(&self) -> &str {
        self.config["WorkingDir"]
            .as_str()
            .filter(|directory| !directory.is_empty())
            .unwrap_or("/")
    }

    /// User and group by number. A user that has no group number gets the user's.
    ///
    /// # Errors
    /// If the configuration names them instead.
    pub(super) fn user(&self) -> Result<(u32, u32)> {
        let user = self.config["User"].as_str().unwrap_or_default();
        if user.is_empty() {
            return Ok((0, 0));
        }
        let (uid, gid) = user.split_once(':').unwrap_or((user, user));
        let number = |id: &str| {
            id.parse()
                .with_context(|| format!("the user of the image is no number: {user}"))
        };
        Ok((number(uid)?, number(gid)?))
    }

    fn words(&self, key: &str) -> Vec<String> {
        let list = self.config[key].as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    }

    fn below(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replace(':', "/"))
}

fn untar(archive: &Path, directory: &Path) -> Result<()> {
    crate::command::run(
        crate::command::command(
            "tar",
            [
                "--extract",
                "--numeric-owner",
                "--preserve-permissions",
                "--file",
            ],
        )
        .arg(archive)
        .arg("--directory")
        .arg(directory),
    )
}

fn size_of(directory: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        size += if entry.file_type()?.is_dir() {
            size_of(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(size)
}
