//! Which versions an entry is about.

use std::cmp::Ordering;

use gowork_llb::gomod::version::{canonical, compare_semver};

/// Something that happens at a version. The versions begin with `v`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// All versions from the first on are vulnerable.
    FromTheFirst,
    /// Vulnerable from this version on.
    Introduced(String),
    /// Not vulnerable from this version on.
    Fixed(String),
    /// Not vulnerable behind this version.
    LastAffected(String),
}

impl Event {
    fn version(&self) -> &str {
        match self {
            Self::FromTheFirst => "",
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) => {
                version
            }
        }
    }
}

/// The events of a range, in the order of their versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range(Vec<Event>);

impl Range {
    /// Sorts the events.
    pub(super) fn new(mut events: Vec<Event>) -> Self {
        // A version that is not one comes before all others, so the first event does.
        events.sort_by(|a, b| compare_semver(a.version(), b.version()));
        Self(events)
    }

    /// Whether a version is vulnerable. Without events, all are.
    pub(super) fn contains(&self, version: &str) -> bool {
        let mut is_inside = self.0.is_empty();
        for event in &self.0 {
            let order = compare_semver(version, event.version());
            match event {
                Event::FromTheFirst => is_inside = true,
                Event::Introduced(_) => is_inside |= order != Ordering::Less,
                Event::Fixed(_) => is_inside &= order == Ordering::Less,
                Event::LastAffected(_) => is_inside &= order != Ordering::Greater,
            }
        }
        is_inside
    }

    /// The first version behind this one that has a fix.
    pub(super) fn fix_of(&self, version: &str) -> Option<&str> {
        let mut fixes = self.0.iter().filter_map(|event| match event {
            Event::Fixed(fix) => Some(fix.as_str()),
            _ => None,
        });
        fixes.find(|fix| compare_semver(version, fix) == Ordering::Less)
    }
}

/// The version of a Go release as the database writes it: `v1.26.0-rc.1` for `go1.26rc1`. Returns
/// `None` for what is no release.
pub(super) fn of_go(release: &str) -> Option<String> {
    let release = release.split(' ').next()?.strip_prefix("go")?;
    // Experiments follow the release: `1.26.1-X:jsonv2`.
    let release = release.split("-X:").next()?;
    let numbers = release.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (numbers, pre) = release.split_at(numbers.unwrap_or(release.len()));
    let numbers = match numbers.split('.').count() {
        1 => format!("{numbers}.0.0"),
        2 => format!("{numbers}.0"),
        _ => numbers.to_owned(),
    };
    let word = pre.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let version = match (word, &pre[word.len()..]) {
        ("", "") => format!("v{numbers}"),
        ("rc" | "beta", number) => format!("v{numbers}-{word}.{number}"),
        _ => return None,
    };
    canonical(&version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_go() {
        for (release, version) in [
            ("go1.26.8", Some("v1.26.8")),
            ("go1.26", Some("v1.26.0")),
            ("go1.27rc2", Some("v1.27.0-rc.2")),
            ("go1.9beta1", Some("v1.9.0-beta.1")),
            ("go1.26.8-X:jsonv2", Some("v1.26.8")),
            ("go1.26.8 X:jsonv2", Some("v1.26.8")),
            ("go1.26.8-custom", None),
            ("devel go1.27-abcdef", None),
            ("", None),
        ] {
            assert_eq!(of_go(release).as_deref(), version, "{release}");
        }
    }

    #[test]
    fn several_intervals() {
        let range = Range::new(vec![
            Event::Fixed("v1.22.3".to_owned()),
            Event::FromTheFirst,
            Event::Introduced("v1.22.0-0".to_owned()),
            Event::Fixed("v1.21.9".to_owned()),
        ]);
        for (version, is_inside, fix) in [
            ("v1.0.0", true, Some("v1.21.9")),
            ("v1.21.8", true, Some("v1.21.9")),
            ("v1.21.9", false, Some("v1.22.3")),
            ("v1.21.10", false, Some("v1.22.3")),
            ("v1.22.0-rc.1", true, Some("v1.22.3")),
            ("v1.22.2", true, Some("v1.22.3")),
            ("v1.22.3", false, None),
            ("v0.0.0-20260101000000-0123456789ab", true, Some("v1.21.9")),
        ] {
            assert_eq!(range.contains(version), is_inside, "{version}");
            assert_eq!(range.fix_of(version), fix, "{version}");
        }
        let last = vec![
            Event::Introduced("v1.0.0".to_owned()),
            Event::LastAffected("v1.2.0".to_owned()),
        ];
        let last = Range::new(last);
        assert!(last.contains("v1.2.0") && !last.contains("v1.2.1") && !last.contains("v0.9.0"));
        assert!(Range::new(Vec::new()).contains("v1.0.0"));
    }
}
