//! The meaning of a go.work file.

use super::directive::{self, Directive, Item, Problem};
use super::replace::Replace;
use super::spanned::Spanned;
use super::syntax::{self, File};
use super::verbs;
use crate::diag::{Diagnostic, Findings};

/// A go.work file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkFile {
    /// `go 1.26`.
    pub go: Option<Spanned<String>>,
    /// `toolchain go1.26.3`.
    pub toolchain: Option<Spanned<String>>,
    /// `godebug key=value`.
    pub godebug: Vec<Spanned<(String, String)>>,
    /// `use DIR`.
    pub uses: Vec<Use>,
    /// `replace OLD [VERSION] => NEW [VERSION]`, repetitions included.
    pub replace: Vec<Replace>,
}

/// One `use`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// Directory as written (`./api`, `api`, `../x`, `/abs`), unquoted.
    pub dir: String,
    /// The line.
    pub span: crate::diag::Span,
}

impl WorkFile {
    /// Parses the text of the go.work file named `file` (the name appears in spans only).
    /// Always returns what was understood; a file with any error diagnostic must not be built from.
    pub fn parse(file: &str, text: &[u8]) -> (Self, Vec<Diagnostic>) {
        let (syntax, error) = syntax::parse(file, text);
        let (parsed, diagnostics) = Self::from_syntax(file, &syntax);
        // As for the go command, a syntax error is the only one of its file: what follows it is
        // guesswork.
        (parsed, error.map_or(diagnostics, |error| vec![error]))
    }

    fn from_syntax(file: &str, syntax: &File) -> (Self, Vec<Diagnostic>) {
        let mut parsed = Self::default();
        let mut findings = Findings::default();
        for item in directive::items(file, syntax, verbs::WORK_BLOCKS) {
            match item {
                Item::UnknownBlock(block) => {
                    findings.push(directive::unknown_block(file, block, verbs::WORK))
                }
                Item::Directive(directive) => {
                    findings.extend(
                        parsed
                            .add(directive)
                            .err()
                            .map(|problem| problem.at(directive.span())),
                    );
                }
            }
        }
        (parsed, findings.into_vec())
    }

    fn add(&mut self, directive: Directive<'_>) -> Result<(), Problem> {
        match directive.verb {
            "go" => self.go = Some(directive::go(directive, self.go.is_some(), true)?),
            "toolchain" => {
                self.toolchain = Some(directive::toolchain(directive, self.toolchain.is_some())?)
            }
            "godebug" => self.godebug.push(directive::godebug(directive)?),
            "use" => {
                let single = directive.single("usage: use local/dir");
                let dir = directive::path_string(
                    single.map_err(|problem| problem.help("name one directory per line"))?,
                )?;
                self.uses.push(Use {
                    dir,
                    span: directive.span(),
                });
            }
            "replace" => self.replace.push(directive::replace(directive)?),
            verb => return Err(directive::unknown_directive(verb, verbs::WORK)),
        }
        Ok(())
    }
}
