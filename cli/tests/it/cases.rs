//! Inputs that went wrong once, after public reports, each as small as it can be: what the command
//! says of each. Their builds are in frontend/tests/engine/cases.rs. `cargo xtask test cases::` runs
//! both.

use std::os::unix::fs::symlink;

use crate::support::Repository;

const MODULE: &str = "\n-- go.mod --\nmodule example.com/m\n\ngo 1.26";
const MAIN: &str = "package main\n\nfunc main() {}";

/// Runs `gowork check` on an archive. It must say `said`, or nothing of an error if that is empty.
#[track_caller]
fn check(archive: &str, said: &str) {
    let outcome = Repository::new(archive).run("check");
    if said.is_empty() {
        assert_eq!(outcome.code, 0, "{outcome}");
    } else {
        let text = format!("{}{}", outcome.out, outcome.err);
        assert!(outcome.code == 1 && text.contains(said), "{outcome}");
    }
}

/// Runs `gowork list` on an archive. Its images must be these.
#[track_caller]
fn list(archive: &str, images: &[&str]) {
    let outcome = Repository::new(archive).run("list");
    let names: Vec<&str> = outcome
        .out
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names, images, "{outcome}");
}

#[test]
fn directory_named_vendor() {
    let shop = "\n-- cmd/shop/main.go --\npackage main\n\nimport _ \"example.com/m/domain/vendor\"\n\nfunc main() {}\n-- domain/vendor/vendor.go --\npackage vendor";
    let archive = format!("{MODULE}{shop}\n-- cmd/vendor/main.go --\n{MAIN}");
    check(&archive, "");
    list(&archive, &["shop", "vendor"]);
}

#[test]
fn check_ignores_dockerignore() {
    let agent = "\n-- cmd/agent/main.go --\npackage main\n\nimport _ \"embed\"\n\n//go:embed job.yaml\nvar job string\n\nfunc main() { print(job) }\n-- cmd/agent/job.yaml --\nkind: Job";
    check(&format!("{MODULE}{agent}"), "");
    let ignored = "\n-- .dockerignore --\n**\n!**/*.go\n!**/go.mod";
    check(
        &format!("{MODULE}{agent}{ignored}"),
        "pattern job.yaml: no matching files found\n --> cmd/agent/main.go:5:12\n",
    );
}

#[test]
fn check_misses() {
    let cycle = "\n-- cmd/m/main.go --\npackage main\n\nimport _ \"example.com/m/x\"\n\nfunc main() {}\n-- x/x.go --\npackage x\n\nimport _ \"example.com/m/y\"\n-- y/y.go --\npackage y\n\nimport _ \"example.com/m/x\"";
    check(&format!("{MODULE}{cycle}"), "import cycle not allowed");
    let program = format!(
        "\n-- cmd/m/main.go --\npackage main\n\nimport _ \"example.com/m/cmd/n\"\n\nfunc main() {{}}\n-- cmd/n/main.go --\n{MAIN}"
    );
    check(
        &format!("{MODULE}{program}"),
        "import \"example.com/m/cmd/n\" is a program, not an importable package\n --> cmd/m/main.go:3:8\n",
    );
    let work = "\n-- go.work --\ngo 1.26\n\nuse (\n\t./a\n\t./b\n)\n-- a/go.mod --\nmodule example.com/a\n\ngo 1.26\n-- a/internal/x/x.go --\npackage x\n-- b/go.mod --\nmodule example.com/b\n\ngo 1.26";
    let foreign = "\n-- b/main.go --\npackage main\n\nimport _ \"example.com/a/internal/x\"\n\nfunc main() {}";
    check(&format!("{work}{foreign}"), "\n --> b/main.go:3:8\n");
}

#[test]
fn module_named_like_std() {
    let work = "\n-- go.work --\ngo 1.26\n\nuse (\n\t./api\n\t./database\n)\n-- api/go.mod --\nmodule api\n\ngo 1.26\n-- database/go.mod --\nmodule database\n\ngo 1.26";
    let api = "\n-- api/main.go --\npackage main\n\nimport (\n\t_ \"database/sql\"\n\t_ \"database/store\"\n)\n\nfunc main() {}\n-- database/store/store.go --\npackage store";
    check(&format!("{work}{api}"), "");
}

#[test]
fn sentinel_go_mod() {
    let archive = format!(
        "\n-- api/go.mod --\nmodule example.com/api\n\ngo 1.26\n-- api/main.go --\n{MAIN}\n-- web/node_modules/go.mod --\n\n-- web/node_modules/flatted/flatted.go --\npackage flatted"
    );
    check(&archive, "");
    list(&archive, &["api"]);
}

#[test]
fn not_for_this_platform() {
    let service = "\n-- winsvc/svc_windows.go --\npackage winsvc\n-- cmd/svc/main.go --\npackage main\n\nimport _ \"example.com/m/winsvc\"\n\nfunc main() {}";
    let archive = format!("{MODULE}{service}\n-- cmd/api/main.go --\n{MAIN}");
    check(&archive, "(svc_windows.go)\n --> cmd/svc/main.go:3:8\n");
    list(&archive, &["api"]);
}

/// `$$PATH` extends the base's, port ranges are ports, and `.exe` is for Windows.
#[test]
fn small_things() {
    let dirs = ["2048", "API", "_tool", "api", "foo.v1", "my+app"];
    let mains: String = dirs
        .iter()
        .map(|dir| format!("\n-- cmd/{dir}/main.go --\n{MAIN}"))
        .collect();
    let names = ["api", "app-2048", "cmd-api", "foo.v1", "my-app"];
    list(&format!("{MODULE}{mains}"), &names);
    let repository = Repository::new(&format!("{MODULE}{mains}"));
    let (dockerfile, bake) = (repository.run("dockerfile"), repository.run("bake"));
    for name in names {
        assert!(
            dockerfile.out.contains(&format!(" AS {name}\n")),
            "{dockerfile}"
        );
        let target = name.replace('.', "-");
        assert!(bake.out.contains(&format!("target \"{target}\"")), "{bake}");
    }
    let windows = repository.run("list --platform windows/amd64");
    assert!(windows.out.contains("my+app.exe"), "{windows}");
    assert_eq!(repository.run("check --platform wasi/wasm").code, 0);
    // Eight mains of one name.
    let services = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mains: String = services
        .iter()
        .map(|service| format!("\n-- {service}/cmd/main.go --\n{MAIN}"))
        .collect();
    list(&format!("{MODULE}{mains}"), &services);
    let settings = "\n-- gowork.toml --\n[runtime]\nbase = \"alpine:3.22\"\nports = [\"8000-8010/udp\"]\nenv = { PATH = \"/opt/app/bin:$$PATH\" }";
    let archive = format!("{MODULE}\n-- cmd/api/main.go --\n{MAIN}{settings}");
    check(&archive, "");
    let printed = Repository::new(&archive).run("dockerfile").out;
    assert!(
        printed.contains("PATH=\"/opt/app/bin:${PATH}\"") && printed.contains("8000-8010/udp"),
        "{printed}"
    );
}

/// No file of the base is hidden: the printed Dockerfile copies, as a build does.
#[test]
fn files_over_base() {
    let settings = "\n-- gowork.toml --\n[runtime]\nbase = \"debian:bookworm-slim\"\n[[runtime.files]]\nfrom = \"tool.sh\"\nto = \"/bin/tool.sh\"\n-- tool.sh --\n#!/bin/sh";
    let archive = format!("{MODULE}\n-- cmd/api/main.go --\n{MAIN}{settings}");
    check(&archive, "");
    let printed = Repository::new(&archive).run("dockerfile").out;
    assert!(printed.contains("tool.sh /bin/tool.sh"), "{printed}");
}

#[test]
fn fork_behind_third_party() {
    let module = "\n-- go.mod --\nmodule example.com/app\n\ngo 1.26\n\nrequire (\n\trsc.io/quote v1.5.2\n\trsc.io/sampler v1.3.0\n)\n\nreplace rsc.io/sampler => ./third_party/sampler";
    let main =
        "\n-- cmd/app/main.go --\npackage main\n\nimport _ \"rsc.io/quote\"\n\nfunc main() {}";
    let fork = "\n-- third_party/sampler/go.mod --\nmodule rsc.io/sampler\n-- third_party/sampler/sampler.go --\npackage sampler";
    let repository = Repository::new(&format!("{module}{main}{fork}"));
    let file = "third_party/sampler/sampler.go";
    let affected = repository.run(&format!("affected --files {file}"));
    assert!(affected.out.starts_with("app "), "{affected}");
    let explained = repository.run(&format!("explain app {file}"));
    assert!(explained.out.contains("is part of app"), "{explained}");
}

#[test]
fn unneeded_module_cannot_be_had() {
    let module = format!("{MODULE}\n\nrequire no.such.example/module v1.3.1");
    let bad = "\n-- cmd/bad/main.go --\npackage main\n\nimport _ \"no.such.example/module\"\n\nfunc main() {}";
    let archive = format!("{module}\n-- cmd/api/main.go --\n{MAIN}{bad}");
    check(&archive, "");
    list(&archive, &["api", "bad"]);
}

/// A member that is a link; a package and a file that are links.
#[test]
fn module_directory_is_a_link() {
    let lib = "\n-- external/lib/go.mod --\nmodule example.com/lib\n\ngo 1.26\n-- external/lib/lib.go --\npackage lib";
    let main = "\n-- services/api/go.mod --\nmodule example.com/api\n\ngo 1.26\n-- services/api/main.go --\npackage main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}";
    let work = "\n-- go.work --\ngo 1.26\n\nuse (\n\t./services/api\n\t./lib\n)";
    let repository = Repository::new(&format!("{work}{main}{lib}"));
    symlink("external/lib", repository.path().join("lib")).unwrap();
    let checked = repository.run("check");
    assert_eq!(checked.code, 0, "{checked}");
}

#[test]
fn printed_dockerfile_links() {
    let main = "\n-- services/api/main.go --\npackage main\n\nimport _ \"example.com/api/internal/shared\"\n\nfunc main() {}\n-- services/api/go.mod --\nmodule example.com/api\n\ngo 1.26";
    let repository = Repository::new(&format!(
        "{main}\n-- shared/shared.go --\npackage shared\n-- common/version.go --\npackage main"
    ));
    let api = repository.path().join("services/api");
    std::fs::create_dir(api.join("internal")).unwrap();
    symlink("../../../shared", api.join("internal/shared")).unwrap();
    symlink("../../common/version.go", api.join("version.go")).unwrap();
    let checked = repository.run("check");
    assert_eq!(checked.code, 0, "{checked}");
    let printed = repository.run("dockerfile").out;
    for file in ["shared/shared.go", "common/version.go"] {
        assert!(printed.contains(file), "{printed}");
    }
}
