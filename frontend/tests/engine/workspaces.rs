//! Repositories of several go.work and go.mod files: each binary is the one that `go build` makes
//! where the configuration says.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::repository::{Repository, files, unique};

/// A workspace below the root that uses a module beside it, a module that replaces that one by
/// another, and one with a vendor directory.
fn repository() -> Repository {
    let main = "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name) }\n";
    let lib = |name: &str| format!("package lib\n\nconst Name = {name:?}\n");
    let lib_mod = "module example.com/lib\n\ngo 1.24\n";
    let requires = |name: &str, dir: &str| {
        format!(
            "module example.com/{name}\n\ngo 1.24\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => {dir}\n"
        )
    };
    Repository::new(&[
        (
            "Dockerfile",
            "# syntax=docker.io/gowork/gowork:1\n[images.alone]\nmain = \"./work/app\"\nworkspace = false\n[images.app]\n",
        ),
        ("work/go.work", "go 1.26\n\nuse (\n\t./app\n\t../lib\n)\n"),
        ("work/app/go.mod", &requires("app", "../../fork")),
        ("work/app/main.go", main),
        ("lib/go.mod", lib_mod),
        ("lib/lib.go", &lib("lib")),
        ("fork/go.mod", lib_mod),
        ("fork/lib.go", &lib("fork")),
        ("sealed/go.mod", &requires("sealed", "../fork")),
        ("sealed/main.go", main),
        (
            "sealed/vendor/modules.txt",
            "# example.com/lib v0.0.0 => ../fork\n## explicit; go 1.24\nexample.com/lib\n# example.com/lib => ../fork\n",
        ),
        ("sealed/vendor/example.com/lib/lib.go", &lib("vendored")),
    ])
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn binaries_are_those_of_their_own_root() {
    let repository = repository();
    let flag = "-ldflags=-s -w";
    let expected = BTreeMap::from([
        (
            "alone".to_owned(),
            repository.go_build_in("off", &[flag], "work/app", "."),
        ),
        ("app".to_owned(), repository.go_build("work/app", ".")),
        ("sealed".to_owned(), repository.go_build("sealed", ".")),
    ]);
    assert!(
        expected["alone"] != expected["app"],
        "the workspace makes no difference"
    );
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    let made = files(out.path());
    assert_eq!(
        made.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &made {
        assert!(
            *bytes == expected[name],
            "{name} differs from that of go build"
        );
    }
}

/// Modules of the repository that lie below a directory `vendor`, whose sources are not sent at
/// first. To what Go calls vendored, they have no relation.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_below_a_directory_called_vendor() {
    let main = "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name) }\n";
    let go_mod = "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ./third_party/vendor/lib\n";
    let repository = Repository::new(&[
        ("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n"),
        ("go.mod", go_mod),
        ("main.go", main),
        (
            "third_party/vendor/lib/go.mod",
            "module example.com/lib\n\ngo 1.26\n",
        ),
        (
            "third_party/vendor/lib/lib.go",
            "package lib\n\nimport _ \"embed\"\n\n//go:embed name.txt\nvar Name string\n",
        ),
        ("third_party/vendor/lib/name.txt", "the one below vendor"),
    ]);
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    assert!(
        files(out.path())["app"] == repository.go_build(".", "."),
        "differs from that of go build"
    );
}

/// A module whose directory, by its path, is inside of another module's: both from the proxy, and
/// the inner one a directory of the repository.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_inside_of_modules() {
    for replaced in [false, true] {
        let replace = if replaced {
            "\nreplace rsc.io/quote/v3 => ./fork\n"
        } else {
            ""
        };
        let repository = Repository::new(&[
            ("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n"),
            (
                "go.mod",
                &format!(
                    "module example.com/nested\n\ngo 1.26\n\nrequire (\n\trsc.io/quote v1.5.2\n\trsc.io/quote/v3 v3.1.0\n)\n{replace}"
                ),
            ),
            (
                "main.go",
                "package main\n\nimport \"example.com/nested/own\"\n\nfunc main() { println(own.Say()) }\n",
            ),
            (
                "job/main.go",
                "package main\n\nimport \"example.com/nested/own\"\n\nfunc main() { println(own.Say()) }\n",
            ),
            (
                "own/own.go",
                "package own\n\nimport (\n\t\"rsc.io/quote\"\n\tv3 \"rsc.io/quote/v3\"\n)\n\n// Say says two things.\nfunc Say() string { return quote.Hello() + v3.Concurrency() }\n",
            ),
            ("fork/go.mod", "module rsc.io/quote/v3\n\ngo 1.26\n"),
            (
                "fork/quote.go",
                "package quote\n\nimport \"rsc.io/quote/v3/deep\"\n\n// Concurrency is a word.\nfunc Concurrency() string { return deep.Word }\n",
            ),
            (
                "fork/deep/deep.go",
                "package deep\n\nconst Word = \"forked\"\n",
            ),
        ]);
        repository.append("own/own.go", &format!("\n// {}\n", unique()));
        repository.go("", &["mod", "tidy"]);
        let out = tempfile::tempdir().unwrap();
        let outcome = Engine::main()
            .frontend(&repository.root())
            .target("binaries")
            .files_to(out.path())
            .succeeds();
        assert!(
            files(out.path())["nested"] == repository.go_build("", "."),
            "replaced: {replaced}"
        );
        // In a step that sees what it needs alone, where a vendor directory has it. The link
        // compiles its main at most: the rest it finds.
        let compiled = if replaced {
            "compile ./fork, ./fork/deep, ./own (job, nested)"
        } else {
            "compile ./own (job, nested)"
        };
        assert!(
            outcome.records.programs_ran().contains(compiled),
            "{}",
            outcome.everything()
        );
        let log = outcome.records.log_of("link nested");
        assert!(
            log.lines().all(|line| line == "example.com/nested"),
            "{log}"
        );
    }
}
