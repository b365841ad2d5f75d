//! `docker buildx bake`: matrices, targets that are contexts of others, calls, and compose files.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::contexts::proxy_files;
use crate::engine::{frontend_context, variable};
use crate::options::tiny;
use crate::repository::{Repository, files, unique};
use crate::server::Server;

/// Prints its word, which a build-arg says.
fn program() -> Repository {
    let program = tiny();
    program.append(
        "Dockerfile",
        "\n[go]\nldflags = \"-s -w -X main.version=${CHANNEL}\"\n",
    );
    program
}

/// The frontend under test, as a target's context.
fn frontend() -> (String, String) {
    let context = frontend_context().into_string().unwrap();
    let (name, place) = context.split_once('=').unwrap();
    // Unlike `buildx build`, bake takes names as Docker shortens them.
    let name = name.trim_start_matches("docker.io/");
    (name.to_owned(), place.to_owned())
}

/// What `buildx bake` does in this directory with this file.
fn bake(dir: &Path, file: &str, words: &[&str]) -> Output {
    let mut bake = Command::new(variable("GOWORK_TEST_BUILDX"));
    bake.args(["bake", "--progress=plain", "--allow=fs=*", "--file", file]);
    bake.args(words).current_dir(dir);
    bake.env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
    bake.output().unwrap()
}

/// What it prints.
fn baked(dir: &Path, file: &str, words: &[&str]) -> String {
    let output = bake(dir, file, words);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// A file of targets in JSON.
fn targets(repository: &Repository, targets: &Value) {
    let text = json!({ "target": targets }).to_string();
    repository.write("docker-bake.json", &text);
}

/// What the program of a local output says.
fn said(root: &Path) -> String {
    let output = Command::new(root.join("usr/local/bin/tiny")).output();
    String::from_utf8(output.unwrap().stderr).unwrap()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_matrix_has_arguments() {
    let program = program();
    let (name, place) = frontend();
    let matrix = json!({
        "default": {
            "name": "tiny-${channel}",
            "matrix": { "channel": ["edge", "stable"] },
            "contexts": { name: place },
            "args": { "CHANNEL": "${channel}" },
            "output": ["type=local,dest=out/${channel}"],
        }
    });
    targets(&program, &matrix);
    baked(&program.root(), "docker-bake.json", &[]);
    for channel in ["edge", "stable"] {
        let out = program.root().join("out").join(channel);
        assert_eq!(said(&out), format!("hello {channel}\n"));
    }
}

/// An image of Docker's is the base of one of ours, and ours that of one of Docker's.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn targets_are_contexts_of_others() {
    let program = program();
    program.append("Dockerfile", "\n[runtime]\nbase = \"our-base\"\n");
    let word = unique();
    program.write("word", &word);
    let (name, place) = frontend();
    let chain = json!({
        "base": { "dockerfile-inline": "FROM scratch\nCOPY word /\n" },
        "tiny": {
            "contexts": { name: place, "our-base": "target:base" },
            "args": { "CHANNEL": "chain" },
        },
        "default": {
            "contexts": { "app": "target:tiny" },
            "dockerfile-inline": "FROM app\nCOPY go.mod /\n",
            "output": ["type=local,dest=out"],
        },
    });
    targets(&program, &chain);
    baked(&program.root(), "docker-bake.json", &[]);
    let out = program.root().join("out");
    let inside = files(&out);
    assert_eq!(inside["word"], word.as_bytes());
    assert!(inside.contains_key("go.mod"));
    assert_eq!(said(&out), "hello chain\n");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn calls_are_answered_for_targets() {
    let program = program();
    let (name, place) = frontend();
    let target = json!({
        "default": { "contexts": { name: place }, "args": { "CHANNEL": "x" } }
    });
    targets(&program, &target);
    let root = program.root();
    let listed = baked(&root, "docker-bake.json", &["--call=targets"]);
    assert!(listed.contains("tiny (default)"), "{listed}");
    let checked = baked(&root, "docker-bake.json", &["--check"]);
    assert!(
        checked.contains("Check complete, no warnings found."),
        "{checked}"
    );
    program.write(
        "words/words.go",
        "package words\n\nimport _ \"example.com/tiny/no\"\n",
    );
    let failed = bake(&root, "docker-bake.json", &["--check"]);
    let text = [failed.stdout, failed.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(!failed.status.success());
    assert!(text.contains("words/words.go:3"), "{text}");
}

/// A compose file through bake: a target, arguments, a secret that the build needs, and contexts.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_compose_file_is_built() {
    let module = format!("private.example/{}", unique());
    let proxy = proxy_files(&module);
    let program = program();
    program.append(
        "Dockerfile",
        "\n[runtime]\nbase = \"our-base\"\n\n[modules]\nproxy = \"${GOPROXY}\"\nnosumdb = [\"private.example/*\"]\n",
    );
    program.append("go.mod", &format!("\nrequire {module} v1.0.0\n"));
    program.write(
        "words/words.go",
        &format!("package words\n\nimport lib \"{module}\"\n\nconst Hello = lib.Name\n"),
    );
    let login = unique();
    let server = Server::with_tls(
        include_str!("servers/files_with_login.go"),
        &[proxy.path().to_str().unwrap(), &login],
    );
    let certificate = std::fs::read_to_string(server.file("certificate.pem")).unwrap();
    program.write("ca", &certificate);
    let address = &server.address;
    program.write(
        "netrc",
        &format!("machine {address} login a password {login}\n"),
    );
    program.write("base/word", "under\n");
    program.write(".dockerignore", "base\nca\nnetrc\n");
    sum(&program, &format!("file://{}", proxy.path().display()));
    let (name, place) = frontend();
    let compose = json!({
        "services": { "app": {
            "image": "example.com/app",
            "build": {
                "context": ".",
                "target": "tiny",
                "args": {
                    "CHANNEL": "compose",
                    "GOPROXY": format!("https://{address}"),
                },
                "additional_contexts": { name: place, "our-base": "./base" },
                "secrets": ["ca", "netrc"],
            },
        } },
        "secrets": { "ca": { "file": "./ca" }, "netrc": { "file": "./netrc" } },
    });
    program.write("compose.yaml", &compose.to_string());
    let root = program.root();
    baked(
        &root,
        "compose.yaml",
        &["--set=*.output=type=local,dest=out", "app"],
    );
    let out = root.join("out");
    assert_eq!(files(&out)["word"], b"under\n");
    assert_eq!(said(&out), "from a directory compose\n");
}

/// Writes go.sum.
fn sum(program: &Repository, proxy: &str) {
    let modules = tempfile::tempdir().unwrap();
    let mut go = Command::new("go");
    go.args(["mod", "tidy"]).current_dir(program.root());
    go.env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOPROXY", proxy)
        .env("GONOSUMDB", "private.example")
        .env("GOFLAGS", "-modcacherw")
        .env("GOMODCACHE", modules.path());
    let output = go.output().expect("the go command must be on PATH");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
