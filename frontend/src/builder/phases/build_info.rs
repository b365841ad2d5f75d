//! Phase: which version a binary says it is. The go command derives that from git where a program says
//! which commit it is made of (`buildvcs`), and its rules are many. The binary has what came of them.

use gowork_llb::plan::{Plan, StepIx, StepKind};

use crate::builder::elf::{HEADER, Sections};
use crate::builder::session::Session;
use crate::error::BuildError;
use crate::gateway::Ref;

/// The section that the linker of Go writes, and what it begins with (debug/buildinfo).
const SECTION: &str = ".go.buildinfo";
const MAGIC: &[u8] = b"\xff Go buildinf:";

/// Where its texts begin, and where it says that they are there and not elsewhere.
const TEXTS: usize = 32;
const FLAGS: usize = 15;
const TEXTS_ARE_HERE: u8 = 2;

/// Bytes before the text on modules.
const SENTINEL: usize = 16;

/// Bytes of a part that is read, at most. The main module stands at the beginning of what may be long.
const MOST: u64 = 1 << 20;
const BEGINNING: u64 = 16 << 10;

/// The version of its main module that the binary of a link says, at `path` in `finished`. Returns
/// `None` if it is not to say one, or says none.
///
/// # Errors
/// If the daemon cannot read it.
pub(in crate::builder) async fn main_version(
    session: &Session<'_>,
    plan: &Plan,
    link: StepIx,
    (path, finished): (&str, &Ref),
) -> Result<Option<String>, BuildError> {
    match &plan.step(link).kind {
        StepKind::Link(link) if link.buildvcs => {}
        _ => return Ok(None),
    }
    let read = async |range: Option<std::ops::Range<u64>>| match range {
        Some(range) if range.end - range.start <= MOST => {
            session
                .gateway
                .read_range(finished, path, Some(range))
                .await
        }
        _ => Ok(Vec::new()),
    };
    let header = read(Some(0..HEADER)).await?;
    let Some(sections) = Sections::new(&header) else {
        return Ok(None);
    };
    let list = read(Some(sections.list.clone())).await?;
    let names = read(sections.names(&list)).await?;
    let section = sections.named(&list, &names, SECTION);
    let section = section.map(|it| it.start..it.end.min(it.start + BEGINNING));
    Ok(version(&read(section).await?))
}

/// The version of the main module, by the beginning of the section.
fn version(section: &[u8]) -> Option<String> {
    let has_texts = section.starts_with(MAGIC) && section.get(FLAGS)? & TEXTS_ARE_HERE != 0;
    let (_, rest) = text(section.get(TEXTS..).filter(|_| has_texts)?)?;
    let (modules, _) = text(rest)?;
    let modules = String::from_utf8_lossy(modules.get(SENTINEL..)?);
    // The line after it says that this one is whole.
    let (lines, _) = modules.rsplit_once('\n')?;
    let words = lines.lines().find_map(|line| line.strip_prefix("mod\t"))?;
    let version = words.split('\t').nth(1)?;
    (version != "(devel)" && !version.is_empty()).then(|| version.to_owned())
}

/// A text that has its length before it, and what follows. A text that is cut off ends there.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length: u64 = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        length |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let rest = &bytes[at + 1..];
            let end = usize::try_from(length).ok()?.min(rest.len());
            return Some(rest.split_at(end));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::version;

    fn section(modules: &str) -> Vec<u8> {
        let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
        bytes.resize(32, 0);
        bytes.extend(b"\x06go1.26");
        let length = modules.len() + 32;
        bytes.extend([
            u8::try_from(length % 128).unwrap() | 0x80,
            u8::try_from(length / 128).unwrap(),
        ]);
        bytes.extend([b'0'; 16]);
        bytes.extend(modules.as_bytes());
        bytes.extend([b'1'; 16]);
        bytes
    }

    #[test]
    fn the_version_of_the_main_module() {
        let of = |version: &str| {
            format!(
                "path\ta.example/x\nmod\ta.example\t{version}\t\ndep\tb.example\tv1.0.0\th1:x=\n"
            )
        };
        let tagged = section(&of("v1.4.0+dirty"));
        assert_eq!(version(&tagged).as_deref(), Some("v1.4.0+dirty"));
        assert_eq!(version(&section(&of("(devel)"))), None);
        assert_eq!(version(&section("path\tcommand-line-arguments\n")), None);
        // Cut off, it has the whole version or none.
        for end in 0..tagged.len() {
            let said = version(&tagged[..end]);
            assert!(said.is_none_or(|said| said == "v1.4.0+dirty"), "{end}");
        }
        assert_eq!(version(b"\x7fELF"), None);
    }
}
