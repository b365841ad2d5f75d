//! The use case, phase by phase: read the definition file, scan, outline, resolve, plan, lower,
//! solve for each platform, return.
//!
//! Owns the order of things and nothing else: each phase is a function in a file below, and all
//! knowledge of Go is in `gowork_llb`.

mod calls;
mod isolate;
mod phases;
mod report;
mod speculate;
mod target;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use futures_util::future::try_join_all;
use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::{self, ConfigInput, LlbOptions, Lowering};
use gowork_llb::ops::{Output, Platform};
use gowork_llb::plan::{self, PlanInput};
use tokio::sync::oneshot;

use crate::context::Context;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::{Gateway, GatewayError, Solve, Solved, Warning};
use crate::opts::Options;
use crate::result::{BuildResult, ImageResult};
use crate::subrequests::{self, Request};
use calls::Answers;
use isolate::Failure;
use phases::{inputs, linker_check, outline as outlines, resolve, scan};
use report::step as failed;
use speculate::batch;

/// Does what the options ask for: builds, or answers a call. `programs` is the image with the
/// programs that steps run, this frontend's own. `files` takes every file that errors may point
/// into, as they are read.
///
/// # Errors
/// What the user or the daemon got wrong, with its place.
pub async fn build(
    gateway: &dyn Gateway,
    options: &Options,
    programs: &Output,
    files: &mut SourceFiles,
) -> Result<proto::Result, BuildError> {
    let request = Request::parse(options.request.as_deref())?;
    if request == Request::Describe {
        return Ok(subrequests::describe::result());
    }
    let context = Context::open(gateway, options).await?;
    let builder = Builder {
        gateway,
        options,
        programs,
        context,
    };
    builder.run(&request, files).await
}

/// What is to be built for a platform.
#[derive(Clone, Copy)]
struct Job<'a> {
    platform: &'a Platform,
    outline: &'a plan::Outline,
    wanted: &'a target::Wanted,
}

/// What comes of going through the phases.
enum Outcome {
    /// A result, and whether it was made.
    Built(Box<ImageResult>, bool),
    /// More packages of the repository: the go command has to be asked again.
    MoreToAsk(Box<plan::Outline>),
}

/// A build under way.
struct Builder<'a> {
    gateway: &'a dyn Gateway,
    options: &'a Options,
    programs: &'a Output,
    context: Context<'a>,
}

impl Builder<'_> {
    async fn run(
        &self,
        request: &Request,
        files: &mut SourceFiles,
    ) -> Result<proto::Result, BuildError> {
        let definition = self.context.definition();
        let text = String::from_utf8_lossy(&definition.bytes);
        files.add(&definition.name, definition.bytes.clone(), "TOML");
        let (written, mut diagnostics) = Config::parse(&definition.name, &text);
        let (config, expanded) = written.expand(&self.options.build_args);
        if diagnostics.is_empty() {
            diagnostics.extend(written.unused_build_args(&self.options.build_args));
        }
        diagnostics.extend(expanded);
        diagnostics.extend(
            definition
                .unread
                .as_ref()
                .map(|other| not_read(other, &definition.name)),
        );
        let scanned = scan::run(self, &config, files).await?;
        diagnostics.extend(scanned.diagnostics.iter().cloned());
        let is_sound = !diagnostics.iter().any(Diagnostic::is_error);
        let outlined = outlines::make(&scanned, &config, &self.options.target_platforms());
        let unknown = target::unknown_names(&self.options.no_cache, &outlined);
        let mut found = [
            diagnostics.clone(),
            outlined.diagnostics.clone(),
            unknown.clone(),
        ]
        .concat();
        scanned.add_sources(self, &found, files).await;
        if *request != Request::Build {
            return Answers {
                builder: self,
                written: &written,
                outlined: &outlined,
                diagnostics: &found,
                files,
            }
            .answer(request);
        }
        if found.iter().any(Diagnostic::is_error) {
            let Some(told) = is_sound
                .then(|| isolate::despite(self.options.target.as_deref(), &outlined))
                .flatten()
            else {
                return Err(BuildError::Diagnostics(
                    found.into_iter().filter(Diagnostic::is_error).collect(),
                ));
            };
            found = [diagnostics, told, unknown].concat();
        }
        self.warn(&found).await;
        let wanted = target::choose(self.options.target.as_deref(), &outlined)?;
        let mut result = BuildResult {
            multi_platform: self.options.multi_platform,
            source_date_epoch: self.options.source_date_epoch,
            ..BuildResult::default()
        };
        // Platforms side by side: BuildKit knows which of their steps are one.
        let jobs = outlined.by_platform.iter().map(|(platform, outline)| Job {
            platform,
            outline,
            wanted: &wanted,
        });
        let builds = jobs.map(|job| self.build_platform(job, &scanned, &config));
        let images = match try_join_all(builds).await {
            Ok(images) => images,
            Err(mut error) => {
                scanned.add_sources(self, error.diagnostics(), files).await;
                if let BuildError::Step { errors, .. } = &mut error {
                    failed::place_at_clauses(errors, files);
                }
                return Err(error);
            }
        };
        result.images = outlined
            .by_platform
            .iter()
            .map(|(platform, _)| platform.clone())
            .zip(images)
            .collect();
        Ok(result.into_proto())
    }

    /// Shows warnings in the build's output. One that cannot be shown stops nothing.
    async fn warn(&self, diagnostics: &[Diagnostic]) {
        let source = &self.context.definition().source;
        let digest = source
            .digest()
            .map(|digest| digest.as_str().to_owned())
            .unwrap_or_default();
        for diagnostic in diagnostics {
            let warning = Warning {
                digest: digest.clone(),
                short: diagnostic.to_string(),
                ..Warning::default()
            };
            let _ = self.gateway.warn(warning).await;
        }
    }

    /// Builds what is wanted for a platform: one image by itself, if beside others it fails for
    /// something that may be theirs.
    async fn build_platform(
        &self,
        job: Job<'_>,
        scanned: &scan::Scanned,
        config: &Config,
    ) -> Result<ImageResult, BuildError> {
        let error = match self.attempt(job, scanned).await {
            Err(Failure::Shared(error)) if isolate::has_others(job.outline, job.wanted) => error,
            done => return Ok(done?.0),
        };
        let Some(outline) = isolate::after(&error, job, scanned, config) else {
            return Err(error);
        };
        let (result, made) = self
            .attempt(
                Job {
                    outline: &outline,
                    ..job
                },
                scanned,
            )
            .await?;
        if made {
            self.warn(&[isolate::told(job.wanted, &error)]).await;
        }
        Ok(result)
    }

    /// Goes through the phases for a platform, once more for as long as third-party packages turn
    /// out to import packages of the repository that are not in the outline. Also says whether what
    /// is handed back was made: else the daemon has yet to say what is wrong.
    async fn attempt(
        &self,
        job: Job<'_>,
        scanned: &scan::Scanned,
    ) -> Result<(ImageResult, bool), Failure> {
        let mut completed = job.outline.clone();
        loop {
            match self
                .go_through(
                    Job {
                        outline: &completed,
                        ..job
                    },
                    scanned,
                )
                .await?
            {
                Outcome::Built(result, made) => return Ok((*result, made)),
                Outcome::MoreToAsk(outline) => completed = *outline,
            }
        }
    }

    async fn go_through(&self, job: Job<'_>, scanned: &scan::Scanned) -> Result<Outcome, Failure> {
        let Job {
            platform,
            outline,
            wanted,
        } = job;
        let materials = inputs::gather(self, platform, outline, wanted, scanned).await?;
        let prefix = self.prefix(platform);
        let no_cache = target::no_cache(&self.options.no_cache);
        let dress = |exec| self.options.exec.apply(exec);
        let options = inputs::options(self, &prefix, &no_cache, &dress);
        let first = plan::plan(PlanInput {
            outline,
            resolutions: None,
        });
        let builds = wanted.builds(outline);
        let lowering = Lowering::new(&first, &materials.llb, options);
        let (known, of) = (lowering.clone(), builds.clone());
        let early = |resolving| speculate::std(self, known, (of, wanted.image()), resolving);
        let (resolved, resolving) = oneshot::channel();
        let build = async {
            let resolutions = resolve::all(self, &lowering, builds)
                .await
                .map_err(Failure::Shared)?;
            drop::<oneshot::Sender<()>>(resolved);
            if let Some(completed) = self.completed(outline, scanned, &resolutions).await? {
                return Ok(Outcome::MoreToAsk(Box::new(completed)));
            }
            let (result, made) = self
                .build_resolved(job, &materials, options, &resolutions)
                .await?;
            Ok(Outcome::Built(Box::new(result), made))
        };
        speculate::beside(build, speculate::while_resolving(resolving, early), || {
            Duration::ZERO
        })
        .await
    }

    /// The outline with what third-party packages import of the repository, if it lacks some of
    /// that.
    async fn completed(
        &self,
        outline: &plan::Outline,
        scanned: &scan::Scanned,
        resolutions: &Resolutions,
    ) -> Result<Option<plan::Outline>, Failure> {
        let Some((outline, found)) =
            outline.completed(&scanned.scan, &scanned.workspace, resolutions)
        else {
            return Ok(None);
        };
        if found.iter().any(Diagnostic::is_error) {
            let errors = found.into_iter().filter(Diagnostic::is_error).collect();
            return Err(Failure::Shared(BuildError::Diagnostics(errors)));
        }
        self.warn(&found).await;
        Ok(Some(outline))
    }

    async fn build_resolved(
        &self,
        job: Job<'_>,
        materials: &inputs::Gathered,
        options: LlbOptions<'_>,
        resolutions: &Resolutions,
    ) -> Result<(ImageResult, bool), Failure> {
        let Job {
            platform,
            outline,
            wanted,
        } = job;
        let plan = plan::plan(PlanInput {
            outline,
            resolutions: Some(resolutions),
        });
        let mut lowering = Lowering::new(&plan, &materials.llb, options);
        let begun = Cell::new(false);
        let ahead = batch::compile(self, lowering.clone(), job, &begun);
        // What compiles in one batch is over when the last step has taken its results, but for its
        // own end.
        let grace = || {
            if begun.get() {
                speculate::GRACE
            } else {
                Duration::ZERO
            }
        };
        let Some(name) = wanted.image() else {
            let output = lowering.binaries().map_err(internal)?;
            let solved = speculate::beside(self.solve(&output, true), ahead, grace).await;
            let (solved, made) = self.finish(solved, &output, &mut lowering, job).await?;
            return Ok((
                ImageResult {
                    reference: solved.reference,
                    ..ImageResult::default()
                },
                made,
            ));
        };
        let image = plan.image(name).ok_or_else(|| {
            Diagnostic::error(format!("image {name} is in no plan: please report this"))
        })?;
        if let Some(resolution) = resolutions.get(&plan.step(image.link).build) {
            resolve::check_runtime_files(image, &plan.builder.image, resolution)?;
        }
        let output = lowering.image(image).map_err(internal)?;
        let solved = speculate::beside(self.solve(&output, true), ahead, grace).await;
        let (solved, made) = self.finish(solved, &output, &mut lowering, job).await?;
        if made {
            linker_check::check(self, &plan, image, &solved.reference).await?;
        }
        let base = materials.base_config(&image.runtime.base.value);
        // The same time on every builder, so that the image has the same digest: that of its files.
        let created = inputs::rfc3339(options.epoch);
        let input = ConfigInput {
            platform,
            base,
            labels: &self.options.labels,
            created: created.as_deref(),
        };
        let config = lower::image_config(image, input)
            .map_err(|error| Diagnostic::error(error.to_string()))?;
        if let Some(base) = base {
            let doubtful = lower::check_env(image, base)
                .map_err(|error| Diagnostic::error(error.to_string()))?;
            self.warn(&doubtful).await;
        }
        let (config, base_config) = (Some(config), base.map(<[u8]>::to_vec));
        Ok((
            ImageResult {
                reference: solved.reference,
                config,
                base_config,
                attestations: Vec::new(),
            },
            made,
        ))
    }

    /// What stands before the names of a platform's steps, where there is more than one.
    fn prefix(&self, platform: &Platform) -> String {
        if self.options.multi_platform || self.options.platforms.len() > 1 {
            format!("[{platform}] ")
        } else {
            String::new()
        }
    }

    /// What came of solving what is handed back; says whether it was made.
    async fn finish(
        &self,
        solved: Result<Solved, BuildError>,
        output: &Output,
        lowering: &mut Lowering<'_>,
        job: Job<'_>,
    ) -> Result<(Solved, bool), Failure> {
        let error = match solved {
            Ok(solved) => return Ok((solved, true)),
            Err(BuildError::Gateway {
                error, span: None, ..
            }) => error,
            Err(error) => return Err(Failure::Own(error)),
        };
        let Some(step) = failed::step(self, lowering, &error).await else {
            if let Some(missing) = failed::missing_file(lowering.plan(), job.wanted.image(), &error)
            {
                return Err(missing.into());
            }
            if !error.is_about_itself() {
                return Err(Failure::Own(error.into()));
            }
            // The daemon has lost its words. Handed back as it is, the step fails once more, and
            // then the daemon says why by itself.
            return Ok((self.solve(output, false).await?, false));
        };
        let plan = lowering.plan();
        let error = failed::explain(self, lowering, step, error).await;
        let is_shared = |image| {
            isolate::has_others(job.outline, job.wanted) && isolate::is_shared(plan, step, image)
        };
        Err(if job.wanted.image().is_some_and(is_shared) {
            Failure::Shared(error)
        } else {
            Failure::Own(error)
        })
    }

    /// Solves an output, with the caches that the client names: BuildKit applies none by itself.
    async fn solve(&self, output: &Output, evaluate: bool) -> Result<Solved, BuildError> {
        let cache_imports = self.options.cache_imports.clone();
        let definition = output.to_definition();
        let request = Solve {
            definition: definition.clone(),
            evaluate,
            cache_imports,
        };
        // The daemon's words name a command line; people know the step by its name in the progress
        // output.
        let named = |error: GatewayError| match error
            .vertex()
            .and_then(|digest| definition.custom_name(&digest).map(ToOwned::to_owned))
        {
            Some(step) => error.of_step(&step),
            None => error,
        };
        Ok(self.gateway.solve(request).await.map_err(named)?)
    }
}

/// The warning of two definition files beside each other.
fn not_read(other: &str, definition: &str) -> Diagnostic {
    let warning = Diagnostic::warning(format!(
        "{other} is not read: this build is made by {definition}"
    ));
    warning.help(format!(
        "keep one of the two, or build the other one with -f {other}"
    ))
}

/// A step that could not be written down: nothing that the user did.
fn internal(error: gowork_llb::ops::OpError) -> BuildError {
    Diagnostic::error(error.to_string())
        .help("this is a bug of gowork: please report it with the Dockerfile and go.work")
        .into()
}

/// Resolutions by build.
type Resolutions = BTreeMap<plan::BuildIx, gowork_llb::resolution::Resolution>;
