//! An entry in the OSV format (<https://ossf.github.io/osv-schema/>), with what the Go database adds
//! to it (<https://go.dev/security/vuln/database>). Fields that nothing here needs are not read.

use gowork_llb::gomod::version;
use serde::Deserialize;

use super::range::{Event, Range};

/// An entry.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entry {
    /// `GO-2023-2102`, `GHSA-...`.
    pub(super) id: String,
    /// Its names in other databases.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// One line of text.
    #[serde(default)]
    pub(super) summary: String,
    /// Set if the entry was withdrawn.
    withdrawn: Option<String>,
    #[serde(default)]
    affected: Vec<Affected>,
}

/// What an entry says of one module.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Affected {
    package: Option<Package>,
    #[serde(default)]
    ranges: Vec<RangeJson>,
    #[serde(default)]
    versions: Vec<String>,
    ecosystem_specific: Option<EcosystemSpecific>,
}

#[derive(Debug, Clone, Deserialize)]
struct Package {
    name: String,
    ecosystem: String,
}

#[derive(Debug, Clone, Deserialize)]
struct RangeJson {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<EventJson>,
}

#[derive(Debug, Clone, Deserialize)]
struct EventJson {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct EcosystemSpecific {
    #[serde(default)]
    imports: Vec<VulnerablePackage>,
}

/// A package that an entry names.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct VulnerablePackage {
    /// Its import path.
    pub(super) path: String,
    #[serde(default)]
    goos: Vec<String>,
    #[serde(default)]
    goarch: Vec<String>,
    /// Its functions and methods; empty for all.
    #[serde(default)]
    pub(super) symbols: Vec<String>,
}

impl VulnerablePackage {
    /// Whether programs for this system have the vulnerability.
    pub(super) fn is_for(&self, os: &str, arch: &str) -> bool {
        let has = |list: &[String], word: &str| list.is_empty() || list.iter().any(|it| it == word);
        has(&self.goos, os) && has(&self.goarch, arch)
    }
}

/// What an entry says of one Go module, with versions that can be compared.
#[derive(Debug, Clone)]
pub(super) struct OfModule {
    /// Its path; `stdlib` for the standard library.
    pub(super) module: String,
    ranges: Vec<Range>,
    /// Versions one by one, for databases that have no ranges.
    versions: Vec<String>,
    /// The packages that are vulnerable; empty for all.
    pub(super) packages: Vec<VulnerablePackage>,
}

impl OfModule {
    /// Whether a version is vulnerable. If the entry names no versions, all are.
    pub(super) fn is_about(&self, version: &str) -> bool {
        if self.ranges.is_empty() && !self.versions.is_empty() {
            return self.versions.iter().any(|known| known == version);
        }
        self.ranges.is_empty() || self.ranges.iter().any(|range| range.contains(version))
    }

    /// The first version behind this one that has a fix.
    pub(super) fn fix_of(&self, version: &str) -> Option<&str> {
        let ranges = self.ranges.iter().filter(|range| range.contains(version));
        ranges.filter_map(|range| range.fix_of(version)).next()
    }
}

/// How long an entry's name may be.
const ID: usize = 100;

impl Entry {
    /// Whether it was withdrawn.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    /// What it says of each Go module.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of_modules(&mut self) -> Result<Vec<OfModule>, String> {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
        if self.id.is_empty() || self.id.len() > ID || !self.id.chars().all(is_name) {
            return Err(format!("{:?} is not the name of an entry", head(&self.id)));
        }
        let mut all = Vec::new();
        for affected in std::mem::take(&mut self.affected) {
            let Some(package) = affected.package else {
                continue;
            };
            if package.ecosystem != "Go" {
                continue;
            }
            let mut ranges = Vec::new();
            for range in affected.ranges {
                if range.kind == "SEMVER" {
                    ranges.push(range_of(&range.events).map_err(|wrong| {
                        format!("{}: {wrong} of {:?}", self.id, head(&package.name))
                    })?);
                }
            }
            let versions = affected.versions.iter();
            all.push(OfModule {
                module: package.name,
                ranges,
                versions: versions.map(|version| with_v(version)).collect(),
                packages: affected.ecosystem_specific.unwrap_or_default().imports,
            });
        }
        Ok(all)
    }
}

fn range_of(events: &[EventJson]) -> Result<Range, String> {
    let mut all = Vec::new();
    for event in events {
        if event.introduced.as_deref() == Some("0") {
            all.push(Event::FromTheFirst);
        } else if let Some(version) = &event.introduced {
            all.push(Event::Introduced(semver(version)?));
        }
        if let Some(version) = &event.fixed {
            all.push(Event::Fixed(semver(version)?));
        }
        if let Some(version) = &event.last_affected {
            all.push(Event::LastAffected(semver(version)?));
        }
    }
    Ok(Range::new(all))
}

/// A version with the `v` that Go writes and OSV does not.
fn semver(version: &str) -> Result<String, String> {
    let with_v = with_v(version);
    match version::canonical(&with_v) {
        Some(_) => Ok(with_v),
        None => Err(format!("{:?} is not a version", head(version))),
    }
}

fn with_v(version: &str) -> String {
    let version = version.strip_prefix("go").unwrap_or(version);
    format!("v{}", version.strip_prefix('v').unwrap_or(version))
}

/// The beginning of a text, for messages.
fn head(text: &str) -> String {
    text.chars().take(ID).collect()
}
