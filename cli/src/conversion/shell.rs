//! Shell commands as `RUN` has them: words, simple commands, `if` and `for`. Other commands are kept
//! as the words in them.

use std::ops::Range;

use super::word::{Piece, Word, name_of, word};

/// A command with its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Simple {
    /// Variables that are set before it, or by it if it has no words.
    pub(crate) assigns: Vec<(String, Word)>,
    /// Its words, without redirections.
    pub(crate) words: Vec<Word>,
    /// The words behind `>` and `>>`.
    pub(crate) outputs: Vec<Word>,
    /// Where it stands.
    pub(crate) span: Range<usize>,
    /// Whether its output goes into another command, or another's comes in.
    pub(crate) piped: bool,
}

/// One command of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A command with its words.
    Simple(Simple),
    /// `if`, with the branches and, last, what `else` has.
    If {
        /// Condition and commands of each branch.
        branches: Vec<(Vec<Node>, Vec<Node>)>,
        /// The commands behind `else`.
        otherwise: Vec<Node>,
        /// Where it stands.
        span: Range<usize>,
    },
    /// `for NAME in WORDS`.
    For {
        /// The variable.
        name: String,
        /// The words.
        words: Vec<Word>,
        /// What is done for each.
        body: Vec<Node>,
        /// Where it stands.
        span: Range<usize>,
    },
    /// Commands in braces or parentheses.
    Group(Vec<Node>, Range<usize>),
    /// `case`, `while`, a function, with all words in it: not looked into.
    Other(Vec<Word>, Range<usize>),
}

impl Node {
    /// Where it stands.
    pub(crate) fn span(&self) -> Range<usize> {
        match self {
            Self::Simple(simple) => simple.span.clone(),
            Self::If { span, .. }
            | Self::For { span, .. }
            | Self::Group(_, span)
            | Self::Other(_, span) => span.clone(),
        }
    }

    /// Calls `see` for every simple command in it.
    pub(crate) fn visit<'n>(&'n self, see: &mut dyn FnMut(&'n Simple)) {
        let mut lists: Vec<&'n [Node]> = Vec::new();
        match self {
            Self::Simple(simple) => see(simple),
            Self::If {
                branches,
                otherwise,
                ..
            } => {
                for (condition, body) in branches {
                    lists.extend([condition.as_slice(), body.as_slice()]);
                }
                lists.push(otherwise);
            }
            Self::For { body, .. } | Self::Group(body, _) => lists.push(body),
            Self::Other(..) => {}
        }
        for node in lists.into_iter().flatten() {
            node.visit(see);
        }
    }
}

/// How deep commands may be nested.
const DEPTH: usize = 20;

/// Reads a list of commands. Line continuations must be blanks already.
pub(crate) fn parse(text: &str) -> Vec<Node> {
    let mut parser = Parser {
        tokens: lex(text),
        at: 0,
        depth: 0,
    };
    let mut nodes = Vec::new();
    while parser.at < parser.tokens.len() {
        let before = parser.at;
        nodes.extend(parser.list(&[]));
        if parser.at == before {
            // A word that closes what was not opened.
            parser.at += 1;
        }
    }
    nodes
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(Word),
    /// `&&`, `||`, `;`, `;;`, `&`, `|`, `(`, `)`, a line's end; or a redirection.
    Op(&'static str, Range<usize>),
}

impl Token {
    fn span(&self) -> Range<usize> {
        match self {
            Self::Word(word) => word.span.clone(),
            Self::Op(_, span) => span.clone(),
        }
    }
}

/// Operators, longer ones first.
const OPERATORS: [&str; 15] = [
    "&&", "||", ";;", "<<<", "<<-", "<<", ">>", ">&", "&>", ";", "&", "|", "(", ")", "\n",
];
const REDIRECTIONS: [&str; 8] = ["<", ">", ">>", ">&", "&>", "<<", "<<-", "<<<"];

fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c == ' ' || c == '\t' || c == '\r' {
            at += 1;
        } else if c == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(op) = operator(rest) {
            tokens.push(Token::Op(op, at..at + op.len()));
            at += op.len();
        } else {
            let (word, end) = word(text, at, true);
            at = end.max(at + c.len_utf8());
            // A number before a redirection belongs to that.
            let is_number = word.plain().is_some_and(|text| {
                text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_digit())
            });
            if !(is_number && text[at..].starts_with(['<', '>'])) {
                tokens.push(Token::Word(word));
            }
        }
    }
    tokens
}

fn operator(rest: &str) -> Option<&'static str> {
    let found = OPERATORS.into_iter().find(|op| rest.starts_with(op));
    found.or_else(|| ["<", ">"].into_iter().find(|op| rest.starts_with(op)))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    /// The keyword at the current place: a word that is plain text.
    fn keyword(&self) -> Option<&str> {
        match self.tokens.get(self.at)? {
            Token::Word(word) => word.plain(),
            Token::Op(op, _) if *op == "(" || *op == ")" => Some(op),
            Token::Op(..) => None,
        }
    }

    fn start(&self) -> usize {
        self.tokens
            .get(self.at)
            .map_or(0, |token| token.span().start)
    }

    fn end(&self) -> usize {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.map_or(0, |token| token.span().end)
    }

    /// Commands up to a keyword of `until`, which stays.
    fn list(&mut self, until: &[&str]) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut piped = false;
        while let Some(token) = self.tokens.get(self.at) {
            if let Token::Op(op, _) = token
                && !["(", ")"].contains(op)
                && !REDIRECTIONS.contains(op)
            {
                piped = *op == "|";
                if piped && let Some(Node::Simple(simple)) = nodes.last_mut() {
                    simple.piped = true;
                }
                self.at += 1;
                continue;
            }
            let ends = self.keyword().is_some_and(|word| until.contains(&word));
            if ends || self.keyword() == Some(")") {
                break;
            }
            let before = self.at;
            let mut node = self.command();
            if let Node::Simple(simple) = &mut node {
                simple.piped |= piped;
            }
            nodes.push(node);
            self.at = self.at.max(before + 1);
        }
        nodes
    }

    fn command(&mut self) -> Node {
        let start = self.start();
        self.depth += 1;
        let node = match self.keyword() {
            _ if self.depth > DEPTH => self.other(start, &[]),
            Some("if") => self.conditional(start),
            Some("for") => self.each(start),
            Some("case") => self.other(start, &["esac"]),
            Some("while" | "until") => self.other(start, &["done"]),
            Some("{") => self.group(start, "}"),
            Some("(") => self.group(start, ")"),
            _ => self.simple(start),
        };
        self.depth -= 1;
        node
    }

    fn group(&mut self, start: usize, closes: &str) -> Node {
        self.at += 1;
        let body = self.list(&[closes]);
        self.at += 1;
        Node::Group(body, start..self.end())
    }

    fn conditional(&mut self, start: usize) -> Node {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let word = self.keyword().unwrap_or("fi").to_owned();
            self.at += 1;
            match word.as_str() {
                "if" | "elif" => {
                    let condition = self.list(&["then", "fi"]);
                    if self.keyword() == Some("then") {
                        self.at += 1;
                    }
                    let body = self.list(&["elif", "else", "fi"]);
                    branches.push((condition, body));
                }
                "else" => otherwise = self.list(&["fi"]),
                _ => break,
            }
        }
        Node::If {
            branches,
            otherwise,
            span: start..self.end(),
        }
    }

    fn each(&mut self, start: usize) -> Node {
        self.at += 1;
        let name = self.keyword().unwrap_or_default().to_owned();
        self.at += 1;
        if self.keyword() == Some("in") {
            self.at += 1;
        }
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.get(self.at) {
            words.push(word.clone());
            self.at += 1;
        }
        while let Some(Token::Op(..)) = self.tokens.get(self.at) {
            self.at += 1;
        }
        if self.keyword() == Some("do") {
            self.at += 1;
        }
        let body = self.list(&["done"]);
        self.at += 1;
        Node::For {
            name,
            words,
            body,
            span: start..self.end(),
        }
    }

    /// Skips to the keyword that closes it, or to the end.
    fn other(&mut self, start: usize, closes: &[&str]) -> Node {
        let opener = self.keyword().unwrap_or_default().to_owned();
        let mut depth = 0;
        let mut words = Vec::new();
        while let Some(token) = self.tokens.get(self.at) {
            if let Token::Word(word) = token {
                words.push(word.clone());
            }
            let word = self.keyword().unwrap_or_default().to_owned();
            self.at += 1;
            if word == opener {
                depth += 1;
            }
            if closes.contains(&word.as_str()) {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
        }
        Node::Other(words, start..self.end())
    }

    fn simple(&mut self, start: usize) -> Node {
        let mut simple = Simple::default();
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Word(word) => {
                    if simple.words.is_empty()
                        && let Some(assign) = assignment(word)
                    {
                        simple.assigns.push(assign);
                    } else {
                        simple.words.push(word.clone());
                    }
                    self.at += 1;
                }
                Token::Op(op, _) if REDIRECTIONS.contains(op) => {
                    let is_output = op.contains('>');
                    self.at += 1;
                    if let Some(Token::Word(word)) = self.tokens.get(self.at) {
                        if is_output {
                            simple.outputs.push(word.clone());
                        }
                        self.at += 1;
                    }
                }
                Token::Op("(", _) if simple.words.len() == 1 => {
                    // A function: its body follows.
                    return self.other(start, &["}"]);
                }
                Token::Op(..) => break,
            }
        }
        simple.span = start..self.end();
        Node::Simple(simple)
    }
}

/// A word `NAME=value`, as an assignment.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Text(first)) = word.pieces.first() else {
        return None;
    };
    let name = name_of(first);
    let starts_right = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = first[name.len()..].strip_prefix('=')?;
    if !starts_right {
        return None;
    }
    let mut pieces = vec![Piece::Text(rest.to_owned())];
    pieces.extend(word.pieces[1..].iter().cloned());
    let value = Word {
        pieces,
        span: word.span.clone(),
    };
    Some((name.to_owned(), value))
}
