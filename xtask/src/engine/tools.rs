//! The programs of the harness, built from Go modules that `xtask/engine/*/go.mod` pins and go.sum
//! sums.
//!
//! A module each, because their dependencies exclude one another's versions. `go install
//! module@version` would refuse BuildKit for its exclude directives, and would not be summed.

use super::clock;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the harness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Tool {
    /// BuildKit's daemon.
    Buildkitd,
    /// The same with a clock that can be set ahead.
    ClockedBuildkitd,
    /// BuildKit's own client: readiness and low-level looks.
    Buildctl,
    /// The client that users have, as a program of its own.
    Buildx,
    /// A registry.
    Registry,
    /// A client of registries.
    Crane,
    /// Another builder of images of Go programs, to compare with.
    Ko,
    /// BuildKit's own frontend for Dockerfiles, to compare with.
    DockerfileFrontend,
    /// A compiler of TypeScript, which tests run in stages.
    Esbuild,
    /// Checks GitHub's workflows.
    Actionlint,
    /// Signs images.
    Cosign,
    /// Go's own scanner for vulnerabilities, to compare with.
    Govulncheck,
}

/// A go.mod of ours and the packages built from it.
struct Module {
    /// Directory below `xtask/engine`.
    name: &'static str,
    packages: &'static [&'static str],
    /// Where the linker puts the version, and the module whose version that is: the programs report
    /// it, and BuildKit's is part of provenance.
    version: Option<(&'static str, &'static str)>,
    /// About how long a build takes on two cores with nothing cached, seconds.
    seconds: u32,
    /// Whether the programs' clock can be set ahead.
    clocked: bool,
    /// What distinguishes its programs' directory from that of others of the same go.mod.
    suffix: &'static str,
}

const BUILDKIT: Module = Module {
    name: "buildkit",
    packages: &[
        "github.com/moby/buildkit/cmd/buildkitd",
        "github.com/moby/buildkit/cmd/buildctl",
    ],
    version: Some((
        "github.com/moby/buildkit/version.Version",
        "github.com/moby/buildkit",
    )),
    seconds: 90,
    clocked: false,
    suffix: "",
};
const CLOCKED_BUILDKIT: Module = Module {
    packages: &["github.com/moby/buildkit/cmd/buildkitd"],
    clocked: true,
    suffix: "-clocked",
    ..BUILDKIT
};
const DOCKERFILE_FRONTEND: Module = Module {
    packages: &["github.com/moby/buildkit/frontend/dockerfile/cmd/dockerfile-frontend"],
    seconds: 30,
    suffix: "-dockerfile",
    ..BUILDKIT
};
const BUILDX: Module = Module {
    name: "buildx",
    packages: &["github.com/docker/buildx/cmd/buildx"],
    version: Some((
        "github.com/docker/buildx/version.Version",
        "github.com/docker/buildx",
    )),
    seconds: 60,
    clocked: false,
    suffix: "",
};
const REGISTRY: Module = Module {
    name: "registry",
    packages: &["github.com/distribution/distribution/v3/cmd/registry"],
    version: None,
    seconds: 60,
    clocked: false,
    suffix: "",
};
const CRANE: Module = Module {
    name: "crane",
    packages: &["github.com/google/go-containerregistry/cmd/crane"],
    version: None,
    seconds: 15,
    clocked: false,
    suffix: "",
};
const KO: Module = Module {
    name: "ko",
    packages: &["github.com/google/ko"],
    version: Some((
        "github.com/google/ko/pkg/commands.Version",
        "github.com/google/ko",
    )),
    seconds: 60,
    clocked: false,
    suffix: "",
};
const ESBUILD: Module = Module {
    name: "esbuild",
    packages: &["github.com/evanw/esbuild/cmd/esbuild"],
    version: None,
    seconds: 15,
    clocked: false,
    suffix: "",
};
const ACTIONLINT: Module = Module {
    name: "actionlint",
    packages: &["github.com/rhysd/actionlint/cmd/actionlint"],
    version: None,
    seconds: 15,
    clocked: false,
    suffix: "",
};

const COSIGN: Module = Module {
    name: "cosign",
    packages: &["github.com/sigstore/cosign/v2/cmd/cosign"],
    version: None,
    seconds: 300,
    clocked: false,
    suffix: "",
};
const GOVULNCHECK: Module = Module {
    name: "govulncheck",
    packages: &["golang.org/x/vuln/cmd/govulncheck"],
    version: None,
    seconds: 30,
    clocked: false,
    suffix: "",
};

impl Tool {
    fn module(self) -> &'static Module {
        match self {
            Self::Buildkitd | Self::Buildctl => &BUILDKIT,
            Self::ClockedBuildkitd => &CLOCKED_BUILDKIT,
            Self::Buildx => &BUILDX,
            Self::Registry => &REGISTRY,
            Self::Crane => &CRANE,
            Self::Ko => &KO,
            Self::DockerfileFrontend => &DOCKERFILE_FRONTEND,
            Self::Esbuild => &ESBUILD,
            Self::Actionlint => &ACTIONLINT,
            Self::Cosign => &COSIGN,
            Self::Govulncheck => &GOVULNCHECK,
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Buildkitd | Self::ClockedBuildkitd => "buildkitd",
            Self::Buildctl => "buildctl",
            Self::Buildx => "buildx",
            Self::Registry => "registry",
            Self::Crane => "crane",
            Self::Ko => "ko",
            Self::DockerfileFrontend => "dockerfile-frontend",
            Self::Esbuild => "esbuild",
            Self::Actionlint => "actionlint",
            Self::Cosign => "cosign",
            Self::Govulncheck => "govulncheck",
        }
    }

    /// The program's path, built first if it is not there.
    ///
    /// # Errors
    /// If there is no Go, or the build fails.
    pub(crate) fn ensure(self, state: &State) -> Result<PathBuf> {
        let module = self.module();
        let sources = state.repository().join("xtask/engine").join(module.name);
        let name = format!(
            "{}{}-{}",
            module.name,
            module.suffix,
            fingerprint(module, &sources)?
        );
        let directory = state.path("tools").join(name);
        let program = directory.join(self.program());
        if !program.exists() {
            let lock = state.lock("tools")?;
            if !program.exists() {
                build(state, module, &sources, &directory)?;
            }
            drop(lock);
        }
        Ok(program)
    }
}

/// The directory of BuildKit's Go module, tests included: the release that [`Tool::Buildkitd`] is
/// built from.
///
/// # Errors
/// If Go is missing, or the module cannot be fetched.
pub(crate) fn buildkit_sources(state: &State) -> Result<PathBuf> {
    let sources = state.repository().join("xtask/engine").join(BUILDKIT.name);
    let module = "github.com/moby/buildkit";
    crate::command::run(go(state, &sources)?.args(["mod", "download", module]))?;
    let mut list = go(state, &sources)?;
    list.args(["list", "-m", "-f", "{{.Dir}}", module]);
    Ok(PathBuf::from(crate::command::output(&mut list)?))
}

/// Twelve hexadecimal digits for the content of go.mod and go.sum, and for the clock.
fn fingerprint(module: &Module, sources: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    if module.clocked {
        hash.update(clock::END);
    }
    for name in ["go.mod", "go.sum"] {
        let path = sources.join(name);
        hash.update(
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?,
        );
    }
    Ok(crate::oci::hexadecimal(&hash.finalize()[..6]))
}

/// Builds a module's programs beside `directory`, then renames: a directory that exists is
/// complete.
fn build(state: &State, module: &Module, sources: &Path, directory: &Path) -> Result<()> {
    // First, since it may have to be fetched, which shows a line of its own.
    let mut build = go(state, sources)?;
    let phase = Phase::start(&format!(
        "building {} from its Go module (about {} s the first time)",
        module.name, module.seconds
    ));
    let parent = directory
        .parent()
        .context("the directory of a tool has no parent")?;
    std::fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new()
        .prefix("building-")
        .tempdir_in(parent)?;
    let mut flags = "-s -w".to_owned();
    if let Some((variable, of)) = module.version {
        let version = crate::command::output(go(state, sources)?.args([
            "list",
            "-m",
            "-f",
            "{{.Version}}",
            of,
        ]))?;
        flags.push_str(&format!(" -X {variable}={version}"));
    }
    build.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &flags]);
    let replaced = tempfile::tempdir()?;
    if module.clocked {
        let goroot = crate::command::output(go(state, sources)?.args(["env", "GOROOT"]))?;
        build
            .arg("-overlay")
            .arg(clock::overlay(Path::new(&goroot), replaced.path())?);
    }
    crate::command::run(build.arg("-o").arg(staging.path()).args(module.packages))?;
    if directory.exists() {
        std::fs::remove_dir_all(directory)?;
    }
    std::fs::rename(staging.keep(), directory)
        .with_context(|| format!("cannot write {}", directory.display()))?;
    phase.done();
    Ok(())
}

/// The go command in the module at `sources`, deaf to what the user's environment says about
/// workspaces, flags and targets.
pub(crate) fn go(state: &State, sources: &Path) -> Result<Command> {
    let mut go = crate::golang::go(state)?;
    go.current_dir(sources);
    for (name, value) in [
        ("GOWORK", "off"),
        ("GO111MODULE", "on"),
        ("GOFLAGS", "-mod=readonly"),
        ("GOTOOLCHAIN", "auto"),
        ("CGO_ENABLED", "0"),
    ] {
        go.env(name, value);
    }
    for name in ["GOOS", "GOARCH", "GOEXPERIMENT", "GOCACHEPROG"] {
        go.env_remove(name);
    }
    Ok(go)
}
