//! Writing a layer's files: the same modes and times for the same content, whatever the umask and the clock.

use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::command::Go;
use super::failure::Failure;

/// Where distributions keep the certificates of public authorities, in one file.
const CERTIFICATES: [&str; 3] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt"];

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
    let bytes = serde_json::to_vec(value).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    write(path, &bytes)
}

/// Copies a file's content.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copy = || {
        let mut file = File::create(to)?;
        io::copy(&mut File::open(from)?, &mut file)?;
        settle(&file, 0o644)
    };
    copy().map_err(|error| Failure::new(format!("copy {} to {}: {error}", from.display(), to.display())))
}

/// Gives a directory its mode and time; to be called after its last entry was made.
pub(super) fn settle_dir(path: &Path) -> Result<(), Failure> {
    File::open(path).and_then(|dir| settle(&dir, 0o755)).map_err(Failure::file(path))
}

fn settle(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))?;
    file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))
}

/// What an image that starts from nothing takes from the builder image. The `ca` secret is none of it.
pub(super) fn write_runtime_files(go: &Go, dir: &Path) -> Result<(), Failure> {
    make_dir(dir)?;
    if let Some(certificates) = CERTIFICATES.iter().map(Path::new).find(|path| path.is_file()) {
        copy(certificates, &dir.join("ca-certificates.crt"))?;
    }
    let zones = Path::new(&go.variable("GOROOT")).join("lib/time/zoneinfo.zip");
    if zones.is_file() {
        copy(&zones, &dir.join("zoneinfo.zip"))?;
    }
    settle_dir(dir)
}
