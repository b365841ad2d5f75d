//! The compose file.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::config::{HealthcheckConfig, ImageConfig, ImageName, Port, Protocol};
use gowork_llb::lower::{self, Mark};
use serde_json::Value;

use super::span::span;
use super::volume::volume_name;

/// What the reader of the compose file decides.
pub(crate) struct ComposeOptions {
    /// What a build is made by, if it is not the Dockerfile.
    pub(crate) definition: Option<String>,
    /// Build-args that stay open, with their defaults.
    pub(crate) args: BTreeMap<String, Option<String>>,
    /// Images that are missing, since they cannot be built.
    pub(crate) broken: BTreeSet<ImageName>,
    /// What is watched for each image; empty if nothing is.
    pub(crate) watched: BTreeMap<ImageName, Vec<String>>,
    /// Named contexts of every build: where each is, by its name.
    pub(crate) contexts: BTreeMap<String, String>,
}

/// The compose file.
pub(crate) fn compose(images: &[&ImageConfig], options: &ComposeOptions) -> String {
    let mut text = format!("# {}; run it again when images change.\n", Mark::COMPOSE);
    if let Some(line) = lower::missing(&options.broken) {
        text += &format!("{line}\n");
    }
    text += "services:\n";
    let shared = shared_ports(images);
    for image in images {
        text += &service(image, &shared, options);
    }
    let volumes: Vec<String> = images
        .iter()
        .flat_map(|image| volumes(image).into_iter().map(|(name, _)| name))
        .collect();
    if !volumes.is_empty() {
        text += "\nvolumes:\n";
        for name in volumes {
            text += &format!("  {}:\n", text_of(&name));
        }
    }
    text
}

fn service(
    image: &ImageConfig,
    shared: &BTreeSet<(u16, Protocol)>,
    options: &ComposeOptions,
) -> String {
    let name = text_of(image.name.as_str());
    let mut text = format!("  {name}:\n    image: {name}\n    build:\n      context: .\n");
    if let Some(definition) = &options.definition {
        text += &format!("      dockerfile: {}\n", text_of(definition));
    }
    text += &format!("      target: {name}\n");
    if !options.contexts.is_empty() {
        text += "      additional_contexts:\n";
        for (context, place) in &options.contexts {
            text += &format!("        {}: {}\n", text_of(context), text_of(place));
        }
    }
    if !options.args.is_empty() {
        text += "      args:\n";
        for (arg, default) in &options.args {
            let value = match default {
                // The variable of the environment or of .env.
                Some(default) => format!("${{{arg}:-{}}}", default.replace('$', "$$")),
                None => format!("${{{arg}:?}}"),
            };
            text += &format!("        {arg}: {}\n", Value::from(value));
        }
    }
    text += "    restart: unless-stopped\n    security_opt: [\"no-new-privileges:true\"]\n";
    let ports = &image.runtime.ports;
    if !ports.is_empty() {
        text += "    ports:\n";
        for port in ports {
            text += &format!("      - {}\n", published(*port, shared));
        }
    }
    let volumes = volumes(image);
    if !volumes.is_empty() {
        text += "    volumes:\n";
        for (volume, path) in volumes {
            text += &format!("      - {}\n", text_of(&format!("{volume}:{path}")));
        }
    }
    text += &healthcheck(image);
    if let Some(paths) = options.watched.get(&image.name) {
        text += "    develop:\n      watch:\n";
        for path in paths {
            let path = text_of(path);
            text += &format!("        - action: rebuild\n          path: {path}\n");
        }
    }
    text
}

/// Ports that several images listen on: on the host, only one of them could.
fn shared_ports(images: &[&ImageConfig]) -> BTreeSet<(u16, Protocol)> {
    let mut seen = BTreeSet::new();
    let mut shared = BTreeSet::new();
    for image in images {
        for port in &image.runtime.ports {
            for number in port.first..=port.last {
                if !seen.insert((number, port.protocol)) {
                    shared.insert((number, port.protocol));
                }
            }
        }
    }
    shared
}

/// The port on this machine only; a free one, if another image has the same.
fn published(port: Port, shared: &BTreeSet<(u16, Protocol)>) -> String {
    let written = port.to_string();
    let written = written.strip_suffix("/tcp").unwrap_or(&written);
    let numbers = written.split('/').next().unwrap_or_default();
    let is_shared =
        (port.first..=port.last).any(|number| shared.contains(&(number, port.protocol)));
    if is_shared {
        let comment = "another service has it: docker compose port shows where it is";
        return format!("{} # {comment}", text_of(&format!("127.0.0.1::{written}")));
    }
    text_of(&format!("127.0.0.1:{numbers}:{written}"))
}

/// The named volume for each directory of the image.
fn volumes(image: &ImageConfig) -> Vec<(String, &str)> {
    let volumes = image.runtime.volumes.iter();
    let named = volumes.map(|path| (volume_name(image, path), path.as_str()));
    named.collect()
}

fn healthcheck(image: &ImageConfig) -> String {
    let (cmd, times, retries) = match &image.runtime.healthcheck {
        None => return String::new(),
        Some(HealthcheckConfig::Run {
            cmd,
            interval,
            timeout,
            start_period,
            start_interval,
            retries,
            ..
        }) => (
            cmd,
            [
                ("interval", interval),
                ("timeout", timeout),
                ("start_period", start_period),
                ("start_interval", start_interval),
            ],
            retries,
        ),
        Some(_) => return "    healthcheck:\n      disable: true\n".to_owned(),
    };
    let words: Vec<String> = ["CMD".to_owned()]
        .into_iter()
        .chain(cmd.iter().cloned())
        .map(|word| text_of(&word))
        .collect();
    let mut text = format!("    healthcheck:\n      test: [{}]\n", words.join(", "));
    for (name, time) in times {
        if let Some(time) = time {
            text += &format!("      {name}: {}\n", span(*time));
        }
    }
    if let Some(retries) = retries {
        text += &format!("      retries: {retries}\n");
    }
    text
}

/// A text in YAML, in which compose replaces nothing.
fn text_of(text: &str) -> String {
    Value::from(text.replace('$', "$$")).to_string()
}
