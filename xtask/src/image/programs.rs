//! The image's programs: static, and the same bytes for the same sources, toolchain and C library,
//! wherever and by whomever they are built.
//!
//! Each is built by a Cargo invocation of its own, so that the features which the frontend turns on
//! in shared dependencies cannot change the bytes of `gowork-cache`: those are part of every compile
//! step's key. For the same reason no program knows its commit: the image's environment does.

use super::Quality;
use super::platform::Platform;
use crate::command::{self, cargo};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::fs::FileTimes;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The image's programs. Their sum may not exceed [`BUDGET`].
const PROGRAMS: [&str; 2] = ["gowork-frontend", "gowork-cache"];
/// Bytes that the programs may have in all, on x86-64. For other processors they are held to nothing:
/// they come from the same sources.
const BUDGET: u64 = 5_900_000;
/// Leaves unwind tables out, a ninth of the programs: what aborts on a panic unwinds nothing. The C
/// library's start files register theirs and so keep them.
const NO_UNWIND: &str = "SECTIONS { /DISCARD/ : { *(EXCLUDE_FILE(*crtbeginT.o *crtend.o) .eh_frame) } } INSERT AFTER .rodata;\n";

/// Builds the programs into `directory`, which exists. Files and directory are as old as the epoch,
/// so that a copy of them is the same layer each time.
///
/// # Errors
/// If a program does not build, is not static, or is too large.
pub(super) fn build(
    state: &State,
    platform: Platform,
    quality: Quality,
    directory: &Path,
) -> Result<()> {
    require_std(state, platform)?;
    // Before the flags are made, which name the directories that this fills.
    command::run(cargo(state).args(["fetch", "--locked"]))?;
    let mut sizes = Vec::new();
    let mut total = 0;
    for program in PROGRAMS {
        let phase = Phase::start(&format!(
            "building {program} for {platform} (a minute or two the first time)"
        ));
        let built = build_program(state, platform, quality, program)?;
        check_static(&built)?;
        let path = directory.join(program);
        let size = std::fs::copy(&built, &path)
            .with_context(|| format!("cannot copy {}", built.display()))?;
        as_old_as_the_epoch(&path)?;
        phase.done_with(&format!("{size} bytes"));
        total += size;
        sizes.push(format!("{program} {size}"));
    }
    if total > BUDGET && quality == Quality::Release && platform == Platform::Amd64 {
        bail!(
            "the frontend image's programs have {total} bytes, its budget is {BUDGET}: {}",
            sizes.join(", ")
        );
    }
    as_old_as_the_epoch(directory)
}

fn as_old_as_the_epoch(path: &Path) -> Result<()> {
    let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
    std::fs::File::open(path)
        .and_then(|file| file.set_times(times))
        .with_context(|| format!("cannot set the time of {}", path.display()))
}

/// Fails if Rust's standard library for the platform is missing: Cargo's own message would be about
/// the first crate that it compiles.
fn require_std(state: &State, platform: Platform) -> Result<()> {
    let triple = platform.triple();
    let mut ask = Command::new("rustc");
    ask.current_dir(state.repository())
        .args(["--print=target-libdir", "--target", triple]);
    let directory = PathBuf::from(command::output(&mut ask)?);
    if !directory.exists() {
        bail!("Rust's standard library for {triple} is missing: run `rustup target add {triple}`");
    }
    Ok(())
}

/// Builds one program and returns its path.
fn build_program(
    state: &State,
    platform: Platform,
    quality: Quality,
    program: &str,
) -> Result<PathBuf> {
    let triple = platform.triple();
    let target_directory = state.of_checkout("target-image");
    let mut cargo = cargo(state);
    cargo.args([
        "build",
        "--locked",
        "--target",
        triple,
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
    if Platform::host() != Some(platform) {
        flags.push(format!("-Clinker={}", platform.cross_compiler()));
        // For the C code of dependencies.
        let variable = format!("CC_{}", triple.replace('-', "_"));
        cargo.env(variable, platform.cross_compiler());
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
