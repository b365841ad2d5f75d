//! Images with several binaries, a tool of go.mod among them: each is what `go build` makes, and an
//! edit of one links no other.

use std::collections::BTreeSet;

use crate::bases::printed;
use crate::bases::tree::Tree;
use crate::engine::{Build, Engine, Outcome};
use crate::options::tiny;
use crate::repository::{Repository, unique};

/// A small program, and its version.
const TOOL: &str = "golang.org/x/example/hello";
const VERSION: &str = "v0.0.0-20250915201037-7f05d217867b";

const CONFIGURATION: &str = "# syntax=docker.io/gowork/gowork:1
skip = [\"./seed\"]
[runtime]
base = \"busybox:latest\"
[images.tiny]
path = \"/srv/bin/\"
ldflags = \"-w\"
binaries = [\"migrate\", \"./seed\", \"golang.org/x/example/hello\"]
[images.migrate]
ldflags = \"-s -w -X main.version=2\"
";

/// The four programs of the image, and what `go build` makes of each.
const PROGRAMS: [(&str, &str, &str); 4] = [
    ("tiny", ".", "-ldflags=-w"),
    ("migrate", "./migrate", "-ldflags=-s -w -X main.version=2"),
    ("seed", "./seed", "-ldflags=-w"),
    ("hello", TOOL, "-ldflags=-w"),
];

fn repository() -> Repository {
    let repository = tiny();
    let main = repository.read("main.go");
    repository.write("migrate/main.go", &main);
    repository.write("seed/main.go", &main.replace("hello", "seeds"));
    repository.write("Dockerfile", CONFIGURATION);
    repository.go("", &["get", "-tool", &format!("{TOOL}@{VERSION}")]);
    repository
}

fn ours(repository: &Repository) -> Build {
    Engine::main().frontend(&repository.root()).target("tiny")
}

fn cached(repository: &Repository) -> Outcome {
    ours(repository)
        .args(["--output=type=cacheonly"])
        .succeeds()
}

fn assert_as_go_builds(repository: &Repository, tree: &Tree) {
    for (name, package, ldflags) in PROGRAMS {
        let local = repository.go_build_with(&[ldflags], "", package);
        let made = &tree.entries[&format!("srv/bin/{name}")];
        assert!(
            made.what.starts_with("-rwxr-xr-x 0/0"),
            "{name}: {}",
            made.what
        );
        assert!(made.content == local, "{name} is not what go build makes");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn every_binary_is_what_go_builds() {
    let repository = repository();
    let tree = Tree::of(ours(&repository));
    assert_as_go_builds(&repository, &tree);
    repository.write("printed.Dockerfile", &printed(&repository.root()));
    let file = repository.root().join("printed.Dockerfile");
    let stock = Engine::main()
        .stock(&repository.root(), &file)
        .target("tiny");
    assert_eq!(
        tree.differences(&Tree::of(stock)),
        Vec::<String>::new(),
        "the printed Dockerfile"
    );
    // On scratch, too.
    let on_scratch = CONFIGURATION.replace("busybox:latest", "scratch");
    repository.write("Dockerfile", &on_scratch);
    assert_as_go_builds(&repository, &Tree::of(ours(&repository)));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_vendored_tool_needs_no_network() {
    let repository = repository();
    repository.go("", &["mod", "vendor"]);
    let tree = Tree::of(ours(&repository).args(["--network", "none"]));
    assert_as_go_builds(&repository, &tree);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_edit_of_one_binary_links_no_other() {
    let repository = repository();
    cached(&repository);
    assert_eq!(cached(&repository).records.programs_ran(), BTreeSet::new());
    let edited = format!("// {}\nconst more = 1\n", unique());
    for (file, linked) in [
        ("migrate/main.go", "link migrate"),
        ("seed/main.go", "link ./seed"),
        ("main.go", "link tiny"),
    ] {
        repository.append(file, &edited);
        let outcome = cached(&repository);
        assert_eq!(
            outcome.records.programs_ran(),
            BTreeSet::from(["scan Go sources", linked]),
            "{}",
            outcome.everything()
        );
    }
}
