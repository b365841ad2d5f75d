//! A failed compile or link step, explained: which step it was, and what the compiler said, with
//! places in the repository.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use gowork_llb::config::FileConfig;
use gowork_llb::diag::{Diagnostic, Position, Span};
use gowork_llb::lower::{self, GoErrors, Lowering};
use gowork_llb::plan::{Plan, StepIx};
use gowork_step::SAID;
use tokio::time::timeout;

use crate::builder::Builder;
use crate::error::{BuildError, SourceFiles};
use crate::gateway::GatewayError;

/// Bytes of it that are read; the step keeps no more.
const MAX_SAID: u64 = 80 << 10;

/// How long to wait for further failures: that of a step is also one of those that read its
/// results.
const GRACE: Duration = Duration::from_millis(200);

/// Exit code of a process that was killed.
const KILLED: &str = "exit code: 137";

/// The step of `lowering` that failed with `error`; none if it was another op.
pub(in crate::builder) async fn step(
    builder: &Builder<'_>,
    lowering: &Lowering<'_>,
    error: &GatewayError,
) -> Option<StepIx> {
    match error.vertex() {
        Some(vertex) => lowering.step_of(&vertex),
        None if error.is_about_itself() => search(builder, lowering).await,
        None => None,
    }
}

/// Finds the step by asking for the result of each: what was made is there at once, and so is a
/// failure.
async fn search(builder: &Builder<'_>, lowering: &Lowering<'_>) -> Option<StepIx> {
    let ask =
        |(ix, output)| async move { builder.solve(output, true).await.is_err().then_some(ix) };
    let mut asked: FuturesUnordered<_> = lowering.lowered().map(ask).collect();
    let mut failed = None;
    while failed.is_none() {
        failed = asked.next().await?;
    }
    // Steps come after those that they need.
    while let Ok(Some(ended)) = timeout(GRACE, asked.next()).await {
        failed = [failed, ended].into_iter().flatten().min();
    }
    failed
}

/// What to say for the failure of the step `ix`.
pub(in crate::builder) async fn explain(
    builder: &Builder<'_>,
    lowering: &mut Lowering<'_>,
    ix: StepIx,
    error: GatewayError,
) -> BuildError {
    let step = lowering.plan().step(ix);
    let said = said(builder, lowering, ix).await.unwrap_or_default();
    let GoErrors {
        errors,
        more,
        stopped,
    } = lower::go_errors(lowering.plan(), step, &String::from_utf8_lossy(&said));
    let rest = match (more, stopped) {
        (0, false) => String::new(),
        (0, true) => "... and more errors: the compiler stopped here".to_owned(),
        (1, false) => "... and 1 more error".to_owned(),
        (more, false) => format!("... and {more} more errors"),
        (more, true) => format!("... and {more} more errors, where the compiler stopped"),
    };
    if errors.is_empty() {
        return BuildError::Step {
            errors: vec![unexplained(&step.title, &error)],
            rest,
            error,
        };
    }
    BuildError::Step {
        errors,
        rest,
        error,
    }
}

async fn said(builder: &Builder<'_>, lowering: &mut Lowering<'_>, ix: StepIx) -> Option<Vec<u8>> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let output = lowering.said(ix, &now.as_nanos().to_string()).ok()??;
    let solved = builder.solve(&output, true).await.ok()?;
    builder
        .gateway
        .read_range(&solved.reference, SAID, Some(0..MAX_SAID))
        .await
        .ok()
}

/// A step that has said nothing that can be read.
fn unexplained(title: &str, error: &GatewayError) -> Diagnostic {
    let reason = if error.is_about_itself() {
        String::new()
    } else {
        format!(": {}", error.reason())
    };
    if reason.ends_with(KILLED) {
        let help = "most likely for lack of memory: give the builder more memory, or build fewer images at a time";
        return Diagnostic::error(format!("{title}: the step was killed ({KILLED})")).help(help);
    }
    Diagnostic::error(format!("{title}: the step failed{reason}")).help("see above what it printed")
}

/// What to say if a file that an image takes from the context is not there.
pub(in crate::builder) fn missing_file(
    plan: &Plan,
    image: Option<&str>,
    error: &GatewayError,
) -> Option<Diagnostic> {
    let message = &error.status.message;
    let image = plan.image(image?)?;
    let is_missing = |file: &&FileConfig| {
        let path = format!("/{}", file.from.value);
        message.contains(&format!("\"{path}\": not found"))
            || message.contains(&format!("{path}: no such file or directory"))
    };
    let file = image.runtime.files.iter().find(is_missing)?;
    let words = format!(
        "`files` of image {}: {} is not in the build context",
        image.name, file.from.value
    );
    let error = Diagnostic::error(words)
        .help("paths start at the build context; see whether .dockerignore leaves it out");
    Some(match &file.from.span {
        Some(span) => error.at(span.clone()),
        None => error,
    })
}

/// Puts errors about a package as a whole at its package clause.
pub(in crate::builder) fn place_at_clauses(errors: &mut [Diagnostic], files: &SourceFiles) {
    for span in errors
        .iter_mut()
        .filter_map(|error| error.span.as_mut())
        .filter(|span| span.start.line == 0)
    {
        let Some(info) = files.info(&span.file) else {
            continue;
        };
        let text = String::from_utf8_lossy(&info.data);
        let line = text
            .lines()
            .zip(1u32..)
            .find(|(line, _)| line.starts_with("package "))
            .map_or(1, |(_, number)| number);
        *span = Span::at(span.file.clone(), Position::new(line, 1));
    }
}
