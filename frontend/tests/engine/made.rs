//! Where the binary lies, and directories and links that the configuration makes.

use crate::bases::printed;
use crate::bases::tree::Tree;
use crate::engine::{Build, Engine, Outcome};
use crate::options::tiny;
use crate::repository::Repository;

/// Directories that the base has, and that it does not have; links in places of all kinds.
const MADE: &str = r#"path = "/opt/app/server"
dirs = [
    { path = "/tmp", owner = "3:4", mode = "0700" },
    { path = "/data", owner = "5:6", mode = "1777" },
    { path = "/var/lib/deep/er", owner = "7" },
]
files = [{ from = "go.mod", to = "/data/sub/mod", owner = "8:8" }]
[runtime.links]
"/bin/run" = "/opt/app/server"
"/var/lib/deep/link" = "er"
"/new/dir/link" = "../../opt/app/server"
"#;

fn program(base: &str) -> Repository {
    let program = tiny();
    let text = format!("# syntax=docker.io/gowork/gowork:1\n[runtime]\nbase = \"{base}\"\n{MADE}");
    program.write("Dockerfile", &text);
    program
}

fn ours(program: &Repository) -> Build {
    Engine::main().frontend(&program.root())
}

fn cached(program: &Repository) -> Outcome {
    ours(program).args(["--output=type=cacheonly"]).succeeds()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn directories_and_links_are_made_over_a_base_and_on_scratch() {
    for base in ["busybox:latest", "scratch"] {
        let program = program(base);
        let tree = Tree::of(ours(&program));
        for (path, what) in [
            ("tmp", "drwx------ 3/4"),
            ("data", "drwxrwxrwt 5/6"),
            ("var/lib/deep", "drwxr-xr-x 0/0"),
            ("var/lib/deep/er", "drwxr-xr-x 7/7"),
            ("data/sub/mod", "-rw-r--r-- 8/8"),
            ("bin/run", "lrwxrwxrwx 0/0 -> /opt/app/server"),
            ("var/lib/deep/link", "lrwxrwxrwx 0/0 -> er"),
            ("new/dir", "drwxr-xr-x 0/0"),
            ("new/dir/link", "lrwxrwxrwx 0/0 -> ../../opt/app/server"),
            ("opt/app", "drwxr-xr-x 0/0"),
            ("opt/app/server", "-rwxr-xr-x 0/0"),
        ] {
            let entry = tree.entries.get(path);
            let is = entry.is_some_and(|entry| entry.what.starts_with(what));
            assert!(is, "on {base}, {path}: {entry:?}");
        }
        assert!(!tree.entries.contains_key("usr/local/bin/tiny"));
        for (path, time) in &tree.times {
            let is_ours = ["data", "new", "opt", "var/lib/deep"]
                .iter()
                .any(|dir| path.starts_with(dir));
            assert!(!is_ours || time.starts_with("1970-01-01"), "{path}: {time}");
        }
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_printed_dockerfile_makes_the_same() {
    let program = program("busybox:latest");
    program.write("printed.Dockerfile", &printed(&program.root()));
    let file = program.root().join("printed.Dockerfile");
    let stock = Engine::main().stock(&program.root(), &file).target("tiny");
    assert_eq!(
        Tree::of(ours(&program)).differences(&Tree::of(stock)),
        Vec::<String>::new()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_made_is_in_no_go_step() {
    let program = program("scratch");
    cached(&program);
    let text = program.read("Dockerfile");
    let text = text
        .replace("/opt/app/server", "/srv/")
        .replace("0700", "0710");
    program.write("Dockerfile", &text);
    let outcome = cached(&program);
    let ran = outcome.records.programs_ran();
    assert!(ran.is_empty(), "{ran:?}");
    assert!(outcome.records.ran().contains("image tiny"));
}
