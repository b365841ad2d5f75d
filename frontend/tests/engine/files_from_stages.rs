//! Files that images take from stages and from named contexts, and by patterns: as COPY takes them.

use std::collections::BTreeSet;

use crate::bases::printed;
use crate::bases::tree::Tree;
use crate::engine::{Build, Engine, Outcome};
use crate::layout;
use crate::options::tiny;
use crate::repository::{Repository, unique};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// Files of all kinds.
const UI: &str = r#"FROM busybox:latest
RUN mkdir -p /dist/sub /tools && echo a > /dist/a.js && echo b > /dist/b.js && echo c > /dist/sub/c.css
RUN chmod 0640 /dist/a.js && chown 9:9 /dist/b.js && chmod 0711 /dist/sub && ln -s a.js /dist/link.js
RUN echo tool > /tools/tool && chmod 4755 /tools/tool && ln -s tool /tools/linked && mkdir /tools/tools
"#;

/// `from`, `to`, and what else is said: owner, mode.
type Put<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>);

const PUTS: &[Put<'_>] = &[
    ("stage:ui/dist", "/www", None, None),
    ("stage:ui/dist/", "/owned", Some("5:6"), None),
    ("stage:ui/dist/*.js", "/js/", None, Some("0600")),
    (
        "stage:ui/tools/tool",
        "/opt/deep/er/tool",
        Some("5:6"),
        None,
    ),
    ("stage:ui/tools/linked", "/opt/linked", None, None),
    ("stage:ui/tools/t*", "/opt/several/", None, None),
    ("stage:ui/d?st/sub/[a-c].css", "/css/", None, None),
    ("stage:other/bin/busybox", "/opt/box", None, None),
    ("conf/*.yaml", "/etc/app/", None, None),
    ("conf/*", "/etc/all/", Some("7:8"), None),
    ("*.sh", "/scripts/", None, None),
];

fn program() -> Repository {
    let program = tiny();
    program.write("conf/app.yaml", "a: 1\n");
    program.write("conf/b.yaml", "b: 1\n");
    program.write("conf/c.json", "{}\n");
    program.write("conf/sub/more.yaml", "c: 1\n");
    program.write("run.sh", "#!/bin/sh\n");
    program.write("big/unused.txt", "not sent\n");
    program
}

fn configuration(puts: &[Put<'_>], ui: &str) -> String {
    let mut text = format!("{SYNTAX}[runtime]\nbase = \"busybox:latest\"\n");
    for (from, to, owner, mode) in puts {
        text += &format!("[[runtime.files]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
        text.extend(owner.map(|owner| format!("owner = \"{owner}\"\n")));
        text.extend(mode.map(|mode| format!("mode = \"{mode}\"\n")));
    }
    format!(
        "{text}[stages.ui]\ndockerfile = '''\n{ui}'''\n[stages.other]\nimage = \"busybox:latest\"\n"
    )
}

/// The same by COPY.
fn plain(puts: &[Put<'_>]) -> String {
    let ui = UI.replace("busybox:latest\n", "busybox:latest AS ui\n");
    let mut text = format!("{ui}FROM busybox:latest AS other\nFROM busybox:latest\n");
    for (from, to, owner, mode) in puts {
        let from = match from.strip_prefix("stage:") {
            Some(from) => {
                let (stage, path) = from.split_once('/').unwrap();
                format!("--from={stage} /{path}")
            }
            None => (*from).to_owned(),
        };
        let owner = format!("--chown={} ", owner.unwrap_or("0:0"));
        let mode = mode.map(|mode| format!("--chmod={mode} "));
        text += &format!("COPY {owner}{}{from} {to}\n", mode.unwrap_or_default());
    }
    text + "COPY --from=binaries tiny /usr/local/bin/tiny\n"
}

fn ours(program: &Repository) -> Build {
    Engine::main().frontend(&program.root())
}

fn cached(program: &Repository) -> Outcome {
    ours(program).args(["--output=type=cacheonly"]).succeeds()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn files_of_stages_are_what_copy_takes() {
    let program = program();
    program.write("Dockerfile", &configuration(PUTS, UI));
    let binaries = program.root().join("../binaries");
    ours(&program)
        .target("binaries")
        .files_to(&binaries)
        .succeeds();
    program.write("plain.Dockerfile", &plain(PUTS));
    let file = program.root().join("plain.Dockerfile");
    let stock = Engine::main()
        .stock(&program.root(), &file)
        .args(["--build-context"])
        .args([format!("binaries={}", binaries.display())]);
    let tree = Tree::of(ours(&program));
    assert_eq!(tree.differences(&Tree::of(stock)), Vec::<String>::new());
    for (path, what) in [
        ("www/a.js", "-rw-r----- 0/0"),
        ("www/sub", "drwx--x--x 0/0"),
        ("opt/deep/er/tool", "-rwsr-xr-x 5/6"),
        ("js/a.js", "-rw------- 0/0"),
    ] {
        let entry = &tree.entries[path];
        assert!(entry.what.starts_with(what), "{path}: {entry:?}");
    }
    assert!(tree.entries.contains_key("etc/app/b.yaml"));
    assert!(!tree.entries.contains_key("etc/app/c.json"));
    for (path, time) in &tree.times {
        let is_ours = ["www", "js", "css", "opt/deep", "etc/app"]
            .iter()
            .any(|dir| path.starts_with(dir));
        assert!(!is_ours || time.starts_with("1970-01-01"), "{path}: {time}");
    }
}

/// On scratch as well, where layers are made by themselves.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn files_of_stages_lie_on_scratch() {
    let program = program();
    let text = configuration(&PUTS[..3], UI).replace("base = \"busybox:latest\"\n", "");
    program.write("Dockerfile", &text);
    let tree = Tree::of(ours(&program));
    for (path, content) in [
        ("www/a.js", "a\n"),
        ("owned/b.js", "b\n"),
        ("js/link.js", "a\n"),
    ] {
        assert_eq!(tree.entries[path].content, content.as_bytes(), "{path}");
    }
    assert!(
        tree.entries["owned/b.js"]
            .what
            .starts_with("-rw-r--r-- 5/6")
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_edit_of_a_stage_with_files_runs_no_go_step() {
    let program = program();
    program.write("Dockerfile", &configuration(PUTS, UI));
    cached(&program);
    assert_eq!(cached(&program).records.ran(), BTreeSet::new());
    let edited = UI.replace("echo b >", &format!("echo {} >", unique()));
    program.write("Dockerfile", &configuration(PUTS, &edited));
    let outcome = cached(&program);
    let ran = outcome.records.ran();
    assert_eq!(outcome.records.programs_ran(), BTreeSet::new(), "{ran:?}");
    assert!(ran.contains("files of tiny"), "{ran:?}");
    // A stage that makes the same files again changes nothing above it.
    let same = edited.replace("echo a >", "true && echo a >");
    program.write("Dockerfile", &configuration(PUTS, &same));
    let outcome = cached(&program);
    let ran = outcome.records.ran();
    assert!(
        ran.iter().any(|name| name.contains("true && echo a")) && !ran.contains("files of tiny"),
        "{ran:?}"
    );
    // A file that no pattern matches.
    program.write("conf/sub/../../big/new.txt", "new\n");
    assert_eq!(
        cached(&program).records.ran(),
        BTreeSet::from(["scan Go sources"])
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_printed_dockerfile_copies_from_contexts() {
    let program = program();
    program.write("Dockerfile", &configuration(PUTS, UI));
    let mut contexts = Vec::new();
    for (name, text) in [("ui", UI), ("other", "FROM busybox:latest\n")] {
        let file = format!("{name}.Dockerfile");
        program.write(&file, text);
        let file = program.root().join(&file);
        let made = layout::build(Engine::main().stock(&program.root(), &file));
        contexts.push((name, made));
    }
    program.write("printed.Dockerfile", &printed(&program.root()));
    let file = program.root().join("printed.Dockerfile");
    let mut stock = Engine::main().stock(&program.root(), &file).target("tiny");
    let mut here = ours(&program);
    for (name, made) in &contexts {
        let place = format!("{name}=oci-layout://{}", made.path().display());
        stock = stock.args(["--build-context", &place]);
        here = here.args(["--build-context", &place]);
    }
    assert_eq!(
        Tree::of(here).differences(&Tree::of(stock)),
        Vec::<String>::new()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_wrong_with_files_of_stages_has_its_place() {
    for (from, to, said) in [
        (
            "stage:ui/dist/nope.js",
            "/x",
            "`files` of image tiny: stage ui has no /dist/nope.js",
        ),
        (
            "stage:ui/dist/*.nope",
            "/x/",
            "`files` of image tiny: stage ui has no /dist/*.nope",
        ),
        (
            "conf/*.nope",
            "/x/",
            "`files` of image tiny: conf/*.nope is not in the build context",
        ),
        (
            "stage:uii/dist",
            "/x",
            "the build has no context called uii; did you mean stage ui?",
        ),
        (
            "stage:ui/../x",
            "/x",
            "`runtime.files.from`: \"stage:ui/../x\" lies outside of stage ui",
        ),
    ] {
        let program = program();
        program.write("Dockerfile", &configuration(&[(from, to, None, None)], UI));
        let text = ours(&program)
            .args(["--output=type=cacheonly"])
            .fails()
            .text;
        assert!(
            text.contains(said) && text.contains(&format!(">>> from = \"{from}\"")),
            "{text}"
        );
    }
}
