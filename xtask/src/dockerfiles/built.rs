//! A build of a Dockerfile on an engine, and the image out of it: its configuration and its files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::command::{command, last_lines, run};
use crate::engine::environment::{Variables, value};
use crate::oci;

/// How many lines of a failed build are shown.
const SHOWN_LINES: usize = 25;
/// What a file of a Go program holds, behind the byte that a search for this text would find here.
const GO_BUILD_INFO: &[u8] = b" Go buildinf:";

/// A build to be run.
pub(super) struct Build<'b> {
    /// What reaches the engine.
    pub(super) variables: &'b Variables,
    /// The build context.
    pub(super) context: &'b Path,
    pub(super) dockerfile: &'b Path,
    /// Values of `--build-context`.
    pub(super) contexts: &'b [String],
    /// Values of `--build-arg`.
    pub(super) args: &'b [String],
    /// How long it may take.
    pub(super) limit: Duration,
}

/// An image, with its files in a directory.
pub(super) struct Built {
    /// What it says of itself: architecture, system, and the `config` object.
    pub(super) config: BTreeMap<String, Value>,
    /// What is at each path, without a slash before it.
    pub(super) files: BTreeMap<String, Entry>,
    /// How long the build took.
    pub(super) time: Duration,
    root: TempDir,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Kind, mode, owner and what a link says.
    pub(super) what: String,
    /// Bytes of a file.
    pub(super) size: u64,
    /// Digest of a file.
    digest: String,
    /// Whether it is a Go program.
    pub(super) is_go: bool,
}

impl Build<'_> {
    /// Builds, and takes the image apart.
    ///
    /// # Errors
    /// If the build fails; the error shows the end of what it said.
    pub(super) fn run(&self) -> Result<Built> {
        let workshop = tempfile::tempdir()?;
        let (layout, archive) = (workshop.path().join("layout"), workshop.path().join("tar"));
        let started = Instant::now();
        let mut build = self.command()?;
        build
            .arg(format!(
                "--output=type=oci,tar=false,dest={}",
                layout.display()
            ))
            .arg(format!("--output=type=tar,dest={}", archive.display()))
            .arg(self.context);
        let output = build.output().context("cannot start timeout")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{}", last_lines(&said, SHOWN_LINES));
        }
        let time = started.elapsed();
        let root = tempfile::tempdir()?;
        let flags = ["--numeric-owner", "--same-owner", "-p", "-xf"];
        run(command("tar", flags)
            .arg(&archive)
            .arg("--directory")
            .arg(root.path()))?;
        let mut files = BTreeMap::new();
        list(root.path(), "", &mut files)?;
        let config = oci::config(&layout)?;
        let config = config.as_object().cloned().unwrap_or_default();
        Ok(Built {
            config: config.into_iter().collect(),
            files,
            time,
            root,
        })
    }

    fn command(&self) -> Result<Command> {
        let mut build = command("timeout", [self.limit.as_secs().to_string()]);
        let buildx = value(self.variables, "GOWORK_TEST_BUILDX").context("there is no buildx")?;
        build
            .arg(buildx)
            .args(["build", "--progress=plain", "--provenance=false", "--file"])
            .arg(self.dockerfile);
        for context in self.contexts {
            build.arg("--build-context").arg(context);
        }
        for arg in self.args {
            build.arg("--build-arg").arg(arg);
        }
        if let Some(bundle) = value(self.variables, "GOWORK_TEST_CA") {
            let bundle = bundle.to_string_lossy();
            build.arg("--secret").arg(format!("id=ca,src={bundle}"));
        }
        build
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
            .stdin(std::process::Stdio::null());
        Ok(build)
    }
}

impl Built {
    /// Where a file lies on this machine.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.root.path().join(file)
    }
}

/// Lists what is below a directory.
fn list(dir: &Path, prefix: &str, files: &mut BTreeMap<String, Entry>) -> Result<()> {
    for found in fs::read_dir(dir)? {
        let found = found?;
        let path = found.path();
        let name = format!("{prefix}{}", found.file_name().to_string_lossy());
        let entry = entry(&path)?;
        let is_dir = entry.what.starts_with("directory");
        files.insert(name.clone(), entry);
        if is_dir {
            list(&path, &format!("{name}/"), files)?;
        }
    }
    Ok(())
}

fn entry(path: &Path) -> Result<Entry> {
    let about = fs::symlink_metadata(path)?;
    let kind = about.file_type();
    let (uid, gid, mode) = (about.uid(), about.gid(), about.mode() & 0o7777);
    let mut entry = Entry {
        what: format!("{mode:o} {uid}:{gid}"),
        size: 0,
        digest: String::new(),
        is_go: false,
    };
    let word = if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        let to = fs::read_link(path)?;
        entry.what = format!("{uid}:{gid} to {}", to.display());
        "link"
    } else if kind.is_file() {
        entry.size = about.len();
        (entry.digest, entry.is_go) = content(path)?;
        "file"
    } else if kind.is_char_device() || kind.is_block_device() {
        "device"
    } else {
        "other"
    };
    entry.what = format!("{word} {}", entry.what);
    Ok(entry)
}

/// The digest of a file, and whether it is a Go program.
fn content(path: &Path) -> Result<(String, bool)> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.read_to_end(&mut bytes)?;
    let digest = oci::hexadecimal(&Sha256::digest(&bytes));
    let is_go = bytes.starts_with(b"\x7fELF")
        && bytes
            .windows(GO_BUILD_INFO.len() + 1)
            .any(|window| window[0] == 0xff && &window[1..] == GO_BUILD_INFO);
    Ok((digest, is_go))
}
