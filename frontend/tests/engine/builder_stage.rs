//! A stage of the Dockerfile as the image that Go runs in.

use std::collections::BTreeSet;

use crate::engine::{Engine, Outcome};
use crate::repository::{Repository, files, unique};

/// A program with C that includes a header which only the stage has.
fn repository(run: &str) -> Repository {
    Repository::new(&[
        ("Dockerfile", &dockerfile(run)),
        (
            "gowork.toml",
            "[go]\ncgo = true\nbuilder = \"stage:tools\"\n",
        ),
        ("go.mod", "module example.com/answer\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\n// #include <answer.h>\nimport \"C\"\n\nfunc main() { println(C.ANSWER) }\n",
        ),
    ])
}

fn dockerfile(run: &str) -> String {
    format!(
        "# syntax=docker.io/gowork/gowork:1\nFROM golang:1.26 AS tools\n{run}\nFROM scratch\nCOPY --from=gowork /answer /\n"
    )
}

fn header(answer: &str) -> String {
    format!("RUN echo '#define ANSWER {answer}' > /usr/local/include/answer.h")
}

fn cached(repository: &Repository) -> Outcome {
    Engine::main()
        .frontend(&repository.root())
        .args(["--output=type=cacheonly"])
        .succeeds()
}

/// The Go steps that ran.
fn go_steps(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.records.ran().into_iter();
    ran.filter(|name| name.starts_with("compile ") || name.starts_with("link "))
        .collect()
}

/// The binary that Docker alone builds in the same stage.
fn stock(repository: &Repository, answer: &str) -> Vec<u8> {
    repository.write(
        "stock",
        &format!(
            "FROM golang:1.26 AS build\n{}\nWORKDIR /src\nCOPY . .\n\
             RUN CGO_ENABLED=1 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/answer .\n\
             FROM scratch\nCOPY --from=build /out /\n",
            header(answer)
        ),
    );
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .stock(&repository.root(), &repository.root().join("stock"))
        .files_to(out.path())
        .succeeds();
    files(out.path()).remove("answer").unwrap()
}

fn ours(repository: &Repository) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .files_to(out.path())
        .succeeds();
    files(out.path()).remove("answer").unwrap()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_stage_has_what_the_c_compiler_needs() {
    let digits: String = unique().chars().filter(char::is_ascii_digit).collect();
    let answer = format!("1{}", &digits[digits.len().saturating_sub(6)..]);
    let repository = repository(&header(&answer));
    assert!(
        ours(&repository) == stock(&repository, &answer),
        "not what go build makes"
    );
    repository.append("main.go", "\nfunc init() { println(\"edited\") }\n");
    let edited = cached(&repository);
    assert_eq!(
        go_steps(&edited),
        BTreeSet::from(["link answer"]),
        "{}",
        edited.everything()
    );
    // The keys of the go command hold no headers of the system.
    let other = format!("{answer}1");
    repository.write("Dockerfile", &dockerfile(&header(&other)));
    assert!(
        ours(&repository) == stock(&repository, &other),
        "the old header was used"
    );
}

/// The same without a Dockerfile: the stage is a table of the configuration.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_table_of_the_configuration_is_a_stage() {
    let answer = "1234567";
    let repository = repository("");
    let run = header("$ANSWER").replace('\'', "\"");
    let text = format!("FROM golang:1.26\nARG ANSWER\n{run}\n");
    let config = |stage: &str| {
        format!(
            "# syntax=docker.io/gowork/gowork:1\n[go]\ncgo = true\nbuilder = \"stage:tools\"\n\n[runtime]\nbase = \"debian:bookworm-slim\"\n\n[stages.tools]\nargs = {{ ANSWER = \"{answer}\" }}\n{stage}"
        )
    };
    std::fs::remove_file(repository.root().join("gowork.toml")).unwrap();
    let expected = stock(&repository, answer);
    let made = |repository: &Repository| {
        let out = tempfile::tempdir().unwrap();
        Engine::main()
            .frontend(&repository.root())
            .target("binaries")
            .files_to(out.path())
            .succeeds();
        files(out.path()).remove("answer").unwrap()
    };
    let by_text = config(&format!("dockerfile = '''\n{text}'''\n"));
    repository.write("Dockerfile", &by_text);
    assert!(made(&repository) == expected, "by its text");
    repository.write("tools.Dockerfile", &text);
    repository.write("Dockerfile", &config("dockerfile = \"tools.Dockerfile\"\n"));
    assert!(made(&repository) == expected, "by its path");
}
