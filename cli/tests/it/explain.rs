//! What an image is made of, and why a file is part of it or is not.

use expect_test::{Expect, expect};

use crate::support::{RICH, Repository, SMALL, root, run};

/// What is said about each file of `files` and the image `api`.
fn files(image: &str, files: &str, expected: &Expect) {
    let repository = Repository::new(RICH);
    let said = |file| {
        repository
            .run(&format!("explain {image} {file} --platform linux/amd64"))
            .to_string()
    };
    expected.assert_eq(
        &files
            .split_whitespace()
            .map(said)
            .collect::<Vec<_>>()
            .join("\n"),
    );
}

#[test]
fn image() {
    expect![[r#"
        --- stdout
        api: example.com/api on linux/amd64, built with golang:1.26
        (coarse: without --resolve gowork asks no go command, so all packages from outside are one step)

        1/deps: compile std and third-party packages with ./api/default.pgo
          -pgo=api/default.pgo
          .     go.work
          api/  default.pgo go.mod
          job/  go.mod
          lib/  go.mod

        1/link:api: link api
          -ldflags=-s -w
          api/              main.go
          lib/              lib.go
          lib/pages/        home.html pages.go
          lib/pages/parts/  head.html
          and 5 files shown above

        image: api on scratch with certificates and time zones, user 65532:65532
          api/static as /srv
        exit 0
    "#]]
    .assert_eq(&Repository::new(RICH).run("explain api --platform linux/amd64").to_string());
}

#[test]
fn image_with_what_go_says() {
    let said = Repository::new(SMALL).run("explain api --resolve --platform linux/amd64");
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let text: String = said
        .out
        .lines()
        .filter(|line| !line.starts_with("std: "))
        .map(|line| format!("{line}\n"))
        .collect();
    expect![[r#"
        api: example.com/api on linux/amd64, built with golang:1.26

        resolve: resolve modules
          .     go.work
          api/  go.mod
          job/  go.mod
          lib/  go.mod


        unit:example.com/lib: compile ./lib (api, job)
          lib/  lib.go

        link:api: link api
          -ldflags=-s -w
          api/  main.go
          and 5 files shown above

        image: api on scratch with certificates and time zones, user 65532:65532
    "#]]
    .assert_eq(&text);
}

#[test]
fn long_lists_are_shortened() {
    let repository = Repository::new(SMALL);
    for number in 0..20 {
        repository.write(
            &format!("lib/p{number:02}/p.go"),
            &format!("package p{number:02}\n"),
        );
        let import = format!("package lib\n\nimport _ \"example.com/lib/p{number:02}\"\n");
        repository.write(&format!("lib/f{number:02}.go"), &import);
    }
    let short = repository.run("explain job --platform linux/amd64").out;
    let link = |text: &str| text.split("link:job").nth(1).unwrap().to_owned();
    expect![[r#"
        : link job
          -ldflags=-s -w
          job/      main.go
          lib/      f00.go f01.go f02.go f03.go f04.go f05.go and 15 more
          lib/p00/  p.go
          lib/p01/  p.go
          lib/p02/  p.go
          lib/p03/  p.go
          lib/p04/  p.go
          lib/p05/  p.go
          lib/p06/  p.go
          lib/p07/  p.go
          lib/p08/  p.go
          lib/p09/  p.go
          and 10 files in 10 more directories (--all shows them)
          and 4 files shown above

        image: job on scratch with certificates and time zones, user 65532:65532
    "#]]
    .assert_eq(&link(&short));
    let whole = link(
        &repository
            .run("explain job --all --platform linux/amd64")
            .out,
    );
    assert!(
        whole.contains("f19.go") && whole.contains("lib/p19/") && !whole.contains("more"),
        "{whole}"
    );
}

#[test]
fn files_that_are_part() {
    files(
        "api",
        "api/main.go lib/lib.go lib/pages/parts/head.html api/default.pgo go.work api/static/index.html lib/pages",
        &expect![[r#"
            --- stdout
            api/main.go is part of api: a source of its main package example.com/api

            read by
              1/link:api  link api
            exit 0

            --- stdout
            lib/lib.go is part of api: a source of package example.com/lib

            imported by way of
              api/main.go:4:2  example.com/api imports example.com/lib

            read by
              1/link:api  link api
            exit 0

            --- stdout
            lib/pages/parts/head.html is part of api: embedded by package example.com/lib/pages, by the pattern parts at lib/pages/pages.go:5:19

            imported by way of
              api/main.go:4:2  example.com/api imports example.com/lib
              lib/lib.go:3:8   example.com/lib imports example.com/lib/pages

            read by
              1/link:api  link api
            exit 0

            --- stdout
            api/default.pgo is part of api: the profile that its main and everything below it is compiled with

            read by
              1/deps      compile std and third-party packages with ./api/default.pgo
              1/link:api  link api
            exit 0

            --- stdout
            go.work is part of api: a mod file: it takes part in choosing versions, for all images of its root

            read by
              1/deps      compile std and third-party packages with ./api/default.pgo
              1/link:api  link api
            exit 0

            --- stdout
            api/static/index.html is part of api: put into the image, below /srv
            exit 0

            --- stdout
            lib/pages is part of api: the directory of package example.com/lib/pages

            imported by way of
              api/main.go:4:2  example.com/api imports example.com/lib
              lib/lib.go:3:8   example.com/lib imports example.com/lib/pages
            exit 0
        "#]],
    );
}

#[test]
fn files_that_are_not() {
    files(
        "api",
        "api/main_windows.go api/main_test.go api/dev.go api/cgo.go lib/nobody/nobody.go lib/pages/notes.txt job/main.go old/old.go \
         docs/guide.go README.md gowork.toml lib/nobody",
        &expect![[r#"
            --- stdout
            api/main_windows.go is not part of api: its name says that it is not for linux/amd64
            exit 0

            --- stdout
            api/main_test.go is not part of api: it is a test of package example.com/api, and builds leave tests out
            exit 0

            --- stdout
            api/dev.go is not part of api: its constraint `//go:build dev && !prod` does not hold on linux/amd64
            exit 0

            --- stdout
            api/cgo.go is not part of api: it imports "C", and cgo is off (`cgo = true` turns it on)
            exit 0

            --- stdout
            lib/nobody/nobody.go is not part of api: no image imports the package in ./lib/nobody
            exit 0

            --- stdout
            lib/pages/notes.txt is not part of api: it is not a source file, and package example.com/lib/pages does not embed it
            exit 0

            --- stdout
            job/main.go is not part of api: api does not import package example.com/job; these images do: job
            exit 0

            --- stdout
            old/old.go is not part of api: it is in module ./old, which go.work does not use
            exit 0

            --- stdout
            docs/guide.go is not part of api: .dockerignore:2 leaves it out of the build (`docs`)
            exit 0

            --- stdout
            README.md is not part of api: it is in no module: its directory and those above have no go.mod
            exit 0

            --- stdout
            gowork.toml is not part of api: it is the configuration: only what it says about the image counts
            exit 0

            --- stdout
            lib/nobody is not part of api: it is a directory, and no image imports a package in it
            exit 0
        "#]],
    );
}

#[test]
fn packages() {
    files(
        "api",
        "example.com/lib/pages third.example.com/text/width third.example.com/text/... example.com/job",
        &expect![[r#"
            --- stdout
            example.com/lib/pages is part of api: a package of the repository

            imported by way of
              api/main.go:4:2  example.com/api imports example.com/lib
              lib/lib.go:3:8   example.com/lib imports example.com/lib/pages
            exit 0

            --- stdout
            third.example.com/text/width is part of api: package third.example.com/text/width

            imported by way of
              api/main.go:5:2  example.com/api imports third.example.com/text/width
            exit 0

            --- stdout
            third.example.com/text/... is part of api: package third.example.com/text/width

            imported by way of
              api/main.go:5:2  example.com/api imports third.example.com/text/width
            exit 0

            --- stdout
            example.com/job is not part of api: api does not import the package in it; these images do: job
            exit 0
        "#]],
    );
}

#[test]
fn what_is_not_there() {
    files(
        "api",
        "lib/pages/page.go nowhere/main_windows.go xyz third.example.com/other",
        &expect![[r#"
        --- stderr
        error: there is no file lib/pages/page.go
         |
         = help: did you mean lib/pages/pages.go?

        1 error
        exit 1

        --- stderr
        error: there is no file nowhere/main_windows.go
         |
         = help: did you mean api/main_windows.go?

        1 error
        exit 1

        --- stderr
        error: there is no file xyz
         |
         = help: write it relative to the root of the repository

        1 error
        exit 1

        --- stderr
        error: there is no file third.example.com/other, and api imports no such package
         |
         = help: packages that only third-party packages import are known with --resolve

        1 error
        exit 1
    "#]],
    );
    let said = Repository::new(RICH).run("explain apj README.md");
    expect![[r#"
        --- stderr
        error: there is no image apj; images are api, job
         |
         = help: did you mean api?

        1 error
        exit 1
    "#]]
    .assert_eq(&said.to_string());
}

#[test]
fn json() {
    let repository = Repository::new(RICH);
    let value: serde_json::Value =
        serde_json::from_str(&repository.run("explain api --format json").out).unwrap();
    assert_eq!(value["steps"][1]["kind"], "link");
    let digest = value["digest"].as_str().unwrap().to_owned();
    let link = value["steps"][1]["digest"].as_str().unwrap().to_owned();
    assert!(digest.len() == 64 && link.len() == 64, "{value:#}");
    repository.write(
        "api/go.mod",
        "// words\nmodule example.com/api\n\ngo 1.26\n\nrequire third.example.com/text v0.3.0\n",
    );
    let value: serde_json::Value =
        serde_json::from_str(&repository.run("explain api --format json").out).unwrap();
    assert_eq!(value["digest"], digest, "a comment is in no image key");
    assert_ne!(
        value["steps"][1]["digest"], link,
        "but the link reads the true file"
    );
    expect![[r#"
        --- stdout
        {
          "version": 1,
          "image": "api",
          "file": "lib/lib.go",
          "part": true,
          "roles": [
            "a source of package example.com/lib"
          ],
          "absence": null,
          "imports": [
            {
              "from": "example.com/api",
              "to": "example.com/lib",
              "at": "api/main.go:4:2"
            }
          ],
          "steps": [
            "1/link:api"
          ]
        }
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("explain api lib/lib.go --format json")
            .to_string(),
    );
}

#[test]
fn vendored_packages() {
    let dir = root().join("examples/vendored");
    let file = "vendor/github.com/dustin/go-humanize/big.go";
    let said = |args: &str| {
        run(
            &dir,
            &format!("explain numeral {file} --platform linux/amd64 {args}"),
        )
        .to_string()
    };
    expect![[r#"
        --- stdout
        vendor/github.com/dustin/go-humanize/big.go is part of numeral: perhaps a file of a vendored package that it reaches: --resolve asks go
        exit 0
    "#]].assert_eq(&said(""));
    let resolved = said("--resolve");
    assert!(
        resolved.starts_with(&format!(
            "--- stdout\n{file} is part of numeral: a file of a vendored package\n"
        )),
        "{resolved}"
    );
    let test_only = "vendor/github.com/google/go-cmp/cmp/path.go";
    let said = run(&dir, &format!("explain numeral {test_only} --resolve"));
    expect![[r#"
        --- stdout
        vendor/github.com/google/go-cmp/cmp/path.go is not part of numeral: it is vendored, but no image reaches a package that it is part of
        exit 0
    "#]].assert_eq(&said.to_string());
}
