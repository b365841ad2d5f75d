//! Names that the user gives, as images: `--target`, `--no-cache-filter`.

use gowork_llb::config::ImageName;
use gowork_llb::diag::{self, Diagnostic, Rule};
use gowork_llb::lower;

use super::job::Wanted;
use super::phases::outline::Outlined;
use crate::opts::NoCache;

/// The target that puts all binaries into one directory.
pub(super) const BINARIES: &str = "binaries";
/// The target that is the results image.
pub(super) const RESULTS: &str = "results";

/// The meaning of `--target`. Without one, the only image.
///
/// # Errors
/// If no image has this name, or if no target is given and there are several images.
pub(super) fn choose(target: Option<&str>, outlined: &Outlined) -> Result<Wanted, Diagnostic> {
    let names = outlined.names();
    let list = names.join(", ");
    let Some(target) = target else {
        return match outlined.without_variants().as_slice() {
            [only] => Ok(Wanted::Image(only.clone())),
            _ => Err(Diagnostic::error(format!(
                "this repository has {} images: {list}",
                names.len()
            ))
            .help(format!(
                "choose one with --target, or build only the binaries with --target {BINARIES} --output DIR"
            ))),
        };
    };
    // As in docker/dockerfile, capital letters count as small ones.
    let target = target.to_lowercase();
    if let Some(name) = names.iter().find(|name| **name == *target) {
        return Ok(Wanted::Image(name.clone()));
    }
    if target == BINARIES {
        return Ok(Wanted::Binaries);
    }
    if target == RESULTS {
        return Ok(Wanted::Results);
    }
    let near = match diag::nearest(&target, names.iter().map(ImageName::as_str)) {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    };
    Err(
        Diagnostic::error(format!("no image is named {target}{near}")).help(format!(
            "the images are {list}; the target {BINARIES} builds all binaries"
        )),
    )
}

/// `--no-cache` and `--no-cache-filter` in the planner's words.
pub(super) fn no_cache(asked: &NoCache) -> lower::NoCache {
    match asked {
        NoCache::Off => lower::NoCache::Nothing,
        NoCache::All => lower::NoCache::Everything,
        NoCache::Only(names) => lower::NoCache::Images(
            names
                .iter()
                .map(|name| name.trim().to_lowercase())
                .collect(),
        ),
    }
}

/// Warnings about names in `--no-cache-filter` that no image has.
pub(super) fn unknown_names(asked: &NoCache, outlined: &Outlined) -> Vec<Diagnostic> {
    let NoCache::Only(asked) = asked else {
        return Vec::new();
    };
    let names = outlined.names();
    let mut warnings = Vec::new();
    for asked in asked.iter().map(|name| name.trim()) {
        let is_known = names.iter().any(|name| name.eq_ignore_ascii_case(asked));
        if asked.is_empty() || is_known {
            continue;
        }
        let lower_case = asked.to_lowercase();
        let help = match diag::nearest(&lower_case, names.iter().map(ImageName::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the images are {}", names.join(", ")),
        };
        let warning = format!("--no-cache-filter: no image is named {asked}");
        warnings.push(Diagnostic::warning(Rule::BuildOption, warning).help(help));
    }
    warnings
}
