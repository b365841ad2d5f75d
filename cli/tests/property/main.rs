//! For random repositories and random edits: an image is another in our plan if and only if it is
//! another for the go command, by the build IDs of all it is compiled from and by the bytes of the
//! binary. Exceptions have names here.
//!
//! A few dozen edits run with every `cargo test`. `GOWORK_PROPERTY_CASES=5000` runs 5000 for each
//! layout, and `GOWORK_PROPERTY_SEED=7` runs others.
#![allow(missing_docs, reason = "tests document themselves")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stderr, reason = "the figures of a long run")]

mod edits;
mod named;
mod oracle;
mod ours;
mod proxy;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use fastrand::Rng;
use gowork_llb::gomod::FILE_NAMES;
use gowork_llb::keys::{Difference, KeyPart};

use oracle::Made;
use ours::Planned;
use proxy::Proxy;
use world::{Layout, World};

/// How many edits one repository lives through before another is made.
const EDITS_OF_A_WORLD: u64 = 25;

/// Edits for each layout, where nobody asks for more.
const USUAL_CASES: u64 = 16;

#[test]
fn workspaces() {
    Run::new(Layout::Workspace).run();
}

#[test]
fn single_modules() {
    Run::new(Layout::Single).run();
}

#[test]
fn modules_tied_by_replace() {
    Run::new(Layout::Replaced).run();
}

/// A repository with both views of it.
struct State {
    world: World,
    files: BTreeMap<String, String>,
    made: BTreeMap<String, Made>,
    planned: BTreeMap<String, Planned>,
    /// Where it is on disk.
    root: PathBuf,
}

/// One layout's run.
struct Run {
    layout: Layout,
    dir: tempfile::TempDir,
    proxy: Proxy,
    known: ours::Known,
    /// How often each outcome came.
    tally: BTreeMap<&'static str, u64>,
    /// How often a difference of one kind was the only one that showed a change: without that kind
    /// we would have kept an old image.
    needed: BTreeMap<&'static str, u64>,
}

impl Run {
    fn new(layout: Layout) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let proxy = Proxy::new(dir.path());
        Self {
            layout,
            dir,
            proxy,
            known: BTreeMap::new(),
            tally: BTreeMap::new(),
            needed: BTreeMap::new(),
        }
    }

    fn run(mut self) {
        let number = |name: &str| {
            std::env::var(name)
                .ok()
                .map(|text| text.parse::<u64>().expect("a number"))
        };
        let cases = number("GOWORK_PROPERTY_CASES").unwrap_or(USUAL_CASES);
        let first = number("GOWORK_PROPERTY_SEED").unwrap_or(1);
        for seed in (first..).take(usize::try_from(cases.div_ceil(EDITS_OF_A_WORLD)).unwrap()) {
            self.live(seed, cases.min(EDITS_OF_A_WORLD));
        }
        eprintln!(
            "{:?}: {:?}; shown by one kind alone: {:?}",
            self.layout, self.tally, self.needed
        );
    }

    fn root(&self, seed: u64) -> PathBuf {
        self.dir.path().join(format!("world-{seed}"))
    }

    /// A repository, and its edits.
    fn live(&mut self, seed: u64, edits: u64) {
        let mut rng = Rng::with_seed(seed);
        self.known.clear();
        let mut trail: Vec<String> = Vec::new();
        let world = World::new(self.layout, &mut rng);
        std::fs::create_dir_all(self.root(seed)).unwrap();
        let mut state = self
            .state(seed, world, &BTreeMap::new())
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        for _ in 0..edits {
            let mut world = state.world.clone();
            let name = edits::edit(&mut world, &mut rng);
            trail.push(name.to_owned());
            match self.state(seed, world, &state.files) {
                Ok(after) => {
                    self.compare(
                        &state,
                        &after,
                        &format!("{:?}, seed {seed}, edits {trail:?}", self.layout),
                    );
                    state = after;
                }
                Err(refused) => {
                    // What go refuses has no images to compare.
                    *self.tally.entry("refused by go").or_default() += 1;
                    world::write(&self.root(seed), &refused.files, &state.files);
                    trail.pop();
                }
            }
        }
        std::fs::remove_dir_all(self.root(seed)).unwrap();
    }

    /// Writes a repository and takes both views of it.
    fn state(
        &mut self,
        seed: u64,
        world: World,
        before: &BTreeMap<String, String>,
    ) -> Result<State, Refused> {
        let (root, files) = (self.root(seed), world.files(&self.proxy.sums));
        world::write(&root, before, &files);
        let planned = ours::planned(&world.config(), &self.proxy, &root, &mut self.known);
        match (oracle::made(&world, &self.proxy, &root), planned) {
            (Ok(made), Ok(planned)) => Ok(State {
                world,
                files,
                made,
                planned,
                root,
            }),
            (Ok(_), Err(error)) => panic!(
                "{:?}, seed {seed}: go builds what we refuse: {error}",
                self.layout
            ),
            (Err(error), _) => Err(Refused { files, error }),
        }
    }

    fn compare(&mut self, before: &State, after: &State, case: &str) {
        self.compare_by_name(before, after, case);
        for (image, made) in &after.made {
            let planned = after
                .planned
                .get(image)
                .unwrap_or_else(|| panic!("{case}: we have no image {image}"));
            let (Some(made_before), Some(planned_before)) =
                (before.made.get(image), before.planned.get(image))
            else {
                continue;
            };
            let by_go = oracle::differences(made_before, made);
            let by_us = planned_before.image_key.differences(&planned.image_key);
            let link = planned_before.link.differences(&planned.link);
            let shown = || {
                let ours: Vec<String> = by_us.iter().map(ToString::to_string).collect();
                let link: Vec<String> = link.iter().map(ToString::to_string).collect();
                format!(
                    "{case}, image {image}:\n  go: {by_go:?}\n  image key: {ours:?}\n  link: {link:?}"
                )
            };
            let outcome = match (by_go.is_empty(), by_us.is_empty()) {
                (true, true) => "the same",
                (false, false) => "another",
                (false, true) => panic!(
                    "go makes another image, and we would keep the old one: {}",
                    shown()
                ),
                (true, false) => exception(&by_us)
                    .unwrap_or_else(|| panic!("go makes the same image: {}", shown())),
            };
            *self.tally.entry(outcome).or_default() += 1;
            let kinds: BTreeSet<&'static str> = by_us
                .iter()
                .map(|difference| difference.part.tag())
                .collect();
            if let (Some(kind), 1) = (kinds.first(), kinds.len()) {
                *self.needed.entry(kind).or_default() += 1;
            }
            match (link.is_empty(), by_us.is_empty()) {
                (true, false) => panic!(
                    "the image is another, and the link would not run: {}",
                    shown()
                ),
                (false, true) => {
                    let parted = planned_before.parts != planned.parts;
                    let why = link_exception(&link, parted)
                        .unwrap_or_else(|| panic!("the link runs in vain: {}", shown()));
                    *self.tally.entry(why).or_default() += 1;
                }
                _ => {}
            }
        }
    }
}

impl Run {
    /// The names of the files that differ must lead to every image that go makes anew. Flags are no
    /// files here.
    fn compare_by_name(&mut self, before: &State, after: &State, case: &str) {
        if before.world.config() != after.world.config() {
            return;
        }
        let touched = named::touched(
            &after.root,
            &after.world.config(),
            &before.files,
            &after.files,
        );
        for (image, made) in &after.made {
            let Some(made_before) = before.made.get(image) else {
                continue;
            };
            let by_go = oracle::differences(made_before, made);
            let named = touched.contains(image);
            assert!(
                by_go.is_empty() || named,
                "{case}, image {image}: the names of the files do not lead to it, and go says {by_go:?}"
            );
            let outcome = if by_go.is_empty() && named {
                "by name: in vain"
            } else {
                "by name: right"
            };
            *self.tally.entry(outcome).or_default() += 1;
        }
    }
}

/// What go does not build.
struct Refused {
    files: BTreeMap<String, String>,
    error: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "go refuses it: {}", self.error)
    }
}

/// Why an image counts as another although go makes the same: by name, and for these reasons only.
fn exception(_differences: &[Difference]) -> Option<&'static str> {
    None
}

/// Why a link runs although its image stays the same. docs/building.md lists the reasons. `parted`
/// says whether the link reads packages in other parts than before.
fn link_exception(differences: &[Difference], parted: bool) -> Option<&'static str> {
    let all =
        |is: &dyn Fn(&KeyPart) -> bool| differences.iter().all(|difference| is(&difference.part));
    let mod_file = |part: &KeyPart| match part {
        KeyPart::File(path) => FILE_NAMES.contains(&path.name()),
        _ => false,
    };
    let in_cache = |part: &KeyPart| matches!(part, KeyPart::Module(_) | KeyPart::Package(_));
    let results = |part: &KeyPart| parted && matches!(part, KeyPart::Step { .. });
    if all(&mod_file) {
        Some("link: it sees the bytes of mod files")
    } else if all(&|part| mod_file(part) || in_cache(part)) {
        Some("link: another third-party package for another image")
    } else if all(&|part| mod_file(part) || in_cache(part) || results(part)) {
        Some("link: packages are parted anew, since other images reach them")
    } else {
        None
    }
}
