//! The image for linux/arm64, made by `frontend/Dockerfile` on a machine of another kind: one digest
//! on two engines, and programs that run. `cargo xtask arm64` has what they need: Rust's standard
//! library for that processor, and QEMU.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::engine::{EmptyEngine, Engine, variable};
use crate::layout::{self, Elf, Image};
use crate::published::{build_on, of_xtask, rust_with};
use crate::repository::Repository;

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";
/// Where Rust looks for it.
const LIBRARIES: &str = "/usr/local/lib/rustlib/aarch64-unknown-linux-gnu/lib/";

/// An image's programs as files.
struct Programs {
    dir: tempfile::TempDir,
    /// What runs them, if this machine does not.
    qemu: Option<PathBuf>,
}

impl Programs {
    fn of(image: &Image, qemu: Option<PathBuf>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in image.files() {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { dir, qemu }
    }

    /// The words that start one.
    fn words(&self, name: &str) -> Vec<String> {
        let program = self.dir.path().join(name);
        let all = self.qemu.iter().chain([&program]);
        all.map(|path| path.display().to_string()).collect()
    }

    fn run(&self, name: &str, words: &[&str]) -> Output {
        let mut all = self.words(name);
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let mut command = Command::new(&all[0]);
        command.args(&all[1..]).env("GOWORK_REVISION", REVISION);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{all:?}: {said}");
        output
    }
}

/// What a scan says of sources.
fn scanned(programs: &Programs, sources: &Path) -> serde_json::Value {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("scan.json");
    let (sources, to) = (sources.to_str().unwrap(), file.to_str().unwrap());
    programs.run(
        "gowork-frontend",
        &["scan", "--source", sources, "--out", to],
    );
    serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap()
}

/// A program, compiled with results that `gowork-cache` reads in one layer and writes into another.
/// And how many it read.
fn compiled(
    programs: &Programs,
    sources: &Repository,
    [parent, layer]: [&Path; 2],
) -> (Vec<u8>, u32) {
    let cache = programs.words("gowork-cache").join(" ");
    let (parent, layer) = (parent.display(), layer.display());
    let cache = format!("{cache} --stats --parent {parent} --layer {layer}");
    let empty = tempfile::tempdir().unwrap();
    let binary = empty.path().join("binary");
    let output = Command::new("go")
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags=-s -w",
            "-o",
        ])
        .arg(&binary)
        .arg(".")
        .current_dir(sources.root())
        .env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("CGO_ENABLED", "0")
        .env("GOCACHE", empty.path())
        .env("GOCACHEPROG", cache)
        .output()
        .expect("the go command must be on PATH");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.contains(" hits"));
    let line = line.unwrap_or_else(|| panic!("no counts: {said}"));
    let hits = line
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|word| word.parse().ok());
    (std::fs::read(binary).unwrap(), hits.unwrap())
}

#[test]
#[ignore = "builds the image twice, optimized: cargo xtask arm64"]
fn it_has_one_digest_and_its_programs_run() {
    let libraries = PathBuf::from(variable("GOWORK_TEST_RUST_STD"));
    let rust = rust_with(&[("std", &libraries, LIBRARIES)]);
    let build = |engine: &Engine| {
        let build = build_on(engine, &rust, REVISION);
        layout::build(build.args(["--platform=linux/arm64"])).image()
    };
    let image = build(&Engine::main());
    let second = EmptyEngine::start("second-arm64");
    assert_eq!(image.digest, build(&second.engine).digest);
    drop(second);

    assert_eq!(image.config["architecture"], "arm64");
    let expected = Elf {
        machine: 183,
        dynamic: false,
    };
    for (name, bytes) in image.files() {
        assert_eq!(Elf::parse(&bytes), expected, "{name}");
        eprintln!("{name} for linux/arm64: {} bytes", bytes.len());
    }

    let qemu = PathBuf::from(variable("GOWORK_TEST_QEMU"));
    let there = Programs::of(&image, Some(qemu));
    let here = Programs::of(&of_xtask(), None);
    let version = there.run("gowork-frontend", &["--version"]).stdout;
    let version = String::from_utf8(version).unwrap();
    let release = env!("CARGO_PKG_VERSION");
    let expected = format!("gowork-frontend {release} ({}", &REVISION[..7]);
    assert!(version.starts_with(&expected), "{version}");

    let shop = Repository::example("shop");
    let scan = scanned(&there, &shop.root());
    assert_eq!(scan, scanned(&here, &shop.root()));
    assert!(scan.to_string().contains("services/api"));

    // The layer that the one writes is read by the other.
    let single = crate::options::tiny();
    let expected = single.go_build("", ".");
    let layers = tempfile::tempdir().unwrap();
    let [none, first, second] = ["none", "first", "second"].map(|name| layers.path().join(name));
    let (binary, hits) = compiled(&there, &single, [&none, &first]);
    assert!(binary == expected, "{hits} hits");
    let (binary, hits) = compiled(&here, &single, [&first, &second]);
    assert!(binary == expected && hits > 0, "{hits} hits");
}
