//! Git, the program of the builder image, in the repository of a transfer.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use gowork_llb::diag;
use gowork_llb::tree::{Ignore, TreePath};
use serde::{Deserialize, Serialize};

/// What git says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The values, by name: all that were asked for.
    Values(BTreeMap<String, String>),
    /// Nothing, because the image has no git.
    NoGit,
    /// It failed, with these words. No URL in them has a password.
    Failed(String),
}

/// Git in the repository of a directory.
pub(super) struct Git<'a> {
    /// The directory.
    pub(super) source: &'a Path,
    /// A copy of its index.
    pub(super) index: &'a Path,
}

/// Settings of git: nothing is run in the background, and neither the owner of a file, nor its
/// inode, nor when it was transferred says that it has changed.
const SETTINGS: [&str; 8] = [
    "-c",
    "safe.directory=*",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.checkStat=minimal",
    "-c",
    "core.trustctime=false",
];

/// How `git ls-files --stage` shows the mode of a submodule.
const SUBMODULE: &[u8] = b"160000 ";

impl Git<'_> {
    /// Lets git take as unchanged what a transfer does not have: files that are left out of it, and
    /// the repositories of submodules.
    pub(super) fn pass_over(&self, ignore: &Ignore) -> Result<(), Said> {
        let listed = self.output(&["ls-files", "-z", "--stage"], &[])?;
        let mut passed = Vec::new();
        for entry in listed.split(|byte| *byte == 0) {
            // `100644 <object> 0`, a tab, the path.
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else {
                continue;
            };
            let path = &entry[tab + 1..];
            if entry.starts_with(SUBMODULE) || self.is_left_out(path, ignore) {
                passed.extend_from_slice(path);
                passed.push(0);
            }
        }
        if passed.is_empty() {
            return Ok(());
        }
        let words = ["update-index", "-z", "--assume-unchanged", "--stdin"];
        self.output(&words, &passed).map(drop)
    }

    fn is_left_out(&self, path: &[u8], ignore: &Ignore) -> bool {
        let on_disk = self.source.join(OsStr::from_bytes(path));
        if on_disk.symlink_metadata().is_ok() {
            return false;
        }
        let path = TreePath::new(&String::from_utf8_lossy(path));
        path.is_ok_and(|path| ignore.excludes(&path).is_some())
    }

    /// What git prints with these words, given `input`.
    pub(super) fn output(&self, words: &[&str], input: &[u8]) -> Result<Vec<u8>, Said> {
        let output = match self.run(words, input) {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Said::NoGit),
            Err(error) => return Err(Said::Failed(error.to_string())),
        };
        if output.status.success() {
            return Ok(output.stdout);
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let text = diag::without_credentials(text.trim());
        let verb = words.first().copied().unwrap_or_default();
        Err(Said::Failed(match text.lines().next() {
            Some(line) => format!("git {verb}: {line}"),
            None => format!("git {verb}: {}", output.status),
        }))
    }

    fn run(&self, words: &[&str], input: &[u8]) -> std::io::Result<Output> {
        let mut command = Command::new("git");
        command
            .args(SETTINGS)
            .args(words)
            .current_dir(self.source)
            .env("GIT_DIR", self.source.join(".git"))
            .env("GIT_WORK_TREE", self.source)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.index.exists() {
            command.env("GIT_INDEX_FILE", self.index);
        }
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        std::thread::scope(|scope| {
            // Git answers while it still reads.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        })
    }
}
