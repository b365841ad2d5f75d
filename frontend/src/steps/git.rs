//! The git step: `gowork-frontend git --source DIR --ignored FILE --out FILE NAME...`.
//!
//! Asks git, a program of the builder image, for the values of these names, and writes its answers
//! as JSON. `DIR` has the repository as `.git`, and the files of the work tree if one of the values
//! depends on them. It is only read.
//!
//! A transfer is not a checkout, so two things of the index are not compared with files: what the
//! ignore file `FILE` leaves out, and submodules, whose repositories are not there. A file whose
//! size and time are as in the index counts as unchanged, as in a checkout; git reads all others.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gowork_llb::config::GitValue;
use gowork_llb::diag;
use gowork_llb::tree::{Ignore, TreePath};
use gowork_step::Version;
use serde::{Deserialize, Serialize};

/// What the frontend calls the file with the [`GitAnswer`].
pub const GIT_FILE: &str = "git.json";

/// The version of the form of a [`GitAnswer`].
pub const GIT_VERSION: u32 = 1;

/// What the step leaves.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitAnswer {
    /// [`GIT_VERSION`].
    pub version: Version<GIT_VERSION>,
    /// What git says.
    pub said: Said,
}

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

/// Why the step could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// Wrong arguments: BuildKit runs this program with ours, so a bug.
    #[error("usage: gowork-frontend git --source DIR --ignored FILE --out FILE NAME...")]
    Usage,
    /// A file could not be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
}

impl GitError {
    /// For `map_err` of an operation on `path`.
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::File {
            path: path.into(),
            message: error.to_string(),
        }
    }
}

/// Runs the step with the arguments after `git`.
///
/// # Errors
/// On wrong arguments, and where a file cannot be read or written. What git refuses is no error: it
/// is in the result.
pub fn run(args: &[String]) -> Result<(), GitError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [
        "--source",
        source,
        "--ignored",
        ignored,
        "--out",
        out,
        names @ ..,
    ] = words.as_slice()
    else {
        return Err(GitError::Usage);
    };
    let asked: Option<Vec<GitValue>> = names.iter().map(|name| GitValue::named(name)).collect();
    let asked = asked.ok_or(GitError::Usage)?;
    let (source, ignored, out) = (Path::new(source), Path::new(ignored), Path::new(out));
    let ignore = Ignore::parse(&std::fs::read(ignored).map_err(GitError::file(ignored))?);
    // Git writes to its index. The mounted one is not ours.
    let index = out.with_extension("index");
    let said = ask(source, &ignore, &index, &asked)?;
    let _ = std::fs::remove_file(&index);
    let answer = GitAnswer {
        version: Version,
        said,
    };
    let json = serde_json::to_vec(&answer).map_err(|error| GitError::file(out)(error.into()))?;
    std::fs::write(out, json).map_err(GitError::file(out))
}

fn ask(source: &Path, ignore: &Ignore, index: &Path, asked: &[GitValue]) -> Result<Said, GitError> {
    let git = Git { source, index };
    if asked.iter().any(|value| value.reads_work_tree()) {
        let original = source.join(".git/index");
        if original.exists() {
            std::fs::copy(&original, index).map_err(GitError::file(&original))?;
        }
        if let Err(said) = git.pass_over(ignore) {
            return Ok(said);
        }
    }
    let mut values = BTreeMap::new();
    for value in asked {
        match git.output(value.question(), &[]) {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output);
                values.insert(value.name().to_owned(), value.answer(&text));
            }
            Err(said) => return Ok(said),
        }
    }
    Ok(Said::Values(values))
}

/// Git in the repository of a directory.
struct Git<'a> {
    source: &'a Path,
    /// A copy of its index.
    index: &'a Path,
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
    fn pass_over(&self, ignore: &Ignore) -> Result<(), Said> {
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
    fn output(&self, words: &[&str], input: &[u8]) -> Result<Vec<u8>, Said> {
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
