//! Rules of `gowork check` about builders and C.

use expect_test::{Expect, expect};

use crate::support::Repository;

fn shown(repository: &Repository, expected: &Expect) {
    expected.assert_eq(&repository.run("check --platform linux/amd64").to_string());
}

const ONE: &str = "
-- go.mod --
module example.com/one

go 1.26.2

toolchain go1.27.1
-- main.go --
package main

func main() {}
";

#[test]
fn a_builder_that_is_too_old() {
    let repository = Repository::new(ONE);
    for (configuration, expected) in [
        (
            "[go]\nversion = \"1.25\"\n",
            expect![[r#"
            --- stderr
            warning[ToolchainSkew]: golang:1.25 has Go 1.25, but go.mod or go.work asks for 1.26.2 or later: go refuses to build with it
             --> gowork.toml:2:11
              |
            2 | version = "1.25"
              |           ^^^^^^
              |
             ::: go.mod:3:4
              |
            3 | go 1.26.2
              |    ------ asks for go 1.26.2
              |
              = help: name a builder of that version, or leave `version` and `builder` out: gowork takes the one that the mod files ask for

            1 warning
            1 image on linux/amd64: no errors
            exit 0
        "#]],
        ),
        (
            "[go]\nbuilder = \"mirror.example.com/golang:1.26.1-bookworm\"\ntoolchain = \"auto\"\n",
            expect![[r#"
                --- stderr
                warning[ToolchainSkew]: mirror.example.com/golang:1.26.1-bookworm has Go 1.26.1, but go.mod or go.work asks for 1.26.2 or later: each cold build downloads a newer one
                 --> gowork.toml:2:11
                  |
                2 | builder = "mirror.example.com/golang:1.26.1-bookworm"
                  |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                  |
                 ::: go.mod:3:4
                  |
                3 | go 1.26.2
                  |    ------ asks for go 1.26.2
                  |
                  = help: name a builder of that version, or leave `version` and `builder` out: gowork takes the one that the mod files ask for

                1 warning
                1 image on linux/amd64: no errors
                exit 0
            "#]],
        ),
        // The newest patch release, and more than a `go` line asks for.
        (
            "[go]\nversion = \"1.26\"\n",
            expect![[r#"
            --- stderr
            1 image on linux/amd64: no errors
            exit 0
        "#]],
        ),
        (
            "[go]\nbuilder = \"example.com/our/go:1.25\"\n",
            expect![[r#"
            --- stderr
            1 image on linux/amd64: no errors
            exit 0
        "#]],
        ),
    ] {
        repository.write("gowork.toml", configuration);
        shown(&repository, &expected);
    }
}

/// A module without images asks no builder for anything.
#[test]
fn only_what_is_built_counts() {
    let repository = Repository::new(ONE);
    repository.write("gowork.toml", "[go]\nversion = \"1.26\"\n");
    repository.write("lab/go.mod", "module example.com/lab\n\ngo 1.99\n");
    repository.write("lab/lab.go", "package lab\n");
    shown(
        &repository,
        &expect![[r#"
        --- stderr
        1 image on linux/amd64: no errors
        exit 0
    "#]],
    );
    repository.write("lab/main.go", "package main\n\nfunc main() {}\n");
    repository.remove("lab/lab.go");
    let said = repository.run("check --platform linux/amd64");
    assert!(said.err.contains("asks for 1.99 or later"), "{said}");
}

const WITH_C: &str = "
-- go.mod --
module example.com/one

go 1.26
-- gowork.toml --
[go]
cgo = true
builder = \"golang:1.26-bookworm\"
-- cmd/api/main.go --
package main

import \"example.com/one/store\"

func main() { store.Open() }
-- cmd/job/main.go --
package main

import \"example.com/one/store\"

func main() { store.Open() }
-- cmd/plain/main.go --
package main

func main() {}
-- store/store.go --
package store

// int one(void) { return 1; }
import \"C\"

func Open() { C.one() }
";

#[test]
fn c_code_on_scratch() {
    let repository = Repository::new(WITH_C);
    shown(
        &repository,
        &expect![[r#"
        --- stderr
        warning[CgoOnScratch]: images api, job from scratch: C code binds the program to a C library, which scratch does not have
         --> store/store.go:4:8
          |
        4 | import "C"
          |        ^^^
          |
          = help: set `base` to the distribution and release of the builder, or link with ldflags = "-s -w -linkmode external -extldflags -static"

        1 warning
        3 images on linux/amd64: no errors
        exit 0
    "#]],
    );
    let without = "3 images on linux/amd64: no errors";
    let configuration = repository.text("gowork.toml");
    for change in [
        "ldflags = \"-s -w -linkmode external -extldflags -static\"\n",
        "ldflags = \"-s -w -linkmode external '-extldflags=-static -lm'\"\n",
        "\n[runtime]\nbase = \"debian:bookworm-slim\"\n",
        "\n[images.api]\nbase = \"debian:bookworm-slim\"\n[images.job]\nbase = \"debian:bookworm-slim\"\n",
    ] {
        repository.write("gowork.toml", &format!("{configuration}{change}"));
        let said = repository.run("check --platform linux/amd64");
        assert!(!said.err.contains("CgoOnScratch"), "{change}: {said}");
        assert!(said.err.contains(without), "{change}: {said}");
    }
    repository.write("gowork.toml", "");
    let said = repository.run("check --platform linux/amd64");
    assert!(!said.err.contains("CgoOnScratch"), "{said}");
}

/// A module that no image is built of concerns nobody's images.
#[test]
fn modules_without_images_are_not_looked_at() {
    let repository = Repository::new(
        r#"
-- go.mod --
module example.com/m

go 1.26
-- main.go --
package main

func main() {}
-- tests/go.mod --
module example.com/m/tests

go 1.26

require example.com/old v2.0.0+incompatible
-- tests/lib.go --
package tests
"#,
    );
    let checked = "1 image on linux/amd64 and linux/arm64: no errors\n";
    assert_eq!(repository.run("check").err, checked);
    repository.write("tests/cmd/main.go", "package main\n\nfunc main() {}\n");
    let said = repository.run("check");
    assert!(said.err.contains("warning[IncompatibleVersion]"), "{said}");
}
