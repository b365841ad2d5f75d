//! Which packages the standard library has. Modules may be named like parts of it (`database`
//! beside `database/sql`), and then Go decides package by package. A scan has no GOROOT, so the
//! names are data.

use crate::gomod::ImportPath;

/// The table; its first lines say what it is made from.
const PACKAGES: &str = include_str!("std_packages.txt");

/// Newest minor release that the table was made from.
const NEWEST_MINOR: u32 = 26;

/// Whether the standard library of a Go release has a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InStd {
    /// It has it, whatever platform and tags its files are for.
    Yes,
    /// It does not have it.
    No,
    /// The release is newer than the table.
    Unknown,
}

/// Whether Go 1.`minor` has the package in its standard library, or among its own programs.
pub(super) fn has(path: &ImportPath, minor: u32) -> InStd {
    if !path.looks_standard() {
        return InStd::No;
    }
    match entries().find(|(known, _)| path == known) {
        Some((_, since)) if since <= minor => InStd::Yes,
        None if minor > NEWEST_MINOR => InStd::Unknown,
        _ => InStd::No,
    }
}

/// Every package with the minor release that brought it, 0 for the oldest.
fn entries() -> impl Iterator<Item = (&'static str, u32)> {
    PACKAGES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| match line.split_once(' ') {
            Some((path, since)) => (path, since.parse().unwrap_or_default()),
            None => (line, 0),
        })
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the test runs the go command and reads its sources"
)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::process::Command;

    use super::{ImportPath, InStd, NEWEST_MINOR, entries, has};

    #[test]
    fn releases_differ() {
        let has = |path: &str, minor| has(&ImportPath::new(path), minor);
        assert_eq!(has("database/sql", 24), InStd::Yes);
        assert_eq!(has("database", 24), InStd::No);
        assert_eq!(has("database/store", NEWEST_MINOR), InStd::No);
        assert_eq!(has("database/store", NEWEST_MINOR + 1), InStd::Unknown);
        assert_eq!(has("crypto/hpke", 25), InStd::No);
        assert_eq!(has("crypto/hpke", 26), InStd::Yes);
        assert_eq!(has("fmt", NEWEST_MINOR + 1), InStd::Yes);
        assert_eq!(has("example.com/x", NEWEST_MINOR + 1), InStd::No);
    }

    /// If this fails for a new release of Go, add its packages with their release, and raise
    /// [`NEWEST_MINOR`].
    #[test]
    fn the_table_is_that_of_the_go_command() {
        let go = |args: &[&str]| {
            let output = Command::new("go")
                .args(args)
                .env("GOTOOLCHAIN", "local")
                .current_dir("/")
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let version = go(&["env", "GOVERSION"]);
        let minor: u32 = version
            .trim_start_matches("go1.")
            .split(['.', 'r', '-', ' '])
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let mut there = BTreeSet::new();
        find(
            &Path::new(&go(&["env", "GOROOT"])).join("src"),
            "",
            &mut there,
        );
        let table: BTreeSet<String> = entries()
            .filter(|(_, since)| *since <= minor)
            .map(|(path, _)| path.to_owned())
            .collect();
        // An older release may have had more.
        let missing: Vec<&String> = there
            .difference(&table)
            .filter(|_| minor >= NEWEST_MINOR)
            .collect();
        let gone: Vec<&String> = table.difference(&there).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "{version}: missing {missing:?}, gone {gone:?}"
        );
    }

    /// The directories below `dir` with Go files.
    fn find(dir: &Path, path: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                let below = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                };
                if !matches!(name.as_str(), "internal" | "testdata" | "vendor")
                    && !name.starts_with(['.', '_'])
                {
                    find(&entry.path(), &below, found);
                }
            } else if name.ends_with(".go") && !path.is_empty() {
                found.insert(path.to_owned());
            }
        }
    }
}
