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
