//! What a failed step printed, kept for the frontend. BuildKit tells a frontend that a step failed,
//! but not what it printed: that goes to the client alone. So a step that fails leaves what it
//! printed in a cache mount, and `gowork-cache failure DIR WORD...` copies it to the file [`SAID`] in
//! `DIR`, in a step that runs next and has the same mount.
//!
//! The mount is shared, so the text is kept under a key that only the same step has: the words of
//! its command line and all its sources. If the mount takes or holds nothing, the file in `DIR` is
//! empty.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use gowork_step::{FAILURES, SAID};

use crate::id::Id;

/// How many bytes are kept of the start of what a step prints. The first error is there.
const HEAD: usize = 48 << 10;
/// And how many of its end, where the go command says why it gave up.
const TAIL: usize = 16 << 10;

/// How many failures a mount holds. The oldest ones are removed.
const KEPT: usize = 100;

/// A source that is not part of the key, since the go command may add sums to it.
const CHANGES: &str = "go.work.sum";

/// Start and end of what a program prints. Takes bounded memory, however much the program prints.
#[derive(Debug, Default)]
pub struct Excerpt {
    head: Vec<u8>,
    tail: Vec<u8>,
    left_out: bool,
}

impl Excerpt {
    /// Adds what was printed next.
    pub fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(HEAD - self.head.len()));
        self.head.extend(head);
        self.tail.extend(rest);
        // Not at every piece, since this moves what is kept.
        if self.tail.len() > 2 * TAIL {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if let Some(more @ 1..) = self.tail.len().checked_sub(TAIL) {
            self.tail.drain(..more);
            self.left_out = true;
        }
    }

    /// All that is kept; an ellipsis stands for what is not.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.cut();
        if self.left_out {
            self.head.extend(b"\n...\n");
        }
        self.head.extend(self.tail);
        self.head
    }
}

/// Keeps what this process, a step that failed, printed. Does nothing if the step has no mount for
/// it, or the mount takes nothing.
pub fn keep(printed: Excerpt) {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(mount) = Mount::from_environment() {
        let _ = mount.keep(&words, &printed.into_bytes());
    }
}

/// Copies what the step with this command line printed when it failed.
///
/// # Errors
/// If it is called in a wrong way, or cannot write.
pub fn failure(words: &[String]) -> Result<ExitCode, String> {
    let [dir, step @ ..] = words else {
        return Err("usage: gowork-cache failure DIR WORD...".to_owned());
    };
    let step: Vec<OsString> = step.iter().map(OsString::from).collect();
    let said = Mount::from_environment()
        .and_then(|mount| mount.find(&step).ok())
        .unwrap_or_default();
    fs::write(Path::new(dir).join(SAID), said)
        .map_err(|error| format!("write to {dir}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Where failures are kept, and what distinguishes a step from others.
#[derive(Debug)]
struct Mount {
    dir: PathBuf,
    /// Directories with the sources of the step. A missing one counts as empty.
    sources: Vec<PathBuf>,
}

impl Mount {
    fn from_environment() -> Option<Self> {
        let text = std::env::var(FAILURES).ok()?;
        let mut paths = text.split(':').map(PathBuf::from);
        Some(Self {
            dir: paths.next()?,
            sources: paths.collect(),
        })
    }

    fn path(&self, words: &[OsString]) -> io::Result<PathBuf> {
        let mut key = format!("{words:?}\n").into_bytes();
        for dir in &self.sources {
            add_tree(dir, &mut key)?;
        }
        Ok(self.dir.join(Id::of(&key).to_string()))
    }

    fn keep(&self, words: &[OsString], said: &[u8]) -> io::Result<()> {
        let path = self.path(words)?;
        // If the disk is full, no text is better than an old one.
        let _ = fs::remove_file(&path);
        let temporary = self.dir.join(format!("{}.tmp", std::process::id()));
        fs::write(&temporary, said)?;
        fs::rename(&temporary, &path)?;
        self.bound()
    }

    fn find(&self, words: &[OsString]) -> io::Result<Vec<u8>> {
        let path = self.path(words)?;
        // Others can write to the mount, and a link may lead anywhere.
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut said = Vec::new();
        File::open(path)?
            .take((HEAD + TAIL + 64) as u64)
            .read_to_end(&mut said)?;
        Ok(said)
    }

    fn bound(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            files.push((entry.metadata()?.modified()?, entry.path()));
        }
        files.sort();
        let many = files.len().saturating_sub(KEPT);
        files
            .into_iter()
            .take(many)
            .try_for_each(|(_, path)| fs::remove_file(path))
    }
}

/// Adds a line for each file below a directory, in the order of names: its path and the ID of its
/// contents.
fn add_tree(root: &Path, key: &mut Vec<u8>) -> io::Result<()> {
    let mut open = vec![root.to_path_buf()];
    while let Some(dir) = open.pop() {
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                open.push(path);
                continue;
            }
            if entry.file_name() == CHANGES {
                continue;
            }
            let contents = match kind {
                _ if kind.is_symlink() => {
                    fs::read_link(&path)?.into_os_string().into_encoded_bytes()
                }
                _ if kind.is_file() => fs::read(&path)?,
                _ => Vec::new(),
            };
            key.extend(format!("{path:?} {}\n", Id::of(&contents)).as_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(dir: &Path) -> Mount {
        let mount = Mount {
            dir: dir.join("failures"),
            sources: vec![dir.join("src"), dir.join("nowhere")],
        };
        fs::create_dir_all(&mount.dir).unwrap();
        fs::create_dir_all(dir.join("src/a")).unwrap();
        fs::write(dir.join("src/a/a.go"), "package a").unwrap();
        mount
    }

    #[test]
    fn words_are_found_by_the_same_step_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mount = mount(dir.path());
        let words = ["compile", "x"].map(OsString::from);
        mount.keep(&words, b"one").unwrap();
        assert_eq!(mount.find(&words).unwrap(), b"one");
        fs::write(dir.path().join("src/go.work.sum"), "").unwrap();
        assert_eq!(
            mount.find(&words).unwrap(),
            b"one",
            "the go command adds sums"
        );
        assert!(mount.find(&words[..1]).is_err(), "another command line");
        fs::write(dir.path().join("src/a/a.go"), "package b").unwrap();
        assert!(mount.find(&words).is_err(), "another source");
        fs::write(dir.path().join("src/a/a.go"), "package a").unwrap();
        mount.keep(&words, b"two").unwrap();
        assert_eq!(mount.find(&words).unwrap(), b"two");
    }

    #[test]
    fn a_link_in_the_mount_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let mount = mount(dir.path());
        let secret = dir.path().join("secret");
        fs::write(&secret, "secret").unwrap();
        std::os::unix::fs::symlink(&secret, mount.path(&[]).unwrap()).unwrap();
        assert!(mount.find(&[]).is_err());
        mount.keep(&[], b"said").unwrap();
        assert_eq!(mount.find(&[]).unwrap(), b"said");
        assert_eq!(fs::read(&secret).unwrap(), b"secret");
    }

    #[test]
    fn the_mount_holds_a_bounded_number() {
        let dir = tempfile::tempdir().unwrap();
        let mount = mount(dir.path());
        for number in 0..KEPT + 20 {
            mount
                .keep(&[OsString::from(number.to_string())], b"")
                .unwrap();
        }
        assert_eq!(fs::read_dir(&mount.dir).unwrap().count(), KEPT);
    }

    #[test]
    fn start_and_end_of_much_are_kept() {
        let mut said = Excerpt::default();
        for number in 0..100_000 {
            said.push(format!("line {number}\n").as_bytes());
        }
        let bytes = said.into_bytes();
        assert!(bytes.len() <= HEAD + TAIL + 5);
        assert!(bytes.starts_with(b"line 0\n") && bytes.ends_with(b"line 99999\n"));
        let mut said = Excerpt::default();
        said.push(b"a\n");
        said.push(&vec![b'b'; HEAD + 10]);
        assert_eq!(
            said.into_bytes().len(),
            HEAD + 12,
            "nothing is left out of what fits"
        );
    }
}
