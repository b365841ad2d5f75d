//! A failed resolve step, explained: which import it was, and where.

use std::time::SystemTime;

use gowork_llb::diag::{Diagnostic, Span};
use gowork_llb::lower::Lowering;
use gowork_llb::plan::{self, BuildIx, Plan};
use gowork_llb::resolution::{REPORT_FILE, ResolveError, ResolveReport};

use crate::builder::Builder;
use crate::error::BuildError;
use crate::steps::resolve::NO_GO;

/// How many errors are told; a network that is down gives one for each package.
const SHOWN: usize = 10;

/// What to say for `error`, the failure of a build's resolve step: its own words, unless a second
/// run can say more.
pub(in crate::builder) async fn explain(
    builder: &Builder<'_>,
    lowering: &Lowering<'_>,
    ix: BuildIx,
    error: BuildError,
) -> BuildError {
    let Some(report) = run(builder, lowering, ix).await else {
        return error;
    };
    let plan = lowering.plan();
    let mut diagnostics: Vec<Diagnostic> = report
        .errors
        .iter()
        .take(SHOWN)
        .map(|error| diagnostic(plan, ix, error))
        .collect();
    if let more @ 1.. = report.errors.len().saturating_sub(SHOWN) {
        diagnostics.push(Diagnostic::error(format!("... and {more} more like these")));
    }
    // Advice is about all of them, and last is where people look first.
    let Some(last) = diagnostics.last_mut() else {
        return error;
    };
    if !report.advice.is_empty() {
        last.help = Some(report.advice.join("\n"));
    }
    BuildError::Diagnostics(diagnostics)
}

async fn run(builder: &Builder<'_>, lowering: &Lowering<'_>, ix: BuildIx) -> Option<ResolveReport> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let output = lowering
        .resolve_report(ix, &now.as_nanos().to_string())
        .ok()?;
    let solved = builder.solve(&output, true).await.ok()?;
    let json = builder
        .gateway
        .read_file(&solved.reference, REPORT_FILE)
        .await
        .ok()?;
    serde_json::from_slice(&json).ok()
}

fn diagnostic(plan: &Plan, ix: BuildIx, error: &ResolveError) -> Diagnostic {
    if let Some(reason) = error.message.strip_prefix(NO_GO) {
        return no_go(&plan.builder, reason);
    }
    let diagnostic = Diagnostic::error(&error.message);
    let packages = plan.build(ix).packages.iter();
    let importer = packages
        .flat_map(|(_, package)| package.outside())
        .find(|import| import.path == error.package);
    match importer {
        Some(import) => diagnostic.at(Span::at(import.file.as_str(), import.at)),
        None => diagnostic,
    }
}

/// The builder image is no Go image, or not one for the platform that steps run on.
fn no_go(builder: &plan::Builder, reason: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("{} has no go command{reason}", builder.image));
    let error = error.help("name an image with Go, such as golang:1.26, with `builder` under [go]");
    match &builder.at {
        Some(place) => error.at(place.clone()),
        None => error,
    }
}
