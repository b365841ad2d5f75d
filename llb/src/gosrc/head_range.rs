//! How far into a Go file its head goes, as go/build's reader sees it: bytes only, no tokens,
//! semicolons are spaces.
//!
//! The reader is laxer than Go's grammar in places and stricter in others; what is parsed and how
//! problems look depends on it.

/// The head of a file.
pub(super) struct HeadRange {
    /// Its length: up to the first byte after the imports that is neither space nor comment; the
    /// whole file where the reader gave up.
    pub(super) end: usize,
    /// Offset of a NUL byte in it: Go does not read such a file.
    pub(super) nul: Option<usize>,
    /// Whether text after the head ended it: then what follows that text cannot matter.
    pub(super) closed: bool,
}

/// The head of a Go file: package clause and imports.
pub(super) fn of_go(text: &[u8]) -> HeadRange {
    let mut reader = Reader::new(text);
    reader.keyword(b"package");
    reader.ident();
    while reader.peek(true) == b'i' {
        reader.keyword(b"import");
        if reader.peek(true) != b'(' {
            reader.import();
            continue;
        }
        reader.next(false);
        while reader.peek(true) != b')' && reader.fault.is_none() {
            reader.import();
        }
        reader.next(false);
    }
    reader.range()
}

/// The head of any other file: its leading comments. `end` is where the reader stopped, also where
/// it gave up: Go takes such files as they are.
pub(super) fn of_other(text: &[u8]) -> HeadRange {
    let mut reader = Reader::new(text);
    reader.peek(true);
    match reader.fault {
        Some(_) => HeadRange {
            end: 0,
            nul: None,
            closed: false,
        },
        None => reader.range(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Syntax,
    Nul,
}

/// A byte reader with one byte of lookahead. Bytes read are 0 at the end and after a fault.
struct Reader<'a> {
    text: &'a [u8],
    /// Offset of the next byte to read; `held` is before it.
    at: usize,
    /// The byte looked at but not taken; 0 for none.
    held: u8,
    fault: Option<Fault>,
    ended: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            held: 0,
            fault: None,
            ended: false,
        }
    }

    fn range(&self) -> HeadRange {
        match self.fault {
            Some(Fault::Nul) => HeadRange {
                end: self.at,
                nul: Some(self.at - 1),
                closed: false,
            },
            Some(Fault::Syntax) => HeadRange {
                end: self.text.len(),
                nul: None,
                closed: false,
            },
            None if self.ended => HeadRange {
                end: self.text.len(),
                nul: None,
                closed: false,
            },
            None => HeadRange {
                end: self.at - 1,
                nul: None,
                closed: true,
            },
        }
    }

    fn syntax(&mut self) {
        self.fault.get_or_insert(Fault::Syntax);
    }

    fn byte(&mut self) -> u8 {
        let Some(byte) = self.text.get(self.at) else {
            self.ended = true;
            return 0;
        };
        self.at += 1;
        if *byte == 0 {
            self.fault.get_or_insert(Fault::Nul);
        }
        *byte
    }

    fn going(&self) -> bool {
        self.fault.is_none() && !self.ended
    }

    /// The next byte, not taken; `space` skips spaces and comments before it.
    fn peek(&mut self, space: bool) -> u8 {
        if self.fault.is_some() {
            return 0;
        }
        let mut byte = if self.held == 0 {
            self.byte()
        } else {
            self.held
        };
        while space && self.going() {
            match byte {
                b' ' | 0x0c | b'\t' | b'\r' | b'\n' | b';' => {}
                b'/' => self.comment(),
                _ => break,
            }
            byte = self.byte();
        }
        self.held = byte;
        byte
    }

    /// Skips the rest of a comment whose first slash is taken.
    fn comment(&mut self) {
        match self.byte() {
            b'/' => while self.going() && self.byte() != b'\n' {},
            b'*' => {
                let (mut last, mut byte) = (0, 0);
                while (last != b'*' || byte != b'/') && self.fault.is_none() {
                    if self.ended {
                        self.syntax();
                    }
                    (last, byte) = (byte, self.byte());
                }
            }
            _ => self.syntax(),
        }
    }

    fn next(&mut self, space: bool) -> u8 {
        let byte = self.peek(space);
        self.held = 0;
        byte
    }

    fn keyword(&mut self, word: &[u8]) {
        self.peek(true);
        for expected in word {
            if self.next(false) != *expected {
                return self.syntax();
            }
        }
        if is_ident(self.peek(false)) {
            self.syntax();
        }
    }

    fn ident(&mut self) {
        if !is_ident(self.peek(true)) {
            return self.syntax();
        }
        while is_ident(self.peek(false)) {
            self.held = 0;
        }
    }

    fn string(&mut self) {
        match self.next(true) {
            b'`' => {
                while self.fault.is_none() && self.next(false) != b'`' {
                    if self.ended {
                        self.syntax();
                    }
                }
            }
            b'"' => self.quoted(),
            _ => self.syntax(),
        }
    }

    fn quoted(&mut self) {
        while self.fault.is_none() {
            let byte = self.next(false);
            if byte == b'"' {
                return;
            }
            if self.ended || byte == b'\n' {
                self.syntax();
            }
            if byte == b'\\' {
                self.next(false);
            }
        }
    }

    fn import(&mut self) {
        match self.peek(true) {
            b'.' => self.held = 0,
            byte if is_ident(byte) => self.ident(),
            _ => {}
        }
        self.string();
    }
}

fn is_ident(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
