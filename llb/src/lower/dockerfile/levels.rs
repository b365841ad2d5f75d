//! The instruction set that the variant of a platform asks for: what [`Target::level`] says, for
//! the shell of a build.

use std::collections::BTreeSet;

use crate::plan::Target;

/// Patterns of `architecture/variant` with Go's variable and its value.
const LEVELS: [(&str, &str, &str); 7] = [
    ("amd64/v[2-4]", "GOAMD64", "$TARGETVARIANT"),
    ("arm/v[5-7]", "GOARM", "${TARGETVARIANT#v}"),
    ("arm/v8", "GOARM", "7"),
    ("arm64/v[89].*", "GOARM64", "$TARGETVARIANT"),
    ("arm64/v9", "GOARM64", "v9.0"),
    ("ppc64le/power*", "GOPPC64", "$TARGETVARIANT"),
    ("riscv64/rva*", "GORISCV64", "$TARGETVARIANT"),
];

/// Variants that ask for nothing. BuildKit leaves them out of `$TARGETVARIANT`, other builders do
/// not.
const PLAIN: [&str; 2] = ["amd64/v1", "arm64/v8"];

/// The instruction that sets the level for any variant of the architectures of `targets`: as a
/// default of the go command, which a variable of the environment overrides. None where no
/// architecture has variants.
pub(super) fn run<'t>(targets: impl Iterator<Item = &'t Target>) -> Option<String> {
    let arches: BTreeSet<&str> = targets.map(|target| target.arch.as_str()).collect();
    let plain: Vec<&str> = PLAIN
        .into_iter()
        .filter(|pattern| is_of(&arches, pattern))
        .collect();
    let mut lines = vec![
        "# The variant of a platform says which instructions there are.".to_owned(),
        "RUN case $TARGETARCH/$TARGETVARIANT in \\".to_owned(),
    ];
    if !plain.is_empty() {
        lines.push(format!("    {}) ;; \\", plain.join(" | ")));
    }
    let levels: Vec<_> = LEVELS
        .into_iter()
        .filter(|(pattern, ..)| is_of(&arches, pattern))
        .collect();
    if levels.is_empty() {
        return None;
    }
    lines.extend(levels.iter().map(|(pattern, variable, level)| {
        format!("    {pattern}) go env -w {variable}={level} ;; \\")
    }));
    lines.push("    */?*) echo \"no variant that Go knows: $TARGETARCH/$TARGETVARIANT\" >&2; exit 1 ;; esac".to_owned());
    Some(lines.join("\n"))
}

fn is_of(arches: &BTreeSet<&str>, pattern: &str) -> bool {
    pattern
        .split_once('/')
        .is_some_and(|(arch, _)| arches.contains(arch))
}
