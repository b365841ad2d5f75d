//! The use case, phase by phase: survey the repository, and for each platform look up the inputs,
//! resolve modules, plan, lower, solve, and check what came of it.
//!
//! The stages of a Dockerfile have a walk of their own, `body`.
//!
//! Owns the order of things and nothing else. Each phase is a file below, which knows the session
//! and not this walk; all knowledge of Go is in `gowork_llb`.

mod body;
mod calls;
mod docker;
mod elf;
mod exported_cache;
mod isolate;
mod job;
mod phases;
mod report;
mod resolved;
mod session;
mod speculate;
mod survey;
mod target;

use std::time::Duration;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use futures_util::future::{try_join, try_join_all};
use gowork_llb::diag::Diagnostic;
use gowork_llb::image::time_of_creation;
use gowork_llb::lower::{self, ConfigInput, LabelInput, LlbOptions, Lowering};
use gowork_llb::ops::{Output, Platform};
use gowork_llb::plan::{Image, Plan};
use tokio::sync::oneshot;

use crate::error::{BuildError, SourceFiles};
use crate::gateway::{Gateway, GatewayError, Ref};
use crate::opts::Options;
use crate::result::{BuildResult, ImageResult};
use crate::subrequests::Call;
use isolate::Failure;
use job::{Job, Wanted};
use phases::inputs::Manner;
use phases::licenses::Files;
use phases::{image_config, licenses, linker_check, resolve, sbom};
use resolved::{Resolved, Unresolved};
use session::{Session, bug, internal};
use speculate::batch::{self, Begun};
use survey::Survey;

/// Builds what the options ask for. `programs` is the image with the programs that run in steps,
/// this frontend's own. `files` takes every file that errors may point into, as they are read.
///
/// # Errors
/// What the user or the daemon got wrong, with its place.
pub async fn build(
    gateway: &dyn Gateway,
    options: &Options,
    programs: &Output,
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    let session = Session::open(gateway, options, programs).await?;
    if session.context.definition().is_dockerfile() {
        return body::build(&session, files).await;
    }
    let survey = Survey::of_images(&session, files).await?;
    let wanted = target::choose(options.target.as_deref(), &survey.outlined);
    let warnings = isolate::warnings(&survey, wanted.as_ref().ok())?;
    session.warn(&survey.config, warnings).await;
    sbom::check(&session, &survey.config).await;
    let images = match build_platforms(&session, &survey, &wanted?).await {
        Ok(images) => images,
        Err(error) => return Err(survey.with_sources(error, &session, files).await),
    };
    let result = BuildResult {
        images: images.into_iter().collect(),
        multi_platform: options.multi_platform,
        source_date_epoch: session.epoch(),
    };
    Ok(result.into_proto())
}

/// Answers a call; arguments and errors as of [`build`].
///
/// # Errors
/// As [`build`], and if no such call exists.
pub async fn answer(
    gateway: &dyn Gateway,
    options: &Options,
    programs: &Output,
    call: &Call,
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    let session = Session::open(gateway, options, programs).await?;
    if session.context.definition().is_dockerfile() && body::answers(call) {
        return body::answer(&session, call, files).await;
    }
    let survey = Survey::of_images(&session, files).await?;
    calls::answer(&session, &survey, call, files).await
}

/// Builds for all platforms, side by side. BuildKit knows which of their steps are the same.
async fn build_platforms(
    session: &Session<'_>,
    survey: &Survey,
    wanted: &Wanted,
) -> Result<Vec<(Platform, ImageResult)>, BuildError> {
    let mut builds = Vec::new();
    for (platform, outline) in &survey.outlined.by_platform {
        let job = Job {
            platform,
            outline,
            wanted,
            config: &survey.config,
        };
        builds.push(async move {
            let built = build_platform(session, survey, job).await?;
            Ok::<_, BuildError>((platform.clone(), built))
        });
    }
    let (mut images, mut outputs) = (Vec::new(), Vec::new());
    for (platform, built) in try_join_all(builds).await? {
        images.push((platform, built.image));
        outputs.push(built.output);
    }
    exported_cache::check(session, &survey.config, &outputs).await;
    Ok(images)
}

/// Builds for one platform. If a step fails and another image may be the cause, builds the wanted
/// image once more, by itself.
async fn build_platform(
    session: &Session<'_>,
    survey: &Survey,
    job: Job<'_>,
) -> Result<Built, BuildError> {
    let error = match attempt(session, survey, job).await {
        Ok(built) => return Ok(built),
        Err(Failure::Shared(error)) if isolate::has_others(job) => error,
        Err(failure) => return Err(failure.into()),
    };
    let Some(outline) = isolate::by_itself(&error, job, survey) else {
        return Err(error);
    };
    let outline = &outline;
    let built = attempt(session, survey, Job { outline, ..job }).await?;
    if built.is_made {
        let warning = isolate::warning(job.wanted, &error);
        session.warn(job.config, vec![warning]).await;
    }
    Ok(built)
}

/// What was built for one platform.
struct Built {
    image: ImageResult,
    /// What was solved.
    output: Output,
    /// False if the daemon has yet to say what is wrong with it.
    is_made: bool,
}

/// Walks through the phases: inputs, resolve, and what follows in [`build_resolved`]. Beside the
/// resolve steps, std is compiled, and the users of what the image is built upon are read.
async fn attempt(session: &Session<'_>, survey: &Survey, job: Job<'_>) -> Result<Built, Failure> {
    let manner = Manner::of(session, job.platform);
    let options = manner.options(session);
    let unresolved = Unresolved::look_up(session, survey, job).await?;
    let (done, resolving) = oneshot::channel();
    let early = unresolved.compile_early(session, job, options, resolving);
    let build = async {
        let resolving = unresolved.resolve(session, survey, job, options);
        let reading = unresolved.accounts(session, job);
        let (mut resolved, accounts) = try_join(resolving, reading).await?;
        resolved.inputs.llb.accounts = accounts;
        drop(done);
        build_resolved(session, survey, job, options, &resolved).await
    };
    speculate::beside(build, early, || Duration::ZERO).await
}

/// Builds with the answers of the resolve steps: plan, lower, solve; then checks the image and
/// writes its config.
async fn build_resolved(
    session: &Session<'_>,
    survey: &Survey,
    job: Job<'_>,
    options: LlbOptions<'_>,
    resolved: &Resolved,
) -> Result<Built, Failure> {
    let (inputs, resolutions) = (&resolved.inputs, &resolved.resolutions);
    let job = resolved.job(job);
    let plan = job.plan(Some(resolutions));
    let mut lowering = Lowering::new(&plan, &inputs.llb, options);
    if *job.wanted == Wanted::Results {
        return build_results(session, job, &mut lowering).await;
    }
    let linking = resolved.linking(&plan, survey);
    let policy = &job.config.licenses;
    let Some(image) = wanted_image(&plan, job.wanted)? else {
        let files = Files::new(&lowering, resolutions, &survey.scanned);
        licenses::check(session, (linking, &files), &plan.images, policy).await?;
        let output = lowering.binaries(None).map_err(internal)?;
        let solved = solve(session, job, &mut lowering, &output).await?;
        let files = Files::new(&lowering, resolutions, &survey.scanned);
        let finished = solved.is_made.then_some(&solved.reference);
        let wanted = (None, finished);
        let image = ImageResult {
            attestations: sbom::of_binaries(session, (linking, &files), wanted).await?,
            reference: solved.reference,
            ..ImageResult::default()
        };
        return Ok(Built {
            image,
            output,
            is_made: solved.is_made,
        });
    };
    let files = Files::new(&lowering, resolutions, &survey.scanned);
    licenses::check(session, (linking, &files), [image], policy).await?;
    if let Some(resolution) = resolutions.get(&plan.step(image.link).build) {
        resolve::check_runtime_files(image, &plan.builder.image, resolution)?;
    }
    if let Some(texts) = licenses::texts(session, (linking, &files), image)? {
        lowering.collect_licenses(image.name.clone(), texts);
    }
    let output = lowering.image(image).map_err(internal)?;
    let output = session.defined(&output, image, job.config);
    let solved = solve(session, job, &mut lowering, &output).await?;
    if solved.is_made {
        linker_check::check(session, &plan, image, &solved.reference).await?;
    }
    let base = inputs.base_config(&image.runtime.base.value);
    let digest = base.and_then(|base| base.digest.as_deref());
    let time = session.epoch().and_then(time_of_creation);
    let labels = LabelInput {
        given: &session.options.labels,
        base_digest: digest,
        time: time.as_deref(),
    };
    let created = time_of_creation(options.epoch);
    let input = ConfigInput {
        platform: job.platform,
        base: base.map(|base| base.config.as_slice()),
        labels,
        created: created.as_deref(),
    };
    let config = image_config::make(session, job, image, input).await?;
    let files = Files::new(&lowering, resolutions, &survey.scanned);
    let finished = (image, solved.is_made.then_some(&solved.reference));
    let attestations = sbom::of_image(session, (linking, &files), finished, digest).await?;
    let image = ImageResult {
        attestations,
        reference: solved.reference,
        config: Some(config),
        base_config: base.and_then(|base| base.of_registry.clone()),
        annotations: lower::annotations(image, labels),
    };
    Ok(Built {
        image,
        output,
        is_made: solved.is_made,
    })
}

/// Builds the results image.
async fn build_results(
    session: &Session<'_>,
    job: Job<'_>,
    lowering: &mut Lowering<'_>,
) -> Result<Built, Failure> {
    let Some(results) = lowering.results().map_err(internal)? else {
        let error = Diagnostic::error("there are no compile results for other machines");
        let help = "they need `cache = \"both\"`, the default, and code without cgo";
        return Err(BuildError::from(error.help(help)).into());
    };
    let config = image_config::of_results(session, &results, job.platform)?;
    let solved = solve(session, job, lowering, &results.output).await?;
    let image = ImageResult {
        reference: solved.reference,
        config: Some(config),
        ..ImageResult::default()
    };
    Ok(Built {
        image,
        output: results.output,
        is_made: solved.is_made,
    })
}

/// The wanted image in the plan. Returns `None` if all binaries are wanted.
fn wanted_image<'p>(plan: &'p Plan, wanted: &Wanted) -> Result<Option<&'p Image>, Diagnostic> {
    let Some(name) = wanted.image() else {
        return Ok(None);
    };
    match plan.image(name) {
        Some(image) => Ok(Some(image)),
        None => Err(bug(format!("image {name} is in no plan"))),
    }
}

/// A filesystem to hand back.
struct Solved {
    reference: Ref,
    /// False if the daemon has yet to say what is wrong with it.
    is_made: bool,
}

/// Solves what is handed back. Beside it, a batch compiles if several steps have to run.
async fn solve(
    session: &Session<'_>,
    job: Job<'_>,
    lowering: &mut Lowering<'_>,
    output: &Output,
) -> Result<Solved, Failure> {
    let begun = Begun::default();
    let batch = batch::compile(session, lowering.clone(), job, &begun);
    match speculate::beside(session.solve(output, true), batch, || begun.grace()).await {
        Ok(solved) => Ok(Solved {
            reference: solved.reference,
            is_made: true,
        }),
        Err(BuildError::Gateway {
            error, span: None, ..
        }) => failed(session, job, lowering, output, error).await,
        Err(error) => Err(Failure::Own(error)),
    }
}

/// What comes of a failed solve. Which step it was is known by the digest of its op.
async fn failed(
    session: &Session<'_>,
    job: Job<'_>,
    lowering: &mut Lowering<'_>,
    output: &Output,
    error: GatewayError,
) -> Result<Solved, Failure> {
    let error = match isolate::failure(session, job, lowering, error).await {
        Ok(failure) => return Err(failure),
        Err(error) => error,
    };
    if let Some(missing) = report::step::missing_file(lowering.plan(), job.wanted.image(), &error) {
        return Err(missing.into());
    }
    if !error.is_about_itself() {
        return Err(Failure::Own(error.into()));
    }
    // The daemon has lost its words. Handed back as it is, the step fails once more, and then the
    // daemon says why by itself.
    let solved = session.solve(output, false).await?;
    Ok(Solved {
        reference: solved.reference,
        is_made: false,
    })
}
