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
