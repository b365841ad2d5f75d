//! Vendored modules, which are resolved in place.

use crate::case::{Case, go, request, resolution, single};

#[test]
fn a_vendored_module_is_resolved_in_place() {
    let case = single(true);
    go(&case.root(), &["mod", "vendor"], &[]);
    let mut asked = request(
        false,
        &["github.com/google/uuid"],
        &case.dir.path().join("no-cache"),
    );
    asked.vendored = true;
    asked.env.insert("GOPROXY".into(), "off".into());
    asked.env.remove("GOFLAGS");
    let out = case
        .resolve("vendored", &asked, false, |path| !path.ends_with("main.go"))
        .unwrap();
    let resolution = resolution(&out);
    let package = resolution
        .packages
        .iter()
        .find(|package| !package.is_std())
        .unwrap();
    assert_eq!(package.dir, "vendor/github.com/google/uuid");
    assert!(package.files.contains(&"uuid.go".to_owned()) && package.size > 1000);
    assert!(!out.join("modcache").exists() && !out.join("go.work.sum").exists());
}

/// The listing names no file of another suffix, nor those of other directories, but the C compiler
/// reads them.
#[test]
fn a_vendored_package_with_c_has_all_that_it_may_include() {
    let module = |name: &str| format!("module example.com/{name}\n\ngo 1.24\n");
    let case = Case::new(&[
        (
            "go.mod",
            &format!(
                "{}\nrequire example.com/c v0.0.0\n\nreplace example.com/c => ./c\n",
                module("app")
            ),
        ),
        (
            "main.go",
            "package main\n\nimport _ \"example.com/c/p\"\n\nfunc main() {}\n",
        ),
        ("c/go.mod", &module("c")),
        (
            "c/p/p.go",
            "package p\n\n// #include \"table.inc\"\nimport \"C\"\n\nimport _ \"example.com/c/q\"\n",
        ),
        ("c/p/table.inc", "#include \"../q/q.h\"\n"),
        ("c/q/q.go", "package q\n"),
        ("c/q/q.h", "// q\n"),
    ]);
    go(&case.root(), &["mod", "vendor"], &[("CGO_ENABLED", "1")]);
    let mut asked = request(
        false,
        &["example.com/c/p"],
        &case.dir.path().join("no-cache"),
    );
    asked.vendored = true;
    asked.env.insert("CGO_ENABLED".into(), "1".into());
    asked.env.remove("GOFLAGS");
    let out = case
        .resolve("vendored", &asked, false, |path| !path.ends_with("main.go"))
        .unwrap();
    let resolution = resolution(&out);
    let files = |path: &str| {
        resolution
            .packages
            .iter()
            .find(|package| package.path == path)
            .unwrap()
            .files
            .join(" ")
    };
    assert_eq!(files("example.com/c/p"), "../q/q.h p.go table.inc");
    assert_eq!(files("example.com/c/q"), "q.go q.h");
}
