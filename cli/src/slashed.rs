//! Paths with slashes between their elements, whatever this system writes: a printed file is read on
//! other systems, and a path of a tree has slashes.

use std::path::Path;

/// A path as text with slashes. It need not exist.
pub(crate) fn of(path: &Path) -> String {
    written(&path.to_string_lossy())
}

/// A path that the command line names, with slashes.
pub(crate) fn written(text: &str) -> String {
    with_slashes(text, cfg!(windows))
}

/// On Windows a backslash separates too. Elsewhere it is a letter of a name.
fn with_slashes(text: &str, is_windows: bool) -> String {
    if is_windows {
        text.replace('\\', "/")
    } else {
        text.to_owned()
    }
}

/// Where a path's last element begins, by the separators of a system.
pub(crate) fn name_start(text: &str) -> usize {
    start(text, std::path::is_separator)
}

fn start(text: &str, is_separator: impl Fn(char) -> bool) -> usize {
    let last = text.char_indices().rev().find(|(_, it)| is_separator(*it));
    last.map_or(0, |(at, it)| at + it.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslashes_are_separators_on_windows_only() {
        let path = r"services\api/main.go";
        assert_eq!(with_slashes(path, true), "services/api/main.go");
        assert_eq!(with_slashes(path, false), path);
        let windows = |it: char| it == '/' || it == '\\';
        let name = |path: &'static str| &path[start(path, windows)..];
        assert_eq!(name(r"..\build\Dockerfile"), "Dockerfile");
        assert_eq!(name(r"..\build/Dockerfile"), "Dockerfile");
        assert_eq!(name("Dockerfile"), "Dockerfile");
        let unix = |it: char| it == '/';
        assert_eq!(start(r"a\b", unix), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_may_have_a_backslash_here() {
        assert_eq!(of(Path::new(r"a/b\c")), r"a/b\c");
        assert_eq!(name_start(r"a/b\c"), 2);
    }
}
