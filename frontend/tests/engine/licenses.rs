//! `[licenses]`: builds of images with modules that are not allowed fail before they compile.

use crate::engine::Engine;
use crate::repository::Repository;
use crate::stages;

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_must_have_allowed_licences() {
    let single = Repository::example("single");
    let build = |allow: &str, target: &str| {
        single.write(
            "Dockerfile",
            &format!("{SYNTAX}[licenses]\nallow = [{allow}]\n"),
        );
        let build = Engine::main().frontend(&single.root()).target(target);
        build.args(["--output=type=cacheonly"])
    };
    for target in ["single", "binaries"] {
        let failed = build("\"BSD-3-Clause\"", target).fails();
        for part in [
            "Dockerfile:3",
            "github.com/fatih/color v1.",
            "has the licence MIT, which is not allowed",
            "imports it by ",
            " -> github.com/fatih/color",
        ] {
            assert!(failed.text.contains(part), "{part}: {}", failed.text);
        }
        let ran = failed.records.programs_ran();
        assert!(!ran.iter().any(|step| step.starts_with("link ")), "{ran:?}");
        build("\"BSD-3-Clause\", \"MIT\"", target).succeeds();
    }
}

/// Of the binaries that stages take, the modules count as well.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn so_must_those_of_stages() {
    let programs = stages::programs(stages::IMAGE);
    programs.write("gowork.toml", "[licenses]\nallow = [\"MIT\"]\n");
    let failed = stages::build(&programs).fails();
    let text = &failed.text;
    assert!(
        text.contains("std has the licence BSD-3-Clause, which is not allowed")
            && text.contains("it is in api, migrate"),
        "{text}"
    );
    programs.write("gowork.toml", "[licenses]\nallow = [\"BSD-3-Clause\"]\n");
    stages::build(&programs)
        .args(["--output=type=cacheonly"])
        .succeeds();
}
