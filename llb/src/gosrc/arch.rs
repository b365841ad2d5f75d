//! Tool tags: what GOEXPERIMENT, GOAMD64 and variables like it add to the tags that constraints may
//! name.
//!
//! Checked against what the toolchain reports (`go list -f '{{context.ToolTags}}'`).

use std::collections::BTreeSet;

/// A setting that the toolchain refuses, in its words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ArchError(pub String);

/// Name of the variable that sets the level of an architecture (`GOAMD64` ...), if it has one.
pub(crate) fn level_variable(goarch: &str) -> Option<&'static str> {
    Some(match goarch {
        "386" => "GO386",
        "amd64" => "GOAMD64",
        "arm" => "GOARM",
        "arm64" => "GOARM64",
        "mips" | "mipsle" => "GOMIPS",
        "mips64" | "mips64le" => "GOMIPS64",
        "ppc64" | "ppc64le" => "GOPPC64",
        "riscv64" => "GORISCV64",
        "wasm" => "GOWASM",
        _ => return None,
    })
}

/// All tool tags of Go 1.`go_minor`: of GOEXPERIMENT's value and the level variable's value ("" for
/// the defaults).
///
/// # Errors
/// Values that the toolchain refuses.
pub fn tool_tags(
    goos: &str,
    goarch: &str,
    go_minor: u32,
    experiment: &str,
    level: &str,
) -> Result<BTreeSet<String>, ArchError> {
    let mut tags = experiments(goos, goarch, go_minor, experiment)?;
    if level.is_empty() {
        tags.extend(default_level_tags(goos, goarch));
    } else {
        tags.extend(level_tags(goarch, level)?);
    }
    Ok(tags)
}

pub(super) fn default_level_tags(goos: &str, goarch: &str) -> BTreeSet<String> {
    let level = match goarch {
        "386" => "sse2",
        "amd64" => "v1",
        // A toolchain made by cross-compiling, as all released ones are, has this default for
        // GOARM.
        "arm" if goos == "android" => "7",
        "arm" => "7",
        "arm64" => "v8.0",
        "mips" | "mipsle" | "mips64" | "mips64le" => "hardfloat",
        "ppc64" | "ppc64le" => "power8",
        "riscv64" => "rva20u64",
        _ => "",
    };
    level_tags(goarch, level).unwrap_or_default()
}

/// The tags of a level of an architecture: `amd64.v1` and `amd64.v2` for `v2`.
///
/// # Errors
/// Values that the toolchain refuses.
pub(crate) fn level_tags(goarch: &str, level: &str) -> Result<BTreeSet<String>, ArchError> {
    let one_of = |levels: &[&str], hint: &str| match levels.iter().position(|known| *known == level)
    {
        Some(index) => Ok(index),
        None => Err(ArchError(format!(
            "invalid {}: must be {hint}",
            level_variable(goarch).unwrap_or_default()
        ))),
    };
    let tag = |name: &str| format!("{goarch}.{name}");
    let up_to = |levels: &[&str], hint: &str| {
        Ok(levels[..=one_of(levels, hint)?]
            .iter()
            .map(|level| tag(level))
            .collect())
    };
    match goarch {
        "386" => {
            one_of(&["sse2", "softfloat"], "sse2, softfloat").map(|_| BTreeSet::from([tag(level)]))
        }
        "amd64" => up_to(&["v1", "v2", "v3", "v4"], "v1, v2, v3, v4"),
        "arm" => {
            let version = level
                .strip_suffix(",softfloat")
                .or_else(|| level.strip_suffix(",hardfloat"))
                .unwrap_or(level);
            let levels = ["5", "6", "7"];
            let last = levels.iter().position(|known| *known == version).ok_or_else(|| {
                ArchError("invalid GOARM: must start with 5, 6, or 7, and may optionally end in either \",hardfloat\" or \",softfloat\"".to_owned())
            })?;
            Ok(levels[..=last].iter().map(|level| tag(level)).collect())
        }
        "arm64" => arm64_tags(level),
        "mips" | "mipsle" | "mips64" | "mips64le" => {
            one_of(&["hardfloat", "softfloat"], "hardfloat, softfloat")
                .map(|_| BTreeSet::from([tag(level)]))
        }
        "ppc64" | "ppc64le" => up_to(&["power8", "power9", "power10"], "power8, power9, power10"),
        "riscv64" => up_to(
            &["rva20u64", "rva22u64", "rva23u64"],
            "rva20u64, rva22u64, rva23u64",
        ),
        "wasm" => match level
            .split(',')
            .find(|option| !matches!(*option, "" | "satconv" | "signext"))
        {
            Some(option) => Err(ArchError(format!(
                "invalid GOWASM: no such feature \"{option}\""
            ))),
            // Both are always on.
            None => Ok(BTreeSet::from([tag("satconv"), tag("signext")])),
        },
        _ => Ok(BTreeSet::new()),
    }
}

/// v9.N includes v8.0 up to v8.(N+5).
fn arm64_tags(level: &str) -> Result<BTreeSet<String>, ArchError> {
    let mut version = level;
    while let Some(rest) = version
        .strip_suffix(",lse")
        .or_else(|| version.strip_suffix(",crypto"))
    {
        version = rest;
    }
    let invalid = || {
        ArchError(
            "invalid GOARM64: must start with v8.{0-9} or v9.{0-5} and may optionally end in \",lse\" and/or \",crypto\""
                .to_owned(),
        )
    };
    let tags =
        |major: u32, last: u32| (0..=last).map(move |minor| format!("arm64.v{major}.{minor}"));
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.len() == 1);
    if let Some(minor) = version.strip_prefix("v8.").and_then(number) {
        return Ok(tags(8, minor).collect());
    }
    match version.strip_prefix("v9.").and_then(number) {
        Some(minor @ 0..=5) => Ok(tags(9, minor).chain(tags(8, (minor + 5).min(9))).collect()),
        _ => Err(invalid()),
    }
}

/// The experiments that Go 1.`go_minor` turns on by itself, as tags.
pub(super) fn default_experiments(goos: &str, goarch: &str, go_minor: u32) -> BTreeSet<String> {
    experiments(goos, goarch, go_minor, "").unwrap_or_default()
}

fn experiments(
    goos: &str,
    goarch: &str,
    go_minor: u32,
    setting: &str,
) -> Result<BTreeSet<String>, ArchError> {
    let always = matches!(
        goarch,
        "amd64" | "arm64" | "loong64" | "ppc64le" | "ppc64" | "riscv64"
    );
    let possible = always || goarch == "s390x";
    let regabi = ["regabiwrappers", "regabiargs"];
    let mut on: BTreeSet<&str> = DEFAULT_ON
        .iter()
        .filter(|(name, range)| {
            range.contains(&go_minor)
                && (*name != "dwarf5" || !matches!(goos, "darwin" | "ios" | "aix"))
        })
        .map(|(name, _)| *name)
        .collect();
    on.extend(regabi.iter().filter(|_| possible));
    for word in setting.split(',').filter(|word| !word.is_empty()) {
        let (name, value) = word
            .strip_prefix("no")
            .map_or((word, true), |name| (name, false));
        match (word, name) {
            ("none", _) => on.clear(),
            (_, "regabi") if value => on.extend(regabi),
            (_, "regabi") => on.retain(|name| !regabi.contains(name)),
            _ if !is_experiment_name(name) => {
                return Err(ArchError(format!("unknown GOEXPERIMENT {name}")));
            }
            _ if value => drop(on.insert(name)),
            _ => drop(on.remove(name)),
        }
    }
    if always {
        on.extend(regabi);
    } else if !possible {
        on.retain(|name| !regabi.contains(name));
    }
    Ok(on
        .into_iter()
        .map(|name| format!("goexperiment.{name}"))
        .collect())
}

/// Whether it looks like the name of an experiment. Which there are differs per release; the
/// toolchain refuses others.
fn is_experiment_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Experiments on by default, with the minors of the releases that have them on.
const DEFAULT_ON: &[(&str, std::ops::Range<u32>)] = &[
    ("dwarf5", 25..u32::MAX),
    ("greenteagc", 26..u32::MAX),
    ("randomizedheapbase64", 26..u32::MAX),
];
