//! Ways to say what is built and where its definition is: with each, Docker's frontend builds a
//! Dockerfile, and ours a workspace.

use std::path::PathBuf;
use std::process::Command;

use crate::engine::{Build, Engine, variable};
use crate::options::tiny;
use crate::repository::{Repository, files, unique};
use crate::server::Server;

/// What Docker's frontend builds: sources.
const STOCK: &str = "FROM scratch\nCOPY main.go go.mod /\n";

/// Where the definition is.
#[derive(Debug)]
enum Definition {
    /// In a directory of the client.
    In(PathBuf),
    /// In the context, which is remote.
    OfContext,
    /// In the context, which is this archive on standard input.
    OfArchive(&'static str),
    /// On standard input.
    Input,
    /// On a server.
    Url,
    /// In the directory above, from where buildx runs.
    Above,
}

/// Places where the same sources are, in the directory `app` where there are others as well.
struct Places {
    checkout: Repository,
    /// Of git.
    git: Server,
    /// Of single files.
    web: Server,
    files: tempfile::TempDir,
}

impl Places {
    fn new() -> Self {
        let checkout = Repository::new(&[("README.md", "See app.\n")]);
        let program = tiny();
        for name in ["Dockerfile", "go.mod", "main.go", "words/words.go"] {
            checkout.write(&format!("app/{name}"), &program.read(name));
        }
        checkout.write("app/stock.Dockerfile", STOCK);
        checkout.git(&["init", "--quiet", "--initial-branch=main"]);
        checkout.commit();
        checkout.git(&["tag", "v1"]);
        let files = tempfile::tempdir().unwrap();
        let archive = |flags: &str, name: &str| {
            let mut tar = Command::new("tar");
            tar.arg(flags)
                .arg(files.path().join(name))
                .arg("-C")
                .arg(checkout.root().join("app"))
                .arg(".");
            assert!(tar.status().expect("tar must be on PATH").success());
        };
        archive("-cf", "app.tar");
        archive("-czf", "app.tgz");
        for name in ["Dockerfile", "stock.Dockerfile"] {
            let text = checkout.read(&format!("app/{name}"));
            std::fs::write(files.path().join(name), text).unwrap();
        }
        let web = Server::start(
            &[("main.go", include_str!("servers/files.go"))],
            &[files.path().to_str().unwrap()],
        );
        let git = Server::of_git(&checkout, "checkout.git");
        Self {
            checkout,
            git,
            web,
            files,
        }
    }

    fn app(&self) -> PathBuf {
        self.checkout.root().join("app")
    }

    fn git(&self, reference: &str) -> String {
        format!("http://{}/checkout.git{reference}", self.git.address)
    }

    fn web(&self, name: &str) -> String {
        format!("http://{}/{name}", self.web.address)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Everything that a build can be of.
    fn ways(&self) -> Vec<(String, Definition)> {
        let app = self.app().to_str().unwrap().to_owned();
        let input = || "-".to_owned();
        let remote = [
            self.git("#v1:app"),
            self.git("?ref=v1&subdir=app"),
            self.web("app.tgz"),
        ];
        let mut ways = vec![
            (app.clone(), Definition::In(self.app())),
            (app.clone(), Definition::In(self.files.path().to_owned())),
            (app.clone(), Definition::Input),
            (app, Definition::Url),
            ("..".to_owned(), Definition::Above),
            (input(), Definition::OfArchive("app.tar")),
            (input(), Definition::OfArchive("app.tgz")),
        ];
        for context in remote {
            ways.push((context.clone(), Definition::OfContext));
            ways.push((context, Definition::Input));
        }
        ways
    }

    /// A build with a definition that has this name in all places.
    fn build(&self, (context, definition): &(String, Definition), name: &str) -> Build {
        let build = Engine::main().build_of(context);
        let with = |build: Build, file: &str| build.args(["--file", file]);
        match definition {
            Definition::In(dir) => with(build, dir.join(name).to_str().unwrap()),
            Definition::OfContext => with(build, name),
            Definition::OfArchive(archive) => with(build, name).input(&self.file(archive)),
            Definition::Input => with(build, "-").input(&self.file(name)),
            Definition::Url => with(build, &self.web(name)),
            Definition::Above => {
                with(build, &format!("../{name}")).in_directory(&self.app().join("words"))
            }
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn ours_builds_what_docker_s_frontend_builds() {
    let places = Places::new();
    let expected = places.checkout.go_build("app", ".");
    for way in places.ways() {
        let out = tempfile::tempdir().unwrap();
        let build = places.build(&way, "stock.Dockerfile");
        build.files_to(out.path()).succeeds();
        let copied = files(out.path());
        assert_eq!(copied.len(), 2, "{way:?}");
        let main = places.checkout.read("app/main.go");
        assert!(copied["main.go"] == main.as_bytes(), "{way:?}");

        let out = tempfile::tempdir().unwrap();
        let build = places.build(&way, "Dockerfile").through_ours();
        build.target("binaries").files_to(out.path()).succeeds();
        assert!(files(out.path())["tiny"] == expected, "{way:?}");
    }
}

/// `NAME.dockerignore` beside the definition takes the place of the context's.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_definition_has_an_ignore_file_of_its_own() {
    let tiny = tiny();
    tiny.write("words/broken.go", "package words\n\nfunc {\n");
    tiny.write(".dockerignore", "main.go\n");
    tiny.write("stock.Dockerfile", "FROM scratch\nCOPY . /\n");
    for name in ["Dockerfile", "stock.Dockerfile"] {
        tiny.write(&format!("{name}.dockerignore"), "words/broken.go\n");
    }
    let out = tempfile::tempdir().unwrap();
    let stock = tiny.root().join("stock.Dockerfile");
    let build = Engine::main().stock_as_it_is(&tiny.root(), &stock);
    build.files_to(out.path()).succeeds();
    let copied = files(out.path());
    assert!(copied.contains_key("main.go") && !copied.contains_key("words/broken.go"));

    let out = tempfile::tempdir().unwrap();
    let build = Engine::main().frontend(&tiny.root()).target("binaries");
    build.files_to(out.path()).succeeds();
    assert!(files(out.path()).contains_key("tiny"));
}

/// A named context as the base: the same files of it are under an image of ours and of Docker's.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_base_comes_from_wherever_docker_takes_one() {
    let places = Places::new();
    let tiny = tiny();
    tiny.append("Dockerfile", "\n[runtime]\nbase = \"our-base\"\n");
    let stock = Repository::new(&[("stock.Dockerfile", "FROM our-base\n")]);
    let layout = tempfile::tempdir().unwrap();
    let of_app = Engine::main().build_of(places.app().to_str().unwrap());
    let file = places.app().join("stock.Dockerfile");
    let of_app = of_app.args(["--file", file.to_str().unwrap()]);
    of_app.layout_to(layout.path()).succeeds();
    for (place, known) in [
        (places.app().to_str().unwrap().to_owned(), "words/words.go"),
        (places.git("#v1:app"), "words/words.go"),
        // As it is: Docker's frontend unpacks only a main context.
        (places.web("app.tgz"), "context"),
        (
            format!("oci-layout://{}", layout.path().display()),
            "main.go",
        ),
        ("docker-image://busybox:latest".to_owned(), "bin/busybox"),
    ] {
        let context = format!("our-base={place}");
        let made = |build: Build| {
            let out = tempfile::tempdir().unwrap();
            let build = build.args(["--build-context", &context]);
            build.files_to(out.path()).succeeds();
            files(out.path())
        };
        let root = stock.root();
        let theirs = made(Engine::main().stock_as_it_is(&root, &root.join("stock.Dockerfile")));
        let ours = made(Engine::main().frontend(&tiny.root()));
        assert!(theirs.contains_key(known), "{place}: {:?}", theirs.keys());
        assert!(ours.contains_key("usr/local/bin/tiny"), "{place}");
        for (path, content) in &theirs {
            assert!(ours.get(path) == Some(content), "{place}: {path}");
        }
    }
}

/// The frontend of a registry, which the first line or a build-arg names. Docker's own directives
/// may stand beside it.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_frontend_comes_from_a_registry() {
    let registry = variable("GOWORK_TEST_REGISTRY").into_string().unwrap();
    let name = format!("{registry}/test/frontend:{}", unique());
    let pushed = Command::new(variable("GOWORK_TEST_CRANE"))
        .arg("push")
        .arg(variable("GOWORK_TEST_FRONTEND"))
        .arg(&name)
        .status();
    assert!(pushed.unwrap().success());
    let tiny = tiny();
    for (text, words) in [
        (format!("# syntax={name}\n# check=error=true\n"), vec![]),
        (
            "# syntax=docker.io/docker/dockerfile:1\n".to_owned(),
            vec![format!("--build-arg=BUILDKIT_SYNTAX={name}")],
        ),
    ] {
        tiny.write("Dockerfile", &text);
        let file = tiny.root().join("Dockerfile");
        let out = tempfile::tempdir().unwrap();
        let build = Engine::main()
            .stock_as_it_is(&tiny.root(), &file)
            .args(words);
        build.target("binaries").files_to(out.path()).succeeds();
        assert!(files(out.path()).contains_key("tiny"), "{text}");
    }
}
