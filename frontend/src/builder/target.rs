//! Which image is wanted.

use std::collections::BTreeSet;

use gowork_llb::diag::{self, Diagnostic};
use gowork_llb::lower;
use gowork_llb::ops::Platform;
use gowork_llb::plan::{BuildIx, Outline};

use super::phases::outline::Outlined;
use crate::opts::NoCache;

/// The target that puts all binaries into one directory.
pub(super) const BINARIES: &str = "binaries";

/// What is to be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One image.
    Image(String),
    /// All binaries.
    Binaries,
}

/// The meaning of `--target`. Without one, the only image there is.
pub(super) fn choose(target: Option<&str>, outlined: &Outlined) -> Result<Wanted, Diagnostic> {
    let names = outlined.names();
    let list = names.join(", ");
    // As docker/dockerfile has it, capital letters count as small ones.
    let target = target.map(str::to_lowercase);
    match (target.as_deref(), names.as_slice()) {
        (None, [only]) => Ok(Wanted::Image(only.clone())),
        (None, _) => Err(Diagnostic::error(format!("there are {} images: {list}", names.len()))
            .help(format!("pick one with --target, or take the binaries alone with --target {BINARIES} --output DIR"))),
        (Some(name), names) if names.iter().any(|other| other == name) => Ok(Wanted::Image(name.to_owned())),
        (Some(BINARIES), _) => Ok(Wanted::Binaries),
        (Some(name), names) => {
            let near = diag::nearest(name, names.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            Err(Diagnostic::error(format!("there is no image {name}{near}"))
                .help(format!("images are {list}; {BINARIES} stands for all binaries")))
        }
    }
}

/// What to build for one platform.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) platform: &'a Platform,
    pub(super) outline: &'a Outline,
    pub(super) wanted: &'a Wanted,
}

impl Job<'_> {
    /// The builds that the wanted images need.
    pub(super) fn builds(&self) -> BTreeSet<BuildIx> {
        self.wanted.builds(self.outline)
    }
}

impl Wanted {
    /// The image's name, if it is one.
    pub(super) fn image(&self) -> Option<&str> {
        match self {
            Self::Image(name) => Some(name),
            Self::Binaries => None,
        }
    }

    /// The builds that it takes.
    fn builds(&self, outline: &Outline) -> BTreeSet<BuildIx> {
        let wanted = |name: &str| self.image().is_none_or(|image| image == name);
        outline
            .images
            .iter()
            .filter(|image| wanted(&image.config.name))
            .map(|image| image.build)
            .collect()
    }
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

/// What is said of names in `--no-cache-filter` that no image has.
pub(super) fn unknown_names(asked: &NoCache, outlined: &Outlined) -> Vec<Diagnostic> {
    let NoCache::Only(asked) = asked else {
        return Vec::new();
    };
    let names = outlined.names();
    let is_known = |asked: &str| {
        names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(asked.trim()))
    };
    let unknown = asked
        .iter()
        .filter(|asked| !asked.trim().is_empty() && !is_known(asked));
    let warning = |unknown: &String| {
        let warning =
            Diagnostic::warning(format!("--no-cache-filter: there is no image {unknown}"));
        match diag::nearest(&unknown.to_lowercase(), names.iter().map(String::as_str)) {
            Some(near) => warning.help(format!("did you mean {near}?")),
            None => warning.help(format!("images are {}", names.join(", "))),
        }
    };
    unknown.map(warning).collect()
}
