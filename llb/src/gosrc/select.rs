//! Which files of a directory make its package, in one build context: what go/build's `Context.ImportDir` answers.

use std::collections::BTreeMap;

use super::context::BuildContext;
use super::header::SourceFile;
use crate::diag::{Diagnostic, Position};

/// A place in a file of the package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Name of the file.
    pub file: String,
    /// Where in it.
    pub at: Position,
}

/// Imports or embed patterns, each with the places that name it, in the order of files.
pub type Places = BTreeMap<String, Vec<Place>>;

/// The files of a package by what the build does with them, and what they ask for. Lists are in the order of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageFiles {
    /// Name in the package clauses.
    pub name: String,
    /// `.go` files without cgo and tests.
    pub go_files: Vec<String>,
    /// `.go` files that import "C".
    pub cgo_files: Vec<String>,
    /// `.go` files left out by name, constraint or missing cgo, and those of `package documentation`.
    pub ignored_go_files: Vec<String>,
    /// Other source files left out.
    pub ignored_other_files: Vec<String>,
    /// `.go` files with an error (they may be in other lists too).
    pub invalid_go_files: Vec<String>,
    /// `.c`.
    pub c_files: Vec<String>,
    /// `.cc`, `.cpp`, `.cxx`.
    pub cxx_files: Vec<String>,
    /// `.m`.
    pub m_files: Vec<String>,
    /// `.h`, `.hh`, `.hpp`, `.hxx`.
    pub h_files: Vec<String>,
    /// `.f`, `.F`, `.for`, `.f90`.
    pub f_files: Vec<String>,
    /// `.s`; with cgo files also `.S` and `.sx`.
    pub s_files: Vec<String>,
    /// `.swig`.
    pub swig_files: Vec<String>,
    /// `.swigcxx`.
    pub swig_cxx_files: Vec<String>,
    /// `.syso`.
    pub syso_files: Vec<String>,
    /// `_test.go` of the package.
    pub test_go_files: Vec<String>,
    /// `_test.go` of `package x_test`.
    pub x_test_go_files: Vec<String>,
    /// Imports of `go_files` and `cgo_files`.
    pub imports: Places,
    /// Imports of `test_go_files`.
    pub test_imports: Places,
    /// Imports of `x_test_go_files`.
    pub x_test_imports: Places,
    /// `//go:embed` patterns of `go_files` and `cgo_files`.
    pub embed_patterns: Places,
    /// `//go:embed` patterns of `test_go_files`.
    pub test_embed_patterns: Places,
    /// `//go:embed` patterns of `x_test_go_files`.
    pub x_test_embed_patterns: Places,
    /// What stops a build, in the order of files; go reports the first. Test files count: a wrong one stops `go build` too.
    pub errors: Vec<SelectError>,
}

/// Why the package of a directory cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The head of a file is wrong.
    #[error("{message}")]
    File {
        /// What, in Go's words.
        message: String,
        /// Where.
        place: Place,
    },
    /// Two files have different package clauses.
    #[error("found packages {package} ({}) and {other_package} ({}) in one directory", place.file, other.file)]
    MultiplePackages {
        /// Name in the first file.
        package: String,
        /// The first file's clause.
        place: Place,
        /// Name in the other file.
        other_package: String,
        /// The other file's clause.
        other: Place,
    },
    /// No file of the directory is a Go file that this context builds.
    #[error("{}", if *.ignored == 0 { "no Go files" } else { "build constraints exclude all Go files" })]
    NoGoFiles {
        /// How many Go files were left out.
        ignored: usize,
    },
    /// Sources of a language that only cgo or SWIG can build, in a package that uses neither.
    #[error("{language} source files not allowed when not using cgo or SWIG: {}", files.join(" "))]
    NeedsCgo {
        /// `C`, `C++`, `Objective-C` or `Fortran`.
        language: &'static str,
        /// The files.
        files: Vec<String>,
    },
}

impl SelectError {
    /// The error as a diagnostic; `dir` is the directory as the user knows it ("" for the root), put before file names.
    pub fn diagnostic(&self, dir: &str) -> Diagnostic {
        let _ = dir;
        Diagnostic::error(self.to_string())
    }
}

/// Selects the files of one directory: `files` are those of its regular files and symlinks to files that [`super::is_source_name`] names, in the order of names.
pub fn select(files: &[SourceFile], context: &BuildContext) -> PackageFiles {
    let _ = (files, context);
    PackageFiles::default()
}
