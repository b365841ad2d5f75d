//! `--check` about files that programs open: what `gowork check` says of the same repository.

use expect_test::expect;

use crate::engine::{Engine, Outcome};
use crate::repository::Repository;

const MAIN: &str = "package main\n\nimport \"os\"\n\nfunc main() {\n\ttext, _ := os.ReadFile(\"products.json\")\n\tprintln(string(text))\n}\n";

fn catalog() -> Repository {
    Repository::new(&[
        ("go.mod", "module example.com/shop\n\ngo 1.26.0\n"),
        ("catalog/main.go", MAIN),
        ("catalog/products.json", "[]\n"),
    ])
}

fn check(repository: &Repository) -> Outcome {
    let build = Engine::main().frontend(&repository.root());
    build.args(["--check"]).run()
}

/// What is printed from the first warning on. buildx names the definition file, whatever file the
/// line is in.
fn warnings(outcome: &Outcome, repository: &Repository) -> String {
    let said = outcome.stdout.as_str();
    let said = &said[said.find("WARNING").unwrap_or(said.len())..];
    said.replace(&repository.root().display().to_string(), "DIR")
}

#[test]
#[ignore = "needs an engine: cargo xtask test"]
fn check_warns_of_files_that_programs_open() {
    let catalog = catalog();
    let warned = check(&catalog);
    expect![[r#"
        WARNING: FileNotInImage
        catalog/main.go:6:25: image catalog does not have catalog/products.json, which os.ReadFile opens at run time
        compile it in with //go:embed, or put it into the image; the program starts in /:
        [[images.catalog.files]]
        from = "catalog/products.json"
        to = "/products.json"
        DIR/Dockerfile:6
        --------------------
           4 |     
           5 |     func main() {
           6 | >>> 	text, _ := os.ReadFile("products.json")
           7 |     	println(string(text))
           8 |     }
        --------------------
    "#]]
    .assert_eq(&warnings(&warned, &catalog));
    // The step that looks runs for this call only.
    let looks = "look for files that programs open";
    assert!(
        warned.everything().contains(looks),
        "{}",
        warned.everything()
    );
    let built = Engine::main()
        .frontend(&catalog.root())
        .args(["--output=type=cacheonly"])
        .succeeds();
    assert!(
        !built.everything().contains(looks),
        "{}",
        built.everything()
    );

    // A name alone decides, whose file the scan does not read.
    catalog.remove("catalog/products.json");
    let gone = check(&catalog);
    assert_eq!(warnings(&gone, &catalog), "", "{}", gone.everything());
    catalog.write("catalog/products.json", "[]\n");
    assert_ne!(warnings(&check(&catalog), &catalog), "");

    let dockerfile = catalog.read("Dockerfile");
    let files =
        "[[images.catalog.files]]\nfrom = \"catalog/products.json\"\nto = \"/products.json\"\n";
    catalog.write("Dockerfile", &format!("{dockerfile}\n{files}"));
    let put_in = check(&catalog);
    assert_eq!(warnings(&put_in, &catalog), "", "{}", put_in.everything());
}
