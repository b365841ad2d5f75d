//! Phase: ask the go command, in a step, which versions and packages there are.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::{CERTIFICATES, Lowering, ZONEINFO};
use gowork_llb::plan::{BuildIx, Image, Outline};
use gowork_llb::resolution::{RESOLUTION_FILE, Resolution};

use super::scan::Scanned;
use crate::builder::report;
use crate::builder::session::{Session, bug, internal};
use crate::error::BuildError;

/// What the resolve steps answered, by build.
pub(in crate::builder) type Resolutions = BTreeMap<BuildIx, Resolution>;

/// Resolves every build in `builds`, side by side.
///
/// # Errors
/// What the go command cannot resolve, at the imports that ask for it.
pub(in crate::builder) async fn all(
    session: &Session<'_>,
    lowering: &Lowering<'_>,
    builds: BTreeSet<BuildIx>,
) -> Result<Resolutions, BuildError> {
    let resolving = builds
        .into_iter()
        .map(|build| resolve(session, lowering, build));
    Ok(try_join_all(resolving).await?.into_iter().collect())
}

async fn resolve(
    session: &Session<'_>,
    lowering: &Lowering<'_>,
    build: BuildIx,
) -> Result<(BuildIx, Resolution), BuildError> {
    let output = lowering.resolve(build).map_err(internal)?;
    let solved = match session.solve(&output, true).await {
        Ok(solved) => solved,
        Err(error) => return Err(report::resolve::explain(session, lowering, build, error).await),
    };
    let json = session
        .gateway
        .read_file(&solved.reference, RESOLUTION_FILE)
        .await?;
    let resolution: Resolution = serde_json::from_slice(&json)
        .map_err(|error| bug(format!("the resolve step's result cannot be read: {error}")))?;
    match lowering
        .plan()
        .builder
        .check_version(&resolution.go_version)
    {
        Some(error) => Err(error.into()),
        None => Ok((build, resolution)),
    }
}

/// The outline with what third-party packages import of the repository, if it lacks some of that.
///
/// # Errors
/// What is wrong with these packages.
pub(in crate::builder) async fn completed(
    session: &Session<'_>,
    config: &Config,
    scanned: &Scanned,
    outline: &Outline,
    resolutions: &Resolutions,
) -> Result<Option<Outline>, BuildError> {
    let Some((outline, found)) = outline.completed(&scanned.scan, &scanned.workspace, resolutions)
    else {
        return Ok(None);
    };
    let (errors, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
    if !errors.is_empty() {
        return Err(BuildError::Diagnostics(errors));
    }
    session.warn(config, warnings).await;
    Ok(Some(outline))
}

/// Whether the builder image has what the image takes from it.
pub(in crate::builder) fn check_runtime_files(
    image: &Image,
    builder: &str,
    resolution: &Resolution,
) -> Result<(), Diagnostic> {
    let runtime = &image.runtime;
    for (wanted, path, what, key) in [
        (
            runtime.certificates,
            CERTIFICATES,
            "CA certificates",
            "certificates",
        ),
        (
            runtime.timezones,
            ZONEINFO,
            "time zone database in its GOROOT",
            "timezones",
        ),
    ] {
        if wanted && !resolution.runtime_files.iter().any(|file| file == path) {
            return Err(Diagnostic::error(format!(
                "the builder image {builder} has no {what} for image {}",
                image.name
            ))
            .help(format!(
                "use a builder image that has them, or set `{key} = false` in [runtime]"
            )));
        }
    }
    Ok(())
}
