//! Diagnostics as they are found, up to a limit: what is wrong a hundred thousand times is listed a
//! hundred times and counted.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::{Diagnostic, Severity};
use crate::limits;

/// What was found, in order, each thing once. [`limits::DIAGNOSTICS`] errors and as many warnings
/// are kept; the rest is counted.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    kept: Vec<Diagnostic>,
    /// Digests of all that was found.
    seen: BTreeSet<u64>,
    errors: Count,
    warnings: Count,
}

#[derive(Debug, Clone, Default)]
struct Count {
    kept: usize,
    more: u32,
}

impl Findings {
    /// Adds what was found. Text beyond a limit is cut.
    pub fn push(&mut self, found: Diagnostic) {
        if found.others > 0 {
            self.count(found.severity).more += found.others;
            return;
        }
        let mut hasher = DefaultHasher::new();
        found.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return;
        }
        if self.is_full(found.severity) {
            self.count(found.severity).more += 1;
        } else {
            self.count(found.severity).kept += 1;
            self.kept.push(found.shortened());
        }
    }

    /// Whether another one would be kept. If not it is counted by this: for those whose words take
    /// time to find.
    pub(crate) fn wants(&mut self, severity: Severity) -> bool {
        let is_full = self.is_full(severity);
        self.count(severity).more += u32::from(is_full);
        !is_full
    }

    /// Adds what was found on another platform, where most of it is the same.
    pub fn merge(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        for found in found {
            if found.others > 0 {
                let count = self.count(found.severity);
                count.more = count.more.max(found.others);
            } else {
                self.push(found);
            }
        }
    }

    /// Whether there is an error among it.
    pub fn has_errors(&self) -> bool {
        self.errors.kept > 0 || self.errors.more > 0
    }

    /// What was found, with a line for what was only counted.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        let mut all = self.kept;
        for (severity, count, name) in [
            (Severity::Error, self.errors, "error"),
            (Severity::Warning, self.warnings, "warning"),
        ] {
            if count.more > 0 {
                let plural = if count.more == 1 { "" } else { "s" };
                let message = format!("... and {} more {name}{plural}", count.more);
                all.push(Diagnostic {
                    severity,
                    others: count.more,
                    ..Diagnostic::error(message)
                });
            }
        }
        all
    }

    fn is_full(&self, severity: Severity) -> bool {
        let count = if severity == Severity::Error {
            &self.errors
        } else {
            &self.warnings
        };
        count.kept >= limits::DIAGNOSTICS
    }

    fn count(&mut self, severity: Severity) -> &mut Count {
        if severity == Severity::Error {
            &mut self.errors
        } else {
            &mut self.warnings
        }
    }
}

impl Extend<Diagnostic> for Findings {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, found: T) {
        found.into_iter().for_each(|found| self.push(found));
    }
}

impl FromIterator<Diagnostic> for Findings {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(found: T) -> Self {
        let mut findings = Self::default();
        findings.extend(found);
        findings
    }
}

/// Places that belong to a diagnostic, as many as a reader looks at.
const MAX_RELATED: usize = 5;

impl Diagnostic {
    /// The same with no more text than [`limits::DIAGNOSTIC_TEXT`] in any of its sentences.
    #[must_use]
    pub(crate) fn shortened(mut self) -> Self {
        shorten(&mut self.message);
        self.help.iter_mut().for_each(shorten);
        self.related.truncate(MAX_RELATED);
        self.related
            .iter_mut()
            .for_each(|(_, words)| shorten(words));
        self
    }
}

fn shorten(text: &mut String) {
    if text.len() <= limits::DIAGNOSTIC_TEXT {
        return;
    }
    let end = text.floor_char_boundary(limits::DIAGNOSTIC_TEXT);
    let cut = text.len() - end;
    text.truncate(end);
    text.push_str(&format!(" ... ({cut} bytes more)"));
}
