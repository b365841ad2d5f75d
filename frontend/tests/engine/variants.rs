//! Variants of a platform, down to the binary.

use std::process::Command;

use crate::bases::printed;
use crate::engine::Engine;
use crate::layout::{self, Image};
use crate::options::tiny;

/// What `go version -m` says of the binary of an image.
fn level(image: &Image) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &image.files()["usr/local/bin/tiny"]).unwrap();
    let output = Command::new("go")
        .args(["version", "-m"])
        .arg(file.path())
        .output()
        .expect("the go command must be on PATH");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut settings = text
        .lines()
        .filter_map(|line| line.split_once("\tbuild\t"))
        .map(|(_, setting)| setting);
    let is_level = |setting: &&str| {
        ["GOAMD64=", "GOARM64=", "GOARM="]
            .iter()
            .any(|name| setting.starts_with(name))
    };
    settings.find(is_level).unwrap_or_default().to_owned()
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
