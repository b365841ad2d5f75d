//! How much a configuration may hold, and how much a build may be given for it.

use std::collections::BTreeMap;

use super::Config;
use super::reference::count_args;
use super::strings::{Form, visit_strings};
use crate::diag::{Diagnostic, Span};
use crate::limits;

/// Bytes that an entry of a table or list takes in addition to its text.
const ENTRY: usize = 64;

impl Config {
    /// The errors of a configuration that has too much of something, each at the first that is too
    /// much.
    pub(super) fn beyond_limits(&self) -> Vec<Diagnostic> {
        let mut places: Vec<Option<&Span>> = self
            .images
            .values()
            .map(|image| image.at.as_ref())
            .collect();
        places.sort();
        let tables = places.get(limits::IMAGES).map(|place| {
            let message = format!(
                "more than {} tables [images.NAME], gowork's limit",
                limits::IMAGES
            );
            Diagnostic::error(message).at(place.cloned())
        });
        let overlays = self.overlay.get(limits::OVERLAYS).map(|overlay| {
            let message = format!(
                "more than {} tables [[overlay]], gowork's limit",
                limits::OVERLAYS
            );
            Diagnostic::error(message).at(overlay.from.span.clone())
        });
        let mut places: Vec<Option<&Span>> = self
            .stages
            .values()
            .map(|stage| stage.at.as_ref())
            .collect();
        places.sort();
        let stages = places.get(limits::STAGES).map(|place| {
            let message = format!(
                "more than {} tables [stages.NAME], gowork's limit",
                limits::STAGES
            );
            Diagnostic::error(message).at(place.cloned())
        });
        let too_many = [tables, stages, overlays, self.too_many_uses()];
        too_many.into_iter().flatten().collect()
    }

    fn too_many_uses(&self) -> Option<Diagnostic> {
        let mut uses = 0;
        let mut error = None;
        visit_strings(&mut self.clone(), &mut |slot, value| {
            uses += count_args(&value.value, slot.form == Form::Env);
            if uses > limits::ARG_USES && error.is_none() {
                let message = format!(
                    "more than {} build-args in the values of a configuration, gowork's limit",
                    limits::ARG_USES
                );
                error = Some(Diagnostic::error(message).at(value.span.clone()));
            }
        });
        error
    }

    /// Bytes of what `[go]` and `[runtime]` say. Each image has a copy of it.
    pub(crate) fn shared_bytes(&self) -> usize {
        let mut shared = Self {
            go: self.go.clone(),
            runtime: self.runtime.clone(),
            ..Self::default()
        };
        let mut bytes = 0_usize;
        visit_strings(&mut shared, &mut |slot, value| {
            bytes += slot.key.len() + value.value.len() + ENTRY;
        });
        bytes
    }
}

/// The errors of what a build is given too much of: build-args, labels, named contexts. `kind` is
/// the word for one.
pub fn check_given(kind: &str, given: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    if given.len() > limits::GIVEN {
        errors.push(Diagnostic::error(format!(
            "{} {kind}s; gowork takes {}",
            given.len(),
            limits::GIVEN
        )));
    }
    let too_long = given
        .iter()
        .find(|(name, value)| name.len() + value.len() > limits::GIVEN_TEXT);
    if let Some((name, value)) = too_long {
        let shown: String = name.chars().take(80).collect();
        errors.push(Diagnostic::error(format!(
            "{kind} {shown}: {} bytes; gowork takes {}",
            name.len() + value.len(),
            limits::GIVEN_TEXT
        )));
    }
    errors
}
