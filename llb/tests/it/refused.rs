//! What `go build` refuses before it compiles anything: we refuse it too, with its place, and
//! nothing else.

use expect_test::{Expect, expect};
use gowork_llb::gosrc::BuildContext;
use gowork_llb::packages;
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace;

use crate::workspace_go::{check, go, own, unpack};

const M: &str = "-- go.mod --\nmodule example.com/m\n\ngo 1.26\n";

/// A main in the root of the module that imports these paths.
pub(crate) fn main(imports: &[&str]) -> String {
    let imports: String = imports
        .iter()
        .map(|path| format!("import _ \"{path}\"\n"))
        .collect();
    format!("-- main.go --\npackage main\n\n{imports}\nfunc main() {{}}\n")
}

/// A package of the module.
pub(crate) fn package(dir: &str, imports: &[&str]) -> String {
    let name = dir.rsplit('/').next().unwrap_or(dir);
    let imports: String = imports
        .iter()
        .map(|path| format!("import _ \"{path}\"\n"))
        .collect();
    format!("-- {dir}/{name}.go --\npackage {name}\n\n{imports}")
}

/// Asserts that the go command refuses a tree with these words, and that ours are `said`.
#[track_caller]
pub(crate) fn refused(archive: &str, words: &str, said: &Expect) {
    let dir = unpack(archive);
    let scan = packages::scan(&LocalTree::new(dir.path()));
    let loaded = workspace::load(&scan.mod_files);
    let workspace = loaded.workspace;
    let mut ours = loaded
        .diagnostics
        .iter()
        .map(|said| format!("{said}\n"))
        .collect::<String>();
    let mut theirs = String::new();
    for (ix, root) in workspace.roots() {
        let context = BuildContext::new("linux", "amd64");
        let mains: Vec<String> = packages::mains(&scan, &workspace, ix, &context)
            .into_iter()
            .map(|main| main.path.into())
            .collect();
        theirs += &go(root, dir.path(), &mains).err().unwrap_or_default();
        ours += &own(&scan, &workspace, ix, &mains).err().unwrap_or_default();
    }
    assert!(theirs.contains(words), "go said: {theirs}");
    said.assert_eq(&format!("{}\n", ours.trim_end()));
}

#[test]
fn import_cycles() {
    let cycle = package("x", &["example.com/m/y"]) + &package("y", &["fmt", "example.com/m/x"]);
    refused(
        &(M.to_owned() + &main(&["example.com/m/x"]) + &cycle),
        "import cycle not allowed",
        &expect![[r#"
            x/x.go:3:8: import cycle not allowed: example.com/m/x imports example.com/m/y imports example.com/m/x; y/y.go:4:8: example.com/m/y imports example.com/m/x
        "#]],
    );
    refused(
        &(M.to_owned() + &main(&["example.com/m/x"]) + &package("x", &["example.com/m/x"])),
        "import cycle not allowed",
        &expect![[r#"
            x/x.go:3:8: import cycle not allowed: example.com/m/x imports itself
        "#]],
    );
    refused(
        &(M.to_owned() + &main(&["example.com/m"])),
        "import cycle not allowed",
        &expect![[r#"
            main.go:3:8: import cycle not allowed: example.com/m imports itself
        "#]],
    );
}

/// Of packages that all import each other one cycle is enough, and a long one is not shown in full.
#[test]
fn long_import_cycles() {
    let ring: String = (0..40)
        .map(|n| {
            package(
                &format!("p{n}"),
                &[&format!("example.com/m/p{}", (n + 1) % 40)],
            )
        })
        .collect();
    refused(
        &(M.to_owned() + &main(&["example.com/m/p7"]) + &ring),
        "import cycle not allowed",
        &expect![[r#"
            p0/p0.go:3:8: import cycle not allowed: example.com/m/p0 imports itself through 39 packages; p1/p1.go:3:8: example.com/m/p1 imports example.com/m/p2; p2/p2.go:3:8: example.com/m/p2 imports example.com/m/p3; p3/p3.go:3:8: example.com/m/p3 imports example.com/m/p4; p4/p4.go:3:8: example.com/m/p4 imports example.com/m/p5; p5/p5.go:3:8: example.com/m/p5 imports example.com/m/p6
        "#]],
    );
}

/// Modules in a circle are fine, packages in one across modules are not.
#[test]
fn import_cycles_across_modules() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./b\n)\n-- a/go.mod --\nmodule example.com/a\n-- b/go.mod --\nmodule example.com/b\n";
    let main = "-- a/cmd/m/m.go --\npackage main\nimport _ \"example.com/a/x\"\nfunc main() {}\n";
    check(
        &(work.to_owned()
            + main
            + "-- a/x/x.go --\npackage x\nimport _ \"example.com/b/y\"\n-- b/y/y.go --\npackage y\nimport _ \"example.com/a/z\"\n-- a/z/z.go --\npackage z\n"),
        &[".: example.com/a/cmd/m"],
    );
    refused(
        &(work.to_owned()
            + main
            + "-- a/x/x.go --\npackage x\nimport _ \"example.com/b/y\"\n-- b/y/y.go --\npackage y\nimport _ \"example.com/a/x\"\n"),
        "import cycle not allowed",
        &expect![[r#"
            a/x/x.go:2:8: import cycle not allowed: example.com/a/x imports example.com/b/y imports example.com/a/x; b/y/y.go:2:8: example.com/b/y imports example.com/a/x
        "#]],
    );
}

#[test]
fn internal_packages() {
    let work = "-- go.work --\ngo 1.26\nuse (\n\t./a\n\t./b\n)\n-- a/go.mod --\nmodule example.com/a\n-- b/go.mod --\nmodule example.com/b\n-- a/internal/x/x.go --\npackage x\n";
    refused(
        &(work.to_owned()
            + "-- b/main.go --\npackage main\nimport _ \"example.com/a/internal/x\"\nfunc main() {}\n"),
        "use of internal package example.com/a/internal/x not allowed",
        &expect![[r#"
            b/main.go:2:8: use of internal package example.com/a/internal/x not allowed in example.com/b (a package below a directory called internal is for packages beside or below that directory)
        "#]],
    );
    let std = main(&[
        "internal/abi",
        "net/http/internal",
        "example.com/m/p/internal/q/internal",
        "example.com/m/p/internal",
    ]);
    refused(
        &(M.to_owned()
            + &std
            + &package("p/internal/q/internal", &[])
            + &package("p/internal", &[])),
        "use of internal package",
        &expect![[r#"
            main.go:6:8: use of internal package example.com/m/p/internal not allowed in example.com/m (a package below a directory called internal is for packages beside or below that directory)
            main.go:5:8: use of internal package example.com/m/p/internal/q/internal not allowed in example.com/m (a package below a directory called internal is for packages beside or below that directory)
            main.go:3:8: use of internal package internal/abi not allowed in example.com/m (a package below a directory called internal is for packages beside or below that directory)
            main.go:4:8: use of internal package net/http/internal not allowed in example.com/m (a package below a directory called internal is for packages beside or below that directory)
        "#]],
    );
    // Import paths decide, not directories: so a nested module may, and one whose path goes
    // elsewhere may not.
    let nested = "-- go.work --\ngo 1.26\nuse (\n\t.\n\t./deep\n\t./x\n)\n";
    let deep = "-- deep/go.mod --\nmodule example.com/m/deep\n-- deep/main.go --\npackage main\nimport _ \"example.com/m/internal/p\"\nimport _ \"example.com/m/deep/internal/z\"\nfunc main() {}\n-- deep/internal/z/z.go --\npackage z\n-- x/go.mod --\nmodule example.com/x\n";
    check(
        &(nested.to_owned() + M + &package("internal/p", &[]) + deep),
        &[".: example.com/m/deep"],
    );
    check(
        &(nested.to_owned()
            + M
            + &package("p/internal", &[])
            + &package("p/q", &["example.com/m/p/internal"])
            + &main(&["example.com/m/p/q", "example.com/m/p/internals"])
            + &package("p/internals", &[])
            + "-- deep/go.mod --\nmodule example.com/deep\n-- x/go.mod --\nmodule example.com/x\n"),
        &[".: example.com/m"],
    );
}

#[test]
fn programs_are_not_imported() {
    let program = "-- n/n.go --\npackage main\n\nfunc main() {}\n";
    refused(
        &(M.to_owned() + &main(&["example.com/m/n"]) + program),
        "import \"example.com/m/n\" is a program, not an importable package",
        &expect![[r#"
            main.go:3:8: import "example.com/m/n" is a program, not an importable package (move what both need into a package of its own)
        "#]],
    );
    // A test may have a package of its own beside the program, and needs no import here.
    check(
        &(M.to_owned()
            + &main(&[])
            + "-- main_test.go --\npackage main_test\n\nimport _ \"example.com/m\"\n"),
        &[".: example.com/m"],
    );
}

#[test]
fn paths_that_differ_in_case() {
    refused(
        &(M.to_owned()
            + &main(&["example.com/m/Lib", "example.com/m/lib"])
            + &package("Lib", &[])
            + &package("lib", &[])),
        "case-insensitive import collision",
        &expect![[r#"
            main.go:4:8: case-insensitive import collision: "example.com/m/lib" and "example.com/m/Lib"; main.go:3:8: the other spelling (give one of the packages another name)
        "#]],
    );
    // In two programs they do not meet.
    let one = "-- one/main.go --\npackage main\nimport _ \"example.com/m/Lib\"\nfunc main() {}\n";
    let two = "-- two/main.go --\npackage main\nimport _ \"example.com/m/lib\"\nfunc main() {}\n";
    let dir = unpack(&(M.to_owned() + one + two + &package("Lib", &[]) + &package("lib", &[])));
    let scan = packages::scan(&LocalTree::new(dir.path()));
    let workspace = workspace::load(&scan.mod_files).workspace;
    let (ix, _) = workspace.roots().next().unwrap();
    let both = [
        "example.com/m/one".to_owned(),
        "example.com/m/two".to_owned(),
    ];
    own(&scan, &workspace, ix, &both).unwrap();
    let file = M.to_owned()
        + &main(&["example.com/m/p"])
        + &package("p", &[])
        + "-- p/x.s --\n-- p/X.s --\n";
    refused(
        &file,
        "case-insensitive file name collision: \"X.s\" and \"x.s\"",
        &expect![[r#"
            p/x.s: case-insensitive file name collision: "X.s" and "x.s"
        "#]],
    );
    let embedded = "-- p/e.go --\npackage p\n\nimport _ \"embed\"\n\n//go:embed a\nvar a string\n//go:embed A\nvar b string\n-- p/a --\n-- p/A --\n";
    refused(
        &(M.to_owned() + &main(&["example.com/m/p"]) + embedded),
        "case-insensitive file name collision: \"A\" and \"a\"",
        &expect![[r#"
            p/a: case-insensitive file name collision: "A" and "a"
        "#]],
    );
}

#[test]
fn import_paths_that_cannot_be() {
    for (path, words, ours) in [
        (
            "./lib",
            "local import \"./lib\" in non-local package",
            "is relative",
        ),
        (
            "..",
            "local import \"..\" in non-local package",
            "is relative",
        ),
        ("/abs", "is not a package path", "is not a package path"),
        (
            "all",
            "is not an importable package",
            "is not an importable package",
        ),
        (
            "work",
            "is not an importable package",
            "is not an importable package",
        ),
        ("example.com/m//lib", "double slash", "double slash"),
        ("example.com/m/lib/", "trailing slash", "trailing slash"),
        (
            "example.com/m/./lib",
            "invalid path element",
            "invalid path element",
        ),
        (
            "example.com/m/con",
            "disallowed as path element component on Windows",
            "disallowed as path element component on Windows",
        ),
        ("example.com/m/x~1", "trailing tilde", "trailing tilde"),
        ("example.com/m/é", "invalid char 'é'", "invalid char 'é'"),
        ("-x", "leading dash", "leading dash"),
        ("example.com/m/lib@v1", "@version", "invalid char '@'"),
        (
            "example.com/m/vendor/y",
            "must be imported as y",
            "must be imported as y",
        ),
        (
            "example.com/m/a/vendor/z",
            "use of vendored package not allowed",
            "use of vendored package",
        ),
        (
            "vendor/golang.org/x/net/idna",
            "use of vendored package not allowed",
            "use of vendored package",
        ),
        (
            "example.com/m/a/-b",
            "invalid input directory name",
            "invalid input directory name \"-b\"",
        ),
        (
            "example.com/m/badname",
            "invalid input file name \"-y.go\"",
            "badname/-y.go: invalid input file name \"-y.go\"",
        ),
        (
            "example.com/m/badtest",
            "invalid input file name \"+y_test.go\"",
            "invalid input file name \"+y_test.go\"",
        ),
    ] {
        let lib = "-- lib/lib.go --\npackage lib\n-- con/con.go --\npackage con\n-- vendor/y/y.go --\npackage y\n-- a/vendor/z/z.go --\npackage z\n-- a/-b/b.go --\npackage b\n-- badname/-y.go --\npackage b\n-- badname/b.go --\npackage b\n-- badtest/b.go --\npackage b\n-- badtest/+y_test.go --\npackage b\n-- tests/a_test.go --\npackage tests\n-- x~1/x.go --\npackage x\n-- é/e.go --\npackage e\n";
        let dir = unpack(&(M.replace("1.26", "1.13") + &main(&[path]) + lib));
        let scan = packages::scan(&LocalTree::new(dir.path()));
        let workspace = workspace::load(&scan.mod_files).workspace;
        let (ix, root) = workspace.roots().next().unwrap();
        let mains = ["example.com/m".to_owned()];
        let theirs = go(root, dir.path(), &mains).expect_err(path);
        assert!(theirs.contains(words), "{path}: {theirs}");
        let said = own(&scan, &workspace, ix, &mains).expect_err(path);
        assert!(
            said.contains(ours) && !said.contains('\n') && said.split(':').count() > 1,
            "{path}: {said}"
        );
    }
}

/// `go build` says so; `go list` does not.
#[test]
fn tests_alone_are_no_package() {
    let archive =
        M.to_owned() + &main(&["example.com/m/tests"]) + "-- tests/a_test.go --\npackage tests\n";
    let dir = unpack(&archive);
    let mut build = std::process::Command::new("go");
    build
        .args(["build", "-n", "-o", "/dev/null", "."])
        .current_dir(dir.path())
        .env("GOFLAGS", "")
        .env("GOWORK", "off");
    let theirs = String::from_utf8_lossy(&build.output().unwrap().stderr).into_owned();
    assert!(theirs.contains("no non-test Go files"), "{theirs}");
    refused(
        &archive,
        "",
        &expect![[r#"
            main.go:3:8: package example.com/m/tests: no non-test Go files in tests
        "#]],
    );
}

#[test]
fn a_package_called_vendor_is_a_package() {
    let archive = M.replace("1.26", "1.13")
        + "-- cmd/shop/main.go --\npackage main\nimport _ \"example.com/m/internal/domain/vendor\"\nimport _ \"example.com/m/vendor\"\nfunc main() {}\n"
        + "-- internal/domain/vendor/vendor.go --\npackage vendor\n-- vendor/vendor.go --\npackage vendor\n"
        + "-- cmd/vendor/main.go --\npackage main\nfunc main() {}\n-- cmd/vendor/below/main.go --\npackage main\nfunc main() {}\n"
        + "-- vendored/main.go --\npackage main\nfunc main() {}\n-- testdata/vendor/main.go --\npackage main\nfunc main() {}\n";
    check(
        &archive,
        &[".: example.com/m/cmd/shop example.com/m/cmd/vendor example.com/m/vendored"],
    );
    // A module may be called so as well; what is below it is its own.
    let module = "-- go.work --\ngo 1.26\nuse (\n\t./a/vendor\n\t./b/vendor/c\n)\n-- a/vendor/go.mod --\nmodule example.com/a\n-- a/vendor/main.go --\npackage main\nfunc main() {}\n-- a/vendor/cmd/x/main.go --\npackage main\nfunc main() {}\n"
        .to_owned()
        + "-- b/vendor/c/go.mod --\nmodule example.com/c\n-- b/vendor/c/vendor/main.go --\npackage main\nfunc main() {}\n-- b/vendor/main.go --\npackage main\nfunc main() {}\n";
    check(
        &module,
        &[".: example.com/a example.com/a/cmd/x example.com/c/vendor"],
    );
    // A module that is not a member does not belong to the module above it.
    check(
        &(M.to_owned()
            + &main(&[])
            + "-- x/vendor/go.mod --\nmodule example.com/v\n-- x/vendor/v.go --\npackage v\n"),
        &[".: example.com/m"],
    );
}
