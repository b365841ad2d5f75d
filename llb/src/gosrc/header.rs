//! What the head of a source file says.

use super::cgo::read_preamble;
use super::class::FileClass;
use super::head_range::HeadRange;
use super::includes::Includes;
use super::places::Places;
use super::scanner::BOM;
use super::source_file::{Header, Import, Problem, ProblemKind, SourceFile};
use super::{embed_lines, head_range, imports, leading_comments, main_func};
use crate::diag::{Diagnostic, Position};
use crate::limits;

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

    /// A file that is not read. `start` is how it begins: if the package clause is there, its name
    /// is known.
    pub(crate) fn not_read(name: &str, start: &[u8], message: String) -> Self {
        let mut source = Self::unread(name);
        if matches!(FileClass::of(name), Some(FileClass::Go | FileClass::TestGo)) {
            let text = start.strip_prefix(BOM).unwrap_or(start);
            read_clause(text, &mut Places::new(text), &mut source);
        }
        source.problem = Some(Problem {
            message,
            at: Position::default(),
            kind: ProblemKind::NotRead,
        });
        source
    }
}

impl Header {
    /// Reads the head of the source file named `name` (its last path element; the extension
    /// says whether it is Go). `file` appears in diagnostics' spans only. Reads no further than the
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
        read_clause(&text[..offset], &mut places, source);
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
        read_clause(&text[..limits::HEAD], &mut places, source);
        source.problem = Some(Problem {
            message,
            at: Position::new(1, 1),
            kind: ProblemKind::NotRead,
        });
        return;
    }
    let head = &text[..range.end];
    let parsed = read_clause(head, &mut places, source);
    if !read_constraint(head, &mut places, source) {
        return;
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

/// Parses the head of a Go file, or a part of it, and notes the name in its package clause.
fn read_clause(head: &[u8], places: &mut Places<'_>, source: &mut SourceFile) -> imports::Head {
    let parsed = imports::parse(head);
    if let Some(range) = parsed.package.clone() {
        source.header.package_at = places.at(range.start);
        source.header.package = String::from_utf8_lossy(&head[range]).into_owned();
    }
    parsed
}

/// Whether the file may hold the function that a program starts with.
fn is_program(name: &str, header: &Header) -> bool {
    header.package == "main" && FileClass::of(name) == Some(FileClass::Go)
}

/// Reads the constraint from the head of a file of any language; false, with the problem noted, if
/// it is not known.
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
