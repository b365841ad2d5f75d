//! Which images an edit touches, in real git repositories.

use expect_test::{Expect, expect};

use crate::proxy::Proxy;
use crate::support::{RICH, Repository, SMALL};

/// What `affected --since HEAD` says of `archive` after an edit.
fn after(archive: &str, edit: impl FnOnce(&Repository), expected: &Expect) {
    let repository = Repository::new(archive);
    repository.commit();
    edit(&repository);
    expected.assert_eq(
        &repository
            .run("affected --since HEAD --platform linux/amd64")
            .to_string(),
    );
}

#[test]
fn nothing() {
    after(
        RICH,
        |_| (),
        &expect![[r#"
        --- stderr
        no image is touched
        exit 0
    "#]],
    );
}

#[test]
fn files_of_nobody() {
    after(
        RICH,
        |repository| {
            repository.write("README.md", "other words\n");
            repository.write("api/main_test.go", "package main\n\nimport \"testing\"\n");
            repository.write("api/main_windows.go", "package main\n\nvar X int\n");
            repository.write("lib/nobody/nobody.go", "package nobody\n\nvar X int\n");
            repository.write("docs/guide.go", "package docs\n\nvar X int\n");
            repository.write(
                "lib/go.mod",
                "// a comment\nmodule example.com/lib\n\ngo 1.26\n",
            );
            repository.write("old/go.mod", "module example.com/other\n");
        },
        &expect![[r#"
            --- stderr
            no image is touched
            exit 0
        "#]],
    );
}

#[test]
fn sources_embeds_profiles_and_runtime_files() {
    after(
        RICH,
        |repository| repository.write("lib/lib.go", "package lib\n\nfunc Run(int) {}\n"),
        &expect![[r#"
        --- stdout
        api  file lib/lib.go changed; file lib/pages/home.html is gone; file lib/pages/pages.go is gone; file lib/pages/parts/head.html is gone
        job  file lib/lib.go changed; file lib/pages/home.html is gone; file lib/pages/pages.go is gone; file lib/pages/parts/head.html is gone
        exit 0
    "#]],
    );
    after(
        RICH,
        |repository| repository.write("lib/pages/new.html", "new\n"),
        &expect![[r#"
        --- stdout
        api  file lib/pages/new.html is new
        job  file lib/pages/new.html is new
        exit 0
    "#]],
    );
    after(
        RICH,
        |repository| repository.remove("lib/pages/parts/head.html"),
        &expect![[r#"
        --- stderr
        error: pattern parts: cannot embed directory parts: contains no embeddable files
         --> lib/pages/pages.go:5:19
          |
        5 | //go:embed *.html parts
          |                   ^^^^^
          |
          = help: patterns start at the directory of the Go file; see whether .dockerignore leaves the files out

        1 error
        exit 1
    "#]],
    );
    after(
        RICH,
        |repository| repository.remove("api/default.pgo"),
        &expect![[r#"
        --- stdout
        api  file api/default.pgo is gone
        exit 0
    "#]],
    );
    after(
        RICH,
        |repository| repository.write("api/static/index.html", "bye\n"),
        &expect![[r#"
        --- stdout
        api  runtime file api/static/index.html changed
        exit 0
    "#]],
    );
}

#[cfg(unix)]
#[test]
fn a_mode_counts_in_an_image_and_nowhere_else() {
    let executable = |name: &'static str| {
        move |repository: &Repository| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(
                repository.path().join(name),
                std::fs::Permissions::from_mode(0o755),
            )
            .unwrap();
        }
    };
    after(
        RICH,
        executable("api/static/index.html"),
        &expect![[r#"
        --- stdout
        api  runtime file api/static/index.html changed
        exit 0
    "#]],
    );
    after(
        RICH,
        executable("lib/lib.go"),
        &expect![[r#"
        --- stderr
        no image is touched
        exit 0
    "#]],
    );
}

#[test]
fn images_come_and_go() {
    after(
        SMALL,
        |repository| {
            repository.write("lib/cmd/tool/main.go", "package main\n\nfunc main() {}\n");
            repository.remove("job/main.go");
        },
        &expect![[r#"
            --- stdout
            job   is not an image any more
            tool  was not an image in HEAD
            exit 0
        "#]],
    );
}

#[test]
fn configuration() {
    let text = "[go]\nldflags = \"-s\"\n\n[images.api]\nenv = { LEVEL = \"info\" }\n";
    after(
        SMALL,
        |repository| repository.write("gowork.toml", text),
        &expect![[r#"
        --- stdout
        api  -ldflags "-s -w" -> "-s"; runtime env LEVEL "info" is new
        job  -ldflags "-s -w" -> "-s"
        exit 0
    "#]],
    );
    after(
        RICH,
        |repository| repository.write(".dockerignore", "docs\n**/head.html\n"),
        &expect![[r#"
        --- stderr
        error: pattern parts: cannot embed directory parts: contains no embeddable files
         --> lib/pages/pages.go:5:19
          |
        5 | //go:embed *.html parts
          |                   ^^^^^
          |
          = help: patterns start at the directory of the Go file; see whether .dockerignore leaves the files out

        1 error
        exit 1
    "#]],
    );
}

#[test]
fn a_configuration_that_the_commit_lacks() {
    let repository = Repository::new(SMALL);
    repository.commit();
    repository.write("ci/images.toml", "[go]\nldflags = \"-s\"\n");
    expect![[r#"
        --- stdout
        api  -ldflags "-s -w" -> "-s"
        job  -ldflags "-s -w" -> "-s"
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run("affected -f ci/images.toml --since HEAD")
            .to_string(),
    );
    let outside = Repository::new("\n-- images.toml --\n[go]\nldflags = \"-s\"\n");
    let path = outside.path().join("images.toml");
    expect![[r#"
        --- stderr
        no image is touched
        exit 0
    "#]]
    .assert_eq(
        &repository
            .run(&format!("affected -f {} --since HEAD", path.display()))
            .to_string(),
    );
}

#[test]
fn mod_files_without_go() {
    let text = "module example.com/api\n\ngo 1.26\n\nrequire third.example.com/text v0.4.0\n";
    after(
        RICH,
        |repository| repository.write("api/go.mod", text),
        &expect![[r#"
        --- stdout
        api  api/go.mod: require third.example.com/text v0.3.0 -> v0.4.0 (perhaps: --resolve asks go whether that changes a version here)
        exit 0
    "#]],
    );
    after(
        RICH,
        |repository| repository.write("lib/go.mod", "module example.com/lib\n\ngo 1.25\n"),
        &expect![[r#"
            --- stdout
            api  module example.com/lib go 1.26 -> go 1.25
            job  module example.com/lib go 1.26 -> go 1.25
            exit 0
        "#]],
    );
}

/// A module that requires nothing has no say in versions.
#[test]
fn a_new_member_without_requirements_touches_nobody() {
    after(
        RICH,
        |repository| {
            repository.write("tools/go.mod", "module example.com/tools\n\ngo 1.26\n");
            repository.write(
                "go.work",
                "go 1.26\n\nuse (\n\t./api\n\t./job\n\t./lib\n\t./tools\n)\n",
            );
        },
        &expect![[r#"
            --- stderr
            no image is touched
            exit 0
        "#]],
    );
}

/// A member that nobody imports raises a version: go knows for whom.
#[test]
fn mod_files_with_go() {
    let proxy_dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::new(proxy_dir.path());
    let repository = Repository::new(SMALL);
    let service = |name: &str, require: &str, import: &str| {
        repository.write(
            &format!("{name}/go.mod"),
            &format!("module example.com/{name}\n\ngo 1.26\n\n{require}"),
        );
        let text =
            format!("package main\n\nimport _ \"third.example/{import}\"\n\nfunc main() {{}}\n");
        repository.write(&format!("{name}/main.go"), &text);
        repository.write(&format!("{name}/go.sum"), &proxy.sums);
    };
    service(
        "api",
        "require third.example/t0 v1.0.0\nrequire third.example/t1 v1.0.0\n",
        "t0/moving",
    );
    service("job", "require third.example/t2 v1.0.0\n", "t2/stable");
    repository.write("go.work.sum", &proxy.sums);
    repository.commit();
    repository.write(
        "lib/go.mod",
        "module example.com/lib\n\ngo 1.26\n\nrequire third.example/t1 v1.2.0\n",
    );
    let run = |args: &str| repository.run_with(args, &proxy.env()).to_string();
    expect![[r#"
        --- stdout
        api  lib/go.mod: require third.example/t1 v1.2.0 is new (perhaps: --resolve asks go whether that changes a version here)
        job  lib/go.mod: require third.example/t1 v1.2.0 is new (perhaps: --resolve asks go whether that changes a version here)
        exit 0
    "#]]
    .assert_eq(&run("affected --since HEAD"));
    expect![[r#"
        --- stdout
        api  module third.example/t1 v1.0.0 -> v1.2.0
        exit 0
    "#]]
    .assert_eq(&run("affected --since HEAD --resolve"));
    expect![[r#"
        --- stdout
        third.example/t1/... is part of api: package third.example/t1/stable of module third.example/t1 v1.2.0

        imported by way of
          api/main.go:3:8  example.com/api imports third.example/t0/moving
                           third.example/t0/moving imports third.example/t1/stable
        exit 0
    "#]]
    .assert_eq(&run("explain api third.example/t1/... --resolve"));
    repository.write(
        "lib/go.mod",
        "module example.com/lib\n\ngo 1.26\n\nrequire third.example/t1 v1.9.0\n",
    );
    let said = repository.run_with("affected --since HEAD --resolve", &proxy.env());
    assert_eq!(said.code, 0);
    let tail = "So versions are not known, and every line that may decide one counts.\n";
    assert!(
        said.err.starts_with("go list says:\n") && said.err.ends_with(tail),
        "{said}"
    );
    assert_eq!(said.out.lines().count(), 2, "{said}");
}

#[test]
fn commits_untracked_and_ignored_files() {
    let repository = Repository::new(SMALL);
    repository.write(".gitignore", "*.gen.go\n");
    repository.write("lib/made.gen.go", "package lib\n\nvar Made int\n");
    repository.commit();
    repository.write("api/one.go", "package main\n");
    repository.commit();
    repository.write("job/two.go", "package main\n");
    repository.write("lib/made.gen.go", "package lib\n\nvar Other int\n");
    expect![[r#"
        --- stdout
        api  file api/one.go is new
        job  file job/two.go is new
        exit 0
    "#]]
    .assert_eq(&repository.run("affected --since HEAD~1").to_string());
    repository.git("add --all");
    expect![[r#"
        --- stdout
        job  file job/two.go is new
        exit 0
    "#]]
    .assert_eq(&repository.run("affected --since HEAD").to_string());
}

/// A generated file that git does not know must not make the commit look broken.
#[test]
fn an_ignored_embed() {
    let repository = Repository::new(SMALL);
    repository.write(".gitignore", "dist\n");
    repository.write("api/dist/app.js", "x\n");
    let main = "package main\n\nimport _ \"embed\"\n\n//go:embed dist/app.js\nvar App string\n\nfunc main() {}\n";
    repository.write("api/main.go", main);
    repository.commit();
    repository.write("job/two.go", "package main\n");
    expect![[r#"
        --- stdout
        job  file job/two.go is new
        exit 0
    "#]]
    .assert_eq(&repository.run("affected --since HEAD").to_string());
}

#[cfg(unix)]
#[test]
fn links_and_directories_of_a_larger_repository() {
    let repository = Repository::new("\n-- top/README.md --\nwords\n");
    for part in SMALL.split("\n-- ").skip(1) {
        let (name, text) = part.split_once(" --\n").unwrap();
        repository.write(&format!("go/{name}"), &format!("{text}\n"));
    }
    std::os::unix::fs::symlink(
        "../lib/shared.txt",
        repository.path().join("go/api/linked.go"),
    )
    .unwrap();
    repository.write("go/lib/shared.txt", "package main\n");
    repository.commit();
    repository.write("go/lib/shared.txt", "package main\n\nvar X int\n");
    expect![[r#"
        --- stdout
        api  file api/linked.go changed; file lib/shared.txt changed
        exit 0
    "#]]
    .assert_eq(&repository.run("affected -C go --since HEAD").to_string());
}
