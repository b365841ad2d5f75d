//! An edit rebuilds what is made of the edited file and nothing else.

use std::collections::BTreeSet;

use crate::engine::{Engine, Outcome};
use crate::repository::Repository;

const IMAGES: [&str; 4] = ["api", "orders", "web", "worker"];
/// Runs whenever a `.go` file, a mod file or the set of names changed: it is what finds out that
/// nothing else has to.
const SCAN: &str = "scan Go sources";

/// A shop that is built already: everything is in the engine's cache.
fn built_shop() -> Repository {
    let shop = Repository::example("shop");
    for image in IMAGES {
        build(&shop, image);
    }
    shop
}

fn build(shop: &Repository, image: &str) -> Outcome {
    Engine::main()
        .frontend(&shop.root())
        .target(image)
        .args(["--output", "type=cacheonly"])
        .succeeds()
}

/// A text that no earlier run of the tests has left in the engine's cache.
fn unique() -> u128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos()
}

/// What ran for each image, in this order, leaving out the scan.
fn ran(shop: &Repository) -> Vec<(&'static str, BTreeSet<String>)> {
    let ran = |image| {
        let outcome = build(shop, image);
        outcome
            .records
            .ran()
            .into_iter()
            .filter(|name| *name != SCAN)
            .map(ToOwned::to_owned)
            .collect()
    };
    IMAGES
        .into_iter()
        .map(|image| (image, ran(image)))
        .collect()
}

fn assert_ran(shop: &Repository, expected: [(&str, &[&str]); 4]) {
    for ((image, ran), (_, steps)) in ran(shop).into_iter().zip(expected) {
        let steps: BTreeSet<String> = steps.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!(ran, steps, "what ran for {image}");
    }
}

const NOTHING: [(&str, &[&str]); 4] =
    [("api", &[]), ("orders", &[]), ("web", &[]), ("worker", &[])];

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn nothing_runs_for_files_that_no_binary_is_made_of() {
    let shop = built_shop();
    shop.append("README.md", &format!("{}\n", unique()));
    assert_ran(&shop, NOTHING);
    shop.append(
        "services/api/routes/routes_test.go",
        &format!("\n// {}\n", unique()),
    );
    assert_ran(&shop, NOTHING);
    shop.write(
        "lib/money/more_test.go",
        &format!("package money\n\nvar _ = {:?}\n", unique().to_string()),
    );
    shop.write(
        "lib/events/host_plan9.go",
        &format!("package events\n\nvar _ = {:?}\n", unique().to_string()),
    );
    shop.write("services/web/notes.txt", &unique().to_string());
    shop.write("services/web/testdata/unused.go", "package unused\n");
    assert_ran(&shop, NOTHING);
    // A package that nothing imports.
    shop.write(
        "lib/money/unused/unused.go",
        &format!("package unused\n\nconst N = {:?}\n", unique().to_string()),
    );
    assert_ran(&shop, NOTHING);
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_service_rebuilds_its_own_image() {
    let shop = built_shop();
    let [api, _, web, worker] = NOTHING;
    let orders: &[&str] = &["sources of orders", "link orders", "image orders"];
    shop.append(
        "services/orders/cmd/orders/main.go",
        &format!(
            "\nfunc init() {{ version += {:?} }}\n",
            unique().to_string()
        ),
    );
    assert_ran(&shop, [api, ("orders", orders), web, worker]);

    // An embedded file of another one.
    shop.append(
        "services/web/assets/static/shop.css",
        &format!("/* {} */\n", unique()),
    );
    for (image, ran) in ran(&shop) {
        let made: Vec<&str> = ran
            .iter()
            .map(String::as_str)
            .filter(|step| step.starts_with("link ") || step.starts_with("image "))
            .collect();
        let expected: &[&str] = if image == "web" {
            &["image web", "link web"]
        } else {
            &[]
        };
        assert_eq!(made, expected, "what ran for {image}: {ran:?}");
    }
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_shared_package_rebuilds_the_images_that_it_reaches() {
    let shop = built_shop();
    shop.append(
        "lib/money/money.go",
        &format!("\nvar Edited = {:?}\n", unique().to_string()),
    );
    let unit = "compile ./lib/money (api, orders)";
    let api = [
        "image api",
        "link api",
        unit,
        "sources of api",
        &format!("sources to {unit}"),
    ];
    let orders = ["image orders", "link orders", "sources of orders"];
    assert_ran(
        &shop,
        [
            ("api", &api),
            ("orders", &orders),
            ("web", &[]),
            ("worker", &[]),
        ],
    );
}

/// What lies outside the repository is cut by what it imports itself, not by what imports it here.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn an_import_compiles_nothing_again_that_others_have() {
    let shop = built_shop();
    let compiled = |shop: &Repository| -> Vec<String> {
        let ran = ran(shop).into_iter().flat_map(|(_, ran)| ran);
        ran.filter(|title| title.starts_with("compile ") && !title.starts_with("compile ./"))
            .collect()
    };
    let worker = |import: &str, used: &str| {
        let text = format!(
            "package store\n\nimport {import:?}\n\nvar _ = {used}\n\nconst _ = {:?}\n",
            unique().to_string()
        );
        shop.write("services/worker/store/more.go", &text);
    };
    // It may have been compiled by an earlier test: what counts is that nothing else was.
    worker("container/ring", "ring.New");
    let ran = compiled(&shop);
    assert!(
        ran.iter().all(|title| title.starts_with("compile ")
            && title.contains(" more package")
            && title.ends_with(" of std")),
        "{ran:?}"
    );
    let requirement = "require (\n\tgithub.com/go-chi/chi/v5 v5.5.0\n";
    shop.write(
        "services/worker/go.mod",
        &shop
            .read("services/worker/go.mod")
            .replacen("require (\n", requirement, 1),
    );
    shop.append("services/worker/go.sum", &shop.read("services/api/go.sum"));
    worker("github.com/go-chi/chi/v5", "chi.NewRouter");
    assert_eq!(compiled(&shop), Vec::<String>::new());
}

/// The scan learns of files by a listing that BuildKit does not count as content: a new embedded
/// file must not go unnoticed.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_file_that_appears_in_an_embedded_directory_is_in_the_binary() {
    let files = [
        ("go.mod", "module example.com/listing\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\nimport \"embed\"\n\n//go:embed static\nvar files embed.FS\n\nfunc main() { _ = files }\n",
        ),
        ("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n"),
        ("static/a.txt", "a"),
    ];
    let repository = Repository::new(&files);
    Engine::main().frontend(&repository.root()).succeeds();
    repository.write("static/b.txt", &unique().to_string());
    let records = Engine::main()
        .frontend(&repository.root())
        .succeeds()
        .records;
    assert!(records.ran().contains("link listing"), "{records:?}");
}

/// The go command takes a symlink for the file that it leads to, wherever that is: an edit there is
/// an edit of the package.
#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn a_source_behind_symlinks_is_an_input() {
    let files = [
        ("go.mod", "module example.com/linked\n\ngo 1.26\n"),
        (
            "main.go",
            "package main\n\nimport (\n\t\"example.com/linked/lib\"\n\t\"example.com/linked/other/way/deep\"\n)\n\nfunc main() { println(lib.Shared, deep.Words) }\n",
        ),
        ("lib/lib.go", "package lib\n"),
        (
            "other/real/shared.go",
            "package lib\n\nconst Shared = \"one\"\n",
        ),
        (
            "other/real/deep/deep.go",
            "package deep\n\nconst Words = \"one\"\n",
        ),
    ];
    let repository = Repository::new(&files);
    repository.link("other/way", "real");
    repository.link("lib/shared.go", "../other/way/shared.go");
    let built = |repository: &Repository| {
        let out = tempfile::tempdir().unwrap();
        Engine::main()
            .frontend(&repository.root())
            .target("binaries")
            .files_to(out.path())
            .succeeds();
        crate::repository::files(out.path())
            .remove("linked")
            .unwrap()
    };
    assert!(built(&repository) == repository.go_build("", "."));
    repository.write(
        "other/real/shared.go",
        &format!("package lib\n\nconst Shared = \"{}\"\n", unique()),
    );
    assert!(
        built(&repository) == repository.go_build("", "."),
        "the edit went unnoticed"
    );
    repository.write(
        "other/real/deep/deep.go",
        &format!("package deep\n\nconst Words = \"{}\"\n", unique()),
    );
    assert!(
        built(&repository) == repository.go_build("", "."),
        "the edit behind a directory went unnoticed"
    );
}
