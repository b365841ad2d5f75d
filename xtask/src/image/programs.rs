//! The image's programs. `frontend/programs.sh` builds them, here and in `frontend/Dockerfile`.

use super::Quality;
use super::platform::Platform;
use crate::command;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Bytes that the programs may have in all, on x86-64. For other processors they are held to
/// nothing: they come from the same sources. The words of known licences take 145 kB of it
/// (`llb/src/licenses/known.bin`), licences in images 29 kB, the messages for limits of steps and
/// git's words 22 kB.
const BUDGET: u64 = 6_399_000;

/// Builds the programs into `directory`. Files and directory are as old as the epoch.
///
/// # Errors
/// If a program does not build, is not static, or is too large.
pub(super) fn build(
    state: &State,
    platform: Platform,
    quality: Quality,
    directory: &Path,
) -> Result<()> {
    let phase = Phase::start(&format!(
        "building the programs for {platform} (some minutes the first time)"
    ));
    let profile = match quality {
        Quality::Release => "image",
        Quality::Quick => "dev",
    };
    let mut script = Command::new(state.repository().join("frontend/programs.sh"));
    script
        .arg(directory)
        .args([platform.architecture(), profile]);
    command::run(&mut script)?;
    let (mut sizes, mut total) = (Vec::new(), 0);
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        check_static(&entry.path())?;
        let size = entry.metadata()?.len();
        sizes.push(format!(
            "{} {size} bytes",
            entry.file_name().to_string_lossy()
        ));
        total += size;
    }
    sizes.sort();
    let sizes = sizes.join(", ");
    phase.done_with(&sizes);
    if total > BUDGET && quality == Quality::Release && platform == Platform::Amd64 {
        bail!("the frontend image's programs have {total} bytes, its budget is {BUDGET}: {sizes}");
    }
    Ok(())
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
