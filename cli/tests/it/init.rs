//! `gowork init`: Dockerfiles that compile Go become ones that take from gowork. The inputs are in
//! `testdata/init`, each with what the command writes and says.

use std::fmt::Write as _;
use std::path::PathBuf;

use expect_test::{expect, expect_file};

use super::support::Repository;

/// A repository with two services, a tool and an embedded page.
const REPOSITORY: &str = r#"
-- go.mod --
module example.com/shop

go 1.26
-- cmd/api/main.go --
package main

func main() {}
-- cmd/worker/main.go --
package main

func main() {}
-- cmd/my.tool/main.go --
package main

func main() {}
-- config/app.yaml --
port: 80
-- scripts/build.sh --
#!/bin/sh
set -e
go build -tags script -o "$1" ./cmd/api
-- scripts/go.sh --
#!/bin/sh
exec go build "$@"
-- scripts/release.sh --
#!/bin/sh
. ./scripts/flags
go build -o "$TARGET" -tags "$TAGS" -ldflags "$FLAGS" "./cmd/$1"
-- scripts/flags --
: "${TAGS:=none}" "${FLAGS:=-s -w}"
TARGET="dist/$1"
-- Makefile --
VERSION := $(shell git describe --tags)
build:
	CGO_ENABLED=0 go build -tags netgo -ldflags '-X main.version=$(VERSION) -X main.who=$(WHO)' -o bin/api ./cmd/api
"#;

fn inputs() -> PathBuf {
    super::support::root().join("testdata/init")
}

fn check(name: &str, args: &str) {
    let repository = Repository::new(REPOSITORY);
    let text = std::fs::read_to_string(inputs().join(format!("{name}.Dockerfile"))).unwrap();
    repository.write("Dockerfile", &text);
    let said = repository.run(&format!("init --from Dockerfile {args}"));
    let mut out = String::new();
    let _ = write!(out, "{said}");
    for file in ["Dockerfile.gowork", "gowork.toml"] {
        if repository.path().join(file).exists() {
            let _ = write!(out, "--- {file}\n{}", repository.text(file));
        }
    }
    expect_file![inputs().join(format!("{name}.txt"))].assert_eq(&out);
}

macro_rules! cases {
    ($($name:ident $file:literal $args:literal;)*) => {
        $(
            #[test]
            fn $name() {
                check($file, $args);
            }
        )*
    };
}

cases! {
    one_binary "one" "";
    several_binaries_in_one_copy "several" "";
    build_args_in_from_and_flags "args" "";
    a_script_in_a_heredoc "heredoc" "";
    what_make_would_run "make" "--make";
    make_that_is_not_read "make-unread" "";
    a_script_of_the_repository "script" "";
    pages_of_a_node_stage "node" "";
    targets_that_share_a_compile "targets" "";
    instructions_for_children "onbuild" "";
    a_stage_that_tests "tests" "";
    tools_of_other_modules "tools" "";
    packages_for_cgo "cgo" "";
    a_build_arg_decides_about_cgo "cgo-arg" "";
    the_last_stage_compiles "last" "";
    sources_that_are_generated "generated" "";
    a_build_arg_names_the_main "service" "";
    files_and_certificates_of_the_builder "files" "";
    one_main_with_two_sets_of_flags "debug" "";
    commands_on_the_binary "stripped" "";
    what_cannot_be_carried_over "left" "";
    what_is_not_looked_into "unread" "";
    the_commit_is_a_value "revision" "";
    programs_that_say_their_commit "stamped" "";
    values_of_the_commit_in_another_form "values" "";
    where_modules_come_from "modules" "";
    a_builder_that_is_too_old "old" "";
    a_last_stage_that_is_too_old "old-last" "";
    variables_for_c "c-variables" "";
    a_directory_with_sources_and_binaries "whole" "";
    files_that_commands_alter "altered" "";
    files_that_change_after_the_compile "changed" "";
    files_that_get_another_mode "modes" "";
    a_script_beside_other_commands "script-rest" "";
    values_that_differ_from_machine_to_machine "machine" "";
    a_build_arg_names_the_package_by_its_path "package" "";
    a_script_that_hands_on_its_arguments "arguments" "";
    a_command_where_no_build_arg_is_given "default" "";
    a_command_that_changes_go_itself "goroot" "";
    a_command_that_changes_a_module "module-cache" "";
    a_script_that_sources_another "sourced" "";
    a_build_arg_that_adds_words "words" "";
    a_binary_that_says_its_version "version" "";
}

#[test]
fn nothing_is_overwritten_unasked() {
    let repository = Repository::new(REPOSITORY);
    repository.write("Dockerfile", "FROM golang AS b\nCOPY . .\nRUN go build -o /api ./cmd/api\nFROM scratch\nCOPY --from=b /api /\n");
    repository.write("gowork.toml", "[go]\ntags = [\"x\"]\n");
    let said = repository.run("init --from Dockerfile");
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("it is there already"), "{said}");
    assert!(!repository.path().join("Dockerfile.gowork").exists());
    let said = repository.run("init --from Dockerfile --force");
    assert_eq!(said.code, 0, "{said}");
    assert!(!repository.text("gowork.toml").contains("tags"));
}

#[test]
fn the_build_context_has_the_images_that_a_build_arg_names() {
    let repository = Repository::new(REPOSITORY);
    repository.write("tools/go.mod", "module example.com/tools\n\ngo 1.26\n");
    repository.write("tools/main.go", "package main\n\nfunc main() {}\n");
    let text = "FROM golang:1.26 AS b\nARG PACKAGE\nCOPY . /src\nWORKDIR /src\n\
                RUN if [ \"$PACKAGE\" = x ]; then TAGS=y; fi; \\\n  go build -o /app ${PACKAGE}\n\
                FROM scratch\nCOPY --from=b /app /\n";
    repository.write("tools/Dockerfile", text);
    let said = repository.run("init --from tools/Dockerfile");
    assert!(!said.err.contains("the build context is"), "{said}");
    assert!(said.err.contains("api, my.tool"), "{said}");
}

#[test]
fn a_new_repository_gets_one_line_and_an_ignore_file() {
    let repository = Repository::new(REPOSITORY);
    let said = repository.run("init");
    assert_eq!(said.code, 0, "{said}");
    assert_eq!(
        repository.text("Dockerfile"),
        "# syntax=docker.io/gowork/gowork:1\n"
    );
    assert!(repository.text(".dockerignore").contains("!**/*.go"));
    assert_eq!(repository.run("check").code, 0);
    let said = repository.run("init");
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn mains_that_share_a_name_keep_theirs() {
    let repository = Repository::new(
        r#"
-- go.mod --
module example.com/shop

go 1.26
-- eu/cmd/worker/main.go --
package main

func main() {}
-- us/cmd/worker/main.go --
package main

func main() {}
"#,
    );
    assert_eq!(repository.run("init").code, 0);
    let said = repository.run("check");
    assert_eq!(said.code, 0, "{said}");
    assert!(!said.err.contains("warning"), "{said}");
}

#[test]
fn a_dockerfile_for_docker_is_not_replaced() {
    let repository = Repository::new(REPOSITORY);
    repository.write("Dockerfile", "FROM scratch\n");
    let said = repository.run("init");
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("init --from"), "{said}");
}

/// A repository that has a Dockerfile keeps it, and the build that it is for sends what it did.
#[test]
fn a_file_of_another_name_is_for_its_own_builds() {
    let repository = Repository::new(REPOSITORY);
    repository.write("Dockerfile", "FROM scratch\nCOPY docs /docs\n");
    let said = repository.run("init");
    expect![[r#"
        --- stderr
        error: ./Dockerfile: a Dockerfile is there
        keep it, and write the file for gowork beside it: gowork init --output ./gowork.toml
        or convert it with gowork init --from ./Dockerfile, or pass --force to replace it
        exit 3
    "#]]
    .assert_eq(&said.to_string());
    let said = repository.run("init --output ./gowork.toml");
    expect![[r#"
        --- stderr
        wrote ./gowork.toml
        wrote ./gowork.toml.dockerignore
        3 images; build one with docker buildx build --file ./gowork.toml --target NAME .
        exit 0
    "#]]
    .assert_eq(&said.to_string());
    assert!(!repository.path().join(".dockerignore").exists());
    assert_eq!(repository.run("check").code, 0);
}

#[test]
fn a_file_that_does_not_parse_is_an_error_with_its_line() {
    let repository = Repository::new(REPOSITORY);
    repository.write("Dockerfile", "FROM scratch\nNONSENSE x\n");
    let said = repository.run("init --from Dockerfile");
    assert_eq!(said.code, 1, "{said}");
    assert!(said.err.contains("Dockerfile:2:"), "{said}");
}

/// Names with dots, as directories of hosts give them, are written so that they are read again.
#[test]
fn names_with_dots_are_quoted() {
    let main = "package main\n\nfunc main() {}\n";
    let repository = Repository::new("\n-- go.mod --\nmodule example.com/m\n\ngo 1.26\n");
    for dir in ["github.com/echo/example", "net/http/example"] {
        repository.write(&format!("{dir}/main.go"), main);
    }
    assert_eq!(repository.run("init --output gowork.toml").code, 0);
    expect![[r#"
        # syntax=docker.io/gowork/gowork:1

        [images."github.com-echo-example"]
        main = "./github.com/echo/example"

        [images.net-http-example]
        main = "./net/http/example"
    "#]]
    .assert_eq(&repository.text("gowork.toml"));
    assert_eq!(repository.run("check").code, 0);
    // The names are kept when one of the two mains goes away.
    let said = repository.run("list");
    assert!(said.out.contains("\ngithub.com-echo-example "), "{said}");
}
