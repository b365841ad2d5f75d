//! The findings as JSON.

use gowork_llb::diag::{Diagnostic, Position, Span};
use schemars::JsonSchema;
use serde::Serialize;

/// What `gowork check` found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CheckJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    version: u32,
    /// How many images have no errors.
    images: usize,
    /// The platforms that were looked at, like `linux/amd64`.
    platforms: Vec<String>,
    /// What was found, in the order of the text.
    findings: Vec<FindingJson>,
}

/// An error or a warning.
#[derive(Debug, Serialize, JsonSchema)]
struct FindingJson {
    /// How bad it is.
    severity: SeverityJson,
    /// The rule of a warning; errors have none. docs/checks.md has a section for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    /// What is wrong, one sentence.
    message: String,
    /// What you can do, perhaps in several lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Where it is, if it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceJson>,
    /// Other places that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedJson>,
    /// How many findings it stands for: more than 1 if the rest of a long list is only counted.
    count: usize,
}

/// How bad a finding is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SeverityJson {
    /// The image cannot be built.
    Error,
    /// The image can be built.
    Warning,
}

/// A place in a file.
#[derive(Debug, Serialize, JsonSchema)]
struct PlaceJson {
    /// The file, from the root of the repository, with slashes.
    file: String,
    /// The first character; missing if the file as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<PositionJson>,
    /// One past the last character; missing where only the start is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<PositionJson>,
}

/// A character in a file.
#[derive(Debug, Serialize, JsonSchema)]
struct PositionJson {
    /// The line, from 1.
    line: u32,
    /// The column, in characters from 1.
    column: u32,
}

/// Another place that belongs to a finding.
#[derive(Debug, Serialize, JsonSchema)]
struct RelatedJson {
    /// Where.
    place: PlaceJson,
    /// What is there.
    message: String,
}

/// The findings about this number of sound images on these platforms.
pub(crate) fn check(found: &[Diagnostic], images: usize, platforms: Vec<String>) -> CheckJson {
    CheckJson {
        version: 1,
        images,
        platforms,
        findings: found.iter().map(finding).collect(),
    }
}

fn finding(found: &Diagnostic) -> FindingJson {
    let related = found.related.iter().map(|(span, message)| RelatedJson {
        place: place(span),
        message: message.clone(),
    });
    FindingJson {
        severity: if found.is_error() {
            SeverityJson::Error
        } else {
            SeverityJson::Warning
        },
        rule: found.rule.map(|rule| rule.name()),
        message: found.message.clone(),
        help: found.help.clone(),
        place: found.span.as_ref().map(place),
        related: related.collect(),
        count: found.count(),
    }
}

fn place(span: &Span) -> PlaceJson {
    let has_line = super::has_line(span);
    PlaceJson {
        file: span.file.clone(),
        start: has_line.then(|| position(span.start)),
        end: (has_line && span.end > span.start).then(|| position(span.end)),
    }
}

fn position(at: Position) -> PositionJson {
    PositionJson {
        line: at.line,
        column: at.column.max(1),
    }
}
