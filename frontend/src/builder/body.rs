//! The same for a definition file that is an ordinary Dockerfile: its stages are run by Docker's
//! frontend, and take the binaries from the named context `gowork`.
//!
//! Owns the order of things, as `builder` does for images of our own: find out which binaries the
//! stages take, survey the repository, resolve and plan for each platform, and let Docker's
//! frontend build with the links of the plans as its context. An instruction that takes a binary
//! waits for its link; whatever does not, runs beside the steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use futures_util::FutureExt as _;
use futures_util::future::{join_all, try_join_all};
use gowork_llb::config::ImageName;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::Lowering;
use gowork_llb::ops::Platform;
use gowork_llb::plan::{Image, Outline};
use tokio::sync::oneshot;

use super::calls;
use super::docker::{self, Request};
use super::exported_cache;
use super::isolate::{self, Failure};
use super::job::{Job, Wanted};
use super::phases::inputs::Manner;
use super::phases::licenses::{self, Files};
use super::phases::stages::{self, Taken};
use super::phases::{sbom, stage_list};
use super::resolved::{Resolved, Unresolved};
use super::session::{Session, internal};
use super::speculate;
use super::speculate::batch::{self, Begun};
use super::survey::Survey;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::GatewayError;
use crate::result;
use crate::subrequests::{Call, lint};

/// Builds the target of the Dockerfile. `files` takes every file that errors may point into.
///
/// # Errors
/// As of an image of our own, and what Docker's frontend finds wrong.
pub(super) async fn build(
    session: &Session<'_>,
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    let definition = session.context.definition();
    files.add(&definition.name, definition.bytes.clone(), "Dockerfile");
    let taken = match stages::find(session).await {
        Ok(taken) => taken.unwrap_or_default(),
        Err(error) => {
            stages::warn(session).await;
            return Err(error);
        }
    };
    if taken.platforms().is_empty() {
        let result = Request::new(session).await?.build(session).await?;
        docker::evaluate(session, &result).await?;
        return Ok(result);
    }
    let survey = Survey::make(session, files, &taken.platforms(), taken.paths()).await?;
    let wanted = images(&taken, &survey);
    let all = wanted.as_ref().ok().and_then(all_names);
    let warnings = isolate::warnings(&survey, all.as_ref())?;
    session.warn(&survey.config, warnings).await;
    sbom::check(session, &survey.config).await;
    let mut parts = Vec::new();
    for (platform, wanted) in wanted? {
        let mut outlines = survey.outlined.by_platform.iter();
        if let Some((_, outline)) = outlines.find(|(known, _)| *known == platform) {
            let outline = outline.clone();
            parts.push(Part {
                platform,
                wanted,
                outline,
            });
        }
    }
    match build_parts(session, &survey, parts).await {
        Ok(result) => Ok(result),
        Err(error) => Err(survey.with_sources(error, session, files).await),
    }
}

/// Answers a call about the Dockerfile. To what Docker's frontend finds wrong with it, `--check`
/// adds what is wrong with the binaries that the target takes.
pub(super) async fn answer(
    session: &Session<'_>,
    call: &Call,
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    if *call == Call::Targets {
        return Ok(stage_list::list(session).await?);
    }
    let request = stages::without_binaries(session).await?;
    let answer = request.solve(session).await?;
    if *call != Call::Lint {
        return Ok(answer);
    }
    let found = findings(session, files).await?;
    Ok(lint::joined(answer, &calls::lint_of(found), files))
}

/// What is wrong with the repository, if the target takes binaries. What Docker's frontend finds is
/// in its own answer.
async fn findings(
    session: &Session<'_>,
    files: &mut SourceFiles,
) -> Result<Vec<Diagnostic>, BuildError> {
    let definition = session.context.definition();
    files.add(&definition.name, definition.bytes.clone(), "Dockerfile");
    let taken = match stages::find(session).await {
        Ok(taken) => taken.unwrap_or_default(),
        Err(BuildError::Diagnostics(found)) => return Ok(found),
        Err(_) => return Ok(Vec::new()),
    };
    if taken.platforms().is_empty() {
        return Ok(Vec::new());
    }
    if let Err(problems) = session.options.check() {
        return Ok(problems);
    }
    let survey = Survey::make(session, files, &taken.platforms(), taken.paths()).await?;
    let mut found = survey.diagnostics();
    if survey.has_sound_base() {
        found.extend(survey.doubtful(session, files).await);
        found.extend(images(&taken, &survey).err().unwrap_or_default());
    }
    Ok(survey.config.without_skipped(found))
}

/// The images and tools that stages take, for each platform.
fn images(taken: &Taken, survey: &Survey) -> Result<BTreeMap<Platform, Wanted>, Vec<Diagnostic>> {
    let Survey {
        outlined,
        scanned,
        config,
        ..
    } = survey;
    taken.images(outlined, &scanned.workspace, config)
}

/// Whether Docker's frontend answers a call.
pub(super) fn answers(call: &Call) -> bool {
    matches!(call, Call::Outline | Call::Targets | Call::Lint)
}

/// The binaries that are taken for any platform. Returns `None` if no platform has any.
fn all_names(wanted: &BTreeMap<Platform, Wanted>) -> Option<Wanted> {
    let names = wanted.values().filter_map(Wanted::names).flatten();
    let names: BTreeSet<ImageName> = names.cloned().collect();
    (!names.is_empty()).then(|| Wanted::Some(names.into_iter().collect()))
}

/// The binaries for one platform.
struct Part {
    platform: Platform,
    wanted: Wanted,
    outline: Outline,
}

impl Part {
    fn job<'a>(&'a self, survey: &'a Survey) -> Job<'a> {
        Job {
            platform: &self.platform,
            outline: &self.outline,
            wanted: &self.wanted,
            config: &survey.config,
        }
    }
}

/// Builds. If a step fails and an image that is not wanted may be the cause, builds once more with
/// the wanted ones by themselves.
async fn build_parts(
    session: &Session<'_>,
    survey: &Survey,
    parts: Vec<Part>,
) -> Result<proto::Result, BuildError> {
    let has_others = parts
        .iter()
        .any(|part| isolate::has_others(part.job(survey)));
    let error = match attempt(session, survey, &parts).await {
        Ok(result) => return Ok(result),
        Err(Failure::Shared(error)) if has_others => error,
        Err(failure) => return Err(failure.into()),
    };
    let mut isolated = Vec::new();
    for part in parts {
        match isolate::by_itself(&error, part.job(survey), survey) {
            Some(outline) => isolated.push(Part { outline, ..part }),
            None => return Err(error),
        }
    }
    let result = attempt(session, survey, &isolated).await?;
    if let Some(part) = isolated.first() {
        let warning = isolate::warning(&part.wanted, &error);
        session.warn(&survey.config, vec![warning]).await;
    }
    Ok(result)
}

/// Resolves, plans and builds. Beside the resolve steps, std is compiled.
async fn attempt(
    session: &Session<'_>,
    survey: &Survey,
    parts: &[Part],
) -> Result<proto::Result, Failure> {
    let manners: Vec<Manner<'_>> = parts
        .iter()
        .map(|part| Manner::of(session, &part.platform))
        .collect();
    let looking = parts
        .iter()
        .map(|part| Unresolved::look_up(session, survey, part.job(survey)));
    let unresolved = try_join_all(looking).await?;
    let (mut done, mut early, mut resolving) = (Vec::new(), Vec::new(), Vec::new());
    for ((part, manner), unresolved) in parts.iter().zip(&manners).zip(&unresolved) {
        let (sender, receiver) = oneshot::channel();
        let (job, options) = (part.job(survey), manner.options(session));
        done.push(sender);
        early.push(unresolved.compile_early(session, job, options, receiver));
        resolving.push(unresolved.resolve(session, survey, job, options));
    }
    let build = async {
        let resolved = try_join_all(resolving).await?;
        drop(done);
        build_resolved(session, survey, parts, &manners, &resolved).await
    };
    speculate::beside(build, join_all(early).map(drop), || Duration::ZERO).await
}

/// Lets Docker's frontend build with the binaries of the plans. Beside it, batches compile if
/// several steps have to run.
async fn build_resolved(
    session: &Session<'_>,
    survey: &Survey,
    parts: &[Part],
    manners: &[Manner<'_>],
    resolved: &[Resolved],
) -> Result<proto::Result, Failure> {
    let mut planned = Vec::new();
    for (part, resolved) in parts.iter().zip(resolved) {
        let job = resolved.job(part.job(survey));
        planned.push((job, job.plan(Some(&resolved.resolutions))));
    }
    let mut request = Request::new(session).await.map_err(BuildError::from)?;
    let (mut lowered, mut outputs) = (Vec::new(), Vec::new());
    for (((job, plan), resolved), manner) in planned.iter().zip(resolved).zip(manners) {
        let mut lowering = Lowering::new(plan, &resolved.inputs.llb, manner.options(session));
        let files = Files::new(&lowering, &resolved.resolutions, &survey.scanned);
        let names = job.wanted.names();
        let is_wanted = |image: &&Image| names.is_none_or(|names| names.contains(&image.name));
        let images = plan.images.iter().filter(is_wanted);
        let policy = &survey.config.licenses;
        let linking = resolved.linking(plan, survey);
        licenses::check(session, (linking, &files), images, policy).await?;
        let output = lowering.binaries(names).map_err(internal)?;
        request = request.binaries(Some(job.platform), &output);
        lowered.push((*job, lowering));
        outputs.push(output);
    }
    let mut result = request.build(session).await.map_err(BuildError::from)?;
    let begun: Vec<Begun> = parts.iter().map(|_| Begun::default()).collect();
    let batches = lowered
        .iter()
        .zip(&begun)
        .map(|((job, lowering), begun)| batch::compile(session, lowering.clone(), *job, begun));
    let grace = || begun.iter().map(Begun::grace).max().unwrap_or_default();
    let building = docker::evaluate(session, &result);
    if let Err(error) = speculate::beside(building, join_all(batches).map(drop), grace).await {
        return failed(session, &mut lowered, result, error).await;
    }
    let built = planned.iter().zip(resolved).zip(&lowered).zip(&outputs);
    for ((((job, plan), resolved), (_, lowering)), output) in built {
        // Binaries for other platforms are tools of the stages.
        if result::platforms(&result).contains(job.platform) {
            let files = Files::new(lowering, &resolved.resolutions, &survey.scanned);
            let says_commit = survey.checkout.is_some();
            let finished = if says_commit {
                Some(session.solve(output, false).await?.reference)
            } else {
                None
            };
            let wanted = (job.wanted.names(), finished.as_ref());
            let input = (resolved.linking(plan, survey), &files);
            let attestations = sbom::of_binaries(session, input, wanted).await?;
            result::attest(&mut result, job.platform, attestations);
        }
    }
    exported_cache::check(session, &survey.config, &outputs).await;
    Ok(result)
}

/// What comes of a failure: of one of our steps, or of the Dockerfile's own.
async fn failed(
    session: &Session<'_>,
    lowered: &mut [(Job<'_>, Lowering<'_>)],
    result: proto::Result,
    mut error: GatewayError,
) -> Result<proto::Result, Failure> {
    for (job, lowering) in lowered {
        error = match isolate::failure(session, *job, lowering, error).await {
            Ok(failure) => return Err(failure),
            Err(error) => error,
        };
    }
    if error.is_about_itself() {
        // The daemon has lost its words. Handed back as it is, the step fails once more, and then
        // the daemon says why by itself.
        return Ok(result);
    }
    Err(Failure::Own(error.into()))
}
