//! Phase: does the image have the dynamic linker that its binary asks for? Without it a container
//! says no more than "no such file or directory". What a linker made of cgo, `-static` and build
//! modes only the binary tells.

use gowork_llb::config::SCRATCH;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::BINARY_DIR;
use gowork_llb::plan::{Image, Plan};

use crate::builder::Builder;
use crate::error::BuildError;
use crate::gateway::Ref;

/// Bytes of a binary that hold its program headers and what they name; linkers put both first.
const HEAD: u64 = 64 << 10;

/// Looks at the binary in a finished image, if it can be anything but static.
pub(in crate::builder) async fn check(
    builder: &Builder<'_>,
    plan: &Plan,
    image: &Image,
    finished: &Ref,
) -> Result<(), BuildError> {
    if !plan.build(plan.step(image.link).build).settings.cgo() {
        return Ok(());
    }
    let path = format!("{BINARY_DIR}/{}", image.binary);
    let head = match builder
        .gateway
        .read_range(finished, &path, Some(0..HEAD))
        .await
    {
        // There is no binary: the step that links it fails, and that is told when the image is
        // handed back.
        Err(error) if error.is_about_itself() => return Ok(()),
        head => head?,
    };
    let Some(linker) = interpreter(&head) else {
        return Ok(());
    };
    match builder.gateway.stat_file(finished, &linker).await {
        Err(error) if error.status.message.contains("no such file") => {
            Err(missing(&linker, image, &plan.builder.image).into())
        }
        found => Ok(found.map(drop)?),
    }
}

fn missing(linker: &str, image: &Image, builder: &str) -> Diagnostic {
    let base = &image.runtime.base;
    let name = if base.value == SCRATCH {
        "base scratch".to_owned()
    } else {
        format!("base image {}", base.value)
    };
    let error = Diagnostic::error(format!(
        "image {} cannot run: with cgo its binary is linked with the C library of {builder}, and needs {linker}, which {name} does not have",
        image.name
    ));
    let error = error.help(format!(
        "set `base` under [runtime] to an image of the same distribution and release as {builder}\n\
         or link with C libraries statically, with `ldflags = \"-s -w -linkmode external -extldflags -static\"`\n\
         or do without C: `cgo = false`"
    ));
    match &base.span {
        Some(span) => error.at(span.clone()),
        None => error,
    }
}

/// The program that starts an ELF executable (its `PT_INTERP`); none for a static one.
fn interpreter(head: &[u8]) -> Option<String> {
    let wide = match head.get(..5)? {
        b"\x7fELF\x01" => false,
        b"\x7fELF\x02" => true,
        _ => return None,
    };
    let big = *head.get(5)? == 2;
    let number = |at: usize, length: usize| {
        let bytes = head.get(at..at.checked_add(length)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        let value = if big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        };
        usize::try_from(value).ok()
    };
    // Offsets in the file header and in a program header, of either class (elf(5)).
    let word = if wide { 8 } else { 4 };
    let (table, each, count) = if wide { (32, 54, 56) } else { (28, 42, 44) };
    let (offset, size) = if wide { (8, 32) } else { (4, 16) };
    let (table, each, count) = (number(table, word)?, number(each, 2)?, number(count, 2)?);
    let headers = (0..count).map_while(|index| table.checked_add(index.checked_mul(each)?));
    let found = headers
        .filter(|at| number(*at, 4) == Some(3))
        .find_map(|at| {
            let start = number(at.checked_add(offset)?, word)?;
            head.get(start..start.checked_add(number(at.checked_add(size)?, word)?)?)
        })?;
    let name = found.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::interpreter;

    /// A file of one program header.
    fn elf(wide: bool, big: bool, kind: u64) -> Vec<u8> {
        let mut file = vec![0; 200];
        let mut put = |at: usize, length: usize, value: u64| {
            let bytes = value.to_be_bytes();
            let bytes = bytes[8 - length..].iter().copied();
            let bytes: Vec<u8> = if big {
                bytes.collect()
            } else {
                bytes.rev().collect()
            };
            file[at..at + length].copy_from_slice(&bytes);
        };
        let word = if wide { 8 } else { 4 };
        put(if wide { 32 } else { 28 }, word, 64);
        put(if wide { 54 } else { 42 }, 2, 56);
        put(if wide { 56 } else { 44 }, 2, 1);
        put(64, 4, kind);
        put(64 + if wide { 8 } else { 4 }, word, 150);
        put(64 + if wide { 32 } else { 16 }, word, 8);
        file[..4].copy_from_slice(b"\x7fELF");
        file[4] = if wide { 2 } else { 1 };
        file[5] = if big { 2 } else { 1 };
        file[150..157].copy_from_slice(b"/lib/ld");
        file
    }

    #[test]
    fn the_interpreter_of_either_class_and_order() {
        for (wide, big) in [(true, false), (false, false), (true, true), (false, true)] {
            assert_eq!(interpreter(&elf(wide, big, 3)).as_deref(), Some("/lib/ld"));
            assert_eq!(interpreter(&elf(wide, big, 1)), None);
            for end in 0..160 {
                interpreter(&elf(wide, big, 3)[..end]);
            }
        }
        assert_eq!(interpreter(b"MZ"), None);
    }

    #[test]
    fn a_real_executable() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = interpreter(&own[..own.len().min(64 << 10)]);
        assert!(found.is_none_or(|path| std::path::Path::new(&path).exists()));
    }
}
