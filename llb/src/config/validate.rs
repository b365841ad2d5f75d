//! Checks values against their grammars and says what is wrong with them, and where.

use super::Config;
use super::strings::{Slot, visit_strings};
use super::wrong::Wrong;
use crate::diag::{Diagnostic, Span};

/// Checks one value that has no build-args in it any more.
pub(super) fn text(slot: &Slot, value: &str) -> Result<(), Wrong> {
    if value.contains('\0') {
        return Err(Wrong {
            why: "it holds a NUL character".to_owned(),
            help: "no program can be given that: leave it out".to_owned(),
        });
    }
    (slot.check)(value)
}

/// Checks every value without build-args; the others wait for [`Config::expand`].
pub(super) fn fixed(config: &Config) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    visit_strings(&mut config.clone(), &mut |slot, value| {
        if !value.value.contains('$')
            && let Err(wrong) = text(slot, &value.value)
        {
            diagnostics.push(diagnostic(&slot.key, wrong, value.span.as_ref()));
        }
    });
    diagnostics
}

/// Checks that every table of `[stages]` says one thing.
pub(super) fn stages(config: &Config) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (name, stage) in &config.stages {
        let has_parts = stage.target.is_some() || !stage.args.is_empty();
        let (why, help) = match (&stage.dockerfile, &stage.image) {
            (None, None) => (
                "neither `dockerfile` nor `image` is set",
                "add dockerfile = \"PATH\", or image = \"IMAGE\"",
            ),
            (Some(_), Some(_)) => (
                "both `dockerfile` and `image` are set",
                "keep `dockerfile` or `image`",
            ),
            (None, Some(_)) if has_parts => (
                "an image has no targets and takes no build-args",
                "remove `target` and `args`",
            ),
            _ => continue,
        };
        let wrong = Wrong {
            why: why.to_owned(),
            help: help.to_owned(),
        };
        diagnostics.push(diagnostic(
            &format!("stages.{name}"),
            wrong,
            stage.at.as_ref(),
        ));
    }
    diagnostics
}

/// The number that stands for no user and no group in system calls.
const NO_ID: u32 = u32::MAX;

/// Checks the ids of `users`.
pub(super) fn users(config: &Config) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let images = config.images.iter();
    let images = images.map(|(name, image)| (format!("images.{name}"), &image.runtime));
    for (table, runtime) in images.chain([("runtime".to_owned(), &config.runtime)]) {
        for user in runtime.users.iter().flatten() {
            for (key, id) in [("uid", Some(&user.uid)), ("gid", user.gid.as_ref())] {
                if let Some(id) = id.filter(|id| id.value == NO_ID) {
                    let wrong = Wrong {
                        why: format!("{NO_ID} stands for no user and no group"),
                        help: "write a smaller number, like 10001".to_owned(),
                    };
                    let key = format!("{table}.users.{key}");
                    diagnostics.push(diagnostic(&key, wrong, id.span.as_ref()));
                }
            }
        }
    }
    diagnostics
}

/// `wrong` as the user sees it.
pub(super) fn diagnostic(key: &str, wrong: Wrong, span: Option<&Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("`{key}`: {}", wrong.why)).help(wrong.help);
    diagnostic.at(span.cloned())
}
