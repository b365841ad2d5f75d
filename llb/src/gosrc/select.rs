//! Which files of a directory make its package, in one build context: what go/build's
//! `Context.ImportDir` answers.

use std::collections::BTreeMap;

use super::class::FileClass;
use super::context::BuildContext;
use super::source_file::{ProblemKind, SourceFile};
use crate::diag::{Diagnostic, Position, Span};

/// A place in a file of the package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// Name of the file.
    pub file: String,
    /// Where in it.
    pub at: Position,
}

/// Imports or embed patterns, each with the places that name it, in the order of files.
pub type Places = BTreeMap<String, Vec<Place>>;

/// The files of a package by what the build does with them, and what they ask for. Lists are in the
/// order of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageFiles {
    /// Name in the package clauses.
    pub name: String,
    /// `.go` files without cgo and tests.
    pub go_files: Vec<String>,
    /// `.go` files that import "C".
    pub cgo_files: Vec<String>,
    /// `.go` files left out by name, constraint or missing cgo, and those of `package
    /// documentation`.
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
    /// What stops a build, in the order of files; go reports the first. Test files count: a wrong
    /// one stops `go build` too.
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
    /// The error as a diagnostic; `dir` is the directory as the user knows it ("" for the root),
    /// put before file names.
    pub fn diagnostic(&self, dir: &str) -> Diagnostic {
        let path = |file: &str| {
            if dir.is_empty() {
                file.to_owned()
            } else {
                format!("{dir}/{file}")
            }
        };
        let span = |place: &Place| Span::at(path(&place.file), place.at);
        let error = Diagnostic::error(self.to_string());
        let here = Span::at(if dir.is_empty() { "." } else { dir }, Position::default());
        match self {
            Self::File { place, .. } => error.at(span(place)),
            Self::MultiplePackages { package, place, other_package, other } => error
                .at(span(other))
                .related(span(place), format!("package {package} is declared here"))
                .help(format!("move package {other_package} to its own directory, or give {} a build constraint", other.file)),
            Self::NoGoFiles { .. } => error.at(here),
            Self::NeedsCgo { files, .. } => {
                error.at(files.first().map_or(here, |file| Span::at(path(file), Position::default())))
            }
        }
    }
}

/// Selects the files of one directory: `files` are those of its regular files and symlinks to files
/// that [`super::is_source_name`] names, in any order.
pub fn select(files: &[SourceFile], context: &BuildContext) -> PackageFiles {
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut selection = Selection {
        context,
        package: PackageFiles::default(),
        first: None,
        cgo_assembly: Vec::new(),
    };
    for file in files {
        if let Some(class) = FileClass::of(&file.name) {
            selection.add(file, class);
        }
    }
    selection.finish()
}

/// Which of the three packages of a directory a Go file is of, and whether it is built.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Go,
    Cgo,
    Ignored,
    Test,
    XTest,
}

struct Selection<'a> {
    context: &'a BuildContext,
    package: PackageFiles,
    /// The clause that named the package.
    first: Option<Place>,
    /// `.S` and `.sx` files.
    cgo_assembly: Vec<String>,
}

impl Selection<'_> {
    fn add(&mut self, file: &SourceFile, class: FileClass) {
        let go = matches!(class, FileClass::Go | FileClass::TestGo);
        let unreadable = file.problem.as_ref().filter(|_| file.is_unreadable());
        let named = self.context.matches_name(&file.name);
        let built = named
            && file
                .header
                .constraint
                .as_ref()
                .is_none_or(|constraint| self.context.holds(constraint));
        if let Some(problem) = unreadable.filter(|_| named) {
            // Go takes no notice of what it cannot read in another language's file, but leaves the
            // file out. What only gowork does not read, Go would take.
            let is_not_read = problem.kind == ProblemKind::NotRead;
            if is_not_read && class == FileClass::TestGo {
                self.package.test_go_files.push(file.name.clone());
            } else if go || is_not_read && self.may_matter(class) {
                self.fault(file, problem.message.clone(), problem.at);
            } else {
                self.package.ignored_other_files.push(file.name.clone());
            }
        } else if built && go {
            self.add_go(file, class);
        } else if built {
            self.other_list(class).push(file.name.clone());
        } else if go {
            self.package.ignored_go_files.push(file.name.clone());
        } else {
            self.package.ignored_other_files.push(file.name.clone());
        }
    }

    /// Whether a build may take a file of another language. Without cgo the go command forgets C and
    /// SWIG.
    fn may_matter(&self, class: FileClass) -> bool {
        self.context.cgo || matches!(class, FileClass::H | FileClass::F | FileClass::S)
    }

    fn other_list(&mut self, class: FileClass) -> &mut Vec<String> {
        let package = &mut self.package;
        match class {
            FileClass::C => &mut package.c_files,
            FileClass::Cxx => &mut package.cxx_files,
            FileClass::M => &mut package.m_files,
            FileClass::H => &mut package.h_files,
            FileClass::F => &mut package.f_files,
            FileClass::S => &mut package.s_files,
            FileClass::CgoS => &mut self.cgo_assembly,
            FileClass::Swig => &mut package.swig_files,
            FileClass::SwigCxx => &mut package.swig_cxx_files,
            FileClass::Syso => &mut package.syso_files,
            FileClass::Go => &mut package.go_files,
            FileClass::TestGo => &mut package.test_go_files,
        }
    }

    fn fault(&mut self, file: &SourceFile, message: String, at: Position) {
        self.invalid(&file.name);
        self.package.errors.push(SelectError::File {
            message,
            place: Place {
                file: file.name.clone(),
                at,
            },
        });
    }

    fn invalid(&mut self, name: &str) {
        if self
            .package
            .invalid_go_files
            .last()
            .is_none_or(|last| last != name)
        {
            self.package.invalid_go_files.push(name.to_owned());
        }
    }

    fn add_go(&mut self, file: &SourceFile, class: FileClass) {
        if let Some(problem) = &file.problem {
            self.fault(file, problem.message.clone(), problem.at);
        }
        let header = &file.header;
        if header.package == "documentation" {
            self.package.ignored_go_files.push(file.name.clone());
            return;
        }
        let test = class == FileClass::TestGo;
        let tested = header
            .package
            .strip_suffix("_test")
            .filter(|_| test && self.package.name != header.package);
        self.clause(file, tested.unwrap_or(&header.package));
        let cgo = header.imports.iter().find(|import| import.path == "C");
        let role = match cgo {
            Some(import) if test => {
                self.fault(
                    file,
                    format!("use of cgo in test {} not supported", file.name),
                    import.at,
                );
                if tested.is_some() {
                    Role::XTest
                } else {
                    Role::Test
                }
            }
            Some(_) => {
                self.check_cgo(file);
                if self.context.cgo {
                    Role::Cgo
                } else {
                    Role::Ignored
                }
            }
            None if tested.is_some() => Role::XTest,
            None if test => Role::Test,
            None => Role::Go,
        };
        self.record(file, role);
    }

    /// Compares the file's package name with the directory's.
    fn clause(&mut self, file: &SourceFile, name: &str) {
        let place = Place {
            file: file.name.clone(),
            at: file.header.package_at,
        };
        if self.package.name.is_empty() {
            name.clone_into(&mut self.package.name);
            self.first = Some(place);
        } else if name != self.package.name {
            self.invalid(&file.name);
            // A clause that could not be read has its own error.
            if let Some(first) = self.first.clone().filter(|_| !name.is_empty()) {
                self.package.errors.push(SelectError::MultiplePackages {
                    package: self.package.name.clone(),
                    place: first,
                    other_package: name.to_owned(),
                    other: place,
                });
            }
        }
    }

    fn check_cgo(&mut self, file: &SourceFile) {
        let Some(cgo) = &file.header.cgo else { return };
        if let Err((index, message)) = cgo.flags(self.context) {
            let at = cgo.directives_at.get(index).copied().unwrap_or_default();
            self.fault(file, message, at);
        }
    }

    fn record(&mut self, file: &SourceFile, role: Role) {
        let package = &mut self.package;
        let (list, asks) = match role {
            Role::Go => (
                &mut package.go_files,
                Some((&mut package.imports, &mut package.embed_patterns)),
            ),
            Role::Cgo => (
                &mut package.cgo_files,
                Some((&mut package.imports, &mut package.embed_patterns)),
            ),
            Role::Test => (
                &mut package.test_go_files,
                Some((&mut package.test_imports, &mut package.test_embed_patterns)),
            ),
            Role::XTest => (
                &mut package.x_test_go_files,
                Some((
                    &mut package.x_test_imports,
                    &mut package.x_test_embed_patterns,
                )),
            ),
            Role::Ignored => (&mut package.ignored_go_files, None),
        };
        list.push(file.name.clone());
        let Some((imports, embeds)) = asks else {
            return;
        };
        let place = |at| Place {
            file: file.name.clone(),
            at,
        };
        for import in &file.header.imports {
            add_place(imports, &import.path, place(import.at));
        }
        for embed in &file.header.embeds {
            add_place(embeds, &embed.pattern, place(embed.at));
        }
    }

    fn finish(mut self) -> PackageFiles {
        let mut package = self.package;
        let list = if package.cgo_files.is_empty() {
            &mut package.ignored_other_files
        } else {
            &mut package.s_files
        };
        list.append(&mut self.cgo_assembly);
        list.sort();
        if package.errors.is_empty() {
            package
                .errors
                .extend(whole_package_error(&package, self.context.cgo));
        }
        package
    }
}

fn add_place(places: &mut Places, name: &str, place: Place) {
    match places.get_mut(name) {
        Some(all) => all.push(place),
        None => drop(places.insert(name.to_owned(), vec![place])),
    }
}

/// What is wrong with a package whose files are all right.
fn whole_package_error(package: &PackageFiles, cgo: bool) -> Option<SelectError> {
    if package.go_files.len()
        + package.cgo_files.len()
        + package.test_go_files.len()
        + package.x_test_go_files.len()
        == 0
    {
        return Some(SelectError::NoGoFiles {
            ignored: package.ignored_go_files.len(),
        });
    }
    // Without cgo the go command forgets the files of C, C++, Objective-C and SWIG, as it does
    // those that import "C".
    let swig = cgo && package.swig_files.len() + package.swig_cxx_files.len() > 0;
    if swig || !package.cgo_files.is_empty() {
        return None;
    }
    let languages = [
        ("C", &package.c_files, cgo),
        ("C++", &package.cxx_files, cgo),
        ("Objective-C", &package.m_files, cgo),
    ];
    let needy = languages
        .into_iter()
        .chain([("Fortran", &package.f_files, true)])
        .find(|(_, files, counts)| *counts && !files.is_empty());
    needy.map(|(language, files, _)| SelectError::NeedsCgo {
        language,
        files: files.clone(),
    })
}
