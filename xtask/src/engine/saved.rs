//! A state of an engine that can be had again: what a stopped engine has on disk, kept beside it.
//!
//! Layers and blobs are large and are never changed once they are there, so both states share those
//! files by hard links. Everything else, above all the databases, is copied.

use crate::command::{command, run};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Bytes of the disk that are left free. An engine that builds a large repository writes one or two
/// billions.
const SPARE: u64 = 20 << 30;

/// Directories, by the end of their paths, of what never changes.
const SHARED: [&str; 2] = ["snapshots/snapshots", "content/blobs"];

/// Makes `to` a copy of `from`, which nobody may write to at the time.
///
/// # Errors
/// If a file cannot be copied.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    run(command("cp", ["--archive", "--link"]).arg(from).arg(to))?;
    let mut open = vec![to.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() && !is_shared(&path) {
                open.push(path);
            } else if kind.is_file() {
                unlink(&path)?;
            }
        }
    }
    Ok(())
}

/// Moves a state into the directory `aside`. What is there is removed when the disk runs full, and
/// with the engine: on ext4 creating files is slow in the minutes after others were removed,
/// because their inodes are not used again so soon and all have to be looked at (fs/ext4/ialloc.c,
/// `recently_deleted`). A build that is measured is not to pay for the one before it.
///
/// # Errors
/// If it cannot be moved.
pub(super) fn put_aside(state: &Path, aside: &Path) -> Result<()> {
    put_aside_within(state, aside, SPARE)
}

/// The same, with `spare` bytes of the disk left free.
fn put_aside_within(state: &Path, aside: &Path, spare: u64) -> Result<()> {
    if !state.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(aside)?;
    let disk = rustix::fs::statvfs(aside)?;
    if disk.f_bavail * disk.f_frsize < spare {
        std::fs::remove_dir_all(aside)
            .with_context(|| format!("cannot remove {}", aside.display()))?;
        std::fs::create_dir_all(aside)?;
    }
    let number = std::fs::read_dir(aside)?.count();
    std::fs::rename(state, aside.join(number.to_string()))
        .with_context(|| format!("cannot move {}", state.display()))
}

fn is_shared(path: &Path) -> bool {
    SHARED.iter().any(|end| path.ends_with(end))
}

/// Makes a file one of its own.
fn unlink(path: &Path) -> Result<()> {
    let own = PathBuf::from(format!("{}.own", path.display()));
    run(command("cp", ["--archive"]).arg(path).arg(&own))?;
    std::fs::rename(&own, path).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{copy, put_aside_within};

    #[test]
    fn what_is_put_aside_is_kept_until_the_disk_runs_full() {
        let directory = tempfile::tempdir().expect("a directory");
        let (state, aside) = (
            directory.path().join("root"),
            directory.path().join("aside"),
        );
        put_aside_within(&state, &aside, 0).expect("nothing to move");
        for (file, spare) in [("a", 0), ("b", 0), ("c", u64::MAX)] {
            if file == "c" {
                assert!(aside.join("0/a").is_file() && aside.join("1/b").is_file());
            }
            std::fs::create_dir(&state).expect("created");
            std::fs::write(state.join(file), "").expect("written");
            put_aside_within(&state, &aside, spare).expect("moved");
            assert!(!state.exists());
        }
        assert!(aside.join("0/c").is_file() && !aside.join("1").exists());
    }

    #[test]
    fn databases_are_copied_and_layers_are_shared() {
        use std::os::unix::fs::MetadataExt;
        let directory = tempfile::tempdir().expect("a directory");
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let (database, layer) = ("worker/cache.db", "worker/snapshots/snapshots/1/fs/file");
        for file in [database, layer] {
            let path = from.join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            std::fs::write(path, "1").expect("written");
        }
        copy(&from, &to).expect("copied");
        let inode =
            |root: &std::path::Path, file: &str| root.join(file).metadata().expect("a file").ino();
        assert_eq!(inode(&from, layer), inode(&to, layer));
        std::fs::write(to.join(database), "2").expect("written");
        assert_eq!(
            std::fs::read_to_string(from.join(database)).expect("read"),
            "1"
        );
    }
}
