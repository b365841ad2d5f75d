//! A failed build, as the status BuildKit wants: message, and typed details with source ranges.
//!
//! Owns how errors are shown. Does not find anything wrong itself.

mod details;
mod excerpt;
mod render;
mod sources;

use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc;
use gowork_llb::diag::{Diagnostic, Span};

use crate::gateway::{GatewayError, UNKNOWN};
use render::{in_order, render_gateway, render_step};

pub use render::render;
pub use sources::{SourceFiles, range};

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
    pub fn at(mut self, place: impl Into<Option<Span>>) -> Self {
        if let (Self::Gateway { span, .. }, Some(place)) = (&mut self, place.into()) {
            *span = Some(place);
        }
        self
    }

    /// Whether it says where in a file the problem is.
    pub(crate) fn has_place(&self) -> bool {
        match self {
            Self::Gateway { error, span, .. } => {
                let mut details = error.status.details.iter();
                span.is_some() || details.any(|detail| detail.type_url.ends_with(details::SOURCE))
            }
            _ => true,
        }
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
        let details = match self {
            Self::Diagnostics(diagnostics) => boxes(diagnostics, files),
            Self::Gateway { error, span, .. } => {
                return rpc::Status {
                    message: self.to_string(),
                    details: with_box(error, span.as_ref(), files),
                    ..(*error.status).clone()
                };
            }
            Self::Step { error, errors, .. } => step_boxes(error, errors, files),
            Self::UnsupportedRequest(name) => vec![details::subrequest(name)],
        };
        rpc::Status {
            code: UNKNOWN,
            message: self.to_string(),
            details,
        }
    }
}

/// Boxes for all places in `diagnostics`.
fn boxes(diagnostics: &[Diagnostic], files: &SourceFiles) -> Vec<Any> {
    let mut spans = Vec::new();
    for diagnostic in in_order(diagnostics) {
        spans.extend(&diagnostic.span);
        spans.extend(diagnostic.related.iter().map(|(span, _)| span));
    }
    first_boxes(spans, MAX_BOXES, files)
}

/// The first boxes for `spans`, up to `most`.
fn first_boxes(spans: Vec<&Span>, most: usize, files: &SourceFiles) -> Vec<Any> {
    // Each box takes the text that it shows: none is made that is not sent.
    let mut boxes: Vec<Any> = spans
        .into_iter()
        .filter_map(|span| files.detail(span))
        .take(most)
        .collect();
    // On its way through the daemon an error's list of details is turned around once.
    boxes.reverse();
    boxes
}

/// What the daemon said, with a box for `span`.
fn with_box(error: &GatewayError, span: Option<&Span>, files: &SourceFiles) -> Vec<Any> {
    let mut details = error.status.details.clone();
    details.extend(span.and_then(|span| files.detail(span)));
    details
}

/// What the daemon said of a failed step, with boxes for what the compiler said instead of its own.
fn step_boxes(error: &GatewayError, errors: &[Diagnostic], files: &SourceFiles) -> Vec<Any> {
    let mut details = error.status.details.clone();
    details.retain(|detail| !detail.type_url.ends_with(details::SOURCE));
    let mut spans: Vec<&Span> = errors
        .iter()
        .filter_map(|error| error.span.as_ref())
        .collect();
    spans.dedup_by_key(|span| (&span.file, span.start.line));
    let boxes = first_boxes(spans, STEP_BOXES, files);
    if boxes.is_empty() {
        details.push(details::nowhere());
    }
    details.extend(boxes);
    details
}
