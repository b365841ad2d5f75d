//! Mod files that name other directories: `use` and `replace` lines are changed where they stand, and
//! every other line keeps its place and its text.

use super::directive::{self, Directive, Item};
use super::replace::Replace;
use super::write::word;
use super::{syntax, verbs};
use crate::diag::Span;

/// A line of a mod file that names a directory or a module to replace.
#[derive(Debug)]
#[non_exhaustive]
pub enum DirectoryLine<'a> {
    /// `use DIR`, with the directory as written.
    Use(&'a str, Span),
    /// `replace`.
    Replace(&'a Replace),
}

/// What becomes of such a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// It stays.
    Keep,
    /// It names this directory.
    To(String),
    /// It goes. Its comments stay.
    Remove,
}

/// The text of a go.mod or go.work file with other directories. `file` is the file's name, and
/// `choose` is asked for each line. A file with a syntax error is changed up to the error.
pub fn redirected(
    file: &str,
    text: &str,
    mut choose: impl FnMut(DirectoryLine<'_>) -> Redirect,
) -> String {
    let (syntax, _) = syntax::parse(file, text.as_bytes());
    let mut lines: Vec<String> = text.split('\n').map(ToOwned::to_owned).collect();
    for item in directive::items(file, &syntax, verbs::WORK_BLOCKS) {
        let Item::Directive(line) = item else {
            continue;
        };
        let Some(new) = new_range(line, &mut choose) else {
            continue;
        };
        // Tokens of a line are on one line.
        let number = new.span.start.line.saturating_sub(1) as usize;
        if let Some(line) = lines.get_mut(number) {
            *line = with_range(line, &new);
        }
    }
    lines.join("\n")
}

/// A stretch of a line with another text.
struct NewRange {
    span: Span,
    text: String,
}

fn new_range(
    line: Directive<'_>,
    choose: &mut impl FnMut(DirectoryLine<'_>) -> Redirect,
) -> Option<NewRange> {
    let (redirect, first) = match line.verb {
        "use" => {
            let dir = directive::path_string(line.single("").ok()?).ok()?;
            (choose(DirectoryLine::Use(&dir, line.span())), 0)
        }
        "replace" => {
            let replace = directive::replace(line).ok()?;
            let arrow = line.args.iter().position(|token| token.text == "=>")?;
            (choose(DirectoryLine::Replace(&replace)), arrow + 1)
        }
        _ => return None,
    };
    match redirect {
        Redirect::Keep => None,
        Redirect::Remove => Some(NewRange {
            span: line.span(),
            text: String::new(),
        }),
        Redirect::To(dir) => {
            let (first, last) = (line.args.get(first)?, line.args.last()?);
            Some(NewRange {
                span: Span::new(line.file, first.start, last.end),
                text: word(&dir),
            })
        }
    }
}

/// The line with the new text. Columns count characters, from 1.
fn with_range(line: &str, new: &NewRange) -> String {
    let column = |column: u32| column.saturating_sub(1) as usize;
    let before = line.chars().take(column(new.span.start.column));
    let after = line.chars().skip(column(new.span.end.column));
    before.chain(new.text.chars()).chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_places_and_comments() {
        let text = "go 1.26 // é\r\n\nuse ./a // one\nuse (\n\t\"../li b\" // two\n\t./c\n)\n\nreplace (\n\ta.com/x v1.0.0 => a.com/y v1.2.0 // three\n\té.com/z => ../z\n)\nreplace b.com/x => ../x // four\n";
        let new = redirected("go.work", text, |line| match line {
            DirectoryLine::Use("../li b", _) => Redirect::To("./l b".to_owned()),
            DirectoryLine::Use(..) => Redirect::Keep,
            DirectoryLine::Replace(replace) => match replace.old_path.as_str() {
                "a.com/x" => Redirect::To("./x".to_owned()),
                "b.com/x" => Redirect::Remove,
                _ => Redirect::Keep,
            },
        });
        let expected = text
            .replace("\"../li b\"", "\"./l b\"")
            .replace("a.com/y v1.2.0", "./x")
            .replace("replace b.com/x => ../x // four", " // four");
        assert_eq!(new, expected);
        let parsed = crate::gomod::WorkFile::parse("go.work", new.as_bytes()).0;
        assert_eq!(parsed.uses[1].dir, "./l b");
    }
}
