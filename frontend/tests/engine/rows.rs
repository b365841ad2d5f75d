//! The rows of a build as buildx shows them (moby/buildkit, util/progress/progressui), and what
//! they may be: few, each with a name of its own, none that ends as canceled where the build
//! succeeds.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::engine::{Engine, Outcome};
use crate::options::tiny;
use crate::repository::{Repository, unique};

/// The group that a vertex is shown in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Group {
    id: String,
    name: String,
    weak: bool,
}

/// Rows by the group or the vertex that they show.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: BTreeMap<String, Row>,
    /// The names of all vertices that started, by their digests.
    names: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Row {
    name: String,
    is_shown: bool,
    is_canceled: bool,
}

impl Rows {
    /// Takes a vertex that started. A group is a row once a member starts that is not weak; or if
    /// one fails, when it is looked at again.
    pub(crate) fn add(&mut self, (digest, name): (&str, &str), group: Option<&Group>, error: &str) {
        self.names.insert(digest.to_owned(), name.to_owned());
        let (key, name, is_weak) = group.map_or((digest, name, false), |group| {
            (&group.id, &group.name, group.weak)
        });
        let row = self.rows.entry(key.to_owned()).or_insert_with(|| Row {
            name: name.to_owned(),
            ..Row::default()
        });
        row.is_shown |= !is_weak || row.is_canceled;
        row.is_canceled |= error.ends_with("context canceled");
    }

    /// The names of the rows, in order, as often as they are there.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .rows
            .values()
            .filter(|row| row.is_shown)
            .map(|row| row.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    fn canceled(&self) -> Vec<&str> {
        self.rows
            .values()
            .filter(|row| row.is_shown && row.is_canceled)
            .map(|row| row.name.as_str())
            .collect()
    }
}

/// Rows that are few and unique, and well.
fn are_well(outcome: &Outcome, most: usize) -> Vec<&str> {
    let rows = outcome.records.rows();
    let names = rows.names();
    let unique: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:#?}");
    let all: BTreeSet<&String> = rows.names.values().collect();
    assert_eq!(all.len(), rows.names.len(), "{:#?}", rows.names);
    assert_eq!(rows.canceled(), [""; 0], "{names:#?}");
    assert!(names.len() <= most, "{} rows: {names:#?}", names.len());
    names
}

fn cold(repository: &Repository) {
    // In a name that is part of every program, so that nothing of the repository's own is in the
    // cache.
    repository.append(
        "services/orders/cmd/orders/main.go",
        &format!("\n// {}\n", unique()),
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn four_images_have_few_rows() {
    let shop = Repository::example("shop");
    let build = |target: &str| {
        Engine::main()
            .frontend(&shop.root())
            .target(target)
            .args(["--output=type=cacheonly"])
            .succeeds()
    };
    let outcome = build("binaries");
    are_well(&outcome, 25);
    for _ in 0..3 {
        are_well(&build("binaries"), 25);
    }
    cold(&shop);
    shop.append(
        "lib/money/money.go",
        &format!("\nvar Edited = {:?}\n", unique()),
    );
    let edited = build("binaries");
    let names = are_well(&edited, 25);
    assert!(
        names.contains(&"link api") && names.contains(&"binaries"),
        "{names:#?}"
    );
    assert!(
        names.contains(&"compile ./lib/money (api, orders)"),
        "{names:#?}"
    );
    for image in ["api", "worker"] {
        let outcome = build(image);
        let names = are_well(&outcome, 25);
        assert!(
            names.contains(&format!("image {image}").as_str()),
            "{names:#?}"
        );
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn platforms_and_calls_have_few_rows() {
    let tiny = tiny();
    tiny.append("main.go", &format!("\n// {}\n", unique()));
    let both = [
        "--platform",
        "linux/amd64,linux/arm64",
        "--output=type=cacheonly",
    ];
    let outcome = Engine::main().frontend(&tiny.root()).args(both).succeeds();
    let names = are_well(&outcome, 25);
    for platform in ["linux/amd64", "linux/arm64"] {
        assert!(
            names.contains(&format!("[{platform}] link tiny").as_str()),
            "{names:#?}"
        );
    }
    let call = Engine::main()
        .frontend(&tiny.root())
        .args(["--call=targets"])
        .succeeds();
    are_well(&call, 10);
}
