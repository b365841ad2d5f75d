//! Where a generated text goes: to standard output, or into a file that a command of ours has
//! printed.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gowork_llb::config::WrittenFor;
use gowork_llb::lower::Mark;

use crate::args::Output;
use crate::{bounded, exit, ui};

/// How many links a path may lead through.
const MAX_LINKS: usize = 40;

/// Writes a text that bears `mark` where it is to go, or compares it with what is there.
pub(crate) fn deliver(text: &str, mark: Mark, output: &Output) -> anyhow::Result<u8> {
    let Some(path) = &output.output else {
        ui::print(text)?;
        return Ok(exit::OK);
    };
    let there = read(path)?;
    if output.check {
        return Ok(compare(&there.unwrap_or_default(), text, path));
    }
    match there {
        Some(there) if there == text => return Ok(exit::OK),
        Some(there) if !output.force && !there.is_empty() && !mark.is_in(&there) => bail!(
            "{}: not written, since `gowork {}` did not print what is there{}\nname another file, or pass --force to replace this one",
            path.display(),
            mark.command(),
            what_is_lost(&there)
        ),
        _ => write(path, text).with_context(|| path.display().to_string())?,
    }
    Ok(exit::OK)
}

fn compare(there: &str, text: &str, path: &Path) -> u8 {
    if there == text {
        return exit::OK;
    }
    let line = there
        .lines()
        .zip(text.lines())
        .take_while(|(a, b)| a == b)
        .count()
        + 1;
    ui::complain(&format!(
        "{}:{line}: not what would be printed now; print it again",
        path.display()
    ));
    exit::ERRORS
}

/// The text of a regular file; none where no file is, or a device or pipe, which takes whatever is
/// written to it.
fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let read = || {
        if path.metadata()?.is_file() || path.is_dir() {
            // No text of ours is longer, and its mark is at the top.
            bounded::head(path).map(Some)
        } else {
            Ok(None)
        }
    };
    match read() {
        Ok(bytes) => Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn what_is_lost(there: &str) -> &'static str {
    if WrittenFor::of(there) == WrittenFor::Gowork {
        ": it is a configuration of gowork"
    } else {
        ""
    }
}

/// Writes a file in one step: no reader sees half of it, and a failure leaves the old file. Links
/// stay links.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let old = path.metadata().ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return fs::write(path, text);
    }
    let path = behind_links(path);
    let dir = path
        .parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = new_file(dir)?;
    file.write_all(text.as_bytes())?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(path)?;
    Ok(())
}

/// A file beside the one to write, with the permissions of any new file.
fn new_file(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".gowork-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir)
}

/// The file that a path leads to, which need not exist.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = path.parent().map(|dir| dir.join(&target)).unwrap_or(target);
    }
    path
}
