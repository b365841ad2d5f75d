//! A failed compile or link step, explained: which step it was, and what the compiler said, with
//! places in the repository.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gowork_llb::config::FileConfig;
use gowork_llb::diag::{Diagnostic, Position, Span};
use gowork_llb::lower::{self, GoErrors, Lowering};
use gowork_llb::ops::Output;
use gowork_llb::plan::{Plan, StepIx};
use gowork_step::SAID;
use tokio::time::timeout;

use crate::builder::session::{Session, new_attempt};
use crate::error::{BuildError, SourceFiles};
use crate::gateway::GatewayError;

/// Bytes of a step's output that are read. The step keeps no more.
const MAX_SAID: u64 = 80 << 10;

/// How long to wait for further failures: a step's failure is also one of the steps that read its
/// results.
const GRACE: Duration = Duration::from_millis(200);

/// Exit code of a process that was killed.
const KILLED: &str = "exit code: 137";

/// The step of `lowering` that failed with `error`, by the digest of its op. Returns `None` if it
/// was another op, or if the daemon does not say which it was.
pub(in crate::builder) async fn failed(
    session: &Session<'_>,
    lowering: &Lowering<'_>,
    error: &GatewayError,
) -> Option<StepIx> {
    match error.vertex() {
        Some(digest) => lowering.step_of(&digest),
        None if error.is_about_itself() => search(session, lowering).await,
        None => None,
    }
}

/// Finds the failed step by asking for the result of each. What was made is there at once, and so
/// is a failure.
async fn search(session: &Session<'_>, lowering: &Lowering<'_>) -> Option<StepIx> {
    let mut asked: FuturesUnordered<_> = lowering
        .lowered()
        .map(|(step, output)| failed_step(session, step, output))
        .collect();
    let mut failed = None;
    while failed.is_none() {
        failed = asked.next().await?;
    }
    // Steps come after those that they need, so the first one is the cause.
    while let Ok(Some(ended)) = timeout(GRACE, asked.next()).await {
        failed = [failed, ended].into_iter().flatten().min();
    }
    failed
}

/// The step, if it fails. Where a build ignores its cache, this does not: what was made just now is
/// there. With a definition that ignores the cache, BuildKit empties the mounts that it names, and
/// what the failed step printed would be gone.
async fn failed_step(session: &Session<'_>, step: StepIx, output: &Output) -> Option<StepIx> {
    let definition = output.to_definition().with_cache();
    let solved = session.solve_definition(definition, true).await;
    solved.is_err().then_some(step)
}

/// What to say for the failure of `step`.
pub(in crate::builder) async fn explain(
    session: &Session<'_>,
    lowering: &mut Lowering<'_>,
    step: StepIx,
    error: GatewayError,
) -> BuildError {
    let said = said(session, lowering, step).await.unwrap_or_default();
    let plan = lowering.plan();
    let step = plan.step(step);
    let mut found = lower::go_errors(plan, step, &String::from_utf8_lossy(&said));
    if found.errors.is_empty() {
        found.errors.push(unexplained(&step.title, &error));
    }
    BuildError::Step {
        rest: rest(&found),
        errors: found.errors,
        error,
    }
}

/// What the step printed when it failed.
async fn said(session: &Session<'_>, lowering: &mut Lowering<'_>, step: StepIx) -> Option<Vec<u8>> {
    let output = lowering.said(step, &new_attempt()).ok()??;
    let solved = session.solve(&output, true).await.ok()?;
    session
        .gateway
        .read_range(&solved.reference, SAID, Some(0..MAX_SAID))
        .await
        .ok()
}

/// Says how many errors are not shown. Empty if all are.
fn rest(found: &GoErrors) -> String {
    match (found.more, found.stopped) {
        (0, false) => String::new(),
        (0, true) => "... and more errors: the compiler stopped here".to_owned(),
        (1, false) => "... and 1 more error".to_owned(),
        (more, false) => format!("... and {more} more errors"),
        (more, true) => format!("... and {more} more errors, where the compiler stopped"),
    }
}

/// A step that has said nothing that can be read.
fn unexplained(title: &str, error: &GatewayError) -> Diagnostic {
    let reason = if error.is_about_itself() {
        String::new()
    } else {
        format!(": {}", error.reason())
    };
    if reason.ends_with(KILLED) {
        return Diagnostic::error(format!("{title}: the step was killed ({KILLED})")).help(
            "the builder most likely ran out of memory: give it more, or build fewer images at a time",
        );
    }
    Diagnostic::error(format!("{title}: the step failed{reason}")).help("its output is above")
}

/// What to say if a file that an image takes from the context or from a stage is not there. BuildKit
/// names no file but in its words.
pub(in crate::builder) fn missing_file(
    plan: &Plan,
    image: Option<&str>,
    error: &GatewayError,
) -> Option<Diagnostic> {
    let image = plan.image(image?)?;
    let file = image
        .runtime
        .files
        .iter()
        .find(|file| says_is_missing(&error.status.message, file))?;
    let (name, path) = (&image.name, file.from.path());
    let error = match file.from.stage() {
        Some(stage) => Diagnostic::error(format!(
            "`files` of image {name}: stage {stage} has no /{path}"
        ))
        .help("see what the stage writes, and where"),
        None => Diagnostic::error(format!(
            "`files` of image {name}: {path} is not in the build context"
        ))
        .help("paths are relative to the build context; check whether .dockerignore excludes it"),
    };
    Some(error.at(file.from.span.clone()))
}

fn says_is_missing(message: &str, file: &FileConfig) -> bool {
    let path = format!("/{}", file.from.path());
    message.contains(&format!("\"{path}\": not found"))
        || message.contains(&format!("{path} not found"))
        || message.contains(&format!(
            "lstat /{}: no such file",
            file.from.literal_path()
        ))
        || message.contains(&format!("{path}: no such file or directory"))
}

/// Puts errors about a package as a whole at its package clause.
pub(in crate::builder) fn place_at_clauses(errors: &mut [Diagnostic], files: &SourceFiles) {
    for span in errors.iter_mut().filter_map(|error| error.span.as_mut()) {
        if span.start.line != 0 {
            continue;
        }
        let Some(info) = files.info(&span.file) else {
            continue;
        };
        let text = String::from_utf8_lossy(&info.data);
        let clause = text.lines().position(|line| line.starts_with("package "));
        let line = clause.map_or(1, |before| u32::try_from(before + 1).unwrap_or(1));
        *span = Span::at(span.file.clone(), Position::new(line, 1));
    }
}
