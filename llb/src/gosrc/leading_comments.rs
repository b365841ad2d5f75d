//! The leading comments of a source file, of any language: where build constraints may stand.

use super::chars::trim_space;
use super::constraint::{Expr, MAX_OPERANDS};

/// Why the constraint of a file is not known.
pub(super) struct LeadingError {
    /// What, in Go's words.
    pub(super) message: String,
    /// Byte offset.
    pub(super) offset: usize,
}

/// The constraint in `head`, the text up to where the extent's reader stopped.
///
/// `//go:build` counts up to the first text that is not a comment, once. Without one, `// +build`
/// lines count up to the last blank line of the leading run of blank lines and `//` comments, and
/// must all hold.
pub(super) fn constraint(head: &[u8]) -> Result<Option<Expr>, LeadingError> {
    let mut scan = Scan {
        old_end: 0,
        go_build: None,
    };
    scan.run(head)?;
    let Some(line) = scan.go_build else {
        return old_constraint(&head[..scan.old_end]);
    };
    let offset = line.start + GO_BUILD.len();
    let text = String::from_utf8_lossy(&head[offset..line.end]);
    let trimmed = text.trim_start();
    Expr::parse_go_build(trimmed)
        .map(Some)
        .map_err(|error| LeadingError {
            message: format!("parsing //go:build line: {error}"),
            offset: offset + (text.len() - trimmed.len()) + error.offset,
        })
}

const GO_BUILD: &[u8] = b"//go:build";

/// The whole lines of `text` with their offsets, line ends not included.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut offset = 0;
    text.split_inclusive(|byte| *byte == b'\n')
        .map(move |line| {
            let start = offset;
            offset += line.len();
            (start, line.strip_suffix(b"\n").unwrap_or(line))
        })
}

struct Scan {
    /// Where the last blank line of the leading run ends: `// +build` lines count before it.
    old_end: usize,
    go_build: Option<std::ops::Range<usize>>,
}

impl Scan {
    fn run(&mut self, head: &[u8]) -> Result<(), LeadingError> {
        let mut leading = true;
        let mut in_block = false;
        for (start, whole) in lines(head) {
            let line = trim_space(whole);
            if line.is_empty() && leading {
                self.old_end = (start + whole.len() + 1).min(head.len());
                continue;
            }
            leading &= line.starts_with(b"//");
            if !in_block && is_go_build(line) {
                let at = start + (line.as_ptr() as usize - whole.as_ptr() as usize);
                if self.go_build.is_some() {
                    return Err(LeadingError {
                        message: "multiple //go:build comments".to_owned(),
                        offset: at,
                    });
                }
                self.go_build = Some(at..at + line.len());
            }
            if has_text(line, &mut in_block) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Whether the line has anything but comments; `in_block` says, before and after, whether a `/*` is
/// open.
fn has_text(mut line: &[u8], in_block: &mut bool) -> bool {
    while !line.is_empty() {
        if *in_block {
            let Some(end) = line.windows(2).position(|pair| pair == b"*/") else {
                return false;
            };
            *in_block = false;
            line = trim_space(&line[end + 2..]);
        } else if line.starts_with(b"//") {
            return false;
        } else if let Some(rest) = line.strip_prefix(b"/*") {
            *in_block = true;
            line = trim_space(rest);
        } else {
            return true;
        }
    }
    false
}

/// Whether the trimmed line is `//go:build`, alone or followed by white space.
fn is_go_build(line: &[u8]) -> bool {
    line.strip_prefix(GO_BUILD)
        .is_some_and(|rest| rest.is_empty() || trim_space(rest).len() < rest.len())
}

/// All `// +build` lines together; those too complex for Go do not count, as in Go. Their number is
/// bounded here only: it bounds the expression's depth.
fn old_constraint(leading: &[u8]) -> Result<Option<Expr>, LeadingError> {
    let mut all: Option<Expr> = None;
    let mut count = 0;
    for (offset, line) in lines(leading) {
        let Some(words) = plus_build(trim_space(line)) else {
            continue;
        };
        let Ok(expr) = Expr::parse_plus_build(&String::from_utf8_lossy(words)) else {
            continue;
        };
        expr.each_tag(&mut |_| count += 1);
        if count > MAX_OPERANDS {
            let message = format!(
                "more than {MAX_OPERANDS} tags in // +build lines: use one //go:build line"
            );
            return Err(LeadingError { message, offset });
        }
        all = Some(match all {
            Some(all) => all.and(expr),
            None => expr,
        });
    }
    Ok(all)
}

/// What stands after `// +build` in a trimmed line.
fn plus_build(line: &[u8]) -> Option<&[u8]> {
    let rest = trim_space(line.strip_prefix(b"//")?).strip_prefix(b"+build")?;
    let words = trim_space(rest);
    (rest.is_empty() || words.len() < rest.len()).then_some(words)
}
