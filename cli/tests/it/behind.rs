//! Own code behind third-party code: a fork that only third-party packages import is shown as part
//! of the images that reach it.

use expect_test::expect;

use crate::proxy::Proxy;
use crate::support::Repository;

/// Two services of one module: what the first imports imports the fork, what the second imports
/// does not.
fn repository(proxy: &Proxy, layout: &str) -> Repository {
    let archive = "
-- go.mod --
module example.com/app

go 1.26

require third.example/t0 v1.0.0

require third.example/t1 v1.0.0 // indirect

require third.example/t2 v1.0.0
-- cmd/app/main.go --
package main

import _ \"third.example/t0/moving\"

func main() {}
-- cmd/plain/main.go --
package main

import _ \"third.example/t2/stable\"

func main() {}
-- forks/t1/go.mod --
module third.example/t1

go 1.21
-- forks/t1/stable/stable.go --
package stable

import _ \"third.example/t1/internal/deep\"
-- forks/t1/internal/deep/deep.go --
package deep
-- forks/t1/unused/unused.go --
package unused
";
    let repository = Repository::new(archive);
    match layout {
        "replaced" => {
            let text = std::fs::read_to_string(repository.path().join("go.mod")).unwrap();
            repository.write(
                "go.mod",
                &(text + "\nreplace third.example/t1 => ./forks/t1\n"),
            );
        }
        _ => {
            repository.write("go.work", "go 1.26\n\nuse .\nuse ./forks/t1\n");
            repository.write("go.work.sum", &proxy.sums);
        }
    }
    repository.write("go.sum", &proxy.sums);
    repository.commit();
    repository
}

#[test]
fn an_edit_of_a_fork_touches_the_images_that_hold_it() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    for layout in ["replaced", "members"] {
        let repository = repository(&proxy, layout);
        let run = |args: &str| {
            repository
                .run_with(&format!("{args} --platform linux/amd64"), &proxy.env())
                .to_string()
        };
        repository.write(
            "forks/t1/internal/deep/deep.go",
            "package deep\n\nconst C = 1\n",
        );
        expect![[r#"
            --- stdout
            app  file forks/t1/internal/deep/deep.go changed
            exit 0
        "#]]
        .assert_eq(&run("affected --since HEAD --resolve"));
        expect![[r#"
            --- stdout
            app    file forks/t1/internal/deep/deep.go changed (perhaps: --resolve asks go whether third-party packages import that)
            plain  file forks/t1/internal/deep/deep.go changed (perhaps: --resolve asks go whether third-party packages import that)
            exit 0
        "#]].assert_eq(&run("affected --since HEAD"));
        expect![[r#"
            --- stdout
            app    file forks/t1/internal/deep/deep.go (perhaps: third-party packages may import third.example/t1/internal/deep)
            plain  file forks/t1/internal/deep/deep.go (perhaps: third-party packages may import third.example/t1/internal/deep)
            exit 0
        "#]]
        .assert_eq(&run("affected --files forks/t1/internal/deep/deep.go"));
        // What nobody imports may be imported, until go is asked.
        repository.commit();
        repository.write(
            "forks/t1/unused/unused.go",
            "package unused\n\nconst C = 1\n",
        );
        expect![[r#"
            --- stderr
            no image is touched
            exit 0
        "#]]
        .assert_eq(&run("affected --since HEAD --resolve"));
        expect![[r#"
            --- stdout
            app    file forks/t1/unused/unused.go changed (perhaps: --resolve asks go whether third-party packages import that)
            plain  file forks/t1/unused/unused.go changed (perhaps: --resolve asks go whether third-party packages import that)
            exit 0
        "#]]
        .assert_eq(&run("affected --since HEAD"));
    }
}

#[test]
fn a_fork_is_explained_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    for layout in ["replaced", "members"] {
        let repository = repository(&proxy, layout);
        let run = |args: &str| {
            repository
                .run_with(&format!("{args} --platform linux/amd64"), &proxy.env())
                .to_string()
        };
        let file = "forks/t1/internal/deep/deep.go";
        expect![[r#"
            --- stdout
            forks/t1/internal/deep/deep.go is part of app: a source of package third.example/t1/internal/deep

            imported by way of
              cmd/app/main.go:3:8            example.com/app/cmd/app imports third.example/t0/moving
                                             third.example/t0/moving imports third.example/t1/stable
              forks/t1/stable/stable.go:3:8  third.example/t1/stable imports third.example/t1/internal/deep

            read by
              unit:third.example/t0/moving  compile ./forks/t1/internal/deep, ./forks/t1/stable, third.example/t0/moving (app)
              link:app                      link app
            exit 0
        "#]]
        .assert_eq(&run(&format!("explain app {file} --resolve")));
        expect![[r#"
            --- stdout
            forks/t1/internal/deep/deep.go is part of app: perhaps a source of package third.example/t1/internal/deep, which third-party packages may import: --resolve asks go

            imported by way of
              cmd/app/main.go:3:8            example.com/app/cmd/app imports third.example/t0/moving
                                             third.example/t0/moving may import third.example/t1/stable
              forks/t1/stable/stable.go:3:8  third.example/t1/stable imports third.example/t1/internal/deep

            read by
              deps      compile std and third-party packages
              link:app  link app
            exit 0
        "#]].assert_eq(&run(&format!("explain app {file}")));
        expect![[r#"
            --- stdout
            forks/t1/internal/deep/deep.go is not part of plain: plain does not import package third.example/t1/internal/deep; these images do: app
            exit 0
        "#]].assert_eq(&run(&format!("explain plain {file} --resolve")));
        expect![[r#"
            --- stdout
            flowchart LR
              subgraph c0["example.com/app"]
                n0(["cmd/app<br>image app"]):::main
              end
              subgraph c1["third.example/t1"]
                n1(["stable"]):::own
                n2(["internal/deep"]):::own
              end
              n0 --> n1
              n1 --> n2
              classDef main fill:#dcfce7,stroke:#15803d,color:#111827
              classDef own fill:#ffffff,stroke:#6b7280,color:#111827
            exit 0
        "#]]
        .assert_eq(&run("graph app --of packages --resolve"));
        expect![[r#"
            --- stdout
            2 images on linux/amd64, built with golang:1.26

            steps
              resolve                       asks for 3 import paths
              std                           compiles 29 packages, kept in 29 parts
              deps                          compiles 1 package
              unit:third.example/t0/moving  compiles 3 packages; reads 2 source files
              link:app                      links example.com/app/cmd/app; reads 3 source files; after std, unit:third.example/t0/moving
              link:plain                    links example.com/app/cmd/plain; reads 1 source file; after std, deps

            images
              app: app of link:app on scratch with certificates and time zones, user 65532:65532
              plain: plain of link:plain on scratch with certificates and time zones, user 65532:65532
            exit 0
        "#]].assert_eq(&run("plan --resolve"));
    }
}

/// A fork without the package that a third-party one imports: as in a build.
#[test]
fn a_package_that_a_fork_lacks_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(dir.path());
    let repository = repository(&proxy, "replaced");
    repository.remove("forks/t1/stable/stable.go");
    expect![[r#"
        --- stderr
        error: cmd/app/main.go:3:8: package third.example/t1/stable is imported by third.example/t0/moving, but module third.example/t1 (forks/t1) has no such package (correct the import path, or see whether .dockerignore leaves the package out)
        exit 3
    "#]].assert_eq(&repository.run_with("plan --resolve", &proxy.env()).to_string());
}
