//! Everything that buildx can make of a result: each output has the same image.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::engine::{Build, Engine, variable};
use crate::layout::{self, Layout};
use crate::options::tiny;
use crate::repository::{Repository, files, unique};

/// Whatever form a layer has in the engine, from an earlier export.
const GZIP: &str = "compression=gzip,force-compression=true";

fn printed(program: &Path, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn unpack(archive: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (archive, to) = (archive.to_str().unwrap(), dir.path().to_str().unwrap());
    printed(Path::new("tar"), &["-xf", archive, "-C", to]);
    dir
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn every_output_has_the_same_image() {
    let tiny = tiny();
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    let build = |output: &str, file: &Path| {
        let output = format!("--output={output},dest={}", file.display());
        let build = Engine::main().frontend(&tiny.root());
        build.args([output]).succeeds();
    };
    let crane = variable("GOWORK_TEST_CRANE");
    let crane = Path::new(&crane);

    build(&format!("type=oci,{GZIP}"), &path("oci.tar"));
    let image = Layout::at(unpack(&path("oci.tar"))).image();
    let config = image.manifest["config"]["digest"].as_str().unwrap();

    build("type=docker,name=example.com/tiny:1", &path("docker.tar"));
    let archive = path("docker.tar").to_str().unwrap().to_owned();
    printed(crane, &["validate", "--tarball", &archive]);
    let list = printed(Path::new("tar"), &["-xOf", &archive, "manifest.json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[0]["RepoTags"][0], "example.com/tiny:1");
    let of_docker = list[0]["Config"].as_str().unwrap();
    assert!(
        of_docker.contains(config.trim_start_matches("sha256:")),
        "{list}"
    );

    build("type=tar", &path("files.tar"));
    build("type=local", &path("files"));
    let inside = image.files();
    assert!(inside.contains_key("usr/local/bin/tiny"));
    assert!(files(unpack(&path("files.tar")).path()) == inside);
    assert!(files(&path("files")) == inside);

    let registry = variable("GOWORK_TEST_REGISTRY").into_string().unwrap();
    let name = format!("{registry}/test/outputs:{}", unique());
    let pushed = Engine::main().frontend(&tiny.root()).args([
        format!("--output=type=image,push=true,name={name},oci-mediatypes=true,{GZIP}"),
        format!("--metadata-file={}", path("metadata").display()),
        format!("--iidfile={}", path("iid").display()),
    ]);
    pushed.succeeds();
    printed(crane, &["validate", "--remote", &name]);
    let digest = printed(crane, &["digest", &name]);
    assert_eq!(digest, image.digest);
    assert_eq!(std::fs::read_to_string(path("iid")).unwrap(), config);
    let metadata = std::fs::read_to_string(path("metadata")).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["containerimage.digest"], *digest);
    assert_eq!(metadata["containerimage.config.digest"], *config);
    assert_eq!(metadata["image.name"], *name);
}

/// Labels that buildx adds of itself if it is asked: the commit and the place of the definition.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn buildx_adds_its_labels() {
    let tiny = tiny();
    tiny.write("stock.Dockerfile", "FROM scratch\nCOPY main.go /\n");
    tiny.git(&["init", "--quiet"]);
    tiny.git(&["remote", "add", "origin", "https://git.example.com/tiny"]);
    tiny.commit();
    let labels = |build: Build| {
        let build = build.env("BUILDX_GIT_LABELS", "full");
        layout::build(build).image().config["config"]["Labels"].clone()
    };
    let stock = tiny.root().join("stock.Dockerfile");
    let mut theirs = labels(Engine::main().stock_as_it_is(&tiny.root(), &stock));
    let ours = labels(Engine::main().frontend(&tiny.root()));
    let entrypoint = "com.docker.image.source.entrypoint";
    assert_eq!(theirs[entrypoint], "stock.Dockerfile");
    theirs[entrypoint] = "Dockerfile".into();
    assert_eq!(ours, theirs);
    let commit = tiny.git(&["rev-parse", "HEAD"]);
    assert_eq!(ours["org.opencontainers.image.revision"], *commit);
}

/// `--pull` looks a base up again: its tag has moved.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn pull_takes_the_newest_base() {
    let registry = variable("GOWORK_TEST_REGISTRY").into_string().unwrap();
    let name = format!("{registry}/test/moving:{}", unique());
    let program = tiny();
    program.append("Dockerfile", &format!("\n[runtime]\nbase = \"{name}\"\n"));
    for word in ["one", "two"] {
        let base = Repository::new(&[
            ("stock.Dockerfile", "FROM scratch\nCOPY word /\n"),
            ("word", word),
        ]);
        let stock = base.root().join("stock.Dockerfile");
        let build = Engine::main().stock_as_it_is(&base.root(), &stock);
        build.args(["--push", "--tag", &name]).succeeds();
        program.write("stock.Dockerfile", &format!("FROM {name}\n"));
        let stock = program.root().join("stock.Dockerfile");
        for build in [
            Engine::main().stock_as_it_is(&program.root(), &stock),
            Engine::main().frontend(&program.root()),
        ] {
            let out = tempfile::tempdir().unwrap();
            build.args(["--pull"]).files_to(out.path()).succeeds();
            assert_eq!(files(out.path())["word"], word.as_bytes());
        }
    }
}
