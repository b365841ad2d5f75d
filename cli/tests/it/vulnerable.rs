//! `gowork affected --vuln`: images that reach a package with a known vulnerability.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{expect, expect_file};
use serde_json::{Value, json};

use crate::proxy::Proxy;
use crate::schemas::follows;
use crate::support::Repository;

/// Two services of a module, a library that both import, and one third-party module each.
const SHOP: &str = "
-- go.work --
go 1.26

use (
	./app
	./lib
)
-- app/go.mod --
module example.com/app

go 1.26

require (
	third.example/t0 v1.1.0
	third.example/t1 v1.1.0 // indirect
	third.example/t2 v1.0.0
)
-- app/cmd/api/main.go --
package main

import (
	\"net/http\"

	\"example.com/lib\"
)

func main() { http.Handle(\"/\", nil); lib.X() }
-- app/cmd/job/main.go --
package main

import _ \"third.example/t2/stable\"

func main() {}
-- lib/go.mod --
module example.com/lib

go 1.26

require third.example/t0 v1.1.0
-- lib/lib.go --
package lib

import _ \"third.example/t0/moving\"

func X() {}
";

fn shop(proxy: &Proxy) -> Repository {
    let shop = Repository::new(SHOP);
    shop.write("app/go.sum", &proxy.sums);
    shop.write("lib/go.sum", &proxy.sums);
    for (id, module, events, imports) in entries() {
        let entry = entry(id, module, &events, &imports);
        shop.write(&format!("db/{id}.json"), &entry.to_string());
    }
    shop
}

fn entry(id: &str, module: &str, events: &Value, imports: &Value) -> Value {
    json!({
        "schema_version": "1.3.1",
        "id": id,
        "modified": "2026-01-01T00:00:00Z",
        "published": "2026-01-01T00:00:00Z",
        "aliases": [format!("CVE-{id}")],
        "summary": format!("Trouble in {module}"),
        "details": "Trouble.",
        "affected": [{
            "package": { "name": module, "ecosystem": "Go" },
            "ranges": [{ "type": "SEMVER", "events": events }],
            "ecosystem_specific": { "imports": imports },
        }],
    })
}

/// What is reached, in the wrong version, on another system, behind the fix; with all packages, and
/// with one that nothing imports.
fn entries() -> Vec<(&'static str, &'static str, Value, Value)> {
    let from_the_first = json!([{ "introduced": "0" }]);
    let at_t1 = json!([{ "introduced": "0" }, { "fixed": "1.0.1" }, { "introduced": "1.1.0-0" }, { "fixed": "1.2.0" }]);
    let stable = json!([{ "path": "third.example/t1/stable", "symbols": ["Stable", "Use"] }]);
    let moving = json!([{ "path": "third.example/t1/moving" }]);
    vec![
        (
            "GO-2026-0001",
            "third.example/t1",
            at_t1.clone(),
            stable.clone(),
        ),
        ("GO-2026-0002", "third.example/t1", at_t1, moving),
        (
            "GO-2026-0003",
            "third.example/t1",
            json!([{ "introduced": "0" }, { "fixed": "1.1.0" }]),
            stable,
        ),
        (
            "GO-2026-0004",
            "third.example/t0",
            from_the_first.clone(),
            json!([{ "path": "third.example/t0/moving", "goos": ["windows"] }]),
        ),
        (
            "GO-2026-0005",
            "third.example/t2",
            from_the_first.clone(),
            json!([]),
        ),
        (
            "GO-2026-0006",
            "stdlib",
            from_the_first.clone(),
            json!([{ "path": "net/textproto", "symbols": ["Reader.ReadLine"] }]),
        ),
        (
            "GO-2026-0007",
            "stdlib",
            json!([{ "introduced": "0" }, { "fixed": "1.2.3" }]),
            json!([{ "path": "net/http" }]),
        ),
        (
            "GO-2026-0008",
            "example.com/lib",
            from_the_first.clone(),
            json!([]),
        ),
        (
            "GO-2026-0009",
            "third.example/t9",
            from_the_first,
            json!([]),
        ),
    ]
}

/// Without what depends on the release of Go.
fn masked(said: &str, proxy: &Proxy) -> String {
    let mut go = Command::new("go");
    go.args(["env", "GOVERSION"]).envs(proxy.env());
    let release = String::from_utf8(go.output().unwrap().stdout).unwrap();
    let release = release.trim().trim_start_matches("go");
    said.replace(&format!("v{release}"), "vGO")
}

fn run(shop: &Repository, proxy: &Proxy, words: &str) -> String {
    let said = shop.run_with(&format!("affected --vuln {words}"), &proxy.env());
    masked(&said.to_string(), proxy)
}

#[test]
fn images_that_reach_a_vulnerable_package() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let platform = "--platform linux/amd64";
    expect![[r#"
        --- stdout
        api  GO-2026-0001  third.example/t1 v1.1.0 (fixed in v1.2.0) by example.com/app/cmd/api -> example.com/lib -> third.example/t0/moving -> third.example/t1/stable
        api  GO-2026-0006  stdlib vGO (no fix) by example.com/app/cmd/api -> net/http -> net/textproto
        job  GO-2026-0005  third.example/t2 v1.0.0 (no fix) by example.com/app/cmd/job -> third.example/t2/stable
        --- stderr
        held, but no vulnerable package of it is reached: GO-2026-0002  third.example/t1 v1.1.0 (fixed in v1.2.0) in api
        held, but no vulnerable package of it is reached: GO-2026-0006  stdlib vGO (no fix) in job
        exit 0
    "#]].assert_eq(&run(&shop, &proxy, &format!("db {platform}")));
}

#[test]
fn forms_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let platform = "--platform linux/amd64";
    let json = shop.run_with("affected --vuln db --format json", &proxy.env());
    follows("affected-vuln", &json.out);
    expect![[r#"
        --- stdout
        {
          "version": 1,
          "entries": 1,
          "images": [
            {
              "image": "api",
              "findings": [
                {
                  "id": "GO-2026-0001",
                  "aliases": [
                    "CVE-GO-2026-0001"
                  ],
                  "summary": "Trouble in third.example/t1",
                  "module": "third.example/t1",
                  "version": "v1.1.0",
                  "fixed": "v1.2.0",
                  "packages": [
                    {
                      "package": "third.example/t1/stable",
                      "symbols": [
                        "Stable",
                        "Use"
                      ],
                      "imports": [
                        "example.com/app/cmd/api",
                        "example.com/lib",
                        "third.example/t0/moving",
                        "third.example/t1/stable"
                      ]
                    }
                  ]
                }
              ]
            }
          ],
          "not_reached": []
        }
        exit 0
    "#]]
    .assert_eq(&run(
        &shop,
        &proxy,
        &format!("db/GO-2026-0001.json {platform} --format json"),
    ));
}

#[test]
fn forms_for_services() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let platform = "--platform linux/amd64";
    let sarif = run(
        &shop,
        &proxy,
        &format!("db/GO-2026-0001.json {platform} --format sarif"),
    );
    let document = sarif.split_once("--- stdout\n").unwrap().1;
    let document = document.strip_suffix("exit 0\n").unwrap();
    // `cargo xtask workflows` compares the file with the schema of SARIF.
    expect_file!["../../../testdata/reports/affected-vuln.sarif"].assert_eq(document);
    expect![[r#"
        --- stdout
        matrix={"include":[{"image":"job"}]}
        any=true
        exit 0
    "#]]
    .assert_eq(&run(
        &shop,
        &proxy,
        &format!("db/GO-2026-0005.json {platform} --format github"),
    ));
}

#[test]
fn databases_of_several_forms() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let platform = "--platform linux/amd64";
    expect![[r#"
        --- stderr
        no image reaches a vulnerable package; entries for Go in the database: 1
        exit 0
    "#]]
    .assert_eq(&run(
        &shop,
        &proxy,
        &format!("db/GO-2026-0009.json {platform}"),
    ));
    // The same entries as one file, and as vuln.go.dev has them.
    let all: Vec<Value> = entries()
        .iter()
        .map(|(id, module, events, imports)| entry(id, module, events, imports))
        .collect();
    shop.write("all.json", &Value::from(all).to_string());
    std::fs::create_dir(shop.path().join("served")).unwrap();
    std::fs::rename(shop.path().join("db"), shop.path().join("served/ID")).unwrap();
    shop.write("served/index/modules.json", "[]");
    let all = run(&shop, &proxy, &format!("all.json {platform}"));
    assert_eq!(all, run(&shop, &proxy, &format!("served {platform}")));
    assert!(all.contains("GO-2026-0006"), "{all}");
    // On another system there is one more.
    let windows = run(&shop, &proxy, "all.json --platform windows/amd64");
    assert!(windows.contains("GO-2026-0004"), "{windows}");
}

#[test]
fn withdrawn_entries_do_not_count_and_other_databases_do() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let mut withdrawn = entry("GO-1", "third.example/t2", &json!([]), &json!([]));
    withdrawn["withdrawn"] = "2026-01-02T00:00:00Z".into();
    shop.write("withdrawn.json", &withdrawn.to_string());
    // No ranges, no packages, and what is of no interest here.
    let listed = json!({
        "id": "GHSA-1-2-3",
        "affected": [
            { "package": { "name": "third.example/t2", "ecosystem": "npm" } },
            { "ranges": [{ "type": "GIT", "repo": "x", "events": [{ "introduced": "0" }] }] },
            { "package": { "name": "third.example/t2", "ecosystem": "Go" }, "versions": ["1.0.0"] },
        ],
    });
    shop.write("listed.json", &listed.to_string());
    expect![[r#"
        --- stderr
        no image reaches a vulnerable package; entries for Go in the database: 0
        exit 0
    "#]]
    .assert_eq(&run(&shop, &proxy, "withdrawn.json"));
    expect![[r#"
        --- stdout
        job  GHSA-1-2-3  third.example/t2 v1.0.0 (no fix) by example.com/app/cmd/job -> third.example/t2/stable
        exit 0
    "#]].assert_eq(&run(&shop, &proxy, "listed.json"));
}

/// No text is too odd for a database: it is an error that names the file.
#[test]
fn databases_that_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bad = |field: &str, value: Value| {
        let mut entry = entry("GO-1", "third.example/t2", &json!([]), &json!([]));
        entry[field] = value;
        entry.to_string()
    };
    let event = json!([{ "package": { "name": "third.example/t2", "ecosystem": "Go" }, "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "1.x\u{1b}[2J" }] }] }]);
    let mut said = String::new();
    for (name, text) in [
        ("empty.json", String::new()),
        ("text.json", "vulnerable".to_owned()),
        ("deep.json", deep),
        ("id.json", bad("id", "\u{1b}[2J".into())),
        ("no-id.json", "{}".to_owned()),
        ("event.json", bad("affected", event)),
        ("affected.json", bad("affected", 7.into())),
    ] {
        shop.write(name, &text);
        said += &run(&shop, &proxy, name);
    }
    std::fs::create_dir(shop.path().join("nothing")).unwrap();
    said += &run(&shop, &proxy, "nothing");
    said += &run(&shop, &proxy, "missing");
    said += &run(&shop, &proxy, "/dev/zero");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    expect![[r#"
        --- stderr
        error: empty.json: not an entry in the OSV format: EOF while parsing a value at line 1 column 0
        exit 3
        --- stderr
        error: text.json: not an entry in the OSV format: expected value at line 1 column 1
        exit 3
        --- stderr
        error: deep.json: not an entry in the OSV format: invalid type: sequence, expected a string at line 1 column 2
        exit 3
        --- stderr
        error: id.json: "\u{1b}[2J" is not the name of an entry
        exit 3
        --- stderr
        error: no-id.json: not an entry in the OSV format: missing field `id` at line 1 column 2
        exit 3
        --- stderr
        error: event.json: GO-1: "1.x\u{1b}[2J" is not a version of "third.example/t2"
        exit 3
        --- stderr
        error: affected.json: not an entry in the OSV format: invalid type: integer `7`, expected a sequence at line 1 column 13
        exit 3
        --- stderr
        error: --vuln nothing: no entries: it needs files ID/*.json, as vuln.go.dev has them, or *.json
        exit 2
        --- stderr
        error: missing: No such file or directory (os error 2)
        exit 3
        --- stderr
        error: --vuln /dev/zero: neither a file nor a directory
        exit 2
    "#]].assert_eq(&said);
}

#[test]
fn sarif_is_for_vulnerabilities() {
    let shop = Repository::new(SHOP);
    expect![[r#"
        --- stderr
        error: --format sarif is for --vuln
        exit 2
    "#]]
    .assert_eq(&shop.run("affected --files x --format sarif").to_string());
}

/// The program, built first if it is missing.
fn govulncheck() -> PathBuf {
    let xtask = std::env::var_os("GOWORK_TEST_XTASK").expect("GOWORK_TEST_XTASK");
    let mut tool = Command::new(xtask);
    let output = tool.args(["engine", "tool", "govulncheck"]).output();
    let printed = String::from_utf8(output.unwrap().stdout).unwrap();
    PathBuf::from(printed.trim_end())
}

/// What govulncheck finds: its messages with these fields of the innermost frame.
fn of_govulncheck(words: &[&str], dir: &Path, proxy: &Proxy, fields: &[&str]) -> BTreeSet<String> {
    let output = Command::new(govulncheck())
        .args(["-format", "json", "-db"])
        .arg(format!("file://{}", dir.join("db").display()))
        .args(words)
        .current_dir(dir.join("app"))
        .envs(proxy.env())
        .env("CGO_ENABLED", "0")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut found = BTreeSet::new();
    for message in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        let message = message.unwrap_or_else(|error| panic!("{error}: {text} {errors}"));
        let finding = &message["finding"];
        let trace = &finding["trace"][0];
        let all: Vec<&str> = fields
            .iter()
            .filter_map(|field| trace[*field].as_str())
            .collect();
        if all.len() == fields.len() {
            let id = finding["osv"].as_str().unwrap();
            let fixed = finding["fixed_version"].as_str().unwrap_or_default();
            found.insert(format!("{id} {} {fixed}", all.join(" ")));
        }
    }
    assert!(!found.is_empty(), "{text} {errors}");
    found
}

/// Modules, versions and packages are those that govulncheck finds: from the sources, and in the
/// program.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn findings_are_those_of_govulncheck() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let shop = shop(&proxy);
    let said = shop.run_with(
        "affected --vuln db --format json --platform linux/amd64",
        &proxy.env(),
    );
    follows("affected-vuln", &said.out);
    let said: Value = serde_json::from_str(&said.out).unwrap();
    for image in ["api", "job"] {
        let (mut packages, mut modules) = (BTreeSet::new(), BTreeSet::new());
        for held in ["images", "not_reached"] {
            let of_image = said[held].as_array().unwrap().iter();
            for found in of_image.filter(|of| of["image"] == image) {
                for finding in found["findings"].as_array().unwrap() {
                    let text = |field: &str| finding[field].as_str().unwrap_or_default();
                    let (id, module) = (text("id"), text("module"));
                    let (version, fixed) = (text("version"), text("fixed"));
                    modules.insert(format!("{id} {module} {version} {fixed}"));
                    for reached in finding["packages"].as_array().unwrap() {
                        let package = reached["package"].as_str().unwrap();
                        packages.insert(format!("{id} {module} {version} {package} {fixed}"));
                    }
                }
            }
        }
        let package = format!("./cmd/{image}");
        let words = ["-scan", "package", &package];
        let fields = ["module", "version", "package"];
        let mut theirs = of_govulncheck(&words, shop.path(), &proxy, &fields);
        // Of sources it takes entries of all systems.
        theirs.retain(|found| !found.starts_with("GO-2026-0004 "));
        assert_eq!(packages, theirs);
        let mut go = Command::new("go");
        go.args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-o",
            "program",
            &package,
        ])
        .current_dir(shop.path().join("app"))
        .envs(proxy.env())
        .env("CGO_ENABLED", "0");
        assert!(go.status().unwrap().success());
        let words = ["-mode", "binary", "-scan", "module", "program"];
        let fields = ["module", "version"];
        assert_eq!(
            modules,
            of_govulncheck(&words, shop.path(), &proxy, &fields)
        );
    }
}
