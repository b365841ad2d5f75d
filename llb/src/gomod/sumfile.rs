//! go.sum and go.work.sum: which hashes are known. Checks no hash.

use std::collections::BTreeMap;

use super::decode::decode;
use super::path::ModulePath;
use crate::diag::{Diagnostic, Position, Span};

/// The hash of a module whose go.mod is empty: an old bug wrote it for things that are not modules.
/// The go command drops it.
const EMPTY_GO_MOD: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

/// How hashes begin that are made as golang.org/x/mod/sumdb/dirhash, `Hash1`, makes them.
pub const H1: &str = "h1:";

/// A go.sum file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SumFile {
    /// In the order of the file, repetitions included.
    pub sums: Vec<Sum>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sum {
    /// Module path.
    pub path: ModulePath,
    /// Version, without `/go.mod`.
    pub version: String,
    /// The hash is of the go.mod file alone, not of the module's files.
    pub go_mod: bool,
    /// [`H1`] and base64; other prefixes may come.
    pub hash: String,
    /// The line.
    pub span: Span,
}

impl SumFile {
    /// Parses the text of the go.sum file named `file`, as tolerant as the go command: any three
    /// words make a line.
    pub fn parse(file: &str, text: &[u8]) -> (Self, Vec<Diagnostic>) {
        let mut parsed = Self::default();
        let mut diagnostics = Vec::new();
        for (index, line) in decode(text).lines().enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let width = u32::try_from(line.chars().count()).unwrap_or(u32::MAX - 1);
            let span = Span::new(
                file,
                Position::new(number, 1),
                Position::new(number, 1 + width),
            );
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                [] | [_, _, EMPTY_GO_MOD] => {}
                &[path, version, hash] => {
                    let (version, go_mod) = version
                        .strip_suffix("/go.mod")
                        .map_or((version, false), |version| (version, true));
                    parsed.sums.push(Sum {
                        path: ModulePath::new(path),
                        version: version.into(),
                        go_mod,
                        hash: hash.into(),
                        span,
                    });
                }
                words => diagnostics.push(
                    Diagnostic::error(format!(
                        "malformed go.sum: wrong number of fields {}",
                        words.len()
                    ))
                    .at(span)
                    .help("remove the line (a merge may have left it) and run `go mod tidy`"),
                ),
            }
        }
        (parsed, diagnostics)
    }

    /// The hashes of the module's files: by (path, version).
    pub fn modules(&self) -> BTreeMap<(&str, &str), Vec<&str>> {
        let mut hashes: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for sum in self.sums.iter().filter(|sum| !sum.go_mod) {
            hashes
                .entry((sum.path.as_str(), sum.version.as_str()))
                .or_default()
                .push(&sum.hash);
        }
        hashes
    }
}
