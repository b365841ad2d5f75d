//! Inputs that went wrong once, after public reports, each as small as it can be: what becomes of
//! each is one line of a table. `cargo test -p gowork-frontend --test engine -- --ignored cases::`
//! runs them; those of the command are in cli/tests/it/cases.rs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::engine::Engine;

/// What becomes of a build.
enum Ends {
    /// It succeeds, and the result has this file.
    With(&'static str),
    /// It fails, and this is the first line of the error.
    In(&'static str),
}
use Ends::{In, With};

/// The files of a txtar archive, on disk; `-- PATH -> TARGET --` is a link. A module and the syntax
/// line are there if it has none.
fn write(archive: &str, dir: &Path) {
    let mut files = vec![("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n")];
    if !archive.contains("go.work --") && !archive.contains("-- go.mod --") {
        files.push(("go.mod", "module example.com/m\n\ngo 1.26\n"));
    }
    let archive = format!("\n{archive}");
    files.extend(archive.split("\n-- ").skip(1).map(|part| {
        part.split_once(" --\n")
            .unwrap_or((part.trim_end_matches(" --"), ""))
    }));
    for (path, text) in files {
        let (path, target) = path
            .split_once(" -> ")
            .map_or((path, None), |(path, target)| (path, Some(target)));
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match target {
            Some(target) => symlink(target, &path).unwrap(),
            None => fs::write(&path, format!("{text}\n")).unwrap(),
        }
    }
}

/// Builds each target for a platform.
fn hold(archive: &str, platform: &str, outcomes: &[(&str, Ends)]) {
    let input = tempfile::tempdir().unwrap();
    write(archive, input.path());
    for (target, ends) in outcomes {
        let output = tempfile::tempdir().unwrap();
        let build = Engine::main()
            .frontend(input.path())
            .target(target)
            .args(["--platform", platform])
            .files_to(output.path());
        match ends {
            With(file) => {
                let outcome = build.succeeds();
                assert!(
                    output.path().join(file).is_file(),
                    "{target}: no {file}\n{}",
                    outcome.everything()
                );
            }
            In(first) => {
                let outcome = build.fails();
                let error = outcome
                    .text
                    .split_once("failed to solve: ")
                    .map_or("", |(_, error)| error);
                assert_eq!(
                    error.lines().next(),
                    Some(*first),
                    "{target}: {}",
                    outcome.everything()
                );
            }
        }
    }
}

const MAIN: &str = "package main\n\nfunc main() {}\n";

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn directory_named_vendor() {
    let shop = "-- cmd/shop/main.go --\npackage main\n\nimport \"example.com/m/domain/vendor\"\n\nfunc main() { println(vendor.Name()) }\n-- domain/vendor/vendor.go --\npackage vendor\n\nfunc Name() string { return \"acme\" }\n";
    hold(
        &format!("{shop}-- cmd/vendor/main.go --\n{MAIN}"),
        "linux/amd64",
        &[
            ("shop", With("usr/local/bin/shop")),
            ("vendor", With("usr/local/bin/vendor")),
        ],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn module_named_like_std() {
    let work = "-- go.work --\ngo 1.26\n\nuse (\n\t./api\n\t./database\n)\n-- api/go.mod --\nmodule api\n\ngo 1.26\n-- database/go.mod --\nmodule database\n\ngo 1.26\n";
    let api = "-- api/main.go --\npackage main\n\nimport (\n\t\"database/sql\"\n\t\"database/store\"\n)\n\nfunc main() { println(store.Name(), sql.Drivers()) }\n-- database/store/store.go --\npackage store\n\nfunc Name() string { return \"store\" }\n";
    hold(
        &format!("{work}{api}"),
        "linux/amd64",
        &[("api", With("usr/local/bin/api"))],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn sentinel_go_mod() {
    let web = "-- web/node_modules/go.mod --\n-- web/node_modules/flatted/flatted.go --\npackage flatted\n";
    hold(
        &format!(
            "-- api/go.mod --\nmodule example.com/api\n\ngo 1.26\n-- api/main.go --\n{MAIN}{web}-- go.work --\ngo 1.26\n\nuse ./api\n"
        ),
        "linux/amd64",
        &[("api", With("usr/local/bin/api"))],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn not_for_this_platform() {
    let service = "-- winsvc/svc_windows.go --\npackage winsvc\n\nfunc Run() {}\n-- cmd/svc/main.go --\npackage main\n\nimport \"example.com/m/winsvc\"\n\nfunc main() { winsvc.Run() }\n";
    let archive = format!("{service}-- cmd/api/main.go --\n{MAIN}");
    let first = "cmd/svc/main.go:3:8: package example.com/m/winsvc cannot be built for linux/amd64: build constraints exclude all its Go files (svc_windows.go)";
    hold(
        &archive,
        "linux/amd64",
        &[("svc", In(first)), ("api", With("usr/local/bin/api"))],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_go_refuses_before_it_compiles() {
    let cycle = "-- cmd/m/main.go --\npackage main\n\nimport \"example.com/m/x\"\n\nfunc main() { println(x.X) }\n-- x/x.go --\npackage x\n\nimport \"example.com/m/y\"\n\nconst X = y.Y\n-- y/y.go --\npackage y\n\nimport \"example.com/m/x\"\n\nconst Y = x.X\n";
    let ok = format!("-- cmd/ok/main.go --\n{MAIN}");
    hold(
        &format!("{cycle}{ok}"),
        "linux/amd64",
        &[("ok", With("usr/local/bin/ok"))],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn directories_called_like_files() {
    let nats = "-- cmd/app/main.go --\npackage main\n\nimport nats \"example.com/m/lib/nats.go\"\n\nfunc main() { println(nats.Name()) }\n-- cmd/app/ee.go --\n//go:build enterprise\n\npackage main\n-- lib/nats.go/nats.go --\npackage nats\n\nfunc Name() string { return \"nats\" }\n";
    hold(nats, "linux/amd64", &[("app", With("usr/local/bin/app"))]);
}
