//! The image of `frontend/Dockerfile`, which is what is published: the config and the `gowork-cache`
//! of `cargo xtask image`, and one digest each time it is assembled.
//!
//! Rust's image on Docker Hub is out of reach of many machines. Its place takes this machine's
//! toolchain, with the crates that it has downloaded, on the `debian` of the engine's registry.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::engine::{Build, Engine, variable};
use crate::layout::{self, Image, Layout};
use crate::repository::{Repository, files};

/// What `frontend/Dockerfile` names.
const RUST: &str = "docker.io/library/rust:1.95.0-bookworm";
const EPOCH: &str = "1700000000";
/// Bytes of programs that are optimized, at most.
const OPTIMIZED: u64 = 10_000_000;
/// What shapes the bytes of a program beside its sources.
const TOOLS: &str = "cc --version; ld --version; sha256sum $(cc -print-file-name=libc.a)";

const STAND_IN: &str = r#"
FROM debian:bookworm
COPY --from=programs / /usr/local/bin
COPY --from=libraries / /usr/local/lib
COPY --from=crates / /usr/local/cargo/registry/cache
COPY --from=index / /usr/local/cargo/registry/index
ENV CARGO_HOME=/usr/local/cargo CARGO_NET_OFFLINE=true
"#;

fn printed(program: &str, words: &[&str]) -> String {
    let output = Command::new(program)
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {words:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The repository of this test.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A word for `--build-context`.
fn context(name: &str, value: impl std::fmt::Display) -> [String; 2] {
    ["--build-context".to_owned(), format!("{name}={value}")]
}

/// The image that takes the place of Rust's.
fn rust() -> Layout {
    rust_with(&[])
}

/// The same with more directories: the name of a context, and where its files go.
pub(crate) fn rust_with(more: &[(&str, &Path, &str)]) -> Layout {
    let fetched = Command::new(env!("CARGO"))
        .args(["fetch", "--locked", "--quiet"])
        .current_dir(sources())
        .status();
    assert!(fetched.unwrap().success());
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home =
        home.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo"));
    let copies = more
        .iter()
        .map(|(name, _, to)| format!("COPY --from={name} / {to}\n"));
    let text: String = std::iter::once(STAND_IN.to_owned()).chain(copies).collect();
    let stand_in = Repository::new(&[("Dockerfile", &text)]);
    let dockerfile = stand_in.root().join("Dockerfile");
    let sysroot = PathBuf::from(printed("rustc", &["--print=sysroot"]));
    // A context travels whole, and the documentation beside these is larger than they are.
    let contexts = [
        ("programs", sysroot.join("bin")),
        ("libraries", sysroot.join("lib")),
        ("crates", home.join("registry/cache")),
        ("index", home.join("registry/index")),
    ];
    let mut build = Engine::main()
        .stock(&stand_in.root(), &dockerfile)
        .env("SOURCE_DATE_EPOCH", EPOCH);
    for (name, directory) in contexts {
        build = build.args(context(name, directory.display()));
    }
    for (name, directory, _) in more {
        build = build.args(context(name, directory.display()));
    }
    layout::build(build)
}

/// What a page says to run in a clone.
fn command(page: &str) -> &str {
    let start = "docker buildx build --file frontend/Dockerfile ";
    let mut lines = page.lines().map(|line| line.trim_start_matches("$ "));
    lines.find(|line| line.starts_with(start)).unwrap()
}

/// The build of the frontend's Dockerfile that the page on installing shows, but for where the image
/// goes.
fn build(rust: &Layout, revision: &str) -> Build {
    build_on(&Engine::main(), rust, revision)
}

/// The same on an engine.
pub(crate) fn build_on(engine: &Engine, rust: &Layout, revision: &str) -> Build {
    let command = command(include_str!("../../../docs/install.md"));
    let words = command
        .strip_prefix("docker buildx build ")
        .and_then(|words| words.strip_suffix(" --tag gowork/gowork:1 --load ."))
        .unwrap_or_else(|| panic!("another command: {command}"))
        .replace("$(git rev-parse HEAD)", revision);
    engine
        .build_of(".")
        .in_directory(&sources())
        .args(words.split(' '))
        .args(context(
            RUST,
            format!("oci-layout://{}", rust.path().display()),
        ))
        .env("SOURCE_DATE_EPOCH", EPOCH)
}

/// Without the commit, which is the image's label and nothing else.
#[test]
fn the_quickstart_shows_the_same_command() {
    let [short, full] = [
        include_str!("../../../docs/quickstart.md"),
        include_str!("../../../docs/install.md"),
    ]
    .map(command);
    assert_eq!(
        full.replace("--build-arg REVISION=$(git rev-parse HEAD) ", ""),
        short
    );
}

/// The image of `cargo xtask image`, for this run of tests.
pub(crate) fn of_xtask() -> Image {
    let copy = tempfile::tempdir().unwrap();
    let status = Command::new("cp")
        .arg("-r")
        .arg(PathBuf::from(variable("GOWORK_TEST_FRONTEND")).join("."))
        .arg(copy.path())
        .status();
    assert!(status.unwrap().success());
    Layout::at(copy).image()
}

/// Runs a shell in an image that needs none of its own. The files that it leaves in `/said`.
fn said_in(image: &Layout, script: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let words = serde_json::to_string(&["/bin/busybox", "sh", "-c", script]).unwrap();
    let busybox = "--mount=from=busybox:latest,source=/bin/busybox,target=/bin/busybox";
    let text = format!(
        "FROM image AS run\nWORKDIR /said\nRUN {busybox} {words}\nFROM scratch\nCOPY --from=run /said /\n"
    );
    let asking = Repository::new(&[("Dockerfile", &text)]);
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .stock(&asking.root(), &asking.root().join("Dockerfile"))
        .args(context(
            "image",
            format!("oci-layout://{}", image.path().display()),
        ))
        .files_to(out.path())
        .succeeds();
    files(out.path())
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_dockerfile_makes_an_image_like_that_of_cargo_xtask_image() {
    let rust = rust();
    let expected = of_xtask();
    let labels = &expected.config["config"]["Labels"];
    let revision = labels["org.opencontainers.image.revision"]
        .as_str()
        .unwrap_or("0123456789abcdef0123456789abcdef01234567");
    let first = layout::build(build(&rust, revision));

    // Assembled once more, a moment later.
    let again = layout::build(build(&rust, revision).args(["--no-cache-filter=image"]));
    assert_eq!(first.image().digest, again.image().digest);

    let mut config = first.image().config["config"].clone();
    // No build-arg said it.
    let source = config["Labels"]
        .as_object_mut()
        .unwrap()
        .remove("org.opencontainers.image.source");
    assert_eq!(source, Some(json!("")));
    for key in ["Entrypoint", "Env", "Labels"] {
        assert_eq!(config[key], expected.config["config"][key], "{key}");
    }

    let said = said_in(&first, "/gowork-frontend --version > version");
    let version = String::from_utf8_lossy(&said["version"]).into_owned();
    let release = env!("CARGO_PKG_VERSION");
    assert!(
        version.starts_with(&format!("gowork-frontend {release} ({}", &revision[..7])),
        "{version}"
    );

    same_cache_program(&rust, &first.image(), &expected);
}

/// `gowork-cache` has the same bytes, if both were optimized, and made by the same tools: it is in
/// the key of every compile step.
fn same_cache_program(rust: &Layout, made: &Image, expected: &Image) {
    let here = printed("sh", &["-c", TOOLS]);
    let there = said_in(rust, &format!("({TOOLS}) > tools"));
    let there = String::from_utf8_lossy(&there["tools"]).trim().to_owned();
    if here != there || expected.size() > OPTIMIZED {
        eprintln!("not compared: other tools, or a quick image\n{here}\n{there}");
        return;
    }
    let (made, expected) = (made.files(), expected.files());
    let names: Vec<&String> = made.keys().collect();
    assert_eq!(names, ["gowork-cache", "gowork-frontend"]);
    let name = "gowork-cache";
    assert!(made[name] == expected[name], "{name} has other bytes");
}

/// A commit in a program would change the key of every step that mounts the program.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn programs_do_not_know_their_commit() {
    let expected = of_xtask();
    let labels = &expected.config["config"]["Labels"];
    let Value::String(revision) = &labels["org.opencontainers.image.revision"] else {
        return;
    };
    let commit = &revision.as_bytes()[..7];
    for (name, bytes) in expected.files() {
        assert!(
            memchr::memmem::find(&bytes, commit).is_none(),
            "{name} holds its commit"
        );
    }
}

/// A program that names a directory of the machine is another one on another machine. The compiler
/// names its own only where the sources of Rust's library are installed (`rust-src`).
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn programs_do_not_know_where_they_were_built() {
    let sysroot = PathBuf::from(printed("rustc", &["--print=sysroot"]));
    let places = [
        sysroot.join("lib/rustlib"),
        sources().canonicalize().unwrap(),
    ];
    for (name, bytes) in of_xtask().files() {
        for place in &places {
            let found = memchr::memmem::find(&bytes, place.as_os_str().as_encoded_bytes());
            assert!(found.is_none(), "{name} holds {}", place.display());
        }
    }
}

/// To a registry, from which the engine then takes it, and to Docker's store: crane reads the archive
/// as `docker load` does.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn cargo_xtask_image_delivers_it() {
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("archive.tar");
    let docker = place.path().join("docker");
    let script = format!("#!/bin/sh\ncp \"$3\" {}\n", archive.display());
    std::fs::write(&docker, script).unwrap();
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();

    let registry = variable("GOWORK_TEST_REGISTRY").into_string().unwrap();
    let repository = format!("{registry}/gowork/delivered");
    let mut xtask = Command::new(variable("GOWORK_TEST_XTASK"));
    xtask
        .arg("image")
        .arg(place.path().join("layout"))
        .args(["--load=example.com/frontend:1", "--push"])
        .arg(format!("{repository}:1"))
        .env("PATH", path_with(place.path()));
    if of_xtask().size() > OPTIMIZED {
        xtask.arg("--quick");
    }
    let output = xtask.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");

    let crane = variable("GOWORK_TEST_CRANE").into_string().unwrap();
    printed(
        &crane,
        &["validate", "--tarball", archive.to_str().unwrap()],
    );
    let list = printed("tar", &["-xOf", archive.to_str().unwrap(), "manifest.json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["RepoTags"], json!(["example.com/frontend:1"]));

    let digest = printed(&crane, &["digest", &format!("{repository}:1")]);
    let pinned = format!("{repository}@{digest}");
    assert!(said.contains(&pinned), "{said}");
    let shop = Repository::example("shop");
    let build = Engine::main().stock_as_it_is(&shop.root(), &shop.root().join("Dockerfile"));
    let targets = build
        .args([format!("--build-arg=BUILDKIT_SYNTAX={pinned}")])
        .args(["--call=targets"])
        .succeeds()
        .stdout;
    assert!(targets.contains("api"), "{targets}");
}

/// `PATH` with this directory before all others.
fn path_with(first: &Path) -> std::ffi::OsString {
    let present = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(first.to_path_buf()).chain(std::env::split_paths(&present));
    std::env::join_paths(all).unwrap()
}
