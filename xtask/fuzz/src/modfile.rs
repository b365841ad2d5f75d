//! go.mod and go.work: nothing is lost between text, tokens and meaning.
//!
//! - Errors lie in the text.
//! - A file that parses, printed in the canonical layout, parses to the same statements and the
//!   same meaning.
//! - Tokens stand where they say, and together they are all of the text but white space.
//! - What the strict parser accepts the lax one accepts, and understands alike.

use gowork_llb::diag::{Diagnostic, Position, Span};
use gowork_llb::gomod::syntax::{self, Block, Comment, File, Line, Paren, Statement, Token};
use gowork_llb::gomod::{ModFile, Replace, Spanned, WorkFile};

use crate::places::Text;

/// Checks one text, as a go.mod and as a go.work.
pub fn check(data: &[u8]) {
    let text = Text::new(data);
    let (module, errors) = ModFile::parse("go.mod", data);
    text.check(&errors);
    let (lax, lax_errors) = ModFile::parse_lax("go.mod", data);
    text.check(&lax_errors);
    let (work, work_errors) = WorkFile::parse("go.work", data);
    text.check(&work_errors);
    if errors.is_empty() {
        assert_eq!(
            lax_errors,
            Vec::<Diagnostic>::new(),
            "the strict parser has nothing to say"
        );
        let lax = ModFile {
            toolchain: None,
            godebug: Vec::new(),
            tool: Vec::new(),
            ..lax
        };
        let strict = ModFile {
            toolchain: None,
            godebug: Vec::new(),
            tool: Vec::new(),
            ..module.clone()
        };
        assert_eq!(
            (lax.module, lax.go, lax.require, lax.retract),
            (strict.module, strict.go, strict.require, strict.retract)
        );
    }
    let (file, error) = syntax::parse("go.mod", data);
    check_tokens(&text, &file, error.is_none(), data);
    if error.is_none() {
        let printed = print(&file);
        let (again, error) = syntax::parse("go.mod", printed.as_bytes());
        assert_eq!(error, None, "of the printed form:\n{printed}");
        assert_eq!(
            without_places(again),
            without_places(file),
            "printed:\n{printed}"
        );
        let (again, again_errors) = ModFile::parse("go.mod", printed.as_bytes());
        assert_eq!(meaning(&again), meaning(&module), "printed:\n{printed}");
        assert_eq!(
            messages(&again_errors),
            messages(&errors),
            "printed:\n{printed}"
        );
        let (again, again_errors) = WorkFile::parse("go.work", printed.as_bytes());
        assert_eq!(
            work_meaning(&again),
            work_meaning(&work),
            "printed:\n{printed}"
        );
        assert_eq!(
            messages(&again_errors),
            messages(&work_errors),
            "printed:\n{printed}"
        );
    }
}

fn messages(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .collect()
}

/// The canonical layout: a line a line, one space between tokens, comments and blank lines where
/// they belong.
fn print(file: &File) -> String {
    let mut text = String::new();
    for statement in &file.statements {
        match statement {
            Statement::Comments(comments) => {
                print_comments(&mut text, comments);
                text.push('\n');
            }
            Statement::Line(line) => print_line(&mut text, line),
            Statement::Block(block) => print_block(&mut text, block),
        }
    }
    text
}

fn print_block(text: &mut String, block: &Block) {
    print_comments(text, &block.before);
    text.push_str(&words(&block.head));
    text.push_str(" (");
    print_suffix(text, block.open.suffix.as_ref());
    block.lines.iter().for_each(|line| print_line(text, line));
    print_comments(text, &block.close.before);
    text.push(')');
    print_suffix(text, block.close.suffix.as_ref());
}

fn print_line(text: &mut String, line: &Line) {
    print_comments(text, &line.before);
    text.push_str(&words(&line.tokens));
    print_suffix(text, line.suffix.as_ref());
}

fn words(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map(|token| token.text.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn print_comments(text: &mut String, comments: &[Comment]) {
    for comment in comments {
        text.push_str(&comment.text);
        text.push('\n');
    }
}

fn print_suffix(text: &mut String, comment: Option<&Comment>) {
    if let Some(comment) = comment {
        text.push(' ');
        text.push_str(&comment.text);
    }
    text.push('\n');
}

/// Every token and comment in a file.
#[derive(Default)]
struct Pieces<'a> {
    all: Vec<(Position, &'a str)>,
}

impl<'a> Pieces<'a> {
    fn of(file: &'a File) -> Vec<(Position, &'a str)> {
        let mut pieces = Self::default();
        for statement in &file.statements {
            match statement {
                Statement::Comments(list) => pieces.comments(list),
                Statement::Line(line) => pieces.line(line),
                Statement::Block(block) => {
                    pieces.comments(&block.before);
                    pieces.tokens(&block.head);
                    pieces.paren(&block.open, "(");
                    block.lines.iter().for_each(|line| pieces.line(line));
                    pieces.paren(&block.close, ")");
                }
            }
        }
        pieces.all.sort();
        pieces.all
    }

    fn comments(&mut self, list: impl IntoIterator<Item = &'a Comment>) {
        self.all.extend(
            list.into_iter()
                .map(|comment| (comment.start, comment.text.as_str())),
        );
    }

    fn tokens(&mut self, list: &'a [Token]) {
        self.all
            .extend(list.iter().map(|token| (token.start, token.text.as_str())));
    }

    fn line(&mut self, line: &'a Line) {
        self.comments(line.before.iter().chain(&line.suffix));
        self.tokens(&line.tokens);
    }

    fn paren(&mut self, paren: &'a Paren, mark: &'a str) {
        self.comments(paren.before.iter().chain(&paren.suffix));
        self.all.push((paren.at, mark));
    }
}

fn check_tokens(text: &Text, file: &File, whole: bool, data: &[u8]) {
    let pieces = Pieces::of(file);
    for (at, piece) in pieces.iter().filter(|(_, piece)| !piece.is_empty()) {
        let first = piece.split('\n').next().unwrap_or_default();
        assert!(
            text.rest(*at).starts_with(first),
            "{piece:?} is not at {at:?}"
        );
    }
    if whole {
        let solid = |text: &str| {
            text.chars()
                .filter(|c| !c.is_whitespace())
                .collect::<String>()
        };
        let kept: String = pieces.iter().map(|(_, piece)| solid(piece)).collect();
        let written: String = data
            .utf8_chunks()
            .map(|chunk| {
                solid(chunk.valid())
                    + &char::REPLACEMENT_CHARACTER
                        .to_string()
                        .repeat(chunk.invalid().len())
            })
            .collect();
        assert_eq!(kept, written, "the statements hold all of the text");
    }
}

/// The same statements at no place.
fn without_places(mut file: File) -> File {
    for statement in &mut file.statements {
        match statement {
            Statement::Comments(list) => clear_comments(list),
            Statement::Line(line) => clear_line(line),
            Statement::Block(block) => {
                clear_comments(&mut block.before);
                clear_tokens(&mut block.head);
                clear_paren(&mut block.open);
                block.lines.iter_mut().for_each(clear_line);
                clear_paren(&mut block.close);
            }
        }
    }
    file
}

fn clear_comments<'a>(comments: impl IntoIterator<Item = &'a mut Comment>) {
    for comment in comments {
        comment.start = Position::default();
        // At the end of a file it is not part of a line end; printed, it is.
        comment.text = comment.text.trim_end_matches('\r').to_owned();
    }
}

fn clear_tokens(tokens: &mut [Token]) {
    for token in tokens {
        (token.start, token.end) = (Position::default(), Position::default());
    }
}

fn clear_line(line: &mut Line) {
    clear_comments(line.before.iter_mut().chain(&mut line.suffix));
    clear_tokens(&mut line.tokens);
}

fn clear_paren(paren: &mut Paren) {
    clear_comments(paren.before.iter_mut().chain(&mut paren.suffix));
    paren.at = Position::default();
}

fn clear<T>(values: &mut [T], span: impl Fn(&mut T) -> &mut Span) {
    values
        .iter_mut()
        .for_each(|value| *span(value) = Span::at("", Position::default()));
}

fn clear_spanned<'a, T: 'a>(values: impl IntoIterator<Item = &'a mut Spanned<T>>) {
    values
        .into_iter()
        .for_each(|value| value.span = Span::at("", Position::default()));
}

fn clear_replaces(replaces: &mut [Replace]) {
    clear(replaces, |replace| &mut replace.span);
}

/// What a go.mod says, at no place.
fn meaning(file: &ModFile) -> ModFile {
    let mut file = file.clone();
    clear_spanned(
        file.module
            .iter_mut()
            .chain(&mut file.go)
            .chain(&mut file.toolchain)
            .chain(&mut file.tool)
            .chain(&mut file.ignore),
    );
    clear_spanned(file.godebug.iter_mut().chain(&mut file.exclude));
    clear(&mut file.require, |require| &mut require.span);
    clear(&mut file.retract, |retract| &mut retract.span);
    clear_replaces(&mut file.replace);
    file
}

/// What a go.work says, at no place.
fn work_meaning(file: &WorkFile) -> WorkFile {
    let mut file = file.clone();
    clear_spanned(file.go.iter_mut().chain(&mut file.toolchain));
    clear_spanned(&mut file.godebug);
    clear(&mut file.uses, |entry| &mut entry.span);
    clear_replaces(&mut file.replace);
    file
}
