//! Which image the go command comes from.

use crate::config::{Go, STAGE, Spanned};
use crate::diag::{Diagnostic, Rule, Span};
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
        let newest = newest(asked);
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

    /// A warning if the version that the configuration names is older than a `go` line among these
    /// lines of what is built allows. `downloads` says whether the go command may fetch another one
    /// (GOTOOLCHAIN).
    pub(crate) fn skew<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a gomod::Spanned<String>>,
        downloads: bool,
    ) -> Option<Diagnostic> {
        // A `toolchain` line is a wish, a `go` line is not.
        let lines = lines
            .into_iter()
            .filter(|line| !line.value.starts_with("go"));
        let (named, asked) = (self.named.as_deref()?, newest(lines)?);
        if !is_older(named, &asked.value) {
            return None;
        }
        let what = match downloads {
            true => "each cold build downloads a newer one",
            false => "go refuses to build with it",
        };
        let message = format!(
            "{} has Go {named}, but go.mod or go.work asks for {} or later: {what}",
            self.image, asked.value
        );
        let warning = Diagnostic::warning(Rule::ToolchainSkew, message)
            .at(self.at.clone())
            .related(asked.span.clone(), format!("asks for go {}", asked.value));
        Some(warning.help("name a builder of that version, or leave `version` and `builder` out: gowork takes the one that the mod files ask for"))
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

/// The line that names the newest version.
fn newest<'a>(
    lines: impl IntoIterator<Item = &'a gomod::Spanned<String>>,
) -> Option<&'a gomod::Spanned<String>> {
    let lines = lines.into_iter();
    lines.max_by(|a, b| version::compare_go(release(a), release(b)))
}

/// Whether every release that a tag may mean (`1.25` is the newest 1.25.x) is older than what a `go`
/// line asks for.
fn is_older(tag: &str, asked: &str) -> bool {
    let has_patch = tag.matches('.').count() > 1 || version::go_lang(tag) != tag;
    if has_patch {
        return version::compare_go(tag, asked).is_lt();
    }
    let minors = (version::go_minor(tag), version::go_minor(asked));
    matches!(minors, (Some(tag), Some(asked)) if tag < asked)
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
