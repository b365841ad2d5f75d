//! Which images an edit touches, where only the names of files are given.

use expect_test::expect;

use crate::support::{RICH, Repository};

/// One of each kind, there or not.
const FILES: &[&str] = &[
    "lib/lib.go",
    "api/main_windows.go",
    "api/main_test.go",
    "api/dev.go",
    "api/gone.go",
    "api/gone_windows.go",
    "api/default.pgo",
    "job/default.pgo",
    "api/static/gone.css",
    "lib/pages/gone.html",
    "lib/pages/parts/deep/gone.css",
    "lib/pages/gone.txt",
    "lib/nobody/nobody.go",
    "gone/gone.go",
    "go.work",
    "go.work.sum",
    "job/go.sum",
    "lib/go.mod",
    "lib/pages/parts/go.mod",
    "old/go.mod",
    "gowork.toml",
    ".dockerignore",
    "README.md",
];

#[test]
fn each_kind_of_file() {
    let repository = Repository::new(RICH);
    let mut reported = String::new();
    for file in FILES {
        let said = repository.run(&format!("affected --files {file} --platform linux/amd64"));
        reported += &format!("{file} [{}]\n", said.code);
        let lines = said.out.lines().chain(said.err.lines());
        reported += &lines
            .map(|line| format!("    {line}\n"))
            .collect::<String>();
    }
    expect![[r#"
        lib/lib.go [0]
            api  file lib/lib.go
            job  file lib/lib.go
        api/main_windows.go [0]
            no image is touched
            not part of any image: api/main_windows.go
        api/main_test.go [0]
            no image is touched
            not part of any image: api/main_test.go
        api/dev.go [0]
            api  file api/dev.go may have been part of package example.com/api
        api/gone.go [0]
            api  file api/gone.go may have been part of package example.com/api
        api/gone_windows.go [0]
            no image is touched
            not part of any image: api/gone_windows.go
        api/default.pgo [0]
            api  file api/default.pgo
        job/default.pgo [0]
            job  file job/default.pgo was the profile of its main
        api/static/gone.css [0]
            api  runtime file api/static/gone.css
        lib/pages/gone.html [0]
            api  file lib/pages/gone.html matches the pattern *.html of package example.com/lib/pages
            job  file lib/pages/gone.html matches the pattern *.html of package example.com/lib/pages
        lib/pages/parts/deep/gone.css [0]
            api  file lib/pages/parts/deep/gone.css matches the pattern parts of package example.com/lib/pages
            job  file lib/pages/parts/deep/gone.css matches the pattern parts of package example.com/lib/pages
        lib/pages/gone.txt [0]
            no image is touched
            not part of any image: lib/pages/gone.txt
        lib/nobody/nobody.go [0]
            no image is touched
            not part of any image: lib/nobody/nobody.go
        gone/gone.go [0]
            no image is touched
            not part of any image: gone/gone.go
        go.work [0]
            api  go.work may decide versions for every image of its root
            job  go.work may decide versions for every image of its root
        go.work.sum [0]
            api  go.work.sum may decide versions for every image of its root
        job/go.sum [0]
            api  job/go.sum may decide versions for every image of its root
        lib/go.mod [0]
            api  lib/go.mod may decide versions for every image of its root
            job  lib/go.mod may decide versions for every image of its root
        lib/pages/parts/go.mod [0]
            api  lib/pages/parts/go.mod makes lib/pages/parts a module of its own, or no longer does
            job  lib/pages/parts/go.mod makes lib/pages/parts a module of its own, or no longer does
        old/go.mod [0]
            no image is touched
            not part of any image: old/go.mod
        gowork.toml [0]
            api  gowork.toml is the configuration
            job  gowork.toml is the configuration
        .dockerignore [0]
            api  .dockerignore is the ignore file of the build
            job  .dockerignore is the ignore file of the build
        README.md [0]
            no image is touched
            not part of any image: README.md
    "#]]
    .assert_eq(&reported);
}

#[test]
fn several_files() {
    let repository = Repository::new(RICH);
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
                  "kind": "named",
                  "text": "file api/main.go"
                }
              ]
            },
            {
              "image": "job",
              "status": "changed",
              "reasons": [
                {
                  "kind": "named",
                  "text": "file job/x.go may have been part of package example.com/job"
                }
              ]
            }
          ],
          "files_of_no_image": [
            "README.md",
            "docs"
          ]
        }
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected --files README.md ./api/main.go job/x.go docs --format json")
            .to_string(),
    );
    expect![[r#"
        --- stderr
        error: --files ../x: it lies outside the repository
        exit 2
    "#]]
    .assert_eq(&repository.run("affected --files ../x").to_string());
}
