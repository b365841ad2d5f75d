//! The build context that constraints are evaluated in, and the answer: is this file in?

use std::collections::BTreeSet;

use super::arch;
use super::class::FileClass;
use super::constraint::Expr;
use super::filename;
use super::source_file::Header;

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
    /// Tool tags: `goexperiment.X`, `amd64.v1` ... (as `go list -f '{{context.ToolTags}}'` prints
    /// them).
    pub tool_tags: BTreeSet<String>,
}

/// Minor of the Go release that [`BuildContext::new`] assumes.
pub(crate) const DEFAULT_GO_MINOR: u32 = 26;

impl BuildContext {
    /// The context of a plain `go build` of Go 1.26 for the platform with CGO_ENABLED=0: no tags,
    /// default experiments and architecture level. Others: [`arch::tool_tags`].
    pub fn new(goos: &str, goarch: &str) -> Self {
        let mut tool_tags = arch::default_experiments(goos, goarch, DEFAULT_GO_MINOR);
        tool_tags.extend(arch::default_level_tags(goos, goarch));
        Self {
            goos: goos.to_owned(),
            goarch: goarch.to_owned(),
            cgo: false,
            tags: BTreeSet::new(),
            go_minor: DEFAULT_GO_MINOR,
            tool_tags,
        }
    }

    /// Whether the file named `name` with this header is built in this context: suffix, constraint,
    /// and for Go files `import "C"` without cgo. Test files answer like others; see [`super::is_test`].
    /// Whether `.S` files are built their package decides; see [`super::select`].
    pub fn matches(&self, name: &str, header: &Header) -> bool {
        let Some(class) = FileClass::of(name) else {
            return false;
        };
        let go = matches!(class, FileClass::Go | FileClass::TestGo);
        let needs_cgo =
            class == FileClass::Go && header.imports.iter().any(|import| import.path == "C");
        self.matches_name(name)
            && header
                .constraint
                .as_ref()
                .is_none_or(|constraint| self.holds(constraint))
            && (self.cgo || !needs_cgo)
            && !(go && header.package == "documentation")
    }

    /// Whether the name's `_GOOS_GOARCH` suffix, if it has one, is this platform's.
    pub fn matches_name(&self, name: &str) -> bool {
        filename::tags(name).all(|tag| self.tag(tag))
    }

    /// Whether the constraint holds.
    pub fn holds(&self, constraint: &Expr) -> bool {
        constraint.eval(&|tag| self.tag(tag))
    }

    /// Whether the tag is set: by the platform, cgo, the compiler (`gc`), the release, `-tags` or
    /// the toolchain.
    pub fn tag(&self, tag: &str) -> bool {
        if tag == self.goos || tag == self.goarch {
            return true;
        }
        let implied = match tag {
            "gc" => true,
            "cgo" => self.cgo,
            "unix" => filename::is_unix(&self.goos),
            "linux" => self.goos == "android",
            "solaris" => self.goos == "illumos",
            "darwin" => self.goos == "ios",
            _ => self.is_release(tag),
        };
        let tag = if tag == "boringcrypto" {
            "goexperiment.boringcrypto"
        } else {
            tag
        };
        implied || self.tags.contains(tag) || self.tool_tags.contains(tag)
    }

    /// Whether the tag is one of `go1.1` ... `go1.N`.
    fn is_release(&self, tag: &str) -> bool {
        let Some(minor) = tag.strip_prefix("go1.") else {
            return false;
        };
        let plain = !minor.starts_with(['0', '+']);
        plain
            && minor
                .parse::<u32>()
                .is_ok_and(|minor| (1..=self.go_minor).contains(&minor))
    }
}
