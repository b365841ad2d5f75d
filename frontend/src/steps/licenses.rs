//! The step that looks for the licences of modules: `gowork-frontend licenses --source DIR
//! [--resolved DIR]... --question FILE --out FILE`.
//!
//! Reads the licence files that resolve steps have kept, and those of a context, and writes as JSON
//! which licences they declare.

use std::path::{Path, PathBuf};

use gowork_llb::licenses::Detector;
use gowork_llb::tree::{LocalTree, TreePath};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What the frontend calls the file with the [`LicenseQuestion`].
pub const QUESTION_FILE: &str = "question.json";
/// What it calls the file with the [`LicenseAnswer`].
pub const ANSWER_FILE: &str = "licenses.json";

/// Where to look. Question and answer are made by one program, of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseQuestion {
    /// The directories with the files of modules.
    pub dirs: Vec<LicenseDir>,
}

/// A directory with the licence files of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum LicenseDir {
    /// Of what a resolve step has kept.
    Resolved(TreePath),
    /// Of the context.
    Source(TreePath),
    /// Of the context; if it has no licence file, the nearest directory above it that has one.
    Own(TreePath),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenseAnswer {
    /// An SPDX expression for each directory of the question, in its order. None if no licence is
    /// known.
    pub expressions: Vec<Option<String>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LicensesError {
    /// Wrong arguments: BuildKit runs this program with ours, so a bug.
    #[error(
        "usage: gowork-frontend licenses --source DIR [--resolved DIR]... --question FILE --out FILE"
    )]
    Usage,
    /// The same for `license-texts`.
    #[error(
        "usage: gowork-frontend license-texts --source DIR [--resolved DIR]... --question FILE --out DIR"
    )]
    TextsUsage,
    /// A file cannot be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
}

/// Runs the step with the arguments after `licenses`.
///
/// # Errors
/// On wrong arguments, a question that cannot be read, and where the answer cannot be written. A
/// licence file that cannot be read declares nothing.
pub fn run(args: &[String]) -> Result<(), LicensesError> {
    let Asked {
        question,
        source,
        resolved,
        out,
    } = Asked::<LicenseQuestion>::parse(args, LicensesError::Usage)?;
    let answer = answer(&question, &source, &resolved);
    let json = serde_json::to_vec(&answer).map_err(|error| failed(&out, &error))?;
    std::fs::write(&out, json).map_err(|error| failed(&out, &error))
}

/// The arguments of a step that reads licence files, with the question that they name.
pub(super) struct Asked<Q> {
    pub(super) question: Q,
    pub(super) source: LocalTree,
    pub(super) resolved: Vec<LocalTree>,
    pub(super) out: PathBuf,
}

impl<Q: DeserializeOwned> Asked<Q> {
    pub(super) fn parse(args: &[String], usage: LicensesError) -> Result<Self, LicensesError> {
        let [mut source, mut question, mut out] = [const { None }; 3];
        let mut resolved = Vec::new();
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let Some(value) = words.next() else {
                return Err(usage);
            };
            match word.as_str() {
                "--source" => source = Some(value),
                "--resolved" => resolved.push(LocalTree::new(value)),
                "--question" => question = Some(value),
                "--out" => out = Some(value),
                _ => return Err(usage),
            }
        }
        let (Some(source), Some(question), Some(out)) = (source, question, out) else {
            return Err(usage);
        };
        let question = Path::new(question);
        let text = std::fs::read(question).map_err(|error| failed(question, &error))?;
        Ok(Self {
            question: serde_json::from_slice(&text).map_err(|error| failed(question, &error))?,
            source: LocalTree::new(source),
            resolved,
            out: out.into(),
        })
    }
}

fn answer(asked: &LicenseQuestion, source: &LocalTree, resolved: &[LocalTree]) -> LicenseAnswer {
    let detector = Detector::default();
    let mut expressions = Vec::new();
    for dir in &asked.dirs {
        expressions.push(match dir {
            LicenseDir::Source(dir) => detector.declared(source, dir).expression(),
            LicenseDir::Own(dir) => detector.declared_above(source, dir).expression(),
            // Builds may have the same module: with the same files, since it has the same sum.
            LicenseDir::Resolved(dir) => resolved
                .iter()
                .find_map(|tree| detector.declared(tree, dir).expression()),
        });
    }
    LicenseAnswer { expressions }
}

pub(super) fn failed(path: &Path, error: &dyn std::error::Error) -> LicensesError {
    LicensesError::File {
        path: path.into(),
        message: error.to_string(),
    }
}
