//! Which image the go command comes from.

use crate::gomod::version;

/// The oldest Go minor whose go command speaks GOCACHEPROG by default (Go 1.24 release notes), which layered compile results rest on.
pub const MIN_GO_MINOR: u32 = 24;

/// The image that holds the go command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    /// Image reference, as configured or `golang:<version>`.
    pub image: String,
    /// Minor of the Go version it is taken to have, until the resolve step says it: release tags up to it are true.
    pub go_minor: u32,
}

impl Builder {
    /// The builder for what configuration and mod files ask for. `asked` are the `toolchain` and `go` lines of the roots, in any order;
    /// the newest decides. Without any the oldest supported version is taken.
    ///
    /// Only the minor goes into the tag, so that security fixes arrive by themselves; the digest that it resolves to keys the steps.
    pub fn choose<'a>(image: Option<&str>, version: Option<&str>, asked: impl IntoIterator<Item = &'a str>) -> Self {
        let newest = asked.into_iter().map(|name| name.trim_start_matches("go")).max_by(|a, b| version::compare_go(a, b));
        let wanted = version.or(newest).unwrap_or("1");
        let minor = minor(wanted).unwrap_or(MIN_GO_MINOR);
        let go_minor = if version.is_some() { minor } else { minor.max(MIN_GO_MINOR) };
        let tag = version.map_or_else(|| format!("1.{go_minor}"), ToOwned::to_owned);
        Self { image: image.map_or_else(|| format!("golang:{tag}"), ToOwned::to_owned), go_minor }
    }
}

/// The minor of a Go version such as `1.26`, `1.26.3` or `1.27rc1`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.strip_prefix("1.")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
