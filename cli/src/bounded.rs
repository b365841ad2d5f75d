//! Files that are read by name, outside of a tree: never more of them than the library reads of one.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use gowork_llb::limits;

/// The contents of a file. A device or a pipe is read, too: `-f /dev/stdin` is one.
///
/// # Errors
/// If the file cannot be read, or has more than [`limits::FILE`] bytes.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = up_to(limits::FILE + 1, path)?;
    if bytes.len() as u64 > limits::FILE {
        let text = format!("more bytes than gowork reads of a file ({})", limits::FILE);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The beginning of a file: its contents, unless it has more than [`limits::FILE`] bytes.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn head(path: &Path) -> io::Result<Vec<u8>> {
    up_to(limits::FILE, path)
}

fn up_to(length: u64, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
