//! Phase: ask git for what the configuration names of the commit and no option of the build says.
//!
//! A step runs the git of the builder image, so the step comes after the scan, which says which
//! image that is. It sees `.git`, and the files of the work tree only if a value depends on them.
//! What it says goes into the configuration, as build arguments do, so a step that does not name a
//! value is not keyed by it.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::{self, GitUnknown, GitValue};
use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::Output;
use gowork_llb::ops::exec::{Exec, Mount, Network};
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::plan;
use gowork_llb::tree::Ignore;
use gowork_step::Checkout;

use super::definition::Definition;
use super::inputs;
use super::scan::Scanned;
use crate::builder::session::Session;
use crate::context::Filter;
use crate::error::BuildError;
use crate::gateway::GatewayError;
use crate::opts::{NoCache, keys};
use crate::steps::git::{ASK_CHECKOUT, GIT_FILE, GitAnswer, Said};

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

/// What the git step found out.
pub(in crate::builder) struct Found {
    /// The values, by name.
    pub(in crate::builder) values: BTreeMap<String, String>,
    /// What programs say of the commit, if some do.
    pub(in crate::builder) checkout: Option<Checkout>,
    /// Why defaults stand in for values.
    pub(in crate::builder) warnings: Vec<Diagnostic>,
}

/// Whether the configuration names something that git has to say, or everything gets the time of
/// the commit.
pub(in crate::builder) fn is_asked(session: &Session<'_>, definition: &Definition) -> bool {
    session.dates_by_commit()
        || !definition.asked_of_git.is_empty()
        || !definition.config.stamped().is_empty()
}

/// Asks git for the values that `definition` asks for, and for what programs say of the commit.
///
/// # Errors
/// If one of them is not known, and has no default: at its use. If the commit is not known, and
/// programs say it.
pub(in crate::builder) async fn ask(
    session: &Session<'_>,
    definition: &Definition,
    scanned: &Scanned,
) -> Result<Found, BuildError> {
    let uses = &definition.asked_of_git;
    let stamped = definition.config.stamped();
    // Go would take the directory for the root of the repository, and its tags for the module's.
    if session.context.is_below_git() && !stamped.is_empty() {
        let errors = stamped.into_iter();
        let errors = errors.map(|buildvcs| GitUnknown::Below.no_stamp(buildvcs));
        return Err(errors.collect::<Vec<Diagnostic>>().into());
    }
    let unknown = match missing(session).await? {
        Some(unknown) => unknown,
        None => match run(session, definition, scanned).await? {
            Ok(found) => return Ok(found),
            Err(unknown) => unknown,
        },
    };
    let mut findings = unknown.findings(uses);
    findings.extend(
        stamped
            .into_iter()
            .map(|buildvcs| unknown.no_stamp(buildvcs)),
    );
    if session.dates_by_commit() {
        findings.push(unknown.no_time(keys::ARG_SOURCE_DATE_EPOCH));
    }
    if findings.iter().any(Diagnostic::is_error) {
        return Err(findings.into());
    }
    Ok(Found {
        values: BTreeMap::new(),
        checkout: None,
        warnings: findings,
    })
}

/// Why the context has no repository that git can read; `None` if it has one.
async fn missing(session: &Session<'_>) -> Result<Option<GitUnknown>, BuildError> {
    let ignore = Ignore::parse(session.context.excludes().join("\n").as_bytes());
    if config::leaves_out_git(&ignore) {
        return Ok(Some(GitUnknown::Ignored));
    }
    if session.context.is_git() || has(session, config::GIT_HEAD).await? {
        return Ok(None);
    }
    Ok(Some(if has(session, ".git").await? {
        GitUnknown::Elsewhere
    } else {
        GitUnknown::NoRepository
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
        Err(error) if error.is_not_found() || is_directory(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether BuildKit says that what was to be read is a directory.
fn is_directory(error: &GatewayError) -> bool {
    error.status.message.ends_with("is a directory")
}

/// Runs the step.
async fn run(
    session: &Session<'_>,
    definition: &Definition,
    scanned: &Scanned,
) -> Result<Result<Found, GitUnknown>, BuildError> {
    let mut asked: BTreeSet<GitValue> = definition
        .asked_of_git
        .iter()
        .map(|(value, _)| *value)
        .collect();
    let is_wanted = asked.contains(&GitValue::CommitTime);
    if session.dates_by_commit() {
        asked.insert(GitValue::CommitTime);
    }
    let stamps = !definition.config.stamped().is_empty();
    let work_tree = stamps || asked.iter().any(|value| value.reads_work_tree());
    let names = asked.iter().map(|value| value.name());
    let names: Vec<&str> = stamps
        .then_some(ASK_CHECKOUT)
        .into_iter()
        .chain(names)
        .collect();
    let source = session.context.checkout(work_tree)?;
    let builder = plan::builder(&scanned.workspace, &definition.config);
    let image = inputs::builder(session, &builder, scanned).await?;
    let environment = inputs::environment_of(image.config.as_deref().unwrap_or_default());
    let mut exec = exec(session, &source, &names).root(&image.output);
    if let Some(path) = environment.get("PATH") {
        exec = exec.env("PATH", path);
    }
    let answer: GitAnswer = session.answer(exec, OUT, GIT_FILE).await?;
    Ok(match answer.said {
        Said::Values(mut values) => {
            let name = GitValue::CommitTime.name();
            if session.dates_by_commit() {
                session.date_by_commit(values.get(name).map_or("", String::as_str))?;
            }
            if !is_wanted {
                values.remove(name);
            }
            Ok(Found {
                values,
                checkout: answer.checkout,
                warnings: Vec::new(),
            })
        }
        Said::NoGit => Err(GitUnknown::NoGit(builder.image)),
        Said::Failed(words) => Err(GitUnknown::Failed(words)),
    })
}

/// The step that asks git for the values of these names, but for its root.
fn exec(session: &Session<'_>, source: &Output, names: &[&str]) -> Exec {
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
    Exec::new(words.into_iter().chain(names.iter().copied()))
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
