//! Writing a layer's files: the same modes and times for the same content, whatever the umask and
//! the clock.

use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use gowork_llb::lower::{CERTIFICATES, GROUP, PASSWD, ZONEINFO};
use serde::Serialize;

use super::command::Go;
use super::failure::Failure;

/// Where distributions keep the certificates of public authorities, in one file.
const BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// Makes a directory and its parents.
pub(super) fn make_dir(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(Failure::file(path))
}

/// Writes a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        settle(&file, 0o644)
    };
    write().map_err(Failure::file(path))
}

/// Writes a value as JSON.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    write(path, &bytes)
}

/// Copies a file's content.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copy = || {
        let mut file = File::create(to)?;
        io::copy(&mut File::open(from)?, &mut file)?;
        settle(&file, 0o644)
    };
    copy().map_err(|error| {
        Failure::new(format!(
            "copy {} to {}: {error}",
            from.display(),
            to.display()
        ))
    })
}

/// Gives a directory its mode and time; to be called after its last entry was made.
pub(super) fn settle_dir(path: &Path) -> Result<(), Failure> {
    File::open(path)
        .and_then(|dir| settle(&dir, 0o755))
        .map_err(Failure::file(path))
}

fn settle(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))?;
    file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))
}

/// The file system that an image which starts from nothing is taken from: with the right modes and
/// times, for one copy to keep them. The `ca` secret is not among them.
///
/// Gives the absolute paths of its files that come from the builder image: what it does not have is
/// left out.
pub(super) fn write_rootfs(go: &Go, root: &Path) -> Result<Vec<String>, Failure> {
    let place = |path: &str| root.join(path.trim_start_matches('/'));
    for path in [CERTIFICATES, ZONEINFO, "/etc/passwd", "/tmp/x"] {
        place(path).parent().map_or(Ok(()), make_dir)?;
    }
    write(&place("/etc/passwd"), PASSWD.as_bytes())?;
    write(&place("/etc/group"), GROUP.as_bytes())?;
    let zones = Path::new(&go.variable("GOROOT")).join("lib/time/zoneinfo.zip");
    let mut found = Vec::new();
    for (from, to) in [
        (
            BUNDLES.iter().map(Path::new).find(|path| path.is_file()),
            CERTIFICATES,
        ),
        (Some(zones.as_path()), ZONEINFO),
    ] {
        if let Some(from) = from.filter(|path| path.is_file()) {
            copy(from, &place(to))?;
            found.push(to.to_owned());
        }
    }
    for dir in ["etc/ssl/certs", "etc/ssl", "etc", "usr/share", "usr", ""] {
        settle_dir(&root.join(dir))?;
    }
    let tmp = root.join("tmp");
    File::open(&tmp)
        .and_then(|dir| settle(&dir, 0o1777))
        .map_err(Failure::file(&tmp))?;
    settle_dir(root)?;
    Ok(found)
}
