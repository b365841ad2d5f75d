//! Phase: build what the configuration takes from a stage of the Dockerfile, or from a named context
//! in place of one.
//!
//! It is built for the platform of the builder, before anything that needs it.

use std::collections::BTreeMap;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::config::Stage;
use gowork_llb::diag::{self, Diagnostic, Span};
use gowork_llb::ops::Output;

use super::stages;
use crate::builder::docker::{self, Request};
use crate::builder::session::{Session, bug};
use crate::context::Filter;
use crate::error::BuildError;
use crate::gateway::{GatewayError, Ref};
use crate::opts::keys;

/// The key of an image's config in the metadata of a result.
const CONFIG: &str = "containerimage.config";

/// What is asked for.
#[derive(Clone, Copy)]
pub(in crate::builder) struct Asked<'a> {
    /// The name of the stage or context.
    pub(in crate::builder) name: &'a str,
    /// Where the configuration names it.
    pub(in crate::builder) at: Option<&'a Span>,
    /// The stages that the configuration has tables for.
    pub(in crate::builder) stages: &'a BTreeMap<String, Stage>,
    /// Why the stage can take no binaries: `these are compiled in it`.
    pub(in crate::builder) made_from: &'a str,
}

/// A stage or a named context, built.
pub(in crate::builder) struct Made {
    pub(in crate::builder) output: Output,
    pub(in crate::builder) reference: Ref,
    /// Its image config, JSON, if it has one.
    pub(in crate::builder) config: Option<Vec<u8>>,
    /// The digest of the image, if it is one of a registry.
    pub(in crate::builder) digest: Option<String>,
}

/// Builds it.
///
/// # Errors
/// If nothing has this name, it cannot be built, or it needs Go binaries.
pub(in crate::builder) async fn make(
    session: &Session<'_>,
    asked: Asked<'_>,
) -> Result<Made, BuildError> {
    let platform = &session.options.build_platform;
    let named = session.context.named(asked.name, platform).await;
    if let Some(context) = named.map_err(|error| error.at(asked.at.cloned()))? {
        let solved = session.solve(&context.output, true).await?;
        return Ok(Made {
            output: context.output,
            reference: solved.reference,
            config: context.config,
            digest: context.digest,
        });
    }
    let key = asked.name.to_lowercase();
    if let Some(stage) = asked.stages.get(&key) {
        return configured(session, stage, asked).await;
    }
    if session.context.definition().is_dockerfile() {
        let request = request(session).await?.option(keys::TARGET, asked.name);
        return stage(session, request, asked).await;
    }
    let error = Diagnostic::error(format!("the build has no context called {}", asked.name));
    let error = error.help(format!(
        "pass --build-context {}=..., or add a table [stages.{}]",
        asked.name, asked.name
    ));
    Err(error.at(asked.at.cloned()).into())
}

/// A request to Docker's frontend for one stage, for the platform of the builder.
async fn request(session: &Session<'_>) -> Result<Request, BuildError> {
    let platform = session.options.build_platform.to_string();
    let request = stages::without_binaries(session).await?;
    let multi_platform = format!("{}{}", keys::BUILD_ARG, keys::ARG_MULTI_PLATFORM);
    Ok(stages::quiet(request)
        .without(keys::MULTI_PLATFORM)
        .without(&multi_platform)
        .option(keys::PLATFORM, &platform))
}

/// Builds a stage that the configuration describes.
async fn configured(
    session: &Session<'_>,
    table: &Stage,
    asked: Asked<'_>,
) -> Result<Made, BuildError> {
    if let Some(reference) = &table.image {
        let at = reference.span.clone();
        let platform = &session.options.build_platform;
        let image = session.context.image(reference, platform).await;
        let image = image.map_err(|error| error.at(at))?;
        let solved = session.solve(&image.output, true).await?;
        return Ok(Made {
            output: image.output,
            reference: solved.reference,
            config: image.config,
            digest: image.digest,
        });
    }
    let mut request = request(session).await?.without(keys::TARGET);
    for (name, value) in &table.args {
        request = request.option(&format!("{}{name}", keys::BUILD_ARG), value);
    }
    if let Some(target) = &table.target {
        request = request.option(keys::TARGET, target);
    }
    let path = table.dockerfile.as_ref().map(|path| path.value.as_str());
    let path = path.unwrap_or_default();
    let request = match (table.text(), settings_file(session).rsplit_once('/')) {
        (Some(text), _) => {
            let is_remote = session.options.contexts.remote.is_some();
            let context = is_remote.then(|| session.context.source(&Filter::Whole));
            request.dockerfile(settings_file(session), text, context.as_ref())
        }
        (None, Some((dir, _))) => request.option(keys::FILENAME, &format!("{dir}/{path}")),
        (None, None) => request.option(keys::FILENAME, path),
    };
    let at = table.dockerfile.as_ref().and_then(|path| path.span.clone());
    let made = stage(session, request, asked).await;
    made.map_err(|error| {
        if error.has_place() {
            error
        } else {
            error.at(at)
        }
    })
}

/// The file with the configuration.
fn settings_file<'s>(session: &'s Session<'_>) -> &'s str {
    let definition = session.context.definition();
    match &definition.beside {
        Some(beside) if definition.is_dockerfile() => &beside.name,
        _ => &definition.name,
    }
}

/// Builds a stage of a Dockerfile.
async fn stage(
    session: &Session<'_>,
    request: Request,
    asked: Asked<'_>,
) -> Result<Made, BuildError> {
    let is_configured = asked.stages.contains_key(&asked.name.to_lowercase());
    let mut result = match request.solve(session).await {
        Ok(result) => result,
        Err(error) if is_missing_stage(&error) && !is_configured => {
            return Err(no_stage(session, asked).await.into());
        }
        Err(error) => return Err(error.into()),
    };
    let Some(one) = docker::refs(&result).first().copied().cloned() else {
        return Err(bug("a stage has no result").into());
    };
    let output = output(&one, asked)?;
    if let Some(definition) = &one.def
        && let Some(place) = stages::takes_binaries(session, definition)?
    {
        return Err(circle(asked, place).into());
    }
    docker::evaluate(session, &result).await?;
    Ok(Made {
        output,
        reference: Ref(one.id),
        config: result.metadata.remove(CONFIG),
        digest: None,
    })
}

/// What a stage makes, as an output of ours.
fn output(one: &proto::Ref, asked: Asked<'_>) -> Result<Output, Diagnostic> {
    match &one.def {
        Some(definition) => Output::from_definition(definition)
            .map_err(|error| bug(format!("stage {} cannot be read: {error}", asked.name))),
        None if one.id.is_empty() => Ok(Output::scratch()),
        None => Err(stages::unknown_definition()),
    }
}

/// Whether Docker's frontend says that the target is not a stage
/// (frontend/dockerfile/dockerfile2llb, convert.go).
fn is_missing_stage(error: &GatewayError) -> bool {
    let message = &error.status.message;
    message.contains("target stage") && message.contains("could not be found")
}

async fn no_stage(session: &Session<'_>, asked: Asked<'_>) -> Diagnostic {
    let stages = stages::names(session).await;
    let near = diag::nearest(asked.name, stages.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    let error = Diagnostic::error(format!(
        "{} has no stage called {}, and the build has no such context{near}",
        session.context.definition().name,
        asked.name
    ));
    let error = match stages.as_slice() {
        [] => error.help("give the stage a name: FROM IMAGE AS NAME"),
        stages => error.help(format!("the stages are {}", stages.join(", "))),
    };
    error.at(asked.at.cloned())
}

fn circle(asked: Asked<'_>, place: Option<Span>) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "stage {} takes Go binaries, and {}",
        asked.name, asked.made_from
    ));
    let error = error.help("name a stage that needs nothing of gowork");
    let error = match place {
        Some(place) => error.related(place, "it takes them here"),
        None => error,
    };
    error.at(asked.at.cloned())
}
