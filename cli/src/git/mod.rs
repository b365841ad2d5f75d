//! The git command: which commit is meant, what it holds, and what the work tree has done since.
//! Nothing here writes to the repository.

mod remote;
mod tree;
mod work;

pub(crate) use remote::tag_commit;
pub(crate) use tree::GitTree;
pub(crate) use work::WorkState;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail, ensure};
use gowork_llb::config::GitValue;
use gowork_llb::tree::TreePath;

/// Git in one directory of a repository, all below which is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    dir: PathBuf,
    /// The directory as seen from the top of the work tree: empty, or with a slash at its end.
    prefix: String,
}

/// One file of a commit or of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    /// Name of its contents.
    pub(super) oid: String,
    /// Git's mode: `100644`, `100755`, `120000` for a link, `160000` for a submodule.
    pub(super) mode: String,
}

impl Git {
    /// Git in `dir`.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let mut git = Self {
            dir: dir.to_path_buf(),
            prefix: String::new(),
        };
        let output = git.output(&["rev-parse", "--is-inside-work-tree"], &[])?;
        if !output.status.success() || output.stdout != b"true\n" {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said
                .lines()
                .next()
                .unwrap_or("no work tree")
                .trim_start_matches("fatal: ")
                .to_owned();
            bail!(
                "{}: {said}\n--since compares with a commit of a git repository; without one, name the files with --files",
                dir.display()
            );
        }
        git.prefix = String::from_utf8_lossy(&git.run(&["rev-parse", "--show-prefix"], &[])?)
            .trim_end()
            .to_owned();
        Ok(git)
    }

    /// The commit that `rev` means.
    pub(crate) fn commit(&self, rev: &str) -> anyhow::Result<String> {
        let output = self.output(
            &[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &format!("{rev}^{{commit}}"),
            ],
            &[],
        )?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let shallow = self
            .output(&["rev-parse", "--is-shallow-repository"], &[])?
            .stdout
            == b"true\n";
        if shallow {
            bail!(
                "there is no commit {rev} in this clone, which is shallow: fetch it (git fetch --depth=1 origin {rev}), or clone \
                 with the history (actions/checkout: fetch-depth: 0)"
            );
        }
        bail!("there is no commit {rev} in this repository; `git fetch` may bring it")
    }

    /// The files of a commit below the directory.
    pub(super) fn list(&self, commit: &str) -> anyhow::Result<BTreeMap<TreePath, Blob>> {
        let listed = self.run(&["ls-tree", "-r", "-z", commit], &[])?;
        let entry = |record: &str| {
            let (meta, path) = record.split_once('\t')?;
            let mut words = meta.split(' ');
            let (mode, oid) = (words.next()?.to_owned(), words.nth(1)?.to_owned());
            Some((TreePath::new(path).ok()?, Blob { oid, mode }))
        };
        Ok(records(&listed)
            .filter_map(|record| entry(&record))
            .collect())
    }

    /// The contents of blobs, in order.
    pub(super) fn blobs(&self, oids: &[&str]) -> anyhow::Result<Vec<Vec<u8>>> {
        if oids.is_empty() {
            return Ok(Vec::new());
        }
        let asked = oids
            .iter()
            .map(|oid| format!("{oid}\n"))
            .collect::<String>();
        let said = self.run(&["cat-file", "--batch"], asked.as_bytes())?;
        let mut rest = said.as_slice();
        let mut blobs = Vec::new();
        for oid in oids {
            // `<oid> blob <size>`, the contents, a line end.
            let end = rest
                .iter()
                .position(|byte| *byte == b'\n')
                .with_context(|| format!("git cat-file ended before {oid}"))?;
            let head = String::from_utf8_lossy(&rest[..end]).into_owned();
            let size = head
                .strip_prefix(&format!("{oid} blob "))
                .and_then(|size| size.parse::<usize>().ok());
            let size = size.with_context(|| {
                format!("git cat-file says {head:?}; a partial clone may lack it")
            })?;
            ensure!(
                rest.len() > end + 1 + size,
                "git cat-file: {oid} is cut off"
            );
            blobs.push(rest[end + 1..end + 1 + size].to_vec());
            rest = &rest[end + size + 2..];
        }
        Ok(blobs)
    }

    /// What git prints; an error if it fails.
    pub(super) fn run(&self, args: &[&str], stdin: &[u8]) -> anyhow::Result<Vec<u8>> {
        let output = self.output(args, stdin)?;
        ensure!(
            output.status.success(),
            "git {}: {}",
            args[0],
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(output.stdout)
    }

    fn output(&self, args: &[&str], stdin: &[u8]) -> anyhow::Result<Output> {
        let mut command = Command::new("git");
        // No lock is taken and no index refreshed: others may be at work here.
        command
            .args(["-c", "core.fsmonitor=false"])
            .args(args)
            .current_dir(&self.dir)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run git")?;
        let input = child.stdin.take();
        std::thread::scope(|scope| {
            // Git answers while it still reads.
            scope.spawn(move || input.map(|mut input| input.write_all(stdin)));
            child.wait_with_output().context("git")
        })
    }
}

/// What git says of the checkout that `dir` is in, by name. A value that it does not say is left out:
/// `dir` is in no checkout, or no commit was made.
pub(crate) fn values(dir: &Path, asked: &BTreeSet<GitValue>) -> BTreeMap<String, String> {
    let git = Git {
        dir: dir.to_path_buf(),
        prefix: String::new(),
    };
    let mut values = BTreeMap::new();
    for value in asked {
        if let Ok(output) = git.run(value.question(), &[]) {
            let text = String::from_utf8_lossy(&output);
            values.insert(value.name().to_owned(), value.answer(&text));
        }
    }
    values
}

/// The records of an answer with `-z`. What is not UTF-8 cannot be a path of a tree.
pub(super) fn records(answer: &[u8]) -> impl Iterator<Item = String> + '_ {
    let texts = answer
        .split(|byte| *byte == 0)
        .filter(|record| !record.is_empty());
    texts.filter_map(|record| String::from_utf8(record.to_vec()).ok())
}
