//! Import paths: what a Go file, or the go command, calls a package.

use super::path::last_name;
use crate::text_type::text_type;

text_type! {
    /// The path that a package is imported by: `golang.org/x/text/unicode/norm`, `net/http`.
    /// [`check_import_path`](super::path::check_import_path) says what Go takes.
    ImportPath
}

impl ImportPath {
    /// The path of the package in the directory `below`, relative to the root of the module that is
    /// imported as `module`; "" for that root.
    pub fn in_module(module: &str, below: &str) -> Self {
        if below.is_empty() {
            Self::new(module)
        } else {
            Self(format!("{module}/{below}"))
        }
    }

    /// Whether it has the form of a path of the standard library: no dot in its first element
    /// (cmd/go/internal/search, `IsStandardImportPath`). Modules may have such paths too.
    pub fn looks_standard(&self) -> bool {
        let first = self.split('/').next().unwrap_or_default();
        !first.contains('.')
    }

    /// The path above its last element `internal`: only packages at that path or below it may
    /// import the package (cmd/go/internal/load, `disallowInternal`). Empty at the top of std;
    /// `None` if no element is `internal`.
    pub fn internal_to(&self) -> Option<&str> {
        let at = match self.strip_suffix("/internal") {
            Some(parent) => parent.len(),
            None if self.as_str() == "internal" => 0,
            None => match self.rfind("/internal/") {
                Some(at) => at,
                None if self.starts_with("internal/") => 0,
                None => return None,
            },
        };
        Some(&self[..at])
    }

    /// The name of the binary that `go build` makes of the package: the last element, or the one
    /// before if the last is a major version (cmd/go/internal/load, `DefaultExecName`).
    pub fn binary_name(&self) -> &str {
        last_name(self)
    }
}

#[cfg(test)]
mod tests {
    use super::ImportPath;

    #[test]
    fn packages_are_internal_to_what_holds_the_last_internal_directory() {
        let parent = |path: &str| ImportPath::new(path).internal_to().map(ToOwned::to_owned);
        for (path, expected) in [
            ("a/b", None),
            ("a/internals/b", None),
            ("internal", Some("")),
            ("internal/abi", Some("")),
            ("a.b/internal", Some("a.b")),
            ("a.b/internal/c", Some("a.b")),
            ("a.b/internal/c/internal/d", Some("a.b/internal/c")),
            ("a.b/internal/internal/d", Some("a.b/internal")),
        ] {
            assert_eq!(parent(path).as_deref(), expected, "{path}");
        }
    }
}
