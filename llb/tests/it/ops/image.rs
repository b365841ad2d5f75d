//! Image configs: nothing of a base's config gets lost, and the bytes are stable.

use gowork_llb::image::{Healthcheck, ImageConfig};
use gowork_llb::ops::Platform;
use serde_json::{Value, json};

/// With nulls as Go writes them, Docker's extra fields, and fields nobody knows.
fn base() -> Value {
    json!({
        "architecture": "arm64", "os": "linux", "variant": "v8", "created": "2026-01-02T03:04:05Z",
        "config": {
            "Env": ["PATH=/go/bin:/bin", "LANG="], "Cmd": ["bash"], "Entrypoint": null, "Volumes": null,
            "ExposedPorts": {"80/tcp": {}}, "WorkingDir": "/go", "Labels": null, "OnBuild": ["RUN x"], "Shell": ["/bin/bash", "-c"],
            "StopTimeout": 3, "ArgsEscaped": true, "Hostname": "h", "Unheard": {"Of": [1]},
            "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 30_000_000_000_i64, "New": 1}
        },
        "history": [{"created": "2026-01-02T03:04:05Z", "created_by": "ADD", "odd": true}, {"created_by": "CMD", "empty_layer": true}],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:00"]},
        "moby.buildkit.buildinfo.v1": "abc"
    })
}

fn read(value: &Value) -> ImageConfig {
    ImageConfig::from_json(value.to_string().as_bytes()).unwrap()
}

#[test]
fn keeps_all_of_a_base_but_nulls() {
    let mut want = base();
    for field in ["Entrypoint", "Volumes", "Labels"] {
        want["config"].as_object_mut().unwrap().remove(field);
    }
    let written = read(&base()).to_json().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), want);
    assert_eq!(
        ImageConfig::from_json(&written).unwrap().to_json().unwrap(),
        written,
        "the same bytes again"
    );
}

#[test]
fn overrides_what_is_ours() {
    let mut image = read(&base());
    assert_eq!(
        image.platform().unwrap().to_string(),
        "linux/arm64",
        "v8 is what arm64 means"
    );
    image.set_platform(&Platform::parse("linux/arm/v6").unwrap());
    image.config.set_entrypoint(["/api"]);
    image.config.set_env("PATH", "/bin");
    image.config.set_env("NEW", "a=b");
    image.config.default_path();
    image.config.expose("8080");
    image.config.expose("53/udp");
    image.config.labels.insert("k".to_owned(), "v".to_owned());
    image.config.user = "65532:65532".to_owned();
    image.config.healthcheck = Some(Healthcheck {
        test: vec!["NONE".to_owned()],
        ..Healthcheck::default()
    });
    image.add_history("COPY api", false);
    let written: Value = serde_json::from_slice(&image.to_json().unwrap()).unwrap();
    assert_eq!(written["variant"], "v6");
    let config = &written["config"];
    assert_eq!(config["Entrypoint"], json!(["/api"]));
    assert_eq!((config.get("Cmd"), config.get("ArgsEscaped")), (None, None));
    assert_eq!(config["Env"], json!(["PATH=/bin", "LANG=", "NEW=a=b"]));
    assert_eq!(
        config["ExposedPorts"],
        json!({"53/udp": {}, "80/tcp": {}, "8080/tcp": {}})
    );
    assert_eq!(config["Healthcheck"], json!({"Test": ["NONE"]}));
    assert_eq!(
        (&config["User"], &config["Labels"]),
        (&json!("65532:65532"), &json!({"k": "v"}))
    );
    assert_eq!(
        written["history"][2],
        json!({"created": "2026-01-02T03:04:05Z", "created_by": "COPY api"})
    );
}

#[test]
fn an_empty_image_says_no_more_than_it_must() {
    let mut image = ImageConfig::scratch(&Platform::parse("linux/amd64").unwrap());
    assert_eq!(
        String::from_utf8(image.to_json().unwrap()).unwrap(),
        r#"{"architecture":"amd64","config":{},"os":"linux"}"#
    );
    image.config.default_path();
    assert!(image.config.env("PATH").unwrap().ends_with("/sbin:/bin"));
}

#[test]
fn a_broken_config_is_an_error_with_its_place() {
    let error = ImageConfig::from_json(br#"{"config": {"Env": "A=1"}}"#)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("not an OCI image config") && error.contains("line 1 column"),
        "{error}"
    );
}
