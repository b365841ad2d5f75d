//! A broken image does not break the others, although they share steps.

use crate::engine::Engine;
use crate::repository::{Repository, files};

/// The example's image api is built as ever from a repository in which something is wrong with the
/// image web; web and all binaries are not, for this reason.
fn only_others_are_built(break_web: impl Fn(&Repository), warning: &str, reason: &str) {
    let repository = Repository::example("shop");
    break_web(&repository);
    let out = tempfile::tempdir().unwrap();
    let api = Engine::main()
        .frontend(&repository.root())
        .target("api")
        .files_to(out.path())
        .succeeds();
    let warnings = api.records.warnings.join("\n");
    assert!(
        warnings.contains(warning),
        "no {warning:?} in {warnings:?} of:\n{}",
        api.everything()
    );
    let expected = repository.go_build("services/api", "./cmd/api");
    assert!(
        files(&out.path().join("usr/local/bin"))["api"] == expected,
        "api differs from that of go build"
    );
    for target in ["web", "binaries"] {
        let failed = Engine::main()
            .frontend(&repository.root())
            .target(target)
            .args(["--output=type=cacheonly"])
            .fails();
        assert!(
            failed.everything().contains(reason),
            "{target}: no {reason:?} in:\n{}",
            failed.everything()
        );
        assert!(
            failed.records.warnings.is_empty(),
            "{target}: {:?}",
            failed.records.warnings
        );
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn whose_packages_cannot_be_compiled() {
    // What web and worker are made of imports what api has too: one step compiles both.
    let pages = "lib/httpx/pages/pages.go";
    let share = |repository: &Repository| {
        let text = "package pages\n\nimport _ \"example.com/shop/httpx\"\n";
        repository.write(pages, text);
        for (dir, name) in [("web/assets", "assets"), ("worker/store", "store")] {
            let text = format!("package {name}\n\nimport _ \"example.com/shop/httpx/pages\"\n");
            repository.write(&format!("services/{dir}/pages.go"), &text);
        }
    };
    let title =
        "compile ./lib/httpx, ./lib/httpx/internal/reqid, ./lib/httpx/pages (api, web, worker)";
    let whole = Repository::example("shop");
    share(&whole);
    let outcome = Engine::main()
        .frontend(&whole.root())
        .target("api")
        .args(["--output=type=cacheonly"]);
    assert!(
        outcome.succeeds().everything().contains(title),
        "api shares no step with web: this tests nothing"
    );
    only_others_are_built(
        |repository| {
            share(repository);
            repository.append(pages, "\nfunc broken() int { return \"no number\" }\n");
        },
        "other images cannot be built, so api is built in steps of its own",
        "cannot use \"no number\"",
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn whose_modules_cannot_be_had() {
    only_others_are_built(
        |repository| {
            repository.write(
                "services/web/assets/more.go",
                "package assets\n\nimport _ \"github.com/nobody/missing\"\n",
            )
        },
        "services/web/assets/more.go:3:8: cannot find module providing package github.com/nobody/missing",
        "cannot find module providing package github.com/nobody/missing",
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn whose_packages_are_not_there() {
    only_others_are_built(
        |repository| {
            repository.write(
                "services/web/assets/more.go",
                "package assets\n\nimport _ \"example.com/shop/web/nowhere\"\n",
            )
        },
        "(this does not affect image api)",
        "example.com/shop/web/nowhere",
    );
}
