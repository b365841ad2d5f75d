//! The step that looks for files that programs open: `gowork-frontend opened --source DIR --question
//! FILE --out FILE`.
//!
//! Reads the Go files that the question names, in a context as a scan reads it, and writes as JSON
//! which files of the context they open.

use std::path::{Path, PathBuf};

use gowork_llb::packages::{self, OpenQuestion};

use super::scan;
use super::transferred;

/// What the frontend calls the file with the question.
pub const QUESTION_FILE: &str = "question.json";
/// What it calls the file with the answer.
pub const OPENED_FILE: &str = "opened.json";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenedError {
    /// Wrong arguments: BuildKit runs this program with ours, so a bug.
    #[error("usage: gowork-frontend opened --source DIR [--laid DIR] --question FILE --out FILE")]
    Usage,
    /// The list of names that a metadata-only transfer leaves is not as expected.
    #[error(transparent)]
    Metadata(#[from] transferred::MetadataError),
    /// The question cannot be read, or the answer cannot be written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
}

/// Runs the step with the arguments after `opened`.
///
/// # Errors
/// On wrong arguments, a damaged list of names or question, and where the answer cannot be written.
pub fn run(args: &[String]) -> Result<(), OpenedError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (source, laid, question, out) = match words.as_slice() {
        ["--source", source, "--question", question, "--out", out] => (source, None, question, out),
        [
            "--source",
            source,
            "--laid",
            laid,
            "--question",
            question,
            "--out",
            out,
        ] => (source, Some(laid), question, out),
        _ => return Err(OpenedError::Usage),
    };
    let text = std::fs::read(question).map_err(|error| failed(question, &error))?;
    let asked: OpenQuestion =
        serde_json::from_slice(&text).map_err(|error| failed(question, &error))?;
    let tree = scan::open(Path::new(source), laid.map(Path::new))?;
    let opened = packages::opened(tree.as_ref(), &asked);
    let json = serde_json::to_vec(&opened).map_err(|error| failed(out, &error))?;
    std::fs::write(out, json).map_err(|error| failed(out, &error))
}

fn failed(path: &str, error: &dyn std::error::Error) -> OpenedError {
    OpenedError::File {
        path: path.into(),
        message: error.to_string(),
    }
}
