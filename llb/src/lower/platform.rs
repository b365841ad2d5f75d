//! Platforms: from what Docker calls them to what Go calls them, and back.

use crate::diag::{self, Diagnostic};
use crate::gosrc::ports::{self, PORTS};
use crate::ops::Platform;
use crate::plan::Target;

/// Docker's name for what Go calls [`GO_WASI`].
const DOCKER_WASI: &str = "wasi";
const GO_WASI: &str = "wasip1";

/// Variants by architecture. Others have none.
const VARIANTS: [(&str, &[&str]); 5] = [
    ("amd64", &["v2", "v3", "v4"]),
    ("arm", &["v5", "v6", "v7", "v8"]),
    (
        "arm64",
        &[
            "v8.1", "v8.2", "v8.3", "v8.4", "v8.5", "v8.6", "v8.7", "v8.8", "v8.9", "v9", "v9.1",
            "v9.2", "v9.3", "v9.4", "v9.5",
        ],
    ),
    ("ppc64le", &["power8", "power9", "power10"]),
    ("riscv64", &["rva20u64", "rva22u64", "rva23u64"]),
];

/// What Go is to compile for, for images of `platform`.
///
/// # Errors
/// If Go does not compile for it. The help lists what it compiles for.
pub fn go_target(platform: &Platform) -> Result<Target, Diagnostic> {
    let os = if platform.os() == DOCKER_WASI {
        GO_WASI
    } else {
        platform.os()
    };
    let (arch, variant) = (platform.architecture(), platform.variant());
    if !ports::is_port(os, arch) {
        return Err(
            Diagnostic::error(format!("Go does not compile for {platform}"))
                .help(known_ports(platform)),
        );
    }
    let variants = variants(arch);
    if !variant.is_empty() && !variants.contains(&variant) {
        let known = if variants.is_empty() {
            "no variants".to_owned()
        } else {
            variants.join(", ")
        };
        let error = Diagnostic::error(format!(
            "Go knows no variant {variant} of {}/{arch}",
            platform.os()
        ));
        return Err(error.help(format!("{arch} has {known}")));
    }
    Ok(Target {
        os: os.to_owned(),
        arch: arch.to_owned(),
        variant: variant.to_owned(),
    })
}

/// What Go is to compile for, for images of the platform `text`: `linux/amd64`, `linux/arm/v7`,
/// `wasi/wasm`.
///
/// # Errors
/// If `text` is not a platform, or not one that Go compiles for.
pub fn parse_target(text: &str) -> Result<Target, Diagnostic> {
    let platform = Platform::parse(text).map_err(|error| Diagnostic::error(error.to_string()))?;
    go_target(&platform)
}

/// The platform of images of `target`, as Docker calls it.
pub fn docker_platform(target: &Target) -> Platform {
    Platform::new(&target.os, &target.arch).with_variant(&target.variant)
}

/// Every platform that Go compiles for, as Docker calls it, with and without variants.
pub fn platforms() -> Vec<Platform> {
    let mut all = Vec::new();
    for (os, arch) in PORTS {
        let platform = Platform::new(os, arch);
        for variant in variants(arch) {
            all.push(platform.clone().with_variant(variant));
        }
        all.push(platform);
    }
    all.sort();
    all.dedup();
    all
}

/// The variants of an architecture.
fn variants(arch: &str) -> &'static [&'static str] {
    let mut known = VARIANTS.iter();
    known
        .find(|(known, _)| *known == arch)
        .map_or(&[], |(_, variants)| variants)
}

/// What may be meant by the unknown platform `platform`.
fn known_ports(platform: &Platform) -> String {
    let all: Vec<String> = PORTS
        .iter()
        .map(|(os, arch)| docker_name(os, arch))
        .collect();
    let of_os = format!("{}/", platform.os());
    let same_os: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with(&of_os))
        .collect();
    if !same_os.is_empty() {
        return format!("platforms of {} are {}", platform.os(), same_os.join(", "));
    }
    let systems = PORTS.iter().map(|(os, _)| *os);
    match diag::nearest(platform.os(), systems) {
        Some(near) => format!(
            "did you mean {}?",
            docker_name(near, platform.architecture())
        ),
        None => format!("platforms are {}", all.join(", ")),
    }
}

fn docker_name(os: &str, arch: &str) -> String {
    format!("{}/{arch}", if os == GO_WASI { DOCKER_WASI } else { os })
}
