//! Versions: of Go (`1.26`, `1.26rc1`, `1.26.3`) and of modules (`v1.2.3`). Validity, order,
//! canonical form.
//!
//! Go's own versions are not semantic versions: `1.21 < 1.21rc1 < 1.21.0`. Rules: Go's
//! internal/gover and golang.org/x/mod/semver.

use std::cmp::Ordering;

/// What a go.work without a `go` line means (cmd/go/internal/gover, DefaultGoWorkVersion).
pub(crate) const GO_WORK_DEFAULT: &str = "1.18";

/// The parts of a Go version, as decimal strings: no number is too large. All empty if malformed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct GoVersion<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    /// `alpha`, `beta`, `rc` or nothing, which sort in the order of their letters.
    kind: &'a str,
    pre: &'a str,
}

impl<'a> GoVersion<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (major, rest) = cut_int(text)?;
        if rest.is_empty() {
            return Some(Self {
                major,
                minor: "0",
                patch: "0",
                ..Self::default()
            });
        }
        let (minor, rest) = cut_int(rest.strip_prefix('.')?)?;
        if rest.is_empty() {
            // From 1.21 on, `1.N` is the language and older than `1.N.0`; before, they are the
            // same.
            let patch = if compare_int(minor, "21").is_lt() {
                "0"
            } else {
                ""
            };
            return Some(Self {
                major,
                minor,
                patch,
                ..Self::default()
            });
        }
        if let Some(patch) = rest.strip_prefix('.') {
            let (patch, rest) = cut_int(patch)?;
            return rest.is_empty().then_some(Self {
                major,
                minor,
                patch,
                ..Self::default()
            });
        }
        let letters = rest.bytes().take_while(|b| !b.is_ascii_digit()).count();
        let (kind, pre) = rest.split_at_checked(letters)?;
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_lowercase()) {
            return None;
        }
        let (pre, rest) = if pre.is_empty() {
            ("", "")
        } else {
            cut_int(pre)?
        };
        rest.is_empty().then_some(Self {
            major,
            minor,
            kind,
            pre,
            ..Self::default()
        })
    }
}

/// Whether `version` (`1.26`, without `go` in front) is a version of Go.
pub fn is_go(version: &str) -> bool {
    GoVersion::parse(version).is_some()
}

/// Orders two Go versions without `go` in front. Malformed ones are equal to each other and less
/// than all others.
pub fn compare_go(a: &str, b: &str) -> Ordering {
    let (a, b) = (
        GoVersion::parse(a).unwrap_or_default(),
        GoVersion::parse(b).unwrap_or_default(),
    );
    compare_int(a.major, b.major)
        .then_with(|| compare_int(a.minor, b.minor))
        .then_with(|| compare_int(a.patch, b.patch))
        .then_with(|| a.kind.cmp(b.kind))
        .then_with(|| compare_int(a.pre, b.pre))
}

/// The language version: `1.26` of `1.26.3`; empty if malformed.
pub fn go_lang(version: &str) -> String {
    match GoVersion::parse(version) {
        None => String::new(),
        Some(v) if v.major == "1" && v.minor == "0" => v.major.to_owned(),
        Some(v) => format!("{}.{}", v.major, v.minor),
    }
}

/// The minor version: 26 of `1.26.3`; nothing if malformed or beyond 32 bits.
pub fn go_minor(version: &str) -> Option<u32> {
    GoVersion::parse(version)?.minor.parse().ok()
}

/// The Go version that a toolchain's name stands for: `1.26.3` of `go1.26.3-custom`; nothing for
/// `default` and malformed names.
pub fn toolchain_go(name: &str) -> Option<&str> {
    let version = name.strip_prefix("go")?;
    let version = version.split([' ', '\t', '-']).next().unwrap_or(version);
    (!name.contains(['/', '\\']) && is_go(version)).then_some(version)
}

/// Whether a `go` line may say this: `N.N`, `N.N.N`, each with letters and a number after it
/// (modfile.GoVersionRE).
pub(super) fn is_go_line(text: &str) -> bool {
    let numbers = || -> Option<&str> {
        let (major, rest) = cut_int(text)?;
        let (_, rest) = cut_int(rest.strip_prefix('.')?)?;
        let rest = if let Some(patch) = rest.strip_prefix('.') {
            cut_int(patch)?.1
        } else {
            rest
        };
        (major != "0").then_some(rest)
    };
    numbers().is_some_and(|pre| {
        let letters = pre.bytes().take_while(u8::is_ascii_lowercase).count();
        let digits = &pre[letters..];
        pre.is_empty()
            || letters > 0 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// What a dependency's `go` line that is not [`is_go_line`] is taken for: `1.22` for `1.22.x`
/// (modfile's laxGoVersionRE).
pub(super) fn lax_go_line(text: &str) -> Option<&str> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (major, rest) = cut_int(text)?;
    let (_, rest) = cut_int(rest.strip_prefix('.')?)?;
    (major != "0" && !rest.is_empty()).then(|| &text[..text.len() - rest.len()])
}

/// Whether a `toolchain` line may say this (modfile.ToolchainRE): looser than [`toolchain_go`], for
/// toolchains to come.
pub(super) fn is_toolchain_line(text: &str) -> bool {
    text == "default" || text == "go1" || text.starts_with("go1.")
}

/// The parts of a semantic version with a `v` in front.
#[derive(Debug, Clone, Copy)]
struct Semver<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    /// With its `-`; may be empty.
    prerelease: &'a str,
    /// With its `+`; may be empty.
    build: &'a str,
}

impl<'a> Semver<'a> {
    /// `v1` and `v1.2` count as `v1.0.0` and `v1.2.0`, as long as nothing follows.
    fn parse(version: &'a str) -> Option<Self> {
        let (major, rest) = cut_int(version.strip_prefix('v')?)?;
        let short = Self {
            major,
            minor: "0",
            patch: "0",
            prerelease: "",
            build: "",
        };
        if rest.is_empty() {
            return Some(short);
        }
        let (minor, rest) = cut_int(rest.strip_prefix('.')?)?;
        if rest.is_empty() {
            return Some(Self { minor, ..short });
        }
        let (patch, rest) = cut_int(rest.strip_prefix('.')?)?;
        let (prerelease, build) = rest.split_at(rest.find('+').unwrap_or(rest.len()));
        let identifiers_ok = |part: &str, sign: char, numbers_padded: bool| {
            part.is_empty()
                || part
                    .strip_prefix(sign)
                    .is_some_and(|ids| ids.split('.').all(|id| is_identifier(id, numbers_padded)))
        };
        (identifiers_ok(prerelease, '-', false) && identifiers_ok(build, '+', true)).then_some(
            Self {
                major,
                minor,
                patch,
                prerelease,
                build,
            },
        )
    }
}

/// Whether `version` is a semantic version, possibly shortened (`v1`, `v1.2`).
pub(crate) fn is_semver(version: &str) -> bool {
    Semver::parse(version).is_some()
}

/// The full form without build metadata: `v1.2.0` of `v1.2` and of `v1.2.0+meta`. Nothing if
/// malformed.
pub fn canonical(version: &str) -> Option<String> {
    let v = Semver::parse(version)?;
    Some(format!(
        "v{}.{}.{}{}",
        v.major, v.minor, v.patch, v.prerelease
    ))
}

/// As [`canonical`], but `+incompatible` stays: the form of versions in go.mod files.
pub fn canonical_module(version: &str) -> Option<String> {
    let suffix = if build(version) == INCOMPATIBLE {
        INCOMPATIBLE
    } else {
        ""
    };
    canonical(version).map(|canonical| canonical + suffix)
}

const INCOMPATIBLE: &str = "+incompatible";

/// Whether a release of a module without go.mod at major version 2 or above is meant.
pub(crate) fn is_incompatible(version: &str) -> bool {
    build(version) == INCOMPATIBLE
}

/// The major version with its `v`: `v2` of `v2.3.4`. Empty if malformed.
pub fn major(version: &str) -> &str {
    Semver::parse(version).map_or("", |v| &version[..1 + v.major.len()])
}

/// The build metadata with its `+`, empty if it has none.
fn build(version: &str) -> &str {
    Semver::parse(version).map_or("", |v| v.build)
}

/// Orders two module versions. Malformed ones are equal to each other and less than all others;
/// build metadata does not count.
pub fn compare_semver(a: &str, b: &str) -> Ordering {
    match (Semver::parse(a), Semver::parse(b)) {
        (Some(a), Some(b)) => compare_int(a.major, b.major)
            .then_with(|| compare_int(a.minor, b.minor))
            .then_with(|| compare_int(a.patch, b.patch))
            .then_with(|| compare_prerelease(a.prerelease, b.prerelease)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// A release is newer than its prereleases; otherwise identifier by identifier, numbers before
/// words, more identifiers newer.
fn compare_prerelease(a: &str, b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return a.is_empty().cmp(&b.is_empty());
    }
    let identifiers = |part: &str| part[1..].split('.').map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (identifiers(a), identifiers(b));
    let first_difference = a
        .iter()
        .zip(&b)
        .map(|(a, b)| match (is_number(a), is_number(b)) {
            (true, true) => compare_int(a, b),
            (false, false) => a.cmp(b),
            (a_is_number, _) => {
                if a_is_number {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        });
    first_difference
        .into_iter()
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_identifier(id: &str, may_be_padded: bool) -> bool {
    let padded_number = is_number(id) && id.len() > 1 && id.starts_with('0');
    !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && (may_be_padded || !padded_number)
}

/// Splits off the leading number. Returns `None` if no number is there, or it begins with a
/// superfluous zero.
fn cut_int(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    (digits > 0 && (digits == 1 || !number.starts_with('0'))).then_some((number, rest))
}

/// Orders decimal numbers of any length without leading zeros; the empty string is the least.
fn compare_int(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
