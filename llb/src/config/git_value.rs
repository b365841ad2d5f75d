//! What git says about the commit that is built, as values for the configuration: their names, and
//! what git is asked for each.

use std::collections::BTreeMap;

use super::expand::BuildArg;
use super::{Config, validate, wrong::Wrong};
use crate::diag::{self, Diagnostic};
use crate::tree::{Ignore, TreePath};

/// A value that git has. The configuration names it like a build-arg, and a build-arg of that name
/// takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GitValue {
    /// The commit: `GIT_REVISION`.
    Revision,
    /// The nearest tag and how far the commit is from it, `v1.2.3-4-g0123abc`; without a tag the
    /// short commit. `-dirty` at its end says that tracked files differ from the commit.
    Describe,
    /// When the commit was made, in UTC, by RFC 3339: `2026-11-29T12:00:00Z`. Go calls it vcs.time.
    CommitTime,
    /// Whether tracked files differ from the commit: `true` or `false`.
    Dirty,
    /// The URL of the remote `origin`, without a login; empty if it has none.
    Source,
}

/// A file that every repository has, from the root of the checkout.
pub const GIT_HEAD: &str = ".git/HEAD";

/// The tail that git puts after a description if files differ (gitglossary(7), git-describe(1)).
const DIRTY: &str = "-dirty";

impl GitValue {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Revision,
        Self::Describe,
        Self::CommitTime,
        Self::Dirty,
        Self::Source,
    ];

    /// As `${NAME}` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Revision => "GIT_REVISION",
            Self::Describe => "GIT_DESCRIBE",
            Self::CommitTime => "GIT_COMMIT_TIME",
            Self::Dirty => "GIT_DIRTY",
            Self::Source => "GIT_SOURCE",
        }
    }

    /// The value with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }

    /// Whether the files of the work tree decide about it, beside those of `.git`.
    pub fn reads_work_tree(self) -> bool {
        matches!(self, Self::Describe | Self::Dirty)
    }

    /// The arguments of the git command whose output says it. The time zone (`TZ`) must be UTC.
    pub fn question(self) -> &'static [&'static str] {
        match self {
            Self::Revision => &["rev-parse", "--verify", "HEAD^{commit}"],
            Self::Describe => &["describe", "--tags", "--always", "--dirty"],
            Self::CommitTime => &[
                "log",
                "-1",
                "--no-show-signature",
                "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
                "--format=%cd",
            ],
            // No tag and no history is looked at: `0123abc-dirty`.
            Self::Dirty => &["describe", "--always", "--exclude=*", "--dirty"],
            Self::Source => &["config", "--default", "", "--get", "remote.origin.url"],
        }
    }

    /// The value that this output of the command says.
    pub fn answer(self, output: &str) -> String {
        let output = output.trim_end();
        match self {
            Self::Dirty => output.ends_with(DIRTY).to_string(),
            Self::Source => public_url(output),
            _ => output.to_owned(),
        }
    }

    /// What a shell prints it with: for `--build-arg NAME="$(...)"`.
    pub fn in_shell(self) -> &'static str {
        match self {
            Self::Revision => "git rev-parse HEAD",
            Self::Describe => "git describe --tags --always --dirty",
            Self::CommitTime => {
                "TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd"
            }
            Self::Dirty => "git diff-index --quiet HEAD && echo false || echo true",
            Self::Source => "git remote get-url origin",
        }
    }

    /// A value of the right form, for reading a configuration before git was asked.
    fn stand_in(self) -> &'static str {
        match self {
            Self::Revision => "0000000000000000000000000000000000000000",
            Self::Describe => "0000000",
            Self::CommitTime => "1970-01-01T00:00:00Z",
            Self::Dirty => "false",
            Self::Source => "https://git.invalid/source",
        }
    }
}

/// The URL of a repository as it may be shown to everyone: without a login, and without what follows
/// the path. A path of this machine is no URL, and gives nothing. `git@HOST:PATH` stays.
pub fn public_url(url: &str) -> String {
    let url = diag::without_credentials(url).replace("://***@", "://");
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = &url[..end];
    let is_remote = match url.split_once("://") {
        Some((scheme, _)) => scheme != "file",
        // As git tells `HOST:PATH` from a path (git-clone(1), "GIT URLS").
        None => url
            .split_once(':')
            .is_some_and(|(host, _)| host.len() > 1 && !host.contains('/')),
    };
    if is_remote {
        url.to_owned()
    } else {
        String::new()
    }
}

/// Keys that must be known before git can be asked, because they decide what is read, and which
/// image has git. Of those that end in a dot, all below.
const FIRST_KEYS: [&str; 5] = ["roots", "stages.", "overlay.", "go.version", "go.builder"];

impl Config {
    /// Where the configuration, as written, asks for values that only git can say: `known` has no
    /// build-args of their names, and none in whose place they stand. In the order of the file.
    pub fn asked_of_git(&self, known: &BTreeMap<String, String>) -> Vec<(GitValue, BuildArg)> {
        let mut asked = Vec::new();
        let is_given = |name: &String| known.get(name).is_some_and(|value| !value.is_empty());
        for arg in self.build_args() {
            if let Some(value) = GitValue::named(&arg.name)
                && !known.contains_key(&arg.name)
                && !arg.in_place_of.as_ref().is_some_and(is_given)
            {
                asked.push((value, arg));
            }
        }
        asked
    }
}

/// The same build-args, with something in place of what git has yet to say: for the keys that are read
/// before git is asked.
pub fn with_git_stand_ins(
    known: &BTreeMap<String, String>,
    asked: &[(GitValue, BuildArg)],
) -> BTreeMap<String, String> {
    let mut values = known.clone();
    for (value, _) in asked {
        values.insert(value.name().to_owned(), value.stand_in().to_owned());
    }
    values
}

/// Whether an ignore file leaves the repository out of a build context.
pub fn leaves_out_git(ignore: &Ignore) -> bool {
    TreePath::new(GIT_HEAD).is_ok_and(|head| ignore.excludes(&head).is_some())
}

/// An error for each value of git at a key that is read before git can be asked.
pub fn asked_too_early(asked: &[(GitValue, BuildArg)]) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for (value, arg) in asked {
        let is_early = FIRST_KEYS
            .iter()
            .any(|key| arg.key == *key || (key.ends_with('.') && arg.key.starts_with(key)));
        if is_early {
            let name = value.name();
            let wrong = Wrong {
                why: format!("it is needed before git can be asked for {name}"),
                help: format!("pass --build-arg {name}=\"$({})\"", value.in_shell()),
            };
            errors.push(validate::diagnostic(&arg.key, wrong, arg.span.as_ref()));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str, known: &[&str]) -> Vec<(GitValue, BuildArg)> {
        let (config, errors) = Config::parse("gowork.toml", text);
        assert_eq!(errors, []);
        let known = known
            .iter()
            .map(|name| ((*name).to_owned(), "given".to_owned()));
        config.asked_of_git(&known.collect())
    }

    #[test]
    fn what_is_given_is_not_asked() {
        let text =
            "[runtime]\nlabels = { a = \"${GIT_DESCRIBE:-dev}\", b = \"${GIT_REVISION} ${X}\" }\n";
        let values = |known: &[&str]| -> Vec<GitValue> {
            asked(text, known)
                .into_iter()
                .map(|(value, _)| value)
                .collect()
        };
        assert_eq!(values(&[]), [GitValue::Describe, GitValue::Revision]);
        assert_eq!(values(&["GIT_REVISION"]), [GitValue::Describe]);
        assert_eq!(values(&["GIT_REVISION", "GIT_DESCRIBE"]), []);
    }

    #[test]
    fn what_stands_in_place_of_a_given_value_is_not_asked() {
        let text = "[go]\nldflags = \"-X main.v=${VERSION:-${GIT_DESCRIBE:-dev}}\"\n";
        assert_eq!(asked(text, &[]).len(), 1);
        assert_eq!(asked(text, &["VERSION"]).len(), 0);
        assert_eq!(asked(text, &["GIT_DESCRIBE"]).len(), 0);
    }

    #[test]
    fn what_is_needed_first_cannot_wait_for_git() {
        for (text, is_early) in [
            ("roots = [\"${GIT_DESCRIBE}\"]", true),
            ("[go]\nversion = \"${GIT_DESCRIBE}\"", true),
            ("[go]\nldflags = \"-X main.v=${GIT_DESCRIBE}\"", false),
            ("[stages.a]\nimage = \"a:${GIT_DESCRIBE}\"", true),
            ("[[overlay]]\nfrom = \"${GIT_DESCRIBE}\"\nto = \"a\"", true),
            ("[runtime]\nbase = \"a:${GIT_DESCRIBE}\"", false),
        ] {
            let errors = asked_too_early(&asked(text, &[]));
            assert_eq!(errors.len(), usize::from(is_early), "{text}: {errors:?}");
        }
    }

    #[test]
    fn a_source_has_no_login() {
        for (url, public) in [
            (
                "https://git.example/shop.git",
                "https://git.example/shop.git",
            ),
            (
                "https://ci:token@git.example/shop.git",
                "https://git.example/shop.git",
            ),
            (
                "https://git.example/shop?token=a#b",
                "https://git.example/shop",
            ),
            (
                "ssh://git@git.example:22/shop.git",
                "ssh://git.example:22/shop.git",
            ),
            ("git@git.example:shop.git", "git@git.example:shop.git"),
            ("/srv/git/shop.git", ""),
            ("../shop.git", ""),
            ("file:///srv/git/shop.git", ""),
            ("", ""),
        ] {
            assert_eq!(GitValue::Source.answer(url), public, "{url}");
        }
    }

    #[test]
    fn dirty_is_read_from_a_description() {
        assert_eq!(GitValue::Dirty.answer("0123abc-dirty\n"), "true");
        assert_eq!(GitValue::Dirty.answer("0123abc\n"), "false");
        assert_eq!(GitValue::Describe.answer("v1-dirty\n"), "v1-dirty");
    }
}
