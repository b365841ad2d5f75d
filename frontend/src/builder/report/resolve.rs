//! A failed resolve step, explained: which import it was, and where.

use gowork_llb::diag::{Diagnostic, Span};
use gowork_llb::lower::Lowering;
use gowork_llb::plan::{self, BuildIx, Plan};
use gowork_llb::resolution::{REPORT_FILE, ResolveError, ResolveReport};

use crate::builder::session::{Session, new_attempt};
use crate::error::BuildError;
use crate::steps::resolve::NO_GO;

/// The number of errors shown. A network that is down gives one for each package.
const SHOWN: usize = 10;

/// What to say for `error`, the failure of the resolve step of `build`: its own words, unless a
/// second run can say more.
pub(in crate::builder) async fn explain(
    session: &Session<'_>,
    lowering: &Lowering<'_>,
    build: BuildIx,
    error: BuildError,
) -> BuildError {
    if !may_be_of(lowering, build, &error) {
        return error;
    }
    let Some(report) = run(session, lowering, build).await else {
        return error;
    };
    let plan = lowering.plan();
    let mut diagnostics: Vec<Diagnostic> = report
        .errors
        .iter()
        .take(SHOWN)
        .map(|error| diagnostic(plan, build, error))
        .collect();
    if report.errors.len() > SHOWN {
        let more = report.errors.len() - SHOWN;
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

/// Whether the resolve step failed, by the digest of its op. It may also have failed if the daemon
/// does not say which op it was.
fn may_be_of(lowering: &Lowering<'_>, build: BuildIx, error: &BuildError) -> bool {
    let BuildError::Gateway { error, .. } = error else {
        return true;
    };
    let Some(failed) = error.vertex() else {
        return true;
    };
    let Ok(step) = lowering.resolve(build) else {
        return true;
    };
    step.digest().is_none_or(|digest| digest.as_str() == failed)
}

/// Runs the resolve step again, to find out what is wrong.
async fn run(
    session: &Session<'_>,
    lowering: &Lowering<'_>,
    build: BuildIx,
) -> Option<ResolveReport> {
    let output = lowering.resolve_report(build, &new_attempt()).ok()?;
    let solved = session.solve(&output, true).await.ok()?;
    let json = session
        .gateway
        .read_file(&solved.reference, REPORT_FILE)
        .await
        .ok()?;
    serde_json::from_slice(&json).ok()
}

/// An error of the report, at the import that it is about.
fn diagnostic(plan: &Plan, build: BuildIx, error: &ResolveError) -> Diagnostic {
    if let Some(reason) = error.message.strip_prefix(NO_GO) {
        return no_go(&plan.builder, reason);
    }
    let diagnostic = Diagnostic::error(&error.message);
    let mut imports = plan
        .build(build)
        .packages
        .iter()
        .flat_map(|(_, package)| package.outside());
    match imports.find(|import| import.path == error.package) {
        Some(import) => diagnostic.at(Span::at(import.file.as_str(), import.at)),
        None => diagnostic,
    }
}

/// The builder image has no Go, or none for the platform that steps run on.
fn no_go(builder: &plan::Builder, reason: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("{} has no go command{reason}", builder.image))
        .help("name an image with Go, such as golang:1.26, with `builder` under [go]");
    error.at(builder.at.clone())
}
