//! Images that are built upon stages, or take files from them.

use std::collections::BTreeMap;

use expect_test::expect;
use gowork_llb::lower::{self, ConfigInput, DockerfileOptions};
use gowork_llb::ops::Platform;
use serde_json::{Value, json};

use super::dockerfile::text;
use super::{Made, make};

const MAIN: &str = "\n-- go.mod --\nmodule example.com/api\n\ngo 1.26\n-- main.go --\npackage main\nfunc main() {}\n";

fn api(config: &str) -> Made {
    make(MAIN, config, &BTreeMap::new())
}

/// The lines of the image's stage in the printed Dockerfile, or the error.
fn printed(config: &str) -> String {
    match text(&api(config), &["amd64"], &DockerfileOptions::default()) {
        Ok(text) => {
            let start = text.find(" AS api\n").unwrap();
            let start = text[..start].rfind('\n').unwrap() + 1;
            text[start..].to_owned()
        }
        Err(error) => error + "\n",
    }
}

/// The config of the image over a base with this config.
fn config_over(config: &str, base: &Value) -> Value {
    let plan = api(config).plan("amd64");
    let base = serde_json::to_vec(base).unwrap();
    let input = ConfigInput {
        platform: &Platform::parse("linux/amd64").unwrap(),
        base: Some(&base),
        labels: &BTreeMap::new(),
        created: None,
    };
    let made = lower::image_config(&plan.images[0], input).unwrap();
    let made: Value = serde_json::from_slice(&made).unwrap();
    made["config"].clone()
}

#[test]
fn the_printed_dockerfile_starts_from_the_stage() {
    expect![[r#"
        FROM os AS api
        COPY --from=build-api /out/api /usr/local/bin/api
        ENTRYPOINT ["tini", "api"]
    "#]]
    .assert_eq(&printed(
        "[runtime]\nbase = \"stage:os\"\nentrypoint = [\"tini\", \"api\"]\n",
    ));
    expect![[r#"
        gowork.toml:2:8: image api has the entrypoint of the stage os if that has one, and else its binary: a Dockerfile cannot say that (write entrypoint = ["/usr/local/bin/api"], or what the stage has)
    "#]]
    .assert_eq(&printed("[runtime]\nbase = \"stage:os\"\n"));
    expect![[r#"
        gowork.toml:2:8: the printed Dockerfile has a stage of its own called deps (give the context another name)
    "#]]
    .assert_eq(&printed(
        "[runtime]\nbase = \"stage:deps\"\nentrypoint = [\"x\"]\n",
    ));
}

#[test]
fn an_image_has_what_its_stage_says_unless_it_is_set() {
    let base = json!({
        "architecture": "amd64", "os": "linux",
        "config": {"User": "app", "Env": ["PATH=/bin"], "Entrypoint": ["tini"], "Cmd": ["x"], "WorkingDir": "/data"},
    });
    let of_stage = "[runtime]\nbase = \"stage:os\"\n";
    assert_eq!(config_over(of_stage, &base), base["config"]);
    let made = config_over(&format!("{of_stage}cmd = [\"y\"]\nuser = \"5\"\n"), &base);
    assert_eq!(
        (&made["User"], &made["Entrypoint"], &made["Cmd"]),
        (&json!("5"), &json!(["tini"]), &json!(["y"]))
    );
    let made = config_over(&format!("{of_stage}entrypoint = [\"y\"]\n"), &base);
    assert_eq!(
        (&made["Entrypoint"], &made["Cmd"]),
        (&json!(["y"]), &Value::Null)
    );
    // The arguments of a stage without an entrypoint are those of a shell, more likely than not.
    let shell = json!({"config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]}});
    let made = config_over(of_stage, &shell);
    assert_eq!(
        (&made["Entrypoint"], &made["Cmd"], &made["User"]),
        (&json!(["/usr/local/bin/api"]), &Value::Null, &Value::Null)
    );
    let of_image = config_over("[runtime]\nbase = \"os\"\n", &base);
    assert_eq!(
        (&of_image["Entrypoint"], &of_image["User"]),
        (&json!(["/usr/local/bin/api"]), &json!("65532:65532"))
    );
}
