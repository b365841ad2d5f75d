//! Build constraints as expressions: both syntaxes read, Go's printed.
//!
//! Which comments of a file are constraints is for `leading.rs`; which tags hold is for
//! [`super::BuildContext`].

use std::fmt::{self, Display as _};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::chars::is_tag_char;

/// A build constraint expression (<https://pkg.go.dev/go/build/constraint#Expr>). In text and in
/// JSON it is what stands after `//go:build`.
///
/// Parsing groups chains to the left (`a && (b && c)` becomes `a && b && c`), so that printing and
/// parsing again gives the same value. Go counts parentheses as operands, and prints more of them
/// than are needed: what it prints of an expression near its limit of 1,000, it does not read. JSON
/// is read nonetheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A tag.
    Tag(String),
    /// `!x`.
    Not(Box<Expr>),
    /// `x && y`.
    And(Box<Expr>, Box<Expr>),
    /// `x || y`.
    Or(Box<Expr>, Box<Expr>),
}

const UNCLOSED: &str = "missing close paren";
const ENDED: &str = "unexpected end of expression";

/// Why a line is not a constraint, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ConstraintError {
    /// What is wrong.
    pub message: String,
    /// Byte offset in the expression.
    pub offset: usize,
}

/// How many operands a `//go:build` expression may have (Go's limit). It bounds the depth of every
/// [`Expr`] too.
pub(super) const MAX_OPERANDS: usize = 1000;

/// How many operands there may be in what is printed of an expression: its tags, a pair of
/// parentheses for each `&&` or `||`, and one for each `!`.
const MAX_PRINTED_OPERANDS: usize = 3 * MAX_OPERANDS;

/// How many operators a `// +build` line may have (Go's limit).
const MAX_OLD_OPERATORS: usize = 100;

impl Expr {
    /// Whether it holds, `holds` saying which tags do.
    pub fn eval(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Tag(tag) => holds(tag),
            Self::Not(x) => !x.eval(holds),
            Self::And(x, y) => x.eval(holds) && y.eval(holds),
            Self::Or(x, y) => x.eval(holds) || y.eval(holds),
        }
    }

    /// Calls `f` with each tag, in the order of the text, repeated ones too.
    pub fn each_tag<'a>(&'a self, f: &mut dyn FnMut(&'a str)) {
        match self {
            Self::Tag(tag) => f(tag),
            Self::Not(x) => x.each_tag(f),
            Self::And(x, y) | Self::Or(x, y) => {
                x.each_tag(f);
                y.each_tag(f);
            }
        }
    }

    /// Parses what stands after `//go:build`.
    ///
    /// # Errors
    /// Where Go refuses it: bad syntax, double negation, more than 1,000 operands.
    pub fn parse_go_build(text: &str) -> Result<Self, ConstraintError> {
        Parser::new(text, MAX_OPERANDS).run()
    }

    /// Parses what stands after `// +build` in one line: spaces are "or", commas "and". Words that
    /// are not tags never hold.
    ///
    /// # Errors
    /// More than 100 operators.
    pub fn parse_plus_build(text: &str) -> Result<Self, ConstraintError> {
        let mut operators = 0;
        let mut line: Option<Self> = None;
        for clause in text.split_whitespace() {
            let mut all: Option<Self> = None;
            for literal in clause.split(',') {
                operators += usize::from(all.is_some());
                all = Some(Self::join(all, old_literal(literal), Self::And));
            }
            operators += usize::from(line.is_some());
            line = all.map(|all| Self::join(line, all, Self::Or));
            if operators > MAX_OLD_OPERATORS {
                return Err(ConstraintError {
                    message: "expression too complex for // +build lines".to_owned(),
                    offset: 0,
                });
            }
        }
        Ok(line.unwrap_or_else(never))
    }

    /// `first && second`, chains grouped to the left.
    #[must_use]
    pub fn and(self, second: Self) -> Self {
        match second {
            Self::And(x, y) => Self::And(Box::new(self.and(*x)), y),
            second => Self::And(Box::new(self), Box::new(second)),
        }
    }

    /// `first || second`, chains grouped to the left.
    #[must_use]
    pub fn or(self, second: Self) -> Self {
        match second {
            Self::Or(x, y) => Self::Or(Box::new(self.or(*x)), y),
            second => Self::Or(Box::new(self), Box::new(second)),
        }
    }

    fn join(first: Option<Self>, second: Self, operator: fn(Box<Self>, Box<Self>) -> Self) -> Self {
        match first {
            Some(first) => operator(Box::new(first), Box::new(second)),
            None => second,
        }
    }

    /// Operand of `!`, `&&` or `||`: in parentheses where `needs` says so.
    fn fmt_operand(&self, f: &mut fmt::Formatter<'_>, needs: bool) -> fmt::Result {
        if !needs {
            return self.fmt(f);
        }
        f.write_str("(")?;
        self.fmt(f)?;
        f.write_str(")")
    }
}

/// The tag that Go puts where a `// +build` line makes no sense; no build sets it.
fn never() -> Expr {
    Expr::Tag("ignore".to_owned())
}

fn old_literal(literal: &str) -> Expr {
    if literal == "!" || literal.starts_with("!!") {
        return never();
    }
    let (negated, word) = literal
        .strip_prefix('!')
        .map_or((false, literal), |word| (true, word));
    let valid = !word.is_empty() && word.chars().all(is_tag_char);
    let tag = if valid {
        Expr::Tag(word.to_owned())
    } else {
        never()
    };
    if negated {
        Expr::Not(Box::new(tag))
    } else {
        tag
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Not(x) => {
                f.write_str("!")?;
                // Go prints `!!x` for `!(!x)`, which it does not read.
                x.fmt_operand(f, !matches!(**x, Self::Tag(_)))
            }
            Self::And(x, y) => {
                x.fmt_operand(f, matches!(**x, Self::Or(..)))?;
                f.write_str(" && ")?;
                y.fmt_operand(f, matches!(**y, Self::Or(..)))
            }
            Self::Or(x, y) => {
                x.fmt_operand(f, matches!(**x, Self::And(..)))?;
                f.write_str(" || ")?;
                y.fmt_operand(f, matches!(**y, Self::And(..)))
            }
        }
    }
}

impl FromStr for Expr {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, ConstraintError> {
        Self::parse_go_build(text)
    }
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Parser::new(&text, MAX_PRINTED_OPERANDS)
            .run()
            .map_err(serde::de::Error::custom)
    }
}

/// A parser with its own stack (input must not be able to exhaust the thread's) and one token of
/// lookahead.
struct Parser<'a> {
    text: &'a str,
    /// Offset of the first byte not yet in a token.
    next: usize,
    /// Current token, "" at the end.
    token: &'a str,
    is_tag: bool,
    /// Offset of the current token.
    start: usize,
    operands: usize,
    max_operands: usize,
    /// The levels around the current one.
    open: Vec<Level>,
    level: Level,
}

/// What is read of an expression, or of one in parentheses.
#[derive(Default)]
struct Level {
    /// Where its parenthesis is.
    start: usize,
    /// Whether `!` stands before the operand that is being read.
    negated: bool,
    /// The alternatives read.
    any: Option<Expr>,
    /// The operands of the last alternative.
    all: Option<Expr>,
}

impl Level {
    fn operand(&mut self, expr: Expr) {
        let expr = if std::mem::take(&mut self.negated) {
            Expr::Not(Box::new(expr))
        } else {
            expr
        };
        self.all = Some(match self.all.take() {
            Some(all) => all.and(expr),
            None => expr,
        });
    }

    fn alternative(&mut self) {
        self.any = match (self.any.take(), self.all.take()) {
            (Some(any), Some(all)) => Some(any.or(all)),
            (any, all) => any.or(all),
        };
    }
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, max_operands: usize) -> Self {
        let (open, level) = (Vec::new(), Level::default());
        Self {
            text,
            next: 0,
            token: "",
            is_tag: false,
            start: 0,
            operands: 0,
            max_operands,
            open,
            level,
        }
    }

    fn run(mut self) -> Result<Expr, ConstraintError> {
        loop {
            self.operand()?;
            while self.token == ")"
                && let Some(around) = self.open.pop()
            {
                self.level.alternative();
                let inner = std::mem::replace(&mut self.level, around);
                inner
                    .any
                    .into_iter()
                    .for_each(|expr| self.level.operand(expr));
                self.advance()?;
            }
            match self.token {
                "&&" => {}
                "||" => self.level.alternative(),
                _ => break,
            }
        }
        if !self.open.is_empty() {
            return Err(ConstraintError {
                message: UNCLOSED.to_owned(),
                offset: self.level.start,
            });
        }
        if !self.token.is_empty() {
            return Err(self.error_at_token(format!("unexpected token {}", self.token)));
        }
        self.level.alternative();
        self.level
            .any
            .take()
            .ok_or_else(|| self.error_at_token(ENDED.to_owned()))
    }

    /// Reads a tag, perhaps negated, with all parentheses that open before it.
    fn operand(&mut self) -> Result<(), ConstraintError> {
        loop {
            self.operands += 1;
            if self.operands > self.max_operands {
                return Err(self.error_at_token("build expression too large".to_owned()));
            }
            self.advance()?;
            if self.token == "!" {
                self.level.negated = true;
                self.advance()?;
                if self.token == "!" {
                    return Err(self.error_at_token("double negation not allowed".to_owned()));
                }
            }
            if self.token != "(" {
                break;
            }
            let inner = Level {
                start: self.start,
                ..Level::default()
            };
            self.open.push(std::mem::replace(&mut self.level, inner));
        }
        if self.is_tag {
            self.level.operand(Expr::Tag(self.token.to_owned()));
            return self.advance();
        }
        Err(self.error_at_token(match self.token {
            "" if self.open.is_empty() => ENDED.to_owned(),
            "" => UNCLOSED.to_owned(),
            token => format!("unexpected token {token}"),
        }))
    }

    /// Reads the next token.
    fn advance(&mut self) -> Result<(), ConstraintError> {
        let rest = self.text[self.next..].trim_start_matches([' ', '\t']);
        self.start = self.text.len() - rest.len();
        self.is_tag = false;
        let length = match rest.chars().next() {
            None => 0,
            Some('(' | ')' | '!') => 1,
            Some(c @ ('&' | '|')) if rest[1..].starts_with(c) => 2,
            Some(c) => {
                self.is_tag = true;
                match rest.find(|c| !is_tag_char(c)).unwrap_or(rest.len()) {
                    0 => return Err(self.error_at_token(format!("invalid syntax at {c}"))),
                    length => length,
                }
            }
        };
        self.token = &rest[..length];
        self.next = self.start + length;
        Ok(())
    }

    fn error_at_token(&self, message: String) -> ConstraintError {
        ConstraintError {
            message,
            offset: self.start,
        }
    }
}
