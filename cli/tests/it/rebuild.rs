//! `gowork rebuild` on a real BuildKit, with images in the loopback registry.

use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::engine::{docker_in, variable};
use crate::schemas::follows;
use crate::support::{Repository, Said};

/// A program that a base image and a label belong to.
const PROGRAM: &str = "
-- go.mod --
module example.com/tiny

go 1.26.0
-- main.go --
package main

func main() { println(\"hello\") }
";

/// A checkout, and images in a registry.
struct World {
    checkout: Repository,
    /// The beginning of the names of this test's images.
    names: String,
    /// Has `docker`, which is buildx alone.
    bin: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let registry = variable("GOWORK_TEST_REGISTRY");
        let unique = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let world = Self {
            checkout: Repository::new(PROGRAM),
            names: format!("{}/rebuild/{}", registry.display(), unique.as_nanos()),
            bin: tempfile::tempdir().unwrap(),
        };
        docker_in(world.bin.path());
        let frontend = variable("GOWORK_TEST_FRONTEND");
        world.crane(&["push", frontend.to_str().unwrap(), &world.name("gowork")]);
        world.push_base("first");
        let configuration = format!(
            "[runtime]\nbase = \"{}\"\nlabels = {{ version = \"${{VERSION}}\" }}\n",
            world.name("base")
        );
        world.checkout.write("gowork.toml", &configuration);
        world.checkout.commit();
        world
    }

    fn name(&self, image: &str) -> String {
        format!("{}/{image}:1", self.names)
    }

    fn crane(&self, words: &[&str]) -> String {
        let mut crane = Command::new(variable("GOWORK_TEST_CRANE"));
        let output = crane.args(words).arg("--insecure").output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn buildx(&self, words: &[&str]) {
        let mut buildx = Command::new(variable("GOWORK_TEST_BUILDX"));
        let output = buildx.args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    /// Pushes a base image with a file, under the tag that all base images have here.
    fn push_base(&self, text: &str) {
        let base = Repository::new(&format!(
            "\n-- Dockerfile --\nFROM busybox:latest\nCOPY file /base\n-- file --\n{text}\n"
        ));
        let output = format!("--output=type=registry,name={}", self.name("base"));
        let dir = base.path().to_str().unwrap();
        self.buildx(&["build", "--provenance=false", &output, dir]);
    }

    /// Pushes the image of the checkout, built with more arguments from a context.
    fn push(&self, image: &str, arguments: &[&str], context: &str) {
        let syntax = format!("--build-arg=BUILDKIT_SYNTAX={}", self.name("gowork"));
        let output = format!("--output=type=registry,name={}", self.name(image));
        let words = ["build", "--file=gowork.toml", &syntax, &output];
        self.buildx(&[&words, arguments, &[context]].concat());
    }

    fn push_local(&self, image: &str, arguments: &[&str]) {
        let dir = self.checkout.path();
        let file = format!("--file={}", dir.join("gowork.toml").display());
        let arguments = [arguments, &[&file]].concat();
        self.push(image, &arguments, dir.to_str().unwrap());
    }

    fn rebuild(&self, image: &str, arguments: &str) -> Said {
        self.rebuild_named(&self.name(image), arguments)
    }

    fn rebuild_named(&self, name: &str, arguments: &str) -> Said {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.bin.path().display());
        let arguments = format!("rebuild {name} {arguments}");
        // Elsewhere: nothing is taken from the current directory.
        Repository::new("").run_with(&arguments, &[("PATH", path)])
    }

    /// With the checkout as the source.
    fn rebuild_from_checkout(&self, image: &str, arguments: &str) -> Said {
        let source = self.checkout.path().display();
        self.rebuild(image, &format!("--cache --source {source} {arguments}"))
    }
}

const MAX: [&str; 2] = ["--provenance=mode=max", "--build-arg=VERSION=1.2.3"];

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_same_a_moved_base_and_another_source() {
    let world = World::new();
    world.push_local("app", &MAX);
    let same = world.rebuild_from_checkout("app", "");
    assert_eq!(same.code, 0, "{same}");
    assert!(same.out.contains("linux/amd64: same, sha256:"), "{same}");
    assert!(!same.out.contains("note: the tag"), "{same}");

    // The tag of the base names another image: the one that the build had is taken.
    let base = world.name("base");
    let before = world.crane(&["digest", &base]);
    world.push_base("second");
    let now = world.crane(&["digest", &base]);
    assert_ne!(before, now);
    let moved = world.rebuild_from_checkout("app", "");
    let note = format!(
        "note: the tag {base} has moved: it was {before}, which is taken, and is {now} now\n"
    );
    assert_eq!(moved.code, 0, "{moved}");
    assert!(moved.out.contains(&note), "{moved}");

    // Another source.
    let main = world.checkout.text("main.go").replace("hello", "bye");
    world.checkout.write("main.go", &main);
    let configuration = world.checkout.text("gowork.toml");
    let labels = "labels = { extra = \"x\", ";
    let other = configuration.replace("labels = { ", labels);
    world.checkout.write("gowork.toml", &other);
    let different = world.rebuild_from_checkout("app", "--format json");
    assert_eq!(different.code, 1, "{different}");
    follows("rebuild", &different.out);
    let report: Value = serde_json::from_str(&different.out).unwrap();
    let difference = &report["platforms"][0]["difference"];
    let layers = difference["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1, "{report:#}");
    let file = &layers[0]["files"][0];
    assert_eq!(file["path"], "usr/local/bin/tiny", "{report:#}");
    let fields = file["fields"].as_array().unwrap();
    assert_eq!(fields[0]["name"], "content", "{report:#}");
    assert_eq!(
        difference["config"][0]["name"], "config.Labels.extra",
        "{report:#}"
    );
    let text = world.rebuild_from_checkout("app", "").out;
    for part in [
        "linux/amd64: different\n  image    sha256:",
        " (go build -o /usr/local/bin/tiny ",
        "    /usr/local/bin/tiny: content sha256:",
        "config.Labels.extra nothing in the image, \"x\" in the rebuilt one\n",
        "have changed since its commit\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Of a layout on disk, with provenance of the older form; for two platforms.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_oci_layout() {
    let world = World::new();
    world.checkout.write(
        "gowork.toml",
        "[runtime]\nlabels = { version = \"${VERSION}\" }\n",
    );
    world.checkout.commit();
    let out = tempfile::tempdir().unwrap();
    let dir = world.checkout.path().to_str().unwrap();
    world.buildx(&[
        "build",
        "--platform=linux/amd64,linux/arm64",
        "--attest=type=provenance,mode=max,version=v0.2",
        &format!("--file={dir}/gowork.toml"),
        &format!("--build-arg=BUILDKIT_SYNTAX={}", world.name("gowork")),
        &format!("--output=type=oci,tar=false,dest={}", out.path().display()),
        MAX[1],
        dir,
    ]);
    let name = format!("oci-layout://{}", out.path().display());
    let said = world.rebuild_named(&name, &format!("--cache --source {dir} --format json"));
    assert_eq!(said.code, 0, "{said}");
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let platforms = report["platforms"].as_array().unwrap();
    let names: Vec<&str> = platforms
        .iter()
        .map(|it| it["platform"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["linux/amd64", "linux/arm64"], "{report:#}");
    let other = "--cache --platform linux/riscv64";
    let said = world.rebuild_named(&name, other);
    assert_eq!(said.code, 2, "{said}");
    assert!(
        said.err
            .contains("the image is for linux/amd64, linux/arm64"),
        "{said}"
    );
}

/// All steps run again, and files have a time of their own that the exporter puts on them.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn without_the_cache_and_with_rewritten_times() {
    let world = World::new();
    let output = format!(
        "--output=type=registry,name={},rewrite-timestamp=true",
        world.name("rewritten")
    );
    let epoch = "--build-arg=SOURCE_DATE_EPOCH=1700000000";
    let syntax = format!("--build-arg=BUILDKIT_SYNTAX={}", world.name("gowork"));
    let dir = world.checkout.path().to_str().unwrap();
    let file = format!("--file={dir}/gowork.toml");
    world.buildx(&["build", &file, &syntax, &output, epoch, MAX[0], MAX[1], dir]);
    let said = world.rebuild("rewritten", &format!("--source {dir}"));
    assert_eq!(said.code, 0, "{said}");
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_missing_is_named() {
    let world = World::new();
    world.push_local("min", &["--provenance=mode=min", MAX[1]]);
    let said = world.rebuild("min", "");
    assert_eq!(said.code, 3, "{said}");
    let commit = world.checkout.git("rev-parse HEAD");
    for part in [
        "it cannot be built again\n- its provenance leaves out build-args and labels, as mode=min does",
        &format!("check out {}", commit.trim()),
        "pass --source DIR",
    ] {
        assert!(said.err.contains(part), "{part}: {said}");
    }
    world.push_local("none", &["--provenance=false", MAX[1]]);
    let said = world.rebuild("none", "");
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("it has no provenance"), "{said}");
}

/// A server of git repositories, until it is dropped.
struct Git {
    process: Child,
    address: String,
    _dir: tempfile::TempDir,
}

impl Git {
    fn serve(repositories: &std::path::Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let source = include_str!("../../../frontend/tests/engine/servers/git_repository.go");
        std::fs::write(dir.path().join("main.go"), source).unwrap();
        let server: PathBuf = dir.path().join("server");
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&server).arg("main.go");
        go.current_dir(dir.path()).env("GOWORK", "off");
        assert!(go.status().unwrap().success());
        // A builder in a container finds this machine by the address that it sends from.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        let routed = socket.connect("192.0.2.1:9");
        let own = routed.and_then(|()| socket.local_addr());
        let own = own.map_or_else(|_| "127.0.0.1".to_owned(), |own| own.ip().to_string());
        let mut process = Command::new(&server)
            .arg(own)
            .arg(repositories)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        Self {
            process,
            address: address.trim().to_owned(),
            _dir: dir,
        }
    }
}

impl Drop for Git {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Of a git context, the commit is taken wherever the branch is now.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_git_context() {
    let world = World::new();
    let repositories = tempfile::tempdir().unwrap();
    let bare = repositories.path().join("shop.git");
    let push = || {
        let bare = bare.display();
        world
            .checkout
            .git(&format!("push --quiet {bare} HEAD:refs/heads/main"));
    };
    world
        .checkout
        .git(&format!("init --quiet --bare {}", bare.display()));
    push();
    let server = Git::serve(repositories.path());
    let context = format!("http://{}/shop.git#main", server.address);
    world.push("remote", &MAX, &context);
    world
        .checkout
        .write("main.go", "package main\n\nfunc main() {}\n");
    world.checkout.commit();
    push();
    let said = world.rebuild("remote", "--cache");
    assert_eq!(said.code, 0, "{said}");
    let source = world.checkout.path().display();
    let said = world.rebuild("remote", &format!("--source {source}"));
    assert_eq!(said.code, 3, "{said}");
    assert!(said.err.contains("leave --source out"), "{said}");
}

/// An OCI layout with these blobs.
fn layout(index: &str, blobs: &[&str]) -> Repository {
    let layout = Repository::new("");
    layout.write("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    layout.write("index.json", index);
    for blob in blobs {
        layout.write(&format!("blobs/sha256/{}", sha256(blob)), blob);
    }
    layout
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(text.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What cannot be read is said, and never taken for an image that is the same.
#[test]
fn images_that_cannot_be_read() {
    let config = r#"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}}"#;
    let manifest = format!(
        r#"{{"config":{{"digest":"sha256:{}"}},"layers":[]}}"#,
        sha256(config)
    );
    let index = |digest: &str| format!(r#"{{"manifests":[{{"digest":"sha256:{digest}"}}]}}"#);
    let of_manifest = index(&sha256(&manifest));
    let two = format!(
        r#"{{"manifests":[{{"digest":"sha256:{0}"}},{{"digest":"sha256:{0}"}}]}}"#,
        sha256(&manifest)
    );
    let tampered = layout(&of_manifest, &[&manifest, config]);
    let name = format!("blobs/sha256/{}", sha256(config));
    tampered.write(&name, &config.replace("amd64", "arm64"));
    for (layout, said) in [
        (
            layout(&of_manifest, &[&manifest, config]),
            "linux/amd64: it has no provenance",
        ),
        (tampered, "what is stored there has the digest sha256:"),
        (layout(&of_manifest, &[]), "No such file or directory"),
        (
            layout(&two, &[]),
            "the layout has 2 images; name one by its tag",
        ),
        (layout("{}", &[]), "missing field `manifests`"),
        (layout(&index("x"), &[]), "digest"),
        (layout(&index(&sha256("[]")), &["[]"]), "no image manifest"),
    ] {
        let name = layout.path().display();
        let answer = layout.run(&format!("rebuild {name}"));
        assert_eq!((answer.code, answer.out.as_str()), (3, ""), "{answer}");
        assert!(answer.err.contains(said), "{said}: {answer}");
    }
    let nothing = Repository::new("");
    for (args, code, said) in [
        ("rebuild oci-layout://nowhere", 3, "nowhere: no OCI layout"),
        ("rebuild shop/API:1", 3, "the repository must be lower case"),
        ("rebuild app:1", 3, "docker: command not found"),
        (
            "rebuild app:1 --source nowhere",
            3,
            "nowhere: no such directory",
        ),
        ("rebuild app:1 --build-context x", 2, "write NAME=VALUE"),
        ("rebuild app:1 -C .", 2, "with --source"),
        ("rebuild app:1 --build-arg a=b", 2, "that provenance names"),
    ] {
        let answer = nothing.run_with(args, &[("PATH", "/nowhere".to_owned())]);
        assert_eq!(answer.code, code, "{args}: {answer}");
        assert!(answer.err.contains(said), "{args}: {answer}");
    }
}
