//! Inputs that went wrong once, after public reports, each as small as it can be, and what becomes
//! of a build of each. What the command says of them is in cli/tests/it/cases.rs. `cargo xtask test
//! cases::` runs both.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::bases;
use crate::bases::tree::Tree;
use crate::engine::Engine;
use crate::layout;

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

/// What `gowork check` says of the broken main is in the table of the command.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn check_misses() {
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
fn small_things_directories_called_like_files() {
    let nats = "-- cmd/app/main.go --\npackage main\n\nimport nats \"example.com/m/lib/nats.go\"\n\nfunc main() { println(nats.Name()) }\n-- cmd/app/ee.go --\n//go:build enterprise\n\npackage main\n-- lib/nats.go/nats.go --\npackage nats\n\nfunc Name() string { return \"nats\" }\n";
    hold(nats, "linux/amd64", &[("app", With("usr/local/bin/app"))]);
}

/// Names that no image, stage or target can have as they are.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn small_things_names() {
    let dirs = ["2048", "API", "_tool", "api", "foo.v1", "my+app"];
    let mains: String = dirs
        .iter()
        .map(|dir| format!("-- cmd/{dir}/main.go --\n{MAIN}"))
        .collect();
    hold(
        &mains,
        "linux/amd64",
        &[
            ("app-2048", With("usr/local/bin/2048")),
            ("cmd-api", With("usr/local/bin/API")),
            ("api", With("usr/local/bin/api")),
            ("foo.v1", With("usr/local/bin/foo.v1")),
            ("my-app", With("usr/local/bin/my+app")),
        ],
    );
    hold(
        &mains,
        "windows/amd64",
        &[("api", With("usr/local/bin/api.exe"))],
    );
    hold(&mains, "wasi/wasm", &[("api", With("usr/local/bin/api"))]);
}

/// Settings that extend those of the base, as `$$PATH` does.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn small_things_env_and_ports() {
    let input = tempfile::tempdir().unwrap();
    let text = "# syntax=docker.io/gowork/gowork:1\n[runtime]\nbase = \"debian:bookworm-slim\"\nports = [\"8000-8002\"]\nenv = { PATH = \"/opt/app/bin:$$PATH\", GREETING = \"a \\\"b\\\" $$HOME \\\\ 'x'\" }\n";
    write(
        &format!("-- cmd/api/main.go --\n{MAIN}-- Dockerfile --\n{text}"),
        input.path(),
    );
    let image = layout::build(Engine::main().frontend(input.path())).image();
    let config = &image.config["config"];
    let env = config["Env"].to_string();
    assert!(
        env.contains("\"PATH=/opt/app/bin:/usr/local/sbin:"),
        "{env}"
    );
    assert!(env.contains(r#""GREETING=a \"b\"  \\ 'x'""#), "{env}");
    let ports = ["8000/tcp", "8001/tcp", "8002/tcp"];
    let exposed: Vec<&String> = config["ExposedPorts"].as_object().unwrap().keys().collect();
    assert_eq!(exposed, ports);
}

/// `/bin` of Debian is a link, and `/tmp` is sticky.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn files_over_base() {
    let input = tempfile::tempdir().unwrap();
    let files = "[[runtime.files]]\nfrom = \"tool.sh\"\nto = \"/bin/tool.sh\"\n[[runtime.files]]\nfrom = \"tool.sh\"\nto = \"/tmp/tool.sh\"\n";
    let text = format!(
        "# syntax=docker.io/gowork/gowork:1\n[runtime]\nbase = \"debian:bookworm-slim\"\nuser = \"0:0\"\n{files}"
    );
    let stock = "FROM debian:bookworm-slim\nCOPY tool.sh /bin/tool.sh\nCOPY tool.sh /tmp/tool.sh\n";
    write(
        &format!(
            "-- main.go --\n{MAIN}-- tool.sh --\n#!/bin/sh\n-- Dockerfile --\n{text}-- stock.Dockerfile --\n{stock}"
        ),
        input.path(),
    );
    let ours = Tree::of(Engine::main().frontend(input.path()));
    let copied =
        Tree::of(Engine::main().stock(input.path(), &input.path().join("stock.Dockerfile")));
    let differences = ours.differences(&copied);
    assert!(
        differences
            .iter()
            .all(|path| path.contains("usr/local/bin/m")),
        "{differences:?}"
    );
    for (path, start) in [
        ("bin", "lrwxrwxrwx 0/0"),
        ("usr/bin/tool.sh", "-rw"),
        ("tmp", "drwxrwxrwt 0/0"),
    ] {
        let what = &ours.entries[path].what;
        assert!(what.starts_with(start), "{path}: {what}");
    }
}

/// A fork that only third-party code imports.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn fork_behind_third_party() {
    let module = "-- go.mod --\nmodule example.com/app\n\ngo 1.26\n\nrequire rsc.io/quote v1.5.2\n\nrequire (\n\tgolang.org/x/text v0.0.0-20170915032832-14c0d48ead0c // indirect\n\trsc.io/sampler v1.3.0 // indirect\n)\n\nreplace rsc.io/sampler => ./third_party/sampler\n";
    let sums = "-- go.sum --\ngolang.org/x/text v0.0.0-20170915032832-14c0d48ead0c h1:qgOY6WgZOaTkIIMiVjBQcw93ERBE4m30iBm00nkL0i8=\ngolang.org/x/text v0.0.0-20170915032832-14c0d48ead0c/go.mod h1:NqM8EUOU14njkJ3fqMW+pc6Ldnwhi/IjpwHt7yyuwOQ=\nrsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=\nrsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=\n";
    let main = "-- cmd/app/main.go --\npackage main\n\nimport \"rsc.io/quote\"\n\nfunc main() { println(quote.Hello()) }\n";
    let fork = "-- third_party/sampler/go.mod --\nmodule rsc.io/sampler\n\nrequire golang.org/x/text v0.0.0-20170915032832-14c0d48ead0c\n-- third_party/sampler/sampler.go --\npackage sampler\n\nimport \"golang.org/x/text/language\"\n\nfunc Hello(prefs ...language.Tag) string { return \"hello from the fork\" }\n\nfunc Glass(prefs ...language.Tag) string { return \"glass\" }\n";
    hold(
        &format!("{module}{sums}{main}{fork}"),
        "linux/amd64",
        &[("app", With("usr/local/bin/app"))],
    );
}

/// A requirement that cannot be had, and that this target does not import.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn unneeded_module_cannot_be_had() {
    let module = "-- go.mod --\nmodule example.com/m\n\ngo 1.26\n\nrequire no.such.example/module v1.3.1\n-- go.sum --\nno.such.example/module v1.3.1 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nno.such.example/module v1.3.1/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    let bad = "-- cmd/bad/main.go --\npackage main\n\nimport _ \"no.such.example/module\"\n\nfunc main() {}\n";
    hold(
        &format!("{module}-- cmd/api/main.go --\n{MAIN}{bad}"),
        "linux/amd64",
        &[("api", With("usr/local/bin/api"))],
    );
}

/// A member, and the directory of a replacement.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn module_directory_is_a_link() {
    let lib = "-- external/lib/go.mod --\nmodule example.com/lib\n\ngo 1.26\n-- external/lib/lib.go --\npackage lib\n\nconst Name = \"lib\"\n-- lib -> external/lib --\n";
    let main = "-- services/api/main.go --\npackage main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name) }\n";
    let member = "-- go.work --\ngo 1.26\n\nuse (\n\t./services/api\n\t./lib\n)\n-- services/api/go.mod --\nmodule example.com/api\n\ngo 1.26\n";
    let replaced = "-- services/api/go.mod --\nmodule example.com/api\n\ngo 1.26\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../../lib\n-- go.work --\ngo 1.26\n\nuse ./services/api\n";
    for modules in [member, replaced] {
        hold(
            &format!("{modules}{main}{lib}"),
            "linux/amd64",
            &[("api", With("usr/local/bin/api"))],
        );
    }
}

/// A package and a file that are links: by the frontend, and by the printed Dockerfile.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn printed_dockerfile_links() {
    let input = tempfile::tempdir().unwrap();
    write(
        "-- services/api/go.mod --\nmodule example.com/api\n\ngo 1.26\n-- services/api/main.go --\npackage main\n\nimport \"example.com/api/internal/shared\"\n\nfunc main() { println(shared.Name, version) }\n-- services/api/internal/shared -> ../../../shared --\n-- shared/shared.go --\npackage shared\n\nconst Name = \"shared\"\n-- services/api/version.go -> ../../common/version.go --\n-- common/version.go --\npackage main\n\nconst version = 1\n-- go.work --\ngo 1.26\n\nuse ./services/api\n",
        input.path(),
    );
    let printed = input.path().join("printed.Dockerfile");
    fs::write(&printed, bases::printed(input.path())).unwrap();
    let builds = [
        Engine::main().frontend(input.path()),
        Engine::main().stock(input.path(), &printed),
    ];
    for build in builds {
        let output = tempfile::tempdir().unwrap();
        build.target("api").files_to(output.path()).succeeds();
        assert!(output.path().join("usr/local/bin/api").is_file());
    }
}

/// The build sees what .dockerignore lets in.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn check_ignores_dockerignore() {
    let agent = "-- cmd/agent/main.go --\npackage main\n\nimport _ \"embed\"\n\n//go:embed job.yaml\nvar job string\n\nfunc main() { print(job) }\n-- cmd/agent/job.yaml --\nkind: Job\n";
    hold(
        agent,
        "linux/amd64",
        &[("agent", With("usr/local/bin/agent"))],
    );
    let first = "cmd/agent/main.go:5:12: pattern job.yaml: no matching files found";
    hold(
        &format!("{agent}-- .dockerignore --\n**\n!**/*.go\n!**/go.mod\n"),
        "linux/amd64",
        &[("agent", In(first))],
    );
}
