//! docs/install.md: its commands, with names of the tests' registry and builder in place of the
//! examples'.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use crate::engine::variable;
use crate::repository::{Repository, unique};

const PAGE: &str = include_str!("../../../docs/install.md");

/// The first line of the page that begins so.
fn line(start: &str) -> &'static str {
    let mut lines = PAGE.lines().map(|line| line.trim_start_matches("$ "));
    let line = lines.find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("docs/install.md has no line that begins with {start}"))
}

/// The command in a row of the table of builders.
fn cell(start: &str) -> &'static str {
    let mut codes = PAGE.split('`');
    let code = codes.find(|code| code.starts_with(start));
    code.unwrap_or_else(|| panic!("docs/install.md has no `{start}...`"))
}

/// A repository to build, and names for what the page's examples name.
struct Place {
    shop: Repository,
    /// Its name in the registry, without a tag.
    frontend: String,
    mirror: String,
    /// What buildx keeps, where it is not of the tests.
    buildx: Option<tempfile::TempDir>,
}

impl Place {
    fn new() -> Self {
        let registry = variable("GOWORK_TEST_REGISTRY").into_string().unwrap();
        let unique = unique();
        let place = Self {
            shop: Repository::example("shop"),
            frontend: format!("{registry}/{unique}/gowork"),
            mirror: format!("{registry}/{unique}/mirrored"),
            buildx: None,
        };
        let pushed = Command::new(variable("GOWORK_TEST_CRANE"))
            .arg("push")
            .arg(variable("GOWORK_TEST_FRONTEND"))
            .arg(format!("{}:1", place.frontend))
            .output();
        assert!(pushed.unwrap().status.success());
        place
    }

    /// A text of the page with the names of this place.
    fn named(&self, text: &str) -> String {
        text.replace("mirror.example.com/gowork/gowork", &self.mirror)
            .replace("registry.example.com/gowork/gowork", &self.frontend)
    }

    fn program(&self, words: &[&str]) -> Command {
        let (program, rest) = match words {
            ["docker", "buildx", rest @ ..] => ("GOWORK_TEST_BUILDX", rest),
            ["buildctl", rest @ ..] => ("GOWORK_TEST_BUILDCTL", rest),
            _ => panic!("not known here: {words:?}"),
        };
        let mut command = Command::new(variable(program));
        command.args(rest).current_dir(self.shop.root());
        if let Some(config) = &self.buildx {
            command
                .env("BUILDX_CONFIG", config.path())
                .env_remove("BUILDX_BUILDER");
        }
        command
    }

    fn succeeds(&self, words: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = self.program(words).output().unwrap();
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "{words:?}: {said}");
        String::from_utf8(stdout).unwrap()
    }

    /// A build of the page's: the targets are listed, which takes the frontend and no step.
    fn lists(&self, command: &str) {
        let command = self.named(command);
        let mut words: Vec<&str> = command.split(' ').collect();
        words.insert(3, "--call=targets");
        let said = self.succeeds(&words);
        assert!(said.contains("api"), "{command}: {said}");
    }

    /// Gives the file to build this first line.
    fn begin_with(&self, line: &str) {
        let text = self.shop.read("Dockerfile");
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        self.shop.write("Dockerfile", &format!("{line}\n{rest}"));
    }
}

const BUILD: &str = "docker buildx build --target api .";

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_frontend_is_found_where_the_page_says() {
    let place = Place::new();
    place.lists(line("docker buildx build --build-arg BUILDKIT_SYNTAX="));

    let layout = variable("GOWORK_TEST_FRONTEND").into_string().unwrap();
    let command = line("docker buildx build --build-context docker.io/");
    place.lists(&command.replace("CLONE/.gowork/image", &layout));

    place.begin_with(&place.named(line("# syntax=registry.example.com/")));
    place.lists(BUILD);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn it_is_pinned_and_mirrored() {
    let place = Place::new();
    let inspected = |name: &str| {
        let command = cell("docker buildx imagetools inspect").replace("NAME", name);
        let said = place.succeeds(&command.split(' ').collect::<Vec<_>>());
        let mut lines = said.lines().filter_map(|line| line.strip_prefix("Digest:"));
        lines.next().expect("a digest").trim().to_owned()
    };
    let here = format!("{}:1", place.frontend);
    let digest = inspected(&here);

    let copied =
        line("docker buildx imagetools create").replace("docker.io/gowork/gowork:1", &here);
    place.succeeds(&place.named(&copied).split(' ').collect::<Vec<_>>());
    assert_eq!(inspected(&format!("{}:1", place.mirror)), digest);

    let pinned = line("# syntax=docker.io/gowork/gowork:1@");
    let pinned = pinned.replace("docker.io/gowork/gowork", &place.mirror);
    let (name, _) = pinned.split_once("@sha256:").unwrap();
    place.begin_with(&format!("{name}@{digest}"));
    place.lists(BUILD);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn builders_elsewhere_build() {
    let mut place = Place::new();
    let here = format!("{}:1", place.frontend);
    place.begin_with(&format!("# syntax={here}"));

    let command = cell("buildctl build").replace("docker.io/gowork/gowork:1", &here);
    let mut words: Vec<&str> = command.split(' ').collect();
    words.extend(["--opt", "requestid=frontend.targets"]);
    place.succeeds(&words);

    place.buildx = Some(tempfile::tempdir().unwrap());
    let address = by_tcp(&variable("BUILDKIT_HOST").into_string().unwrap());
    let command = cell("docker buildx create --use --driver remote tcp://");
    let command = command.replace("builder.example.com:1234", &address);
    place.succeeds(&command.split(' ').collect::<Vec<_>>());
    place.lists(BUILD);
}

/// A port that leads to the socket of an engine, for as long as the tests run.
fn by_tcp(host: &str) -> String {
    let socket = host.strip_prefix("unix://").expect("a socket").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            join(stream, UnixStream::connect(Path::new(&socket)).unwrap());
        }
    });
    address
}

/// Copies both ways, until each side has said all.
fn join(outside: TcpStream, inside: UnixStream) {
    let (mut from, mut to) = (outside.try_clone().unwrap(), inside.try_clone().unwrap());
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (inside, outside);
    thread::spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
