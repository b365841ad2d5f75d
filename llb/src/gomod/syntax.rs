//! Lines, blocks, comments and tokens of mod files, each with its position.
//!
//! Nothing is dropped: [`File`] holds every token and every comment. What a line means is
//! [`super::modfile`]'s and [`super::workfile`]'s.

use super::decode::decode;
use super::lex::{LexError, lex};
pub use super::lex::{Token, TokenKind};
use crate::diag::{Diagnostic, Position, Span};

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// As written, from `//` to the line's end. Empty stands for a blank line inside a block.
    pub text: String,
    /// Its first slash.
    pub start: Position,
}

impl Comment {
    /// The words after `//`, trimmed; nothing for a blank line.
    pub(crate) fn words(&self) -> Option<&str> {
        self.text.strip_prefix("//").map(str::trim)
    }
}

/// One line of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whole-line comments right above; in a block also the blank lines.
    pub before: Vec<Comment>,
    /// At least one; in a block without the block's verb.
    pub tokens: Vec<Token>,
    /// The comment at its end.
    pub suffix: Option<Comment>,
}

impl Line {
    /// From the first token to the last.
    pub(crate) fn span(&self, file: &str) -> Span {
        let start = self
            .tokens
            .first()
            .map(|token| token.start)
            .unwrap_or_default();
        let end = self.tokens.last().map_or(start, |token| token.end);
        Span::new(file, start, end)
    }
}

/// A parenthesis of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paren {
    /// Whole-line comments and blank lines above a closing one, below the last line.
    pub before: Vec<Comment>,
    /// Where it stands.
    pub at: Position,
    /// The comment after it.
    pub suffix: Option<Comment>,
}

/// `verb (`, lines, `)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Whole-line comments right above.
    pub before: Vec<Comment>,
    /// What stands before the parenthesis: one word in a valid file.
    pub head: Vec<Token>,
    /// `(`
    pub open: Paren,
    /// The lines inside.
    pub lines: Vec<Line>,
    /// `)`
    pub close: Paren,
}

/// What stands at the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Comments with a blank line, or the end of the file, below.
    Comments(Vec<Comment>),
    /// A line of its own.
    Line(Line),
    /// A block.
    Block(Block),
}

/// A mod file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct File {
    /// In the order of the file.
    pub statements: Vec<Statement>,
}

/// Splits the text of the mod file named `file` into lines and blocks. The first error ends the
/// reading (as it does for the go command): then the statements before it are returned with it.
pub fn parse(file: &str, text: &[u8]) -> (File, Option<Diagnostic>) {
    let (tokens, lex_error) = lex(&decode(text));
    let mut parser = Parser { tokens, at: 0 };
    let mut parsed = File::default();
    let stop = parser.file(file, &mut parsed).err();
    let error = stop.map(|stop| match (stop, lex_error) {
        (Stop::Tokens, Some(LexError { at, message, help })) => {
            let error = Diagnostic::error(message).at(Span::at(file, at));
            if let Some(help) = help {
                error.help(help)
            } else {
                error
            }
        }
        (Stop::Tokens, None) => {
            Diagnostic::error("unexpected end of file").at(Span::at(file, Position::default()))
        }
        (Stop::Syntax(error), _) => error,
    });
    (parsed, error)
}

/// Why reading ended early.
enum Stop {
    /// The lexer failed at this point.
    Tokens,
    Syntax(Diagnostic),
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Result<&Token, Stop> {
        self.tokens.get(self.at).ok_or(Stop::Tokens)
    }

    /// Takes the next token. The end of the file can be taken any number of times.
    fn next(&mut self) -> Result<Token, Stop> {
        let token = self.peek()?.clone();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        // The go command reads one token ahead: an error in the next one hides what this one would
        // have said.
        self.peek()?;
        Ok(token)
    }

    fn file(&mut self, name: &str, file: &mut File) -> Result<(), Stop> {
        let mut comments = Vec::new();
        loop {
            match self.peek()?.kind {
                TokenKind::Newline | TokenKind::End => {
                    if !comments.is_empty() {
                        file.statements
                            .push(Statement::Comments(std::mem::take(&mut comments)));
                    }
                    if self.next()?.kind == TokenKind::End {
                        return Ok(());
                    }
                }
                TokenKind::Comment | TokenKind::Suffix => comments.push(comment(self.next()?)),
                TokenKind::Word | TokenKind::Quoted | TokenKind::Mark(_) => {
                    let mut statement = self.statement(name)?;
                    match &mut statement {
                        Statement::Line(Line { before, .. })
                        | Statement::Block(Block { before, .. }) => {
                            *before = std::mem::take(&mut comments);
                        }
                        Statement::Comments(_) => {}
                    }
                    file.statements.push(statement);
                }
            }
        }
    }

    /// A line, or a block if the line ends with `(` or `()`. Elsewhere in a line parentheses are
    /// ordinary tokens.
    fn statement(&mut self, name: &str) -> Result<Statement, Stop> {
        let mut tokens = vec![self.next()?];
        loop {
            let token = self.next()?;
            if token.kind.ends_line() {
                return Ok(Statement::Line(Line {
                    before: Vec::new(),
                    tokens,
                    suffix: suffix(token),
                }));
            }
            if token.kind == TokenKind::Mark('(') {
                let next = self.peek()?.kind;
                if next.ends_line() {
                    return self.block(name, tokens, token.start).map(Statement::Block);
                }
                if next == TokenKind::Mark(')') {
                    let close = self.next()?;
                    if self.peek()?.kind.ends_line() {
                        let open = Paren {
                            before: Vec::new(),
                            at: token.start,
                            suffix: None,
                        };
                        let close = Paren {
                            before: Vec::new(),
                            at: close.start,
                            suffix: suffix(self.next()?),
                        };
                        return Ok(Statement::Block(Block {
                            before: Vec::new(),
                            head: tokens,
                            open,
                            lines: Vec::new(),
                            close,
                        }));
                    }
                    tokens.extend([token, close]);
                    continue;
                }
            }
            tokens.push(token);
        }
    }

    /// The rest of a block whose `(` was just taken.
    fn block(&mut self, name: &str, head: Vec<Token>, open: Position) -> Result<Block, Stop> {
        let mut open = Paren {
            before: Vec::new(),
            at: open,
            suffix: None,
        };
        let mut lines: Vec<Line> = Vec::new();
        let mut comments: Vec<Comment> = Vec::new();
        loop {
            let (kind, start) = (self.peek()?.kind, self.peek()?.start);
            match kind {
                TokenKind::Suffix => open.suffix = suffix(self.next()?),
                TokenKind::Newline => {
                    self.next()?;
                    let keep = comments
                        .last()
                        .map_or(!lines.is_empty(), |last| !last.text.is_empty());
                    if keep {
                        comments.push(Comment {
                            text: String::new(),
                            start,
                        });
                    }
                }
                TokenKind::Comment => comments.push(comment(self.next()?)),
                TokenKind::End => return Err(unterminated(name, &head, start)),
                TokenKind::Mark(')') => {
                    self.next()?;
                    let next = self.peek()?;
                    if !next.kind.ends_line() {
                        return Err(after_close(name, next));
                    }
                    let close = Paren {
                        before: comments,
                        at: start,
                        suffix: suffix(self.next()?),
                    };
                    return Ok(Block {
                        before: Vec::new(),
                        head,
                        open,
                        lines,
                        close,
                    });
                }
                TokenKind::Word | TokenKind::Quoted | TokenKind::Mark(_) => {
                    let before = std::mem::take(&mut comments);
                    lines.push(self.line(before)?);
                }
            }
        }
    }

    fn line(&mut self, before: Vec<Comment>) -> Result<Line, Stop> {
        let mut tokens = vec![self.next()?];
        loop {
            let token = self.next()?;
            if token.kind.ends_line() {
                return Ok(Line {
                    before,
                    tokens,
                    suffix: suffix(token),
                });
            }
            tokens.push(token);
        }
    }
}

fn comment(token: Token) -> Comment {
    Comment {
        text: token.text,
        start: token.start,
    }
}

fn suffix(end_of_line: Token) -> Option<Comment> {
    (end_of_line.kind == TokenKind::Suffix).then(|| comment(end_of_line))
}

fn unterminated(name: &str, head: &[Token], end: Position) -> Stop {
    let start = head.first().map(|token| token.start).unwrap_or_default();
    let message = format!(
        "syntax error (unterminated block started at {name}:{}:{})",
        start.line, start.column
    );
    Stop::Syntax(
        Diagnostic::error(message)
            .at(Span::at(name, end))
            .help("close the block with a line of `)`"),
    )
}

fn after_close(name: &str, next: &Token) -> Stop {
    let error = Diagnostic::error("syntax error (expected newline after closing paren)");
    // Where the go command says it is: behind what should not be there.
    Stop::Syntax(
        error
            .at(Span::at(name, next.end))
            .help("put what follows `)` on a line of its own"),
    )
}
