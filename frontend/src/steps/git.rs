//! The git step: `gowork-frontend git --source DIR --ignored FILE --out FILE [--checkout] NAME...`.
//!
//! Asks git, a program of the builder image, for the values of these names, and writes its answers
//! as JSON; with `--checkout` also what programs say of the commit (`checkout`). `DIR` has the
//! repository as `.git`, and the files of the work tree if one of the values depends on them. It is
//! only read.
//!
//! A transfer is not a checkout, so two things of the index are not compared with files: what the
//! ignore file `FILE` leaves out, and submodules, whose repositories are not there. A file whose
//! size and time are as in the index counts as unchanged, as in a checkout; git reads all others.

mod checkout;
mod command;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gowork_llb::config::GitValue;
use gowork_llb::tree::Ignore;
use gowork_step::{Checkout, Version};
use serde::{Deserialize, Serialize};

use command::Git;
pub use command::Said;

/// What the frontend calls the file with the [`GitAnswer`].
pub const GIT_FILE: &str = "git.json";

/// The version of the form of a [`GitAnswer`].
pub const GIT_VERSION: u32 = 2;

/// Before the names: what programs say of the commit is asked for.
pub const ASK_CHECKOUT: &str = "--checkout";

/// What the step leaves.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitAnswer {
    /// [`GIT_VERSION`].
    pub version: Version<GIT_VERSION>,
    /// What git says.
    pub said: Said,
    /// What programs say of the commit, if that was asked for and git said all of it.
    pub checkout: Option<Checkout>,
}

/// Why the step could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// Wrong arguments: BuildKit runs this program with ours, so a bug.
    #[error(
        "usage: gowork-frontend git --source DIR --ignored FILE --out FILE [--checkout] NAME..."
    )]
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
    let (asks_checkout, names) = match names {
        [ASK_CHECKOUT, names @ ..] => (true, names),
        names => (false, names),
    };
    let asked: Option<Vec<GitValue>> = names.iter().map(|name| GitValue::named(name)).collect();
    let asked = Asked {
        values: asked.ok_or(GitError::Usage)?,
        checkout: asks_checkout,
    };
    let (source, ignored, out) = (Path::new(source), Path::new(ignored), Path::new(out));
    let ignore = Ignore::parse(&std::fs::read(ignored).map_err(GitError::file(ignored))?);
    // Git writes to its index. The mounted one is not ours.
    let index = out.with_extension("index");
    let answer = ask(source, &ignore, &index, &asked)?;
    let _ = std::fs::remove_file(&index);
    let json = serde_json::to_vec(&answer).map_err(|error| GitError::file(out)(error.into()))?;
    std::fs::write(out, json).map_err(GitError::file(out))
}

/// What is asked for.
struct Asked {
    values: Vec<GitValue>,
    /// Whether that is also what programs say of the commit.
    checkout: bool,
}

impl Asked {
    fn reads_work_tree(&self) -> bool {
        self.checkout || self.values.iter().any(|value| value.reads_work_tree())
    }
}

fn ask(source: &Path, ignore: &Ignore, index: &Path, asked: &Asked) -> Result<GitAnswer, GitError> {
    let git = Git { source, index };
    if asked.reads_work_tree() {
        let original = source.join(".git/index");
        if original.exists() {
            std::fs::copy(&original, index).map_err(GitError::file(&original))?;
        }
    }
    let (said, checkout) = match answers(&git, ignore, asked) {
        Ok((values, checkout)) => (Said::Values(values), checkout),
        Err(said) => (said, None),
    };
    Ok(GitAnswer {
        version: Version,
        said,
        checkout,
    })
}

/// The values, by name, and what programs say of the commit.
type Answers = (BTreeMap<String, String>, Option<Checkout>);

fn answers(git: &Git<'_>, ignore: &Ignore, asked: &Asked) -> Result<Answers, Said> {
    if asked.reads_work_tree() {
        git.pass_over(ignore)?;
    }
    let mut values = BTreeMap::new();
    for value in &asked.values {
        let output = git.output(value.question(), &[])?;
        let text = String::from_utf8_lossy(&output);
        values.insert(value.name().to_owned(), value.answer(&text));
    }
    let checkout = asked.checkout.then(|| checkout::ask(git)).transpose()?;
    Ok((values, checkout))
}
