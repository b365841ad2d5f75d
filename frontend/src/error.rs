//! A failed build, as the status BuildKit wants: message, and typed details with source ranges.
//!
//! Owns the rendering of diagnostics for a build's output. Does not find anything wrong itself.

mod excerpt;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc;
use buildkit_proto::pb;
use gowork_llb::diag::{Diagnostic, Position, Span, with_masked_credentials};
use gowork_llb::limits;
use serde::Serialize;

use crate::gateway::{GatewayError, UNKNOWN};

/// Boxes shown for one failed build; more would scroll the first, which matters most, out of sight.
const MAX_BOXES: usize = 10;

/// Boxes shown for a failed step: its errors often have one cause.
const STEP_BOXES: usize = 3;

/// Why a build failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// What the user wrote cannot be built.
    #[error("{}", render(.0))]
    Diagnostics(Vec<Diagnostic>),
    /// BuildKit refused, or a build step failed.
    #[error("{}", render_gateway(error, span.as_ref(), help.as_deref()))]
    Gateway {
        /// The daemon's answer, details included.
        error: GatewayError,
        /// The place in the user's files that asked for it, if there is one.
        span: Option<Span>,
        /// What the user can do about it.
        help: Option<String>,
    },
    /// A build step failed, and what it printed says why.
    #[error("{}", render_step(errors, rest))]
    Step {
        /// The daemon's answer, details included.
        error: GatewayError,
        /// What the step printed, in its order.
        errors: Vec<Diagnostic>,
        /// That there are more, in words; empty if not.
        rest: String,
    },
    /// A `--call` that this frontend does not answer.
    #[error("unsupported request {0}")]
    UnsupportedRequest(String),
}

impl From<GatewayError> for BuildError {
    fn from(error: GatewayError) -> Self {
        Self::Gateway {
            error,
            span: None,
            help: None,
        }
    }
}

impl From<Diagnostic> for BuildError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostics(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for BuildError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::Diagnostics(diagnostics)
    }
}

impl BuildError {
    /// The same gateway failure, with the place that asked for it; other errors have theirs.
    #[must_use]
    pub fn at(mut self, place: Span) -> Self {
        if let Self::Gateway { span, .. } = &mut self {
            *span = Some(place);
        }
        self
    }

    /// The same gateway failure, with what the user can do.
    #[must_use]
    pub fn help(mut self, words: impl Into<String>) -> Self {
        if let Self::Gateway { help, .. } = &mut self {
            *help = Some(words.into());
        }
        self
    }

    /// What is wrong with what the user wrote, as far as it is known.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Diagnostics(diagnostics)
            | Self::Step {
                errors: diagnostics,
                ..
            } => diagnostics,
            Self::Gateway { .. } | Self::UnsupportedRequest(_) => &[],
        }
    }

    /// The status for the daemon. `files` holds the texts that places point into; a place in any
    /// other file is named in the message and has no box.
    pub fn status(&self, files: &SourceFiles) -> rpc::Status {
        match self {
            Self::Diagnostics(diagnostics) => {
                let places = in_order(diagnostics).flat_map(|diagnostic| {
                    diagnostic
                        .span
                        .iter()
                        .chain(diagnostic.related.iter().map(|(span, _)| span))
                });
                // Each box takes the text that it shows: none is made that is not sent.
                let mut details: Vec<Any> = places
                    .filter_map(|span| files.detail(span))
                    .take(MAX_BOXES)
                    .collect();
                // On its way through the daemon an error's list of details is turned around once.
                details.reverse();
                rpc::Status {
                    code: UNKNOWN,
                    message: self.to_string(),
                    details,
                }
            }
            Self::Gateway { error, span, .. } => {
                let mut status = (*error.status).clone();
                status.message = self.to_string();
                status
                    .details
                    .extend(span.iter().filter_map(|span| files.detail(span)));
                status
            }
            Self::Step { error, errors, .. } => {
                let mut details = error.status.details.clone();
                details.retain(|detail| !detail.type_url.ends_with(".Source+json"));
                let mut spans: Vec<&Span> = errors
                    .iter()
                    .filter_map(|error| error.span.as_ref())
                    .collect();
                spans.dedup_by_key(|span| (&span.file, span.start.line));
                let mut boxes: Vec<Any> = spans
                    .into_iter()
                    .filter_map(|span| files.detail(span))
                    .take(STEP_BOXES)
                    .collect();
                boxes.reverse();
                if boxes.is_empty() {
                    // Without any the daemon shows the syntax line, which has nothing to do with
                    // it.
                    boxes.push(any(
                        "Source",
                        &NowhereJson {
                            info: InfoJson::default(),
                            ranges: [],
                        },
                    ));
                }
                details.extend(boxes);
                rpc::Status {
                    code: UNKNOWN,
                    message: self.to_string(),
                    details,
                }
            }
            Self::UnsupportedRequest(name) => {
                let details = vec![any("Subrequest", &SubrequestJson { name })];
                rpc::Status {
                    code: UNKNOWN,
                    message: self.to_string(),
                    details,
                }
            }
        }
    }
}

/// The texts that diagnostics point into, by the name they use.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceFiles {
    files: BTreeMap<String, (Vec<u8>, String)>,
    definition: String,
}

impl SourceFiles {
    /// Adds or replaces a file. `language` is a word for editors: `TOML`, `go.mod`. Lines of it are
    /// shown, but no passwords of URLs, and none beyond the first [`limits::SHOWN_FILE`] bytes.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        text: impl Into<Vec<u8>>,
        language: impl Into<String>,
    ) {
        let mut text = text.into();
        text.truncate(limits::SHOWN_FILE);
        let text = match String::from_utf8(text) {
            Ok(text) => with_masked_credentials(&text).into_bytes(),
            Err(error) => error.into_bytes(),
        };
        let name = name.into();
        if self.files.is_empty() {
            self.definition.clone_from(&name);
        }
        self.files.insert(name, (text, language.into()));
    }

    /// The name of the file that was added first: a build reads the one that defines it before all
    /// others.
    pub fn definition(&self) -> &str {
        &self.definition
    }

    /// Bytes of a file's text.
    pub fn size(&self, name: &str) -> Option<usize> {
        self.files.get(name).map(|(text, _)| text.len())
    }

    /// A file as BuildKit's source maps and warnings want it.
    pub fn info(&self, name: &str) -> Option<pb::SourceInfo> {
        let (data, language) = self.files.get(name)?;
        Some(pb::SourceInfo {
            filename: name.to_owned(),
            data: data.clone(),
            definition: None,
            language: language.clone(),
        })
    }

    fn detail(&self, span: &Span) -> Option<Any> {
        let (data, language) = self.files.get(&span.file)?;
        let range = range(span)?;
        let data = excerpt::around(data, &range)?;
        let info = InfoJson {
            filename: &span.file,
            data: STANDARD.encode(data),
            language,
        };
        let place = |at: pb::Position| PositionJson {
            line: at.line,
            character: at.character,
        };
        let range = RangeJson {
            start: place(range.start?),
            end: place(range.end?),
        };
        Some(any(
            "Source",
            &SourceJson {
                info,
                ranges: [range],
            },
        ))
    }
}

/// A span as BuildKit's range: lines from 1, the last one inclusive. None for a whole file.
pub fn range(span: &Span) -> Option<pb::Range> {
    if span.start.line == 0 {
        return None;
    }
    let mut end = span.end.max(span.start);
    if end.column <= 1 && end.line > span.start.line {
        end = Position::new(end.line - 1, 0);
    }
    let place = |at: Position| pb::Position {
        line: at.line.cast_signed(),
        character: at.column.saturating_sub(1).cast_signed(),
    };
    Some(pb::Range {
        start: Some(place(span.start)),
        end: Some(place(end)),
    })
}

/// All diagnostics as text: one line each, what to do below it; errors before warnings.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    let errors: usize = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(Diagnostic::count)
        .sum();
    let mut text = if errors > 1 {
        format!("{errors} errors:\n")
    } else {
        String::new()
    };
    let rendered: Vec<String> = in_order(diagnostics).map(render_one).collect();
    text.push_str(&rendered.join("\n"));
    text
}

fn in_order(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error());
    errors.chain(
        diagnostics
            .iter()
            .filter(|diagnostic| !diagnostic.is_error()),
    )
}

fn render_one(diagnostic: &Diagnostic) -> String {
    let place = diagnostic
        .span
        .as_ref()
        .map(|span| format!("{span}: "))
        .unwrap_or_default();
    let kind = if diagnostic.is_error() {
        ""
    } else {
        "warning: "
    };
    let mut text = format!("{place}{kind}{}", diagnostic.message);
    for (span, words) in &diagnostic.related {
        text.push_str(&format!("\n    {span}: {words}"));
    }
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!(
            "\n    help: {}",
            help.replace('\n', "\n          ")
        ));
    }
    text
}

/// The first words are the compiler's.
fn render_step(errors: &[Diagnostic], rest: &str) -> String {
    let lines = errors
        .iter()
        .map(render_one)
        .chain((!rest.is_empty()).then(|| rest.to_owned()));
    lines.collect::<Vec<_>>().join("\n")
}

fn render_gateway(error: &GatewayError, span: Option<&Span>, help: Option<&str>) -> String {
    let place = span.map(|span| format!("{span}: ")).unwrap_or_default();
    let help = help
        .map(|help| format!("\n    help: {help}"))
        .unwrap_or_default();
    format!("{place}{error}{help}")
}

/// A typed detail in BuildKit's way: JSON, not protobuf, under the Go type's name.
fn any(kind: &str, body: &impl Serialize) -> Any {
    let value = serde_json::to_vec(body).unwrap_or_default();
    Any {
        type_url: format!("github.com/moby/buildkit/errdefs.{kind}+json"),
        value,
    }
}

#[derive(Serialize)]
struct SubrequestJson<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct SourceJson<'a> {
    info: InfoJson<'a>,
    ranges: [RangeJson; 1],
}

/// A place that is nowhere.
#[derive(Serialize)]
struct NowhereJson<'a> {
    info: InfoJson<'a>,
    ranges: [RangeJson; 0],
}

#[derive(Default, Serialize)]
struct InfoJson<'a> {
    filename: &'a str,
    data: String,
    language: &'a str,
}

#[derive(Serialize)]
struct RangeJson {
    start: PositionJson,
    end: PositionJson,
}

#[derive(Serialize)]
struct PositionJson {
    line: i32,
    character: i32,
}
