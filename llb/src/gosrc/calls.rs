//! Calls in a Go file that open files by a path written as a literal: `os.ReadFile("a.json")`.
//!
//! Tokens are enough for that: a name, a period, a name and a parenthesis make a call. Types are not
//! known, so a method counts by its name, in files that import the package that has it.

use std::ops::Range;

use super::head_range;
use super::imports::{self, RawImport};
use super::openers::{self, Effect, Form, Opener, OpenerPackage, Opens};
use super::places::Places;
use super::quoted::unquote;
use super::scanner::{BOM, Kind, Scanner, Token};
use crate::diag::Position;
use crate::limits;

/// How deep brackets are followed. What is deeper is not looked at.
const MAX_DEPTH: usize = 1000;

/// What the calls of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileCalls {
    /// Calls that open something, in the order of their paths.
    pub opened: Vec<Call>,
    /// Paths that are made or removed.
    pub written: Vec<String>,
    /// Whether there are more paths than [`limits::OPEN_FILE_PATHS`], or brackets are nested deeper
    /// than in any program: then what follows is left out.
    pub is_cut: bool,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// The function: `os.ReadFile`.
    pub function: String,
    /// What it takes the paths for.
    pub opens: Opens,
    /// The paths that are literals, in order.
    pub paths: Vec<CallPath>,
}

/// A path in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallPath {
    /// The path.
    pub path: String,
    /// Where the argument starts.
    pub start: Position,
    /// One past its last character.
    pub end: Position,
}

/// The calls in `text`, a Go file or the beginning of one. A file whose head is wrong has none: no
/// build takes it.
#[must_use]
pub fn file_calls(text: &[u8]) -> FileCalls {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    let range = head_range::of_go(text);
    let head = imports::parse(&text[..range.end]);
    let mut reader = Reader::new(text, range.end);
    for import in &head.imports {
        reader.import(import);
    }
    if range.nul.is_some() || reader.packages.is_empty() {
        return FileCalls::default();
    }
    reader.read();
    reader.finish()
}

/// A call as it is read.
struct RawCall {
    package: &'static str,
    opener: &'static Opener,
    effect: Effect,
    paths: Vec<RawPath>,
}

struct RawPath {
    text: Vec<u8>,
    range: Range<usize>,
}

/// A stretch in brackets.
struct Frame {
    role: Role,
    /// Which argument is read, from 0.
    argument: usize,
    /// What that is so far.
    value: Value,
    /// Its tokens so far, without what is in brackets.
    tokens: usize,
    /// Where it starts.
    start: usize,
    /// The last name in it.
    last_name: Range<usize>,
    /// Whether the flags of a call say that it only reads.
    reads_only: bool,
    paths: Vec<RawPath>,
}

enum Role {
    /// Anything else.
    Brackets,
    Opener(&'static str, &'static Opener),
    /// A function that makes one path of its arguments; false if one of them is not known.
    Joiner(bool),
}

/// What an argument is.
enum Value {
    Nothing,
    Text(Vec<u8>),
    /// A text and a `+`.
    Sum(Vec<u8>),
    Other,
}

/// A package under the name that the file has for it.
struct Named<'a> {
    name: &'a [u8],
    package: Option<&'static OpenerPackage>,
    import: &'a str,
}

struct Reader<'a> {
    text: &'a [u8],
    /// Where the text after the head starts.
    offset: usize,
    /// The packages that matter.
    packages: Vec<Named<'a>>,
    /// What the other packages are called: most likely, if the import does not say.
    others: Vec<&'a [u8]>,
    frames: Vec<Frame>,
    /// The last tokens, the latest first.
    before: [Option<Token>; 4],
    calls: Vec<RawCall>,
    /// How many paths there are.
    paths: usize,
    is_cut: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], offset: usize) -> Self {
        Self {
            text,
            offset,
            packages: Vec::new(),
            others: Vec::new(),
            frames: Vec::new(),
            before: [None; 4],
            calls: Vec::new(),
            paths: 0,
            is_cut: false,
        }
    }

    fn import(&mut self, import: &'a RawImport) {
        // What is imported by a period has no name before it: such calls are not seen.
        let written = import.name.clone().map(|range| self.words(&range));
        let package = openers::package(&import.path);
        let usual = package.map(|package| package.name);
        match usual.or(openers::joiners_name(&import.path)) {
            Some(usual) => self.packages.push(Named {
                name: written.unwrap_or(usual.as_bytes()),
                package,
                import: &import.path,
            }),
            None => self
                .others
                .push(written.unwrap_or(openers::likely_name(&import.path).as_bytes())),
        }
    }

    fn read(&mut self) {
        let body = &self.text[self.offset..];
        let mut scanner = Scanner::without_faults(body);
        loop {
            let mut token = scanner.token();
            token.start += self.offset;
            token.end += self.offset;
            match token.kind {
                Kind::End => return,
                Kind::Comment => continue,
                Kind::OpenParen => self.open(self.role(), token),
                Kind::Other if self.is(token, b"{") || self.is(token, b"[") => {
                    self.open(Role::Brackets, token);
                }
                Kind::CloseParen | Kind::CloseBrace => self.close(),
                Kind::Other if self.is(token, b"]") => self.close(),
                Kind::Comma => self.end_argument(),
                _ => self.word(token),
            }
            self.before.rotate_right(1);
            self.before[0] = Some(token);
            if self.frames.len() > MAX_DEPTH || self.paths > limits::OPEN_FILE_PATHS {
                self.is_cut = true;
                return;
            }
        }
    }

    fn is(&self, token: Token, text: &[u8]) -> bool {
        self.words(&(token.start..token.end)) == text
    }

    fn words(&self, range: &Range<usize>) -> &'a [u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// What a parenthesis after the last tokens opens.
    fn role(&self) -> Role {
        let [Some(name), Some(period), before, further] = self.before else {
            return Role::Brackets;
        };
        if name.kind != Kind::Ident || period.kind != Kind::Period {
            return Role::Brackets;
        }
        let name = self.words(&(name.start..name.end));
        let is_selected = further.is_some_and(|token| token.kind == Kind::Period);
        let qualifier = before.filter(|token| token.kind == Kind::Ident && !is_selected);
        let qualifier = qualifier.map(|token| self.words(&(token.start..token.end)));
        let named =
            qualifier.and_then(|name| self.packages.iter().find(|known| known.name == name));
        match (named, qualifier) {
            (Some(named), _) => named.role(name),
            (None, Some(qualifier)) if self.others.contains(&qualifier) => Role::Brackets,
            (None, _) => self.method(name),
        }
    }

    fn method(&self, name: &[u8]) -> Role {
        for named in &self.packages {
            if let Some(package) = named.package
                && let Some(opener) = package.find(name, Form::Method)
            {
                return Role::Opener(package.name, opener);
            }
        }
        Role::Brackets
    }

    fn open(&mut self, role: Role, token: Token) {
        self.frames.push(Frame {
            role,
            argument: 0,
            value: Value::Nothing,
            tokens: 0,
            start: token.end,
            last_name: 0..0,
            reads_only: false,
            paths: Vec::new(),
        });
    }

    /// A token of an argument.
    fn word(&mut self, token: Token) {
        let words = self.words(&(token.start..token.end));
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if frame.tokens == 0 {
            frame.start = token.start;
        }
        frame.tokens += 1;
        if token.kind == Kind::Ident {
            frame.last_name = token.start..token.end;
        }
        let is_plus = words == b"+";
        frame.value = match (
            std::mem::replace(&mut frame.value, Value::Other),
            token.kind,
        ) {
            (Value::Nothing, Kind::String) => unquote(words).map_or(Value::Other, Value::Text),
            (Value::Text(text), Kind::Other) if is_plus => Value::Sum(text),
            (Value::Sum(text), Kind::String) => match unquote(words) {
                Some(more) => Value::Text([text, more].concat()),
                None => Value::Other,
            },
            _ => Value::Other,
        };
    }

    fn end_argument(&mut self) {
        let end = self.before[0].map_or(0, |token| token.end);
        let text = self.text;
        if let Some(frame) = self.frames.last_mut() {
            let before = frame.paths.len();
            frame.end_argument(text, end);
            self.paths += frame.paths.len() - before;
        }
    }

    fn close(&mut self) {
        self.end_argument();
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let joined = frame.joined();
        if let Role::Opener(package, opener) = frame.role
            && !frame.paths.is_empty()
        {
            self.calls.push(RawCall {
                package,
                opener,
                effect: opener.effect_of(frame.reads_only),
                paths: frame.paths,
            });
        }
        if let Some(outer) = self.frames.last_mut() {
            // The call is all there is of the argument if no more than its name is before it.
            outer.value = match joined {
                Some(text) if outer.tokens == 3 => Value::Text(text),
                _ => Value::Other,
            };
            outer.tokens = outer.tokens.max(1);
        }
    }

    /// The calls with their places.
    fn finish(self) -> FileCalls {
        let mut calls = self.calls;
        calls.sort_by_key(|call| call.paths.first().map(|path| path.range.start));
        let mut found = FileCalls {
            is_cut: self.is_cut,
            ..FileCalls::default()
        };
        let mut places = Places::new(self.text);
        for call in calls {
            let mut paths = Vec::new();
            for RawPath { text, range } in call.paths {
                // No image has a path that is not UTF-8. A text with a line end is no path.
                let Ok(path) = String::from_utf8(text) else {
                    continue;
                };
                if path.is_empty() || path.len() > limits::PATH || path.contains(['\n', '\0']) {
                    continue;
                }
                let (start, end) = (places.at(range.start), places.at(range.end));
                paths.push(CallPath { path, start, end });
            }
            match call.effect {
                Effect::Opens(opens) if !paths.is_empty() => found.opened.push(Call {
                    function: format!("{}.{}", call.package, call.opener.name),
                    opens,
                    paths,
                }),
                Effect::Opens(_) => {}
                Effect::Writes | Effect::ByFlags => {
                    found
                        .written
                        .extend(paths.into_iter().map(|path| path.path));
                }
            }
        }
        found
    }
}

impl Named<'_> {
    /// What a call of a function of the package is.
    fn role(&self, name: &[u8]) -> Role {
        if let Some(package) = self.package
            && let Some(opener) = package.find(name, Form::Function)
        {
            return Role::Opener(package.name, opener);
        }
        let is_joiner =
            std::str::from_utf8(name).is_ok_and(|name| openers::is_joiner(self.import, name));
        if is_joiner {
            Role::Joiner(true)
        } else {
            Role::Brackets
        }
    }
}

impl OpenerPackage {
    fn find(&self, name: &[u8], form: Form) -> Option<&'static Opener> {
        let mut openers = self.openers.iter();
        openers.find(|opener| {
            opener.name.as_bytes() == name && (opener.form == form || opener.form == Form::Both)
        })
    }
}

impl Opener {
    /// What a call does, where its flags may decide.
    fn effect_of(&self, reads_only: bool) -> Effect {
        match self.effect {
            Effect::ByFlags if reads_only => Effect::Opens(Opens::File),
            effect => effect,
        }
    }
}

impl Frame {
    /// Ends the argument that is read, whose last token ends at `end`.
    fn end_argument(&mut self, text: &[u8], end: usize) {
        let value = std::mem::replace(&mut self.value, Value::Nothing);
        let range = self.start.min(end)..end;
        match (&mut self.role, value) {
            (Role::Opener(_, opener), Value::Text(text)) if opener.paths.has(self.argument) => {
                self.paths.push(RawPath { text, range });
            }
            (Role::Opener(_, opener), _) if opener.effect == Effect::ByFlags => {
                let flag = text.get(self.last_name.clone()).unwrap_or_default();
                self.reads_only |= self.argument == 1
                    && match self.tokens {
                        1 => text.get(range) == Some(b"0"),
                        3 => flag == b"O_RDONLY",
                        _ => false,
                    };
            }
            (Role::Joiner(_), Value::Text(text)) => self.paths.push(RawPath { text, range }),
            (Role::Joiner(_), Value::Nothing) => {}
            (Role::Joiner(is_known), _) => *is_known = false,
            _ => {}
        }
        self.argument += 1;
        self.tokens = 0;
        self.last_name = 0..0;
        self.start = end;
    }

    /// The path that a joiner makes.
    fn joined(&self) -> Option<Vec<u8>> {
        if !matches!(self.role, Role::Joiner(true)) || self.paths.is_empty() {
            return None;
        }
        let parts: Vec<&[u8]> = self.paths.iter().map(|path| path.text.as_slice()).collect();
        Some(parts.join(&b'/'))
    }
}
