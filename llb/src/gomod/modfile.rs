//! The meaning of a go.mod file.

use std::sync::Arc;

use super::directive::{self, Directive, Item, Problem};
use super::path;
use super::path::ModulePath;
use super::quote::quote;
use super::replace::Replace;
use super::spanned::Spanned;
use super::syntax::{self, File, Line};
use super::verbs;
use crate::diag::{Diagnostic, Findings, Position};

/// A go.mod file. Fields are in the order of the Go modules reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModFile {
    /// `module PATH`.
    pub module: Option<Spanned<String>>,
    /// The module's `Deprecated:` text, empty if none.
    pub deprecated: String,
    /// `go 1.26`.
    pub go: Option<Spanned<String>>,
    /// `toolchain go1.26.3`.
    pub toolchain: Option<Spanned<String>>,
    /// `godebug key=value`.
    pub godebug: Vec<Spanned<(String, String)>>,
    /// `require PATH VERSION`, repetitions included: the highest version counts.
    pub require: Vec<Require>,
    /// `exclude PATH VERSION`, repetitions included.
    pub exclude: Vec<Spanned<(String, String)>>,
    /// `replace OLD [VERSION] => NEW [VERSION]`, repetitions included.
    pub replace: Vec<Replace>,
    /// `retract LOW` or `retract [LOW, HIGH]`.
    pub retract: Vec<Retract>,
    /// `tool PACKAGE`.
    pub tool: Vec<Spanned<String>>,
    /// `ignore DIR`.
    pub ignore: Vec<Spanned<String>>,
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Require {
    /// Module path.
    pub path: ModulePath,
    /// Version, canonical.
    pub version: String,
    /// Marked `// indirect`.
    pub indirect: bool,
    /// The line; inside a block without the verb.
    pub span: crate::diag::Span,
}

/// One retraction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retract {
    /// Lowest version, as written: nothing makes it canonical here.
    pub low: String,
    /// Highest version, equal to `low` for one.
    pub high: String,
    /// Why, from the comments. Lines of a block without comments of their own have the block's.
    pub rationale: Arc<str>,
    /// The line; inside a block without the verb.
    pub span: crate::diag::Span,
}

impl ModFile {
    /// Parses the text of the go.mod file named `file` (the name appears in spans only), strictly,
    /// as the go command parses main modules. Always returns what was understood; a file with any
    /// error diagnostic must not be built from.
    pub fn parse(file: &str, text: &[u8]) -> (Self, Vec<Diagnostic>) {
        Self::read(file, text, true)
    }

    /// As [`ModFile::parse`], but as the go command parses dependencies: directives that only main
    /// modules heed are ignored, and so is what is not understood, since a newer Go may have
    /// written it.
    pub fn parse_lax(file: &str, text: &[u8]) -> (Self, Vec<Diagnostic>) {
        Self::read(file, text, false)
    }

    /// What makes a go.mod that parses unfit to be a main module's: no `module` line, or a path
    /// that Go does not accept.
    pub fn check_main(&self, file: &str) -> Option<Diagnostic> {
        let Some(module) = &self.module else {
            let error = Diagnostic::error("missing module declaration");
            return Some(
                error
                    .at(crate::diag::Span::at(file, Default::default()))
                    .help("add `module example.com/name`"),
            );
        };
        let error = match path::check_import_path(&module.value) {
            Err(why) => Diagnostic::error(why.to_string()),
            Ok(()) if matches!(module.value.as_str(), "go" | "toolchain") => {
                Diagnostic::error(format!("invalid module path: {}", quote(&module.value)))
                    .help("the name is reserved")
            }
            Ok(()) => return None,
        };
        Some(error.at(module.span.clone()))
    }

    fn read(file: &str, text: &[u8], strict: bool) -> (Self, Vec<Diagnostic>) {
        let (syntax, error) = syntax::parse(file, text);
        let (parsed, diagnostics) = Reading {
            strict,
            ..Reading::default()
        }
        .all(file, &syntax);
        // As for the go command, a syntax error is the only one of its file: what follows it is
        // guesswork.
        (parsed, error.map_or(diagnostics, |error| vec![error]))
    }
}

#[derive(Default)]
struct Reading {
    strict: bool,
    parsed: ModFile,
    /// A `module` line was met, right or wrong: a second one is one too many.
    module_seen: bool,
    /// The comments of the block that was read last, by where it opens: each of its lines may ask
    /// for them.
    block_comments: Option<(Position, Arc<str>)>,
}

impl Reading {
    fn all(mut self, file: &str, syntax: &File) -> (ModFile, Vec<Diagnostic>) {
        let mut findings = Findings::default();
        for item in directive::items(file, syntax, verbs::MOD_BLOCKS) {
            match item {
                Item::UnknownBlock(block) if self.strict => {
                    findings.push(directive::unknown_block(file, block, verbs::MOD))
                }
                Item::Directive(directive)
                    if self.strict || verbs::DEPENDENCY.contains(&directive.verb) =>
                {
                    findings.extend(
                        self.add(directive)
                            .err()
                            .map(|problem| problem.at(directive.span())),
                    );
                }
                Item::UnknownBlock(_) | Item::Directive(_) => {}
            }
        }
        (self.parsed, findings.into_vec())
    }

    fn add(&mut self, directive: Directive<'_>) -> Result<(), Problem> {
        let parsed = &mut self.parsed;
        match directive.verb {
            "module" => self.module(directive)?,
            "go" => parsed.go = Some(directive::go(directive, parsed.go.is_some(), self.strict)?),
            "toolchain" => {
                parsed.toolchain =
                    Some(directive::toolchain(directive, parsed.toolchain.is_some())?)
            }
            "godebug" => parsed.godebug.push(directive::godebug(directive)?),
            "require" => {
                let (path, version) = module_version(directive)?;
                parsed.require.push(Require {
                    path: ModulePath::new(path),
                    version,
                    indirect: is_indirect(directive.line),
                    span: directive.span(),
                });
            }
            "exclude" => parsed
                .exclude
                .push(directive.spanned(module_version(directive)?)),
            "replace" => parsed.replace.push(directive::replace(directive)?),
            "retract" => match retract(directive, self.strict) {
                // A dependency's interval may be of a form to come.
                Err(_) if !self.strict => {}
                Err(problem) => return Err(problem),
                Ok((low, high)) => {
                    let rationale = self.rationale(directive);
                    self.parsed.retract.push(Retract {
                        low,
                        high,
                        rationale,
                        span: directive.span(),
                    });
                }
            },
            "tool" => {
                let word = directive.single("tool directive expects exactly one argument")?;
                parsed
                    .tool
                    .push(directive.spanned(directive::path_string(word)?));
            }
            "ignore" => {
                let word = directive.single("ignore directive expects exactly one argument")?;
                parsed
                    .ignore
                    .push(directive.spanned(directive::path_string(word)?));
            }
            verb => return Err(directive::unknown_directive(verb, verbs::MOD)),
        }
        Ok(())
    }

    fn rationale(&mut self, directive: Directive<'_>) -> Arc<str> {
        let block = directive
            .block
            .filter(|_| !directive.has_comments())
            .map(|block| block.open.at);
        if let (Some((known, comments)), Some(block)) = (&self.block_comments, block)
            && *known == block
        {
            return Arc::clone(comments);
        }
        let comments: Arc<str> = directive.comment_lines().join("\n").into();
        self.block_comments = block.map(|block| (block, Arc::clone(&comments)));
        comments
    }

    fn module(&mut self, directive: Directive<'_>) -> Result<(), Problem> {
        if std::mem::replace(&mut self.module_seen, true) {
            return Err(Problem::new("repeated module statement").help("keep one `module` line"));
        }
        self.parsed.deprecated = deprecation(&directive.comment_lines().join("\n")).to_owned();
        let word = directive.single("usage: module module/path")?;
        self.parsed.module = Some(directive.spanned(directive::path_string(word)?));
        Ok(())
    }
}

/// The arguments of `require` and `exclude`.
fn module_version(directive: Directive<'_>) -> Result<(String, String), Problem> {
    let verb = directive.verb;
    let &[path, version] = directive.words().as_slice() else {
        return Err(Problem::new(format!("usage: {verb} module/path v1.2.3")));
    };
    let path = directive::path_string(path)?;
    let version = directive::version(verb, &path, version)?;
    directive::check_major(verb, &path, &version, directive::path_major(&path)?)?;
    Ok((path, version))
}

/// Whether the comment at the end of the line is `indirect`, or begins with `indirect;` and a
/// space.
fn is_indirect(line: &Line) -> bool {
    let words = line
        .suffix
        .as_ref()
        .and_then(|comment| comment.text.strip_prefix("//"));
    match words
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .as_slice()
    {
        [only] => *only == "indirect",
        [first, ..] => *first == "indirect;",
        [] => false,
    }
}

/// The first paragraph that begins with `Deprecated:`, without that word.
fn deprecation(text: &str) -> &str {
    const WORD: &str = "Deprecated:";
    let begins_paragraph = |at: &usize| *at == 0 || text[..*at].ends_with("\n\n");
    let Some(at) = text
        .match_indices(WORD)
        .map(|(at, _)| at)
        .find(begins_paragraph)
    else {
        return "";
    };
    let rest = text[at + WORD.len()..].trim_start_matches(' ');
    rest.split("\n\n").next().unwrap_or(rest)
}

/// `retract VERSION` or `retract [LOW, HIGH]`.
fn retract(directive: Directive<'_>, strict: bool) -> Result<(String, String), Problem> {
    let words = directive.words();
    let (low, high, rest) = match words.split_first() {
        None | Some((&"(", _)) => return Err(Problem::new("expected '[' or version")),
        Some((&"[", words)) => interval(words)?,
        Some((word, rest)) => {
            let version = retracted(word)?;
            (version.clone(), version, rest)
        }
    };
    match rest.first() {
        // In the future something may follow.
        Some(extra) if strict => Err(Problem::new(format!(
            "unexpected token after version: {}",
            quote(extra)
        ))),
        _ => Ok((low, high)),
    }
}

/// A version to retract, as written: the go command takes branch names and short versions here, and
/// asks for their versions later.
fn retracted(word: &str) -> Result<String, Problem> {
    directive::string(word)
        .map_err(|why| Problem::new(format!("retract: version {} invalid: {why}", quote(word))))
}

/// `LOW, HIGH]` and what follows.
fn interval<'a, 'w>(words: &'w [&'a str]) -> Result<(String, String, &'w [&'a str]), Problem> {
    let version_then = |words: &'w [&'a str], before: &str, after: &str| {
        let Some((word, words)) = words.split_first() else {
            return Err(Problem::new(format!("expected version after '{before}'")));
        };
        let version = retracted(word)?;
        match words.split_first() {
            Some((mark, words)) if *mark == after => Ok((version, words)),
            _ => Err(Problem::new(format!("expected '{after}' after version"))),
        }
    };
    let (low, words) = version_then(words, "[", ",")?;
    let (high, words) = version_then(words, ",", "]")?;
    Ok((low, high, words))
}
