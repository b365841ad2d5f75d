//! The config of an image: what its base says, with the plan's words over it.

use super::llb::layer_history;
use super::oci_labels::{self, LabelInput};
use super::rootfs::{ZONEINFO, binary_path};
use super::start::dollars;
use crate::config::{EnvValue, HealthcheckConfig, RuntimeConfig};
use crate::diag::{Diagnostic, Rule};
use crate::image::{Empty, Healthcheck, ImageConfig, ImageConfigError, RunConfig};
use crate::ops::Platform;
use crate::plan::Image;

/// What the build, not the plan, says about an image's config.
#[derive(Debug, Clone, Copy)]
pub struct ConfigInput<'a> {
    /// The platform of the image.
    pub platform: &'a Platform,
    /// The config of the base: an image's as the registry has it, or a stage's; none for scratch.
    pub base: Option<&'a [u8]>,
    /// What the build says about its labels.
    pub labels: LabelInput<'a>,
    /// When the image and its layers get as their time of creation, RFC 3339; none leaves it to the
    /// exporter, which takes the time of the build.
    pub created: Option<&'a str>,
}

/// Who made a layer, in the image's history: what is not the base's.
const AUTHOR: &str = "gowork";

/// The config of `image`, as JSON.
///
/// # Errors
/// If the base's config cannot be read as one.
pub fn image_config(image: &Image, input: ConfigInput<'_>) -> Result<Vec<u8>, ImageConfigError> {
    let mut config = match input.base {
        Some(json) => ImageConfig::from_json(json)?,
        None => ImageConfig::scratch(input.platform),
    };
    config.set_platform(input.platform);
    config.created = input.created.map(ToOwned::to_owned);
    // Layers that are not in the history get an entry of the exporter's, with the time of the
    // build.
    if config.created.is_some() && config.complete_history() {
        for made_by in layer_history(image) {
            config.add_history(made_by, false);
            if let Some(entry) = config.history.last_mut() {
                entry.comment = Some(AUTHOR.to_owned());
            }
        }
    }
    run_config(&mut config.config, image, input.labels);
    config.to_json()
}

/// Warnings about variables that the `env` of `image` takes from the base image with this config,
/// which does not set them: where they stand there is nothing.
///
/// # Errors
/// If the base image's config cannot be read as one.
pub fn check_env(image: &Image, base: &[u8]) -> Result<Vec<Diagnostic>, ImageConfigError> {
    let mut run = ImageConfig::from_json(base)?.config;
    run.default_path();
    let mut unset = Vec::new();
    for (key, value) in &image.runtime.env {
        let value = EnvValue::parse(value);
        for name in value.required().filter(|name| run.env(name).is_none()) {
            let base = &image.runtime.base.value;
            let what = format!(
                "`env.{key}` takes the variable {name}, which the base image {base} does not set"
            );
            let message = format!("{what}: nothing stands for it in image {}", image.name);
            unset.push(Diagnostic::warning(Rule::UnsetVariable, message).help(dollars(name)));
        }
    }
    Ok(unset)
}

fn run_config(run: &mut RunConfig, image: &Image, labels: LabelInput<'_>) {
    let runtime = &image.runtime;
    run.default_path();
    // All look at what the base has, as in one ENV of a Dockerfile.
    let base = run.clone();
    for (name, value) in &runtime.env {
        run.set_env(
            name,
            &EnvValue::parse(value).expand(&|name| base.env(name).map(ToOwned::to_owned)),
        );
    }
    if runtime.timezones && !runtime.env.contains_key("ZONEINFO") {
        run.set_env("ZONEINFO", ZONEINFO);
    }
    // Setting an entrypoint drops the base's arguments, which are not for our binary. A stage is
    // written for the image, so its entrypoint is meant.
    let is_of_stage = runtime.base_stage().is_some() && !run.entrypoint.is_empty();
    match &runtime.entrypoint {
        Some(words) => run.set_entrypoint(words),
        None if is_of_stage => {}
        None => run.set_entrypoint([binary_path(runtime, &image.binary)]),
    }
    if let Some(cmd) = &runtime.cmd {
        run.cmd.clone_from(cmd);
    }
    if let Some(user) = &runtime.user {
        run.user.clone_from(user);
    }
    if let Some(dir) = &runtime.workdir {
        run.working_dir.clone_from(dir);
    }
    if let Some(signal) = &runtime.stop_signal {
        run.stop_signal.clone_from(signal);
    }
    for port in runtime.ports.iter().flat_map(|range| range.each()) {
        run.expose(&port.to_string());
    }
    run.volumes.extend(
        runtime
            .volumes
            .iter()
            .map(|volume| (volume.clone(), Empty {})),
    );
    run.labels
        .retain(|name, _| !oci_labels::is_of_base(runtime, name));
    run.labels.extend(oci_labels::labels(image, labels));
    if let Some(check) = healthcheck(runtime) {
        run.healthcheck = Some(check);
    }
}

fn healthcheck(runtime: &RuntimeConfig) -> Option<Healthcheck> {
    let nanoseconds = |time: &Option<std::time::Duration>| {
        time.and_then(|time| i64::try_from(time.as_nanos()).ok())
    };
    Some(match runtime.healthcheck.as_ref()? {
        HealthcheckConfig::Disabled => Healthcheck {
            test: vec!["NONE".to_owned()],
            ..Healthcheck::default()
        },
        HealthcheckConfig::Run {
            cmd,
            interval,
            timeout,
            start_period,
            start_interval,
            retries,
        } => Healthcheck {
            test: std::iter::once("CMD".to_owned())
                .chain(cmd.iter().cloned())
                .collect(),
            interval: nanoseconds(interval),
            timeout: nanoseconds(timeout),
            start_period: nanoseconds(start_period),
            start_interval: nanoseconds(start_interval),
            retries: retries.map(i64::from),
            ..Healthcheck::default()
        },
    })
}
