//! The results image: what one builder exports and another takes, whatever is wrong with it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::engine::{Build, EmptyEngine, Engine, Outcome, variable};
use crate::layout::{self, Layout};
use crate::repository::{Repository, unique};
use crate::tiers::build_programs;

/// Programs `one` and `two` of many libraries, which import `lib/middle`, and that imports `lib/b`.
fn repository() -> Repository {
    let mut all = vec![
        (
            "go.mod".to_owned(),
            "module example.com/results\n\ngo 1.26\n".to_owned(),
        ),
        (
            "lib/b/b.go".to_owned(),
            "package b\n\nvar Words = []string{\"first\"}\n".to_owned(),
        ),
        (
            "lib/middle/middle.go".to_owned(),
            "package middle\n\nimport \"example.com/results/lib/b\"\n\nfunc Word() string { return b.Words[0] }\n"
                .to_owned(),
        ),
    ];
    for number in 0..LIBRARIES {
        let text = format!(
            "package p{number}\n\nimport \"example.com/results/lib/middle\"\n\nfunc Word() string {{ return middle.Word() }}\n"
        );
        all.push((format!("lib/p{number}/p.go"), text));
    }
    // It takes its time to compile: the batch begins before that is over.
    let function = |n: u32| {
        format!(
            "\nfunc F{n}(a, b int) int {{\n\tfor i := range a {{\n\t\tb = b*{n} + i ^ a\n\t}}\n\treturn b\n}}\n"
        )
    };
    let slow = "package b\n".to_owned() + &(0..12_000).map(function).collect::<String>();
    all.push(("lib/b/slow.go".to_owned(), slow));
    let imports: String = (0..LIBRARIES)
        .map(|number| format!("\t\"example.com/results/lib/p{number}\"\n"))
        .collect();
    let calls: String = (0..LIBRARIES)
        .map(|number| format!("\tprintln(p{number}.Word())\n"))
        .collect();
    for name in PROGRAMS {
        let text = format!("package main\n\nimport (\n{imports})\n\nfunc main() {{\n{calls}}}\n");
        all.push((format!("{name}/main.go"), text));
    }
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let repository = Repository::new(&all);
    repository.write("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n");
    repository
}

const LIBRARIES: usize = 20;
const PROGRAMS: [&str; 2] = ["one", "two"];

/// Another word in a variable. The go command compiles `lib/b` and what imports it, and nothing
/// else: `lib/middle` comes out as it was.
fn edit(repository: &Repository) {
    let text = format!("package b\n\nvar Words = []string{{\"{}\"}}\n", unique());
    repository.write("lib/b/b.go", &text);
}

fn results(repository: &Repository) -> Build {
    Engine::main()
        .frontend(&repository.root())
        .target("results")
}

/// Digests of an image's layers, the lowest first.
fn layers(layout: &Layout) -> Vec<String> {
    let manifest = layout.image().manifest;
    let layers = manifest["layers"].as_array().unwrap().iter();
    layers
        .map(|layer| layer["digest"].as_str().unwrap().to_owned())
        .collect()
}

/// Builds the binaries on this engine. They must be right.
fn build(engine: &Engine, repository: &Repository, args: &[String]) -> Outcome {
    build_programs(engine, repository, &PROGRAMS, args)
}

/// How many results a build took from the image; none if no batch read one.
fn taken(outcome: &Outcome) -> Option<usize> {
    let logs = outcome.records.logs();
    let (_, rest) = logs.split_once("taken from the results image: ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn the_same_results_are_the_same_image_and_an_edit_changes_few_layers() {
    let repository = repository();
    edit(&repository);
    let first = layout::build(results(&repository));
    // Every step runs again.
    let host = ["--add-host".to_owned(), format!("{}:127.0.0.1", unique())];
    let again = layout::build(results(&repository).args(host));
    assert_eq!(first.image().digest, again.image().digest);
    let label = &first.image().config["config"]["Labels"]["gowork.results"];
    let label: Value = serde_json::from_str(label.as_str().unwrap()).unwrap();
    let number = |key: &str| usize::try_from(label[key].as_u64().unwrap()).unwrap();
    let before = layers(&first);
    assert_eq!(
        number("own") + number("third_party") + number("std"),
        before.len(),
        "{label}"
    );
    edit(&repository);
    let after = layers(&layout::build(results(&repository)));
    assert_eq!(before.len(), after.len());
    let changed: Vec<usize> = (0..before.len())
        .filter(|at| before[*at] != after[*at])
        .collect();
    assert!(
        !changed.is_empty() && changed.iter().all(|at| *at < number("own")),
        "{changed:?} of {label}"
    );
    let kept: BTreeSet<&String> = before
        .iter()
        .filter(|layer| after.contains(layer))
        .collect();
    assert!(kept.len() >= number("std"), "{label}");
}

/// What a build with a results image has to be given.
struct Exported {
    cache: String,
    image: String,
}

fn export(repository: &Repository) -> Exported {
    let registry = variable("GOWORK_TEST_REGISTRY");
    let name = |kind: &str| format!("{}/test/{kind}:{}", registry.to_str().unwrap(), unique());
    let (cache, image) = (name("cache"), name("results"));
    let to = format!("type=registry,ref={cache},mode=max,compression=zstd");
    build(&Engine::main(), repository, &["--cache-to".to_owned(), to]);
    let push = format!("type=image,name={image},push=true,compression=zstd");
    results(repository).args(["--output", &push]).succeeds();
    Exported { cache, image }
}

impl Exported {
    fn args(&self, image: &str) -> Vec<String> {
        [
            "--cache-from".to_owned(),
            format!("type=registry,ref={}", self.cache),
            "--build-context".to_owned(),
            format!("gowork-results={image}"),
        ]
        .into()
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_empty_builder_takes_what_its_edit_does_not_change() {
    let repository = repository();
    edit(&repository);
    let exported = export(&repository);
    let args = exported.args(&format!("docker-image://{}", exported.image));
    edit(&repository);
    let empty = EmptyEngine::start("imported");
    let edited = build(&empty.engine, &repository, &args);
    assert_eq!(taken(&edited), Some(LIBRARIES), "{}", edited.everything());
    let ran = edited.records.programs_ran();
    assert!(
        !ran.iter().any(|name| name.contains(" std")),
        "{}",
        edited.everything()
    );
    // With nothing edited, nothing is looked up.
    let same = build(&empty.engine, &repository, &args);
    assert_eq!(taken(&same), None, "{}", same.everything());
}

/// Whatever is given as a results image, the build makes the same binaries.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn what_is_no_results_image_is_a_miss() {
    let repository = repository();
    edit(&repository);
    let exported = export(&repository);
    let layout = layout::build(results(&repository));
    truncate_layers(layout.path());
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(other.path().join("example.com!results!lib!b/o")).unwrap();
    std::fs::write(other.path().join("example.com!results!lib!b/index"), "no").unwrap();
    let busybox = "docker-image://docker.io/library/busybox:latest".to_owned();
    let missing = format!("docker-image://{}-of-nobody", exported.image);
    let truncated = format!(
        "oci-layout://{}@{}",
        layout.path().display(),
        layout.image().digest
    );
    let directory = other.path().display().to_string();
    let empty = EmptyEngine::start("imported");
    for (image, warned) in [
        (busybox, false),
        (directory, false),
        (missing, true),
        (truncated, true),
    ] {
        edit(&repository);
        let outcome = build(&empty.engine, &repository, &exported.args(&image));
        assert!(taken(&outcome).unwrap_or_default() == 0, "{image}");
        let warnings = outcome.records.warnings.join("\n");
        let says = warnings.contains("the build context gowork-results is not used");
        assert_eq!(
            says,
            warned,
            "{image}: {warnings}\n{}",
            outcome.everything()
        );
    }
}

/// Cuts all layers of the layout in half. The manifest and the config stay.
fn truncate_layers(layout: &Path) {
    for blob in std::fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let blob = blob.unwrap().path();
        let bytes = std::fs::read(&blob).unwrap();
        if serde_json::from_slice::<Value>(&bytes).is_err() {
            std::fs::write(&blob, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
}
