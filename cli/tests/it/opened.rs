//! Files that programs open and their images do not have, as a person sees it.

use expect_test::expect;

use crate::support::Repository;

/// The program of the documentation.
const CATALOG: &str = r#"
-- go.mod --
module example.com/shop

go 1.26
-- catalog/main.go --
package main

import (
	"log"
	"net/http"
	"os"
)

func main() {
	// It starts beside its list.
	text, err := os.ReadFile("products.json")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write(text) })
}
-- catalog/products.json --
[]
"#;

#[test]
fn check_shows_the_line_and_the_text_to_paste() {
    let repository = Repository::new(CATALOG);
    let said = repository.run("check");
    expect![[r#"
        --- stderr
        warning[FileNotInImage]: image catalog does not have catalog/products.json, which os.ReadFile opens at run time
          --> catalog/main.go:11:27
           |
        11 |     text, err := os.ReadFile("products.json")
           |                              ^^^^^^^^^^^^^^^
           |
           = help: compile it in with //go:embed, or put it into the image; the program starts in /:
                   [[images.catalog.files]]
                   from = "catalog/products.json"
                   to = "/products.json"

        1 warning
        1 image on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]].assert_eq(&said.to_string());
    let (_, pasted) = said.err.split_once(":\n           [[").unwrap();
    let (pasted, _) = pasted.split_once("\n\n").unwrap();
    repository.write("gowork.toml", &format!("[[{pasted}\n"));
    expect![[r#"
        --- stderr
        1 image on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]]
    .assert_eq(&repository.run("check").to_string());
}

#[test]
fn other_commands_do_not_look() {
    let repository = Repository::new(CATALOG);
    for command in ["list", "plan", "dockerfile", "bake"] {
        let said = repository.run(command);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{command}");
    }
}

#[test]
fn init_warns_and_lets_the_file_in() {
    let repository = Repository::new(CATALOG);
    expect![[r#"
        --- stderr
        wrote ./Dockerfile
        wrote ./.dockerignore
        warning[FileNotInImage]: image catalog does not have catalog/products.json, which os.ReadFile opens at run time
          --> catalog/main.go:11:27
           |
        11 |     text, err := os.ReadFile("products.json")
           |                              ^^^^^^^^^^^^^^^
           |
           = help: compile it in with //go:embed, or put it into the image; the program starts in /:
                   [[images.catalog.files]]
                   from = "catalog/products.json"
                   to = "/products.json"

        1 warning
        1 image; build one with docker buildx build --target NAME .
        exit 0
    "#]].assert_eq(&repository.run("init").to_string());
    expect![[r#"
        # Only what the images are made of reaches the builder. Printed by `gowork dockerignore`.
        *
        !**/go.mod
        !**/go.sum
        !**/*.go
        !**/LICENSE*
        !**/COPYING*
        **/*_test.go
        **/testdata
        !catalog/products.json
    "#]]
    .assert_eq(&repository.text(".dockerignore"));
    let said = repository.run("check");
    assert!(said.err.starts_with("warning[FileNotInImage]"), "{said}");
    let said = repository.run("dockerignore --output .dockerignore --check");
    assert_eq!(said.code, 0, "{said}");
}

#[test]
fn what_the_build_does_not_see_is_not_reported() {
    let repository = Repository::new(CATALOG);
    repository.write(".dockerignore", "*.json\n**/*.json\n");
    let said = repository.run("check");
    assert!(!said.err.contains("warning"), "{said}");
}

#[test]
fn stages_copy_what_they_like() {
    let repository = Repository::new(CATALOG);
    repository.write(
        "Dockerfile",
        "# syntax=docker.io/gowork/gowork:1\nFROM alpine\nCOPY --from=gowork /catalog /\nCOPY catalog/products.json /\n",
    );
    let said = repository.run("check");
    assert!(!said.err.contains("warning"), "{said}");
}
