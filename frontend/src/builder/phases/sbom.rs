//! Phase: the SBOM of what is built, as an attestation.
//!
//! BuildKit runs a scanner over each result for which an SBOM is asked for, unless the frontend says
//! that it has one: an attestation with this predicate type (solver/llbsolver/proc/sbom.go,
//! `HasSBOM`). If the user names a scanner, ours comes as a statement in a bundle that does not say
//! its type. Then BuildKit runs the scanner too, and the image has both.

use gowork_llb::config::{Config, ImageName};
use gowork_llb::diag::{Diagnostic, Rule};
use gowork_llb::image::time_of_creation;
use gowork_llb::limits;
use gowork_llb::ops::Output;
use gowork_llb::ops::file::{File, Mkfile};
use gowork_llb::plan::Image;
use gowork_llb::sbom::{self, Base, Contents, Linking, NotResolved, SPDX_PREDICATE};
use serde_json::json;

use super::build_info;
use super::licenses::{self, Files};
use crate::builder::session::{Session, bug};
use crate::error::BuildError;
use crate::gateway::{Ref, caps};
use crate::opts::SbomAsked;
use crate::result::Attestation;

/// What the SBOM is called. Files of SBOMs that scanners make are called `sbom.spdx.json`.
const FILE: &str = "sbom-gowork.spdx.json";
/// What it is called if it is the only one.
const ONLY_FILE: &str = "sbom.spdx.json";

/// Warns if an SBOM is asked for and the builder takes none.
pub(in crate::builder) async fn check(session: &Session<'_>, config: &Config) {
    if session.options.sbom == SbomAsked::Off || takes_attestations(session) {
        return;
    }
    let message = "this builder takes no SBOM: the image is built without";
    let warning = Diagnostic::warning(Rule::BuildOption, message);
    let help = "it needs BuildKit 0.11 or newer";
    session.warn(config, vec![warning.help(help)]).await;
}

fn takes_attestations(session: &Session<'_>) -> bool {
    session.gateway.pong().frontend_caps.has(caps::ATTESTATIONS)
}

/// The SBOM of an image that is finished, if one is asked for. `digest` is that of its base image, if
/// it is known.
pub(in crate::builder) async fn of_image(
    session: &Session<'_>,
    (input, files): (Linking<'_>, &Files<'_>),
    (image, finished): (&Image, Option<&Ref>),
    digest: Option<&str>,
) -> Result<Vec<Attestation>, BuildError> {
    if !is_wanted(session) {
        return Ok(Vec::new());
    }
    let mut contents = Contents::of_image(input, image).map_err(unresolved)?;
    ask_binaries(session, input, &mut contents, finished).await?;
    if let Some(Base::Image(_, known)) = &mut contents.base {
        *known = digest.map(ToOwned::to_owned);
    }
    // Labels of the build are those of the image.
    if let Some(version) = session.options.labels.get(sbom::VERSION_LABEL) {
        contents.version = Some(version.clone());
    }
    licenses::declare(session, files, &mut contents).await?;
    write(session, contents, session.options.sbom).await
}

/// The SBOM of the binaries of these images, or of all images but variants, if one is asked for.
/// `finished` has them.
pub(in crate::builder) async fn of_binaries(
    session: &Session<'_>,
    (input, files): (Linking<'_>, &Files<'_>),
    (images, finished): (Option<&[ImageName]>, Option<&Ref>),
) -> Result<Vec<Attestation>, BuildError> {
    if !is_wanted(session) {
        return Ok(Vec::new());
    }
    let wanted = input.plan.images.iter().filter(|image| match images {
        Some(names) => names.contains(&image.name),
        None => image.variant_of.is_none(),
    });
    let name = session.options.target.as_deref().unwrap_or("binaries");
    let mut contents = Contents::of_binaries(input, name, wanted).map_err(unresolved)?;
    ask_binaries(session, input, &mut contents, finished).await?;
    licenses::declare(session, files, &mut contents).await?;
    let beside = match images {
        // Docker's frontend has stages scanned in any case, and with a scanner of its own.
        Some(_) => SbomAsked::BesideScanner,
        None => session.options.sbom,
    };
    write(session, contents, beside).await
}

/// Adds the versions that the binaries themselves say, if they are made.
async fn ask_binaries(
    session: &Session<'_>,
    input: Linking<'_>,
    contents: &mut Contents,
    finished: Option<&Ref>,
) -> Result<(), BuildError> {
    let Some(finished) = finished else {
        return Ok(());
    };
    for binary in &mut contents.binaries {
        let place = (binary.path.as_str(), finished);
        let said = build_info::main_version(session, input.plan, binary.link, place).await?;
        if let Some(version) = said {
            binary.says(version);
        }
    }
    Ok(())
}

fn is_wanted(session: &Session<'_>) -> bool {
    session.options.sbom != SbomAsked::Off && takes_attestations(session)
}

fn unresolved(error: NotResolved) -> BuildError {
    bug(error.to_string()).into()
}

/// The document as an attestation.
async fn write(
    session: &Session<'_>,
    mut contents: Contents,
    asked: SbomAsked,
) -> Result<Vec<Attestation>, BuildError> {
    contents.created = session.epoch().and_then(time_of_creation);
    let document = sbom::spdx(&contents);
    let name = &contents.name;
    if asked == SbomAsked::BesideScanner {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": SPDX_PREDICATE,
            "subject": [],
            "predicate": document,
        });
        let reference = file(session, name, FILE, statement.to_string()).await?;
        return Ok(vec![Attestation::Statements { reference }]);
    }
    let text = serde_json::to_string(&document).map_err(|error| bug(error.to_string()))?;
    let reference = file(session, name, ONLY_FILE, text).await?;
    Ok(vec![Attestation::Predicate {
        reference,
        path: ONLY_FILE.to_owned(),
        kind: SPDX_PREDICATE.to_owned(),
    }])
}

/// A filesystem with this file alone.
async fn file(
    session: &Session<'_>,
    of: &str,
    name: &str,
    text: String,
) -> Result<Ref, BuildError> {
    if text.len() > limits::SBOM {
        let (bytes, most) = (text.len(), limits::SBOM);
        let message = format!("the SBOM of {of} has {bytes} bytes; gowork makes up to {most}");
        return Err(Diagnostic::error(message)
            .help("build without --sbom")
            .into());
    }
    let epoch = session.epoch().unwrap_or(0);
    let mkfile = Mkfile::new(&format!("/{name}"), 0o644, text.into_bytes()).timestamp(epoch);
    let file = File::on(&Output::scratch()).mkfile(mkfile);
    let output = file.named(format!("SBOM of {of}")).output();
    Ok(session.solve(&output, false).await?.reference)
}
