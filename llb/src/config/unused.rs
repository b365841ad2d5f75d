//! Build-args that nothing uses: a typing error, most likely.

use std::collections::{BTreeMap, BTreeSet};

use super::{Config, MODULE_ARGS};
use crate::diag::{self, Diagnostic, Findings, Rule, Severity};

/// What BuildKit and its clients pass by themselves, in capital or in small letters.
const PROXIES: [&str; 5] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
];
/// What the names of BuildKit's own build-args begin with.
const OF_BUILDKIT: &str = "BUILDKIT_";
/// The time to put on everything, by the reproducible-builds.org specification.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

impl Config {
    /// A warning for each of `given` that neither a value of this configuration nor anything else
    /// uses. Call it on the configuration as written: [`Config::expand`] leaves no build-args in
    /// it.
    pub fn unused_build_args(&self, given: &BTreeMap<String, String>) -> Vec<Diagnostic> {
        let asked = self.build_args();
        let used: BTreeSet<&str> = asked.iter().map(|arg| arg.name.as_str()).collect();
        let unused = given
            .keys()
            .filter(|name| !used.contains(name.as_str()) && !is_known(name));
        let mut findings = Findings::default();
        for name in unused {
            // Looking for the nearest name takes time.
            if findings.wants(Severity::Warning) {
                findings.push(unused_arg(name, &used));
            }
        }
        findings.into_vec()
    }
}

/// Whether a build-arg of this name means something in every build.
fn is_known(name: &str) -> bool {
    let is_proxy = |proxy: &str| name == proxy || name == proxy.to_lowercase();
    name == EPOCH
        || name.starts_with(OF_BUILDKIT)
        || MODULE_ARGS.iter().any(|(known, _)| *known == name)
        || PROXIES.into_iter().any(is_proxy)
}

fn unused_arg(name: &str, used: &BTreeSet<&str>) -> Diagnostic {
    let warning = Diagnostic::warning(
        Rule::UnusedBuildArg,
        format!("build-arg {name} is not used"),
    );
    let known: BTreeSet<&str> = used
        .iter()
        .copied()
        .chain(MODULE_ARGS.map(|(known, _)| known))
        .chain([EPOCH])
        .collect();
    let upper = name.to_uppercase();
    let near = known
        .iter()
        .copied()
        .find(|known| known.to_uppercase() == upper);
    let near = near.or_else(|| diag::nearest(name, known.iter().copied()));
    let near = near.or_else(|| diag::nearest(&upper, known.iter().copied()));
    match near {
        Some(near) => warning.help(format!("did you mean {near}?")),
        None if used.is_empty() => warning.help(format!(
            "the configuration uses none; write ${{{name}}} where its value belongs"
        )),
        None => warning.help(format!(
            "the configuration uses {}",
            used.iter().copied().collect::<Vec<_>>().join(", ")
        )),
    }
}
