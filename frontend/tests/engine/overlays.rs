//! Directories of stages and of named contexts, laid over the repository before it is read.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use gowork_llb::lower::{self, DockerfileOptions};
use gowork_llb::plan::Target;

use crate::engine::{Build, Engine, Outcome, tool};
use crate::repository::{Repository, files, unique};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// A main that embeds what the stage `ui` makes, and one that does not.
const STAGES: &str = r#"FROM busybox:latest AS ui
WORKDIR /src
COPY ui/*.ts ./
RUN mkdir dist && sed s/TYPE/js/ app.ts > dist/app.js
FROM busybox:latest
COPY --from=gowork /migrate /migrate
COPY --from=gowork /api /api
"#;

const OVERLAY: &str = "[[overlay]]\nfrom = \"ui\"\nsource = \"/src/dist\"\nto = \"ui/dist\"\n";

fn programs(stages: &str, settings: &str) -> Repository {
    let words = format!("package words\n\nconst Hello = {:?}\n", unique());
    Repository::new(&[
        ("Dockerfile", &format!("{SYNTAX}{stages}")),
        ("gowork.toml", settings),
        ("go.mod", "module example.com/made\n\ngo 1.26.0\n"),
        ("words/words.go", &words),
        ("ui/app.ts", &format!("TYPE {}\n", unique())),
        (
            "ui/ui.go",
            "package ui\n\nimport _ \"embed\"\n\n//go:embed dist/app.js\nvar App string\n",
        ),
        (
            "cmd/api/main.go",
            "package main\n\nimport (\n\t\"example.com/made/ui\"\n\t\"example.com/made/words\"\n)\n\nfunc main() { println(ui.App, words.Hello) }\n",
        ),
        (
            "cmd/migrate/main.go",
            "package main\n\nimport \"example.com/made/words\"\n\nfunc main() { println(words.Hello) }\n",
        ),
    ])
}

fn build(repository: &Repository) -> Build {
    Engine::main().frontend(&repository.root())
}

/// TypeScript, compiled by a program of a named context.
const TYPESCRIPT: &str = "FROM busybox:latest AS ui
WORKDIR /src
COPY ui/*.ts ./
RUN --mount=from=esbuild,target=/tool /tool/esbuild app.ts --bundle --outfile=dist/app.js
FROM busybox:latest
COPY --from=gowork /migrate /migrate
COPY --from=gowork /api /api
";

const APP: &str = r#"import { greeting, type Guest } from "./greeting";

const guest: Guest = { name: "NAME", times: 2 };
document.body.textContent = greeting(guest);
"#;

const GREETING: &str = r#"export interface Guest {
  name: string;
  times: number;
}

export const greeting = ({ name, times }: Guest): string => `hello ${name} `.repeat(times);
"#;

/// A frontend is compiled for real. Its sources are edited in a way that its compiler sees, and in
/// one that leaves no trace in what it writes; and a service beside it is edited.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_edit_of_what_a_stage_reads_rebuilds_only_what_embeds_its_files() {
    let programs = programs(TYPESCRIPT, OVERLAY);
    programs.write("ui/app.ts", &APP.replace("NAME", &unique()));
    programs.write("ui/greeting.ts", GREETING);
    let esbuild = tool("esbuild");
    let context = format!("esbuild={}", esbuild.parent().unwrap().display());
    let builds = || build(&programs).args(["--build-context", &context]);
    let out = tempfile::tempdir().unwrap();
    let outcome = builds().files_to(out.path()).succeeds();
    assert!(outcome.records.warnings.is_empty(), "{outcome:?}");
    let inside = files(out.path());
    let compiled = Command::new(&esbuild)
        .args(["app.ts", "--bundle", "--outfile=dist/app.js"])
        .current_dir(programs.root().join("ui"))
        .output();
    assert!(compiled.is_ok_and(|output| output.status.success()));
    for name in ["api", "migrate"] {
        assert!(
            inside[name] == programs.go_build("", &format!("./cmd/{name}")),
            "{name} is not what go build makes of the same files"
        );
    }
    fs::remove_dir_all(programs.root().join("ui/dist")).unwrap();
    let ran_again = || builds().args(["--output=type=cacheonly"]).succeeds();
    assert!(ran_again().records.ran().is_empty());

    let stage = [
        "[ui 3/4] COPY ui/*.ts ./",
        "[ui 4/4] RUN --mount=from=esbuild,target=/tool /tool/esbuild app.ts --bundle \
         --outfile=dist/app.js",
    ];
    programs.append("ui/greeting.ts", "\nexport type Guests = Guest[];\n");
    let same_output = ran_again();
    assert_eq!(same_output.records.ran(), BTreeSet::from(stage));

    let edited = programs.read("ui/greeting.ts").replace("hello", "welcome");
    programs.write("ui/greeting.ts", &edited);
    let other_output = ran_again();
    let embedding = [
        "[stage-1 3/3] COPY --from=gowork /api /api",
        "binaries",
        "link api",
        "sources of api",
    ];
    assert_eq!(
        other_output.records.ran(),
        stage.into_iter().chain(embedding).collect(),
        "{}",
        other_output.everything()
    );

    programs.append("cmd/migrate/main.go", "\nfunc init() { println(1) }\n");
    let beside = ran_again();
    assert_eq!(links(&beside), BTreeSet::from(["link migrate"]));
    let ran = beside.records.ran();
    assert!(!ran.iter().any(|name| name.contains("[ui ")), "{ran:?}");
}

/// The links that ran.
fn links(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.records.ran().into_iter();
    ran.filter(|name| name.starts_with("link ")).collect()
}

/// Packages that a stage makes are found, and files beside an overlay stay.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn packages_can_be_made_by_a_stage() {
    let stages = "FROM busybox:latest AS gen\n\
        WORKDIR /out/deep/er\n\
        RUN printf 'package gen\\n\\nconst Made = \"made\"\\n' > /out/made.go && \\\n\
            printf 'package er\\n\\nconst Deep = \"deep\"\\n' > er.go\n\
        FROM scratch\n\
        COPY --from=gowork /user /\n";
    let overlay = "[[overlay]]\nfrom = \"gen\"\nsource = \"/out\"\nto = \"gen\"\n";
    let repository = programs(stages, overlay);
    for unused in ["ui", "cmd"] {
        fs::remove_dir_all(repository.root().join(unused)).unwrap();
    }
    repository.write("gen/kept.go", "package gen\n\nconst Kept = \"kept\"\n");
    repository.write(
        "cmd/user/main.go",
        "package main\n\nimport (\n\t\"example.com/made/gen\"\n\t\"example.com/made/gen/deep/er\"\n)\n\nfunc main() { println(gen.Made, gen.Kept, er.Deep) }\n",
    );
    let out = tempfile::tempdir().unwrap();
    build(&repository).files_to(out.path()).succeeds();
    let inside = files(out.path());
    let checked = build(&repository).args(["--check"]).run();
    assert!(checked.status.success(), "{}", checked.everything());
    repository.write("gen/made.go", "package gen\n\nconst Made = \"made\"\n");
    repository.write("gen/deep/er/er.go", "package er\n\nconst Deep = \"deep\"\n");
    assert!(inside["user"] == repository.go_build("", "./cmd/user"));
}

/// A named context takes the place of a stage, and is all that an image of gowork's own needs.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn named_contexts_are_laid_over_the_repository() {
    let repository = programs(STAGES, OVERLAY);
    let made = tempfile::tempdir().unwrap();
    fs::create_dir_all(made.path().join("src/dist")).unwrap();
    fs::write(made.path().join("src/dist/app.js"), "made elsewhere\n").unwrap();
    let context = format!("ui={}", made.path().display());
    repository.write("ui/dist/app.js", "made elsewhere\n");
    let expected = repository.go_build("", "./cmd/api");
    repository.write("ui/dist/app.js", "old\n");
    let out = tempfile::tempdir().unwrap();
    let outcome = build(&repository)
        .args(["--build-context", &context])
        .files_to(out.path())
        .succeeds();
    assert!(files(out.path())["api"] == expected);
    let ran = outcome.records.ran();
    assert!(!ran.iter().any(|name| name.contains("sed")), "{ran:?}");
    repository.write("Dockerfile", &format!("{SYNTAX}{OVERLAY}"));
    fs::remove_file(repository.root().join("gowork.toml")).unwrap();
    let out = tempfile::tempdir().unwrap();
    build(&repository)
        .target("api")
        .args(["--build-context", &context])
        .files_to(out.path())
        .succeeds();
    assert!(files(out.path())["usr/local/bin/api"] == expected);
}

/// The printed Dockerfile takes the same files by COPY.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_printed_dockerfile_copies_from_the_context() {
    let repository = programs("", OVERLAY);
    let printed = |repository: &Repository| {
        let read = gowork_llb::Repository::open(repository.root(), OVERLAY).unwrap();
        let arch = if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "amd64"
        };
        let plan = read.plan_without_go(&Target::linux(arch)).unwrap();
        let options = DockerfileOptions {
            overlays: read.config().overlays(),
            ..DockerfileOptions::default()
        };
        lower::dockerfile(&[plan], &options).unwrap()
    };
    let text = printed(&repository);
    repository.write("printed.Dockerfile", &text);
    let made = tempfile::tempdir().unwrap();
    fs::create_dir_all(made.path().join("src/dist")).unwrap();
    fs::write(made.path().join("src/dist/app.js"), "made elsewhere\n").unwrap();
    let out = tempfile::tempdir().unwrap();
    Engine::main()
        .stock(
            &repository.root(),
            &repository.root().join("printed.Dockerfile"),
        )
        .target("api")
        .args(["--build-context"])
        .args([format!("ui={}", made.path().display())])
        .files_to(out.path())
        .succeeds();
    repository.write("ui/dist/app.js", "made elsewhere\n");
    let expected = repository.go_build("", "./cmd/api");
    assert!(files(out.path())["usr/local/bin/api"] == expected);
    assert_eq!(printed(&repository), text);
}

/// A context that is sent as a whole, for two platforms: the stage runs once.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_archive_has_files_laid_over_it_too() {
    let repository = programs(STAGES, OVERLAY);
    let archive = tempfile::NamedTempFile::new().unwrap();
    let tar = Command::new("tar")
        .arg("-czf")
        .arg(archive.path())
        .arg("-C")
        .arg(repository.root())
        .arg(".")
        .status();
    assert!(tar.expect("tar must be on PATH").success());
    let out = tempfile::tempdir().unwrap();
    let outcome = Engine::main()
        .archive(archive.path())
        .args(["--platform=linux/amd64,linux/arm64"])
        .files_to(out.path())
        .succeeds();
    let runs = outcome.records.ran().into_iter();
    assert_eq!(
        runs.filter(|name| name.contains("sed")).count(),
        1,
        "{}",
        outcome.everything()
    );
    let made = repository.read("ui/app.ts").replace("TYPE", "js");
    for platform in ["linux_amd64", "linux_arm64"] {
        let binary = fs::read(out.path().join(platform).join("api")).unwrap();
        let mut windows = binary.windows(made.len());
        assert!(
            windows.any(|window| window == made.as_bytes()),
            "{platform}"
        );
    }
}
