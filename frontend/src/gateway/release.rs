//! Which BuildKit this is, and whether it is new enough. BuildKit says its version since v0.11. An
//! older one is recognized by its capabilities.

use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::caps::{self as llb, Missing, UnsupportedCaps};

use super::{GatewayError, Pong, caps};

/// A release of BuildKit.
#[derive(Debug)]
struct Release {
    version: &'static str,
    /// The Docker Engine that has it built in.
    docker: Option<&'static str>,
    /// Capabilities that it was the first to have (solver/pb/caps.go, frontend/gateway/pb/caps.go
    /// of its tag).
    caps: &'static [&'static str],
}

const RELEASES: [Release; 16] = [
    Release {
        version: "v0.7",
        docker: None,
        caps: &["proto.refarray", caps::INPUTS, llb::FILE_RM_WILDCARD],
    },
    Release {
        version: "v0.8",
        docker: Some("20.10"),
        caps: &[
            caps::SOLVE_EVALUATE,
            "gateway.exec",
            llb::SOURCE_GIT_HTTP_AUTH,
        ],
    },
    Release {
        version: "v0.9",
        docker: None,
        caps: &[
            llb::FILE_COPY_INCLUDE_EXCLUDE_PATTERNS,
            llb::SOURCE_LOCAL_DIFFER,
        ],
    },
    Release {
        version: "v0.10",
        docker: Some("23"),
        caps: &[
            caps::WARNINGS,
            llb::MERGE,
            llb::DIFF,
            llb::EXEC_META_CGROUP_PARENT,
            llb::EXEC_META_ULIMIT,
            llb::EXEC_MOUNT_TMPFS_SIZE,
            llb::EXEC_SECRET_ENV,
        ],
    },
    Release {
        version: "v0.11",
        docker: None,
        caps: &[caps::EVALUATE, caps::ATTESTATIONS, llb::SOURCE_OCI_LAYOUT],
    },
    Release {
        version: "v0.12",
        docker: None,
        caps: &["gateway.exec.secretenv"],
    },
    Release {
        version: "v0.13",
        docker: None,
        caps: &[caps::SOURCE_META_RESOLVER, llb::EXEC_MOUNT_CONTENT_CACHE],
    },
    Release {
        version: "v0.14",
        docker: None,
        caps: &[llb::FILE_COPY_ALWAYS_REPLACE_EXISTING_DEST_PATHS],
    },
    Release {
        version: "v0.17",
        docker: None,
        caps: &[llb::EXEC_VALID_EXIT_CODE],
    },
    Release {
        version: "v0.19",
        docker: None,
        caps: &[llb::FILE_SYMLINK_CREATE],
    },
    Release {
        version: "v0.20",
        docker: None,
        caps: &[llb::EXEC_META_CDI],
    },
    Release {
        version: "v0.21",
        docker: None,
        caps: &[llb::SOURCE_HTTP_AUTH, llb::SOURCE_HTTP_HEADER],
    },
    Release {
        version: "v0.22",
        docker: None,
        caps: &[llb::SOURCE_LOCAL_METADATA_TRANSFER],
    },
    Release {
        version: "v0.23",
        docker: None,
        caps: &[llb::SOURCE_GIT_CHECKSUM],
    },
    Release {
        version: "v0.24",
        docker: None,
        caps: &[llb::SOURCE_GIT_SKIP_SUBMODULES],
    },
    Release {
        version: "v0.25",
        docker: None,
        caps: &[llb::SOURCE_IMAGE_CHECKSUM],
    },
];

/// The oldest release that builds: the first to pass a frontend the definition of its own image,
/// whose programs run in steps.
const OLDEST: usize = 3;

/// What every build asks for in its definitions.
const NEEDED: [&str; 22] = [
    llb::CONSTRAINTS,
    llb::PLATFORM,
    llb::META_DESCRIPTION,
    llb::SOURCE_IMAGE,
    llb::SOURCE_LOCAL,
    llb::SOURCE_LOCAL_EXCLUDE_PATTERNS,
    llb::SOURCE_LOCAL_FOLLOW_PATHS,
    llb::SOURCE_LOCAL_SHARED_KEY_HINT,
    llb::SOURCE_LOCAL_DIFFER,
    llb::EXEC_META_BASE,
    llb::EXEC_META_NETWORK,
    llb::EXEC_META_SETS_DEFAULT_PATH,
    llb::EXEC_MOUNT_BIND,
    llb::EXEC_MOUNT_BIND_READ_WRITE_NO_OUTPUT,
    llb::EXEC_MOUNT_CACHE,
    llb::EXEC_MOUNT_CACHE_SHARING,
    llb::EXEC_MOUNT_SECRET,
    llb::EXEC_MOUNT_SELECTOR,
    llb::EXEC_MOUNT_SSH,
    llb::EXEC_MOUNT_TMPFS,
    llb::FILE_BASE,
    llb::FILE_COPY_INCLUDE_EXCLUDE_PATTERNS,
];

const UPDATE: &str = "update Docker or BuildKit, or create a builder with a newer BuildKit: `docker buildx create --use`";

/// Whether this BuildKit can run builds at all. `workers` is what it says of its workers, in JSON.
///
/// # Errors
/// If it is too old, or lacks what every build needs.
pub fn check(pong: &Pong, workers: &str) -> Result<(), Diagnostic> {
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|cap| !pong.llb_caps.has(cap))
        .collect();
    let is_old = newest(pong).is_none_or(|at| at < OLDEST);
    if !is_old && missing.is_empty() {
        return Ok(());
    }
    let lacks = if is_old {
        String::new()
    } else {
        format!("; it lacks {}", missing.join(", "))
    };
    let error = format!(
        "this builder is {}; gowork needs {} or later{lacks}",
        name(pong, workers),
        RELEASES[OLDEST].name()
    );
    Err(Diagnostic::error(error).help(UPDATE))
}

/// What to say if steps need what this BuildKit lacks.
fn refused(missing: &UnsupportedCaps) -> String {
    let mut text =
        "this builder's BuildKit cannot run the build: update it, or use another builder"
            .to_owned();
    for Missing { cap, reason, steps } in &missing.0 {
        let step = steps.first().map_or("it", String::as_str);
        let more = if steps.len() > 1 {
            format!(" and {} more steps need", steps.len() - 1)
        } else {
            " needs".to_owned()
        };
        let first = RELEASES
            .iter()
            .find(|release| release.caps.contains(&cap.as_str()));
        let needed =
            first.map(|release| format!("BuildKit {} or later, for {cap}", release.version));
        let reason = reason
            .as_ref()
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        text.push_str(&format!(
            "\n    {step}{more} {}{reason}",
            needed.unwrap_or_else(|| cap.clone())
        ));
    }
    text
}

impl From<UnsupportedCaps> for GatewayError {
    fn from(missing: UnsupportedCaps) -> Self {
        Self::new("Solve", refused(&missing))
    }
}

/// What this BuildKit is called: by the version that it says, or by what it can do.
pub fn name(pong: &Pong, workers: &str) -> String {
    if let Some(version) = said(workers) {
        return format!("BuildKit {version}");
    }
    match newest(pong) {
        Some(at) if at < OLDEST => RELEASES[at].name(),
        // Later ones say their version, unless they were built without one.
        Some(at) => format!("BuildKit {} or later", RELEASES[at].version),
        None => format!("BuildKit older than {}", RELEASES[0].version),
    }
}

/// The newest release that was the first to have a capability which this one knows, enabled or not.
fn newest(pong: &Pong) -> Option<usize> {
    let knows = |cap: &&'static str| pong.frontend_caps.knows(cap) || pong.llb_caps.knows(cap);
    RELEASES
        .iter()
        .rposition(|release| release.caps.iter().any(knows))
}

/// The version in `BUILDKIT_WORKERS`.
fn said(workers: &str) -> Option<String> {
    let workers: serde_json::Value = serde_json::from_str(workers).ok()?;
    let version = workers.pointer("/0/buildkitVersion/version")?.as_str()?;
    let is_one = version.starts_with('v') && !version.starts_with("v0.0.0") && version.len() < 64;
    is_one.then(|| version.to_owned())
}

impl Release {
    fn name(&self) -> String {
        let docker = self
            .docker
            .map(|version| format!(" (Docker {version})"))
            .unwrap_or_default();
        format!("BuildKit {}{docker}", self.version)
    }
}
