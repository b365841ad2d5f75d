//! The files that C-family sources, assembly and SWIG interfaces name: `#include` lines and
//! lines like them, under any condition. The reader of a file finds out where it lies; macros are
//! not expanded.

use serde::{Deserialize, Serialize};

use super::chars::trim_space;
use super::class::FileClass;

/// Files that a source text names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Includes {
    /// Of `#include "name"`: looked up beside the file first, then where [`Self::angled`] are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quoted: Vec<String>,
    /// Of `#include <name>`: looked up in the directories of `-I` and the system's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub angled: Vec<String>,
    /// Of `#embed "name"` and `.incbin "name"`: data, looked up as [`Self::quoted`] are, which
    /// names no files itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// Whether some name is made by a macro: it could be any file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub computed: bool,
}

/// Other names of files that sources of C, C++ and similar languages include.
const INCLUDED: [&str; 7] = [".inc", ".inl", ".ipp", ".tcc", ".tpp", ".def", ".i"];

/// Whether a file of this name can be included and its text says what it includes: what
/// [`FileClass`] knows but for Go, and some more.
pub(crate) fn is_includable(name: &str) -> bool {
    let suffix = name.rfind('.').map_or("", |dot| &name[dot..]);
    match FileClass::of(&format!("x{suffix}")) {
        Some(FileClass::Go | FileClass::TestGo | FileClass::Syso) => false,
        Some(_) => true,
        None => INCLUDED.contains(&suffix),
    }
}

impl Includes {
    /// Reads a whole file, `name` being the last element of its path.
    pub(crate) fn parse(name: &str, text: &[u8]) -> Self {
        let class = FileClass::of(name);
        let swig =
            matches!(class, Some(FileClass::Swig | FileClass::SwigCxx)) || name.ends_with(".i");
        let mut includes = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            includes.read_line(line);
            if swig && let Some(rest) = trim_space(line).strip_prefix(b"%") {
                includes.read_directive(rest);
            }
            if class == Some(FileClass::F) {
                includes.read_fortran(line);
            }
        }
        includes.settle();
        includes
    }

    /// Whether no file is named.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads one line of a C-family or assembly file.
    pub(super) fn read_line(&mut self, line: &[u8]) {
        if let Some(rest) = directive(line) {
            self.read_directive(rest);
        }
        if let Some(at) = find(line, b".incbin") {
            self.data.extend(
                between(&line[at..], b'"', b'"').map(|name| name.trim_end_matches('\\').to_owned()),
            );
        }
        if let Some(at) = find(line, b".include") {
            self.quoted.extend(
                between(&line[at..], b'"', b'"').map(|name| name.trim_end_matches('\\').to_owned()),
            );
        }
    }

    /// Sorts, each name once.
    pub(super) fn settle(&mut self) {
        for names in [&mut self.quoted, &mut self.angled, &mut self.data] {
            names.sort();
            names.dedup();
        }
    }

    /// Adds what another text names.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.quoted.extend(other.quoted.iter().cloned());
        self.angled.extend(other.angled.iter().cloned());
        self.data.extend(other.data.iter().cloned());
        self.computed |= other.computed;
        self.settle();
    }

    /// Reads what follows the `#` of a preprocessor's line.
    fn read_directive(&mut self, rest: &[u8]) {
        let rest = skip_comments(rest);
        let word = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        let (word, name) = rest.split_at(word);
        let name = skip_comments(name);
        match word {
            b"include" | b"include_next" | b"import" => match name.first() {
                Some(b'"') => self.quoted.extend(between(name, b'"', b'"')),
                Some(b'<') => self.angled.extend(between(name, b'<', b'>')),
                _ => self.computed = true,
            },
            b"embed" => match name.first() {
                Some(b'"') => self.data.extend(between(name, b'"', b'"')),
                Some(b'<') => self.angled.extend(between(name, b'<', b'>')),
                _ => self.computed = true,
            },
            // What is asked for may decide what is compiled, included or not.
            b"if" | b"elif" => {
                let mut rest = name;
                while let Some(at) = find(rest, b"__has_include") {
                    rest = &rest[at + 1..];
                    let open = rest.iter().position(|byte| matches!(byte, b'"' | b'<'));
                    match open.map(|open| (&rest[open..], rest[open])) {
                        Some((name, b'"')) => self.quoted.extend(between(name, b'"', b'"')),
                        Some((name, _)) => self.angled.extend(between(name, b'<', b'>')),
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Fortran's own `include 'name'`.
    fn read_fortran(&mut self, line: &[u8]) {
        let line = trim_space(line);
        let Some((word, rest)) = line.split_at_checked(b"include".len()) else {
            return;
        };
        if word.eq_ignore_ascii_case(b"include") {
            let rest = trim_space(rest);
            let quote = rest.first().copied().unwrap_or_default();
            if matches!(quote, b'"' | b'\'') {
                self.quoted.extend(between(rest, quote, quote));
            }
        }
    }
}

/// What follows the `#` (or `%:`) of a preprocessor's line; comments may stand before it.
fn directive(line: &[u8]) -> Option<&[u8]> {
    let (at, length) = match line.iter().position(|byte| *byte == b'#') {
        Some(at) => (at, 1),
        None => (find(line, b"%:")?, 2),
    };
    let before = trim_space(&line[..at]);
    (before.is_empty() || before.ends_with(b"*/")).then(|| &line[at + length..])
}

/// The text after spaces and comments.
fn skip_comments(mut text: &[u8]) -> &[u8] {
    loop {
        text = trim_space(text);
        match text
            .strip_prefix(b"/*")
            .and_then(|rest| Some(&rest[find(rest, b"*/")? + 2..]))
        {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// The name between the first `open` and the next `close`.
fn between(text: &[u8], open: u8, close: u8) -> Option<String> {
    let start = text.iter().position(|byte| *byte == open)? + 1;
    let length = text[start..].iter().position(|byte| *byte == close)?;
    Some(String::from_utf8_lossy(&text[start..start + length]).into_owned())
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str) -> (String, bool) {
        let includes = Includes::parse(name, text.as_bytes());
        let names = [
            includes.quoted.join(" "),
            includes.angled.join(" "),
            includes.data.join(" "),
        ];
        (names.join("|"), includes.computed)
    }

    #[test]
    fn lines_that_name_files() {
        let text = "#include \"b.h\"\r\n  #  include<sys/types.h>\n/* x */ # /* y */ include /* z */ \"a b.h\" // c\n\
                    end of a comment */ #import \"b.h\"\n%:include_next <n.h>\nx = 1; #include \"no.h\"\n#define X \"no.h\"\n// #include \"no.h\"\n\
                    #if defined(A) && __has_include(<has.h>) || __has_include(\"own.h\")\n#embed \"data.bin\"\n\
                    asm(\".incbin \\\"blob.bin\\\"\");\n\t.include \"macros.s\"\n#includes \"no.h\"\n#include \"open.h\n";
        assert_eq!(
            parse("x.c", text),
            (
                "a b.h b.h macros.s own.h|has.h n.h sys/types.h|blob.bin data.bin".to_owned(),
                false
            )
        );
    }

    #[test]
    fn names_made_by_macros() {
        for text in [
            "#define H \"x.h\"\n#include H",
            "#include STRING(x.h)",
            "#include \\\n\"x.h\"",
            "#include",
        ] {
            assert_eq!(parse("x.h", text), ("||".to_owned(), true), "{text}");
        }
    }

    #[test]
    fn languages_with_a_word_of_their_own() {
        assert_eq!(
            parse(
                "x.swig",
                "%include \"a.i\"\n%import <b.i>\n%{\n#include \"c.h\"\n%}"
            )
            .0,
            "a.i c.h|b.i|"
        );
        assert_eq!(parse("x.c", "%include \"a.i\"").0, "||");
        assert_eq!(
            parse(
                "x.f",
                "      INCLUDE 'common.inc'\n      include \"b.h\"\n      includes 'c'"
            )
            .0,
            "b.h common.inc||"
        );
    }

    #[test]
    fn what_can_be_included() {
        for name in ["x.h", "x.c", "_x.h", "x.inl", "x.S", ".x.hpp"] {
            assert!(is_includable(name), "{name}");
        }
        for name in ["x.go", "x_test.go", "x.syso", "x", "x.tbl", "README.md"] {
            assert!(!is_includable(name), "{name}");
        }
    }
}
