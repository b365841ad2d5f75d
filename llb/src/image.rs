//! OCI image configs: what a base image says and what an image of ours says on top.
//!
//! Docker's extra fields (`Healthcheck`, `OnBuild`, `Shell`, `StopTimeout`) are kept, and so is
//! every field that the library does not know: nothing of a base image must get lost on the way.
//! Layers (`rootfs`) are left to BuildKit's exporter, which replaces them; so is `history`, except
//! for entries added here.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::ops::Platform;

/// The PATH of containers whose image sets none: Docker's, on Linux.
pub(crate) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The first second of the year 10000, which no text of this form can say.
const YEAR_10000: i64 = 253_402_300_800;

/// A time, in seconds since 1970, as image configs and documents have it (RFC 3339). Returns `None`
/// for times that the calendar of such texts does not know.
pub fn time_of_creation(seconds: i64) -> Option<String> {
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    let time = UNIX_EPOCH.checked_add(since)?;
    (seconds < YEAR_10000).then(|| humantime::format_rfc3339_seconds(time).to_string())
}

/// An image config that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the image's config is not an OCI image config: {0}")]
pub struct ImageConfigError(String);

/// An OCI image config. Empty fields are not written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageConfig {
    /// Architecture by its Go name. Required by the spec, so written even if empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub architecture: String,
    /// Operating system by its Go name. Required by the spec, so written even if empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub os: String,
    /// Variant of the architecture.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub variant: String,
    /// Version of the operating system (Windows).
    #[serde(
        rename = "os.version",
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub os_version: String,
    /// Features the operating system must have.
    #[serde(
        rename = "os.features",
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub os_features: Vec<String>,
    /// When it was made, RFC 3339. Only if the caller gives it: the library does not know the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// How to run it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: RunConfig,
    /// One entry a layer, and one a step without a layer.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub history: Vec<History>,
    /// Layers of the base; the exporter writes its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rootfs: Option<Value>,
    /// Fields that the library does not know.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// How to run an image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct RunConfig {
    /// `name`, `uid`, `name:group` or `uid:gid`; empty is root.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub user: String,
    /// `port/protocol`, each with an empty object.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub exposed_ports: BTreeMap<String, Empty>,
    /// `NAME=value`, in order.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub env: Vec<String>,
    /// The program and its fixed arguments.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub entrypoint: Vec<String>,
    /// Default arguments, or the program if it has no entrypoint.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub cmd: Vec<String>,
    /// Directories kept outside the container, each with an empty object.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub volumes: BTreeMap<String, Empty>,
    /// Where the program starts; empty is `/`.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub working_dir: String,
    /// Labels and the like: metadata about the image.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// The signal that asks the program to stop, such as `SIGTERM`.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub stop_signal: String,
    /// Docker's check whether the program is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// Dockerfile instructions for images built on this one. Docker's.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub on_build: Vec<String>,
    /// Docker's shell for commands in shell form.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub shell: Vec<String>,
    /// Seconds between the stop signal and the kill. Docker's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    /// Fields that the library does not know.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// `{}`, the value of sets in image configs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Empty {}

/// Docker's check whether the program in a container is well. Times are in nanoseconds; 0 or absent
/// means Docker's default.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `["CMD", program, ...]`, `["CMD-SHELL", command]`, or `["NONE"]` to drop the base's.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub test: Vec<String>,
    /// Between two checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<i64>,
    /// For one check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// While failures do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<i64>,
    /// Between two checks in that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<i64>,
    /// Failures in a row that make it unwell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,
    /// Fields that the library does not know.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// How a layer came about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct History {
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// By what command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether it made no layer.
    #[serde(
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "is_false"
    )]
    pub empty_layer: bool,
    /// Fields that the library does not know.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl ImageConfig {
    /// The config of an empty image for `platform`.
    pub fn scratch(platform: &Platform) -> Self {
        let mut image = Self::default();
        image.set_platform(platform);
        image
    }

    /// Reads a config as registries and `ResolveImageConfig` give it.
    pub fn from_json(json: &[u8]) -> Result<Self, ImageConfigError> {
        serde_json::from_slice(json).map_err(|e| ImageConfigError(e.to_string()))
    }

    /// The config as bytes; the same config gives the same bytes.
    pub fn to_json(&self) -> Result<Vec<u8>, ImageConfigError> {
        // By way of a value, whose keys are sorted, so that unknown fields have a fixed place too.
        let value = serde_json::to_value(self).and_then(|value| serde_json::to_vec(&value));
        value.map_err(|e| ImageConfigError(e.to_string()))
    }

    /// Says what it runs on.
    pub fn set_platform(&mut self, platform: &Platform) {
        platform.os().clone_into(&mut self.os);
        platform.architecture().clone_into(&mut self.architecture);
        platform.variant().clone_into(&mut self.variant);
        platform.os_version().clone_into(&mut self.os_version);
        self.os_features = platform.os_features().to_vec();
    }

    /// What it runs on, if it says so.
    pub fn platform(&self) -> Option<Platform> {
        let known = !self.os.is_empty() && !self.architecture.is_empty();
        known.then(|| {
            let names = [&self.os, &self.architecture, &self.variant].map(String::as_str);
            Platform::of(names, &self.os_version, &self.os_features)
        })
    }

    /// Notes the layers of the base that its history leaves out, as far as they are known. False if
    /// it has more entries than layers: then no entry of ours would be taken for that of its layer.
    pub(crate) fn complete_history(&mut self) -> bool {
        let noted = self
            .history
            .iter()
            .filter(|entry| !entry.empty_layer)
            .count();
        let diff_ids = self
            .rootfs
            .as_ref()
            .and_then(|rootfs| rootfs.get("diff_ids")?.as_array());
        let Some(layers) = diff_ids.map(Vec::len) else {
            return true;
        };
        (noted..layers).for_each(|_| self.add_history("", false));
        noted <= layers
    }

    /// Notes a step of ours. Steps that make a layer must be noted in the order of the layers, or
    /// not at all: the exporter drops a history that does not fit.
    pub fn add_history(&mut self, created_by: impl Into<String>, empty_layer: bool) {
        let created_by = Some(created_by.into());
        self.history.push(History {
            created: self.created.clone(),
            created_by,
            empty_layer,
            ..History::default()
        });
    }
}

impl RunConfig {
    /// The value of a variable.
    pub fn env(&self, key: &str) -> Option<&str> {
        self.env
            .iter()
            .filter_map(|entry| entry.split_once('='))
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// Sets a variable, at its place if it is set already.
    pub fn set_env(&mut self, key: &str, value: &str) {
        let entry = format!("{key}={value}");
        match self.env.iter_mut().find(|entry| {
            entry
                .split_once('=')
                .map_or(entry.as_str(), |(known, _)| known)
                == key
        }) {
            Some(known) => *known = entry,
            None => self.env.push(entry),
        }
    }

    /// Sets PATH to Docker's default if the base has none.
    pub fn default_path(&mut self) {
        if self.env("PATH").is_none() {
            self.env.insert(0, format!("PATH={DEFAULT_PATH}"));
        }
    }

    /// Sets the entrypoint and drops the base's default arguments, which belonged to the base's
    /// program.
    pub fn set_entrypoint(&mut self, entrypoint: impl IntoIterator<Item = impl Into<String>>) {
        self.entrypoint = entrypoint.into_iter().map(Into::into).collect();
        self.cmd.clear();
        // Docker's mark that the old arguments were escaped for Windows.
        self.other.remove("ArgsEscaped");
    }

    /// Exposes `port`, `80` or `80/udp`.
    pub fn expose(&mut self, port: &str) {
        let port = if port.contains('/') {
            port.to_owned()
        } else {
            format!("{port}/tcp")
        };
        self.exposed_ports.insert(port, Empty {});
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Go writes empty lists and maps as null.
fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
