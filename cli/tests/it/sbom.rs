//! `gowork sbom`: what `go version -m` says of the binary that `go build` makes.

use std::collections::BTreeSet;
use std::process::Command;

use expect_test::expect;
use serde_json::Value;

use crate::bill;
use crate::proxy::Proxy;
use crate::support::Repository;

/// A workspace: a service that imports third-party packages and a library, a tool of go.mod, and a
/// program that imports nothing. What only tests import is in no binary.
const WORKSPACE: &str = "
-- go.work --
go 1.26

use (
	./app
	./lib
)
-- gowork.toml --
[images.api]
binaries = [\"plain\"]
-- app/go.mod --
module example.com/app

go 1.26

require (
	third.example/t0 v1.0.0
	third.example/t1 v1.0.0 // indirect
	third.example/t2 v1.0.0
)
-- app/cmd/api/main.go --
package main

import (
	\"fmt\"

	\"example.com/lib\"
	_ \"third.example/t0/moving\"
)

func main() { fmt.Println(lib.X) }
-- app/cmd/api/main_test.go --
package main

import _ \"third.example/t2/moving\"
-- app/cmd/plain/main.go --
package main

func main() {}
-- app/cmd/both/main.go --
package main

import (
	_ \"third.example/t0/moving\"
	_ \"third.example/t2/stable\"
)

func main() {}
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/lib.go --
package lib

const X = 1
-- fork/go.mod --
module third.example/t1

go 1.21
-- fork/stable/stable.go --
package stable
";

/// The repository with more lines in the service's go.mod.
fn repository(proxy: &Proxy, lines: &str) -> Repository {
    let repository = Repository::new(WORKSPACE);
    let mod_file = repository.text("app/go.mod");
    repository.write("app/go.mod", &(mod_file + lines));
    repository.write("app/go.sum", &proxy.sums);
    repository.write("go.work.sum", &proxy.sums);
    repository
}

/// The document of an image.
fn document(repository: &Repository, proxy: &Proxy, image: &str, format: &str) -> Value {
    let said = repository.run_with(&format!("sbom {image} --format {format}"), &proxy.env());
    assert_eq!(said.code, 0, "{said}");
    serde_json::from_str(&said.out).unwrap()
}

/// What a CycloneDX document says of the binary at this path, as [`bill`] has it.
fn of_cyclonedx(document: &Value, path: &str) -> BTreeSet<String> {
    let components = document["components"].as_array().unwrap();
    let binary = components
        .iter()
        .find(|component| component["name"] == path);
    let id = &binary.expect("the binary")["bom-ref"];
    let dependencies = document["dependencies"].as_array().unwrap();
    let of_binary = dependencies
        .iter()
        .find(|entry| entry["ref"] == *id)
        .unwrap();
    let mut lines = BTreeSet::new();
    for id in of_binary["dependsOn"].as_array().unwrap() {
        let component = components
            .iter()
            .find(|component| component["bom-ref"] == *id);
        let component = component.expect("a component that a dependency names");
        let property = |name: &str| {
            let properties = component["properties"].as_array().into_iter().flatten();
            let mut named = properties.filter(|property| property["name"] == name);
            named.next().and_then(|property| property["value"].as_str())
        };
        lines.insert(bill::line(
            [&component["name"], &component["version"]],
            property("gowork:sum").unwrap_or_default(),
            property("gowork:replaces"),
        ));
    }
    lines
}

/// Compares the documents of images with the binaries that the go command makes in this directory.
fn compare(repository: &Repository, proxy: &Proxy, dir: &str, images: &[(&str, &str)]) {
    for (image, package) in images {
        let binary = proxy.dir.join("binary");
        let mut go = Command::new("go");
        go.args(["build", "-trimpath", "-buildvcs=false", "-o"])
            .args([binary.to_str().unwrap(), package])
            .current_dir(repository.path().join(dir))
            .envs(proxy.env())
            .env("CGO_ENABLED", "0");
        let output = go.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let path = format!("/usr/local/bin/{image}");
        let spdx = document(repository, proxy, image, "spdx");
        assert_eq!(bill::of_spdx(&spdx, &path), bill::of_go(&binary));
        let cyclonedx = document(repository, proxy, image, "cyclonedx");
        assert_eq!(of_cyclonedx(&cyclonedx, &path), bill::of_go(&binary));
    }
}

const IMAGES: [(&str, &str); 3] = [
    ("api", "./app/cmd/api"),
    ("plain", "./app/cmd/plain"),
    ("both", "./app/cmd/both"),
];

#[test]
fn the_modules_that_each_binary_holds() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    compare(&repository(&proxy, ""), &proxy, "", &IMAGES);
}

/// Programs that say their commit say a version, too: the one that `go version -m` shows, for a
/// module at the root, of which Go derives it, and for one in a directory.
#[test]
fn the_version_of_the_main_module() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = Repository::new(
        "
-- go.mod --
module example.com/top

go 1.26
-- gowork.toml --
[go]
buildvcs = true
-- main.go --
package main

func main() {}
-- sub/go.mod --
module example.com/top/sub

go 1.26
-- sub/main.go --
package main

func main() {}
",
    );
    repository.write(".gitignore", "/binary\n");
    let compare = |expected: [&str; 2]| {
        for ((image, dir), expected) in [("top", ""), ("sub", "sub")].into_iter().zip(expected) {
            let mut go = Command::new("go");
            go.args(["build", "-trimpath", "-buildvcs=true", "-o"])
                .arg(repository.path().join("binary"))
                .current_dir(repository.path().join(dir))
                .envs(proxy.env());
            let output = go.output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let document = document(&repository, &proxy, image, "spdx");
            let said = bill::of_spdx(&document, &format!("/usr/local/bin/{image}"));
            assert_eq!(said, bill::of_go(&repository.path().join("binary")));
            let module = said.iter().find(|line| line.starts_with("example.com/top"));
            let (_, version) = module.unwrap().split_once(' ').unwrap();
            assert!(version.starts_with(expected), "{said:?}");
        }
    };
    repository.commit();
    compare(["v0.0.0-20", "v0.0.0-20"]);
    repository.git("tag v1.4.0");
    repository.git("tag sub/v0.3.0");
    compare(["v1.4.0", "v0.3.0"]);
    repository.write("sub/more.go", "package main\n");
    compare(["v1.4.0+dirty", "v0.3.0+dirty"]);
    repository.commit();
    compare(["v1.4.1-0.20", "v0.3.1-0.20"]);
    // Outside of a checkout Go says no version either.
    std::fs::remove_dir_all(repository.path().join(".git")).unwrap();
    compare(["(devel)", "(devel)"]);
}

#[test]
fn replaced_modules() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let lines = "
replace third.example/t1 => ../fork

replace third.example/t2 v1.0.0 => third.example/t2 v1.2.0
";
    let repository = repository(&proxy, lines);
    compare(&repository, &proxy, "", &IMAGES);
    // Without a go.work the line counts as it is written.
    let alone = lines.replace("../fork", "./../fork/");
    let mod_file = repository.text("app/go.mod").replace(lines, &alone);
    let mod_file =
        mod_file + "\nreplace example.com/lib => ../lib\n\nrequire example.com/lib v0.1.0\n";
    repository.write("app/go.mod", &mod_file);
    repository.write("gowork.toml", "roots = [\"app\"]\n");
    repository.remove("go.work");
    let images = [("api", "./cmd/api"), ("both", "./cmd/both")];
    compare(&repository, &proxy, "app", &images);
}

#[test]
fn vendored_modules_have_no_sums() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let lines = "\nreplace third.example/t1 => ../fork\n";
    let repository = repository(&proxy, lines);
    let mut go = Command::new("go");
    go.args(["work", "vendor"])
        .current_dir(repository.path())
        .envs(proxy.env());
    assert!(go.status().unwrap().success());
    compare(&repository, &proxy, "", &IMAGES);
}

#[test]
fn an_image_has_the_parts_of_all_its_binaries() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "\ntool third.example/t2/moving\n");
    let spdx = document(&repository, &proxy, "api", "spdx");
    let api = bill::of_spdx(&spdx, "/usr/local/bin/api");
    let plain = bill::of_spdx(&spdx, "/usr/local/bin/plain");
    assert!(plain.is_subset(&api) && plain != api, "{plain:?} {api:?}");
    let names: Vec<&str> = spdx["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    let expected = [
        "api",
        "/usr/local/bin/plain",
        "/usr/local/bin/api",
        "stdlib",
        "example.com/app",
        "example.com/lib",
        "third.example/t0",
        "third.example/t1",
    ];
    assert_eq!(names, expected);
}

/// Name and licence of what a document lists.
fn licenses(document: &Value) -> String {
    let mut lines = String::new();
    let spdx = document["packages"].as_array().into_iter().flatten();
    for package in spdx {
        assert_eq!(package["licenseConcluded"], "NOASSERTION");
        let name = package["name"].as_str().unwrap();
        lines += &format!("{name}: {}\n", package["licenseDeclared"].as_str().unwrap());
    }
    let cyclonedx = document["components"].as_array().into_iter().flatten();
    for component in cyclonedx {
        let name = component["name"].as_str().unwrap();
        lines += &format!("{name}: {}\n", component["licenses"]);
    }
    lines
}

#[test]
fn licenses_that_modules_declare() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "");
    // Of the modules of the repository the nearest file counts.
    let [mit, apache] = [
        include_str!("../../../LICENSE-MIT"),
        include_str!("../../../LICENSE-APACHE"),
    ];
    repository.write("LICENSE", mit);
    repository.write("lib/COPYING.txt", &format!("{mit}\n\nParts:\n\n{apache}"));
    expect![[r#"
        api: NOASSERTION
        /usr/local/bin/plain: NOASSERTION
        /usr/local/bin/api: NOASSERTION
        stdlib: BSD-3-Clause
        example.com/app: MIT
        example.com/lib: Apache-2.0 AND MIT
        third.example/t0: MIT
        third.example/t1: Apache-2.0
    "#]]
    .assert_eq(&licenses(&document(&repository, &proxy, "api", "spdx")));
    // The licence of t2 is not known.
    expect![[r#"
        /usr/local/bin/both: null
        stdlib: [{"acknowledgement":"declared","expression":"BSD-3-Clause"}]
        example.com/app: [{"acknowledgement":"declared","expression":"MIT"}]
        third.example/t0: [{"acknowledgement":"declared","expression":"MIT"}]
        third.example/t1: [{"acknowledgement":"declared","expression":"Apache-2.0"}]
        third.example/t2: null
    "#]]
    .assert_eq(&licenses(&document(
        &repository,
        &proxy,
        "both",
        "cyclonedx",
    )));
    let mut go = Command::new("go");
    go.args(["work", "vendor"])
        .current_dir(repository.path())
        .envs(proxy.env());
    assert!(go.status().unwrap().success());
    let vendored = licenses(&document(&repository, &proxy, "both", "spdx"));
    assert!(
        vendored.contains("third.example/t1: Apache-2.0\n"),
        "{vendored}"
    );
    assert!(
        vendored.contains("third.example/t2: NOASSERTION\n"),
        "{vendored}"
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "");
    for format in ["spdx", "cyclonedx"] {
        let words = format!("sbom api --format {format}");
        let print = |epoch: &str| {
            let mut env = proxy.env();
            env.push(("SOURCE_DATE_EPOCH", epoch.to_owned()));
            repository.run_with(&words, &env)
        };
        let at_no_time = print("").out;
        assert_eq!(at_no_time, print("").out);
        assert!(at_no_time.contains("1970-01-01T00:00:00Z"), "{at_no_time}");
        assert!(print("1700000000").out.contains("2023-11-14T22:13:20Z"));
        let wrong = print("soon");
        assert_eq!(wrong.code, 2, "{wrong}");
        assert!(wrong.err.contains("SOURCE_DATE_EPOCH=soon"), "{wrong}");
    }
}

#[test]
fn images_that_hold_a_module_and_why() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "");
    let run = |module: &str| {
        let said = repository.run_with(&format!("affected --module {module}"), &proxy.env());
        said.to_string()
    };
    expect![[r#"
        --- stdout
        api   third.example/t1 v1.0.0 by example.com/app/cmd/api -> third.example/t0/moving -> third.example/t1/stable
        both  third.example/t1 v1.0.0 by example.com/app/cmd/both -> third.example/t0/moving -> third.example/t1/stable
        exit 0
    "#]]
    .assert_eq(&run("third.example/t1"));
    assert_eq!(run("third.example/t1@v1.0.0"), run("third.example/t1"));
    expect![[r#"
        --- stderr
        images hold third.example/t1 v1.0.0
        no image holds third.example/t1@v1.1.0
        exit 0
    "#]]
    .assert_eq(&run("third.example/t1@v1.1.0"));
    expect![[r#"
        --- stdout
        api  example.com/lib by example.com/app/cmd/api -> example.com/lib
        exit 0
    "#]]
    .assert_eq(&run("example.com/lib"));
    expect![[r#"
        --- stdout
        {
          "version": 1,
          "images": [
            {
              "image": "both",
              "status": "changed",
              "reasons": [
                {
                  "kind": "module",
                  "text": "third.example/t2 v1.0.0 by example.com/app/cmd/both -> third.example/t2/stable"
                }
              ]
            }
          ],
          "files_of_no_image": []
        }
        exit 0
    "#]]
    .assert_eq(&run("third.example/t2 --format json"));
}

/// `[licenses]` allows what it names: of three modules, one has MIT, one Apache-2.0, and one has a
/// text that is no known licence.
#[test]
fn licenses_that_are_not_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "");
    let check = |licenses: &str, code: i32, expected: &expect_test::Expect| {
        let configuration = format!("[images.api]\nbinaries = [\"plain\"]\n\n{licenses}");
        repository.write("gowork.toml", &configuration);
        let said = repository.run_with("check", &proxy.env());
        expected.assert_eq(&said.err);
        assert_eq!(said.code, code, "{said}");
    };
    check(
        "[licenses]\nallow = [\"MIT\", \"BSD-3-Clause\"]\n",
        1,
        &expect![[r#"
            warning[ModuleNotInWorkspace]: third.example/t1 v1.0.0 is downloaded, although the module is in ./fork: go.work does not use that directory
             --> app/go.mod:7:2
              |
            7 |     third.example/t1 v1.0.0 // indirect
              |     ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: `go work use ./fork` builds with the code of the repository

            error: third.example/t1 v1.0.0 has the licence Apache-2.0, which is not allowed
             --> gowork.toml:5:10
              |
            5 | allow = ["MIT", "BSD-3-Clause"]
              |          ^^^^^
              |
              = help: it is in api, both; api imports it by example.com/app/cmd/api -> third.example/t0/moving -> third.example/t1/stable
                      use another module, allow the licence, or say under [licenses.except] why it is fine: "third.example/t1" = "..."

            error: third.example/t2 v1.0.0 declares no licence that gowork knows
             --> gowork.toml:5:10
              |
            5 | allow = ["MIT", "BSD-3-Clause"]
              |          ^^^^^
              |
              = help: it is in both; both imports it by example.com/app/cmd/both -> third.example/t2/stable
                      use another module, allow the licence, or say under [licenses.except] why it is fine: "third.example/t2" = "..."

            2 errors, 1 warning
        "#]],
    );
    check(
        "[licenses]\nallow = [\"MIT\", \"Apache-2.0\"]\n\n[licenses.except]\n\"third.example/t2\" = \"ours\"\nstd = \"BSD\"\n",
        0,
        &expect![[r#"
            warning[ModuleNotInWorkspace]: third.example/t1 v1.0.0 is downloaded, although the module is in ./fork: go.work does not use that directory
             --> app/go.mod:7:2
              |
            7 |     third.example/t1 v1.0.0 // indirect
              |     ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = help: `go work use ./fork` builds with the code of the repository

            1 warning
            3 images on linux/amd64 and linux/arm64: no errors
        "#]],
    );
    let printed = repository.run_with("dockerfile", &proxy.env());
    let warning = "warning[NotCarriedOver]: `licenses`: a build of the printed Dockerfile";
    assert!(printed.err.contains(warning), "{printed}");
    check(
        "[licenses]\nallow = [\"Apache2\", \"GPL-3.0-or-later\"]\nexcept = { \"a b\" = \"x\", c = \" \" }\n",
        1,
        &expect![[r#"
            error: `licenses.allow`: "Apache2" is no licence that gowork knows
             --> gowork.toml:5:10
              |
            5 | allow = ["Apache2", "GPL-3.0-or-later"]
              |          ^^^^^^^^^
              |
              = help: write its id of https://spdx.org/licenses

            error: `licenses.except.a b`: "a b" is not the path of a module
             --> gowork.toml:6:12
              |
            6 | except = { "a b" = "x", c = " " }
              |            ^^^^^
              |
              = help: write it as go.mod does, without a version

            error: `licenses.except.c`: the reason is empty
             --> gowork.toml:6:29
              |
            6 | except = { "a b" = "x", c = " " }
              |                             ^^^
              |
              = help: say why the module may be in images

            3 errors
        "#]],
    );
}

/// Compares a file with the schema that the CycloneDX project publishes.
const OF_CYCLONEDX: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(wrong) if wrong else 0)
";

#[test]
#[ignore = "needs validators: cargo xtask test"]
fn published_validators_accept_both_forms() {
    let xtask = std::env::var_os("GOWORK_TEST_XTASK").expect("GOWORK_TEST_XTASK");
    let output = Command::new(xtask).arg("sbom-validators").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let validators = std::path::Path::new(printed.trim_end());
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "");
    let file = dir.path().join("document.json");
    let accepts = |format: &str, text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut validator = match format {
            "spdx" => Command::new(validators.join("pyspdxtools")),
            _ => Command::new(validators.join("python")),
        };
        let before: &[&str] = match format {
            "spdx" => &["--infile"],
            _ => &["-c", OF_CYCLONEDX],
        };
        let output = validator.args(before).arg(&file).output().unwrap();
        (output.status.success(), format!("{output:?}"))
    };
    for (format, word) in [("spdx", "\"SPDXRef-Image\""), ("cyclonedx", "\"library\"")] {
        for image in ["api", "both", "plain"] {
            let text = document(&repository, &proxy, image, format).to_string();
            let (is_accepted, said) = accepts(format, &text);
            assert!(is_accepted, "{image}: {said}");
            let (is_accepted, said) = accepts(format, &text.replacen(word, "\"no word\"", 1));
            assert!(!is_accepted, "{image}: {said}");
        }
    }
}
