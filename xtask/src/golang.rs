//! The go command: the machine's, or where that is missing or too old, a release from the module
//! proxy.
//!
//! Go's releases are modules themselves (`golang.org/toolchain`), with hashes in the checksum
//! database. Fetching one takes no Go, so a machine with Rust alone can run every task.

use crate::command::{command, find_program, output, run};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release that is fetched, and that the default `golang` image holds.
pub(crate) const VERSION: &str = "1.26.8";
/// The oldest minor release 1.N that will do: with GOCACHEPROG, which the tests use.
const OLDEST_MINOR: u32 = 24;
/// The module proxy, if `GOPROXY` names none.
const PROXY: &str = "https://proxy.golang.org";
/// The module's `h1` hashes as the checksum database gives them, in hexadecimal, by architecture.
const HASHES: [(&str, &str); 2] = [
    (
        "amd64",
        "64e9867b53a77d110330875bd508b81bd252b833c12c613164c4389e2b354573",
    ),
    (
        "arm64",
        "b182ff3ba32a4baf0c2f4923b10dfa5a8608a49aa4c3ad13c62cd651850a40c7",
    ),
];

/// The go command as builds run it: for linux, without cgo, and without a workspace or flags of the
/// user's.
///
/// # Errors
/// As [`go`].
pub(crate) fn go_as_in_builds(state: &State) -> Result<Command> {
    let mut go = go(state)?;
    go.env_remove("GOWORK").env_remove("GOCACHEPROG").envs([
        ("GOOS", "linux"),
        ("CGO_ENABLED", "0"),
        ("GOTOOLCHAIN", "local"),
        ("GOFLAGS", ""),
    ]);
    Ok(go)
}

/// The go command.
///
/// # Errors
/// If Go is not installed and cannot be fetched.
pub(crate) fn go(state: &State) -> Result<Command> {
    let mut go = Command::new(directory(state)?.join("go"));
    go.env("PATH", path(state)?);
    Ok(go)
}

/// `PATH` with a go command that will do.
///
/// # Errors
/// As [`go`].
pub(crate) fn path(state: &State) -> Result<OsString> {
    let present = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::iter::once(directory(state)?).chain(std::env::split_paths(&present));
    std::env::join_paths(directories).context("a directory of PATH holds a colon")
}

/// The directory of the go command.
fn directory(state: &State) -> Result<PathBuf> {
    if let Some(directory) = installed() {
        return Ok(directory);
    }
    let release = state.path("tools").join(format!("go{VERSION}"));
    if !release.exists() {
        let _lock = state.lock("tools-go")?;
        if !release.exists() {
            fetch(&release).with_context(|| {
                format!("no go command of 1.{OLDEST_MINOR} or newer is in PATH, and go{VERSION} cannot be fetched (https://go.dev/dl has it)")
            })?;
        }
    }
    Ok(release.join("bin"))
}

/// The machine's own, if it is new enough.
fn installed() -> Option<PathBuf> {
    let program = find_program("go")?;
    let version = output(
        command(&program, ["env", "GOVERSION"])
            .env("GOTOOLCHAIN", "local")
            .current_dir("/"),
    )
    .ok()?;
    is_new_enough(&version).then(|| program.parent().map(Path::to_path_buf))?
}

fn is_new_enough(version: &str) -> bool {
    let minor = version.strip_prefix("go1.").map(|rest| {
        rest.split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default()
    });
    minor
        .and_then(|minor| minor.parse::<u32>().ok())
        .is_some_and(|minor| minor >= OLDEST_MINOR)
}

/// Fetches, checks and unpacks the release beside `release`, then renames it.
fn fetch(release: &Path) -> Result<()> {
    let architecture = crate::oci::architecture();
    let hash = HASHES
        .iter()
        .find(|(known, _)| *known == architecture)
        .map(|(_, hash)| *hash);
    let hash = hash.with_context(|| format!("no release for {architecture} is known here"))?;
    let parent = release
        .parent()
        .context("the directory of tools has no parent")?;
    std::fs::create_dir_all(parent)?;
    let workshop = tempfile::Builder::new()
        .prefix("fetching-")
        .tempdir_in(parent)?;
    let version = format!("v0.0.1-go{VERSION}.linux-{architecture}");
    let phase = Phase::start(&format!(
        "fetching go{VERSION} from the module proxy (70 MB)"
    ));
    let archive = workshop.path().join("go.zip");
    download(
        &format!("{}/golang.org/toolchain/@v/{version}.zip", proxy()),
        &archive,
    )?;
    unzip(&archive, workshop.path())?;
    std::fs::remove_file(&archive)?;
    let found = module_hash(workshop.path())?;
    if found != hash {
        bail!("the module golang.org/toolchain@{version} has the hash {found}, expected is {hash}");
    }
    let root = workshop
        .path()
        .join(format!("golang.org/toolchain@{version}"));
    make_executable(&root)?;
    std::fs::rename(&root, release)?;
    phase.done();
    Ok(())
}

/// The first proxy of `GOPROXY`.
fn proxy() -> String {
    let named = std::env::var("GOPROXY").unwrap_or_default();
    let first = named
        .split([',', '|'])
        .find(|entry| entry.starts_with("http://") || entry.starts_with("https://"));
    first.unwrap_or(PROXY).trim_end_matches('/').to_owned()
}

fn download(address: &str, file: &Path) -> Result<()> {
    if find_program("curl").is_some() {
        return run(command(
            "curl",
            [
                "--fail",
                "--silent",
                "--show-error",
                "--location",
                "--output",
            ],
        )
        .arg(file)
        .arg(address));
    }
    if find_program("wget").is_some() {
        return run(command("wget", ["--quiet", "--output-document"])
            .arg(file)
            .arg(address));
    }
    bail!("neither curl nor wget is installed")
}

fn unzip(archive: &Path, directory: &Path) -> Result<()> {
    if find_program("unzip").is_some() {
        return run(command("unzip", ["-q"])
            .arg(archive)
            .arg("-d")
            .arg(directory));
    }
    if find_program("python3").is_some() {
        return run(command("python3", ["-m", "zipfile", "-e"])
            .arg(archive)
            .arg(directory));
    }
    crate::engine::host::require_package("unzip")?;
    run(command("unzip", ["-q"])
        .arg(archive)
        .arg("-d")
        .arg(directory))
}

/// The `h1` hash of the module files below `directory`: SHA-256 over a line for each file, sorted
/// by name, of its SHA-256 and name.
fn module_hash(directory: &Path) -> Result<String> {
    let mut names = Vec::new();
    collect_files(directory, "", &mut names)?;
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        let content = std::fs::read(directory.join(&name))?;
        hash.update(format!(
            "{}  {name}\n",
            crate::oci::hexadecimal(&Sha256::digest(content))
        ));
    }
    Ok(crate::oci::hexadecimal(&hash.finalize()))
}

fn collect_files(directory: &Path, prefix: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect_files(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

/// Module archives carry no permissions; these directories hold programs.
fn make_executable(root: &Path) -> Result<()> {
    for directory in [
        "bin",
        &format!("pkg/tool/linux_{}", crate::oci::architecture()),
    ] {
        for entry in std::fs::read_dir(root.join(directory))? {
            std::fs::set_permissions(entry?.path(), std::fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_new_enough, module_hash};

    #[test]
    fn old_and_unknown_versions_will_not_do() {
        assert!(is_new_enough("go1.24rc1") && is_new_enough("go1.26.8"));
        for version in ["go1.19.8", "devel go1.27-abc", "", "go2.0"] {
            assert!(!is_new_enough(version), "{version}");
        }
    }

    /// The expectation is `sha256sum $(find . -type f | sort) | sha256sum`, by the definition of
    /// `h1`.
    #[test]
    fn a_module_hash_is_that_of_the_list_of_hashes() {
        let directory = tempfile::tempdir().expect("temporary directory");
        std::fs::create_dir(directory.path().join("m@v1")).expect("create");
        std::fs::write(directory.path().join("m@v1/a"), "one\n").expect("write");
        std::fs::write(directory.path().join("m@v1/b"), "two\n").expect("write");
        let script =
            "find . -type f | sed 's,^./,,' | sort | xargs sha256sum | sha256sum | cut -d' ' -f1";
        let mut shell = crate::command::command("sh", ["-c", script]);
        let expected = crate::command::output(shell.current_dir(directory.path())).expect("sh");
        assert_eq!(module_hash(directory.path()).expect("hash"), expected);
    }
}
