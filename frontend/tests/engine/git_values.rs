//! What git says of the commit, in images: the values themselves, and what a commit runs again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::{Build, Engine, Outcome};
use crate::layout;
use crate::leaks::Canaries;
use crate::options::tiny;
use crate::repository::{Repository, files, unique};
use crate::server::Server;

const GIT: &str = "ask git about the commit";

/// All values, as labels.
const LABELS: &str = "labels = { revision = \"${GIT_REVISION}\", describe = \"${GIT_DESCRIBE}\", time = \"${GIT_COMMIT_TIME}\", dirty = \"${GIT_DIRTY}\" }\n";

/// A checkout of one program, with these labels, and a tag below the commit.
fn checkout(labels: &str) -> Repository {
    let tiny = tiny();
    tiny.append("Dockerfile", &format!("\n[runtime]\n{labels}"));
    tiny.git(&["init", "--quiet"]);
    tiny.commit();
    tiny.git(&["tag", "v1.2.3"]);
    commit_note(&tiny);
    tiny
}

/// A commit of a file that no image is made of.
fn commit_note(repository: &Repository) {
    repository.write("docs/notes.md", &unique());
    repository.commit();
}

fn labels(build: Build) -> Value {
    layout::build(build).image().config["config"]["Labels"].clone()
}

/// What git says in the checkout.
fn expected(checkout: &Repository) -> Value {
    let describe = checkout.git(&["describe", "--tags", "--always", "--dirty"]);
    json!({
        "revision": checkout.git(&["rev-parse", "HEAD"]),
        "dirty": describe.ends_with("-dirty").to_string(),
        "describe": describe,
        "time": checkout.git(&["log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"]),
    })
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn values_are_what_git_says_in_the_checkout() {
    let checkout = checkout(LABELS);
    let build = || labels(Engine::main().frontend(&checkout.root()));
    let clean = build();
    assert_eq!(clean, expected(&checkout));
    let describe = clean["describe"].as_str().unwrap();
    assert!(describe.starts_with("v1.2.3-1-g"), "{describe}");
    // A file that is not sent is no change; one that is deleted, is.
    checkout.write(".git/info/exclude", ".dockerignore\n");
    checkout.write(".dockerignore", "docs\n");
    assert_eq!(build(), clean);
    checkout.append("words/words.go", "// More.\n");
    let dirty = build();
    assert_eq!(dirty, expected(&checkout));
    assert_eq!(dirty["dirty"], "true");
    checkout.git(&["checkout", "--quiet", "words"]);
    assert_eq!(build(), clean);
    checkout.remove("words/words.go");
    checkout.write(
        "words/other.go",
        "package words\n\nconst Hello = \"hello\"\n",
    );
    assert_eq!(build(), expected(&checkout));
}

/// The fetch of a git context has one commit, and the tag that it was asked for.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_git_context_has_values() {
    let checkout = checkout(LABELS);
    checkout.git(&["tag", "v1.3.0"]);
    let server = Server::of_git(&checkout, "shop.git");
    let url = format!("http://{}/shop.git#v1.3.0", server.address);
    let built = labels(Engine::main().remote(&url));
    assert_eq!(built, expected(&checkout));
    assert_eq!(built["describe"], "v1.3.0");
}

/// Not by BuildKit v0.25 and earlier: it wants a number.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_image_has_the_time_of_its_commit_if_that_is_asked_for() {
    let checkout = checkout("");
    let server = Server::of_git(&checkout, "shop.git");
    let build = Engine::main().remote(&format!("http://{}/shop.git", server.address));
    let layout = layout::build(build.args(["--build-arg", "SOURCE_DATE_EPOCH=context"]));
    let time = expected(&checkout)["time"].clone();
    assert_eq!(layout.image().config["created"], time);
}

const REVISION: &str = "org.opencontainers.image.revision";
const VERSION: &str = "org.opencontainers.image.version";

/// A checkout of one program upon busybox, with `oci_labels`.
fn labelled() -> Repository {
    let checkout = checkout("oci_labels = true\nbase = \"busybox:latest\"\n");
    let origin = "https://ci:canary-of-a-login@git.example.com/shop.git";
    checkout.git(&["remote", "add", "origin", origin]);
    checkout
}

/// The labels and the annotations that a commit and a base have, in a plain build, with a time and
/// labels of the command line, and where no client looks into the checkout.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn labels_of_the_image_specification() {
    let checkout = labelled();
    let said = expected(&checkout);
    let known = json!({
        "org.opencontainers.image.base.name": "docker.io/library/busybox:latest",
        "org.opencontainers.image.created": said["time"],
        REVISION: said["revision"],
        "org.opencontainers.image.source": "https://git.example.com/shop.git",
        "org.opencontainers.image.title": "tiny",
        VERSION: said["describe"],
    });
    let ours = || Engine::main().frontend(&checkout.root());
    let labelled = |build: Build| {
        let layout = layout::build(build);
        let image = layout.image();
        let mut labels = image.config["config"]["Labels"].clone();
        let mut annotations = image.manifest["annotations"].clone();
        let digest = labels["org.opencontainers.image.base.digest"].take();
        assert!(digest.as_str().unwrap().starts_with("sha256:"), "{digest}");
        for all in [&mut labels, &mut annotations] {
            let digest = "org.opencontainers.image.base.digest";
            all.as_object_mut().unwrap().remove(digest);
        }
        (labels, annotations)
    };
    assert_eq!(labelled(ours()), (known.clone(), known.clone()));
    // The repository says what no client does.
    let alone = ours().env("BUILDX_GIT_INFO", "false");
    assert_eq!(labelled(alone), (known.clone(), known.clone()));

    let label = format!("--label={VERSION}=2.0");
    let given = ours()
        .args([label.as_str(), "--label=own=1"])
        .env("SOURCE_DATE_EPOCH", "1700000000");
    let (labels, annotations) = labelled(given);
    let mut changed = known;
    changed["org.opencontainers.image.created"] = "2023-11-14T22:13:20Z".into();
    changed[VERSION] = "2.0".into();
    assert_eq!(annotations, changed);
    changed["own"] = "1".into();
    assert_eq!(labels, changed);
}

/// Three services that share a package.
const SERVICES: [&str; 3] = ["api", "orders", "web"];

fn fleet(configuration: &str) -> Repository {
    let fleet = Repository::new(&[
        ("go.mod", "module example.com/fleet\n\ngo 1.26.0\n"),
        (
            "lib/lib.go",
            &format!(
                "// Package lib has a word.\npackage lib\n\nconst Word = {:?}\n",
                unique()
            ),
        ),
    ]);
    for service in SERVICES {
        let main = format!(
            "package main\n\nimport \"example.com/fleet/lib\"\n\nvar version string\n\nfunc main() {{ println({service:?}, version, lib.Word) }}\n"
        );
        fleet.write(&format!("cmd/{service}/main.go"), &main);
    }
    fleet.append("Dockerfile", configuration);
    fleet.git(&["init", "--quiet"]);
    fleet.commit();
    fleet
}

/// Builds all services, and returns what ran for all of them.
fn build_all(fleet: &Repository) -> BTreeSet<String> {
    let mut ran = BTreeSet::new();
    for service in SERVICES {
        let build = Engine::main().frontend(&fleet.root()).target(service);
        let outcome: Outcome = build.args(["--output", "type=cacheonly"]).succeeds();
        ran.extend(outcome.records.ran().into_iter().map(ToOwned::to_owned));
    }
    ran
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What a commit of another file runs: nothing but what looks for changes. What a push then sends is
/// config and manifest, since the layers are the same.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_commit_in_labels_compiles_and_links_nothing() {
    let scan = "scan Go sources";
    for (labels, looks) in [
        ("revision = \"${GIT_REVISION}\"", &[scan][..]),
        (
            "describe = \"${GIT_DESCRIBE}\", time = \"${GIT_COMMIT_TIME}\"",
            &[scan, GIT][..],
        ),
        ("}\noci_labels = true\nenv = {", &[scan, GIT][..]),
    ] {
        let fleet = fleet(&format!("\n[runtime]\nlabels = {{ {labels} }}\n"));
        let first = build_all(&fleet);
        assert!(
            first.contains("link api") && first.contains("link web"),
            "{first:?}"
        );
        let web = || layout::build(Engine::main().frontend(&fleet.root()).target("web")).image();
        let before = web();
        commit_note(&fleet);
        assert_eq!(build_all(&fleet), set(looks));
        // The label is the new one.
        let after = web();
        assert_eq!(after.manifest["layers"], before.manifest["layers"]);
        assert_ne!(after.manifest["config"], before.manifest["config"]);
        let labels = &after.config["config"]["Labels"];
        let expected = expected(&fleet);
        for (name, value) in labels.as_object().unwrap() {
            let known = match name.as_str() {
                REVISION => "revision",
                VERSION => "describe",
                "org.opencontainers.image.created" => "time",
                "org.opencontainers.image.title" => continue,
                name => name,
            };
            assert_eq!(*value, expected[known], "{name}");
        }
        assert_eq!(build_all(&fleet), set(&[]));
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_commit_in_a_linker_flag_links() {
    let fleet = fleet("\n[images.web]\nldflags = \"-X main.version=${GIT_DESCRIBE}\"\n");
    build_all(&fleet);
    commit_note(&fleet);
    let ran = build_all(&fleet);
    assert_eq!(ran, set(&["scan Go sources", GIT, "link web", "image web"]));
    let out = tempfile::tempdir().unwrap();
    let build = Engine::main().frontend(&fleet.root()).target("binaries");
    build.files_to(out.path()).succeeds();
    let web = std::process::Command::new(out.path().join("web")).output();
    let said = String::from_utf8(web.unwrap().stderr).unwrap();
    let describe = fleet.git(&["describe", "--tags", "--always", "--dirty"]);
    assert!(said.starts_with(&format!("web {describe} ")), "{said}");
    assert_eq!(files(out.path()).len(), SERVICES.len());
}

/// Settings beside a Dockerfile with stages have the same values.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn binaries_of_a_dockerfile_have_values() {
    let checkout = checkout("");
    checkout.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\nFROM scratch\nCOPY --from=gowork /tiny /\n",
    );
    checkout.write(
        "gowork.toml",
        "[go]\nldflags = \"-X main.version=${GIT_DESCRIBE}\"\n",
    );
    checkout.commit();
    let out = tempfile::tempdir().unwrap();
    let build = Engine::main().frontend(&checkout.root());
    build.files_to(out.path()).succeeds();
    let tiny = std::process::Command::new(out.path().join("tiny")).output();
    let said = String::from_utf8(tiny.unwrap().stderr).unwrap();
    let describe = checkout.git(&["describe", "--tags", "--always", "--dirty"]);
    assert!(describe.starts_with("v1.2.3-2-g"), "{describe}");
    assert_eq!(said.trim(), format!("hello {describe}"));
}

/// CI systems write a token into the settings of the repository, which git reads in the step.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_token_in_the_repository_stays_there() {
    let checkout = checkout(LABELS);
    let token = unique();
    let header = format!("AUTHORIZATION: basic {token}");
    checkout.git(&["config", "http.https://example.com/.extraheader", &header]);
    let mut canaries = Canaries::default();
    canaries.add("the token", &token);
    assert!(
        !canaries
            .in_directory(&checkout.root().join(".git"))
            .is_empty()
    );
    let (cache, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cache_to = format!("type=local,mode=max,dest={}", cache.path().display());
    let outcome = Engine::main()
        .frontend(&checkout.root())
        .args(["--cache-to", &cache_to])
        .layout_to(image.path())
        .succeeds();
    assert!(outcome.records.ran().contains(GIT), "{}", outcome.records);
    assert!(!files(cache.path()).is_empty());
    let said = canaries.in_bytes("the output", outcome.everything().as_bytes());
    let found = [
        said,
        canaries.in_directory(cache.path()),
        canaries.in_directory(image.path()),
    ];
    assert_eq!(found.concat(), Vec::<String>::new());
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_git_cannot_say_is_an_error_at_its_use() {
    let checkout = checkout("labels = { describe = \"${GIT_DESCRIBE}\" }\n");
    let build = || Engine::main().frontend(&checkout.root());
    let says = |outcome: Outcome, words: &str| {
        let said = outcome.everything();
        assert!(
            said.contains(words) && said.contains(">>> labels = {"),
            "{said}"
        );
    };
    let no_git = [
        "--build-context",
        "golang:1.26=docker-image://busybox:latest",
    ];
    says(
        build().args(no_git).fails(),
        "GIT_DESCRIBE is not known: the builder image golang:1.26 has no git",
    );
    checkout.write(".dockerignore", ".git\n");
    says(
        build().fails(),
        "GIT_DESCRIBE is not known: the ignore file leaves out .git",
    );
    let given = build().args(["--build-arg", "GIT_DESCRIBE=v9"]);
    assert_eq!(labels(given), json!({ "describe": "v9" }));
    checkout.remove(".dockerignore");
    // A linked work tree has its repository elsewhere.
    checkout.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = checkout.root().parent().unwrap().join("linked");
    says(
        Engine::main().frontend(&linked).fails(),
        "GIT_DESCRIBE is not known: .git is a file here",
    );
}
