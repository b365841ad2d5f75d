//! What go.mod and go.work have in common: lines as verbs with arguments, and the directives both
//! know.

use super::quote::{quote, unquote};
use super::replace::Replace;
use super::spanned::Spanned;
use super::syntax::{Block, Comment, File, Line, Statement, Token};
use super::{path, verbs, version};
use crate::diag::{Diagnostic, Span};

/// What is wrong with a line, in the go command's words, and the cure.
#[derive(Debug)]
pub(super) struct Problem {
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    /// The same, with the verb in front, and the module path if it has one.
    fn about(mut self, verb: &str, module: &str) -> Self {
        let space = if module.is_empty() { "" } else { " " };
        self.message = format!("{verb}{space}{module}: {}", self.message);
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn at(self, span: Span) -> Diagnostic {
        Diagnostic {
            help: self.help,
            ..Diagnostic::error(self.message).at(span)
        }
    }
}

/// One line with a meaning.
#[derive(Clone, Copy)]
pub(super) struct Directive<'a> {
    pub(super) verb: &'a str,
    pub(super) args: &'a [Token],
    pub(super) line: &'a Line,
    pub(super) block: Option<&'a Block>,
    pub(super) file: &'a str,
}

impl<'a> Directive<'a> {
    /// The whole line; in a block without the verb.
    pub(super) fn span(&self) -> Span {
        self.line.span(self.file)
    }

    /// The texts of the arguments.
    pub(super) fn words(&self) -> Vec<&'a str> {
        self.args.iter().map(|token| token.text.as_str()).collect()
    }

    /// `value`, found in the arguments from the first to the last.
    pub(super) fn spanned<T>(&self, value: T) -> Spanned<T> {
        let (first, last) = (self.args.first(), self.args.last());
        let span = first.zip(last).map_or_else(
            || self.span(),
            |(first, last)| Span::new(self.file, first.start, last.end),
        );
        Spanned { value, span }
    }

    /// The only argument.
    pub(super) fn single(&self, complaint: &str) -> Result<&'a str, Problem> {
        match self.args {
            [only] => Ok(&only.text),
            _ => Err(Problem::new(complaint)),
        }
    }

    /// Whether the line has comments of its own.
    pub(super) fn has_comments(&self) -> bool {
        !self.line.before.is_empty() || self.line.suffix.is_some()
    }

    /// The words of the line's comments, or of its block's if it has none (a blank line above
    /// counts as one).
    pub(super) fn comment_lines(&self) -> Vec<&'a str> {
        let (before, suffix) = match self.block {
            Some(block) if !self.has_comments() => (block.before.as_slice(), None),
            _ => (self.line.before.as_slice(), self.line.suffix.as_ref()),
        };
        before
            .iter()
            .chain(suffix)
            .filter_map(Comment::words)
            .collect()
    }
}

/// A directive, or a block that has no meaning.
pub(super) enum Item<'a> {
    Directive(Directive<'a>),
    UnknownBlock(&'a Block),
}

/// The file's directives in order. `blocks` are the verbs that may have a block.
pub(super) fn items<'a>(file: &'a str, syntax: &'a File, blocks: &[&str]) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for statement in &syntax.statements {
        match statement {
            Statement::Comments(_) => {}
            Statement::Line(line) => {
                if let Some((verb, args)) = line.tokens.split_first() {
                    items.push(Item::Directive(Directive {
                        verb: &verb.text,
                        args,
                        line,
                        block: None,
                        file,
                    }));
                }
            }
            Statement::Block(block) => match block.head.as_slice() {
                [verb] if blocks.contains(&verb.text.as_str()) => {
                    items.extend(block.lines.iter().map(|line| {
                        Item::Directive(Directive {
                            verb: &verb.text,
                            args: &line.tokens,
                            line,
                            block: Some(block),
                            file,
                        })
                    }))
                }
                _ => items.push(Item::UnknownBlock(block)),
            },
        }
    }
    items
}

/// The error for a block whose verb has none. `verbs` are those of this kind of file.
pub(super) fn unknown_block(file: &str, block: &Block, verbs: &[&str]) -> Diagnostic {
    let words: Vec<&str> = block.head.iter().map(|token| token.text.as_str()).collect();
    let problem = Problem::new(format!("unknown block type: {}", words.join(" ")));
    let problem = match words.as_slice() {
        [verb] if verbs.contains(verb) => {
            problem.help(format!("write `{verb} …` on one line, without parentheses"))
        }
        [verb, ..] if verbs.contains(verb) => {
            problem.help(format!("remove what is between `{verb}` and `(`"))
        }
        [verb, ..] => unknown_help(problem, verb, verbs),
        [] => problem,
    };
    let start = block
        .head
        .first()
        .map(|token| token.start)
        .unwrap_or_default();
    problem.at(Span::new(
        file,
        start,
        block.head.last().map_or(start, |token| token.end),
    ))
}

/// The error for a verb that this kind of file does not know.
pub(super) fn unknown_directive(verb: &str, verbs: &[&str]) -> Problem {
    unknown_help(
        Problem::new(format!("unknown directive: {verb}")),
        verb,
        verbs,
    )
}

fn unknown_help(problem: Problem, verb: &str, all: &[&str]) -> Problem {
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].contains(&verb) {
        return problem.help("resolve the merge conflict");
    }
    let elsewhere = if all.contains(&"use") {
        "go.mod"
    } else {
        "go.work"
    };
    if verbs::MOD.contains(&verb) || verbs::WORK.contains(&verb) {
        return problem.help(format!("`{verb}` belongs into {elsewhere}"));
    }
    match all.iter().map(|known| (distance(verb, known), known)).min() {
        Some((edits, known)) if edits <= 2 && edits < known.len() => {
            problem.help(format!("did you mean `{known}`?"))
        }
        _ => problem.help(format!("known here: {}", all.join(", "))),
    }
}

/// Insertions, deletions and replacements that make `a` of `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// `go VERSION`.
pub(super) fn go(
    directive: Directive<'_>,
    seen: bool,
    strict: bool,
) -> Result<Spanned<String>, Problem> {
    if seen {
        return Err(Problem::new("repeated go statement").help("keep one `go` line"));
    }
    let word = directive.single("go directive expects exactly one argument")?;
    if version::is_go_line(word) {
        return Ok(directive.spanned(word.to_owned()));
    }
    match version::lax_go_line(word) {
        Some(lax) if !strict => Ok(directive.spanned(lax.to_owned())),
        _ => Err(Problem::new(format!(
            "invalid go version '{word}': must match format 1.23.0"
        ))),
    }
}

/// `toolchain NAME`.
pub(super) fn toolchain(directive: Directive<'_>, seen: bool) -> Result<Spanned<String>, Problem> {
    if seen {
        return Err(Problem::new("repeated toolchain statement").help("keep one `toolchain` line"));
    }
    let word = directive.single("toolchain directive expects exactly one argument")?;
    if version::is_toolchain_line(word) {
        return Ok(directive.spanned(word.to_owned()));
    }
    Err(Problem::new(format!(
        "invalid toolchain version '{word}': must match format go1.23.0 or default"
    )))
}

/// `godebug KEY=VALUE`. Quotes mean nothing here.
pub(super) fn godebug(directive: Directive<'_>) -> Result<Spanned<(String, String)>, Problem> {
    let usage = "usage: godebug key=value";
    let word = directive.single(usage)?;
    match word.split_once('=') {
        Some((key, value)) if !word.contains(['"', '`', '\'', ',']) => {
            Ok(directive.spanned((key.into(), value.into())))
        }
        _ => Err(Problem::new(usage)),
    }
}

/// The value of an argument: a bare word, or a string in double quotes.
pub(super) fn string(word: &str) -> Result<String, &'static str> {
    if word.starts_with('"') {
        return unquote(word).ok_or("invalid syntax");
    }
    if word.contains(['"', '\'', '`']) {
        return Err("unquoted string cannot contain quote");
    }
    Ok(word.to_owned())
}

/// The value of an argument that is not a version.
pub(super) fn path_string(word: &str) -> Result<String, Problem> {
    string(word).map_err(|why| {
        let problem = Problem::new(format!("invalid quoted string: {why}"));
        if word.starts_with(['`', '\'']) {
            problem.help("only double quotes quote here, and few paths need them")
        } else {
            problem
        }
    })
}

/// The value of a version argument, canonical. `module` is the path in error texts.
pub(super) fn version(verb: &str, module: &str, word: &str) -> Result<String, Problem> {
    let invalid = |version: &str, why| {
        Problem::new(format!("version {} invalid: {why}", quote(version))).about(verb, module)
    };
    let written = string(word).map_err(|why| invalid(word, why))?;
    version::canonical_module(&written).ok_or_else(|| {
        let problem = invalid(&written, "must be of the form v1.2.3");
        match written.strip_prefix("v").unwrap_or(&written) {
            bare if version::is_semver(&format!("v{bare}")) => {
                problem.help(format!("did you mean v{bare}?"))
            }
            _ if is_query(module, &written) => problem.help(format!(
                "run `go get {module}@{written}` to have its version written"
            )),
            _ => problem,
        }
    })
}

/// Whether `go get` could be asked for this: a branch, tag or commit of a module.
fn is_query(module: &str, version: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    path::check_module_path(module).is_ok() && !version.is_empty() && version.chars().all(plain)
}

/// The major version in a module path.
pub(super) fn path_major(module: &str) -> Result<&str, Problem> {
    let problem = || Problem::new("invalid module path").help(path_help(module));
    path::split_major(module)
        .map(|(_, major)| major)
        .ok_or_else(problem)
}

fn path_help(module: &str) -> &'static str {
    if module.starts_with("gopkg.in/") {
        "paths at gopkg.in end with .v and a number"
    } else {
        "a major version at the end of a path is /v2 or higher, without zeros in front and dots"
    }
}

/// Checks that path and version belong together.
pub(super) fn check_major(
    verb: &str,
    module: &str,
    version: &str,
    major: &str,
) -> Result<(), Problem> {
    path::check_major(version, major).map_err(|why| {
        let problem = Problem::new(why.to_string()).about(verb, module);
        match version::major(version) {
            actual @ ("v0" | "v1") => problem.help(format!("{actual} has the path without {major}")),
            actual if module.starts_with("gopkg.in/") => problem.help(format!("the path for {actual} ends with .{actual}")),
            actual => {
                let stem = module.strip_suffix(major).unwrap_or(module);
                problem.help(format!("require {stem}/{actual}, or {version}+incompatible if that release has no go.mod"))
            }
        }
    })
}

/// `replace OLD [VERSION] => NEW [VERSION]`.
pub(super) fn replace(directive: Directive<'_>) -> Result<Replace, Problem> {
    let words = directive.words();
    let (old_path, old_version, new_path, new_version) = match *words.as_slice() {
        [old, "=>", new] => (old, None, new, None),
        [old, "=>", new, version] => (old, None, new, Some(version)),
        [old, old_version, "=>", new] => (old, Some(old_version), new, None),
        [old, old_version, "=>", new, version] => (old, Some(old_version), new, Some(version)),
        _ => {
            return Err(Problem::new(
                "usage: replace module/path [v1.2.3] => other/module v1.4 or replace module/path [v1.2.3] => ../local/directory",
            ));
        }
    };
    let old_path = path_string(old_path)?;
    let major = path_major(&old_path).map_err(|problem| problem.about("replace", &old_path))?;
    let old_version = match old_version {
        Some(word) => {
            let version = version("replace", &old_path, word)?;
            check_major("replace", &old_path, &version, major)?;
            version
        }
        None => String::new(),
    };
    let (new_path, new_version) = replacement(new_path, new_version)?;
    Ok(Replace {
        old_path,
        old_version,
        new_path,
        new_version,
        span: directive.span(),
    })
}

/// The right side of a `replace`: a directory, or a module with its version.
fn replacement(word: &str, version_word: Option<&str>) -> Result<(String, String), Problem> {
    let new = path_string(word)?;
    let is_directory = path::is_directory(&new);
    let Some(version_word) = version_word else {
        if !is_directory {
            return Err(replacement_problem(&new));
        }
        if new.contains('\\') {
            let problem = Problem::new(
                "replacement directory appears to be Windows path (on a non-windows system)",
            );
            return Err(problem.help("write slashes: Go accepts them on all systems"));
        }
        return Ok((new, String::new()));
    };
    let new_version = version("replace", &new, version_word)?;
    if is_directory {
        let problem = Problem::new(format!(
            "replacement module directory path {} cannot have version",
            quote(&new)
        ));
        return Err(problem.help("remove the version"));
    }
    Ok((new, new_version))
}

fn replacement_problem(new: &str) -> Problem {
    match new.split_once('@') {
        Some((path, version)) => Problem::new("replacement module must match format 'path version', not 'path@version'")
            .help(format!("write `{path} {version}`")),
        None => Problem::new("replacement module without version must be directory path (rooted or starting with . or ..)")
            .help(format!("write `./{new}` for a directory, or add a version")),
    }
}
