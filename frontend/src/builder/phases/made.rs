//! Phase: build what the configuration takes from a stage, or from a named context in place of one.
//!
//! What is needed before anything else, for an overlay or as the builder, is built at once
//! ([`make`]). What images take is only found ([`find`]): it is built beside the Go steps, as a part
//! of what is handed back.

use std::collections::BTreeMap;

use buildkit_proto::moby::buildkit::v1::frontend as proto;
use gowork_llb::config::Stage;
use gowork_llb::diag::{self, Diagnostic, Span};
use gowork_llb::ops::{Output, Platform};
use serde_json::Value;

use super::stage_list;
use super::stages;
use crate::builder::docker::{self, Request};
use crate::builder::session::{Session, bug};
use crate::context::BaseImage;
use crate::error::BuildError;
use crate::gateway::{GatewayError, Ref};
use crate::opts::keys;
use crate::result::{BASE_CONFIG, CONFIG};

/// What is asked for.
#[derive(Clone, Copy)]
pub(in crate::builder) struct Asked<'a> {
    /// The name of the stage or context.
    pub(in crate::builder) name: &'a str,
    /// Where the configuration names it.
    pub(in crate::builder) at: Option<&'a Span>,
    /// The stages that the configuration has tables for.
    pub(in crate::builder) stages: &'a BTreeMap<String, Stage>,
    /// What it is for.
    pub(in crate::builder) platform: &'a Platform,
    /// Why the stage can take no binaries: `these are compiled in it`.
    pub(in crate::builder) made_from: &'a str,
}

/// A stage or a named context. Nothing of it is built yet.
pub(in crate::builder) struct Found {
    pub(in crate::builder) output: Output,
    /// Its image config, JSON, if it has one.
    pub(in crate::builder) config: Option<Vec<u8>>,
    /// The config of the registry's image that it is or starts from, if it does.
    pub(in crate::builder) registry_config: Option<Vec<u8>>,
    /// The digest of the image, if it is one of a registry.
    digest: Option<String>,
    /// What Docker's frontend has answered, if it is a stage of a Dockerfile.
    answer: Option<proto::Result>,
    /// Where the configuration names its Dockerfile.
    at: Option<Span>,
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

/// Finds it and builds it.
///
/// # Errors
/// As [`find`], and if it cannot be built.
pub(in crate::builder) async fn make(
    session: &Session<'_>,
    asked: Asked<'_>,
) -> Result<Made, BuildError> {
    let found = find(session, asked).await?;
    let reference = match &found.answer {
        Some(answer) => {
            let built = docker::evaluate(session, answer).await;
            built.map_err(|error| placed(error.into(), found.at.clone()))?;
            reference(answer)
        }
        None => session.solve(&found.output, true).await?.reference,
    };
    Ok(Made {
        output: found.output,
        reference,
        config: found.config,
        digest: found.digest,
    })
}

/// Finds it.
///
/// # Errors
/// If nothing has this name, its Dockerfile has errors, or it needs Go binaries.
pub(in crate::builder) async fn find(
    session: &Session<'_>,
    asked: Asked<'_>,
) -> Result<Found, BuildError> {
    let named = session.context.named(asked.name, asked.platform).await;
    if let Some(context) = named.map_err(|error| error.at(asked.at.cloned()))? {
        return Ok(Found::image(context));
    }
    let key = asked.name.to_lowercase();
    if let Some(stage) = asked.stages.get(&key) {
        return configured(session, stage, asked).await;
    }
    if session.context.definition().is_dockerfile() {
        let request = request(session, asked.platform).await?;
        return stage(session, request.option(keys::TARGET, asked.name), asked).await;
    }
    Err(no_context(asked).into())
}

impl Found {
    /// An image, or a context in place of one.
    fn image(image: BaseImage) -> Self {
        Self {
            output: image.output,
            registry_config: image.config.clone(),
            config: image.config,
            digest: image.digest,
            answer: None,
            at: None,
        }
    }
}

/// The error, at this place if it has none.
fn placed(error: BuildError, at: Option<Span>) -> BuildError {
    if error.has_place() {
        error
    } else {
        error.at(at)
    }
}

fn no_context(asked: Asked<'_>) -> Diagnostic {
    let near = diag::nearest(asked.name, asked.stages.keys().map(String::as_str));
    let near = near.map_or(String::new(), |near| {
        format!("; did you mean stage {near}?")
    });
    let error = Diagnostic::error(format!(
        "the build has no context called {}{near}",
        asked.name
    ));
    let error = error.help(format!(
        "pass --build-context {}=..., or add a table [stages.{}]",
        asked.name, asked.name
    ));
    error.at(asked.at.cloned())
}

/// A request to Docker's frontend for one stage, for this platform.
async fn request(session: &Session<'_>, platform: &Platform) -> Result<Request, BuildError> {
    let request = stages::without_binaries(session).await?;
    let multi_platform = format!("{}{}", keys::BUILD_ARG, keys::ARG_MULTI_PLATFORM);
    Ok(stages::quiet(request)
        .without(keys::MULTI_PLATFORM)
        .without(&multi_platform)
        .option(keys::PLATFORM, &platform.to_string()))
}

/// Finds a stage that the configuration describes.
async fn configured(
    session: &Session<'_>,
    table: &Stage,
    asked: Asked<'_>,
) -> Result<Found, BuildError> {
    if let Some(reference) = &table.image {
        let at = reference.span.clone();
        let image = session.context.image(reference, asked.platform).await;
        return Ok(Found::image(image.map_err(|error| error.at(at))?));
    }
    let mut request = request(session, asked.platform)
        .await?
        .without(keys::TARGET);
    for (name, value) in &table.args {
        request = request.option(&format!("{}{name}", keys::BUILD_ARG), value);
    }
    if let Some(target) = &table.target {
        request = request.option(keys::TARGET, target);
    }
    let path = table.dockerfile.as_ref().map(|path| path.value.as_str());
    let path = path.unwrap_or_default();
    let request = match (table.text(), settings_file(session).rsplit_once('/')) {
        (Some(text), _) => request.dockerfile(session, settings_file(session), text),
        (None, Some((dir, _))) => request.option(keys::FILENAME, &format!("{dir}/{path}")),
        (None, None) => request.option(keys::FILENAME, path),
    };
    let at = table.dockerfile.as_ref().and_then(|path| path.span.clone());
    match stage(session, request, asked).await {
        Ok(found) => Ok(Found { at, ..found }),
        Err(error) => Err(placed(error, at)),
    }
}

/// The file with the configuration.
fn settings_file<'s>(session: &'s Session<'_>) -> &'s str {
    let definition = session.context.definition();
    match &definition.beside {
        Some(beside) if definition.is_dockerfile() => &beside.name,
        _ => &definition.name,
    }
}

/// Finds a stage of a Dockerfile.
async fn stage(
    session: &Session<'_>,
    request: Request,
    asked: Asked<'_>,
) -> Result<Found, BuildError> {
    let is_configured = asked.stages.contains_key(&asked.name.to_lowercase());
    let mut answer = match request.solve(session).await {
        Ok(answer) => answer,
        Err(error) if is_missing_stage(&error) && !is_configured => {
            return Err(no_stage(session, asked).await.into());
        }
        Err(error) => return Err(error.into()),
    };
    let Some(one) = docker::refs(&answer).first().copied().cloned() else {
        return Err(bug("a stage has no result").into());
    };
    let output = output(&one, asked)?;
    if let Some(definition) = &one.def
        && let Some(place) = stages::takes_binaries(session, definition)?
    {
        return Err(circle(asked, place).into());
    }
    Ok(Found {
        output,
        config: answer.metadata.remove(CONFIG).map(without_layers),
        registry_config: answer.metadata.remove(BASE_CONFIG),
        digest: None,
        answer: Some(answer),
        at: None,
    })
}

/// The ref of a stage.
fn reference(answer: &proto::Result) -> Ref {
    let refs = docker::refs(answer);
    refs.first()
        .map_or_else(Ref::default, |one| Ref(one.id.clone()))
}

/// The config of a stage without the layers that Docker's frontend leaves in it: those of the image
/// that the stage starts from.
fn without_layers(config: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(&config) else {
        return config;
    };
    fields.remove("rootfs");
    serde_json::to_vec(&fields).unwrap_or(config)
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
    let stages = stage_list::names(session).await;
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
