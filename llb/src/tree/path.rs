//! Paths inside a tree.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

/// A path inside a tree: relative, slash-separated, clean, never climbing out. The root is the
/// empty path, shown as `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TreePath(String);

/// A path that leaves its tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path {0:?} leaves the tree")]
pub struct TreePathError(pub String);

impl TreePath {
    /// The root.
    pub const ROOT: Self = Self(String::new());

    /// Cleans `path` as Go's path.Clean does. A leading `/` or a `..` that climbs out is an error.
    pub fn new(path: &str) -> Result<Self, TreePathError> {
        Self::ROOT.join(path)
    }

    /// `path` seen from the directory `self`. `..` may climb up to the root, not above it.
    pub fn join(&self, path: &str) -> Result<Self, TreePathError> {
        if path.starts_with('/') {
            return Err(TreePathError(path.to_owned()));
        }
        let mut parts: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(|| TreePathError(path.to_owned()))?;
                }
                part => parts.push(part),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// `name`, a single element, inside the directory `self`.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        debug_assert!(
            !name.contains('/') && !name.is_empty(),
            "a single path element"
        );
        if self.0.is_empty() {
            Self(name.to_owned())
        } else {
            Self([self.0.as_str(), name].join("/"))
        }
    }

    /// The directory that holds it; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(
            self.0
                .rsplit_once('/')
                .map_or("", |(dir, _)| dir)
                .to_owned(),
        ))
    }

    /// Last element; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path below `dir` ("" if they are equal), or none if it lies elsewhere.
    pub fn strip_dir(&self, dir: &Self) -> Option<&str> {
        if dir.0.is_empty() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(&dir.0)?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }

    /// The path as a file in the directory `dir` would name it: `../q/q.h`.
    pub(crate) fn seen_from(&self, dir: &Self) -> String {
        let mut up = String::new();
        let mut base = dir.clone();
        loop {
            if let Some(rest) = self.strip_dir(&base) {
                return up + rest;
            }
            up.push_str("../");
            base = base.parent().unwrap_or_default();
        }
    }

    /// Whether it is `dir` or lies below it.
    pub fn is_under(&self, dir: &Self) -> bool {
        self.strip_dir(dir).is_some()
    }

    /// The path as a person writes a directory: `./a/b`; `.` for the root.
    pub fn as_dir(&self) -> String {
        if self.is_root() {
            ".".to_owned()
        } else {
            format!("./{self}")
        }
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for TreePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The entries of `map` for `dir` and all below it, in order but for `dir` itself, which is first.
pub fn below<'m, V>(
    map: &'m BTreeMap<TreePath, V>,
    dir: &TreePath,
) -> impl Iterator<Item = (&'m TreePath, &'m V)> {
    // '0' is what comes after '/'. Everything comes after the root.
    let (start, end) = if dir.is_root() {
        (String::new(), None)
    } else {
        (format!("{dir}/"), Some(format!("{dir}0")))
    };
    let own = map.get_key_value(dir);
    let start = Bound::Excluded(start.as_str());
    let rest = map.range::<str, _>((
        start,
        end.as_deref().map_or(Bound::Unbounded, Bound::Excluded),
    ));
    own.into_iter().chain(rest)
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl TryFrom<String> for TreePath {
    type Error = TreePathError;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        Self::new(&path)
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> Self {
        path.0
    }
}
