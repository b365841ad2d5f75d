//! An ordinary Dockerfile behind our syntax line: Docker's frontend runs its stages, and only the
//! binaries that they take are built.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::{Build, Engine, Outcome};
use crate::layout::{self, Elf};
use crate::repository::{Repository, files, unique};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";

/// Three programs that need little of std, with a Dockerfile of these stages. No other build has
/// compiled `api` and `migrate`.
pub(crate) fn programs(stages: &str) -> Repository {
    let main = |name: &str| {
        format!(
            "package main\n\nimport \"example.com/duo/words\"\n\nvar version = \"dev\"\n\nfunc main() {{ println({name:?}, words.Hello, version) }}\n"
        )
    };
    let words = format!(
        "package words\n\nconst Hello = \"hello from {}\"\n",
        unique()
    );
    Repository::new(&[
        ("Dockerfile", &format!("{SYNTAX}{stages}")),
        ("go.mod", "module example.com/duo\n\ngo 1.26.0\n"),
        ("words/words.go", &words),
        ("cmd/api/main.go", &main("api")),
        ("cmd/migrate/main.go", &main("migrate")),
        ("cmd/unused/main.go", &main("unused")),
    ])
}

pub(crate) fn build(repository: &Repository) -> Build {
    Engine::main().frontend(&repository.root())
}

fn cached(repository: &Repository) -> Outcome {
    build(repository)
        .args(["--output=type=cacheonly"])
        .succeeds()
}

/// The links that ran.
fn links(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.records.ran().into_iter();
    ran.filter(|name| name.starts_with("link ")).collect()
}

/// The instructions that ran, without the numbers before them.
fn instructions(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.records.ran().into_iter();
    ran.filter_map(|name| name.strip_prefix('[')?.split_once("] "))
        .map(|(_, instruction)| instruction)
        .filter(|instruction| !instruction.starts_with("FROM "))
        .collect()
}

/// The Dockerfile that the docs show, on a base image of the tests.
pub(crate) const IMAGE: &str = r#"FROM busybox:latest
RUN mkdir -p /var/lib/app && echo app:x:10001:10001::/:/bin/sh >> /etc/passwd
COPY --from=gowork /api /migrate /usr/local/bin/
USER app
HEALTHCHECK CMD ["api", "health"]
ENTRYPOINT ["api"]
"#;

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn only_binaries_that_are_copied_are_built() {
    let programs = programs(IMAGE);
    let outcome = cached(&programs);
    assert_eq!(
        links(&outcome),
        BTreeSet::from(["link api", "link migrate"]),
        "{}",
        outcome.everything()
    );
    assert!(outcome.records.warnings.is_empty(), "{outcome:?}");
    programs.append("cmd/unused/main.go", "\nfunc init() { println(1) }\n");
    let edited = cached(&programs);
    assert_eq!(
        edited.records.ran(),
        BTreeSet::from(["scan Go sources"]),
        "{}",
        edited.everything()
    );
    let image = layout::build(build(&programs)).image();
    let config = &image.config["config"];
    assert_eq!(config["User"], "app");
    assert_eq!(config["Entrypoint"][0], "api");
    assert_eq!(config["Healthcheck"]["Test"][2], "health");
    let inside = image.files();
    for name in ["api", "migrate"] {
        assert!(
            inside[&format!("usr/local/bin/{name}")]
                == programs.go_build("", &format!("./cmd/{name}")),
            "{name} is not what go build makes"
        );
    }
    let again = cached(&programs);
    assert!(again.records.ran().is_empty(), "{}", again.everything());
}

/// Instructions, and the binaries that they take.
const WAYS: &[(&str, &[&str])] = &[
    ("COPY --from=gowork /a* /", &["api"]),
    ("COPY --from=gowork --exclude=m* / /", &["api", "unused"]),
    (
        "COPY --from=gowork --parents /./api /migrate /",
        &["api", "migrate"],
    ),
    ("COPY --link --from=gowork /migrate /", &["migrate"]),
    ("COPY --from=bins /api /", &["api"]),
    (
        "COPY --from=more /work/api /",
        &["api", "migrate", "unused"],
    ),
    (
        "RUN --mount=from=gowork,source=/api,target=/x true",
        &["api"],
    ),
    (
        "RUN --mount=from=gowork,target=/x true",
        &["api", "migrate", "unused"],
    ),
    ("COPY <<END /text\nCOPY --from=gowork /api /\nEND", &[]),
    (
        "ARG NAME=mig\nCOPY --from=gowork /${NAME}rate /",
        &["migrate"],
    ),
];

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn every_way_to_take_binaries_takes_what_it_names() {
    let programs = programs("FROM gowork\n");
    cached(&programs);
    for (instructions, expected) in WAYS {
        let text = format!(
            "{SYNTAX}FROM gowork AS bins\nFROM bins AS more\nWORKDIR /work\nRUN [\"/api\"]\nCOPY --from=bins /api ./\nFROM busybox:latest\n{instructions}\n"
        );
        programs.write("Dockerfile", &text);
        let outcome = cached(&programs);
        let steps = outcome.records.ran().into_iter();
        let links: BTreeSet<String> = steps
            .chain(outcome.records.cached())
            .filter_map(|name| Some(name.strip_prefix("link ")?.to_owned()))
            .collect();
        let expected = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(links, expected, "{instructions}: {}", outcome.everything());
    }
}

/// Each service has a stage of its own, with work in it.
const TWO_STAGES: &str = r#"FROM busybox:latest AS api
COPY --from=gowork /api /bin/api
RUN /bin/api > /api.txt 2>&1
FROM busybox:latest AS migrate
RUN --mount=from=gowork,source=/migrate,target=/bin/migrate /bin/migrate > /migrate.txt 2>&1
FROM busybox:latest
COPY --from=api /api.txt /
COPY --from=migrate /migrate.txt /
RUN cat /api.txt /migrate.txt
"#;

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_edit_reruns_only_what_takes_the_binary() {
    let programs = programs(TWO_STAGES);
    cached(&programs);
    programs.append(
        "cmd/migrate/main.go",
        "\nfunc init() { println(\"edited\") }\n",
    );
    let edited = cached(&programs);
    assert_eq!(
        links(&edited),
        BTreeSet::from(["link migrate"]),
        "{}",
        edited.everything()
    );
    let ran = instructions(&edited);
    assert!(
        !ran.iter().any(|name| name.contains("/bin/api")),
        "{}",
        edited.everything()
    );
    assert!(
        ran.iter().any(|name| name.contains("> /migrate.txt")),
        "{}",
        edited.everything()
    );
    programs.append("go.mod", "\n// a comment\n");
    let edited = cached(&programs);
    assert_eq!(links(&edited), BTreeSet::from(["link api", "link migrate"]));
    assert_eq!(
        instructions(&edited),
        BTreeSet::new(),
        "{}",
        edited.everything()
    );
    let text = programs.read("Dockerfile");
    programs.write("Dockerfile", &text.replace("RUN cat ", "RUN wc -c "));
    let edited = cached(&programs);
    assert_eq!(
        edited.records.ran(),
        BTreeSet::from(["[stage-2 4/4] RUN wc -c /api.txt /migrate.txt"]),
        "{}",
        edited.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn only_stages_that_the_target_reaches_count() {
    let programs = programs(TWO_STAGES);
    let out = tempfile::tempdir().unwrap();
    let outcome = build(&programs)
        .target("migrate")
        .files_to(out.path())
        .succeeds();
    assert_eq!(
        links(&outcome),
        BTreeSet::from(["link migrate"]),
        "{}",
        outcome.everything()
    );
    assert!(files(out.path())["migrate.txt"].starts_with(b"migrate hello"));
    programs.write(
        "Dockerfile",
        &format!("{SYNTAX}FROM busybox:latest AS plain\nRUN echo plain > /plain.txt\n{TWO_STAGES}"),
    );
    let outcome = build(&programs)
        .target("plain")
        .args(["--output=type=cacheonly"])
        .succeeds();
    assert!(
        outcome.records.programs_ran().is_empty(),
        "{}",
        outcome.everything()
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn binaries_are_for_the_platform_that_is_built() {
    let programs = programs(
        "FROM --platform=$BUILDPLATFORM gowork AS host\n\
         FROM --platform=$BUILDPLATFORM busybox:latest AS work\n\
         COPY --from=gowork /api /target\n\
         COPY --from=host /migrate /host\n\
         RUN /host 2> /said.txt\n\
         FROM scratch\n\
         COPY --from=work /target /host /said.txt /\n",
    );
    let layout = layout::build(build(&programs).args(["--platform=linux/amd64,linux/arm64"]));
    let images = layout.images();
    let architectures: Vec<&Value> = images
        .iter()
        .map(|image| &image.config["architecture"])
        .collect();
    assert_eq!(architectures, ["amd64", "arm64"]);
    let build_machine = if cfg!(target_arch = "aarch64") {
        183
    } else {
        62
    };
    for (image, machine) in images.iter().zip([62, 183]) {
        let inside = image.files();
        assert_eq!(Elf::parse(&inside["target"]).machine, machine);
        assert_eq!(Elf::parse(&inside["host"]).machine, build_machine);
        assert!(inside["said.txt"].starts_with(b"migrate hello"));
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn calls_are_answered_for_the_stages() {
    let programs = programs(&format!("ARG BASE=busybox:latest\n{TWO_STAGES}"));
    let call = |words: &[&str]| build(&programs).args(words).run();
    let targets: Value =
        serde_json::from_str(&call(&["--call=targets,format=json"]).stdout).unwrap();
    let names: Vec<&str> = targets["targets"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|target| target["name"].as_str())
        .collect();
    assert_eq!(names, ["api", "migrate"]);
    let outline = call(&["--call=outline,format=json", "--target=migrate"]);
    let outline: Value = serde_json::from_str(&outline.stdout).unwrap();
    assert_eq!(outline["name"], "migrate");
    let sound = call(&["--check"]);
    assert!(sound.status.success(), "{}", sound.everything());
    programs.append("Dockerfile", "env OLD style\n");
    let outcome = call(&["--check"]);
    let said = outcome.stdout.clone() + &outcome.text;
    assert!(
        said.contains("LegacyKeyValueFormat") && said.contains("Dockerfile:12"),
        "{said}"
    );
    programs.append("Dockerfile", "COPY --from=gowork /apo /\n");
    let outcome = call(&["--check"]);
    let said = outcome.stdout.clone() + &outcome.text;
    assert!(
        said.contains("LegacyKeyValueFormat")
            && said.contains("gowork has no /apo; did you mean /api?")
            && said.contains(">>> COPY --from=gowork /apo /"),
        "{said}"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn settings_are_beside_the_dockerfile() {
    let programs = programs(
        "FROM busybox:latest\n\
         ARG NOTE\n\
         COPY --from=gowork /api /\n\
         RUN /api 2> /said.txt && echo \"$NOTE\" > /note.txt\n",
    );
    programs.write(
        "gowork.toml",
        "[go]\nldflags = \"-X main.version=${VERSION}\"\n",
    );
    let out = tempfile::tempdir().unwrap();
    let outcome = build(&programs)
        .args(["--build-arg=VERSION=7.5", "--build-arg=NOTE=of Docker"])
        .files_to(out.path())
        .succeeds();
    assert!(outcome.records.warnings.is_empty(), "{outcome:?}");
    let inside = files(out.path());
    assert!(inside["said.txt"].ends_with(b" 7.5\n"));
    assert_eq!(inside["note.txt"], b"of Docker\n");
    let missing = build(&programs).args(["--output=type=cacheonly"]).fails();
    assert!(
        missing.text.contains("gowork.toml:2") && missing.text.contains("VERSION"),
        "{}",
        missing.everything()
    );
    programs.write("deploy/api.Dockerfile", &programs.read("Dockerfile"));
    programs.write(
        "deploy/gowork.toml",
        "[go]\nldflags = \"-X main.version=deployed\"\n",
    );
    let out = tempfile::tempdir().unwrap();
    build(&programs)
        .args(["--file"])
        .args([programs.root().join("deploy/api.Dockerfile")])
        .files_to(out.path())
        .succeeds();
    assert!(files(out.path())["said.txt"].ends_with(b" deployed\n"));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_context_of_the_users_takes_the_place_of_the_binaries() {
    let programs = programs("FROM scratch\nCOPY --from=gowork /api /\n");
    let made = tempfile::tempdir().unwrap();
    std::fs::write(made.path().join("api"), "made elsewhere").unwrap();
    let out = tempfile::tempdir().unwrap();
    let outcome = build(&programs)
        .args(["--build-context"])
        .args([format!("gowork={}", made.path().display())])
        .files_to(out.path())
        .succeeds();
    assert_eq!(files(out.path())["api"], b"made elsewhere");
    assert!(outcome.records.programs_ran().is_empty());
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_broken_image_does_not_stop_the_stages() {
    let programs = programs("FROM scratch\nCOPY --from=gowork /api /migrate /\n");
    programs.write(
        "cmd/unused/main.go",
        "package main\n\nfunc main() { missing() }\n",
    );
    cached(&programs);
    programs.write(
        "cmd/unused/main.go",
        "package main\n\nimport \"example.com/duo/nowhere\"\n\nfunc main() { nowhere.Run() }\n",
    );
    let outcome = cached(&programs);
    assert!(
        outcome
            .records
            .warnings
            .iter()
            .any(|warning| warning.contains("cmd/unused/main.go")
                && warning.contains("does not affect images api, migrate")),
        "{:?}",
        outcome.records.warnings
    );
    programs.write(
        "cmd/migrate/main.go",
        "package main\n\nfunc main() { missing() }\n",
    );
    let outcome = build(&programs).args(["--output=type=cacheonly"]).fails();
    assert!(
        outcome
            .text
            .contains("cmd/migrate/main.go:3:15: undefined: missing")
            && outcome.text.contains(">>> func main() { missing() }"),
        "{}",
        outcome.text
    );
}

/// What docker/dockerfile warns of is said once, with its line, and its errors are its own.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn warnings_and_errors_of_stages_are_those_of_docker() {
    let programs =
        programs("FROM busybox:latest\nenv OLD style\nCOPY --from=gowork /api /\nRUN exit 3\n");
    let outcome = build(&programs).args(["--output=type=cacheonly"]).fails();
    let warnings = &outcome.records.warnings;
    let expected = programs.root().join("expected.Dockerfile");
    std::fs::write(
        &expected,
        "\nFROM busybox:latest\nenv OLD style\nRUN exit 3\n",
    )
    .unwrap();
    let stock = Engine::main()
        .stock(&programs.root(), &expected)
        .args(["--output=type=cacheonly"])
        .fails();
    assert_eq!(*warnings, stock.records.warnings);
    assert!(!warnings.is_empty());
    assert_eq!(
        outcome.text.lines().last(),
        stock.text.lines().last(),
        "{}",
        outcome.text
    );
    assert!(
        outcome.text.contains("Dockerfile:5") && outcome.text.contains(">>> RUN exit 3"),
        "{}",
        outcome.text
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn stages_and_binaries_can_be_built_without_their_cache() {
    let programs = programs(TWO_STAGES);
    cached(&programs);
    let ran = |name: &str| {
        let outcome = build(&programs)
            .args(["--output=type=cacheonly", "--no-cache-filter", name])
            .succeeds();
        assert!(outcome.records.warnings.is_empty(), "{outcome:?}");
        let names = outcome.records.ran().into_iter().map(ToOwned::to_owned);
        names.collect::<BTreeSet<String>>()
    };
    let of_stage = ran("migrate");
    assert!(
        of_stage.iter().any(|name| name.contains("> /migrate.txt")),
        "{of_stage:?}"
    );
    assert!(
        !of_stage.iter().any(|name| name.contains("api")),
        "{of_stage:?}"
    );
}
