//! `--check` finds what `gowork check` finds, by the same names.

use serde_json::Value;

use crate::engine::{Engine, Outcome};
use crate::repository::Repository;

/// A workspace whose members require different versions. What is vendored needs no network.
fn workspace() -> Repository {
    let member = |name: &str, version: &str| {
        format!("module example.com/{name}\n\ngo 1.26.0\n\nrequire golang.org/x/text {version}\n")
    };
    let main = "package main\n\nfunc main() {}\n";
    Repository::new(&[
        ("go.work", "go 1.26.0\n\nuse (\n\t./api\n\t./web\n)\n"),
        ("api/go.mod", &member("api", "v0.14.0")),
        ("api/main.go", main),
        ("web/go.mod", &member("web", "v0.13.0")),
        ("web/main.go", main),
    ])
}

/// Rule, file and line of every warning.
fn found(repository: &Repository, dockerfile: &str) -> Vec<(String, String, u64)> {
    repository.write("Dockerfile", dockerfile);
    let build = Engine::main().frontend(&repository.root());
    let checked: Outcome = build.args(["--call=check,format=json"]).run();
    let json: Value = serde_json::from_str(&checked.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", checked.everything()));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let warnings = json["warnings"].as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for warning in warnings {
        let source = warning["location"]["sourceIndex"].as_u64().unwrap_or(0);
        let source = &json["sources"][usize::try_from(source).unwrap()];
        let line = &warning["location"]["ranges"][0]["start"]["line"];
        found.push((
            text(&warning["ruleName"]),
            text(&source["filename"]),
            line.as_u64().unwrap_or_default(),
        ));
    }
    found
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn rules_have_the_names_of_the_command_line() {
    let workspace = workspace();
    let syntax = "# syntax=docker.io/gowork/gowork:1\n";
    let expected = |rule: &str, file: &str, line| vec![(rule.to_owned(), file.to_owned(), line)];
    let skew = expected("VersionSkew", "web/go.mod", 5);
    assert_eq!(found(&workspace, syntax), skew);
    let skipped = format!("{syntax}[check]\nskip = [\"VersionSkew\"]\n");
    assert_eq!(found(&workspace, &skipped), []);
    let latest = format!("{skipped}[runtime]\nbase = \"alpine\"\n");
    let unpinned = expected("UnpinnedImage", "Dockerfile", 5);
    assert_eq!(found(&workspace, &latest), unpinned);
    // Of a Dockerfile with stages, the settings are in a file of their own.
    let stages = format!("{syntax}FROM scratch\nCOPY --from=gowork /web /\n");
    assert_eq!(found(&workspace, &stages), skew);
    workspace.write("gowork.toml", "[check]\nskip = [\"VersionSkew\"]\n");
    assert_eq!(found(&workspace, &stages), []);
}

/// The names of rules, with what a build of the image says afterwards.
fn found_and_said(repository: &Repository, dockerfile: &str) -> (Vec<String>, String) {
    let found = found(repository, dockerfile);
    let build = Engine::main().frontend(&repository.root());
    let failed = build.args(["--output=type=cacheonly"]).fails();
    let names = found.into_iter().map(|(rule, ..)| rule);
    (names.collect(), failed.everything())
}

/// What a check says before is what a build fails with.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_stops_a_build_is_found_before() {
    let syntax = "# syntax=docker.io/gowork/gowork:1\n";
    let newer = Repository::new(&[
        ("go.mod", "module example.com/app\n\ngo 1.99\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
    ]);
    let (rules, said) = found_and_said(&newer, &format!("{syntax}[go]\nversion = \"1.26\"\n"));
    assert_eq!(rules, ["ToolchainSkew"]);
    assert!(said.contains("requires go >= 1.99"), "{said}");
    let with_c = Repository::new(&[
        ("go.mod", "module example.com/app\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nfunc main() { println(C.one()) }\n",
        ),
    ]);
    let (rules, said) = found_and_said(&with_c, &format!("{syntax}[go]\ncgo = true\n"));
    assert_eq!(rules, ["CgoOnScratch"]);
    assert!(said.contains("image app cannot run: cgo links"), "{said}");
}
