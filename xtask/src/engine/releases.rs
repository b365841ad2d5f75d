//! Other engines than the one that tests use: releases of BuildKit and of Docker, built from their
//! own Go modules.
//!
//! A release is its own main module here: it is built with the versions that its authors built it
//! with, and with the sums of its own go.sum.

use super::tools;
use crate::command::{command, output, run};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Names the release that engines are made of: `v0.12.5`, or `docker-v28.5.2`. `rootless` is the one
/// that `xtask/engine/buildkit` pins, without root's rights. Empty or not set: the same with them.
pub(crate) const GOWORK_BUILDKIT: &str = "GOWORK_BUILDKIT";

/// A release.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// As in `v0.12.5`.
    pub(crate) name: &'static str,
    /// What runs.
    pub(crate) engine: Kind,
}

/// What kind of daemon an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// BuildKit's own.
    BuildKit(Program),
    /// The same of the pinned release, run by a user without root's rights.
    Rootless,
    /// Docker's, which BuildKit is a part of.
    Docker(Docker),
}

impl Kind {
    /// Whether it reads and writes OCI layouts, caches and attestations.
    pub(crate) fn has_layouts(&self) -> bool {
        match self {
            Self::BuildKit(_) | Self::Rootless => true,
            Self::Docker(docker) => docker.has_containerd_store,
        }
    }
}

/// A release of Docker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Docker {
    dockerd: Program,
    containerd: Program,
    /// Whether images are in containerd's store, or in that of Docker's own storage driver.
    pub(crate) has_containerd_store: bool,
}

/// A program, and the Go module that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    name: &'static str,
    module: &'static str,
    version: &'static str,
    /// The `h1:` sum of the module, as the checksum database has it.
    sum: &'static str,
    /// Whether the module has vendor.mod and vendor.sum in place of go.mod and go.sum, as Docker has.
    has_vendor_mod: bool,
    /// What tells the program its version, and the version as it is to say it.
    version_variable: (&'static str, &'static str),
}

const fn buildkit(version: &'static str, sum: &'static str) -> Release {
    Release {
        name: version,
        engine: Kind::BuildKit(Program {
            name: "buildkitd",
            module: "github.com/moby/buildkit",
            version,
            sum,
            has_vendor_mod: false,
            version_variable: ("github.com/moby/buildkit/version.Version", version),
        }),
    }
}

const DOCKER_26: Docker = Docker {
    dockerd: Program {
        name: "dockerd",
        module: "github.com/docker/docker",
        version: "v26.1.5+incompatible",
        sum: "h1:NEAxTwEjxV6VbBMBoGG3zPqbiJosIApZjxlbrG9q3/g=",
        has_vendor_mod: true,
        version_variable: ("github.com/docker/docker/dockerversion.Version", "26.1.5"),
    },
    containerd: CONTAINERD_1,
    has_containerd_store: true,
};

const DOCKER_28: Docker = Docker {
    dockerd: Program {
        version: "v28.5.2+incompatible",
        sum: "h1:DBX0Y0zAjZbSrm1uzOkdr1onVghKaftjlSWt4AFexzM=",
        version_variable: ("github.com/docker/docker/dockerversion.Version", "28.5.2"),
        ..DOCKER_26.dockerd
    },
    ..DOCKER_26
};

/// Docker 29 is made of this module. Its own releases are no versions of Go modules.
const DOCKER_29: Docker = Docker {
    dockerd: Program {
        module: "github.com/moby/moby/v2",
        version: "v2.0.0-beta.24",
        sum: "h1:sWv7EckkDJhpraR9yUjkw1XeVf39+MWd58E22PYloNA=",
        has_vendor_mod: false,
        version_variable: (
            "github.com/moby/moby/v2/dockerversion.Version",
            "2.0.0-beta.24",
        ),
        ..DOCKER_26.dockerd
    },
    ..DOCKER_26
};

const CONTAINERD_1: Program = Program {
    name: "containerd",
    module: "github.com/containerd/containerd",
    version: "v1.7.24",
    sum: "h1:zxszGrGjrra1yYJW/6rhm9cJ1ZQ8rkKBR48brqsa7nA=",
    has_vendor_mod: false,
    version_variable: (
        "github.com/containerd/containerd/version.Version",
        "v1.7.24",
    ),
};

const fn docker(name: &'static str, docker: Docker) -> Release {
    Release {
        name,
        engine: Kind::Docker(docker),
    }
}

const fn without_containerd_store(docker: Docker) -> Docker {
    Docker {
        has_containerd_store: false,
        ..docker
    }
}

/// The releases that can be had, the newest first.
pub(crate) const ALL: [Release; 11] = [
    buildkit("v0.23.2", "h1:gt/dkfcpgTXKx+B9I310kV767hhVqTvEyxGgI3mqsGQ="),
    buildkit("v0.20.2", "h1:qIeR47eQ1tzI1rwz0on3Xx2enRw/1CKjFhoONVcTlMA="),
    buildkit("v0.16.0", "h1:wOVBj1o5YNVad/txPQNXUXdelm7Hs/i0PUFjzbK0VKE="),
    buildkit("v0.12.5", "h1:RNHH1l3HDhYyZafr5EgstEu8aGNCwyfvMtrQDtjH9T0="),
    Release {
        name: "rootless",
        engine: Kind::Rootless,
    },
    docker("docker-v29", DOCKER_29),
    docker(
        "docker-v29-graphdriver",
        without_containerd_store(DOCKER_29),
    ),
    docker("docker-v28.5.2", DOCKER_28),
    docker(
        "docker-v28.5.2-graphdriver",
        without_containerd_store(DOCKER_28),
    ),
    docker("docker-v26.1.5", DOCKER_26),
    docker(
        "docker-v26.1.5-graphdriver",
        without_containerd_store(DOCKER_26),
    ),
];

/// The release that the environment names, if it names one.
///
/// # Errors
/// If [`ALL`] does not have it.
pub(crate) fn chosen() -> Result<Option<&'static Release>> {
    named(&std::env::var_os(GOWORK_BUILDKIT).unwrap_or_default())
}

fn named(name: &OsString) -> Result<Option<&'static Release>> {
    if name.is_empty() {
        return Ok(None);
    }
    if let Some(release) = ALL.iter().find(|release| *name == *release.name) {
        return Ok(Some(release));
    }
    let known: Vec<&str> = ALL.iter().map(|release| release.name).collect();
    bail!(
        "{GOWORK_BUILDKIT} is {name:?}; the releases that it can name are {}",
        known.join(", ")
    );
}

impl Docker {
    /// The path of its dockerd, built first if it is not there. containerd lies beside it.
    ///
    /// # Errors
    /// As [`Program::ensure`].
    pub(crate) fn ensure(&self, state: &State) -> Result<PathBuf> {
        let name = format!("docker-{}", self.dockerd.version_variable.1);
        let directory = state.path("tools").join(name);
        self.containerd
            .ensure(state, &directory.join(self.containerd.name))?;
        let dockerd = directory.join(self.dockerd.name);
        self.dockerd.ensure(state, &dockerd)?;
        Ok(dockerd)
    }
}

/// What `go mod download -json` says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    dir: PathBuf,
    sum: String,
}

impl Program {
    /// The path of a release of BuildKit's daemon, built first if it is not there.
    ///
    /// # Errors
    /// As [`Program::ensure`].
    pub(crate) fn buildkitd(&self, state: &State) -> Result<PathBuf> {
        let name = format!("{}-{}", self.name, self.version);
        let program = state.path("tools").join(name);
        self.ensure(state, &program)?;
        Ok(program)
    }

    /// Builds the program, unless it is there.
    ///
    /// # Errors
    /// If there is no Go, the module cannot be fetched or is another than is known, or the build
    /// fails.
    fn ensure(&self, state: &State, program: &Path) -> Result<()> {
        if program.exists() {
            return Ok(());
        }
        let lock = state.lock("tools")?;
        if !program.exists() {
            self.build(state, program)?;
        }
        drop(lock);
        Ok(())
    }

    fn build(&self, state: &State, program: &Path) -> Result<()> {
        let Self {
            name,
            module,
            version,
            sum,
            ..
        } = self;
        let phase = Phase::start(&format!(
            "building {name} {version} from its Go module (about 120 s the first time)"
        ));
        let elsewhere = tempfile::tempdir()?;
        let mut download = tools::go(state, elsewhere.path())?;
        download.args(["mod", "download", "-json", &format!("{module}@{version}")]);
        let downloaded: Downloaded = serde_json::from_str(&output(&mut download)?)
            .context("`go mod download` printed something else than its documentation says")?;
        if downloaded.sum != *sum {
            bail!(
                "the module proxy has another {module} {version}: its sum is {}, not {sum}",
                downloaded.sum
            );
        }
        if let Some(directory) = program.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let staged = program.with_extension("new");
        let mut sources = downloaded.dir;
        if self.has_vendor_mod {
            // The go command wants a go.mod, and the module cache cannot be written to.
            sources = with_go_mod(&sources, elsewhere.path())?;
        }
        let mut build = tools::go(state, &sources)?;
        let (variable, said) = self.version_variable;
        let flags = format!("-s -w -X {variable}={said}");
        build.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &flags]);
        build
            .arg("-o")
            .arg(&staged)
            .arg(format!("{module}/cmd/{name}"));
        run(&mut build)?;
        std::fs::rename(&staged, program)
            .with_context(|| format!("cannot write {}", program.display()))?;
        phase.done();
        Ok(())
    }
}

/// A copy of a module whose go.mod and go.sum are what it has as vendor.mod and vendor.sum.
fn with_go_mod(module: &Path, elsewhere: &Path) -> Result<PathBuf> {
    let copy = elsewhere.join("module");
    let mut files = command("cp", ["--recursive", "--no-preserve=mode"]);
    run(files.arg(module).arg(&copy))?;
    for end in ["mod", "sum"] {
        std::fs::rename(
            copy.join(format!("vendor.{end}")),
            copy.join(format!("go.{end}")),
        )?;
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_releases_can_be_named() {
        assert_eq!(named(&"".into()).expect("none"), None);
        assert_eq!(named(&"v0.12.5".into()).expect("known"), Some(&ALL[3]));
        let error = named(&"0.12".into()).expect_err("unknown").to_string();
        assert_eq!(
            error,
            "GOWORK_BUILDKIT is \"0.12\"; the releases that it can name are v0.23.2, v0.20.2, v0.16.0, v0.12.5, rootless, docker-v29, docker-v29-graphdriver, docker-v28.5.2, docker-v28.5.2-graphdriver, docker-v26.1.5, docker-v26.1.5-graphdriver"
        );
    }
}
