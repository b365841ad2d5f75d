//! Another machine with nothing but an exported cache compiles only what was edited.

use std::collections::BTreeSet;
use std::path::Path;

use crate::engine::{EmptyEngine, Engine, Outcome};
use crate::repository::Repository;

const SCAN: &str = "scan Go sources";

fn build(engine: &Engine, shop: &Repository, target: &str, cache: &Path) -> Outcome {
    let from = format!("type=local,src={}", cache.display());
    let build = engine.frontend(&shop.root()).target(target).args([
        "--cache-from",
        &from,
        "--output",
        "type=cacheonly",
    ]);
    build.succeeds()
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_empty_engine_with_an_imported_cache_compiles_what_was_edited() {
    let shop = Repository::example("shop");
    let cache = tempfile::tempdir().unwrap();
    let to = format!("type=local,mode=max,dest={}", cache.path().display());
    let export = Engine::main()
        .frontend(&shop.root())
        .target("binaries")
        .args(["--cache-to", &to, "--output", "type=cacheonly"]);
    export.succeeds();
    let empty = EmptyEngine::start("imported");

    let same = build(&empty.engine, &shop, "binaries", cache.path());
    // Its result is no layer of anything, and so it is in no export; it takes a fraction of a
    // second.
    assert_eq!(
        same.records.programs_ran(),
        [SCAN].into(),
        "nothing was edited:\n{}",
        same.everything()
    );

    shop.append(
        "services/orders/internal/book/book.go",
        "\n// Edited is new.\nvar Edited = 1\n",
    );
    let edited = build(&empty.engine, &shop, "binaries", cache.path());
    // The package is part of no other program, so the link compiles it.
    let expected = [SCAN, "link orders"];
    assert_eq!(
        edited.records.programs_ran(),
        expected.into(),
        "{}",
        edited.everything()
    );
    let cached = edited.records.cached();
    for step in ["link api", "link web", "link worker"] {
        assert!(cached.contains(step), "{}", edited.everything());
    }

    // The images' own steps are no part of the export, and run no program.
    for image in ["api", "orders", "web", "worker"] {
        let other = build(&empty.engine, &shop, image, cache.path());
        assert_eq!(
            other.records.programs_ran(),
            BTreeSet::new(),
            "{}",
            other.everything()
        );
    }
}
