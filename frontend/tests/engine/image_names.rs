//! What images are called and what build-args become, on an engine.

use std::process::Command;

use crate::engine::Engine;
use crate::layout;
use crate::options::tiny;
use crate::repository::{Repository, files};

const MAIN: &str = "package main\n\nvar version string\n\nfunc main() { println(version) }\n";

/// Mains whose binaries cannot all name an image, or a stage of a Dockerfile.
fn odd_names() -> Repository {
    let dirs = [
        "cmd/api",
        "cmd/API",
        "cmd/binaries",
        "cmd/2048",
        "orders/cmd",
        "web/cmd",
    ];
    let mains: Vec<String> = dirs.iter().map(|dir| format!("{dir}/main.go")).collect();
    let mut all: Vec<(&str, &str)> = mains.iter().map(|main| (main.as_str(), MAIN)).collect();
    all.push(("go.mod", "module example.com/odd\n\ngo 1.26.0\n"));
    let repository = Repository::new(&all);
    repository.append(
        "Dockerfile",
        "skip = [\"./wep/...\"]\n[go]\nldflags = \"-s -w -X main.version=${VERSION}\"\n",
    );
    repository
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn every_main_is_built_under_a_name_of_its_own() {
    let odd = odd_names();
    let version = "it's $HOME `id` -s";
    let build = || {
        Engine::main()
            .frontend(&odd.root())
            .args(["--build-arg", &format!("VERSION={version}")])
    };
    let out = tempfile::tempdir().unwrap();
    let all = build()
        .args(["--build-arg", "VERSOIN=1"])
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    let names: Vec<String> = files(out.path()).into_keys().collect();
    assert_eq!(
        names,
        [
            "api",
            "app-2048",
            "app-binaries",
            "cmd-api",
            "orders",
            "web"
        ]
    );
    for name in names {
        let said = Command::new(out.path().join(&name))
            .output()
            .unwrap()
            .stderr;
        assert_eq!(
            String::from_utf8(said).unwrap(),
            format!("{version}\n"),
            "{name}"
        );
    }
    for warning in [
        "build-arg VERSOIN is not used",
        "matches no main package",
        "2 mains would make an image named api",
    ] {
        assert!(
            all.records.warnings.join("\n").contains(warning),
            "{warning}: {}",
            all.everything()
        );
    }
    let image = layout::build(build().target("CMD-API")).image();
    assert_eq!(
        image.config["config"]["Entrypoint"][0],
        "/usr/local/bin/API"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn platforms_that_go_and_docker_call_otherwise() {
    let tiny = tiny();
    let out = tempfile::tempdir().unwrap();
    let build = |platform: &str| {
        Engine::main()
            .frontend(&tiny.root())
            .args(["--platform", platform])
    };
    build("windows/amd64")
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    assert_eq!(
        files(out.path()).into_keys().collect::<Vec<_>>(),
        ["tiny.exe"]
    );
    let image = layout::build(build("windows/amd64")).image();
    assert_eq!(
        image.config["config"]["Entrypoint"][0],
        "/usr/local/bin/tiny.exe"
    );
    assert!(image.files()["usr/local/bin/tiny.exe"].starts_with(b"MZ"));
    for platform in ["wasi/wasm", "wasip1/wasm"] {
        let image = layout::build(build(platform)).image();
        assert_eq!(
            (&image.config["os"], &image.config["architecture"]),
            (&"wasi".into(), &"wasm".into())
        );
        assert!(image.files()["usr/local/bin/tiny"].starts_with(b"\0asm"));
    }
    let said = build("linux/foo").fails().text;
    assert!(said.contains("Go does not compile for linux/foo"), "{said}");
}
