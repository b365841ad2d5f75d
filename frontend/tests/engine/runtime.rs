//! What `[runtime]` says about an image, upon a base image.

use serde_json::json;

use crate::engine::Engine;
use crate::layout;
use crate::options::tiny;

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_base_image_gets_the_binary_files_and_settings() {
    let tiny = tiny();
    tiny.write("etc/motd", "welcome\n");
    tiny.append(
        "Dockerfile",
        r#"
[runtime]
base = "alpine:3.22"
user = "1000:1000"
certificates = true
env = { MODE = "${MODE:-calm}" }
ports = [8080, "5353/udp"]
workdir = "/srv"
cmd = ["-v"]
stop_signal = "SIGINT"
volumes = ["/data"]
healthcheck = { cmd = ["/usr/local/bin/tiny"], interval = "10s", retries = 3 }
files = [{ from = "etc", to = "/etc/tiny", mode = "0640", owner = "1000:1000" }]
"#,
    );
    let image = layout::build(Engine::main().frontend(&tiny.root())).image();
    let config = &image.config["config"];
    let expected = [
        ("User", json!("1000:1000")),
        ("Entrypoint", json!(["/usr/local/bin/tiny"])),
        ("Cmd", json!(["-v"])),
        ("WorkingDir", json!("/srv")),
        ("ExposedPorts", json!({"8080/tcp": {}, "5353/udp": {}})),
        ("Volumes", json!({"/data": {}})),
        ("StopSignal", json!("SIGINT")),
        (
            "Healthcheck",
            json!({"Test": ["CMD", "/usr/local/bin/tiny"], "Interval": 10_000_000_000_u64, "Retries": 3}),
        ),
    ];
    for (key, value) in expected {
        assert_eq!(config[key], value, "{key} in {config}");
    }
    assert!(
        config["Env"]
            .as_array()
            .unwrap()
            .contains(&json!("MODE=calm")),
        "{config}"
    );
    let inside = image.files();
    assert_eq!(inside["etc/tiny/motd"], b"welcome\n");
    assert!(inside.contains_key("bin/busybox") && inside.contains_key("usr/local/bin/tiny"));
    assert!(
        inside["etc/ssl/certs/ca-certificates.crt"].starts_with(b"-----BEGIN")
            || !inside["etc/ssl/certs/ca-certificates.crt"].is_empty()
    );
    let listing = image.listing();
    let motd = listing
        .lines()
        .find(|line| line.ends_with("etc/tiny/motd"))
        .expect("it is in a layer");
    assert!(
        motd.starts_with("-rw-r-----") && motd.contains(" 1000/1000 "),
        "{motd}"
    );
}

/// Those of the configuration are in the manifest; those of the command line are at every level.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn annotations_of_every_level() {
    let program = tiny();
    let annotations = "\n[runtime]\nannotations = { \"example.of\" = \"${OF:-all}\" }\n";
    program.append("Dockerfile", annotations);
    program.append(
        "Dockerfile",
        "[images.tiny.annotations]\n\"example.own\" = \"a b=c\"\n",
    );
    let build = || Engine::main().frontend(&program.root());
    let alone = layout::build(build()).image();
    let expected = json!({ "example.of": "all", "example.own": "a b=c" });
    assert_eq!(alone.manifest["annotations"], expected);
    let given = [
        "--annotation=example.given=1",
        "--annotation=index:example.index=2",
        "--annotation=manifest[linux/arm64]:example.of=arm64",
        "--platform=linux/amd64,linux/arm64",
        "--build-arg=OF=some",
    ];
    let layout = layout::build(build().args(given));
    let images = layout.images();
    let of: Vec<&serde_json::Value> = images
        .iter()
        .map(|image| &image.manifest["annotations"]["example.of"])
        .collect();
    assert_eq!(of, ["some", "arm64"]);
    for image in &images {
        assert_eq!(image.manifest["annotations"]["example.given"], "1");
    }
    let index = std::fs::read(layout.path().join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let of_platforms = layout.blob(&index["manifests"][0]);
    assert_eq!(of_platforms["annotations"]["example.index"], "2");
}
