//! A cache that BuildKit would not import.
//!
//! BuildKit exports the records of all steps in one file, and imports none that is too large. It
//! says so only in its log, so that each build finds nothing. The frontend does not see whether a
//! cache is exported. But a build that imports a cache usually exports one.

use std::collections::BTreeMap;

use gowork_llb::config::Config;
use gowork_llb::diag::{Diagnostic, Rule};
use gowork_llb::ops::{MAX_CACHE_CONFIG, Output};

use super::session::Session;

/// Warns if a cache with the steps of these outputs is likely too large.
pub(super) async fn check(session: &Session<'_>, config: &Config, outputs: &[Output]) {
    if session.options.cache_imports.is_empty() {
        return;
    }
    let definitions = outputs.iter().map(Output::to_definition);
    let sizes: BTreeMap<String, u64> = definitions
        .flat_map(|definition| definition.cache_config_sizes())
        .collect();
    if let Some(warning) = warning(sizes.values().sum()) {
        session.warn(config, vec![warning]).await;
    }
}

/// The warning for a cache whose records have about this number of bytes.
fn warning(bytes: u64) -> Option<Diagnostic> {
    if bytes <= MAX_CACHE_CONFIG {
        return None;
    }
    let warning = Diagnostic::warning(
        Rule::BuildOption,
        format!(
            "a cache of this build (--cache-to with mode=max) is likely too large for BuildKit to import: its steps take about {} kB to describe, and BuildKit reads {} kB at most",
            bytes / 1000,
            MAX_CACHE_CONFIG / 1000
        ),
    );
    Some(warning.help(
        "build each platform, or some of the images, by itself, with its own reference in --cache-to and --cache-from",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_buildkit_ignores_is_warned_of() {
        assert!(warning(MAX_CACHE_CONFIG).is_none());
        let text = warning(1_400_000).expect("a warning").to_string();
        assert!(
            text.contains("about 1400 kB") && text.contains("1048 kB at most"),
            "{text}"
        );
    }
}
