//! `cargo xtask image`: the frontend image as an OCI layout, in Docker's store, or in a registry.
//!
//! Its programs are one layer. `frontend/Dockerfile` makes such an image on any BuildKit.

mod config;
mod delivery;
mod platform;
mod programs;
#[path = "../../../cli/build/revision.rs"]
mod revision;

use crate::engine::environment;
use crate::engine::tools::Tool;
use crate::oci::{self, Layer, Packing};
use crate::progress;
use crate::state::State;
use anyhow::{Context, Result};
use platform::Platform;
pub(crate) use programs::check_static;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The name that syntax lines have.
const NAME: &str = "docker.io/gowork/gowork:1";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the OCI layout; made if missing, replaced if present [default: .gowork/image]
    directory: Option<PathBuf>,
    /// Build without optimization: fast to make, large, and not what is released
    #[arg(long)]
    quick: bool,
    /// Platform of the image: linux/amd64 or linux/arm64. Another than this machine's needs `rustup
    /// target add`, and a C compiler for it (Debian: gcc-aarch64-linux-gnu)
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<Platform>,
    /// Load the image into Docker's store, by this name
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = NAME)]
    load: Option<String>,
    /// Push the image to a registry, as REF
    #[arg(long, value_name = "REF")]
    push: Option<String>,
}

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quality {
    /// With the profile `image`, and held to the budget.
    Release,
    /// Unoptimized, for trying changes.
    Quick,
}

/// Builds the image, takes it where it has to go, and prints its digest.
///
/// # Errors
/// If a program does not build, is not static, or is too large, or if Docker or the registry refuse
/// the image.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let quality = if arguments.quick {
        Quality::Quick
    } else {
        Quality::Release
    };
    let platform = arguments.platform.map_or_else(host, Ok)?;
    let directory = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => environment::frontend_layout(&state),
    };
    let digest = build_for(&state, platform, quality, &directory)?;
    progress::note(&format!("{}: {digest}", directory.display()));
    if let Some(name) = &arguments.load {
        delivery::load(&directory, name)?;
    }
    if let Some(reference) = &arguments.push {
        progress::note(&delivery::push(&state, &directory, reference)?);
    }
    Ok(())
}

/// Builds the image for this machine into the OCI layout `directory` and returns its manifest's
/// digest.
///
/// # Errors
/// If a program does not build, is not static, or is too large.
pub(crate) fn build(state: &State, directory: &Path, quality: Quality) -> Result<String> {
    build_for(state, host()?, quality, directory)
}

/// This machine's platform.
fn host() -> Result<Platform> {
    Platform::host().with_context(|| {
        format!(
            "no image is built for linux/{}: choose one with --platform",
            oci::architecture()
        )
    })
}

fn build_for(
    state: &State,
    platform: Platform,
    quality: Quality,
    directory: &Path,
) -> Result<String> {
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let root = staging.path().join("root");
    std::fs::create_dir(&root)?;
    programs::build(state, platform, quality, &root)?;
    write(
        &root,
        directory,
        platform.architecture(),
        &config::of(state)?,
    )
}

/// Makes an image of BuildKit's own frontend for Dockerfiles, in the OCI layout `directory`.
///
/// # Errors
/// If the program does not build, or the layout cannot be written.
pub(crate) fn build_dockerfile_frontend(state: &State, directory: &Path) -> Result<String> {
    let program = Tool::DockerfileFrontend.ensure(state)?;
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let root = staging.path().join("root");
    std::fs::create_dir(&root)?;
    std::fs::copy(&program, root.join("dockerfile-frontend"))
        .with_context(|| format!("cannot copy {}", program.display()))?;
    // As its Dockerfile in BuildKit has them (frontend/dockerfile/cmd/dockerfile-frontend).
    let config = json!({
        "Entrypoint": ["/dockerfile-frontend"],
        "Labels": {
            "moby.buildkit.frontend.caps": "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts",
            "moby.buildkit.frontend.network.none": "true",
        },
    });
    write(&root, directory, oci::architecture(), &config)
}

/// Writes the image with the programs in `root` as its only layer, and returns its manifest's
/// digest.
fn write(root: &Path, directory: &Path, architecture: &str, config: &Value) -> Result<String> {
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let packing = Packing {
        tar: &["--owner=0", "--group=0", "--mode=0755"],
        gzip: false,
    };
    let layer = Layer::pack(root, &staging.path().join("layer.tar"), packing)?;
    oci::write_layout_for(architecture, directory, &[layer], config)
}
