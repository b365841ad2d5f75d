//! Go tokens, as far as package clauses, imports and the search for `//go:embed` need them:
//! semicolons inserted, comments kept, literals checked.

use super::chars::{first_char, is_digit, is_graphic, is_letter};

/// What a token is. Operators that a head never holds are `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Package,
    Import,
    /// Any other keyword.
    Keyword,
    Ident,
    String,
    /// A number or rune.
    Literal,
    Period,
    Comma,
    OpenParen,
    CloseParen,
    CloseBrace,
    /// Written; inserted ones are `Newline`.
    Semicolon,
    /// A semicolon inserted at the end of a line or of the file.
    Newline,
    Comment,
    Other,
    Illegal,
    End,
}

/// A token: a range of bytes. Of a `Newline` token, the place where it would stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Line of `start`, from 1.
    pub(super) line: u32,
}

/// What is wrong, in Go's words, and its byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) message: String,
}

/// A byte order mark. Go ignores one at the start of a file.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    /// Whether a line end now would be a semicolon.
    insert: bool,
    /// Where a block comment's first line end makes a semicolon that comes after it.
    after_comment: Option<(usize, u32)>,
    /// Faults found so far, by place.
    pub(super) faults: Vec<Fault>,
    keeps_faults: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let mut scanner = Self {
            text,
            at: 0,
            line: 1,
            insert: false,
            after_comment: None,
            faults: Vec::new(),
            keeps_faults: true,
        };
        if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
            scanner.fault(0, "illegal UTF-8 encoding (got UTF-16)");
            scanner.at = text.len();
        } else if text.starts_with(BOM) {
            scanner.at = BOM.len();
        }
        scanner
    }

    /// The same for callers that need tokens alone: a file may have as many faults as bytes.
    pub(super) fn without_faults(text: &'a [u8]) -> Self {
        let mut scanner = Self::new(text);
        scanner.faults.clear();
        scanner.keeps_faults = false;
        scanner
    }

    /// Records a fault, unless its place has one.
    fn fault(&mut self, offset: usize, message: impl Into<String>) {
        if self.keeps_faults && self.faults.last().is_none_or(|last| last.offset != offset) {
            self.faults.push(Fault {
                offset,
                message: message.into(),
            });
        }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next token, comments included.
    pub(super) fn token(&mut self) -> Token {
        if let Some((start, line)) = self.after_comment.take() {
            return Token {
                kind: Kind::Newline,
                start,
                end: start,
                line,
            };
        }
        while matches!(self.byte(0), b' ' | b'\t' | b'\r') || self.byte(0) == b'\n' && !self.insert
        {
            self.line += u32::from(self.byte(0) == b'\n');
            self.at += 1;
        }
        let (start, line) = (self.at, self.line);
        let was_insert = std::mem::take(&mut self.insert);
        let kind = self.kind(was_insert);
        // Go's scanner is one character ahead of its tokens, so what is not a character at all
        // belongs to the token before it.
        self.check_character();
        Token {
            kind,
            start,
            end: self.at,
            line,
        }
    }

    /// Takes one token and sets `insert` for what follows.
    fn kind(&mut self, was_insert: bool) -> Kind {
        let Some(byte) = self.text.get(self.at).copied() else {
            return if was_insert { Kind::Newline } else { Kind::End };
        };
        if byte >= 0x80 {
            return self.non_ascii(was_insert);
        }
        if byte.is_ascii_alphabetic() || byte == b'_' {
            return self.word();
        }
        if byte.is_ascii_digit() || byte == b'.' && self.byte(1).is_ascii_digit() {
            return self.number();
        }
        self.at += 1;
        match byte {
            b'\n' => {
                self.line += 1;
                Kind::Newline
            }
            b'"' => self.quoted(byte),
            b'\'' => self.quoted(byte),
            b'`' => self.raw_string(),
            b'/' if matches!(self.byte(0), b'/' | b'*') => self.comment(was_insert),
            b'.' => Kind::Period,
            b',' => Kind::Comma,
            b';' => Kind::Semicolon,
            b'(' => Kind::OpenParen,
            b')' => self.closing(Kind::CloseParen),
            b'}' => self.closing(Kind::CloseBrace),
            b']' => self.closing(Kind::Other),
            b'+' | b'-' if self.byte(0) == byte => {
                self.at += 1;
                self.closing(Kind::Other)
            }
            b':' | b'[' | b'{' | b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'<' | b'>' | b'='
            | b'!' | b'&' | b'|' | b'~' => Kind::Other,
            0 => {
                self.fault(self.at - 1, "illegal character NUL");
                self.illegal(was_insert)
            }
            _ => {
                self.fault(
                    self.at - 1,
                    format!("illegal character {}", code_point(char::from(byte))),
                );
                self.illegal(was_insert)
            }
        }
    }

    fn closing(&mut self, kind: Kind) -> Kind {
        self.insert = true;
        kind
    }

    fn illegal(&mut self, was_insert: bool) -> Kind {
        self.insert = was_insert;
        Kind::Illegal
    }

    fn non_ascii(&mut self, was_insert: bool) -> Kind {
        let start = self.at;
        let Some(c) = first_char(&self.text[start..]) else {
            self.at += 1;
            self.fault(start, "illegal UTF-8 encoding");
            return self.illegal(was_insert);
        };
        if is_letter(c) {
            return self.word();
        }
        self.at += c.len_utf8();
        match c {
            '\u{feff}' => self.fault(start, "illegal byte order mark"),
            '“' | '”' => self.fault(
                start,
                format!("curly quotation mark '{c}' (use neutral '\"')"),
            ),
            _ => self.fault(start, format!("illegal character {}", code_point(c))),
        }
        self.illegal(was_insert)
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        loop {
            let byte = self.byte(0);
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                self.at += 1;
            } else if byte >= 0x80 {
                match first_char(&self.text[self.at..]) {
                    Some(c) if is_letter(c) || is_digit(c) => self.at += c.len_utf8(),
                    _ => break,
                }
            } else {
                break;
            }
        }
        let (kind, insert) = match &self.text[start..self.at] {
            b"package" => (Kind::Package, false),
            b"import" => (Kind::Import, false),
            b"break" | b"continue" | b"fallthrough" | b"return" => (Kind::Keyword, true),
            b"case" | b"chan" | b"const" | b"default" | b"defer" | b"else" | b"for" | b"func"
            | b"go" | b"goto" | b"if" | b"interface" | b"map" | b"range" | b"select"
            | b"struct" | b"switch" | b"type" | b"var" => (Kind::Keyword, false),
            _ => (Kind::Ident, true),
        };
        self.insert = insert;
        kind
    }

    /// Numbers stand in no head: their end is all that matters.
    fn number(&mut self) -> Kind {
        while self.byte(0).is_ascii_alphanumeric() || matches!(self.byte(0), b'.' | b'_') {
            self.at += 1;
        }
        self.closing(Kind::Literal)
    }

    /// The rest of a `"` or `'` literal; the opening quote is taken. It ends before a line end if
    /// it is not closed.
    fn quoted(&mut self, quote: u8) -> Kind {
        let start = self.at - 1;
        let kind = if quote == b'"' {
            Kind::String
        } else {
            Kind::Literal
        };
        let (mut length, faults) = (0, self.faults.len());
        loop {
            match self.text.get(self.at) {
                None | Some(b'\n') => {
                    if kind == Kind::String || self.faults.len() == faults {
                        let what = if kind == Kind::String {
                            "string"
                        } else {
                            "rune"
                        };
                        self.fault(start, format!("{what} literal not terminated"));
                    }
                    return self.closing(kind);
                }
                Some(byte) if *byte == quote => break,
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(quote);
                }
                Some(_) => self.character(),
            }
            length += 1;
        }
        self.at += 1;
        if kind == Kind::Literal && length != 1 && self.faults.len() == faults {
            self.fault(start, "illegal rune literal");
        }
        self.closing(kind)
    }

    /// Takes one character of a literal or comment, which may be any but NUL, invalid UTF-8 and a
    /// byte order mark.
    fn character(&mut self) {
        let byte = self.byte(0);
        if byte != 0 && byte < 0x80 {
            self.line += u32::from(byte == b'\n');
            self.at += 1;
            return;
        }
        self.check_character();
        self.at += first_char(&self.text[self.at..]).map_or(1, char::len_utf8);
    }

    /// Records a fault if the next bytes are not a character that may be in a Go file.
    fn check_character(&mut self) {
        if !matches!(self.text.get(self.at), Some(0 | 0x80..)) {
            return;
        }
        match first_char(&self.text[self.at..]) {
            Some('\0') => self.fault(self.at, "illegal character NUL"),
            Some('\u{feff}') => self.fault(self.at, "illegal byte order mark"),
            Some(_) => {}
            None => self.fault(self.at, "illegal UTF-8 encoding"),
        }
    }

    /// Takes an escape whose backslash is taken, as far as it is one.
    fn escape(&mut self, quote: u8) {
        let start = self.at;
        let (digits, radix, max) = match self.text.get(self.at) {
            Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\') => return self.at += 1,
            Some(byte) if *byte == quote => return self.at += 1,
            Some(b'0'..=b'7') => (3, 8, 255),
            Some(b'x') => (2, 16, 255),
            Some(b'u') => (4, 16, 0x0010_ffff),
            Some(b'U') => (8, 16, 0x0010_ffff),
            Some(_) => return self.fault(start, "unknown escape sequence"),
            None => return self.fault(start, "escape sequence not terminated"),
        };
        self.at += usize::from(radix == 16);
        let mut value: u64 = 0;
        for _ in 0..digits {
            let Some(digit) = char::from(self.byte(0)).to_digit(radix) else {
                let message = match first_char(&self.text[self.at..]) {
                    Some(c) => format!("illegal character {} in escape sequence", code_point(c)),
                    None => "escape sequence not terminated".to_owned(),
                };
                return self.fault(self.at, message);
            };
            value = value * u64::from(radix) + u64::from(digit);
            self.at += 1;
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            self.fault(start, "escape sequence is invalid Unicode code point");
        }
    }

    fn raw_string(&mut self) -> Kind {
        let start = self.at - 1;
        while self.at < self.text.len() && self.byte(0) != b'`' {
            self.character();
        }
        if self.at == self.text.len() {
            self.fault(start, "raw string literal not terminated");
        } else {
            self.at += 1;
        }
        self.closing(Kind::String)
    }

    /// The rest of a comment whose first slash is taken. A block with a line end in it is a
    /// semicolon too, where a line end would be one.
    fn comment(&mut self, was_insert: bool) -> Kind {
        let (start, line) = (self.at - 1, self.line);
        let block = self.byte(0) == b'*';
        self.at += 1;
        if !block {
            while self.at < self.text.len() && self.byte(0) != b'\n' {
                self.character();
            }
            self.insert = was_insert;
            return Kind::Comment;
        }
        while self.at < self.text.len() && !self.text[self.at..].starts_with(b"*/") {
            self.character();
        }
        if self.at == self.text.len() {
            self.fault(start, "comment not terminated");
        } else {
            self.at += 2;
        }
        let newline = self.text[start..self.at]
            .iter()
            .position(|byte| *byte == b'\n');
        match newline {
            Some(offset) if was_insert => self.after_comment = Some((start + offset, line)),
            _ => self.insert = was_insert,
        }
        Kind::Comment
    }
}

/// Go's `%#U`.
fn code_point(c: char) -> String {
    if !is_graphic(c) && c != ' ' {
        format!("U+{:04X}", u32::from(c))
    } else {
        format!("U+{:04X} '{c}'", u32::from(c))
    }
}
