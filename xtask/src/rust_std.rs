//! Rust's standard library for linux/arm64: the toolchain's own, or one that is built from Debian's
//! package of its sources, where Rust's server is out of reach.

use crate::base::debian_archive;
use crate::command::{cargo, command, find_program, output, run};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

const TRIPLE: &str = "aarch64-unknown-linux-gnu";
/// The suite of Debian that keeps several releases of the sources.
const SUITE: &str = "trixie-backports";
const PACKAGE: &str = "rust-src";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The directory with the libraries, made first if it is missing.
///
/// # Errors
/// If the toolchain has none, and none could be built from Debian's sources of this release.
pub(crate) fn ensure(state: &State) -> Result<PathBuf> {
    let words = ["--print=target-libdir", "--target", TRIPLE];
    let of_toolchain = PathBuf::from(output(&mut command("rustc", words))?);
    if of_toolchain.is_dir() {
        return Ok(of_toolchain);
    }
    let release = release()?;
    let _lock = state.lock("rust-std")?;
    let directory = state.path(&format!("tools/rust-std-{release}-{TRIPLE}"));
    if !directory.exists() {
        build(state, &release, &directory).with_context(|| {
            format!(
                "Rust has no standard library for {TRIPLE}, and none could be built from Debian's sources: run `rustup target add {TRIPLE}`"
            )
        })?;
    }
    Ok(directory)
}

/// The compiler's release, which reads libraries of no other.
fn release() -> Result<String> {
    let text = output(&mut command("rustc", ["-vV"]))?;
    let found = text.lines().find_map(|line| line.strip_prefix("release: "));
    let release = found.context("`rustc -vV` does not say its release")?;
    Ok(release.to_owned())
}

fn build(state: &State, release: &str, directory: &Path) -> Result<()> {
    let parent = directory.parent().context("the directory has no parent")?;
    std::fs::create_dir_all(parent)?;
    let workshop = tempfile::Builder::new()
        .prefix("building-")
        .tempdir_in(parent)?;
    let sources = fetch(release, workshop.path())?;
    let phase = Phase::start(&format!(
        "building Rust's standard library for {TRIPLE} (about 60 s)"
    ));
    let target = workshop.path().join("target");
    // The workshop has another name each time. As rustc's own build does it, these crates are of the
    // compiler: others may not use what is unstable in them.
    let flags = [
        &format!("--remap-path-prefix={}=/rust", sources.display()),
        "-Zforce-unstable-if-unmarked",
    ]
    .join("\u{1f}");
    // The profile of Rust's releases. The shared library, which a static program does not need, would
    // take a linker for that processor.
    let words = ["rustc", "--locked", "--profile=dist", "--target", TRIPLE];
    let mut cargo = cargo(state);
    cargo
        .args(words)
        .current_dir(sources.join("library"))
        .args(["--package=std", "--crate-type=rlib"])
        .arg("--features=panic-unwind,backtrace")
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_DEFAULT_LIB_METADATA", "stable")
        .env("CARGO_ENCODED_RUSTFLAGS", flags);
    run(&mut cargo)?;
    let staging = workshop.path().join("lib");
    std::fs::create_dir(&staging)?;
    for entry in std::fs::read_dir(target.join(TRIPLE).join("dist/deps"))? {
        let library = entry?;
        if Path::new(&library.file_name()).extension() == Some("rlib".as_ref()) {
            std::fs::copy(library.path(), staging.join(library.file_name()))?;
        }
    }
    std::fs::rename(&staging, directory)
        .with_context(|| format!("cannot write {}", directory.display()))?;
    phase.done();
    Ok(())
}

/// The sources of this release, from Debian's archive by apt, which checks their signature. Lists
/// and packages lie apart from those of the machine.
fn fetch(release: &str, workshop: &Path) -> Result<PathBuf> {
    if find_program("apt-get").is_none() {
        bail!("without apt-get, no sources of it can be had");
    }
    let phase = Phase::start(&format!("fetching the sources of Rust {release}"));
    let apt = workshop.join("apt");
    for name in ["lists/partial", "cache/archives/partial"] {
        std::fs::create_dir_all(apt.join(name))?;
    }
    let source = format!(
        "deb [signed-by={KEYRING}] {} {SUITE} main\n",
        debian_archive()
    );
    std::fs::write(apt.join("sources.list"), source)?;
    let place = |name: &str, path: &str| format!("-o{name}={}", apt.join(path).display());
    let options = [
        place("Dir::Etc::sourcelist", "sources.list"),
        "-oDir::Etc::sourceparts=-".to_owned(),
        place("Dir::State::lists", "lists"),
        place("Dir::Cache", "cache"),
        // apt's own user cannot write here.
        "-oAPT::Sandbox::User=root".to_owned(),
    ];
    let tool = |program: &str, words: &[&str]| {
        let mut tool = command(program, words);
        tool.args(&options).current_dir(&apt);
        tool
    };
    run(&mut tool("apt-get", &["update"]))?;
    let versions = output(&mut tool("apt-cache", &["madison", PACKAGE]))?;
    let mut versions = versions.lines().filter_map(|line| line.split('|').nth(1));
    let wanted = format!("{release}+");
    let version = versions
        .find(|version| version.trim().starts_with(&wanted))
        .with_context(|| format!("Debian's {SUITE} has no {PACKAGE} of Rust {release}"))?;
    let package = format!("{PACKAGE}={}", version.trim());
    run(&mut tool("apt-get", &["download", &package]))?;
    let downloaded = std::fs::read_dir(&apt)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("apt-get has downloaded no package")?;
    let root = workshop.join("sources");
    run(command("dpkg-deb", ["--extract"])
        .arg(downloaded)
        .arg(&root))?;
    phase.done();
    Ok(root.join(format!("usr/src/rustc-{release}")))
}
