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
    match goarch {
        "386" => tag_of(goarch, level, &["sse2", "softfloat"]),
        "amd64" => tags_up_to(goarch, level, &["v1", "v2", "v3", "v4"]),
        "arm" => arm_tags(level),
        "arm64" => arm64_tags(level),
        "mips" | "mipsle" | "mips64" | "mips64le" => {
            tag_of(goarch, level, &["hardfloat", "softfloat"])
        }
        "ppc64" | "ppc64le" => tags_up_to(goarch, level, &["power8", "power9", "power10"]),
        "riscv64" => tags_up_to(goarch, level, &["rva20u64", "rva22u64", "rva23u64"]),
        "wasm" => wasm_tags(level),
        _ => Ok(BTreeSet::new()),
    }
}

/// The tag of one of several levels that exclude each other.
fn tag_of(goarch: &str, level: &str, levels: &[&str]) -> Result<BTreeSet<String>, ArchError> {
    let index = index_of(goarch, level, levels)?;
    Ok(tags(goarch, &levels[index..=index]))
}

/// The tags of a level and of those before it, which it includes.
fn tags_up_to(goarch: &str, level: &str, levels: &[&str]) -> Result<BTreeSet<String>, ArchError> {
    let index = index_of(goarch, level, levels)?;
    Ok(tags(goarch, &levels[..=index]))
}

fn index_of(goarch: &str, level: &str, levels: &[&str]) -> Result<usize, ArchError> {
    let index = levels.iter().position(|known| *known == level);
    index.ok_or_else(|| {
        let variable = level_variable(goarch).unwrap_or_default();
        ArchError(format!("invalid {variable}: must be {}", levels.join(", ")))
    })
}

fn tags(goarch: &str, names: &[&str]) -> BTreeSet<String> {
    let mut tags = BTreeSet::new();
    for name in names {
        tags.insert(format!("{goarch}.{name}"));
    }
    tags
}

/// `6,softfloat` includes 5.
fn arm_tags(level: &str) -> Result<BTreeSet<String>, ArchError> {
    let version = level
        .strip_suffix(",softfloat")
        .or_else(|| level.strip_suffix(",hardfloat"))
        .unwrap_or(level);
    match version {
        "5" => Ok(tags("arm", &["5"])),
        "6" => Ok(tags("arm", &["5", "6"])),
        "7" => Ok(tags("arm", &["5", "6", "7"])),
        _ => Err(ArchError(
            "invalid GOARM: must start with 5, 6, or 7, and may optionally end in either \",hardfloat\" or \",softfloat\""
                .to_owned(),
        )),
    }
}

/// Both features are always on.
fn wasm_tags(level: &str) -> Result<BTreeSet<String>, ArchError> {
    for feature in level.split(',') {
        if !matches!(feature, "" | "satconv" | "signext") {
            return Err(ArchError(format!(
                "invalid GOWASM: no such feature \"{feature}\""
            )));
        }
    }
    Ok(tags("wasm", &["satconv", "signext"]))
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
    let (v8, v9) = match version.as_bytes() {
        [b'v', b'8', b'.', minor @ b'0'..=b'9'] => (minor - b'0', None),
        [b'v', b'9', b'.', minor @ b'0'..=b'5'] => ((minor - b'0' + 5).min(9), Some(minor - b'0')),
        _ => {
            return Err(ArchError(
                "invalid GOARM64: must start with v8.{0-9} or v9.{0-5} and may optionally end in \",lse\" and/or \",crypto\""
                    .to_owned(),
            ));
        }
    };
    let mut tags = BTreeSet::new();
    for minor in 0..=v8 {
        tags.insert(format!("arm64.v8.{minor}"));
    }
    if let Some(v9) = v9 {
        for minor in 0..=v9 {
            tags.insert(format!("arm64.v9.{minor}"));
        }
    }
    Ok(tags)
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
    let mut on = defaults(goos, go_minor);
    if possible {
        on.extend(regabi);
    }
    for word in setting.split(',').filter(|word| !word.is_empty()) {
        if word == "none" {
            on.clear();
            continue;
        }
        let (name, is_on) = match word.strip_prefix("no") {
            Some(name) => (name, false),
            None => (word, true),
        };
        if !is_experiment_name(name) {
            return Err(ArchError(format!("unknown GOEXPERIMENT {name}")));
        }
        let names = if name == "regabi" {
            regabi.to_vec()
        } else {
            vec![name]
        };
        if is_on {
            on.extend(names);
        } else {
            on.retain(|known| !names.contains(known));
        }
    }
    if always {
        on.extend(regabi);
    } else if !possible {
        on.retain(|known| !regabi.contains(known));
    }
    let mut tags = BTreeSet::new();
    for name in on {
        tags.insert(format!("goexperiment.{name}"));
    }
    Ok(tags)
}

/// The experiments of [`DEFAULT_ON`] that are on.
fn defaults(goos: &str, go_minor: u32) -> BTreeSet<&'static str> {
    let mut on = BTreeSet::new();
    for (name, range) in DEFAULT_ON {
        let is_off = *name == "dwarf5" && matches!(goos, "darwin" | "ios" | "aix");
        if range.contains(&go_minor) && !is_off {
            on.insert(*name);
        }
    }
    on
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
