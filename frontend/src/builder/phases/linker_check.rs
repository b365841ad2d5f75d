//! Phase: does the image have the dynamic linker that its binary asks for? Without one, a container
//! says no more than "no such file or directory". Only the binary shows what a linker made of cgo,
//! `-static` and build modes.

use gowork_llb::config::SCRATCH;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower;
use gowork_llb::plan::{Image, Plan};

use crate::builder::session::Session;
use crate::error::BuildError;
use crate::gateway::Ref;

/// Bytes of a binary that hold its program headers and what they name; linkers put both first.
const HEAD: u64 = 64 << 10;

/// Looks at the binaries in a finished image, but for those that are static in any case.
///
/// # Errors
/// If the image does not have the dynamic linker that a binary names.
pub(in crate::builder) async fn check(
    session: &Session<'_>,
    plan: &Plan,
    image: &Image,
    finished: &Ref,
) -> Result<(), BuildError> {
    for binary in lower::placed_binaries(image) {
        if plan.build(plan.step(binary.link).build).settings.cgo() {
            check_binary(session, plan, image, (&binary.path, finished)).await?;
        }
    }
    Ok(())
}

async fn check_binary(
    session: &Session<'_>,
    plan: &Plan,
    image: &Image,
    (path, finished): (&str, &Ref),
) -> Result<(), BuildError> {
    let head = session.gateway.read_range(finished, path, Some(0..HEAD));
    let head = match head.await {
        // No binary exists: the step that links it fails, and the daemon says so when the image is
        // handed back.
        Err(error) if error.is_about_itself() => return Ok(()),
        head => head?,
    };
    let Some(linker) = interpreter(&head) else {
        return Ok(());
    };
    match session.gateway.stat_file(finished, &linker).await {
        Err(error) if error.is_not_found() => {
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
        "image {} cannot run: cgo links its binary with the C library of {builder}, which needs {linker}, and {name} does not have that",
        image.name
    ));
    let error = error.help(format!(
        "set `base` under [runtime] to an image of the same distribution and release as {builder}\n\
         or link C libraries statically, with `ldflags = \"-s -w -linkmode external -extldflags -static\"`\n\
         or build without C: `cgo = false`"
    ));
    error.at(base.span.clone())
}

/// The program that starts an ELF executable (its `PT_INTERP`). Returns `None` for a static one.
fn interpreter(head: &[u8]) -> Option<String> {
    let elf = Elf::new(head)?;
    // Offsets in the file header (elf(5)).
    let (table_at, entry_at, count_at) = if elf.wide { (32, 54, 56) } else { (28, 42, 44) };
    let table = elf.word(table_at)?;
    let entry_size = elf.number(entry_at, 2)?;
    let count = elf.number(count_at, 2)?;
    for index in 0..count {
        let header = table.checked_add(index.checked_mul(entry_size)?)?;
        if elf.number(header, 4)? == PT_INTERP {
            return elf.segment_text(header);
        }
    }
    None
}

/// Type of a program header that names the interpreter.
const PT_INTERP: usize = 3;

/// The beginning of an ELF file.
struct Elf<'a> {
    head: &'a [u8],
    /// Whether it is of the 64-bit class.
    wide: bool,
    big_endian: bool,
}

impl<'a> Elf<'a> {
    fn new(head: &'a [u8]) -> Option<Self> {
        let wide = match head.get(..5)? {
            b"\x7fELF\x01" => false,
            b"\x7fELF\x02" => true,
            _ => return None,
        };
        let big_endian = *head.get(5)? == 2;
        Some(Self {
            head,
            wide,
            big_endian,
        })
    }

    /// The number of `length` bytes at `at`.
    fn number(&self, at: usize, length: usize) -> Option<usize> {
        let mut bytes = self.head.get(at..at.checked_add(length)?)?.to_vec();
        if !self.big_endian {
            bytes.reverse();
        }
        let mut value = 0u64;
        for byte in bytes {
            value = value << 8 | u64::from(byte);
        }
        usize::try_from(value).ok()
    }

    /// The number at `at`, as wide as the class.
    fn word(&self, at: usize) -> Option<usize> {
        self.number(at, if self.wide { 8 } else { 4 })
    }

    /// The text of the segment that the program header at `header` describes, up to its NUL.
    fn segment_text(&self, header: usize) -> Option<String> {
        // Offsets in a program header (elf(5)).
        let (start_at, size_at) = if self.wide { (8, 32) } else { (4, 16) };
        let start = self.word(header.checked_add(start_at)?)?;
        let size = self.word(header.checked_add(size_at)?)?;
        let segment = self.head.get(start..start.checked_add(size)?)?;
        let text = segment.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
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
