//! The frontend, the printed Dockerfile and `go build` on a developer's machine make the same
//! binary.

use std::collections::BTreeMap;
use std::path::Path;

use crate::engine::Engine;
use crate::repository::{Repository, example, files};

/// Image, directory to run `go build` in, package.
type Main = (&'static str, &'static str, &'static str);

/// Builds an example in every way and compares. `network` is that of the frontend's steps.
fn compare(name: &str, mains: &[Main], network: &[&str]) {
    let repository = Repository::example(name);
    let root = repository.root();
    let local: BTreeMap<String, Vec<u8>> = mains
        .iter()
        .map(|(image, dir, package)| ((*image).to_owned(), repository.go_build(dir, package)))
        .collect();

    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .frontend(&root)
        .args(network)
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    same(&files(out.path()), &local, "the frontend's target binaries");

    for (image, ..) in mains {
        let out = tempfile::tempdir().unwrap();
        let outcome = Engine::main()
            .frontend(&root)
            .args(network)
            .target(image)
            .files_to(out.path())
            .succeeds();
        assert!(
            outcome.records.programs_ran().is_empty(),
            "{image} was made for binaries:\n{}",
            outcome.everything()
        );
        let made = files(out.path())
            .remove(&format!("usr/local/bin/{image}"))
            .expect("the binary is in the image");
        same(
            &BTreeMap::from([((*image).to_owned(), made)]),
            &BTreeMap::from([((*image).to_owned(), local[*image].clone())]),
            "the image",
        );
    }

    // What `gowork dockerfile` prints for the examples is held by the tests of the command.
    let printed = example(name).join("expected/Dockerfile");
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .stock(&root, &printed)
        .target("binaries")
        .files_to(out.path())
        .succeeds();
    same(&files(out.path()), &local, "the printed Dockerfile");
}

/// Compares without printing megabytes.
fn same(made: &BTreeMap<String, Vec<u8>>, local: &BTreeMap<String, Vec<u8>>, by: &str) {
    assert_eq!(
        made.keys().collect::<Vec<_>>(),
        local.keys().collect::<Vec<_>>(),
        "binaries by {by}"
    );
    for (name, bytes) in made {
        assert!(!bytes.is_empty(), "{name} by {by} is empty");
        if *bytes != local[name] {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.differs"));
            std::fs::write(&kept, bytes).unwrap();
            panic!(
                "{name} by {by} differs from that of a local go build; it is kept as {}",
                kept.display()
            );
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_workspace_of_four_services() {
    let mains = ["api", "orders", "web", "worker"];
    let dirs = [
        "services/api",
        "services/orders",
        "services/web",
        "services/worker",
    ];
    let packages = ["./cmd/api", "./cmd/orders", "./cmd/web", "./cmd/worker"];
    let mains: Vec<Main> = mains
        .iter()
        .zip(dirs)
        .zip(packages)
        .map(|((main, dir), package)| (*main, dir, package))
        .collect();
    compare("shop", &mains, &[]);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_tied_by_replace() {
    compare(
        "replace",
        &[("bye", "bye", "."), ("hello", "hello", "./cmd/hello")],
        &[],
    );
}

/// Dependencies in `vendor/` are enough: no step may use a network.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_vendored_workspace_without_network() {
    compare(
        "vendored",
        &[("numeral", "app", "./cmd/numeral")],
        &["--network", "none"],
    );
}

/// One module; its version is stamped by the configuration, so its flags are not the default ones.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_single_module_with_a_stamped_version() {
    let repository = Repository::example("single");
    let stock = example("single").join("expected/Dockerfile");
    for (arguments, version) in [
        (&[][..], "dev"),
        (&["--build-arg", "VERSION=1.2"][..], "1.2"),
    ] {
        let local = repository.go_build_with(
            &[&format!("-ldflags=-s -w -X main.version={version}")],
            "",
            ".",
        );
        let local = BTreeMap::from([("single".to_owned(), local)]);
        let builds = [
            Engine::main().frontend(&repository.root()),
            Engine::main().stock(&repository.root(), &stock),
        ];
        for (build, by) in builds
            .into_iter()
            .zip(["the frontend", "the printed Dockerfile"])
        {
            let out = tempfile::tempdir().unwrap();
            build
                .args(arguments)
                .target("binaries")
                .files_to(out.path())
                .succeeds();
            same(&files(out.path()), &local, by);
        }
    }
}
