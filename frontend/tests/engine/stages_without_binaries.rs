//! Dockerfiles that take no binaries: they are Docker's alone, in a repository of any kind.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::{Build, Engine};
use crate::layout;
use crate::repository::{Repository, files};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// A repository without Go.
fn repository(stages: &str) -> Repository {
    Repository::new(&[
        ("Dockerfile", &format!("{SYNTAX}{stages}")),
        ("README.md", "Nothing of Go.\n"),
    ])
}

fn ours(repository: &Repository) -> Build {
    Engine::main().frontend(&repository.root())
}

fn stock(repository: &Repository) -> Build {
    let dir = repository.root();
    Engine::main().stock(&dir, &dir.join("Dockerfile"))
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn no_go_file_is_needed() {
    let repository = repository("FROM busybox:latest\nCOPY README.md /\n");
    let out = tempfile::tempdir().unwrap();
    let outcome = ours(&repository).files_to(out.path()).succeeds();
    assert_eq!(files(out.path())["README.md"], b"Nothing of Go.\n");
    assert_eq!(outcome.records.programs_ran(), BTreeSet::new());
    repository.write("go.mod", "no mod file\n");
    ours(&repository)
        .args(["--output=type=cacheonly"])
        .succeeds();
}

/// An image that has a config and no files, for several platforms: the daemon of BuildKit 0.34 dies
/// of a ref that is left out of a result.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn images_without_files_have_a_config_for_each_platform() {
    let repository = repository("FROM scratch\nARG TARGETARCH\nENV ARCH=$TARGETARCH\n");
    let build = ours(&repository).args(["--platform=linux/amd64,linux/arm64"]);
    let images = layout::build(build).images();
    let env = |config: &Value| config["config"]["Env"].to_string();
    let said: Vec<String> = images.iter().map(|image| env(&image.config)).collect();
    assert_eq!(said.len(), 2);
    for (arch, env) in ["amd64", "arm64"].iter().zip(&said) {
        assert!(env.contains(&format!("ARCH={arch}")), "{env}");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn any_platform_can_be_built_for() {
    let repository = repository("FROM scratch\nCOPY README.md /\n");
    let build = || ours(&repository).args(["--platform=darwin/ppc64le"]);
    let image = layout::build(build()).image();
    assert_eq!(image.config["architecture"], "ppc64le");
    repository.write(
        "Dockerfile",
        &format!("{SYNTAX}FROM scratch\nCOPY --from=gowork /api /\n"),
    );
    let refused = build().args(["--output=type=cacheonly"]).fails();
    assert!(
        refused
            .text
            .contains("gowork has no binaries for this platform: Go does not compile for it")
            && refused.text.contains(">>> COPY --from=gowork /api /"),
        "{}",
        refused.text
    );
}

/// Docker's frontend warns before it says what is wrong.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn warnings_come_before_errors() {
    let repository = repository("FROM --platform=linux/${MYARCH} busybox:latest\n");
    let refused = ours(&repository).args(["--output=type=cacheonly"]).fails();
    let warnings = refused.records.warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("UndefinedArgInFrom"), "{warnings:?}");
    let expected = stock(&repository).args(["--output=type=cacheonly"]).fails();
    assert_eq!(refused.text.lines().last(), expected.text.lines().last());
}

/// A check that an instruction's comment switches off. Docker's list of stages does not know such
/// comments: the daemon of BuildKit 0.34 dies of it.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn checks_can_be_switched_off_by_comments() {
    let repository = repository("FROM scratch\n# check=skip=SecretsUsedInArgOrEnv\nENV TOKEN=x\n");
    let outcome = ours(&repository)
        .args(["--output=type=cacheonly"])
        .succeeds();
    assert!(outcome.records.warnings.is_empty(), "{outcome:?}");
}

/// The daemon of BuildKit 0.34 dies of such comments if it is asked for the stages as they are.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn stages_are_listed_whatever_comments_say_of_checks() {
    let text = "# check=error=true\nFROM scratch AS first\n# check = skip=all\nENV TOKEN=x\n# last is the last one\nFROM first AS last\n";
    let repository = repository(text);
    let call = |call: &str| ours(&repository).args([call]).succeeds().stdout;
    let targets: Value = serde_json::from_str(&call("--call=targets,format=json")).unwrap();
    let all = targets["targets"].as_array().unwrap();
    let names: Vec<&str> = all
        .iter()
        .filter_map(|target| target["name"].as_str())
        .collect();
    assert_eq!(names, ["first", "last"]);
    assert_eq!(all[1]["description"], "is the last one");
    let source = targets["sources"][0].as_str().unwrap();
    let file = repository.read("Dockerfile");
    assert_eq!(base64(&file), source);
    let outline: Value = serde_json::from_str(&call("--call=outline,format=json")).unwrap();
    assert_eq!(outline["name"], "last");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
