//! Users that the configuration makes: as `adduser` makes them, and known to what runs in the image.

use crate::bases::printed;
use crate::bases::tree::Tree;
use crate::engine::{Build, Engine};
use crate::layout;
use crate::options::tiny;
use crate::repository::{Repository, files};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

fn program(runtime: &str) -> Repository {
    let program = tiny();
    program.write("Dockerfile", &format!("{SYNTAX}[runtime]\n{runtime}"));
    program
}

fn ours(program: &Repository) -> Build {
    Engine::main().frontend(&program.root())
}

/// The image that Docker's frontend makes of these instructions.
fn stock(program: &Repository, text: &str) -> Build {
    program.write("stock.Dockerfile", text);
    let file = program.root().join("stock.Dockerfile");
    Engine::main().stock(&program.root(), &file)
}

/// What programs see in an image: who they are, whose their home directory is, and the entries of
/// their user and group.
fn seen(program: &Repository, image: &str, arguments: &[String]) -> Vec<String> {
    let text = format!(
        "{image}RUN id > /tmp/seen && stat -c '%n %u:%g' $HOME >> /tmp/seen && grep ^app: /etc/passwd /etc/group >> /tmp/seen\nFROM scratch\nCOPY --from=made /tmp/seen /\n"
    );
    let out = tempfile::tempdir().unwrap();
    stock(program, &text)
        .args(arguments)
        .files_to(out.path())
        .succeeds();
    let seen = String::from_utf8(files(out.path()).remove("seen").unwrap()).unwrap();
    // Which shell is for logging in is not the same.
    let without_shell = |line: &str| match line.rsplit_once(':') {
        Some((start, _)) if line.starts_with("/etc/passwd") => start.to_owned(),
        _ => line.to_owned(),
    };
    seen.lines().map(without_shell).collect()
}

fn text(tree: &Tree, path: &str) -> String {
    String::from_utf8(tree.entries[path].content.clone()).unwrap()
}

/// The fields of an entry in a file of users or groups.
fn entry(tree: &Tree, path: &str, name: &str) -> Vec<String> {
    let text = text(tree, path);
    let mut lines = text
        .lines()
        .map(|line| line.split(':').map(ToOwned::to_owned));
    let found = lines.find_map(|fields| {
        let fields: Vec<String> = fields.collect();
        (fields[0] == name).then_some(fields)
    });
    found.unwrap_or_else(|| panic!("{path} has no {name}: {text}"))
}

const BUSYBOX: &str = "base = \"busybox:latest\"\nusers = [{ name = \"app\", uid = 10001 }]\n";

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_user_is_what_useradd_makes() {
    let debian = BUSYBOX.replace("busybox:latest", "debian:bookworm-slim");
    let program = program(&debian);
    let added =
        "FROM debian:bookworm-slim AS made\nRUN useradd --uid 10001 --create-home app\nUSER app\n";
    let expected = seen(&program, added, &[]);
    assert_eq!(
        expected,
        [
            "uid=10001(app) gid=10001(app) groups=10001(app)",
            "/home/app 10001:10001",
            "/etc/passwd:app:x:10001:10001::/home/app",
            "/etc/group:app:x:10001:",
        ]
    );
    for user in ["", "user = \"app\"\n"] {
        program.write("Dockerfile", &format!("{SYNTAX}[runtime]\n{debian}{user}"));
        let image = layout::build(ours(&program));
        let context = format!("image=oci-layout://{}", image.path().display());
        let arguments = ["--build-context".to_owned(), context];
        let made = seen(&program, "FROM image AS made\n", &arguments);
        assert_eq!(made, expected, "{user}");
    }
}

/// What the base says stays, and comes first.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn entries_of_the_base_stay() {
    let program = program(BUSYBOX);
    let made = Tree::of(ours(&program));
    let base = "FROM busybox:latest\nRUN printf x:x:7:7::/:/bin/sh >> /etc/passwd\n";
    let over = BUSYBOX.replace("busybox:latest", "stage:os");
    program.write(
        "Dockerfile",
        &format!("{SYNTAX}[runtime]\n{over}[stages.os]\ndockerfile = '''\n{base}'''\n"),
    );
    let edited = Tree::of(ours(&program));
    for (made, base) in [(made, "FROM busybox:latest\n"), (edited, base)] {
        let base = Tree::of(stock(&program, base));
        for file in ["etc/passwd", "etc/group"] {
            assert!(text(&made, file).starts_with(&text(&base, file)), "{file}");
            assert_eq!(made.entries[file].what, base.entries[file].what);
            assert!(made.times[file].starts_with("1970-01-01"));
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_printed_dockerfile_adds_the_same() {
    for base in ["busybox:latest", "scratch"] {
        let program = program(&BUSYBOX.replace("busybox:latest", base));
        program.write("printed.Dockerfile", &printed(&program.root()));
        let file = program.root().join("printed.Dockerfile");
        let stock = Engine::main().stock(&program.root(), &file).target("tiny");
        let made = Tree::of(ours(&program));
        assert_eq!(
            made.differences(&Tree::of(stock)),
            Vec::<String>::new(),
            "{base}"
        );
        assert!(
            text(&made, "etc/passwd").contains("app:x:10001:10001::/home/app:"),
            "{base}"
        );
    }
}

/// A stage that has no such files, and one whose user is in the way.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_stage_says_who_is_there() {
    let over = |stage: &str| {
        let users = BUSYBOX.replace("busybox:latest", "stage:os");
        program(&format!(
            "{users}[stages.os]\ndockerfile = '''\n{stage}'''\n"
        ))
    };
    let empty = Tree::of(ours(&over("FROM scratch\nCOPY go.mod /srv/\n")));
    assert_eq!(
        text(&empty, "etc/passwd"),
        "app:x:10001:10001::/home/app:/sbin/nologin\n"
    );
    assert_eq!(text(&empty, "etc/group"), "app:x:10001:\n");
    let kept =
        over("FROM busybox:latest\nRUN echo app:x:10001:10001:App:/srv:/bin/sh >> /etc/passwd\n");
    let tree = Tree::of(ours(&kept));
    assert_eq!(
        entry(&tree, "etc/passwd", "app")[4..],
        ["App", "/srv", "/bin/sh"]
    );
    let other = over("FROM busybox:latest\nRUN echo app:x:5:5::/srv:/bin/sh >> /etc/passwd\n");
    let said = ours(&other).args(["--output=type=cacheonly"]).fails().text;
    assert!(
        said.contains("/etc/passwd of the base has a user app with 5:5, not 10001:10001")
            && said.contains(">>> users = [{ name = \"app\""),
        "{said}"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_user_compiles_nothing() {
    let program = program(BUSYBOX);
    let cached = || ours(&program).args(["--output=type=cacheonly"]).succeeds();
    cached();
    assert!(cached().records.ran().is_empty());
    program.write(
        "Dockerfile",
        &format!("{SYNTAX}[runtime]\n{}", BUSYBOX.replace("10001", "10002")),
    );
    let outcome = cached();
    assert!(
        outcome.records.programs_ran().is_empty(),
        "{}",
        outcome.everything()
    );
    assert!(outcome.records.ran().contains("files of tiny"));
}
