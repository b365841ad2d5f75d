//! `cargo xtask image DIR`: the frontend image as an OCI layout.
//!
//! One layer with two static programs. Each is built by a Cargo invocation of its own, so that the
//! features which the frontend turns on in shared dependencies cannot change the bytes of
//! `gowork-cache`: those are part of every compile step's key.

use crate::command::{self, cargo};
use crate::engine::tools::Tool;
use crate::oci::{self, Layer, Packing};
use crate::progress::{self, Phase};
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The image's programs. Their sum may not exceed [`BUDGET`].
const PROGRAMS: [&str; 2] = ["gowork-frontend", "gowork-cache"];
/// Bytes that the programs may have in all.
const BUDGET: u64 = 5_900_000;
/// Leaves unwind tables out, a ninth of the programs: what aborts on a panic unwinds nothing. The C
/// library's start files register theirs and so keep them.
const NO_UNWIND: &str = "SECTIONS { /DISCARD/ : { *(EXCLUDE_FILE(*crtbeginT.o *crtend.o) .eh_frame) } } INSERT AFTER .rodata;\n";
/// What BuildKit may ask of this frontend; it refuses to start a frontend that lacks a label for
/// what a build needs.
const FRONTEND_CAPS: &str = "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,\
                             moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the OCI layout; made if missing, replaced if present
    directory: PathBuf,
    /// Build without optimization: fast to make, large, and not what is released
    #[arg(long)]
    quick: bool,
}

/// How the programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quality {
    /// With the profile `image`, and held to the budget.
    Release,
    /// Unoptimized, for trying changes.
    Quick,
}

/// Builds the image and prints its digest.
///
/// # Errors
/// If a program does not build, is not static, or is too large.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let quality = if arguments.quick {
        Quality::Quick
    } else {
        Quality::Release
    };
    let digest = build(&state, &arguments.directory, quality)?;
    progress::note(&format!("{}: {digest}", arguments.directory.display()));
    Ok(())
}

/// Builds the image into the OCI layout `directory` and returns its manifest's digest.
///
/// # Errors
/// As [`run`].
pub(crate) fn build(state: &State, directory: &Path, quality: Quality) -> Result<String> {
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let root = staging.path().join("root");
    std::fs::create_dir(&root)?;
    // Before the flags are made, which name the directories that this fills.
    command::run(cargo(state).args(["fetch", "--locked"]))?;
    let mut sizes = Vec::new();
    let mut total = 0;
    for program in PROGRAMS {
        let phase = Phase::start(&format!(
            "building {program} (a minute or two the first time)"
        ));
        let built = build_program(state, program, quality)?;
        check_static(&built)?;
        let size = std::fs::copy(&built, root.join(program))
            .with_context(|| format!("cannot copy {}", built.display()))?;
        phase.done_with(&format!("{size} bytes"));
        total += size;
        sizes.push(format!("{program} {size}"));
    }
    if total > BUDGET && quality == Quality::Release {
        bail!(
            "the frontend image's programs have {total} bytes, its budget is {BUDGET}: {}",
            sizes.join(", ")
        );
    }
    let config = json!({
        "Entrypoint": ["/gowork-frontend"],
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Labels": {
            "moby.buildkit.frontend.caps": FRONTEND_CAPS,
            "moby.buildkit.frontend.network.none": "true",
        },
    });
    write(&root, directory, &config)
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
    write(&root, directory, &config)
}

/// Writes the image with the programs in `root` as its only layer, and returns its manifest's
/// digest.
fn write(root: &Path, directory: &Path, config: &Value) -> Result<String> {
    let staging = tempfile::tempdir().context("cannot make a temporary directory")?;
    let packing = Packing {
        tar: &["--owner=0", "--group=0", "--mode=0755"],
        gzip: false,
    };
    let layer = Layer::pack(root, &staging.path().join("layer.tar"), packing)?;
    oci::write_layout(directory, &[layer], config)
}

/// Builds one program and returns its path.
fn build_program(state: &State, program: &str, quality: Quality) -> Result<PathBuf> {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let target_directory = state.of_checkout("target-image");
    let mut cargo = cargo(state);
    cargo.args([
        "build",
        "--locked",
        "--target",
        &triple,
        "--package",
        program,
    ]);
    let profile = match quality {
        Quality::Release => {
            cargo.args(["--profile", "image"]);
            "image"
        }
        Quality::Quick => {
            // Symbols would make the image ten times as large, and every engine would have to take
            // them in.
            cargo.args([
                "--config",
                "profile.dev.debug=false",
                "--config",
                "profile.dev.strip=\"symbols\"",
            ]);
            "debug"
        }
    };
    cargo.arg("--target-dir").arg(&target_directory);
    let mut flags = flags(state);
    if quality == Quality::Release {
        let script = state.of_checkout("no-unwind.ld");
        // Where the state directory is elsewhere, nothing has made the checkout's yet.
        script
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .context("cannot create the checkout's directory")?;
        std::fs::write(&script, NO_UNWIND)
            .with_context(|| format!("cannot write {}", script.display()))?;
        flags.push(format!("-Clink-arg=-Wl,-T,{}", script.display()));
    }
    cargo
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    command::run(&mut cargo)?;
    Ok(target_directory.join(triple).join(profile).join(program))
}

/// Flags for the compiler: static, and no trace of where the sources lie.
fn flags(state: &State) -> Vec<String> {
    let mut flags = vec![
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Crelocation-model=static".to_owned(),
    ];
    let mut remap =
        |from: &Path, to: &str| flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    remap(state.repository(), "/gowork");
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    if let Some(home) = cargo_home {
        remap(&home, "/cargo");
        // Below this, a directory for each registry, named after its address: a mirror's is
        // another. The last match counts.
        let registries = std::fs::read_dir(home.join("registry/src"))
            .into_iter()
            .flatten()
            .flatten();
        registries.for_each(|registry| remap(&registry.path(), "/cargo"));
    }
    flags
}

/// Fails unless `program` is an ELF program that no dynamic loader has to start.
///
/// # Errors
/// If it is not.
pub(crate) fn check_static(program: &Path) -> Result<()> {
    let bytes =
        std::fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    match has_interpreter(&bytes) {
        Some(false) => Ok(()),
        Some(true) => bail!(
            "{} is not static: it asks for a dynamic loader (PT_INTERP)",
            program.display()
        ),
        None => bail!(
            "{} is no 64-bit little-endian ELF program",
            program.display()
        ),
    }
}

/// Whether an ELF file has a program header of type `PT_INTERP`; nothing if it is not a 64-bit
/// little-endian ELF file.
fn has_interpreter(elf: &[u8]) -> Option<bool> {
    const PT_INTERP: u32 = 3;
    let header = |at: usize, length: usize| elf.get(at..at.checked_add(length)?);
    if header(0, 6)? != [0x7f, b'E', b'L', b'F', 2, 1] {
        return None;
    }
    let table = usize::try_from(u64::from_le_bytes(header(0x20, 8)?.try_into().ok()?)).ok()?;
    let entry_size = usize::from(u16::from_le_bytes(header(0x36, 2)?.try_into().ok()?));
    let entries = usize::from(u16::from_le_bytes(header(0x38, 2)?.try_into().ok()?));
    for entry in 0..entries {
        let kind = header(table.checked_add(entry.checked_mul(entry_size)?)?, 4)?;
        if u32::from_le_bytes(kind.try_into().ok()?) == PT_INTERP {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::has_interpreter;

    #[test]
    fn a_dynamic_program_has_an_interpreter() {
        let bytes = std::fs::read("/bin/sh").expect("this test needs /bin/sh");
        assert_eq!(has_interpreter(&bytes), Some(true));
    }

    #[test]
    fn other_files_are_no_programs() {
        for bytes in [
            &b""[..],
            b"\x7fELF",
            b"#!/bin/sh\n",
            &[0x7f, b'E', b'L', b'F', 2, 1],
        ] {
            assert_eq!(has_interpreter(bytes), None);
        }
    }
}
