//! Rules about the engine and its builder.

use super::facts::Facts;
use super::rule::{Rule, Severity};

/// The first BuildKit that gowork works with, and the Docker that has it.
const BUILDKIT: (u32, u32) = (0, 10);
const DOCKER: u32 = 23;

/// Makes a builder of its own release of BuildKit.
const NEW_BUILDER: &str = "docker buildx create --use";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "NotDocker",
        severity: Severity::Error,
        look: not_docker,
    },
    Rule {
        name: "EngineUnreachable",
        severity: Severity::Error,
        look: unreachable,
    },
    Rule {
        name: "BuildxMissing",
        severity: Severity::Error,
        look: no_buildx,
    },
    Rule {
        name: "BuilderBroken",
        severity: Severity::Error,
        look: broken_builder,
    },
    Rule {
        name: "BuildKitTooOld",
        severity: Severity::Error,
        look: old_buildkit,
    },
    Rule {
        name: "BuildKitUnreliable",
        severity: Severity::Warning,
        look: unreliable,
    },
    Rule {
        name: "NoCacheExport",
        severity: Severity::Warning,
        look: no_export,
    },
    Rule {
        name: "OldCacheManifest",
        severity: Severity::Note,
        look: old_manifest,
    },
    Rule {
        name: "InvalidDaemonJson",
        severity: Severity::Error,
        look: invalid_settings,
    },
    Rule {
        name: "NoGarbageCollection",
        severity: Severity::Warning,
        look: no_gc,
    },
    Rule {
        name: "SmallBuildCache",
        severity: Severity::Warning,
        look: small_cache,
    },
];

fn not_docker(facts: &Facts) -> Option<(String, String)> {
    facts.engine.as_ref()?.podman.as_ref()?;
    let message = "the command docker is Podman, which has no BuildKit";
    let help = "remove podman-docker and install Docker (https://docs.docker.com/engine/install/); or install Docker's client with buildx, and name a BuildKit elsewhere: `docker buildx create --use --driver remote tcp://HOST:PORT`";
    Some((message.to_owned(), help.to_owned()))
}

fn unreachable(facts: &Facts) -> Option<(String, String)> {
    // A builder elsewhere needs no engine here.
    let is_elsewhere = facts.builder.as_ref().is_some_and(|builder| {
        ["kubernetes", "remote"].contains(&builder.driver.as_str()) && builder.error.is_none()
    });
    if facts.engine.is_some() || is_elsewhere {
        return None;
    }
    let error = facts.engine_error.as_str();
    let help = if error.contains("command not found") {
        "install Docker (https://docs.docker.com/engine/install/), or its client and a remote builder"
    } else if error.contains("permission denied") {
        "add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run the engine rootless; the group is as good as root"
    } else {
        "start it (`sudo systemctl start docker`, or Docker Desktop); if it runs elsewhere, `docker context ls` and the variable DOCKER_HOST say where the client looks"
    };
    let said = error.lines().next().unwrap_or("no answer");
    Some((
        format!("the engine cannot be reached: {said}"),
        help.to_owned(),
    ))
}

fn no_buildx(facts: &Facts) -> Option<(String, String)> {
    let error = &facts.builder_error;
    let is_missing = error.contains("is not a docker command")
        || error.contains("unknown command: docker buildx")
        || error.contains("unknown flag")
        || error.contains("unknown shorthand flag");
    // What Podman has under this name is not buildx.
    let engine = facts.engine.as_ref();
    let is_podman = engine.is_some_and(|engine| engine.podman.is_some());
    if is_podman || facts.builder.is_some() || !is_missing {
        return None;
    }
    let package = match facts.os.as_str() {
        "alpine" => "`apk add docker-cli-buildx`",
        "arch" => "`pacman -S docker-buildx`",
        "debian" | "ubuntu" => {
            "`apt-get install docker-buildx-plugin` from Docker's repository, or `docker-buildx` where the distribution has it"
        }
        "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => {
            "`dnf install docker-buildx-plugin` from Docker's repository"
        }
        _ => "https://github.com/docker/buildx#installing",
    };
    Some((
        "docker has no buildx: builds would go to the legacy builder, which knows no frontends"
            .to_owned(),
        format!("install it: {package}"),
    ))
}

fn broken_builder(facts: &Facts) -> Option<(String, String)> {
    let builder = facts.builder.as_ref()?;
    let error = builder.error.as_ref()?;
    Some((
        format!("the builder {} does not run: {error}", builder.name),
        format!(
            "start it with `docker buildx inspect --bootstrap`, or take another: `{NEW_BUILDER}`"
        ),
    ))
}

fn old_buildkit(facts: &Facts) -> Option<(String, String)> {
    let builder = facts.builder.as_ref();
    let is_own = builder.is_none_or(|builder| builder.driver == "docker");
    let help = format!(
        "update Docker, or make a newer builder beside it: `{NEW_BUILDER}` runs BuildKit in a container"
    );
    let engine = facts.engine.as_ref()?;
    // The engine's own builder gave the engine's version for BuildKit's before Docker 23.
    match engine.major() {
        Some(major) if is_own && major < DOCKER => {
            return Some((
                format!(
                    "Docker {} has a BuildKit that is too old; gowork needs v0.10, which Docker 23 has",
                    engine.server_version
                ),
                help,
            ));
        }
        _ => {}
    }
    let (major, minor) = builder?.buildkit?;
    ((major, minor) < BUILDKIT).then(|| {
        (
            format!("the builder is BuildKit v{major}.{minor}; gowork needs v0.10 or later"),
            help,
        )
    })
}

fn unreliable(facts: &Facts) -> Option<(String, String)> {
    (facts.builder.as_ref()?.buildkit? == (0, 11)).then(|| {
        (
            "BuildKit v0.11 fails some builds with \"missing provenance\", and newer registries refuse its caches with status 400".to_owned(),
            format!("update the builder, or make one: `{NEW_BUILDER}`; `--provenance=false` avoids the first"),
        )
    })
}

fn no_export(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    let builder = facts.builder.as_ref()?;
    if builder.driver != "docker" || engine.has_containerd_store() {
        return None;
    }
    Some((
        format!(
            "the engine's own builder, without the containerd image store (storage driver {}), exports no cache but `inline`, builds for one platform at a time, and makes no attestations",
            engine.driver
        ),
        format!(
            "take a builder that does: `{NEW_BUILDER}`; or turn the store on, from Docker 24 on, with {{\"features\": {{\"containerd-snapshotter\": true}}}} in daemon.json, which hides the images that you have"
        ),
    ))
}

fn old_manifest(facts: &Facts) -> Option<(String, String)> {
    let engine = facts.engine.as_ref()?;
    let is_own = facts.builder.as_ref()?.driver == "docker";
    let major = engine.major()?;
    (is_own && engine.has_containerd_store() && (DOCKER..=26).contains(&major)).then(|| {
        (
            format!(
                "Docker {} writes a form of caches that newer registries refuse with status 400",
                engine.server_version
            ),
            "ask for the other form: --cache-to type=registry,ref=...,mode=max,image-manifest=true,oci-mediatypes=true".to_owned(),
        )
    })
}

fn invalid_settings(facts: &Facts) -> Option<(String, String)> {
    let error = facts.daemon.as_ref()?.as_ref().err()?;
    Some((
        format!("/etc/docker/daemon.json is not JSON: {error}"),
        "mend it; `dockerd --validate` checks it. The engine does not start again until then"
            .to_owned(),
    ))
}

fn no_gc(facts: &Facts) -> Option<(String, String)> {
    (facts.setting("/builder/gc/enabled")? == false).then(|| {
        (
            "the engine never removes build results: daemon.json has builder.gc.enabled = false"
                .to_owned(),
            "set it to true, or run `docker buildx prune --max-used-space 20GB` in time".to_owned(),
        )
    })
}

/// Modules, std and compile results of a repository of medium size.
const SMALL: u64 = 5_000_000_000;

fn small_cache(facts: &Facts) -> Option<(String, String)> {
    let names = [
        "defaultKeepStorage",
        "defaultReservedSpace",
        "defaultMaxUsedSpace",
    ];
    let (name, kept) = names.iter().find_map(|name| {
        Some((
            name,
            facts.setting(&format!("/builder/gc/{name}"))?.as_str()?,
        ))
    })?;
    let bytes = size(kept)?;
    (bytes < SMALL).then(|| {
        (
            format!("the engine keeps {kept} of build results (builder.gc.{name} in daemon.json): compile results go before they are used again"),
            "set it to 20GB or more".to_owned(),
        )
    })
}

/// Bytes of `10GB`, `512mb` or `10737418240`.
fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = text[digits.len()..].trim().trim_end_matches(['b', 'i']);
    let factor = match unit {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_of_settings() {
        assert_eq!(size("10GB"), Some(10_000_000_000));
        assert_eq!(size("512 mb"), Some(512_000_000));
        assert_eq!(size("2GiB"), Some(2_000_000_000));
        assert_eq!(size("7"), Some(7));
        assert_eq!(size("much"), None);
        assert_eq!(size("99999999999999999999"), None);
    }
}
