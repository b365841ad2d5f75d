//! `gowork check` in the forms that programs read.

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::support::Repository;

/// A warning with another place, and an error.
const DOUBTFUL: &str = include_str!("schemas.txtar");

#[test]
fn rules_are_named_and_switched_off() {
    let repository = Repository::new(DOUBTFUL);
    expect![[r#"
        --- stderr
        warning[VersionSkew]: module example.com/web requires golang.org/x/text v0.13.0, but the workspace is built with v0.14.0 or later
         --> web/go.mod:5:1
          |
        5 | require golang.org/x/text v0.13.0
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
         ::: api/go.mod:5:1
          |
        5 | require golang.org/x/text v0.14.0
          | --------------------------------- example.com/api requires v0.14.0
          |
          = help: `go work sync` writes the versions of the workspace into its go.mod files

        1 warning
        2 images on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]].assert_eq(&repository.run("check").to_string());
    repository.write("gowork.toml", "[check]\nskip = [\"VersionSkew\"]\n");
    expect![[r#"
        --- stderr
        2 images on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]]
    .assert_eq(&repository.run("check").to_string());
}

#[test]
fn workflow_commands() {
    let repository = Repository::new(DOUBTFUL);
    repository.write("api/a,b.go", "package other\n");
    expect![[r#"
        --- stdout
        ::error file=api/main.go,line=1,col=9,title=BuildError::found packages other (a,b.go) and main (main.go) in one directory%0Amove package main to its own directory, or give main.go a build constraint
        ::warning file=web/go.mod,line=5,col=1,endLine=5,endColumn=34,title=VersionSkew::module example.com/web requires golang.org/x/text v0.13.0, but the workspace is built with v0.14.0 or later%0A`go work sync` writes the versions of the workspace into its go.mod files
        exit 1
    "#]].assert_eq(&repository.run("check --format github").to_string());
}

/// `cargo xtask workflows` compares the file with the schema of SARIF.
#[test]
fn sarif() {
    let repository = Repository::new(DOUBTFUL);
    repository.write("api/a,b.go", "package other\n");
    let said = repository.run("check --format sarif");
    assert_eq!(said.code, 1, "{said}");
    expect_file!["../../../testdata/reports/check.sarif"].assert_eq(&said.out);
}

#[test]
fn forms_agree_about_what_is_found() {
    let repository = Repository::new(DOUBTFUL);
    repository.write("api/a,b.go", "package other\n");
    let json = |format: &str| -> Value {
        let said = repository.run(&format!("check --format {format}"));
        assert_eq!(said.code, 1, "{said}");
        serde_json::from_str(&said.out).unwrap()
    };
    let findings = json("json")["findings"].as_array().unwrap().len();
    let results = json("sarif")["runs"][0]["results"]
        .as_array()
        .unwrap()
        .len();
    let lines = repository.run("check --format github").out.lines().count();
    assert_eq!((findings, results, lines), (2, 2, 2));
}
