//! A cache is as good after a year as on its first day: no step runs for its age, and no layer has
//! lost anything.
//!
//! It is BuildKit's clock that is set ahead. Programs in steps keep the true one; what a year does
//! to files that they read is tested with `gowork-cache`.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Build, EmptyEngine, Outcome};
use crate::options::tiny;
use crate::predicted::Predicted;
use crate::repository::files;

const DAYS: u32 = 366;
const SCAN: &str = "scan Go sources";

/// What a build made, and what ran for it.
struct Made {
    binaries: BTreeMap<String, Vec<u8>>,
    outcome: Outcome,
}

impl Made {
    fn by(build: Build) -> Self {
        let out = tempfile::tempdir().unwrap();
        let outcome = build.target("binaries").files_to(out.path()).succeeds();
        Self {
            binaries: files(out.path()),
            outcome,
        }
    }
}

/// Builds the program unchanged and with its main edited, on an engine that is a year later than
/// what is in its cache or comes from `import`.
fn after_a_year(aged: &EmptyEngine, first: &Made, import: &[String]) {
    let program = tiny();
    let build = || Made::by(aged.engine.frontend(&program.root()).args(import));
    let same = build();
    let ran = same.outcome.records.programs_ran();
    assert!(
        ran.is_subset(&BTreeSet::from([SCAN])),
        "nothing was edited:\n{}",
        same.outcome.everything()
    );
    assert!(
        same.binaries == first.binaries,
        "a binary changed with time"
    );

    let before = Predicted::of(&program.root());
    program.append(
        "main.go",
        "\nfunc init() { version += \" a year later\" }\n",
    );
    let after = Predicted::of(&program.root());
    let mut predicted = after.runs_beside(&before.keys().collect());
    assert_eq!(predicted, BTreeSet::from(["link tiny".to_owned()]));
    predicted.insert(SCAN.to_owned());
    let edited = build();
    let ran = edited
        .outcome
        .records
        .programs_ran()
        .into_iter()
        .map(ToOwned::to_owned)
        .collect::<BTreeSet<_>>();
    assert_eq!(ran, predicted, "{}", edited.outcome.everything());
    // Results of earlier steps are all there: it compiled its own packages alone.
    let log = edited.outcome.records.log_of("link tiny");
    let compiled: BTreeSet<String> = log.lines().map(ToOwned::to_owned).collect();
    assert!(compiled.contains("example.com/tiny"), "{log}");
    assert!(compiled.is_subset(&after.links["link tiny"]), "{log}");
    assert!(
        edited.binaries["tiny"] == program.go_build("", "."),
        "the binary differs from that of a local go build"
    );
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_year_old_cache_hits() {
    let program = tiny();
    let cache = tempfile::tempdir().unwrap();
    let aged = EmptyEngine::start("aged");
    let to = format!("type=local,mode=max,dest={}", cache.path().display());
    let first = Made::by(
        aged.engine
            .frontend(&program.root())
            .args(["--cache-to", &to]),
    );
    let year = aged.year();
    aged.set_clock(DAYS);
    assert_eq!(aged.year(), year + 1, "the clock is not ahead");
    after_a_year(&aged, &first, &[]);
    drop(aged);

    let later = EmptyEngine::start_ahead("aged", DAYS);
    let from = format!("--cache-from=type=local,src={}", cache.path().display());
    assert_eq!(later.year(), year + 1, "the clock is not ahead");
    after_a_year(&later, &first, &[from]);
}
