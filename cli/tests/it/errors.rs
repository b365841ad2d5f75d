//! What is said when something is wrong: the whole text.

use expect_test::{Expect, expect};

use crate::support::{Repository, SMALL};

/// Runs `args` in the small repository with one file written anew.
fn check(file: &str, text: &str, args: &str, expected: &Expect) {
    let repository = Repository::new(SMALL);
    repository.write(file, text);
    expected.assert_eq(&repository.run(args).to_string());
}

#[test]
fn syntax_of_go_work() {
    check(
        "go.work",
        "go 1.26\n\nuse (\n\t./api\n\t./job\n\tuse ./lib\n)\n\nfrobnicate x\n",
        "check",
        &expect![[r#"
            --- stderr
            error: usage: use local/dir
             --> go.work:6:2
              |
            6 |     use ./lib
              |     ^^^^^^^^^
              |
              = help: name one directory per line

            error: unknown directive: frobnicate
             --> go.work:9:1
              |
            9 | frobnicate x
              | ^^^^^^^^^^^^
              |
              = help: known here: go, toolchain, godebug, use, replace

            2 errors
            exit 1
        "#]],
    );
}

#[test]
fn member_without_module() {
    check(
        "go.work",
        "go 1.26\n\nuse (\n\t./api\n\t./jobs\n)\n",
        "list",
        &expect![[r#"
        --- stderr
        error: cannot load module jobs listed in go.work file: no jobs/go.mod
         --> go.work:5:2
          |
        5 |     ./jobs
          |     ^^^^^^
          |
          = help: create it with `go mod init`, or remove the `use` line; if it exists, see whether .dockerignore leaves it out

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn configuration() {
    let text = "[go]\nversoin = \"1.26\"\nldflags = \"-X main.v=${VERSION}\"\n\n[images.api]\nports = [\"x\"]\n";
    check(
        "gowork.toml",
        text,
        "check",
        &expect![[r#"
        --- stderr
        error: unknown key `versoin` in `[go]`; did you mean `version`?
         --> gowork.toml:2:1
          |
        2 | versoin = "1.26"
          | ^^^^^^^

        error: `images.api.ports`: "x" is not a port
         --> gowork.toml:6:10
          |
        6 | ports = ["x"]
          |          ^^^
          |
          = help: write 1 to 65535, with a protocol if it is not TCP: 8080, "8080/udp" or "8000-8010"

        2 errors
        exit 1
    "#]],
    );
}

#[test]
fn toml() {
    check(
        "gowork.toml",
        "[go\nversion = 1\n",
        "list",
        &expect![[r#"
        --- stderr
        error: TOML: unclosed table, expected `]`
         --> gowork.toml:1:4
          |
        1 | [go
          |    ^

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn missing_build_arg() {
    check(
        "gowork.toml",
        "[go]\nldflags = \"-X main.v=${VERSION}\"\n",
        "plan",
        &expect![[r#"
        --- stderr
        error: `go.ldflags`: build-arg `VERSION` is not given
         --> gowork.toml:2:11
          |
        2 | ldflags = "-X main.v=${VERSION}"
          |           ^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: pass --build-arg VERSION=..., or give it a default: ${VERSION:-...}

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn import_of_a_package_that_is_not_there() {
    let text = "package main\n\nimport \"example.com/lib/libb\"\n\nfunc main() { libb.Run() }\n";
    check(
        "api/main.go",
        text,
        "check",
        &expect![[r#"
        --- stderr
        error: package example.com/lib/libb is imported by example.com/api, but module example.com/lib (lib) has no such package
         --> api/main.go:3:8
          |
        3 | import "example.com/lib/libb"
          |        ^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: correct the import path, or see whether .dockerignore leaves the package out

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn two_mains_of_one_name() {
    check(
        "job/cmd/api/main.go",
        "package main\n\nfunc main() {}\n",
        "list",
        &expect![[r#"
            --- stdout
            IMAGE    MAIN           MODULE           BINARY  MADE OF                  WHY
            api      ./api          example.com/api  api     2 packages of 2 modules  package main
            job      ./job          example.com/job  job     2 packages of 2 modules  package main
            job-api  ./job/cmd/api  example.com/job  api     1 package of 1 module    package main, not called as its binary
            --- stderr
            warning[SameImageName]: 2 mains would make an image named api; their images are called api (./api), job-api (./job/cmd/api)
             |
             = help: to keep or to change these names, write them down:
                     [images.api]
                     main = "./api"
                     [images.job-api]
                     main = "./job/cmd/api"

            1 warning
            exit 0
        "#]],
    );
}

#[test]
fn build_args_and_patterns_that_are_not_used() {
    check(
        "gowork.toml",
        "skip = [\"./joob/...\"]\n\n[go]\nldflags = \"-X main.v=${VERSION:-dev}\"\n",
        "check --build-arg VERSOIN=secret --build-arg HTTP_PROXY=x --build-arg BUILDKIT_INLINE_CACHE=1",
        &expect![[r#"
            --- stderr
            warning[UnusedBuildArg]: build-arg VERSOIN is not used
             |
             = help: did you mean VERSION?

            warning[UnusedSkip]: `skip`: "./joob/..." matches no main package
             --> gowork.toml:1:9
              |
            1 | skip = ["./joob/..."]
              |         ^^^^^^^^^^^^
              |
              = help: did you mean "./job/..."?

            2 warnings
            2 images on linux/amd64 and linux/arm64: no errors
            exit 0
        "#]],
    );
}

#[test]
fn unknown_image() {
    check(
        "README.md",
        "",
        "graph apo",
        &expect![[r#"
        --- stderr
        error: there is no image apo; images are api, job
         |
         = help: did you mean api?

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn nothing_to_build() {
    let repository = Repository::new("\n-- README.md --\nhello");
    expect![[r#"
        --- stderr
        error: no go.work and no go.mod in the build context
         |
         = help: build from the directory that holds go.work or go.mod; see whether .dockerignore leaves them out

        1 error
        exit 1
    "#]]
    .assert_eq(&repository.run("list").to_string());
}

#[test]
fn name_that_is_no_stage() {
    check(
        "gowork.toml",
        "[images.1api]\nmain = \"./api\"\n",
        "dockerfile",
        &expect![[r#"
            --- stderr
            error: `images.1api`: "1api" cannot name an image
             --> gowork.toml:1:9
              |
            1 | [images.1api]
              |         ^^^^
              |
              = help: names begin with a letter, and are words of letters and digits with `.`, `_` or `-` between them

            1 error
            exit 1
        "#]],
    );
}

#[test]
fn platforms_that_differ() {
    check(
        "api/extra_arm64.go",
        "package main\n\nimport _ \"example.org/arm\"\n",
        "dockerfile",
        &expect![[r#"
        --- stderr
        error: one Dockerfile cannot serve these platforms together: the package example.org/arm is not imported on all of them
         |
         = help: print one Dockerfile for each, with --platform

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn too_much_on_the_command_line() {
    let repository = Repository::new(SMALL);
    let platforms = |count: usize| format!("check{}", " --platform linux/amd64".repeat(count));
    assert_eq!(repository.run(&platforms(64)).code, 0);
    let said = repository.run(&platforms(65));
    assert_eq!(said.code, 2, "{said}");
    let words = "error: --platform: 65 platforms; gowork looks at up to 64\n";
    assert_eq!(said.err, words);
    let args = |count: usize| -> String {
        let args = (0..count).map(|number| format!(" --build-arg GOWORK_{number}=x"));
        format!("list{}", args.collect::<String>())
    };
    assert_eq!(repository.run(&args(1_000)).code, 0);
    let said = repository.run(&args(1_001));
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "error: 1001 build-args; gowork takes 1000\n")
    );
    let arg = |bytes: usize| format!("list --build-arg A={}", "x".repeat(bytes - 1));
    assert_eq!(repository.run(&arg(65_536)).code, 0);
    let said = repository.run(&arg(65_537));
    assert_eq!(
        (said.code, said.err.as_str()),
        (2, "error: build-arg A: 65537 bytes; gowork takes 65536\n")
    );
}

#[test]
fn command_line() {
    let repository = Repository::new(SMALL);
    expect![[r#"
        --- stderr
        error: this command shows one platform: give --platform once
        exit 2
    "#]]
    .assert_eq(
        &repository
            .run("plan --platform linux/amd64,linux/arm64")
            .to_string(),
    );
    expect![[r#"
        --- stderr
        error: invalid value 'linux' for '--platform <OS/ARCH>': "linux" is not a platform: it has one part only; write os/architecture[/variant], such as linux/amd64

        For more information, try '--help'.
        exit 2
    "#]]
    .assert_eq(&repository.run("plan --platform linux").to_string());
    expect![[r#"
        --- stderr
        error: nowhere: no such directory
        exit 3
    "#]]
    .assert_eq(&repository.run("list -C nowhere").to_string());
    expect![[r#"
        --- stderr
        error: nowhere.toml: No such file or directory (os error 2)
        exit 3
    "#]]
    .assert_eq(&repository.run("list -f nowhere.toml").to_string());
    expect![[r#"
        --- stderr
        error: the following required arguments were not provided:
          --output <FILE>

        Usage: gowork bake --output <FILE> --check

        For more information, try '--help'.
        exit 2
    "#]]
    .assert_eq(&repository.run("bake --check").to_string());
}

/// The go command's own words, which name the module and what to do.
#[test]
fn go_that_cannot_resolve() {
    let repository = Repository::new(SMALL);
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport _ \"example.org/absent\"\n\nfunc Run() {}\n",
    );
    repository.write("gowork.toml", "[modules]\nproxy = \"off\"\n");
    let said = repository.run("plan --resolve --platform linux/amd64");
    assert_eq!(said.code, 3);
    assert!(
        said.err.starts_with("error: go list says:\n") && said.err.contains("example.org/absent"),
        "{said}"
    );
}
