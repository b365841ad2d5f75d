//! Tools of go.mod in an ordinary Dockerfile: `COPY --from=gowork /lint`.

use std::collections::BTreeSet;

use crate::engine::{Build, Engine, Outcome};
use crate::repository::{Repository, files, unique};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

const LINT: &str = "third.party/lint/cmd/lint";

/// A service and two tools, in a vendor directory: no network is needed.
fn repository(stages: &str) -> Repository {
    let main = |word: &str| format!("package main\n\nfunc main() {{ println({word:?}) }}\n");
    Repository::new(&[
        ("Dockerfile", &format!("{SYNTAX}{stages}")),
        (
            "go.mod",
            "module example.com/tooled\n\ngo 1.26.0\n\ntool third.party/lint/cmd/lint\n\ntool third.party/other/cmd/api\n\nrequire third.party v1.0.0\n",
        ),
        (
            "vendor/modules.txt",
            "# third.party v1.0.0\n## explicit; go 1.26\nthird.party/lint/cmd/lint\nthird.party/other/cmd/api\n",
        ),
        ("vendor/third.party/lint/cmd/lint/main.go", &main(&unique())),
        ("vendor/third.party/other/cmd/api/main.go", &main("other")),
        ("cmd/api/main.go", &main(&unique())),
    ])
}

fn build(repository: &Repository) -> Build {
    Engine::main().frontend(&repository.root())
}

fn links(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.records.ran().into_iter();
    ran.filter(|name| name.starts_with("link ")).collect()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn only_tools_that_are_named_are_built() {
    // A pattern takes no tool by itself, and a name means the image.
    let repository = repository("FROM scratch\nCOPY --from=gowork /a* /\n");
    let cached = || {
        build(&repository)
            .args(["--output=type=cacheonly"])
            .succeeds()
    };
    assert_eq!(links(&cached()), BTreeSet::from(["link api"]));
    repository.write(
        "Dockerfile",
        &format!("{SYNTAX}FROM scratch AS a\nCOPY --from=gowork /api /\nFROM a\nCOPY --from=gowork /lint /bin/\n"),
    );
    let out = tempfile::tempdir().unwrap();
    let outcome = build(&repository).files_to(out.path()).succeeds();
    assert_eq!(
        links(&outcome),
        BTreeSet::from(["link lint"]),
        "{}",
        outcome.everything()
    );
    assert!(outcome.records.warnings.is_empty(), "{outcome:?}");
    let made = files(out.path());
    assert!(made["api"] == repository.go_build("", "./cmd/api"));
    assert!(made["bin/lint"] == repository.go_build("", LINT));
    // An edit of the service builds no tool.
    repository.append("cmd/api/main.go", "\nfunc init() { println(1) }\n");
    let edited = cached();
    assert_eq!(
        links(&edited),
        BTreeSet::from(["link api"]),
        "{}",
        edited.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_name_that_no_tool_has_is_an_error() {
    let repository = repository("FROM scratch\nCOPY --from=gowork /lnt /\n");
    let said = build(&repository).fails().text;
    assert!(
        said.contains("Dockerfile:3: gowork has no /lnt; did you mean /lint?")
            && said.contains("the binaries are /api; the tools are /api, /lint")
            && said.contains(">>> COPY --from=gowork /lnt /"),
        "{said}"
    );
    // Several tools of one name.
    repository.write(
        "Dockerfile",
        &format!("{SYNTAX}FROM scratch\nCOPY --from=gowork /lint /\n"),
    );
    let mod_file = repository
        .read("go.mod")
        .replace("other/cmd/api", "other/cmd/lint");
    repository.write("go.mod", &mod_file);
    let said = build(&repository).fails().text;
    assert!(
        said.contains(
            "Dockerfile:3: several tools are called lint: third.party/lint/cmd/lint of ."
        ),
        "{said}"
    );
}
