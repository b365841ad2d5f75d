//! Variants of a platform, down to the binary.

use std::path::Path;
use std::process::Command;

use crate::bases::printed;
use crate::engine::Engine;
use crate::layout::{self, Image};
use crate::options::tiny;

/// What `go version -m` says that a binary was built with.
fn settings(binary: &Path) -> Vec<String> {
    let output = Command::new("go")
        .args(["version", "-m"])
        .arg(binary)
        .output()
        .expect("the go command must be on PATH");
    let text = String::from_utf8(output.stdout).unwrap();
    let settings = text.lines().filter_map(|line| line.split_once("\tbuild\t"));
    settings.map(|(_, setting)| setting.to_owned()).collect()
}

/// The level of the processor that the binary of an image is for.
fn level(image: &Image) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &image.files()["usr/local/bin/tiny"]).unwrap();
    let is_level = |setting: &String| {
        ["GOAMD64=", "GOARM64=", "GOARM="]
            .iter()
            .any(|name| setting.starts_with(name))
    };
    let found = settings(file.path()).into_iter().find(is_level);
    found.unwrap_or_default()
}

/// What Go itself reads from binaries for platforms that few build for, all of one build.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn rare_platforms_are_built_for() {
    let tiny = tiny();
    let platforms = [
        ("linux/arm/v5", "GOOS=linux GOARCH=arm GOARM=5"),
        ("linux/riscv64", "GOOS=linux GOARCH=riscv64"),
        ("plan9/386", "GOOS=plan9 GOARCH=386"),
        ("darwin/arm64", "GOOS=darwin GOARCH=arm64"),
        ("js/wasm", ""),
    ];
    let asked = platforms.map(|(platform, _)| platform).join(",");
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&tiny.root())
        .args(["--platform", &asked])
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    for (platform, want) in platforms {
        let file = out.path().join(platform.replace('/', "_")).join("tiny");
        if want.is_empty() {
            let bytes = std::fs::read(&file).unwrap();
            assert!(bytes.starts_with(b"\0asm"), "{platform}");
            continue;
        }
        let settings = settings(&file);
        for setting in want.split(' ') {
            assert!(
                settings.contains(&setting.to_owned()),
                "{platform}: {settings:?}"
            );
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_variant_of_a_platform_is_compiled_for() {
    let tiny = tiny();
    tiny.write("printed.Dockerfile", &printed(&tiny.root()));
    let ours = |platform: &str| {
        layout::build(
            Engine::main()
                .frontend(&tiny.root())
                .args(["--platform", platform]),
        )
        .image()
    };
    let stock = |platform: &str| {
        let build = Engine::main()
            .stock(&tiny.root(), &tiny.root().join("printed.Dockerfile"))
            .target("tiny");
        layout::build(build.args(["--platform", platform])).image()
    };
    for (platform, want) in [
        ("linux/amd64", "GOAMD64=v1"),
        ("linux/amd64/v3", "GOAMD64=v3"),
    ] {
        for image in [ours(platform), stock(platform)] {
            assert_eq!(level(&image), want, "{platform}");
            assert_eq!(
                image.config["variant"].as_str(),
                platform.strip_prefix("linux/amd64/"),
                "{platform}"
            );
        }
    }
    for (platform, want) in [
        ("linux/arm64/v8", "GOARM64=v8.0"),
        ("linux/arm64/v9", "GOARM64=v9.0"),
        ("linux/arm/v6", "GOARM=6"),
    ] {
        assert_eq!(level(&ours(platform)), want, "{platform}");
    }
    tiny.append("Dockerfile", "\n[go]\ngoamd64 = \"v2\"\n");
    assert_eq!(level(&ours("linux/amd64/v3")), "GOAMD64=v2", "configured");
}
