//! What commands print when all is well.

use expect_test::expect;

use crate::support::{Repository, SMALL};

#[test]
fn list() {
    let repository = Repository::new(SMALL);
    repository.write("old/go.mod", "module example.com/old\n");
    repository.write(
        "gowork.toml",
        "[images.worker]\nmain = \"./job\"\nbinary = \"run\"\n",
    );
    expect![[r#"
        --- stdout
        IMAGE   MAIN   MODULE           BINARY  MADE OF                  WHY
        api     ./api  example.com/api  api     2 packages of 2 modules  package main
        worker  ./job  example.com/job  run     2 packages of 2 modules  gowork.toml:2:8

        Not built, since go.work does not use these modules: ./old
        exit 0
    "#]]
    .assert_eq(&repository.run("list --platform linux/arm64").to_string());
}

#[test]
fn plan() {
    expect![[r#"
        --- stdout
        2 images on linux/amd64, built with golang:1.26
        (coarse: without --resolve gowork asks no go command, so all packages from outside are one step)

        steps
          deps      compiles 1 package
          link:api  links example.com/api; reads 2 source files; after deps
          link:job  links example.com/job; reads 2 source files; after deps

        images
          api: api of link:api on scratch with certificates and time zones, user 65532:65532
          job: job of link:job on scratch with certificates and time zones, user 65532:65532
        exit 0
    "#]]
    .assert_eq(&Repository::new(SMALL).run("plan --platform linux/amd64").to_string());
}

/// With the go command: the repository needs nothing but std, so no network either.
#[test]
fn plan_that_asks_go() {
    let repository = Repository::new(SMALL);
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport \"errors\"\n\nfunc Run() { _ = errors.New(\"\") }\n",
    );
    let said = repository.run("plan --resolve --platform linux/amd64");
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let steps: Vec<&str> = said
        .out
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(';') || line.starts_with("resolve"))
        .collect();
    expect![[r#"
        resolve               asks for 2 import paths
        unit:example.com/lib  compiles 1 package; reads 1 source file; after std
        link:api              links example.com/api; reads 2 source files; after unit:example.com/lib
        link:job              links example.com/job; reads 2 source files; after unit:example.com/lib
    "#]]
    .assert_eq(&(steps.join("\n") + "\n"));
}

#[test]
fn graph_of_one_image() {
    expect![[r#"
        --- stdout
        flowchart LR
          subgraph c0["example.com/api"]
            n0([". (main)<br>image api"]):::main
          end
          subgraph c1["example.com/lib"]
            n1([". (lib)"]):::own
          end
          n0 --> n1
          classDef main fill:#dcfce7,stroke:#15803d,color:#111827
          classDef own fill:#ffffff,stroke:#6b7280,color:#111827
        exit 0
    "#]]
    .assert_eq(&Repository::new(SMALL).run("graph api").to_string());
}

#[test]
fn graph_of_steps() {
    expect![[r##"
        --- stdout
        digraph {
          rankdir=LR
          graph [fontname="Helvetica", fontsize=11, ranksep=0.6, nodesep=0.15]
          node [fontname="Helvetica", fontsize=11, shape=box, style="rounded,filled", height=0.3, margin="0.12,0.05"]
          edge [color="#9ca3af", arrowsize=0.6]
          n0 [label="compile std and third-party packages", fillcolor="#f3f4f6", color="#9ca3af"]
          n1 [label="link api", fillcolor="#dcfce7", color="#15803d"]
          n2 [label="link job", fillcolor="#dcfce7", color="#15803d"]
          n3 [label="image api", fillcolor="#dbeafe", color="#1d4ed8"]
          n4 [label="image job", fillcolor="#dbeafe", color="#1d4ed8"]
          n1 -> n0
          n2 -> n0
          n3 -> n1
          n4 -> n2
        }
        exit 0
    "##]]
    .assert_eq(&Repository::new(SMALL).run("graph --of steps --format dot").to_string());
}

#[test]
fn check() {
    expect![[r#"
        --- stderr
        2 images on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]]
    .assert_eq(&Repository::new(SMALL).run("check").to_string());
}

#[test]
fn another_directory_and_configuration() {
    let repository = Repository::new(SMALL);
    repository.write("repo/go.mod", "module example.com/solo\n\ngo 1.26\n");
    repository.write("repo/main.go", "package main\n\nfunc main() {}\n");
    repository.write("ci/images.toml", "[images.one]\nmain = \".\"\n");
    expect![[r#"
        --- stdout
        IMAGE  MAIN  MODULE            BINARY  MADE OF                WHY
        one    .     example.com/solo  solo    1 package of 1 module  ci/images.toml:2:8
        exit 0
    "#]]
    .assert_eq(&repository.run("list -C repo -f ci/images.toml").to_string());
}

#[test]
fn a_dockerfile_of_instructions_is_no_configuration() {
    let repository = Repository::new(SMALL);
    repository.write("Dockerfile", "# syntax=docker/dockerfile:1\nFROM scratch\n");
    assert_eq!(repository.run("check").code, 0);
    repository.write(
        "Dockerfile",
        "# syntax=docker.io/someone/gowork:1\nskip = [\"./job\"]\n",
    );
    expect![[r#"
        --- stdout
        IMAGE  MAIN   MODULE           BINARY  MADE OF                  WHY
        api    ./api  example.com/api  api     2 packages of 2 modules  package main

        No images, since the configuration skips them: ./job
        exit 0
    "#]]
    .assert_eq(&repository.run("list").to_string());
}

#[test]
fn a_main_package_without_func_main_is_no_image() {
    let repository = Repository::new(SMALL);
    repository.write("api/plugin/plugin.go", "package main\n\nvar Plugin int\n");
    expect![[r#"
        --- stdout
        IMAGE  MAIN   MODULE           BINARY  MADE OF                  WHY
        api    ./api  example.com/api  api     2 packages of 2 modules  package main
        job    ./job  example.com/job  job     2 packages of 2 modules  package main

        No images, since these main packages declare no func main: ./api/plugin
        exit 0
    "#]]
    .assert_eq(&repository.run("list").to_string());
}

#[test]
fn a_printed_file_is_compared() {
    let repository = Repository::new(SMALL);
    assert_eq!(repository.run("dockerfile --output Dockerfile").code, 0);
    assert_eq!(
        repository
            .run("dockerfile --output Dockerfile --check")
            .code,
        0
    );
    repository.write("api/new/new.go", "package new\n");
    assert_eq!(
        repository
            .run("dockerfile --output Dockerfile --check")
            .code,
        0,
        "nobody imports it"
    );
    repository.write(
        "api/other.go",
        "package main\n\nimport _ \"example.com/api/new\"\n",
    );
    expect![[r#"
        --- stderr
        error: Dockerfile:54: not what would be printed now; print it again
        exit 1
    "#]]
    .assert_eq(
        &repository
            .run("dockerfile --output Dockerfile --check")
            .to_string(),
    );
}

#[test]
fn build_args_stay_open_in_what_is_printed_for_later() {
    let repository = Repository::new(SMALL);
    repository.write(
        "gowork.toml",
        "[go]\nldflags = \"-X main.v=${VERSION} -X main.c=${COMMIT:-none}\"\n",
    );
    let printed = repository.run("dockerfile").out;
    assert!(
        printed.contains("ARG COMMIT=none\nARG VERSION\n"),
        "{printed}"
    );
    let run = "flag1=$(quote-flag \"main.v=${VERSION:?}\") \\\n && flag2=$(quote-flag \"main.c=${COMMIT}\") \\\n";
    assert!(
        printed.contains(&format!(
            "{run} && go build -ldflags=\"-X $flag1 -X $flag2\""
        )),
        "{printed}"
    );
    let given = repository
        .run("dockerfile --build-arg VERSION=1.2 --build-arg COMMIT=abc")
        .out;
    assert!(
        given.contains("-ldflags=\"-X main.v=1.2 -X main.c=abc\"")
            && !given.contains("ARG VERSION"),
        "{given}"
    );
}

#[test]
fn completions_and_manual_name_every_command() {
    let repository = Repository::new(SMALL);
    for args in [
        "completions bash",
        "completions zsh",
        "completions fish",
        "man",
    ] {
        let said = repository.run(args);
        assert_eq!(said.code, 0);
        for command in [
            "list",
            "plan",
            "graph",
            "explain",
            "affected",
            "dockerfile",
            "dockerignore",
            "check",
        ] {
            assert!(said.out.contains(command), "{args}: {command}");
        }
    }
}
