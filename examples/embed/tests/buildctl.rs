//! What the example prints is built by BuildKit's own client, and the binary is that of `go build`.
//!
//! Needs an engine: `cargo xtask test`, or the variables of `cargo xtask engine env`.
#![allow(missing_docs, reason = "tests document themselves")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn variable(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_else(|| {
        panic!("{name} is not set: run `cargo xtask test`, or `eval \"$(cargo xtask engine env)\"`")
    })
}

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop")
}

/// The secret with the certificates of a proxy, where the machine has one.
fn secret() -> Vec<OsString> {
    let Some(bundle) = std::env::var_os("GOWORK_TEST_CA") else {
        return Vec::new();
    };
    let mut secret = OsString::from("id=ca,src=");
    secret.push(bundle);
    vec!["--secret".into(), secret]
}

fn succeeds(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{said}");
    output.stdout
}

/// Pushes the frontend under test to the registry of the tests.
fn pushed_frontend(scratch: &Path) -> String {
    let registry = variable("GOWORK_TEST_REGISTRY");
    let name = format!("{}/embed/gowork:1", registry.to_str().unwrap());
    std::fs::write(scratch.join("Dockerfile"), "FROM frontend\n").unwrap();
    let mut context = OsString::from("frontend=oci-layout://");
    context.push(variable("GOWORK_TEST_FRONTEND"));
    succeeds(
        Command::new(variable("GOWORK_TEST_BUILDX"))
            .args(["build", "--provenance=false", "--build-context"])
            .arg(context)
            .arg(format!("--output=type=image,push=true,name={name}"))
            .arg(scratch),
    );
    name
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn its_llb_is_built_by_buildctl() {
    let scratch = tempfile::tempdir().unwrap();
    let frontend = pushed_frontend(scratch.path());
    let llb = succeeds(
        Command::new(env!("CARGO_BIN_EXE_embed"))
            .arg(shop())
            .args(["api", &frontend]),
    );
    let file = scratch.path().join("llb");
    std::fs::write(&file, llb).unwrap();
    let image = scratch.path().join("image");
    succeeds(
        Command::new(variable("GOWORK_TEST_BUILDCTL"))
            .args(["build", "--progress=plain", "--local"])
            .arg(format!("context={}", shop().display()))
            .arg(format!("--output=type=local,dest={}", image.display()))
            .args(secret())
            .stdin(Stdio::from(File::open(&file).unwrap())),
    );
    let local = scratch.path().join("api");
    succeeds(
        Command::new("go")
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"])
            .arg("-o")
            .arg(&local)
            .arg("./cmd/api")
            .env("CGO_ENABLED", "0")
            .current_dir(shop().join("services/api")),
    );
    let built = std::fs::read(image.join("usr/local/bin/api")).unwrap();
    assert!(
        built == std::fs::read(local).unwrap(),
        "not the binary of go build"
    );
}

#[test]
fn it_is_short() {
    let text = include_str!("../src/main.rs");
    let main = text.split("fn main()").nth(1).unwrap();
    let body = main.split("\n}\n").next().unwrap();
    let lines = body.lines().skip(1).filter(|line| !line.trim().is_empty());
    assert!(lines.count() <= 18, "the example is to be read at a glance");
}
