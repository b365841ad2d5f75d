//! The grammar of a head: package clause and import declarations, with the comments that document
//! them.

use std::ops::Range;

use super::chars::is_graphic;
use super::quoted::unquote;
use super::scanner::{Fault, Kind, Scanner, Token};

/// A package clause and what follows it.
#[derive(Default)]
pub(super) struct Head {
    /// Range of the package's name; `None` where the clause is wrong.
    pub(super) package: Option<Range<usize>>,
    /// Imports in source order; none where there is a fault.
    pub(super) imports: Vec<RawImport>,
    /// The first thing wrong.
    pub(super) fault: Option<Fault>,
}

/// One import.
pub(super) struct RawImport {
    pub(super) path: String,
    /// Where its name or, without one, its path starts.
    pub(super) offset: usize,
    /// Its name, `_` and `.` included.
    pub(super) name: Option<Range<usize>>,
    /// The comments right above it, kept for "C" only.
    pub(super) doc: Vec<Range<usize>>,
}

/// Parses `text`, the head of a Go file as the extent's reader cut it.
pub(super) fn parse(text: &[u8]) -> Head {
    let mut parser = Parser::new(text);
    let mut head = Head::default();
    let package = parser.package();
    if parser.scanner.faults.is_empty() {
        head.package = package.ok();
        while parser.token.kind == Kind::Import {
            if parser.declaration(&mut head.imports).is_err() {
                break;
            }
        }
    }
    head.fault = std::mem::take(&mut parser.scanner.faults)
        .into_iter()
        .min_by_key(|fault| fault.offset)
        .or(parser.bad_path);
    if head.fault.is_some() {
        head.imports.clear();
    }
    head
}

/// The parser stops at its first fault, which it leaves among the scanner's.
struct Stop;

struct Parser<'a> {
    text: &'a [u8],
    scanner: Scanner<'a>,
    token: Token,
    /// The comments that end on the line above the current token.
    lead: Vec<Range<usize>>,
    /// The first import path that no package can have. Go looks for it after all grammar.
    bad_path: Option<Fault>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a [u8]) -> Self {
        let token = Token {
            kind: Kind::Illegal,
            start: 0,
            end: 0,
            line: 0,
        };
        let mut parser = Self {
            text,
            scanner: Scanner::new(text),
            token,
            lead: Vec::new(),
            bad_path: None,
        };
        parser.advance();
        parser
    }

    /// Moves to the next token that is not a comment and finds its lead comments: a group that ends
    /// on the line above it and starts on no token's line.
    fn advance(&mut self) {
        let line = self.token.line;
        self.lead.clear();
        self.token = self.scanner.token();
        if self.token.kind != Kind::Comment {
            return;
        }
        if self.token.line == line {
            self.group(0);
        }
        let mut end = None;
        while self.token.kind == Kind::Comment {
            end = Some(self.group(1));
        }
        if end.is_none_or(|end| end + 1 != self.token.line) {
            self.lead.clear();
        }
    }

    /// Takes comments with no more than `gap` line ends between them into `lead`; the line where
    /// the last one ends.
    fn group(&mut self, gap: u32) -> u32 {
        self.lead.clear();
        let mut end = self.token.line;
        while self.token.kind == Kind::Comment && self.token.line <= end + gap {
            let range = self.token.start..self.token.end;
            let breaks = self.text[range.clone()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            end = self.token.line + u32::try_from(breaks).unwrap_or(u32::MAX / 2);
            self.lead.push(range);
            self.token = self.scanner.token();
        }
        end
    }

    fn words(&self, token: Token) -> String {
        String::from_utf8_lossy(&self.text[token.start..token.end]).into_owned()
    }

    /// Records a fault at the current token, unless its line has one.
    fn stop(&mut self, message: String) -> Stop {
        let here = self.token.start;
        let same_line = |fault: &Fault| {
            let (from, to) = (fault.offset.min(here), fault.offset.max(here));
            !self.text[from..to].contains(&b'\n')
        };
        if !self.scanner.faults.last().is_some_and(same_line) {
            self.scanner.faults.push(Fault {
                offset: here,
                message,
            });
        }
        Stop
    }

    fn unexpected(&mut self, expected: &str) -> Stop {
        let found = match self.token.kind {
            Kind::Newline => "newline".to_owned(),
            Kind::End => "'EOF'".to_owned(),
            Kind::Illegal => "'ILLEGAL'".to_owned(),
            Kind::Ident | Kind::String | Kind::Literal => self.words(self.token),
            _ => format!("'{}'", self.words(self.token)),
        };
        self.stop(format!("expected {expected}, found {found}"))
    }

    fn expect(&mut self, kind: Kind, name: &str) -> Result<(), Stop> {
        if self.token.kind != kind {
            return Err(self.unexpected(name));
        }
        self.advance();
        Ok(())
    }

    fn semicolon(&mut self) -> Result<(), Stop> {
        match self.token.kind {
            Kind::CloseParen | Kind::CloseBrace => Ok(()),
            Kind::Semicolon | Kind::Newline => {
                self.advance();
                Ok(())
            }
            _ => Err(self.unexpected("';'")),
        }
    }

    fn package(&mut self) -> Result<Range<usize>, Stop> {
        if !self.scanner.faults.is_empty() {
            return Err(Stop);
        }
        self.expect(Kind::Package, "'package'")?;
        let name = self.token.start..self.token.end;
        self.expect(Kind::Ident, "'IDENT'")?;
        self.semicolon()?;
        Ok(name)
    }

    fn declaration(&mut self, imports: &mut Vec<RawImport>) -> Result<(), Stop> {
        let doc = std::mem::take(&mut self.lead);
        self.advance();
        if self.token.kind != Kind::OpenParen {
            return self.import(doc, imports);
        }
        self.advance();
        let before = imports.len();
        while !matches!(self.token.kind, Kind::CloseParen | Kind::End) {
            let lead = std::mem::take(&mut self.lead);
            self.import(lead, imports)?;
        }
        if let [only] = &mut imports[before..]
            && only.doc.is_empty()
            && only.path == "C"
        {
            only.doc = doc;
        }
        self.expect(Kind::CloseParen, "')'")?;
        self.semicolon()
    }

    fn import(&mut self, doc: Vec<Range<usize>>, imports: &mut Vec<RawImport>) -> Result<(), Stop> {
        let offset = self.token.start;
        let mut name = None;
        if matches!(self.token.kind, Kind::Ident | Kind::Period) {
            name = Some(self.token.start..self.token.end);
            self.advance();
        }
        let text = self.text;
        let literal = &text[self.token.start..self.token.end];
        match self.token.kind {
            Kind::String => self.advance(),
            Kind::Literal | Kind::Ident => {
                return Err(self.stop("import path must be a string".to_owned()));
            }
            _ => return Err(self.stop("missing import path".to_owned())),
        }
        self.semicolon()?;
        // A literal that the scanner found wrong has its fault already.
        let path = unquote(literal).unwrap_or_default();
        let path = String::from_utf8(path)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        if !is_valid_path(&path) {
            let fault = Fault {
                offset,
                message: format!("invalid import path: {path}"),
            };
            self.bad_path.get_or_insert(fault);
        }
        let doc = if path == "C" { doc } else { Vec::new() };
        imports.push(RawImport {
            path,
            offset,
            name,
            doc,
        });
        Ok(())
    }
}

fn is_valid_path(path: &str) -> bool {
    const ILLEGAL: &str = "!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}";
    !path.is_empty()
        && path
            .chars()
            .all(|c| is_graphic(c) && !c.is_whitespace() && !ILLEGAL.contains(c))
}
