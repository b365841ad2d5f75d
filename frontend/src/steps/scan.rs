//! The scan step: `gowork-frontend scan --source DIR --out FILE`.
//!
//! Reads the build context and writes what it says about modules and packages as JSON. Needs no Go
//! and no network. The context is a plain directory, or what BuildKit makes of a metadata-only
//! transfer: the files that a scan reads, and the names of all others.

use std::path::{Path, PathBuf};

use gowork_llb::limits;
use gowork_llb::packages::{self, Refused, Scan};
use gowork_llb::tree::{LocalTree, SourceTree};

use super::transferred::{self, Transfer, TransferredTree};

/// What the frontend calls the file with the [`Scan`](packages::Scan).
pub const SCAN_FILE: &str = "scan.json";

/// Why a scan could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Wrong arguments: BuildKit runs this program with ours, so a bug.
    #[error("usage: gowork-frontend scan --source DIR [--laid DIR] --out FILE")]
    Usage,
    /// The list of names that a metadata-only transfer leaves is not as expected.
    #[error(transparent)]
    Metadata(#[from] transferred::MetadataError),
    /// The result could not be written.
    #[error("cannot write {path}: {message}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
}

/// Runs the step with the arguments after `scan`.
///
/// # Errors
/// On wrong arguments, a damaged list of names, and where the result cannot be written. Bad sources
/// are not errors: they are in the result.
pub fn run(args: &[String]) -> Result<(), ScanError> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (source, laid, out) = match words.as_slice() {
        ["--source", source, "--out", out] => (source, None, out),
        ["--source", source, "--laid", laid, "--out", out] => (source, Some(laid), out),
        _ => return Err(ScanError::Usage),
    };
    let tree = open(Path::new(source), laid.map(Path::new))?;
    let scan = packages::scan(tree.as_ref());
    let write_error = |message: String| ScanError::Write {
        path: out.into(),
        message,
    };
    // The tree may be as large as the scan of it.
    drop(tree);
    let json = encoded(scan).map_err(|error| write_error(error.to_string()))?;
    std::fs::write(out, json).map_err(|error| write_error(error.to_string()))
}

/// The scan as JSON. If that is more than the frontend reads, a scan that says so.
fn encoded(scan: Scan) -> Result<Vec<u8>, serde_json::Error> {
    let json = serde_json::to_vec(&scan)?;
    if json.len() as u64 <= limits::ANSWER {
        return Ok(json);
    }
    let message = format!(
        "the scan of the sources has more than {} bytes, gowork's limit",
        limits::ANSWER
    );
    serde_json::to_vec(&Scan {
        refused: Some(Refused {
            message,
            path: None,
        }),
        ..Scan::default()
    })
}

/// The tree of the files in `source`, with those in `laid` over them. Only what was transferred as a
/// listing has files laid over it here: in others they already are.
pub(super) fn open(
    source: &Path,
    laid: Option<&Path>,
) -> Result<Box<dyn SourceTree>, transferred::MetadataError> {
    let Some(below) = transfer(source) else {
        return Ok(Box::new(LocalTree::new(source)));
    };
    Ok(Box::new(match laid.and_then(transfer) {
        Some(above) => TransferredTree::overlaid(below, above)?,
        None => TransferredTree::new(below)?,
    }))
}

/// The transfer that a directory has, if it is one.
fn transfer(dir: &Path) -> Option<Transfer> {
    let records = std::fs::read(dir.join(transferred::METADATA_FILE)).ok()?;
    Some(Transfer {
        contents: LocalTree::new(dir),
        records,
    })
}
