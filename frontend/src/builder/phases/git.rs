//! Phase: ask git for what the configuration names of the commit and no option of the build says.
//!
//! A step runs the git of the builder image, so the step comes after the scan, which says which
//! image that is. It sees `.git`, and the files of the work tree only if a value depends on them.
//! What it says goes into the configuration, as build arguments do, so a step that does not name a
//! value is not keyed by it.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::{BuildArg, GitValue};
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::Output;
use gowork_llb::ops::exec::{Exec, Mount, Network};
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::plan;
use gowork_llb::tree::{Ignore, TreePath};

use super::definition::Definition;
use super::inputs;
use super::scan::Scanned;
use crate::builder::session::{Session, bug, internal};
use crate::context::Filter;
use crate::error::BuildError;
use crate::opts::NoCache;
use crate::steps::git::{GIT_FILE, GitAnswer, Said};

/// A file that every repository has.
const HEAD: &str = ".git/HEAD";
/// Where the step has the program that asks git.
const PROGRAM: &str = "/gowork/gowork-frontend";
/// Where the step has the checkout.
const SOURCE: &str = "/src";
/// Where the step leaves its answer.
const OUT: &str = "/gowork/out";
/// Where the step has the patterns of the ignore file.
const REQUEST: &str = "/gowork/request";
/// The file with these patterns.
const IGNORED: &str = "ignored";

/// Why git does not say something.
enum Unknown {
    /// The context has no repository.
    NoRepository,
    /// The ignore file leaves it out.
    Ignored,
    /// It is in another directory.
    Elsewhere,
    /// This builder image has no git.
    NoGit(String),
    /// Git failed, with these words.
    Failed(String),
}

/// What the git step found out.
pub(in crate::builder) struct Found {
    /// The values, by name.
    pub(in crate::builder) values: BTreeMap<String, String>,
    /// Why defaults stand in for values.
    pub(in crate::builder) warnings: Vec<Diagnostic>,
}

/// Asks git for the values that `definition` asks for.
///
/// # Errors
/// If one of them is not known, and has no default: at its use.
pub(in crate::builder) async fn ask(
    session: &Session<'_>,
    definition: &Definition,
    scanned: &Scanned,
) -> Result<Found, BuildError> {
    let uses = &definition.asked_of_git;
    let unknown = match missing(session).await? {
        Some(unknown) => unknown,
        None => match run(session, definition, scanned).await? {
            Ok(values) => {
                return Ok(Found {
                    values,
                    warnings: Vec::new(),
                });
            }
            Err(unknown) => unknown,
        },
    };
    let errors: Vec<Diagnostic> = uses
        .iter()
        .filter(|(_, arg)| arg.default.is_none())
        .map(|(value, arg)| unknown.error(*value, arg))
        .collect();
    if !errors.is_empty() {
        return Err(errors.into());
    }
    Ok(Found {
        values: BTreeMap::new(),
        warnings: unknown.warnings(uses),
    })
}

/// Why the context has no repository that git can read; `None` if it has one.
async fn missing(session: &Session<'_>) -> Result<Option<Unknown>, BuildError> {
    let ignore = Ignore::parse(session.context.excludes().join("\n").as_bytes());
    if TreePath::new(HEAD).is_ok_and(|head| ignore.excludes(&head).is_some()) {
        return Ok(Some(Unknown::Ignored));
    }
    if session.context.is_git() || has(session, HEAD).await? {
        return Ok(None);
    }
    Ok(Some(if has(session, ".git").await? {
        Unknown::Elsewhere
    } else {
        Unknown::NoRepository
    }))
}

/// Whether the context has a file.
async fn has(session: &Session<'_>, path: &str) -> Result<bool, BuildError> {
    let paths = [path.to_owned()];
    let source = session.context.source(&Filter::Paths {
        hint: "repository",
        paths: &paths,
    });
    let solved = session.solve(&source, true).await?;
    match session
        .gateway
        .read_range(&solved.reference, path, Some(0..1))
        .await
    {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Runs the step.
async fn run(
    session: &Session<'_>,
    definition: &Definition,
    scanned: &Scanned,
) -> Result<Result<BTreeMap<String, String>, Unknown>, BuildError> {
    let asked: BTreeSet<GitValue> = definition
        .asked_of_git
        .iter()
        .map(|(value, _)| *value)
        .collect();
    let work_tree = asked.iter().any(|value| value.reads_work_tree());
    let source = session.context.checkout(work_tree)?;
    let builder = plan::builder(&scanned.workspace, &definition.config);
    let image = inputs::builder(session, &builder, scanned).await?;
    let environment = inputs::environment_of(image.config.as_deref().unwrap_or_default());
    let mut exec = exec(session, &source, &asked).root(&image.output);
    if let Some(path) = environment.get("PATH") {
        exec = exec.env("PATH", path);
    }
    let output = exec
        .run()
        .and_then(|executed| executed.output(OUT))
        .map_err(internal)?;
    let solved = session.solve(&output, true).await?;
    let json = session
        .gateway
        .read_file(&solved.reference, GIT_FILE)
        .await?;
    let answer: GitAnswer = serde_json::from_slice(&json)
        .map_err(|error| bug(format!("the git step's result cannot be read: {error}")))?;
    Ok(match answer.said {
        Said::Values(values) => Ok(values),
        Said::NoGit => Err(Unknown::NoGit(builder.image)),
        Said::Failed(words) => Err(Unknown::Failed(words)),
    })
}

/// The step that asks git for these values, but for its root.
fn exec(session: &Session<'_>, source: &Output, asked: &BTreeSet<GitValue>) -> Exec {
    let patterns = session.context.excludes().join("\n");
    let request = File::on(&Output::scratch())
        .mkfile(Mkfile::new(&format!("/{IGNORED}"), 0o644, patterns).timestamp(0))
        .named("[internal] what the ignore file leaves out")
        .output();
    let (ignored, out) = (format!("{REQUEST}/{IGNORED}"), format!("{OUT}/{GIT_FILE}"));
    let words = [
        PROGRAM,
        "git",
        "--source",
        SOURCE,
        "--ignored",
        &ignored,
        "--out",
        &out,
    ];
    let names = asked.iter().map(|value| value.name());
    Exec::new(words.into_iter().chain(names))
        .cwd("/")
        .env("HOME", "/tmp")
        .mount(Mount::read_only(session.programs, PROGRAM).selector("/gowork-frontend"))
        .mount(Mount::read_only(source, SOURCE))
        .mount(Mount::read_only(&request, REQUEST))
        .mount(Mount::tmpfs("/tmp", 0))
        .mount(Mount::scratch_output(OUT))
        .network(Network::None)
        .platform(session.options.build_platform.clone())
        .ignore_cache(session.options.no_cache == NoCache::All)
        .named("ask git about the commit")
}

impl Unknown {
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
        match self {
            Self::NoRepository => format!("build the root of the checkout, or {pass}"),
            Self::Ignored => format!("end .dockerignore with the line !.git, or {pass}"),
            Self::NoGit(_) => {
                format!("name a `builder` under [go] that has git, as golang:1.26 does, or {pass}")
            }
            Self::Elsewhere | Self::Failed(_) => pass,
        }
    }

    fn error(&self, value: GitValue, arg: &BuildArg) -> Diagnostic {
        let message = format!("{} is not known: {}", value.name(), self.reason());
        let error = Diagnostic::error(message).help(self.help(value));
        error.at(arg.span.clone())
    }

    /// A warning for each value whose default is taken. A context without a repository gets none:
    /// that is what defaults are for.
    fn warnings(&self, uses: &[(GitValue, BuildArg)]) -> Vec<Diagnostic> {
        if matches!(self, Self::NoRepository) {
            return Vec::new();
        }
        let mut first: BTreeMap<GitValue, &BuildArg> = BTreeMap::new();
        for (value, arg) in uses {
            first.entry(*value).or_insert(arg);
        }
        let mut warnings = Vec::new();
        for (value, arg) in first {
            let message = format!("{} has its default: {}", value.name(), self.reason());
            let warning = Diagnostic::warning(message).help(self.help(value));
            warnings.push(warning.at(arg.span.clone()));
        }
        warnings
    }
}
