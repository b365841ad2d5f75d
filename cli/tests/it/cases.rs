//! Inputs that went wrong once, after public reports, each as small as it can be: what the command
//! says of each. `cargo test -p gowork --test it cases::` runs them; those of builds are in
//! frontend/tests/engine/cases.rs.

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
