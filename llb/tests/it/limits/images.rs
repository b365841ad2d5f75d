//! Limits of images, of their settings, and of what a build is given: both sides of each.

use std::collections::BTreeMap;

use gowork_llb::config::{self, Config};
use gowork_llb::limits;
use gowork_llb::tree::{MemTree, TreePath};

use super::first_sentence;
use crate::support::outline;

const MAIN: &str = "package main\n\nfunc main() {}\n";

/// A module with this number of mains.
fn mains(count: usize) -> MemTree {
    let mut tree = MemTree::new();
    tree.insert(TreePath::new("go.mod").unwrap(), "module m\n\ngo 1.24\n");
    for number in 0..count {
        let path = format!("cmd/c{number:04}/main.go");
        tree.insert(TreePath::new(&path).unwrap(), MAIN);
    }
    tree
}

/// How many images an outline has that can be built, and all that was said.
fn images(tree: &MemTree, config: &str) -> (usize, Vec<String>) {
    let (outline, said) = outline(tree, config);
    let broken = outline.names().filter(|name| outline.broken.contains(name));
    let sound = outline.images.len() - broken.count();
    (sound, said.iter().map(first_sentence).collect())
}

/// What is said first of a configuration.
fn wrong(text: &str) -> Option<String> {
    let (_, said) = Config::parse("gowork.toml", text);
    said.first().map(first_sentence)
}

#[test]
fn repositories_have_a_number_of_mains() {
    let (count, said) = images(&mains(limits::IMAGES), "");
    assert_eq!((count, said), (limits::IMAGES, Vec::new()));
    let beyond = mains(limits::IMAGES + 1);
    assert_eq!(
        images(&beyond, ""),
        (
            0,
            vec!["./cmd/c2000: more than 2000 main packages, gowork's limit".to_owned()]
        )
    );
    let (count, said) = images(&beyond, "skip = [\"./cmd/c0000\"]\n");
    assert_eq!((count, said), (limits::IMAGES, Vec::new()));
}

#[test]
fn configurations_have_a_number_of_images() {
    let tables = |count: usize| -> String {
        (0..count)
            .map(|number| format!("[images.i{number}]\n"))
            .collect()
    };
    assert_eq!(wrong(&tables(limits::IMAGES)), None);
    assert_eq!(
        wrong(&tables(limits::IMAGES + 1)).unwrap(),
        "gowork.toml:2001:9: more than 2000 tables [images.NAME], gowork's limit"
    );
}

#[test]
fn mains_are_looked_for_in_a_number_of_directories() {
    // All directories count, although only one root of one directory is built.
    let sets = 1_000;
    let mut tree = MemTree::new();
    let mut insert = |path: String, text: &str| tree.insert(TreePath::new(&path).unwrap(), text);
    insert("a/go.mod".to_owned(), "module a\n\ngo 1.24\n");
    insert("a/main.go".to_owned(), MAIN);
    insert("b/go.mod".to_owned(), "module b\n\ngo 1.24\n");
    for number in 1..limits::MAIN_STEPS / sets {
        insert(format!("b/p{number}/p.go"), "package p\n");
    }
    // The usual settings are looked at twice: for mains, and for what lacks `func main`.
    let config = |tables: usize| {
        let tables: String = (0..tables)
            .map(|number| {
                format!("[images.i{number}]\nmain = \"./b/p1\"\ntags = [\"t{number}\"]\n")
            })
            .collect();
        format!("roots = [\"a\"]\n{tables}")
    };
    // A table without a main is looked at three times: with cgo, and without `func main`.
    let (_, said) = images(&tree, &config((sets - 2) / 3));
    assert!(
        said[0].contains("there is no main package ./b/p1"),
        "{said:?}"
    );
    let (count, said) = images(&tree, &config((sets - 2) / 3 + 1));
    assert_eq!(count, 0);
    assert!(
        said[0]
            .starts_with("looking for main packages takes more than 5000000 steps, gowork's limit"),
        "{said:?}"
    );
}

#[test]
fn builds_have_a_number_of_packages_files_and_imports() {
    // Ten images with flags of their own, all of which import a package that embeds files.
    let builds = 10;
    let tree = |embedded: usize, of_first: usize| {
        let mut tree = MemTree::new();
        let mut insert =
            |path: String, text: &str| tree.insert(TreePath::new(&path).unwrap(), text);
        insert("go.mod".to_owned(), "module m\n\ngo 1.24\n");
        let lib = "package lib\n\nimport \"embed\"\n\n//go:embed d\nvar D embed.FS\n";
        insert("lib/lib.go".to_owned(), lib);
        (0..embedded).for_each(|number| insert(format!("lib/d/{number}"), ""));
        let main = "package main\n\nimport _ \"m/lib\"\n\nfunc main() {}\n";
        for number in 0..builds {
            insert(format!("cmd/c{number}/main.go"), main);
        }
        for number in 0..of_first {
            insert(format!("cmd/c0/{number}.go"), "package main\n");
        }
        tree
    };
    let config: String = (0..builds)
        .map(|number| {
            format!("[images.i{number}]\nmain = \"./cmd/c{number}\"\ntags = [\"t{number}\"]\n")
        })
        .collect();
    // Of each build: two packages with a file and an import each.
    let embedded = limits::BUILD_FACTS / builds - 6 - 1;
    let (count, said) = images(&tree(embedded, builds), &config);
    assert_eq!((count, said), (builds, Vec::new()));
    let (count, said) = images(&tree(embedded, builds + 1), &config);
    assert_eq!(count, 0);
    assert!(
        said[0].starts_with(
            "more than 1500000 packages, files and imports in all builds, gowork's limit"
        ),
        "{said:?}"
    );
}

#[test]
fn settings_of_all_images_have_a_size() {
    // Four images, each with a label of [runtime].
    let config = |bytes: usize| {
        let entry = "runtime.labels.a".len() + 64;
        format!("[runtime.labels]\na = \"{}\"\n", "x".repeat(bytes - entry))
    };
    let (count, said) = images(&mains(4), &config(limits::SETTINGS / 4));
    assert_eq!((count, said), (4, Vec::new()));
    assert_eq!(
        images(&mains(4), &config(limits::SETTINGS / 4 + 1)),
        (
            0,
            vec![
                "the settings of all images have 16777220 bytes; gowork takes 16777216".to_owned()
            ]
        )
    );
}

#[test]
fn build_args_fill_in_a_number_of_bytes() {
    let uses = 1_024;
    let of_one = limits::SETTINGS / uses;
    let text = format!(
        "[runtime.labels]\na = \"{}\"\nb = \"${{B:-}}\"\n",
        "${A}".repeat(uses)
    );
    let (written, said) = Config::parse("gowork.toml", &text);
    assert!(said.is_empty());
    let expand = |last: &str| {
        let given = [("A", "x".repeat(of_one)), ("B", last.to_owned())];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        let (_, said) = written.expand(&BTreeMap::from(given));
        said.first().map(first_sentence)
    };
    assert_eq!(expand(""), None);
    assert_eq!(
        expand("x").unwrap(),
        "gowork.toml:3:5: `runtime.labels.b`: with build-args filled in, the values up to this one have more than 16777216 bytes, gowork's limit"
    );
}

#[test]
fn configurations_name_a_number_of_build_args() {
    let config = |uses: usize| format!("[runtime.labels]\na = \"{}\"\n", "${A:-}".repeat(uses));
    assert_eq!(wrong(&config(limits::ARG_USES)), None);
    assert_eq!(
        wrong(&config(limits::ARG_USES + 1)).unwrap(),
        "gowork.toml:2:5: more than 10000 build-args in the values of a configuration, gowork's limit"
    );
}

#[test]
fn builds_are_given_a_number_of_things() {
    let check = |count: usize| {
        let given = (0..count).map(|number| (format!("A{number}"), String::new()));
        let said = config::check_given("build-arg", &given.collect());
        said.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(check(limits::GIVEN).is_empty());
    assert_eq!(
        check(limits::GIVEN + 1),
        ["1001 build-args; gowork takes 1000"]
    );
    let check = |bytes: usize| {
        let given = BTreeMap::from([("A".to_owned(), "x".repeat(bytes - 1))]);
        let said = config::check_given("label", &given);
        said.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(check(limits::GIVEN_TEXT).is_empty());
    assert_eq!(
        check(limits::GIVEN_TEXT + 1),
        ["label A: 65537 bytes; gowork takes 65536"]
    );
}
