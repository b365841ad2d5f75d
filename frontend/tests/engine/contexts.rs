//! Files from elsewhere than a directory: an archive, named contexts.

use std::process::Command;

use crate::engine::Engine;
use crate::options::tiny;
use crate::repository::files;

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_archive_builds_to_the_same_binary_as_its_directory() {
    let tiny = tiny();
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&tiny.root())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    let from_directory = files(out.path());
    assert!(from_directory.contains_key("tiny"));
    let archive = tempfile::NamedTempFile::new().unwrap();
    let tar = Command::new("tar")
        .arg("-czf")
        .arg(archive.path())
        .arg("-C")
        .arg(tiny.root())
        .arg(".")
        .status();
    assert!(tar.expect("tar must be on PATH").success());
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .archive(archive.path())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    assert_eq!(files(out.path()), from_directory);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_named_context_stands_in_for_an_image() {
    let tiny = tiny();
    tiny.append(
        "Dockerfile",
        "\n[go]\nbuilder = \"registry.invalid/our/go\"\n\n[runtime]\nbase = \"our-base\"\n",
    );
    let out = tempfile::tempdir().unwrap();
    let build = Engine::main().frontend(&tiny.root()).files_to(out.path());
    let contexts = [
        "registry.invalid/our/go=docker-image://golang:1.26",
        "our-base=docker-image://busybox:latest",
    ];
    build
        .args(
            contexts
                .iter()
                .flat_map(|context| ["--build-context", context]),
        )
        .succeeds();
    let inside = files(out.path());
    assert!(
        inside.contains_key("usr/local/bin/tiny") && inside.contains_key("bin/busybox"),
        "{:?}",
        inside.keys()
    );
}

/// A named context may be a directory of files.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_directory_can_be_the_base_image() {
    let tiny = tiny();
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join("hello.txt"), "hello\n").unwrap();
    tiny.append("Dockerfile", "\n[runtime]\nbase = \"our-base\"\n");
    let out = tempfile::tempdir().unwrap();
    let context = format!("our-base={}", base.path().display());
    Engine::main()
        .frontend(&tiny.root())
        .args(["--build-context", &context])
        .files_to(out.path())
        .succeeds();
    assert_eq!(files(out.path())["hello.txt"], b"hello\n");
}
