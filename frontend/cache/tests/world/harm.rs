//! What the tests do to mounts, layers and steps: damaged files, full and read-only disks, killed
//! processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Kills a process and all of its group.
pub(crate) fn kill(process: &mut Child) -> ExitStatus {
    let group = format!("-{}", process.id());
    let _ = Command::new("kill")
        .args(["-KILL", "--", &group])
        .stderr(Stdio::null())
        .status();
    process.wait().unwrap()
}

/// Damages each file below `dir` with this probability, in one of many ways.
pub(crate) fn damage(dir: &Path, random: &mut fastrand::Rng, probability: f64) {
    let mut files = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        // Files may vanish at any moment.
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                _ => files.push(entry.path()),
            }
        }
    }
    files.sort();
    let chosen: Vec<&PathBuf> = files
        .iter()
        .filter(|_| random.f64() < probability)
        .collect();
    for path in chosen {
        let bytes = fs::read(path).unwrap_or_default();
        let _ = match random.u32(0..7) {
            0 => fs::write(path, &bytes[..random.usize(0..=bytes.len())]),
            1 | 2 if !bytes.is_empty() => {
                // Many at a time, so that little stays as it was.
                let mut flipped = bytes.clone();
                for _ in 0..random.usize(1..100) {
                    flipped[random.usize(0..bytes.len())] ^= 1 << random.u32(0..8);
                }
                fs::write(path, flipped)
            }
            3 => fs::write(path, ""),
            4 => fs::remove_file(path),
            5 => fs::copy(&files[random.usize(0..files.len())], path).map(|_| ()),
            6 => fs::remove_file(path).and_then(|()| fs::create_dir(path)),
            _ => fs::set_permissions(path, fs::Permissions::from_mode(0o000)),
        };
    }
}

/// A file system that is mounted for a while. Only root may do that.
pub(crate) struct Mounted {
    pub(crate) dir: PathBuf,
}

impl Mounted {
    pub(crate) fn small(dir: &Path, kilobytes: u32) -> Mounted {
        Mounted::new(
            dir,
            &[
                "-t",
                "tmpfs",
                "-o",
                &format!("size={}k", kilobytes.max(4)),
                "tmpfs",
            ],
        )
    }

    pub(crate) fn bind_read_only(from: &Path, dir: &Path) -> Mounted {
        let mounted = Mounted::new(dir, &["--bind", from.to_str().unwrap()]);
        assert!(
            Command::new("mount")
                .args(["-o", "remount,ro,bind"])
                .arg(dir)
                .status()
                .unwrap()
                .success()
        );
        mounted
    }

    fn new(dir: &Path, words: &[&str]) -> Mounted {
        fs::create_dir_all(dir).unwrap();
        assert!(
            Command::new("mount")
                .args(words)
                .arg(dir)
                .status()
                .unwrap()
                .success(),
            "mount {words:?}"
        );
        Mounted {
            dir: dir.to_path_buf(),
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily, since something may still look at it.
        assert!(
            Command::new("umount")
                .arg("--lazy")
                .arg(&self.dir)
                .status()
                .unwrap()
                .success()
        );
    }
}

pub(crate) fn is_root() -> bool {
    String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout)
        .unwrap()
        .trim()
        == "0"
}
