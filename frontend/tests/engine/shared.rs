//! Builders that several parties share: what a namespace keeps apart, and what becomes of a mount
//! that somebody else writes to.

use std::collections::BTreeSet;

use crate::engine::{Build, Engine};
use crate::mounts;
use crate::repository::{Repository, files, unique};

/// A program that no build has seen, of packages that few others have.
fn program() -> Repository {
    let program = Repository::new(&[
        ("go.mod", "module example.com/shared\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\nimport \"example.com/shared/a\"\n\nfunc main() { println(a.Word) }\n",
        ),
    ]);
    program.write(
        "a/a.go",
        &format!(
            "package a\n\n// Word is a word.\nconst Word = {:?}\n",
            unique()
        ),
    );
    program
}

fn build(program: &Repository, namespace: &str) -> Build {
    let build = Engine::main().frontend(&program.root());
    if namespace.is_empty() {
        build
    } else {
        build.args([
            "--build-arg".to_owned(),
            format!("BUILDKIT_CACHE_MOUNT_NS={namespace}"),
        ])
    }
}

/// The keys of the results in a mount.
fn entries(id: &str) -> BTreeSet<String> {
    let found = mounts::look(
        id,
        "(cd /mount && find . -path './1/a/*' -type f) | sort >/out/found",
        b"",
    )
    .remove("found");
    String::from_utf8(found.expect("a list"))
        .expect("names")
        .lines()
        .map(ToOwned::to_owned)
        .collect()
}

/// A build by BuildKit's own frontend that does something to a cache mount.
fn stock(namespace: &str, id: &str, script: &str) {
    let dir = Repository::new(&[("script.sh", script), ("unique", &unique())]);
    let text = format!(
        "FROM docker.io/library/busybox:latest\nCOPY script.sh unique /\nRUN --mount=type=cache,id={id},target=/mount sh /script.sh\n"
    );
    dir.write("Stock", &text);
    let argument = format!("BUILDKIT_CACHE_MOUNT_NS={namespace}");
    let arguments = ["--build-arg", &argument, "--output=type=cacheonly"];
    Engine::main()
        .stock(&dir.root(), &dir.root().join("Stock"))
        .args(arguments)
        .succeeds();
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn one_namespace_does_not_see_the_results_of_another() {
    let program = program();
    let (ours, theirs) = (unique(), unique());
    let right = program.go_build("", ".");
    let binary = |namespace: &str| {
        let out = tempfile::tempdir().unwrap();
        let outcome = build(&program, namespace).files_to(out.path()).succeeds();
        assert!(
            files(out.path())["usr/local/bin/shared"] == right,
            "{namespace}"
        );
        outcome
    };
    binary("");
    let ran = binary(&ours);
    let programs = ran.records.programs_ran();
    for step in ["resolve modules", "link shared"] {
        assert!(
            programs.contains(step),
            "{step} was taken from builds without a namespace:\n{}",
            ran.everything()
        );
    }
    let kept = entries(&format!("{ours}/gowork-results"));
    assert!(
        kept.len() > 20,
        "std too was compiled in the namespace: {}",
        kept.len()
    );
    assert_eq!(
        entries(&format!("{theirs}/gowork-results")),
        BTreeSet::new()
    );
    // Nothing of it reaches another one: all is compiled again.
    let before = entries("gowork-results");
    let again = binary(&theirs);
    assert!(
        again.records.programs_ran().contains("link shared"),
        "{}",
        again.everything()
    );
    assert_eq!(
        entries(&format!("{theirs}/gowork-results")),
        kept,
        "the same keys"
    );
    assert_eq!(entries("gowork-results"), before, "as it was");
    // In the namespace it is there.
    assert!(binary(&ours).records.programs_ran().is_empty());
}

/// docker/dockerfile names mounts of a namespace as we do, so a Dockerfile there can write to ours.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_a_dockerfile_damages_is_compiled_again() {
    let program = program();
    let namespace = unique();
    let right = program.go_build("", ".");
    let binary = || {
        let out = tempfile::tempdir().unwrap();
        // So that steps run again, which the mount serves then.
        let host = ["--add-host".to_owned(), format!("{}:127.0.0.1", unique())];
        build(&program, &namespace)
            .args(host)
            .files_to(out.path())
            .succeeds();
        files(out.path())
            .remove("usr/local/bin/shared")
            .expect("the binary")
    };
    assert!(binary() == right);
    for script in [
        "test -n \"$(ls /mount/1/o)\" && for f in $(find /mount/1/o -type f); do printf X | dd of=$f bs=1 seek=60 conv=notrunc 2>/dev/null; done",
        "for f in $(find /mount/1/a -type f); do sed -i 's/ [0-9]* / 1 /' $f; done",
    ] {
        stock(&namespace, "gowork-results", script);
        assert!(binary() == right, "{script}");
    }
}
