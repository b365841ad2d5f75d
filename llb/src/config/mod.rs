//! The TOML configuration: schema, places, build-args, and `[images.X]` over the rest.
//! `docs/configuration.md` is its reference.
//!
//! The steps: [`Config::parse`] reads a text, [`Config::expand`] fills in build-args,
//! [`Config::image`] says what holds for one image. It knows neither the repository (whether `main`
//! exists) nor the build (what a key leads to).

mod bounds;
mod check;
mod check_runtime;
mod document;
mod effective;
mod env_value;
mod expand;
mod file_source;
mod flags;
mod git_unknown;
mod git_value;
mod image_name;
mod oci_labels;
mod pattern;
mod read;
mod reference;
mod runtime;
#[cfg(feature = "schema")]
mod schema;
mod spanned;
mod strings;
mod suggest;
mod types;
mod unused;
mod validate;
mod values;
mod written_for;
mod wrong;

use toml::de::DeTable;

pub use bounds::check_given;
pub use effective::{CompileConfig, ImageConfig, OverlayConfig};
pub(crate) use env_value::{EnvPart, EnvValue, Instead};
pub use expand::{BuildArg, MODULE_ARGS};
pub use file_source::FileSource;
pub use flags::{OPEN_ARG, Word as FlagWord, parts as flag_parts, split as split_flags};
pub use git_unknown::GitUnknown;
pub use git_value::{
    GIT_HEAD, GitValue, asked_too_early, leaves_out_git, public_url, with_git_stand_ins,
};
pub use image_name::ImageName;
pub(crate) use image_name::{RESERVED_NAMES, is_image_name, is_separator};
pub use oci_labels::OciLabel;
pub(crate) use pattern::is_matched;
pub use runtime::{
    BINARY_DIR, DirConfig, FileConfig, HealthcheckConfig, RuntimeConfig, SCRATCH, UserConfig,
};
pub use spanned::Spanned;
pub use types::{
    Build, Checks, Config, Dir, File, Go, Healthcheck, Image, Levels, Licenses, Modules, Overlay,
    Runtime, Stage, User,
};
pub(crate) use values::STAGE;
pub use values::{Cache, Port, Protocol};
pub use written_for::{WrittenFor, syntax};

use crate::diag::{self, Diagnostic, Findings, Span};
use crate::limits;
use spanned::Lines;

/// Words that start a line of a Dockerfile.
const INSTRUCTIONS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

impl Config {
    /// Reads `text`, which the user knows as `file`: a `gowork.toml`, or a Dockerfile, whose first
    /// line is a comment to TOML too.
    ///
    /// Returns what was understood, and what is wrong, in the order of the file: syntax errors; if
    /// the syntax is right, unknown keys, wrong types, and wrong values (those with build-args in them
    /// are looked at by [`Config::expand`]).
    pub fn parse(file: &str, text: &str) -> (Self, Vec<Diagnostic>) {
        let lines = Lines::new(file, text);
        if text.len() as u64 > limits::DEFINITION {
            let message = format!(
                "{} bytes; gowork reads a configuration of up to {}",
                text.len(),
                limits::DEFINITION
            );
            return (
                Self::default(),
                vec![Diagnostic::error(message).at(lines.whole())],
            );
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = read::Reader {
            lines,
            findings: Findings::default(),
        };
        let config = reader.root(table.get_ref(), document::config);
        let mut diagnostics = if errors.is_empty() {
            let mut findings = reader.findings;
            findings.extend(config.beyond_limits());
            findings.extend(validate::fixed(&config));
            findings.extend(validate::stages(&config));
            findings.extend(validate::users(&config));
            findings.into_vec()
        } else if let Some(diagnostic) = dockerfile(&reader.lines, text) {
            vec![diagnostic]
        } else if let Some(diagnostic) = mixed(&reader.lines, text, &errors) {
            vec![diagnostic]
        } else if let Some(diagnostic) = misspelt(&reader.lines, text) {
            vec![diagnostic]
        } else {
            errors
                .iter()
                .map(|error| syntax_error(&reader.lines, error))
                .collect::<Findings>()
                .into_vec()
        };
        diagnostics.sort_by(|a, b| (a.others, &a.span).cmp(&(b.others, &b.span)));
        (config, diagnostics)
    }
}

/// Whether the text of a definition file is an ordinary Dockerfile instead of TOML: its first line
/// that is neither blank nor a comment starts with an instruction.
pub fn is_dockerfile(text: &str) -> bool {
    first_instruction(text.strip_prefix('\u{feff}').unwrap_or(text)).is_some()
}

fn syntax_error(lines: &Lines<'_>, error: &toml::de::Error) -> Diagnostic {
    let mut message = error.message().lines().collect::<Vec<_>>().join(", ");
    if message == "duplicate key" {
        message = format!(
            "{message} `{}`",
            error.span().map_or("", |range| lines.slice(range))
        );
    }
    // The one error that the parser has no place for.
    if message == "recursion limit" {
        message = "a key has too many parts".to_owned();
    }
    let span = error
        .span()
        .map_or_else(|| lines.whole(), |range| lines.span(range));
    Diagnostic::error(format!("TOML: {message}")).at(span)
}

/// The error for a text that begins as TOML and goes on as a Dockerfile, if it is one: the first
/// line with an error starts with an instruction.
fn mixed(lines: &Lines<'_>, text: &str, errors: &[toml::de::Error]) -> Option<Diagnostic> {
    let spans = errors.iter().filter_map(toml::de::Error::span);
    let first = spans.map(|span| span.start).min()?;
    let start = text.get(..first)?.rfind('\n').map_or(0, |end| end + 1);
    let word = first_instruction(text[start..].lines().next()?)?;
    let why = "the text above it is TOML";
    let help = "write a Dockerfile here and the settings into gowork.toml beside it, or TOML alone";
    Some(misplaced(lines, text, word, why).help(help))
}

/// The error for a text that is a Dockerfile of instructions, if it is one: its first line of text
/// starts with one.
fn dockerfile(lines: &Lines<'_>, text: &str) -> Option<Diagnostic> {
    let word = first_instruction(text)?;
    let help = "the settings for a Dockerfile are in gowork.toml beside it";
    Some(misplaced(lines, text, word, "a configuration is TOML").help(help))
}

/// The error for a text that is no TOML and starts with a word that is nearly an instruction.
fn misspelt(lines: &Lines<'_>, text: &str) -> Option<Diagnostic> {
    let word = first_word(text)?;
    let near = diag::nearest(&word.to_uppercase(), INSTRUCTIONS)?;
    let message = format!(
        "`{word}` is neither a key of the configuration nor an instruction of a Dockerfile; did you mean {near}?"
    );
    Some(Diagnostic::error(message).at(place(lines, text, word)))
}

/// The error at `word`, a part of `text`, that it is an instruction where none can be.
fn misplaced(lines: &Lines<'_>, text: &str, word: &str, why: &str) -> Diagnostic {
    let message = format!("`{word}` is an instruction of a Dockerfile, and {why}");
    Diagnostic::error(message).at(place(lines, text, word))
}

/// The place of `word`, a part of `text`.
fn place(lines: &Lines<'_>, text: &str, word: &str) -> Span {
    let start = word.as_ptr() as usize - text.as_ptr() as usize;
    lines.span(start..start + word.len())
}

/// The word that the first line of a text starts with, comments left out, if that is an instruction
/// of a Dockerfile.
fn first_instruction(text: &str) -> Option<&str> {
    let word = first_word(text)?;
    let is_instruction = INSTRUCTIONS.contains(&word.to_uppercase().as_str());
    is_instruction.then_some(word)
}

/// The word that the first line of a text starts with, comments left out, unless a `=` follows it.
fn first_word(text: &str) -> Option<&str> {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let word = line.split_whitespace().next()?;
    let rest = line.trim_start().strip_prefix(word)?.trim_start();
    (!rest.starts_with('=')).then_some(word)
}
