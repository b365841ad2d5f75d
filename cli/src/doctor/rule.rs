//! What a rule is, and what it finds.

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::Facts;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Builds fail.
    Error,
    /// Builds work, but something in them is slow, missing or unsafe.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// Its name in text.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something that is known to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// The name of what was looked for. docs/doctor.md describes each.
    pub(crate) rule: &'static str,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
}

/// Something to look for.
pub(super) struct Rule {
    /// Its name.
    pub(super) name: &'static str,
    /// How much its finding matters.
    pub(super) severity: Severity,
    /// What is wrong and what to do, if something is.
    pub(super) look: fn(&Facts) -> Option<(String, String)>,
}
