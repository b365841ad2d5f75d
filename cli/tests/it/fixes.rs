//! `gowork check --fix`.

use std::process::Command;

use expect_test::expect;

use crate::support::{Repository, SMALL, run};

/// A second main of the name `api`.
fn two_of_one_name(configuration: &str) -> Repository {
    let repository = Repository::new(SMALL);
    repository.write("job/cmd/api/main.go", "package main\n\nfunc main() {}\n");
    if !configuration.is_empty() {
        repository.write("gowork.toml", configuration);
    }
    repository
}

#[test]
fn names_of_images_are_written_down() {
    // The last line has no end.
    let repository = two_of_one_name("[images.job]\nports = [80]");
    expect![[r#"
        --- stderr
        gowork.toml: added
        [images.api]
        main = "./api"
        [images.job-api]
        main = "./job/cmd/api"
        3 images on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]]
    .assert_eq(&repository.run("check --fix").to_string());
    let fixed = "[images.job]\nports = [80]\n\n[images.api]\nmain = \"./api\"\n[images.job-api]\nmain = \"./job/cmd/api\"\n";
    assert_eq!(repository.text("gowork.toml"), fixed);
    // There is nothing left to do.
    let said = repository.run("check --fix --format json");
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said}");
    assert!(said.out.contains("\"findings\": []"), "{said}");
    assert_eq!(repository.text("gowork.toml"), fixed);
}

#[test]
fn nothing_is_written_where_it_would_be_wrong() {
    let inline = "images = { job = { ports = [80] } }\n";
    let repository = two_of_one_name(inline);
    let said = repository.run("check --fix");
    assert!(
        said.err
            .starts_with("gowork.toml: not fixed, since it says something else already"),
        "{said}"
    );
    assert!(said.err.contains("warning[SameImageName]"), "{said}");
    assert_eq!(repository.text("gowork.toml"), inline);
    let repository = two_of_one_name("");
    let said = repository.run("check --fix");
    assert!(
        said.err
            .starts_with("not fixed, since there is no configuration yet"),
        "{said}"
    );
    assert!(!repository.path().join("gowork.toml").exists());
    // Who switches the rule off wants no fix, either.
    let off = "[check]\nskip = [\"SameImageName\"]\n";
    let repository = two_of_one_name(off);
    repository.run("check --fix");
    assert_eq!(repository.text("gowork.toml"), off);
}

/// A file of that name may lie below the root as well: it is another one.
#[test]
fn a_configuration_outside_of_the_root_is_written_where_it_lies() {
    let repository = two_of_one_name("");
    let other = "[runtime]\nuser = \"1\"\n";
    repository.write("sub/gowork.toml", other);
    let elsewhere = tempfile::tempdir().unwrap();
    let own = elsewhere.path().join("sub/gowork.toml");
    std::fs::create_dir(own.parent().unwrap()).unwrap();
    std::fs::write(&own, "[runtime]\nuser = \"2\"\n").unwrap();
    let root = repository.path().display();
    let said = run(
        elsewhere.path(),
        &format!("check --fix -C {root} -f sub/gowork.toml"),
    );
    assert_eq!(said.code, 0, "{said}");
    assert!(!said.err.contains("warning"), "{said}");
    assert_eq!(repository.text("sub/gowork.toml"), other);
    let fixed = std::fs::read_to_string(own).unwrap();
    assert!(fixed.contains("[images.job-api]"), "{fixed}");
}

/// The go command reads the line as it reads its own.
#[test]
fn a_module_beside_the_workspace_is_used() {
    let repository = Repository::new(
        "
-- go.work --
go 1.26

use ./app // the program
-- app/go.mod --
module example.com/app

go 1.26

require example.com/tools v1.0.0
-- app/main.go --
package main

import _ \"example.com/tools\"

func main() {}
-- tools/go.mod --
module example.com/tools

go 1.26
-- tools/tools.go --
package tools
",
    );
    let said = repository.run("check --fix");
    assert_eq!(said.code, 0, "{said}");
    assert!(said.err.contains("go.work: added\nuse ./tools\n"), "{said}");
    assert!(!said.err.contains("warning"), "{said}");
    let mut go = Command::new("go");
    let said = go
        .args([
            "list",
            "-deps",
            "-f",
            "{{.ImportPath}} {{.Module}}",
            "./app",
        ])
        .current_dir(repository.path())
        .env("GOFLAGS", "-mod=readonly")
        .env("GOPROXY", "off")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("example.com/tools example.com/tools"),
        "{said}"
    );
}
