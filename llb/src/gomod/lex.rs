//! Bytes of a mod file to tokens with positions. What they mean, and how they group into lines, is
//! [`super::syntax`]'s.

use super::printable::is_printable;
use super::quote::quote_char;
use crate::diag::Position;
use crate::limits;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A bare word.
    Word,
    /// A string in double or back quotes, quotes included.
    Quoted,
    /// One of `( ) [ ] { } ,`.
    Mark(char),
    /// A comment that is alone on its line, without its line end.
    Comment,
    /// A comment after other tokens of its line, without its line end. Ends the line.
    Suffix,
    /// The end of a line.
    Newline,
    /// The end of the file; always the last token.
    End,
}

impl TokenKind {
    /// Whether a line of tokens ends here.
    pub(crate) fn ends_line(self) -> bool {
        matches!(self, Self::Suffix | Self::Newline | Self::End)
    }
}

/// A token, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, as in the file.
    pub text: String,
    /// Its first character.
    pub start: Position,
    /// One past its last character.
    pub end: Position,
}

/// Where and why the text stops being tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LexError {
    pub(super) at: Position,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

/// The tokens of `text`, up to the first error if there is one. Without an error the last is
/// [`TokenKind::End`].
pub(super) fn lex(text: &str) -> (Vec<Token>, Option<LexError>) {
    let mut lexer = Lexer {
        rest: text,
        position: Position::new(1, 1),
        line_is_blank: true,
    };
    let mut tokens = Vec::new();
    loop {
        match lexer.token() {
            Ok(token) if tokens.len() == limits::MOD_TOKENS => {
                let message = format!(
                    "more than {} words and lines, gowork's limit for a mod file",
                    limits::MOD_TOKENS
                );
                return (
                    tokens,
                    Some(LexError {
                        at: token.start,
                        message,
                        help: None,
                    }),
                );
            }
            Ok(token) => {
                let last = token.kind == TokenKind::End;
                tokens.push(token);
                if last {
                    return (tokens, None);
                }
            }
            Err(error) => return (tokens, Some(error)),
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    position: Position,
    /// No token yet on this line: a comment here is a whole-line one.
    line_is_blank: bool,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn advance(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        if c == '\n' {
            self.position = Position::new(self.position.line + 1, 1);
        } else {
            self.position.column += 1;
        }
        Some(c)
    }

    fn fail<T>(
        &self,
        message: impl Into<String>,
        help: Option<&'static str>,
    ) -> Result<T, LexError> {
        Err(LexError {
            at: self.position,
            message: message.into(),
            help,
        })
    }

    fn token(&mut self) -> Result<Token, LexError> {
        while let Some(' ' | '\t' | '\r') = self.peek() {
            self.advance();
        }
        let (start, before) = (self.position, self.rest);
        let kind = self.scan()?;
        let mut text = &before[..before.len() - self.rest.len()];
        if matches!(kind, TokenKind::Comment | TokenKind::Suffix) {
            text = text
                .strip_suffix("\r\n")
                .or_else(|| text.strip_suffix('\n'))
                .unwrap_or(text);
        }
        // A comment's newline belongs to its token, yet its end is on its own line.
        let end = match kind {
            TokenKind::Comment | TokenKind::Suffix => Position::new(
                start.line,
                start.column.saturating_add(text.chars().count() as u32),
            ),
            _ => self.position,
        };
        self.line_is_blank = matches!(
            kind,
            TokenKind::Newline | TokenKind::Comment | TokenKind::Suffix
        );
        Ok(Token {
            kind,
            text: text.to_owned(),
            start,
            end,
        })
    }

    /// Moves past one token.
    fn scan(&mut self) -> Result<TokenKind, LexError> {
        if self.rest.starts_with("//") {
            while self.advance().is_some_and(|c| c != '\n') {}
            return Ok(if self.line_is_blank {
                TokenKind::Comment
            } else {
                TokenKind::Suffix
            });
        }
        self.no_block_comment()?;
        let Some(c) = self.peek() else {
            return Ok(TokenKind::End);
        };
        match c {
            '\n' => {
                self.advance();
                Ok(TokenKind::Newline)
            }
            '(' | ')' | '[' | ']' | '{' | '}' | ',' => {
                self.advance();
                Ok(TokenKind::Mark(c))
            }
            '"' | '`' => self.quoted(c),
            c if is_word(c) => self.word(),
            c => {
                let help =
                    (c == '\u{feff}').then_some("save the file as UTF-8 without a byte order mark");
                self.fail(
                    format!("unexpected input character {}", quote_char(c)),
                    help,
                )
            }
        }
    }

    fn no_block_comment(&self) -> Result<(), LexError> {
        if self.rest.starts_with("/*") {
            return self.fail(
                "mod files must use // comments (not /* */ comments)",
                Some("begin each line of the comment with //"),
            );
        }
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<TokenKind, LexError> {
        let start = self.position;
        let unfinished = || {
            let message = "unexpected EOF in string".to_owned();
            Err(LexError {
                at: start,
                message,
                help: Some("close the string that begins here"),
            })
        };
        self.advance();
        loop {
            match self.peek() {
                None => return unfinished(),
                Some('\n') => {
                    return self.fail(
                        "unexpected newline in string",
                        Some("close the string on the line it begins on"),
                    );
                }
                Some(_) => {}
            }
            match self.advance() {
                Some(c) if c == quote => return Ok(TokenKind::Quoted),
                // An escape hides any one character here, newlines included; whether it means
                // something is decided when unquoting.
                Some('\\') if quote == '"' && self.advance().is_none() => return unfinished(),
                _ => {}
            }
        }
    }

    fn word(&mut self) -> Result<TokenKind, LexError> {
        while self.peek().is_some_and(is_word) && !self.rest.starts_with("//") {
            self.no_block_comment()?;
            self.advance();
        }
        Ok(TokenKind::Word)
    }
}

fn is_word(c: char) -> bool {
    !matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',') && is_printable(c)
}
