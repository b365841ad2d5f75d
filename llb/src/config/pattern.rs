//! Package patterns as the go command has them: `...` stands for any text.

use super::{Config, Spanned};
use crate::tree::TreePath;

impl Config {
    /// The item of `skip` that takes the main package in `dir`, imported as `import_path`, off the
    /// list of images.
    pub fn skips(&self, dir: &TreePath, import_path: &str) -> Option<&Spanned<String>> {
        self.skip
            .iter()
            .find(|pattern| is_matched(&pattern.value, dir, import_path))
    }
}

/// Whether `pattern`, a directory if it starts with `.` and an import path otherwise, matches the
/// package.
pub(crate) fn is_matched(pattern: &str, dir: &TreePath, import_path: &str) -> bool {
    if pattern.starts_with('.') {
        return TreePath::new(pattern).is_ok_and(|pattern| wild(pattern.as_str(), dir.as_str()));
    }
    wild(pattern.trim_end_matches('/'), import_path)
}

/// `x/...` also matches `x` itself; apart from that, `...` is any text, also none, also with
/// slashes.
fn wild(pattern: &str, text: &str) -> bool {
    if pattern
        .strip_suffix("/...")
        .is_some_and(|stem| pieces(stem, text))
    {
        return true;
    }
    pieces(pattern, text)
}

fn pieces(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("...");
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let middle: Vec<&str> = parts.collect();
    let Some((last, middle)) = middle.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
