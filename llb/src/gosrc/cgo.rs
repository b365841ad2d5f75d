//! The preamble of `import "C"`: `#cgo` lines and the files it includes. What the C compiler makes
//! of the rest is not looked at.

use std::ops::Range;

use super::chars::trim_space;
use super::constraint::Expr;
use super::context::BuildContext;
use super::places::Places;
use super::source_file::Cgo;

/// One `#cgo` line that holds in a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CgoFlags {
    /// `CFLAGS`, `CPPFLAGS`, `CXXFLAGS`, `FFLAGS`, `LDFLAGS` or `pkg-config`.
    pub verb: String,
    /// Its words, `${SRCDIR}` not expanded.
    pub arguments: Vec<String>,
}

impl Cgo {
    /// The `#cgo` lines that hold in `context`.
    ///
    /// # Errors
    /// The first line that Go refuses: its index in `directives` and Go's words.
    pub(crate) fn flags(&self, context: &BuildContext) -> Result<Vec<CgoFlags>, (usize, String)> {
        let mut all = Vec::new();
        for (index, line) in self.directives.iter().enumerate() {
            all.extend(flags_of(line, context).map_err(|message| (index, message))?);
        }
        Ok(all)
    }

    /// The lines that may hold in some context. Wrong ones are left out.
    pub(crate) fn all_flags(&self) -> Vec<CgoFlags> {
        self.directives
            .iter()
            .filter_map(|line| flags_where(line, &|_| true).ok().flatten())
            .collect()
    }
}

/// What the go command adds to the imports of the package `path`, since it has cgo
/// (cmd/go/internal/load, `cgoExclude`, `cgoSyscallExclude`).
pub(crate) fn implied_imports(path: &str) -> &'static [&'static str] {
    match path {
        "runtime/cgo" => &["unsafe"],
        "runtime/race" | "runtime/msan" | "runtime/asan" => &["runtime/cgo", "unsafe"],
        _ => &["runtime/cgo", "syscall", "unsafe"],
    }
}

/// Reads the comments that document an `import "C"` (ranges of `text`) into `cgo`.
pub(super) fn read_preamble(
    text: &[u8],
    doc: &[Range<usize>],
    places: &mut Places<'_>,
    cgo: &mut Cgo,
) {
    for comment in doc {
        let body = &text[comment.start + 2..comment.end];
        let block = text[comment.start + 1] == b'*';
        let body = if block {
            body.strip_suffix(b"*/").unwrap_or(body)
        } else {
            body
        };
        for line in body.split(|byte| *byte == b'\n') {
            let line = trim_space(line);
            let offset = line.as_ptr() as usize - text.as_ptr() as usize;
            if let Some(rest) = line.strip_prefix(b"#cgo")
                && matches!(rest.first(), Some(b' ' | b'\t'))
            {
                let rest: Vec<u8> = trim_space(rest)
                    .iter()
                    .copied()
                    .filter(|byte| *byte != b'\r')
                    .collect();
                cgo.directives
                    .push(String::from_utf8_lossy(&rest).into_owned());
                cgo.directives_at.push(places.at(offset));
            } else {
                cgo.includes.read_line(line);
            }
        }
    }
    cgo.includes.settle();
}

/// The flags of one line (what stands after `#cgo`), if its condition holds.
fn flags_of(line: &str, context: &BuildContext) -> Result<Option<CgoFlags>, String> {
    flags_where(line, &|condition| holds(condition, context))
}

fn flags_where(line: &str, holds: &dyn Fn(&str) -> bool) -> Result<Option<CgoFlags>, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    if let ["nocallback" | "noescape", _] = fields[..] {
        return Ok(None);
    }
    let invalid = || format!("invalid #cgo line: #cgo {line}");
    let (head, arguments) = line.split_once(':').ok_or_else(invalid)?;
    let fields: Vec<&str> = head.split_whitespace().collect();
    let (verb, conditions) = fields.split_last().ok_or_else(invalid)?;
    if !conditions.is_empty() && !conditions.iter().any(|condition| holds(condition)) {
        return Ok(None);
    }
    let arguments = split_quoted(arguments).ok_or_else(invalid)?;
    for argument in &arguments {
        if !is_safe(argument) {
            return Err(format!("malformed #cgo argument: {argument}"));
        }
    }
    match *verb {
        "CFLAGS" | "CPPFLAGS" | "CXXFLAGS" | "FFLAGS" | "LDFLAGS" | "pkg-config" => {
            Ok(Some(CgoFlags {
                verb: (*verb).to_owned(),
                arguments,
            }))
        }
        _ => Err(format!("invalid #cgo verb: #cgo {line}")),
    }
}

/// Whether a condition of a `#cgo` line, in either syntax of constraints, holds. A wrong one does
/// not.
fn holds(condition: &str, context: &BuildContext) -> bool {
    let expr = if condition.contains(['&', '|', '(', ')']) {
        Expr::parse_go_build(condition)
    } else {
        Expr::parse_plus_build(condition)
    };
    expr.is_ok_and(|expr| context.holds(&expr))
}

/// Splits at white space but for quotes and backslashes; `None` if one is left open.
fn split_quoted(text: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut word = String::new();
    let (mut quote, mut quoted, mut escaped) = (None, false, false);
    for c in text.chars() {
        match c {
            c if escaped => {
                escaped = false;
                word.push(c);
            }
            '\\' => escaped = true,
            c if quote == Some(c) => quote = None,
            c if quote.is_some() => word.push(c),
            '"' | '\'' => {
                quote = Some(c);
                quoted = true;
            }
            c if c.is_whitespace() => {
                if std::mem::take(&mut quoted) || !word.is_empty() {
                    all.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if quoted || !word.is_empty() {
        all.push(word);
    }
    (quote.is_none() && !escaped).then_some(all)
}

/// Whether Go hands the argument to a compiler. `${SRCDIR}` may stand in it.
fn is_safe(argument: &str) -> bool {
    let safe =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "+-.,/=_:$@%! ~^".contains(c);
    !argument.is_empty()
        && argument
            .split("${SRCDIR}")
            .all(|part| part.chars().all(safe))
}
