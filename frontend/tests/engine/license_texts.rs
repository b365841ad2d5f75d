//! `licenses = true`: images hold the licences of their modules.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use gowork_llb::licenses::is_license_text;

use crate::engine::{Build, Engine};
use crate::layout::{self, Image};
use crate::repository::{Repository, files, unique};

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";
/// Where they are.
const DIR: &str = "usr/share/doc/licenses/";

/// The files with licences of an image, by their paths below the directory for them.
fn texts(image: &Image) -> BTreeMap<String, Vec<u8>> {
    let files = image.files().into_iter();
    files
        .filter_map(|(path, text)| Some((path.strip_prefix(DIR)?.to_owned(), text)))
        .collect()
}

/// The same by what the go command says of a binary and of the directories of its modules. `own` has
/// the directory with the licence of each module of the repository.
fn texts_by_go(
    repository: &Repository,
    directory: &str,
    binary: &[u8],
    own: &[(&str, &str)],
) -> BTreeMap<String, Vec<u8>> {
    let root = repository.root();
    let file = root.join("../of-image");
    std::fs::write(&file, binary).unwrap();
    let go = |words: &[&str]| {
        let mut go = Command::new("go");
        go.args(words).current_dir(root.join(directory));
        let output = go.env("GOFLAGS", "").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let mut found = BTreeMap::new();
    let mut add = |name: &str, dir: &Path| {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let file = entry.file_name().into_string().unwrap();
            if is_license_text(&file) {
                found.insert(
                    format!("{name}/{file}"),
                    std::fs::read(entry.path()).unwrap(),
                );
            }
        }
    };
    let said = go(&["version", "-m", file.to_str().unwrap()]);
    let (_, version) = said.lines().next().unwrap().rsplit_once(' ').unwrap();
    let goroot = go(&["env", "GOROOT"]);
    add(&format!("std@{version}"), Path::new(goroot.trim()));
    for (module, dir) in own {
        add(&format!("{module}@devel"), &root.join(dir));
    }
    for line in said.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["dep", path, version, ..] = words.as_slice() else {
            continue;
        };
        if own.iter().any(|(module, _)| module == path) {
            continue;
        }
        let vendored = root.join("vendor").join(path);
        let dir = if vendored.is_dir() {
            vendored
        } else {
            let listed = go(&["mod", "download", "-json", &format!("{path}@{version}")]);
            let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
            listed["Dir"].as_str().unwrap().into()
        };
        add(&format!("{path}@{version}"), &dir);
    }
    found
}

fn build(repository: &Repository, target: &str) -> Build {
    Engine::main().frontend(&repository.root()).target(target)
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn they_are_those_of_the_modules_in_the_binary() {
    let licence = include_str!("../../../LICENSE-MIT");
    let single: &[_] = &[("example.com/single", "")];
    let vendored: &[_] = &[
        ("example.com/vendored/app", ""),
        ("example.com/vendored/roman", "lib"),
    ];
    for (example, image, directory, own) in [
        ("single", "single", "", single),
        ("vendored", "numeral", "app", vendored),
    ] {
        let repository = Repository::example(example);
        repository.write("LICENSE", licence);
        repository.write("NOTICE", "Made by us.\n");
        repository.write("lib/COPYING", licence);
        repository.write(
            "Dockerfile",
            &format!("{SYNTAX}[runtime]\nlicenses = true\n"),
        );
        let platforms = ["--platform=linux/amd64,linux/arm64"];
        let layout = layout::build(build(&repository, image).args(platforms));
        let images = layout.images();
        assert_eq!(images.len(), 2);
        for made in &images {
            let binary = &made.files()[&format!("usr/local/bin/{image}")];
            let by_go = texts_by_go(&repository, directory, binary, own);
            let held = texts(made);
            let names = |texts: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
                texts.keys().cloned().collect()
            };
            assert_eq!(names(&held), names(&by_go), "{example}");
            assert!(held == by_go, "{example}: other bytes");
            assert!(held.len() >= 4, "{:?}", names(&held));
        }
    }
}

/// An edit of code makes no licences again. One of a licence makes these alone.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn they_are_a_layer_of_their_own() {
    let single = Repository::example("single");
    let base = "[runtime]\nbase = \"alpine:3.22\"\n";
    for configuration in ["[runtime]\n", base] {
        single.write("LICENSE", &format!("Ours, {}.\n", unique()));
        single.write("Dockerfile", &format!("{SYNTAX}{configuration}"));
        let without = layout::build(build(&single, "single")).image();
        single.write(
            "Dockerfile",
            &format!("{SYNTAX}{configuration}licenses = true\n"),
        );
        let build = || {
            let dir = tempfile::tempdir().unwrap();
            let outcome = build(&single, "single").layout_to(dir.path()).succeeds();
            (layout::Layout::at(dir).image(), outcome)
        };
        let (first, outcome) = build();
        let ran = outcome.records.programs_ran();
        // What is linked is the same, so nothing is.
        assert!(!ran.contains("link single"), "{ran:?}");
        let layers = |image: &Image| -> Vec<String> {
            let layers = image.manifest["layers"].as_array().unwrap().iter();
            layers
                .map(|layer| layer["digest"].as_str().unwrap().to_owned())
                .collect()
        };
        let history = |image: &Image| -> Vec<String> {
            let entries = image.config["history"].as_array().unwrap().iter();
            entries
                .filter_map(|it| Some(it["created_by"].as_str()?.to_owned()))
                .collect()
        };
        let of_licences = "add licences of modules to /usr/share/doc/licenses";
        let entries = history(&first);
        assert_eq!(
            entries.iter().filter(|entry| *entry == of_licences).count(),
            1,
            "{entries:?}"
        );
        // All other layers are those of the image without.
        let (less, all) = (layers(&without), layers(&first));
        let added: Vec<&String> = all.iter().filter(|layer| !less.contains(layer)).collect();
        assert_eq!(
            (all.len(), added.len()),
            (less.len() + 1, 1),
            "{less:?} {all:?}"
        );
        let of_licences = added[0].clone();
        let listing = first.listing();
        let modes: Vec<&str> = listing.lines().filter(|line| line.contains(DIR)).collect();
        assert!(
            modes
                .iter()
                .all(|line| line.starts_with("drwxr-xr-x 0/0 ")
                    || line.starts_with("-rw-r--r-- 0/0 ")),
            "{modes:#?}"
        );
        assert!(
            modes.iter().all(|line| line.contains("1970-01-01")),
            "{modes:#?}"
        );

        single.append("main.go", &format!("\nvar {} = 1\n", unique()));
        let (edited, outcome) = build();
        let ran = outcome.records.ran();
        assert!(ran.contains("link single"), "{ran:?}");
        assert!(!ran.iter().any(|step| step.contains("licences")), "{ran:?}");
        assert!(layers(&edited).contains(&of_licences));

        let words = format!("Ours, in other words: {}.\n", unique());
        single.write("LICENSE", &words);
        let (reworded, outcome) = build();
        let ran = outcome.records.ran();
        assert!(ran.contains("collect licences of single"), "{ran:?}");
        assert!(!ran.contains("link single"), "{ran:?}");
        let (before, after) = (layers(&edited), layers(&reworded));
        let changed = before.iter().zip(&after).filter(|(a, b)| a != b);
        assert_eq!(changed.count(), 1, "{before:?} {after:?}");
        let text = &texts(&reworded)["example.com/single@devel/LICENSE"];
        assert_eq!(*text, words.into_bytes());
    }
}

/// Cold builds, one after the other, have the same bytes; binaries alone have none.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn they_are_the_same_each_time() {
    let single = Repository::example("single");
    single.write(
        "Dockerfile",
        &format!("{SYNTAX}[runtime]\nlicenses = true\n"),
    );
    let made = || layout::build(build(&single, "single").args(["--no-cache"])).image();
    let (first, second) = (made(), made());
    assert_eq!(first.digest, second.digest);
    assert!(!texts(&first).is_empty());
    let out = tempfile::tempdir().unwrap();
    build(&single, "binaries").files_to(out.path()).succeeds();
    let names: Vec<String> = files(out.path()).into_keys().collect();
    assert_eq!(names, ["single"]);
}
