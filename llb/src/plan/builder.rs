//! Which image the go command comes from.

use crate::config::{Go, STAGE, Spanned};
use crate::diag::{Diagnostic, Span};
use crate::gomod::{self, version};

/// The oldest Go minor whose go command speaks GOCACHEPROG by default (Go 1.24 release notes),
/// which layered compile results rest on.
pub const MIN_GO_MINOR: u32 = 24;

/// The image that holds the go command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    /// Image reference, as configured or `golang:<version>`; or a [stage](Self::stage).
    pub image: String,
    /// Minor of the Go version it is taken to have, until the resolve step says it: release tags up
    /// to it are true.
    pub go_minor: u32,
    /// Where the image or its version is asked for; none for a default.
    pub at: Option<Span>,
    /// The version that the configuration names, by itself or as the tag of a golang image.
    named: Option<String>,
}

impl Builder {
    /// The builder for what configuration and mod files ask for. `asked` are the `toolchain` and
    /// `go` lines of the roots, in any order; the newest decides. Without any the oldest supported
    /// version is taken.
    ///
    /// Only the minor goes into the tag, so that security fixes arrive by themselves; the digest
    /// that it resolves to keys the steps.
    pub(crate) fn choose<'a>(
        config: &Go,
        asked: impl IntoIterator<Item = &'a gomod::Spanned<String>>,
    ) -> Self {
        let newest = asked
            .into_iter()
            .max_by(|a, b| version::compare_go(release(a), release(b)));
        let image = config.builder.as_ref();
        let version = config.version.as_ref();
        let named = match (version, image) {
            (Some(version), _) => Some(version.value.clone()),
            (None, Some(image)) => tagged(image),
            (None, None) => None,
        };
        let go_minor = match (&named, newest) {
            (Some(named), _) => minor(named).unwrap_or(MIN_GO_MINOR),
            (None, Some(line)) => minor(release(line)).unwrap_or_default().max(MIN_GO_MINOR),
            (None, None) => MIN_GO_MINOR,
        };
        let image_name = match (image, version) {
            (Some(image), _) => image.value.clone(),
            (None, Some(version)) => format!("golang:{}", version.value),
            (None, None) => format!("golang:1.{go_minor}"),
        };
        let at = match image.or(version) {
            Some(key) => key.span.clone(),
            None => newest.map(|line| line.span.clone()),
        };
        Self {
            image: image_name,
            go_minor,
            at,
            named,
        }
    }

    /// The stage or named context that has the go command, if it is no image.
    pub fn stage(&self) -> Option<&str> {
        self.image.strip_prefix(STAGE)
    }

    /// What is wrong with the version that the configuration names, if it names one: known before
    /// any step has run.
    pub fn check(&self) -> Option<Diagnostic> {
        self.check_version(self.named.as_deref()?)
    }

    /// What is wrong with the go command's `version` (`go1.22.3`), if it is too old for layered
    /// compile results.
    pub fn check_version(&self, version: &str) -> Option<Diagnostic> {
        let version = version.trim_start_matches("go");
        if minor(version)? >= MIN_GO_MINOR {
            return None;
        }
        let error = Diagnostic::error(format!(
            "{} has Go {version}, but Go 1.{MIN_GO_MINOR} or later is needed",
            self.image
        ));
        let error = error.help("a newer Go builds modules that ask for an older one as well");
        Some(error.at(self.at.clone()))
    }
}

/// The version in the tag of a golang image, such as `golang:1.26-alpine` or
/// `registry.example.com/golang:1.26.8`.
fn tagged(image: &Spanned<String>) -> Option<String> {
    let (name, tag) = image
        .value
        .rsplit('/')
        .next()?
        .split('@')
        .next()?
        .split_once(':')?;
    let version = tag.split('-').next()?;
    (name == "golang" && minor(version).is_some()).then(|| version.to_owned())
}

/// The version that a `go` or `toolchain` line names: `1.26.3`.
fn release(line: &gomod::Spanned<String>) -> &str {
    line.value.trim_start_matches("go")
}

/// The minor of a Go version such as `1.26`, `1.26.3` or `1.27rc1`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.strip_prefix("1.")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
