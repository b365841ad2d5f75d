//! A context given as an http(s) URL: an archive to unpack, or the definition file itself.

use gowork_llb::diag::Diagnostic;
use gowork_llb::ops::Output;
use gowork_llb::ops::file::{Copy, File};
use gowork_llb::ops::source::Http;

use super::git;
use super::read::solve;
use crate::error::BuildError;
use crate::gateway::Gateway;

/// What the download is called.
const FILENAME: &str = "context";
/// Enough of a file to recognize an archive: two tar blocks.
const HEAD: u64 = 1024;
const TAR_BLOCK: usize = 512;
/// Where the checksum of a tar header stands.
const TAR_CHECKSUM: std::ops::Range<usize> = 148..156;
const MAGIC: &[&[u8]] = &[b"BZh", b"\x1f\x8b\x08", b"\xfd7zXZ\0"];

/// A context that was downloaded.
pub(super) struct Downloaded {
    /// The unpacked archive, or a filesystem with the one file.
    pub(super) output: Output,
    /// The name of that file, if it is not an archive: then it is the definition file.
    pub(super) definition: Option<String>,
}

/// Whether `text` is an http(s) URL.
pub(super) fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// The source of a URL.
pub(super) fn source(url: &str, name: &str) -> Result<Output, BuildError> {
    let unusable = |error| Diagnostic::error(format!("context: {error}"));
    Ok(Http::new(url)
        .map_err(unusable)?
        .filename(FILENAME)
        .named(name)
        .output())
}

/// Downloads the context and looks what it is.
pub(super) async fn load(gateway: &dyn Gateway, url: &str) -> Result<Downloaded, BuildError> {
    let output = source(url, "[internal] load remote build context")?;
    let reference = solve(gateway, &output).await?;
    let head = gateway
        .read_range(&reference, FILENAME, Some(0..HEAD))
        .await
        .map_err(|error| error.context(&format!("download {}", git::shown(url))))?;
    if !is_archive(&head) {
        return Ok(Downloaded {
            output,
            definition: Some(FILENAME.to_owned()),
        });
    }
    let unpack = Copy::from(&output, &format!("/{FILENAME}"), "/").unpack();
    let output = File::on(&Output::scratch())
        .copy(unpack)
        .named("[internal] unpack build context")
        .output();
    Ok(Downloaded {
        output,
        definition: None,
    })
}

/// Whether a file beginning so is a tar archive, compressed or not.
fn is_archive(head: &[u8]) -> bool {
    MAGIC.iter().any(|magic| head.starts_with(magic))
        || head.get(..TAR_BLOCK).is_some_and(is_tar_header)
}

/// Whether the block's checksum is right, counted with its own field as blanks.
fn is_tar_header(block: &[u8]) -> bool {
    let field = String::from_utf8_lossy(&block[TAR_CHECKSUM]);
    let Ok(expected) = u32::from_str_radix(field.trim_matches([' ', '\0']), 8) else {
        return false;
    };
    let mut sum = 0;
    for (at, byte) in block.iter().enumerate() {
        let counted = if TAR_CHECKSUM.contains(&at) {
            b' '
        } else {
            *byte
        };
        sum += u32::from(counted);
    }
    sum == expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_not_text() {
        let mut block = vec![0u8; TAR_BLOCK];
        block[..5].copy_from_slice(b"a.txt");
        block[TAR_CHECKSUM].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[TAR_CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(is_archive(&block));
        block[0] = b'b';
        assert!(!is_archive(&block));
        assert!(is_archive(b"\x1f\x8b\x08rest"));
        assert!(!is_archive(b"# syntax=x\n"));
        assert!(!is_archive(&[0; 1024]));
    }
}
