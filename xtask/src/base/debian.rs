//! The `debian` and `busybox` stand-ins, from Debian's packages.

use crate::command::{command, output, run};
use crate::engine::host;
use crate::oci::{self, Layer, Packing};
use crate::progress::Phase;
use anyhow::{Context, Result};
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The release that the official golang image is built on, too.
const SUITE: &str = "bookworm";
/// What the golang image needs beyond a minimal system (module downloads from git, cgo), and the
/// BusyBox of the other stand-in.
const PACKAGES: &str = "ca-certificates,git,libc6-dev,gcc,busybox-static";
/// Where the packages come from, if the machine's own apt names no Debian archive.
const DEFAULT_ARCHIVE: &str = "http://deb.debian.org/debian";
/// What the debian image leaves out: devices (the engine makes its own), caches, documentation, and
/// the other image's program.
const LEFT_OUT: [&str; 9] = [
    "--exclude=./dev/*",
    "--exclude=./var/cache/*/*",
    "--exclude=./var/lib/apt/lists/*",
    "--exclude=./var/log/*",
    "--exclude=./usr/share/doc/*",
    "--exclude=./usr/share/man/*",
    "--exclude=./usr/share/locale/*",
    "--exclude=./etc/resolv.conf",
    "--exclude=busybox",
];
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Makes both images from one root file system.
///
/// # Errors
/// If we are not root, debootstrap is missing and cannot be installed, or the packages cannot be
/// fetched.
pub(super) fn make(debian: &Path, busybox: &Path) -> Result<()> {
    host::require_root("making base images")?;
    let debootstrap = host::require_package("debootstrap")?;
    let workshop = super::workshop(debian)?;
    let root = workshop.path().join("root");
    let phase = Phase::start(&format!(
        "making Debian {SUITE} with debootstrap (about 60 s)"
    ));
    let mut bootstrap = command(
        debootstrap,
        ["--variant=minbase", &format!("--include={PACKAGES}"), SUITE],
    );
    bootstrap.arg(&root).arg(archive());
    if let Some(proxy) = apt_proxy() {
        bootstrap.env("http_proxy", proxy);
    }
    run(&mut bootstrap)?;
    // The name and resolver of the machine, which debootstrap copies; the engine gives steps their
    // own.
    std::fs::write(root.join("etc/hostname"), "debian\n")?;
    let layer = Layer::pack(
        &root,
        &workshop.path().join("debian"),
        Packing {
            tar: &LEFT_OUT,
            gzip: true,
        },
    )?;
    make_busybox(&root, workshop.path(), busybox)?;
    oci::write_layout(debian, &[layer], &json!({ "Env": [PATH], "Cmd": ["bash"] }))?;
    phase.done();
    Ok(())
}

/// BusyBox with a link for each of its programs, the two databases that name users, and
/// certificates.
fn make_busybox(debian: &Path, workshop: &Path, layout: &Path) -> Result<()> {
    let program = ["usr/bin/busybox", "bin/busybox"]
        .map(|path| debian.join(path))
        .into_iter()
        .find(|path| path.is_file());
    let program = program.context("the package busybox-static has no /bin/busybox")?;
    let root = workshop.join("busybox-root");
    for directory in ["bin", "etc/ssl/certs", "root", "tmp", "usr/bin", "var"] {
        std::fs::create_dir_all(root.join(directory))?;
    }
    std::fs::set_permissions(root.join("tmp"), std::fs::Permissions::from_mode(0o1777))?;
    std::fs::copy(&program, root.join("bin/busybox"))?;
    for name in output(&mut command(&program, ["--list"]))?
        .lines()
        .filter(|&name| name != "busybox")
    {
        symlink("busybox", root.join("bin").join(name))?;
    }
    symlink("/bin/env", root.join("usr/bin/env"))?;
    std::fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    )?;
    std::fs::write(root.join("etc/group"), "root:x:0:\nnobody:x:65534:\n")?;
    std::fs::copy(
        debian.join("etc/ssl/certs/ca-certificates.crt"),
        root.join("etc/ssl/certs/ca-certificates.crt"),
    )?;
    let packing = Packing {
        tar: &["--owner=0", "--group=0"],
        gzip: true,
    };
    let layer = Layer::pack(&root, &workshop.join("busybox"), packing)?;
    oci::write_layout(layout, &[layer], &json!({ "Env": [PATH], "Cmd": ["sh"] }))?;
    Ok(())
}

/// The Debian archive that this machine's apt uses: behind a company's walls often the only one in
/// reach.
pub(crate) fn archive() -> String {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    let entries = std::fs::read_dir("/etc/apt/sources.list.d")
        .into_iter()
        .flatten()
        .flatten();
    let mut others: Vec<_> = entries.map(|entry| entry.path()).collect();
    others.sort();
    files.append(&mut others);
    let found = files
        .iter()
        .find_map(|file| archive_in(&std::fs::read_to_string(file).ok()?));
    found.unwrap_or_else(|| DEFAULT_ARCHIVE.to_owned())
}

/// The first address in an apt sources file, of either format, that ends in `/debian`: so mirrors
/// name the Debian archive, while Ubuntu's, the security archive and third parties end otherwise.
fn archive_in(sources: &str) -> Option<String> {
    let active = sources
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let mut words = active.flat_map(str::split_whitespace);
    let archive = |word: &str| {
        let word = word.trim_end_matches('/');
        ((word.starts_with("http://") || word.starts_with("https://")) && word.ends_with("/debian"))
            .then(|| word.to_owned())
    };
    words.find_map(archive)
}

/// The proxy that this machine's apt is configured to use, if any.
fn apt_proxy() -> Option<String> {
    let line = output(&mut command(
        "apt-config",
        ["shell", "PROXY", "Acquire::http::Proxy"],
    ))
    .ok()?;
    let value = line.strip_prefix("PROXY=")?.trim_matches('\'');
    (!value.is_empty() && value != "DIRECT").then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::archive_in;

    #[test]
    fn both_formats_of_sources_name_the_archive() {
        let deb822 = "Types: deb\n# http://old.example/debian\nURIs: http://mirror.example/debian/\nSuites: trixie\n";
        assert_eq!(
            archive_in(deb822).as_deref(),
            Some("http://mirror.example/debian")
        );
        let lines = "# deb http://no.example/debian x\ndeb [arch=amd64] https://deb.example/debian bookworm main\n";
        assert_eq!(
            archive_in(lines).as_deref(),
            Some("https://deb.example/debian")
        );
    }

    #[test]
    fn other_archives_are_not_debian() {
        let others = "deb http://archive.example/ubuntu noble main\ndeb http://x.example/debian-security bookworm-security main\n";
        assert_eq!(archive_in(others), None);
    }
}
