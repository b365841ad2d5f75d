//! Edits of every kind: the steps that run are those whose keys the library says have changed, no
//! link compiles anything but its main, and the binaries are those of a local `go build`, to the
//! byte. With results in layers alone, and with a cache mount too, where a link may find its
//! binary.

use std::collections::{BTreeMap, BTreeSet};

use crate::behind::{self, Layout};
use crate::engine::Engine;
use crate::kinds::{
    ETCD, ETCD_MODULES, Edit, Expectation, FLAGS, MOD_FILES, SOURCES, STAND_INS, VENDORED,
};
use crate::predicted::Predicted;
use crate::repository::{Repository, files, unique};

/// A main of the repository under edit: name of the image, directory to run `go build` in, package.
type Main = (&'static str, &'static str, &'static str);

/// Where results are kept.
const CACHES: [&str; 2] = ["layer", "both"];

/// A repository between edits.
struct Series {
    cache: &'static str,
    repository: Repository,
    mains: Vec<Main>,
    /// A build tag that no file asks for, in the flags of every step: so the engine has no results
    /// of an earlier series.
    tag: String,
    seen: BTreeSet<String>,
    binaries: BTreeMap<String, Vec<u8>>,
}

impl Series {
    fn new(cache: &'static str, repository: Repository, mains: &[Main]) -> Self {
        let (seen, binaries) = (BTreeSet::new(), BTreeMap::new());
        let mut series = Self {
            cache,
            repository,
            mains: mains.to_vec(),
            tag: unique(),
            seen,
            binaries,
        };
        let text = format!(
            "{SYNTAX}cache = {cache:?}\n[go]\ntags = [\"{}\"]\n",
            series.tag
        );
        series.repository.write("Dockerfile", &text);
        let cold = Predicted::of(&series.repository.root());
        let (ran, _) = series.build(&cold);
        assert_eq!(ran, cold.runs_beside(&series.seen), "the first build");
        series.seen.extend(cold.keys());
        series
    }

    /// Builds all binaries. Returns the programs that ran, but for the scan, each by its first title
    /// in `predicted`; and what links compiled.
    fn build(&mut self, predicted: &Predicted) -> (BTreeSet<String>, BTreeMap<String, String>) {
        let out = tempfile::tempdir().unwrap();
        let outcome = Engine::main()
            .frontend(&self.repository.root())
            .target("binaries")
            .files_to(out.path())
            .succeeds();
        self.binaries = files(out.path());
        let ran: BTreeSet<String> = outcome
            .records
            .programs_ran()
            .into_iter()
            .filter(|title| *title != SCAN)
            .map(|title| predicted.first_title(title).to_owned())
            .collect();
        let links = ran.iter().filter(|title| title.starts_with("link "));
        let compiled = links
            .map(|title| (title.clone(), outcome.records.log_of(title)))
            .collect();
        (ran, compiled)
    }

    fn edit(&mut self, (name, edit, expectation): Edit) {
        edit(&self.repository, &unique());
        let after = Predicted::of(&self.repository.root());
        let predicted = after.runs_beside(&self.seen);
        let earlier = std::mem::take(&mut self.binaries);
        let (ran, compiled) = self.build(&after);
        assert_eq!(ran, predicted, "{name}: what ran, and what was predicted");
        for (title, log) in compiled {
            let all = &after.links[&title];
            let lines: BTreeSet<String> = log.lines().map(ToOwned::to_owned).collect();
            // With a mount and layers, it takes from the mount what earlier steps have left.
            let is_right = match self.cache {
                "both" => lines.is_subset(all),
                _ => lines == *all,
            };
            assert!(is_right, "{name}: {title} compiled {lines:?} of {all:?}");
        }
        for (image, dir, package) in &self.mains {
            let tags = format!("-tags={}", self.tag);
            let local = self
                .repository
                .go_build_with(&[&tags, "-ldflags=-s -w"], dir, package);
            assert!(
                self.binaries[*image] == local,
                "{name}: {image} differs from that of a local go build"
            );
        }
        self.meets(name, expectation, &predicted, &earlier);
        self.seen.extend(after.keys());
    }

    fn meets(
        &self,
        name: &str,
        expectation: Expectation,
        predicted: &BTreeSet<String>,
        earlier: &BTreeMap<String, Vec<u8>>,
    ) {
        let linked: BTreeSet<&str> = predicted
            .iter()
            .filter_map(|title| title.strip_prefix("link ")?.split(' ').next())
            .collect();
        match expectation {
            Expectation::Nothing => assert!(predicted.is_empty(), "{name}: {predicted:?}"),
            Expectation::ResolveAlone => assert_eq!(
                *predicted,
                BTreeSet::from(["resolve modules".to_owned()]),
                "{name}"
            ),
            Expectation::Links(images) => {
                assert_eq!(linked, images.iter().copied().collect(), "{name}")
            }
            Expectation::LinksAlone => {
                assert!(
                    predicted.contains("resolve modules"),
                    "{name}: {predicted:?}"
                );
                assert_eq!(
                    linked,
                    self.mains.iter().map(|(image, ..)| *image).collect(),
                    "{name}"
                );
                assert_eq!(predicted.len(), linked.len() + 1, "{name}: {predicted:?}");
                assert!(self.binaries == *earlier, "{name}: a binary changed");
            }
        }
    }
}

const SYNTAX: &str = "# syntax=docker.io/gowork/gowork:1\n";
const SCAN: &str = "scan Go sources";

const SHOP: [Main; 4] = [
    ("api", "services/api", "./cmd/api"),
    ("orders", "services/orders", "./cmd/orders"),
    ("web", "services/web", "./cmd/web"),
    ("worker", "services/worker", "./cmd/worker"),
];

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_workspace_of_four_services() {
    for cache in CACHES {
        let mut series = Series::new(cache, Repository::example("shop"), &SHOP);
        SOURCES
            .into_iter()
            .chain(MOD_FILES)
            .for_each(|edit| series.edit(edit));
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn modules_tied_by_replace() {
    for cache in CACHES {
        let mains = [("bye", "bye", "."), ("hello", "hello", "./cmd/hello")];
        let mut series = Series::new(cache, Repository::example("replace"), &mains);
        STAND_INS.into_iter().for_each(|edit| series.edit(edit));
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn forks_behind_third_party_packages() {
    for (cache, layout) in [
        ("layer", Layout::Replaced),
        ("both", Layout::Members),
        ("both", Layout::Replaced),
    ] {
        let mut series = Series::new(cache, behind::repository(layout), &behind::MAINS);
        behind::EDITS.into_iter().for_each(|edit| series.edit(edit));
    }
}

/// Forks that are members are not vendored, but all third-party packages are that they import, and
/// those that import them.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn forks_behind_vendored_packages() {
    let repository = behind::repository(Layout::Members);
    repository.remove("third_party/sampler/unused/unused.go");
    repository.go("", &["work", "vendor"]);
    let mut series = Series::new("both", repository, &behind::MAINS);
    let of_sources =
        |name: &str| !name.contains("nobody imports") && !name.contains("of a third party");
    behind::EDITS
        .into_iter()
        .filter(|(name, ..)| of_sources(name))
        .for_each(|edit| series.edit(edit));
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_vendored_workspace() {
    for cache in CACHES {
        let mut series = Series::new(
            cache,
            Repository::example("vendored"),
            &[("numeral", "app", "./cmd/numeral")],
        );
        VENDORED.into_iter().for_each(|edit| series.edit(edit));
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn one_module_with_flags() {
    for cache in CACHES {
        let mut series = Series::new(cache, Repository::example("single"), &[]);
        FLAGS.into_iter().for_each(|edit| series.edit(edit));
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn etcd() {
    let repository = Repository::of_modules(&ETCD_MODULES);
    // Their own repository asks for one that has been cut in several, through a member that is not
    // published.
    let genproto = "google.golang.org/genproto";
    repository.go(
        "",
        &[
            "work",
            "edit",
            &format!("-replace={genproto}={genproto}@v0.0.0-20250303144028-a0af3efb3deb"),
        ],
    );
    // The go command completes go.work.sum.
    repository.go("", &["build", "./server", "./etcdctl", "./etcdutl"]);
    let mains = [
        ("etcdctl", "etcdctl", "."),
        ("etcdutl", "etcdutl", "."),
        ("server", "server", "."),
    ];
    // The others are run both ways; this one takes as long as they do together.
    let mut series = Series::new("layer", repository, &mains);
    ETCD.into_iter().for_each(|edit| series.edit(edit));
}
