//! Why git cannot say what the configuration names of the commit, and what the user can do.

use std::collections::BTreeMap;

use super::Spanned;
use super::expand::BuildArg;
use super::git_value::GitValue;
use crate::diag::{Diagnostic, Rule};

/// Why git does not say something in a build.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GitUnknown {
    /// The context has no repository.
    NoRepository,
    /// The ignore file leaves it out.
    Ignored,
    /// It is in another directory.
    Elsewhere,
    /// The context is a directory of it: what git says is of the whole.
    Below,
    /// This builder image has no git.
    NoGit(String),
    /// Git failed, with these words.
    Failed(String),
}

impl GitUnknown {
    /// What comes of it for these uses of values: an error for each use without a default, or else a
    /// warning for each value whose default is taken. A context without a repository gets no
    /// warning: that is what defaults are for.
    pub fn findings(&self, asked: &[(GitValue, BuildArg)]) -> Vec<Diagnostic> {
        let errors: Vec<Diagnostic> = asked
            .iter()
            .filter(|(_, arg)| arg.default.is_none())
            .map(|(value, arg)| self.error(*value, arg))
            .collect();
        if !errors.is_empty() || *self == Self::NoRepository {
            return errors;
        }
        let mut first: BTreeMap<GitValue, &BuildArg> = BTreeMap::new();
        for (value, arg) in asked {
            first.entry(*value).or_insert(arg);
        }
        first
            .into_iter()
            .map(|(value, arg)| self.warning(value, arg))
            .collect()
    }

    /// The error of programs that cannot say which commit they are made of, which `buildvcs` at this
    /// place asks for.
    pub fn no_stamp(&self, buildvcs: &Spanned<bool>) -> Diagnostic {
        let message = format!(
            "`buildvcs`: programs cannot say which commit they are made of: {}",
            self.reason()
        );
        let without = "set `buildvcs = false`";
        let help = match self.way_out() {
            Some(way) => format!("{way}, or {without}"),
            None => without.to_owned(),
        };
        let error = Diagnostic::error(message).help(help);
        error.at(buildvcs.span.clone())
    }

    /// The error of a build that gives everything the time of the commit, which the build-arg of
    /// this name asks for.
    pub fn no_time(&self, build_arg: &str) -> Diagnostic {
        let message = format!(
            "{build_arg}=context: the time of the commit is not known: {}",
            self.reason()
        );
        let error = Diagnostic::error(message);
        error.help(format!(
            "give a number of seconds: --build-arg {build_arg}=$(git log -1 --format=%ct)"
        ))
    }

    fn error(&self, value: GitValue, arg: &BuildArg) -> Diagnostic {
        let message = format!("{} is not known: {}", value.name(), self.reason());
        let error = Diagnostic::error(message).help(self.help(value));
        error.at(arg.span.clone())
    }

    fn warning(&self, value: GitValue, arg: &BuildArg) -> Diagnostic {
        let message = format!("{} has its default: {}", value.name(), self.reason());
        let warning = Diagnostic::warning(Rule::UnknownGitValue, message).help(self.help(value));
        warning.at(arg.span.clone())
    }

    /// The reason in words.
    fn reason(&self) -> String {
        match self {
            Self::NoRepository => "the build context has no .git".to_owned(),
            Self::Ignored => "the ignore file leaves out .git".to_owned(),
            Self::Elsewhere => {
                ".git is a file here: the repository of a linked work tree or of a submodule is in \
                 another directory"
                    .to_owned()
            }
            Self::Below => {
                "the build context is a directory of the repository, not its root".to_owned()
            }
            Self::NoGit(image) => format!("the builder image {image} has no git"),
            Self::Failed(words) => words.clone(),
        }
    }

    /// What the user can do to have a value.
    fn help(&self, value: GitValue) -> String {
        let pass = format!(
            "pass --build-arg {}=\"$({})\"",
            value.name(),
            value.in_shell()
        );
        match self.way_out() {
            Some(way) => format!("{way}, or {pass}"),
            None => pass,
        }
    }

    /// What the user can do so that git can answer.
    fn way_out(&self) -> Option<&'static str> {
        match self {
            Self::NoRepository | Self::Below => Some("build the root of the checkout"),
            Self::Ignored => Some("end .dockerignore with the line !.git"),
            Self::NoGit(_) => Some("name a `builder` under [go] that has git, as golang:1.26 does"),
            Self::Elsewhere | Self::Failed(_) => None,
        }
    }
}
