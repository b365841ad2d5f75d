//! What the head of a source file says.

use serde::{Deserialize, Serialize};

use super::cgo::read_preamble;
use super::class::FileClass;
use super::constraint::Expr;
use super::head_range::HeadRange;
use super::includes::Includes;
use super::places::Places;
use super::{embed_lines, head_range, imports, leading_comments, main_func};
use crate::diag::{Diagnostic, Position, Span};
use crate::limits;

/// The head of a source file. For non-Go files (.s, .c, .h ...) only `constraint` is ever set; what
/// they include is in [`SourceFile`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Name in the package clause; empty for non-Go files and where the clause is missing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub package: String,
    /// Where that name stands.
    pub package_at: Position,
    /// Imports in source order, `"C"` included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// The build constraint of `//go:build`, or of all `// +build` lines together. The file name's
    /// suffix is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Expr>,
    /// `//go:embed` patterns in source order; only where the file imports "embed".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<EmbedPattern>,
    /// `#cgo` lines of the preambles of `import "C"`, as written, and the files they include.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgo: Option<Cgo>,
    /// Whether the file declares `func main`; looked for in files of `package main`, without tests.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declares_main: bool,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Import path, unquoted.
    pub path: String,
    /// Where it starts: its name if it has one, else its string literal. Go reports problems of an
    /// import there.
    pub at: Position,
}

/// One pattern of a `//go:embed` line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedPattern {
    /// Pattern, unquoted, with its `all:` prefix.
    pub pattern: String,
    /// Where it starts.
    pub at: Position,
}

/// What the cgo preambles of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cgo {
    /// `#cgo` lines, without the `#cgo` word.
    pub directives: Vec<String>,
    /// The files that the preambles include.
    #[serde(default, skip_serializing_if = "Includes::is_empty")]
    pub includes: Includes,
    /// Where each of `directives` stands.
    pub directives_at: Vec<Position>,
}

/// A source file as a scan keeps it: all that [`super::select`] needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// Last element of its path.
    pub name: String,
    /// What its head says, as far as it could be read.
    pub header: Header,
    /// What a file that is not Go includes, in all its text.
    #[serde(default, skip_serializing_if = "Includes::is_empty")]
    pub includes: Includes,
    /// What is wrong with its head. It matters only to builds that take the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What is wrong with the head of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// What, in Go's words, without a place.
    pub message: String,
    /// Where.
    pub at: Position,
    /// How much of the file could be understood.
    pub kind: ProblemKind,
}

/// How much of a file with a problem could be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Not even its build constraint: it is wrong for every platform that its name admits.
    Unreadable,
    /// Its constraint, but not its package clause or imports: it is wrong where the constraint
    /// holds.
    Syntax,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl SourceFile {
    /// Reads the head of the file named `name` (last path element).
    pub fn parse(name: &str, text: &[u8]) -> Self {
        let mut source = Self::unread(name);
        let text = text.strip_prefix(BOM).unwrap_or(text);
        match FileClass::of(name) {
            Some(FileClass::Go | FileClass::TestGo) => {
                read_go(text, &head_range::of_go(text), &mut source)
            }
            Some(FileClass::Syso) | None => {}
            Some(_) => {
                read_constraint(
                    &text[..head_range::of_other(text).end],
                    &mut Places::new(text),
                    &mut source,
                );
                source.includes = Includes::parse(name, text);
            }
        }
        source
    }

    /// As [`SourceFile::parse`], from the first bytes of the file alone; `None` if the rest of it
    /// may matter.
    pub fn parse_start(name: &str, start: &[u8]) -> Option<Self> {
        match FileClass::of(name) {
            Some(FileClass::Go | FileClass::TestGo) => {}
            Some(FileClass::Syso) | None => return Some(Self::unread(name)),
            Some(_) => return None,
        }
        let text = start.strip_prefix(BOM).unwrap_or(start);
        let range = head_range::of_go(text);
        if !range.closed {
            return None;
        }
        let mut source = Self::unread(name);
        read_go(text, &range, &mut source);
        let embeds = source
            .header
            .imports
            .iter()
            .any(|import| import.path == "embed");
        let main_may_follow = is_program(name, &source.header) && !source.header.declares_main;
        (!embeds && !main_may_follow).then_some(source)
    }

    /// A file whose content need not be read (see [`super::class::is_read`]).
    pub fn unread(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// How many imports, embed patterns, `#cgo` lines and included files it names.
    pub fn fact_count(&self) -> usize {
        let includes = |includes: &Includes| {
            includes.quoted.len() + includes.angled.len() + includes.data.len()
        };
        let of_cgo = |cgo: &Cgo| cgo.directives.len() + includes(&cgo.includes);
        let header = &self.header;
        header.imports.len()
            + header.embeds.len()
            + header.cgo.as_ref().map_or(0, of_cgo)
            + includes(&self.includes)
    }

    /// The problem as a diagnostic about `file`, its path as the user knows it.
    pub fn diagnostic(&self, file: &str) -> Option<Diagnostic> {
        self.problem
            .as_ref()
            .map(|problem| Diagnostic::error(&problem.message).at(Span::at(file, problem.at)))
    }
}

impl Header {
    /// Reads the head of the source file named `name` (its last path element; the extension tells
    /// Go from other files). `file` appears in diagnostics' spans only. Reads no further than the
    /// imports need, but for files that import "embed" or are of `package main`.
    pub fn parse(file: &str, text: &[u8]) -> (Self, Vec<Diagnostic>) {
        let name = file.rsplit('/').next().unwrap_or(file);
        let source = SourceFile::parse(name, text);
        let diagnostics = source.diagnostic(file).into_iter().collect();
        (source.header, diagnostics)
    }
}

/// Reads a Go file, whose head goes as far as `range`, into `source`.
fn read_go(text: &[u8], range: &HeadRange, source: &mut SourceFile) {
    let mut places = Places::new(text);
    if let Some(offset) = range.nul {
        source.problem = Some(Problem {
            message: "unexpected NUL in input".to_owned(),
            at: places.at(offset),
            kind: ProblemKind::Unreadable,
        });
        return;
    }
    if range.end > limits::HEAD {
        let message = format!(
            "the head of the file, up to its last import, has {} bytes; gowork reads {}",
            range.end,
            limits::HEAD
        );
        source.problem = Some(Problem {
            message,
            at: Position::new(1, 1),
            kind: ProblemKind::Unreadable,
        });
        return;
    }
    let head = &text[..range.end];
    if !read_constraint(head, &mut places, source) {
        return;
    }
    let parsed = imports::parse(head);
    if let Some(range) = parsed.package {
        source.header.package_at = places.at(range.start);
        source.header.package = String::from_utf8_lossy(&head[range]).into_owned();
    }
    if let Some(fault) = parsed.fault {
        let at = places.at_end_of(head, fault.offset);
        source.problem = Some(Problem {
            message: fault.message,
            at,
            kind: ProblemKind::Syntax,
        });
        return;
    }
    for import in parsed.imports {
        if import.path.len() > limits::PATH {
            let message = format!(
                "import path of {} bytes; gowork takes {}",
                import.path.len(),
                limits::PATH
            );
            source.problem = Some(Problem {
                message,
                at: places.at(import.offset),
                kind: ProblemKind::Syntax,
            });
            source.header.imports.clear();
            return;
        }
        if import.path == "C" {
            read_preamble(
                head,
                &import.doc,
                &mut places,
                source.header.cgo.get_or_insert_default(),
            );
        }
        source.header.imports.push(Import {
            path: import.path,
            at: places.at(import.offset),
        });
    }
    if source
        .header
        .imports
        .iter()
        .any(|import| import.path == "embed")
    {
        source.header.embeds = embed_lines::read(text);
    }
    if is_program(&source.name, &source.header) {
        source.header.declares_main = main_func::is_declared(&text[range.end..]);
    }
}

/// Whether the file may hold the function that a program starts with.
fn is_program(name: &str, header: &Header) -> bool {
    header.package == "main" && FileClass::of(name) == Some(FileClass::Go)
}

/// Reads the constraint from the head of a file of any language; false, with the problem noted, if
/// it cannot be told.
fn read_constraint(head: &[u8], places: &mut Places<'_>, source: &mut SourceFile) -> bool {
    match leading_comments::constraint(head) {
        Ok(constraint) => source.header.constraint = constraint,
        Err(error) => {
            source.problem = Some(Problem {
                message: error.message,
                at: places.at(error.offset),
                kind: ProblemKind::Unreadable,
            });
        }
    }
    source.problem.is_none()
}
