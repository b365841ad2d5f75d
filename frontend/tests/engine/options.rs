//! What the command line of `docker buildx build` says reaches the build.

use serde_json::{Value, json};

use crate::engine::{Engine, Outcome};
use crate::layout::{self, Elf};
use crate::repository::{Repository, files};

/// One program that needs little of std, so that building it for many platforms costs little.
pub(crate) fn tiny() -> Repository {
    let main = "package main\n\nimport \"example.com/tiny/words\"\n\nvar version = \"dev\"\n\nfunc main() { println(words.Hello, version) }\n";
    Repository::new(&[
        ("go.mod", "module example.com/tiny\n\ngo 1.26.0\n"),
        ("main.go", main),
        (
            "words/words.go",
            "// Package words has words.\npackage words\n\nconst Hello = \"hello\"\n",
        ),
    ])
}

fn call(repository: &Repository, what: &[&str]) -> Outcome {
    Engine::main()
        .frontend(&repository.root())
        .args(what)
        .succeeds()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn without_a_target_several_images_are_listed() {
    let shop = Repository::example("shop");
    let text = Engine::main().frontend(&shop.root()).fails().text;
    assert!(
        text.contains("this repository has 4 images: api, orders, web, worker")
            && text.contains("--target"),
        "{text}"
    );
    let text = Engine::main()
        .frontend(&shop.root())
        .target("order")
        .fails()
        .text;
    assert!(
        text.contains("no image is named order; did you mean orders?"),
        "{text}"
    );
    assert!(text.contains("api, orders, web, worker"), "{text}");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn calls_are_answered_without_building() {
    let shop = Repository::example("shop");
    let targets = call(&shop, &["--call=targets,format=json"]);
    let answer: Value = serde_json::from_str(&targets.stdout).unwrap();
    let names: Vec<&str> = answer["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| target["name"].as_str().unwrap())
        .collect();
    let expected = ["api", "orders", "web", "worker", "binaries", "results"];
    assert_eq!(names, expected);
    assert!(
        !targets.records.programs_ran().contains("resolve modules"),
        "{}",
        targets.everything()
    );

    let single = Repository::example("single");
    let outline: Value =
        serde_json::from_str(&call(&single, &["--call=outline,format=json"]).stdout).unwrap();
    assert_eq!(outline["name"], "single");
    assert_eq!(
        (&outline["args"][0]["name"], &outline["args"][0]["value"]),
        (&json!("VERSION"), &json!("dev"))
    );

    let check = call(&shop, &["--check"]);
    assert!(
        check.stdout.contains("Check complete, no warnings found."),
        "{}",
        check.everything()
    );
}

/// Apart from the other calls: buildx refuses two platforms if a Docker has no containerd image store.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn targets_name_the_platforms_asked_for() {
    let shop = Repository::example("shop");
    let platforms = [
        "--platform=linux/amd64,linux/arm64",
        "--call=targets,format=json",
    ];
    let answer: Value = serde_json::from_str(&call(&shop, &platforms).stdout).unwrap();
    let targets = answer["targets"].as_array().unwrap();
    assert!(!targets.is_empty());
    for target in targets {
        assert_eq!(target["platform"], "linux/amd64,linux/arm64", "{target}");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn check_fails_with_what_is_wrong() {
    let tiny = tiny();
    tiny.write(
        "words/words.go",
        "package words\n\nimport _ \"example.com/tiny/missing\"\n",
    );
    let check = Engine::main()
        .frontend(&tiny.root())
        .args(["--check"])
        .fails();
    let said = check.everything();
    assert!(
        said.contains("words/words.go") && said.contains("example.com/tiny/missing"),
        "{said}"
    );
}

/// buildx takes the file of an error by its index, without a look whether there is one.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn check_says_what_is_wrong_with_the_command_line() {
    let tiny = tiny();
    for (arguments, words) in [
        (["--check", "--target=nosuch"], "no image is named nosuch"),
        (["--check", "--platform=linux/foo"], "linux/foo"),
        (
            ["--call=check,format=json", "--target=nosuch"],
            "no image is named nosuch",
        ),
        (
            ["--call=outline", "--target=nosuch"],
            "no image is named nosuch",
        ),
    ] {
        let check = Engine::main()
            .frontend(&tiny.root())
            .args(arguments)
            .fails();
        let said = check.everything();
        assert!(
            said.contains(words) && !said.contains("panic"),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn labels_and_build_args_reach_the_image() {
    let tiny = tiny();
    tiny.append(
        "Dockerfile",
        "\n[runtime]\nenv = { CHANNEL = \"${CHANNEL:-stable}\" }\nlabels = { from = \"file\", both = \"file\" }\n",
    );
    let arguments = [
        "--label",
        "both=command",
        "--label",
        "more=1",
        "--build-arg",
        "CHANNEL=edge",
    ];
    let image = layout::build(Engine::main().frontend(&tiny.root()).args(arguments)).image();
    let config = &image.config["config"];
    assert_eq!(
        config["Labels"],
        json!({"from": "file", "both": "command", "more": "1"})
    );
    assert!(
        config["Env"]
            .as_array()
            .unwrap()
            .contains(&json!("CHANNEL=edge")),
        "{config}"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn several_platforms_come_from_one_cross_compiling_build() {
    let tiny = tiny();
    let build = Engine::main()
        .frontend(&tiny.root())
        .args(["--platform", "linux/amd64,linux/arm64"]);
    let layout = layout::build(build);
    let images = layout.images();
    let found: Vec<_> = images
        .iter()
        .map(|image| {
            let elf = Elf::parse(&image.files()["usr/local/bin/tiny"]);
            (
                image.config["architecture"].as_str().unwrap(),
                elf.machine,
                elf.dynamic,
            )
        })
        .collect();
    assert_eq!(found, [("amd64", 62, false), ("arm64", 183, false)]);
    // Alone it is a plain image, and everything was compiled already.
    let out = tempfile::tempdir().unwrap();
    let alone = Engine::main()
        .frontend(&tiny.root())
        .args(["--platform", "linux/arm64"])
        .files_to(out.path())
        .succeeds();
    assert!(
        alone.records.programs_ran().is_empty(),
        "{}",
        alone.everything()
    );
    assert_eq!(
        Elf::parse(&files(out.path())["usr/local/bin/tiny"]).machine,
        183
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn no_cache_runs_everything_again() {
    let tiny = tiny();
    let build = || {
        Engine::main()
            .frontend(&tiny.root())
            .args(["--output", "type=cacheonly"])
    };
    build().succeeds();
    let cached = build().succeeds();
    assert!(cached.records.ran().is_empty(), "{}", cached.everything());
    let again = build().args(["--no-cache"]).succeeds();
    let ran = again.records.programs_ran();
    for step in ["scan Go sources", "resolve modules", "link tiny"] {
        assert!(
            ran.contains(step),
            "{step} did not run:\n{}",
            again.everything()
        );
    }
    assert!(
        ran.iter().any(|name| name.ends_with("of std")),
        "{}",
        again.everything()
    );
    let filtered = build().args(["--no-cache-filter", "tiny"]).succeeds();
    assert_eq!(
        filtered.records.programs_ran(),
        ["link tiny"].into(),
        "{}",
        filtered.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_dockerignore_excludes_is_not_there() {
    let tiny = tiny();
    tiny.write(".dockerignore", "words\n");
    let text = Engine::main().frontend(&tiny.root()).fails().text;
    assert!(
        text.contains("main.go:3") && text.contains("example.com/tiny/words"),
        "{text}"
    );
    assert!(text.contains(".dockerignore"), "the help names it:\n{text}");
    tiny.write(".dockerignore", "*\n!**/*.go\n!go.mod\n");
    Engine::main()
        .frontend(&tiny.root())
        .args(["--output", "type=cacheonly"])
        .succeeds();
}
