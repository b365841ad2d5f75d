//! Phase: ask the go command, in a step, which versions and packages there are.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::{CERTIFICATES, Lowering, ZONEINFO};
use gowork_llb::plan::{BuildIx, Image};
use gowork_llb::resolution::{RESOLUTION_FILE, Resolution};

use crate::builder::report::resolve as report;
use crate::builder::{Builder, Resolutions, internal};
use crate::error::BuildError;

/// Resolves every build in `builds`, side by side.
pub(in crate::builder) async fn all(
    builder: &Builder<'_>,
    lowering: &Lowering<'_>,
    builds: BTreeSet<BuildIx>,
) -> Result<Resolutions, BuildError> {
    let resolved = builds.into_iter().map(|build| async move {
        Ok::<_, BuildError>((build, one(builder, lowering, build).await?))
    });
    Ok(try_join_all(resolved).await?.into_iter().collect())
}

async fn one(
    builder: &Builder<'_>,
    lowering: &Lowering<'_>,
    build: BuildIx,
) -> Result<Resolution, BuildError> {
    let output = lowering.resolve(build).map_err(internal)?;
    let solved = match builder.solve(&output, true).await {
        Ok(solved) => solved,
        Err(error) => return Err(report::explain(builder, lowering, build, error).await),
    };
    let json = builder
        .gateway
        .read_file(&solved.reference, RESOLUTION_FILE)
        .await?;
    let bug =
        |words: String| Diagnostic::error(words).help("this is a bug of gowork: please report it");
    let resolution: Resolution = serde_json::from_slice(&json)
        .map_err(|error| bug(format!("the resolve step's result cannot be read: {error}")))?;
    match lowering
        .plan()
        .builder
        .check_version(&resolution.go_version)
    {
        Some(error) => Err(error.into()),
        None => Ok(resolution),
    }
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
            let error = Diagnostic::error(format!(
                "the builder image {builder} has no {what} for image {}",
                image.name
            ));
            return Err(error.help(format!(
                "take a builder image that has them, or set `{key} = false` in [runtime]"
            )));
        }
    }
    Ok(())
}
