//! Which files a scan reads. Owns the patterns by which they are asked for.

use std::collections::BTreeSet;

use super::scanned::Scan;
use crate::gomod::FILE_NAMES;
use crate::gosrc::is_source_name;
use crate::tree::TreePath;

/// Patterns (moby/patternmatcher) of all files that a scan reads, but for sources below a directory
/// `vendor`: of these there are many, and a scan reads only a few of them ([`more_patterns`]).
///
/// BuildKit tries them one by one, on a file and on each directory above it, until one matches. The
/// first is for most files; those that begin with `**` and have no other wildcard cost nothing to
/// speak of.
pub const SCAN_PATTERNS: [&str; 33] = [
    "**/*.go",
    "**/*.c",
    "**/*.cc",
    "**/*.cpp",
    "**/*.cxx",
    "**/*.m",
    "**/*.h",
    "**/*.hh",
    "**/*.hpp",
    "**/*.hxx",
    "**/*.f",
    "**/*.F",
    "**/*.for",
    "**/*.f90",
    "**/*.s",
    "**/*.S",
    "**/*.sx",
    "**/*.swig",
    "**/*.swigcxx",
    "**/*.inc",
    "**/*.inl",
    "**/*.ipp",
    "**/*.tcc",
    "**/*.tpp",
    "**/*.def",
    "**/*.i",
    "!**/vendor",
    "**/go.mod",
    "**/go.work",
    "**/go.sum",
    "**/go.work.sum",
    "**/vendor/modules.txt",
    "**/.gitignore",
];

/// The patterns of all files that a scan reads, where [`SCAN_PATTERNS`] match not all of them, as a
/// scan of what these match shows: sources in or below a directory `vendor`, of a package that is
/// called so or a module that a mod file names; and what symlinks lead to under another name.
pub fn more_patterns(scan: &Scan) -> Option<Vec<String>> {
    let mut unmatched = BTreeSet::new();
    for link in scan.links.keys() {
        let is_read = FILE_NAMES.contains(&link.name()) || is_source_name(link.name());
        if is_read && let Some(target) = scan.followed(link).pop() {
            unmatched.insert(target);
        }
    }
    unmatched.retain(|target| !is_scanned(target));
    let vendored = scan.dirs.keys().any(|dir| is_vendored(dir.as_str()));
    if !vendored && unmatched.is_empty() {
        return None;
    }
    let mut patterns = Vec::new();
    for pattern in SCAN_PATTERNS {
        // The patterns with `!` keep vendor directories out.
        if !(vendored && pattern.starts_with('!')) {
            patterns.push(pattern.to_owned());
        }
    }
    for target in &unmatched {
        patterns.push(literal_pattern(target.as_str()));
    }
    Some(patterns)
}

/// A pattern that matches this path and no other (moby/patternmatcher: `*?[\` are special; `!` at
/// the front negates).
pub(crate) fn literal_pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\')
            || (character == '!' && pattern.is_empty())
        {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

fn is_vendored(dir: &str) -> bool {
    dir.split('/').any(|element| element == "vendor")
}

/// Whether [`SCAN_PATTERNS`] match a path, so that a scan gets this file.
pub fn is_scanned(path: &TreePath) -> bool {
    let (dir, name) = path
        .as_str()
        .rsplit_once('/')
        .unwrap_or(("", path.as_str()));
    let matches = |pattern: &&str| {
        let pattern = pattern.trim_start_matches("**/");
        match pattern.strip_prefix('*') {
            Some(end) => name.len() > end.len() && name.ends_with(end),
            None => pattern == name,
        }
    };
    !is_vendored(dir)
        && SCAN_PATTERNS
            .iter()
            .filter(|pattern| !pattern.starts_with('!'))
            .any(matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_scanned() {
        let is_scanned = |path: &str| is_scanned(&TreePath::new(path).unwrap());
        for path in [
            "main.go",
            "a/b/c.go",
            "go.mod",
            "a/go.work.sum",
            "a/x.S",
            "a/x.swigcxx",
            "vendored/a.go",
            "a/vendor.go",
        ] {
            assert!(is_scanned(path), "{path}");
        }
        // The directory itself, for one, and mod files below it: they are sent again, which is
        // always right.
        for path in [
            "vendor/a/a.go",
            "a/vendor/b.go",
            "vendor/a/x.h",
            "vendor/a/go.mod",
            "a.txt",
            "vendor",
            "a.go/b",
            "go.mod.old",
            "vendor/modules.txt",
            "a.s390",
        ] {
            assert!(!is_scanned(path), "{path}");
        }
    }
}
