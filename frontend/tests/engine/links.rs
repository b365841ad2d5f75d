//! Modules and packages in places where a transfer of sources could miss them: behind links, in
//! directories called `vendor`, beside std. Each binary is the one that `go build` makes.

use crate::engine::Engine;
use crate::repository::{Repository, files};

/// Builds all binaries; each is compared with that of `go build` in the directory.
fn compare(repository: &Repository, mains: &[(&str, &str, &str)]) {
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&repository.root())
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    let made = files(out.path());
    let names: Vec<&str> = mains.iter().map(|(name, ..)| *name).collect();
    assert_eq!(made.keys().map(String::as_str).collect::<Vec<_>>(), names);
    for (name, dir, package) in mains {
        assert!(
            made[*name] == repository.go_build(dir, package),
            "{name} differs from that of go build"
        );
    }
}

fn link(repository: &Repository, target: &str, name: &str) {
    std::os::unix::fs::symlink(target, repository.root().join(name)).unwrap();
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_behind_links() {
    let repository = Repository::new(&[
        (
            "real/go.work",
            "go 1.26\n\nuse (\n\t./lib\n\t./services/api\n)\n",
        ),
        ("real/lib.mod", "module example.com/lib\n\ngo 1.26\n"),
        (
            "external/lib/lib.go",
            "package lib\n\nconst Name = \"lib\"\n",
        ),
        (
            "external/lib/cmd/tool/main.go",
            "package main\n\nimport \"example.com/lib\"\n\nfunc main() { println(lib.Name) }\n",
        ),
        ("fork/go.mod", "module example.com/fork\n\ngo 1.26\n"),
        (
            "fork/fork.go",
            "package fork\n\nimport \"example.com/fork/deep\"\n\nconst Name = deep.Name\n",
        ),
        (
            "fork/deep/deep.go",
            "package deep\n\nconst Name = \"deep\"\n",
        ),
        (
            "services/api/go.mod",
            "module example.com/api\n\ngo 1.26\n\nrequire example.com/fork v0.0.0\n\nreplace example.com/fork => ../../forklink\n",
        ),
        (
            "services/api/main.go",
            "package main\n\nimport (\n\t\"example.com/fork\"\n\t\"example.com/lib\"\n)\n\nfunc main() { println(lib.Name, fork.Name) }\n",
        ),
    ]);
    link(&repository, "real/go.work", "go.work");
    link(&repository, "external/lib", "lib");
    link(&repository, "../../real/lib.mod", "external/lib/go.mod");
    link(&repository, "fork", "forklink");
    compare(
        &repository,
        &[("api", "services/api", "."), ("tool", "", "./lib/cmd/tool")],
    );
    // By themselves, and a directory above that is a link.
    for file in ["go.work", "real/go.work"] {
        std::fs::remove_file(repository.root().join(file)).unwrap();
    }
    link(&repository, "fork", "other");
    repository.write(
        "services/api/go.mod",
        "module example.com/api\n\ngo 1.26\n\nrequire (\n\texample.com/fork v0.0.0\n\texample.com/lib v0.0.0\n)\n\nreplace (\n\texample.com/fork => ../../other\n\texample.com/lib => ../../far/lib\n)\n",
    );
    link(&repository, "external", "far");
    compare(
        &repository,
        &[
            ("api", "services/api", "."),
            ("tool", "external/lib", "./cmd/tool"),
        ],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn packages_called_vendor() {
    let repository = Repository::new(&[
        (
            "go.mod",
            "module example.com/shop\n\ngo 1.26\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ./lib\n",
        ),
        ("lib/go.mod", "module example.com/lib\n\ngo 1.26\n"),
        (
            "lib/vendor/vendor.go",
            "package vendor\n\nconst Name = \"of lib\"\n",
        ),
        (
            "internal/domain/vendor/vendor.go",
            "package vendor\n\nimport _ \"embed\"\n\n//go:embed name.txt\nvar Name string\n",
        ),
        ("internal/domain/vendor/name.txt", "a vendor"),
        (
            "cmd/vendor/main.go",
            "package main\n\nfunc main() { println(1) }\n",
        ),
        (
            "cmd/shop/main.go",
            "package main\n\nimport (\n\t\"example.com/shop/internal/domain/vendor\"\n\n\tlib \"example.com/lib/vendor\"\n)\n\nfunc main() { println(vendor.Name, lib.Name) }\n",
        ),
    ]);
    compare(
        &repository,
        &[("shop", "", "./cmd/shop"), ("vendor", "", "./cmd/vendor")],
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_module_named_like_a_part_of_std() {
    let repository = Repository::new(&[
        ("go.work", "go 1.26\n\nuse (\n\t./api\n\t./database\n)\n"),
        ("database/go.mod", "module database\n\ngo 1.26\n"),
        (
            "database/store/store.go",
            "package store\n\nimport \"database/sql/driver\"\n\nvar Err = driver.ErrBadConn\n",
        ),
        ("api/go.mod", "module api\n\ngo 1.26\n"),
        (
            "api/main.go",
            "package main\n\nimport (\n\t\"database/sql\"\n\t\"database/store\"\n)\n\nfunc main() { println(sql.ErrNoRows, store.Err) }\n",
        ),
    ]);
    compare(&repository, &[("api", "api", ".")]);
}
