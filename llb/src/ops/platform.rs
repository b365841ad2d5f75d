//! Platforms, `os/architecture[/variant]`, always in the one spelling BuildKit compares with.

use std::fmt;
use std::str::FromStr;

use buildkit_proto::pb;
use serde::{Deserialize, Serialize};

/// What programs run on. Always normalised: `linux/aarch64/v8` is `linux/arm64`, `linux/arm` is
/// `linux/arm/v7`, and `wasip1/wasm` is `wasi/wasm`, the name that Docker and runwasi have for it.
///
/// Serde form: the OCI image spec's platform object (`os`, `architecture`, `variant`, `os.version`,
/// `os.features`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Raw", into = "Raw")]
pub struct Platform {
    os: String,
    architecture: String,
    variant: String,
    os_version: String,
    os_features: Vec<String>,
}

/// A text that is not a platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a platform: {reason}; write os/architecture[/variant], such as linux/amd64"
)]
pub struct PlatformError {
    text: String,
    reason: &'static str,
}

impl Platform {
    /// The platform `os/architecture`, without a variant of its own.
    pub fn new(os: &str, architecture: &str) -> Self {
        Self::normalised(os, architecture, "")
    }

    /// The same with `variant`, such as `v7`.
    #[must_use]
    pub fn with_variant(self, variant: &str) -> Self {
        let Self {
            os_version,
            os_features,
            ..
        } = self;
        Self {
            os_version,
            os_features,
            ..Self::normalised(&self.os, &self.architecture, variant)
        }
    }

    /// Reads `os[(version[+feature]...)]/architecture[/variant]`, the form that buildx sends.
    /// Unlike containerd, a lone os or architecture is an error: the other half would have to come
    /// from this machine.
    pub fn parse(text: &str) -> Result<Self, PlatformError> {
        let error = |reason| PlatformError {
            text: text.to_owned(),
            reason,
        };
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, ""),
            [_, _, ""] => return Err(error("a part is empty")),
            [os, architecture, variant] => (os, architecture, variant),
            [_] => return Err(error("it has one part only")),
            _ => return Err(error("it has more than three parts")),
        };
        let (os, version) = match os.strip_suffix(')').and_then(|os| os.split_once('(')) {
            Some((os, version)) => (os, version),
            None => (os, ""),
        };
        let word = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        };
        if os.is_empty() || architecture.is_empty() {
            return Err(error("a part is empty"));
        }
        if ![os, architecture, variant]
            .into_iter()
            .chain(version.split('+'))
            .all(word)
        {
            return Err(error(
                "it has characters other than letters, digits, '_', '-' and '.'",
            ));
        }
        let mut platform = Self::normalised(os, architecture, variant);
        let mut options = version.split('+').map(str::to_owned);
        platform.os_version = options.next().unwrap_or_default();
        platform.os_features = options.collect();
        Ok(platform)
    }

    /// Operating system by its Go name (`linux`), or `wasi`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// Architecture by its Go name (`amd64`).
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Variant (`v7`), or empty.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Version of the operating system (Windows only), or empty.
    pub fn os_version(&self) -> &str {
        &self.os_version
    }

    /// Features the operating system must have, mostly none.
    pub fn os_features(&self) -> &[String] {
        &self.os_features
    }

    /// The wire form.
    pub fn to_pb(&self) -> pb::Platform {
        pb::Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
        }
    }

    /// From the wire form, normalised.
    pub(super) fn from_pb(platform: &pb::Platform) -> Self {
        let names = [&platform.os, &platform.architecture, &platform.variant].map(String::as_str);
        Self::of(names, &platform.os_version, &platform.os_features)
    }

    /// Operating system, architecture and variant, normalised, with what the operating system
    /// needs.
    pub(crate) fn of(
        [os, architecture, variant]: [&str; 3],
        os_version: &str,
        os_features: &[String],
    ) -> Self {
        Self {
            os_version: os_version.to_owned(),
            os_features: os_features.to_vec(),
            ..Self::normalised(os, architecture, variant)
        }
    }

    fn normalised(os: &str, architecture: &str, variant: &str) -> Self {
        let os = match os.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            "wasip1" => "wasi".to_owned(),
            os => os.to_owned(),
        };
        let (architecture, variant) = (
            architecture.to_ascii_lowercase(),
            variant.to_ascii_lowercase(),
        );
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
            ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
            ("aarch64", variant) => ("arm64", variant),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            ("wasm32", _) => ("wasm", ""),
            other => other,
        };
        Self {
            os,
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            os_version: String::new(),
            os_features: Vec::new(),
        }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        Self::parse(text)
    }
}

impl fmt::Display for Platform {
    /// `os[(version[+feature]...)]/architecture[/variant]`: the key of a platform in results with
    /// several.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.os)?;
        if !self.os_version.is_empty() || !self.os_features.is_empty() {
            write!(f, "({}", self.os_version)?;
            self.os_features
                .iter()
                .try_for_each(|feature| write!(f, "+{feature}"))?;
            f.write_str(")")?;
        }
        write!(f, "/{}", self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

/// The OCI image spec's platform object, as given.
#[derive(Serialize, Deserialize)]
struct Raw {
    architecture: String,
    os: String,
    #[serde(
        rename = "os.version",
        default,
        skip_serializing_if = "String::is_empty"
    )]
    os_version: String,
    #[serde(rename = "os.features", default, skip_serializing_if = "Vec::is_empty")]
    os_features: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    variant: String,
}

impl From<Raw> for Platform {
    fn from(raw: Raw) -> Self {
        let Raw {
            architecture,
            os,
            os_version,
            os_features,
            variant,
        } = raw;
        Self {
            os_version,
            os_features,
            ..Self::normalised(&os, &architecture, &variant)
        }
    }
}

impl From<Platform> for Raw {
    fn from(platform: Platform) -> Self {
        let Platform {
            os,
            architecture,
            variant,
            os_version,
            os_features,
        } = platform;
        Self {
            architecture,
            os,
            os_version,
            os_features,
            variant,
        }
    }
}
