//! `gowork affected`: its formats, and commits that there is nothing to compare with.

use expect_test::expect;

use crate::support::{Repository, SMALL};

#[test]
fn formats() {
    let repository = Repository::new(SMALL);
    repository.commit();
    repository.remove("job/main.go");
    repository.write("api/two.go", "package main\n");
    expect![[r#"
        --- stdout
        matrix={"include":[{"image":"api"}]}
        any=true
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected --since HEAD --format github")
            .to_string(),
    );
    expect![[r#"
        --- stdout
        {
          "version": 1,
          "images": [
            {
              "image": "api",
              "status": "changed",
              "reasons": [
                {
                  "kind": "file",
                  "text": "file api/two.go is new"
                }
              ]
            },
            {
              "image": "job",
              "status": "gone",
              "reasons": [
                {
                  "kind": "gone",
                  "text": "is not an image any more"
                }
              ]
            }
          ],
          "files_of_no_image": []
        }
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected --since HEAD --format json")
            .to_string(),
    );
    repository.git("checkout --quiet -- .");
    repository.remove("api/two.go");
    expect![[r#"
        --- stdout
        matrix={"include":[]}
        any=false
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected --since HEAD --format github")
            .to_string(),
    );
}

#[test]
fn a_commit_that_cannot_be_built() {
    let repository = Repository::new(SMALL);
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport \"example.com/lib/gone\"\n",
    );
    repository.commit();
    repository.write("lib/lib.go", "package lib\n\nfunc Run() {}\n");
    expect![[r#"
        --- stdout
        api  HEAD cannot be built: lib/lib.go:3:8: package example.com/lib/gone is imported by example.com/lib, but module example.com/lib (lib) has no such package
        job  HEAD cannot be built: lib/lib.go:3:8: package example.com/lib/gone is imported by example.com/lib, but module example.com/lib (lib) has no such package
        exit 0
    "#]].assert_eq(&repository.run("affected --since HEAD").to_string());
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport \"example.com/lib/lost\"\n",
    );
    expect![[r#"
        --- stderr
        error: package example.com/lib/lost is imported by example.com/lib, but module example.com/lib (lib) has no such package
         --> lib/lib.go:3:8
          |
        3 | import "example.com/lib/lost"
          |        ^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: correct the import path, or see whether .dockerignore leaves the package out

        1 error
        exit 1
    "#]]
    .assert_eq(&repository.run("affected --since HEAD").to_string());
}

#[test]
fn no_such_commit() {
    let repository = Repository::new(SMALL);
    repository.commit();
    expect![[r#"
        --- stderr
        error: there is no commit nowhere in this repository; `git fetch` may bring it
        exit 3
    "#]]
    .assert_eq(&repository.run("affected --since nowhere").to_string());
    expect![[r#"
        --- stderr
        error: there is no commit HEAD:lib in this repository; `git fetch` may bring it
        exit 3
    "#]]
    .assert_eq(&repository.run("affected --since HEAD:lib").to_string());
    repository.commit();
    let clone = Repository::new("");
    clone.git(&format!(
        "clone --quiet --depth=1 file://{} shallow",
        repository.path().display()
    ));
    expect![[r#"
        --- stderr
        error: there is no commit HEAD~1 in this clone, which is shallow: fetch it (git fetch --depth=1 origin HEAD~1), or clone with the history (actions/checkout: fetch-depth: 0)
        exit 3
    "#]].assert_eq(&clone.run("affected -C shallow --since HEAD~1").to_string());
}

#[test]
fn no_repository() {
    let said = Repository::new(SMALL).run("affected --since HEAD");
    assert_eq!(said.code, 3);
    assert!(
        said.err.contains("not a git repository")
            && said.err.contains("name the files with --files"),
        "{said}"
    );
}
