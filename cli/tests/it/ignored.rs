//! What .dockerignore leaves out is not there, for any command: a build does not see it.

use expect_test::expect;

use crate::support::{Repository, SMALL};

/// Every command that reads the repository, with words that fit [`SMALL`].
const COMMANDS: [&str; 12] = [
    "list",
    "check",
    "plan",
    "plan --format json",
    "graph",
    "graph api",
    "graph --of steps",
    "explain api",
    "affected --files api/main.go",
    "affected --since HEAD",
    "dockerfile",
    "bake",
];

/// A main that embeds a file, which the ignore file hides.
const EMBEDS: &str = "
-- go.mod --
module example.com/m

go 1.26
-- .dockerignore --
# everything, then sources
**
!**/*.go
!**/go.mod
-- cmd/agent/main.go --
package main

import _ \"embed\"

//go:embed job.yaml
var job string

func main() { print(job) }
-- cmd/agent/job.yaml --
kind: Job
";

#[test]
fn an_embedded_file() {
    let repository = Repository::new(EMBEDS);
    repository.commit();
    for command in COMMANDS {
        let said = repository.run(&command.replace("api", "agent"));
        assert_eq!(said.code, 1, "{command}: {said}");
        assert!(
            said.err
                .contains("pattern job.yaml: no matching files found"),
            "{command}: {said}"
        );
    }
    expect![[r#"
        --- stderr
        error: pattern job.yaml: no matching files found
         --> cmd/agent/main.go:5:12
          |
        5 | //go:embed job.yaml
          |            ^^^^^^^^
          |
          = help: patterns start at the directory of the Go file; see whether .dockerignore leaves the files out

        1 error
        exit 1
    "#]]
    .assert_eq(&repository.run("check").to_string());
}

#[test]
fn a_member() {
    let repository = Repository::new(SMALL);
    repository.commit();
    repository.write(".dockerignore", "lib\n");
    for command in COMMANDS {
        let said = repository.run(command);
        assert!(
            said.code == 1 && said.err.contains("no lib/go.mod"),
            "{command}: {said}"
        );
    }
}

#[test]
fn a_main() {
    let repository = Repository::new(SMALL);
    repository.write(".dockerignore", "job/*.go\n");
    for command in ["list", "plan", "graph --of steps", "dockerfile", "bake"] {
        let said = repository.run(command);
        assert!(
            said.code == 0 && said.out.contains("api") && !said.out.contains("link job"),
            "{command}: {said}"
        );
    }
    assert!(!repository.run("bake").out.contains("\"job\""));
    assert_eq!(
        repository.run("check --platform linux/amd64").err,
        "1 image on linux/amd64: no errors\n"
    );
}

/// The file named after the definition file wins, for that definition file alone.
#[test]
fn the_ignore_file_of_the_definition() {
    let images = |repository: &Repository, args: &str| -> Vec<String> {
        let said = repository.run(&format!("list {args}"));
        said.out
            .lines()
            .skip(1)
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    };
    let repository = Repository::new(SMALL);
    repository.write(".dockerignore", "job/main.go\n");
    for (definition, text, args) in [
        ("Dockerfile", "# syntax=docker.io/gowork/gowork:1\n", ""),
        ("Dockerfile", "FROM scratch\n", ""),
        ("dockerfile", "# syntax=docker.io/gowork/gowork:1\n", ""),
        ("gowork.toml", "", ""),
        ("ci/images.toml", "", "-f ci/images.toml"),
        ("gowork.toml", "", "-f ./gowork.toml"),
    ] {
        repository.write(definition, text);
        assert_eq!(images(&repository, args), ["api"], "{definition}");
        let own = format!("{definition}.dockerignore");
        repository.write(&own, "api/main.go\n");
        assert_eq!(images(&repository, args), ["job"], "{definition}");
        repository.write(&own, "");
        assert_eq!(
            images(&repository, args),
            ["api", "job"],
            "{definition}: an empty one wins too"
        );
        repository.remove(definition);
        assert_eq!(
            images(&repository, ""),
            ["api"],
            "{own} without {definition}"
        );
        repository.remove(&own);
    }
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("x.toml"), "").unwrap();
    std::fs::write(outside.path().join("x.toml.dockerignore"), "api/main.go\n").unwrap();
    assert_eq!(
        images(
            &repository,
            &format!("-f {}/x.toml", outside.path().display())
        ),
        ["job"]
    );
}

/// What is printed is built by the name that it is printed to.
#[test]
fn the_ignore_file_of_a_printed_dockerfile() {
    let repository = Repository::new(SMALL);
    repository.write("gowork.toml", "");
    repository.write("gowork.toml.dockerignore", "api/main.go\n");
    let images = |output: &str| -> Vec<&str> {
        let path = repository.path().join(output);
        let said = repository.run(&format!("dockerfile --force -o {}", path.display()));
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("{said}"));
        ["api", "job"]
            .into_iter()
            .filter(|name| text.contains(&format!("FROM scratch AS {name}\n")))
            .collect()
    };
    assert_eq!(images("Dockerfile.plain"), ["api", "job"]);
    repository.write(".dockerignore", "job/main.go\n");
    assert_eq!(images("Dockerfile.plain"), ["api"]);
    repository.write("Dockerfile.plain.dockerignore", "api/main.go\n");
    assert_eq!(images("Dockerfile.plain"), ["job"]);
    assert_eq!(images("Dockerfile"), ["api"], "it has a name of its own");
    std::fs::create_dir(repository.path().join("ci")).unwrap();
    repository.write("ci/x.dockerignore", "");
    assert_eq!(images("ci/x"), ["api", "job"], "an empty one wins too");
    // What is wrong is shown with the lines of that file.
    repository.write("ci/x.dockerignore", "\n*\n");
    let said = repository.run("dockerfile -o ci/x");
    assert!(
        said.code == 1 && said.err.contains("--> ci/x.dockerignore:2:1"),
        "{said}"
    );
}

#[test]
fn everything() {
    let repository = Repository::new(SMALL);
    repository.commit();
    repository.write(".dockerignore", "# words\n\n*\n!README.md\n");
    for command in COMMANDS {
        let said = repository.run(command);
        assert!(
            said.code == 1 && said.err.contains(".dockerignore:3"),
            "{command}: {said}"
        );
    }
    expect![[r#"
        --- stderr
        error: the build sees no go.mod and no go.work: the rule "*" leaves out api/go.mod
         --> .dockerignore:3:1
          |
        3 | *
          | ^
          |
          = help: let mod files and sources in again below that rule, such as !api/go.mod, or print a new file: gowork dockerignore; if it is for a Dockerfile that you keep, begin beside it: gowork init --output gowork.toml

        1 error
        exit 1
    "#]]
    .assert_eq(&repository.run("list").to_string());
}

/// A new .dockerignore takes the old one's place, so the old one hides nothing from it.
#[test]
fn a_printed_ignore_file_is_printed_again() {
    let repository = Repository::new(&EMBEDS.replace("**\n", "words\n"));
    repository.remove(".dockerignore");
    assert_eq!(repository.run("dockerignore -o .dockerignore").code, 0);
    repository.write("cmd/agent/new.yaml", "kind: Job\n");
    let main = repository
        .text("cmd/agent/main.go")
        .replace("job.yaml", "job.yaml new.yaml")
        .replace("job string", "job embed.FS");
    repository.write(
        "cmd/agent/main.go",
        &main
            .replace("_ \"embed\"", "\"embed\"")
            .replace("print(job)", ""),
    );
    let said = repository.run("check");
    assert!(
        said.code == 1
            && said
                .err
                .contains("pattern new.yaml: no matching files found"),
        "the build does not see it: {said}"
    );
    assert_eq!(
        repository.run("dockerignore -o .dockerignore --check").code,
        1
    );
    assert_eq!(repository.run("dockerignore -o .dockerignore").code, 0);
    assert_eq!(repository.run("check").code, 0);
    assert!(
        repository
            .text(".dockerignore")
            .contains("!cmd/agent/new.yaml")
    );
}

/// Each side of a comparison has its own.
#[test]
fn since_a_commit_with_another_one() {
    let repository = Repository::new(SMALL);
    repository.write(".dockerignore", "job/main.go\n");
    repository.commit();
    repository.write(".dockerignore", "");
    expect![[r#"
        --- stdout
        job  was not an image in HEAD
        exit 0
    "#]]
    .assert_eq(&repository.run("affected --since HEAD").to_string());
    repository.write("job/extra.go", "package main\n");
    repository.write(".dockerignore", "job/*.go\n");
    expect![[r#"
        --- stderr
        no image is touched
        exit 0
    "#]]
    .assert_eq(&repository.run("affected --since HEAD").to_string());
}

/// `go build` takes what is added to an embedded directory, so the printed file lets it in.
#[test]
fn a_file_that_comes_into_an_embedded_directory() {
    let repository = Repository::new(
        r#"
-- go.mod --
module example.com/m

go 1.26
-- main.go --
package main

import (
	"embed"

	_ "example.com/m/pages"
)

//go:embed top*.json all:ui/(app)/*.svelte
var files embed.FS

func main() {}
-- top.json --
{}
-- ui/(app)/+page.svelte --
words
-- pages/pages.go --
package pages

import "embed"

//go:embed static all:parts/* mail/**.t[xm][^a]
var files embed.FS
-- pages/static/index.html --
words
-- pages/static/_hidden.html --
words
-- pages/parts/head/a.html --
words
-- pages/parts/testdata/case.txt --
words
-- pages/mail/a.txt --
words
"#,
    );
    assert_eq!(repository.run("dockerignore -o .dockerignore").code, 0);
    let printed = repository.text(".dockerignore");
    let patterns: Vec<&str> = printed
        .lines()
        .skip_while(|line| *line != "**/testdata")
        .skip(1)
        .collect();
    expect![[r#"
        !pages/static
        !pages/mail/*.t[xm][^a]
        !pages/parts/*
        !top*.json
        !ui/\(app\)/*.svelte"#]]
    .assert_eq(&patterns.join("\n"));
    for added in [
        "top2.json",
        "ui/(app)/+error.svelte",
        "pages/static/new/b.html",
        "pages/parts/c_test.go",
        "pages/mail/b.tmp",
    ] {
        assert_eq!(repository.run("check").err.lines().last(), Some(CHECKED));
        repository.write(added, "words");
        let said = repository.run(&format!("explain m {added}"));
        assert!(
            said.code == 0 && said.out.contains("embedded by package"),
            "{added}: {said}"
        );
    }
    // A page that is not embedded stays out.
    repository.write("ui/page.svelte", "words");
    let said = repository.run("explain m ui/page.svelte");
    assert!(said.out.contains("is not part of m"), "{said}");
    assert_eq!(
        repository
            .run("dockerignore -o .dockerignore --check")
            .to_string(),
        "exit 0\n"
    );
}

const CHECKED: &str = "1 image on linux/amd64 and linux/arm64: no errors";

/// A pattern that embeds everything does not let `.git` in: `go build` leaves it out too.
#[test]
fn everything_is_embedded() {
    let repository = Repository::new(
        r#"
-- go.mod --
module example.com/m

go 1.26
-- main.go --
package main

import "embed"

//go:embed *
var files embed.FS

func main() {}
"#,
    );
    let said = repository.run("dockerignore");
    assert!(said.out.ends_with("**/testdata\n!*\n.git\n"), "{said}");
}

/// A build of an image embeds less than `go build`.
#[test]
fn a_part_of_what_is_embedded() {
    let repository = Repository::new(
        r#"
-- go.mod --
module example.com/m

go 1.26
-- .dockerignore --
# Words
**/*.md
**/.DS_Store
-- main.go --
package main

import "embed"

//go:embed all:pages
var files embed.FS

func main() {}
-- pages/index.html --
words
-- pages/.DS_Store --
words
-- pages/about.md --
words
-- pages/help/start.md --
words
-- README.md --
words
"#,
    );
    expect![[r#"
        --- stderr
        warning[IgnoredEmbed]: the pattern all:pages embeds pages/about.md and 1 more in `go build`, but not in an image: .dockerignore leaves that out
         --> main.go:5:12
          |
        5 | //go:embed all:pages
          |            ^^^^^^^^^
          |
         ::: .dockerignore:2:1
          |
        2 | **/*.md
          | ------- left out by this rule
          |
          = help: let it in again below that rule: !pages/about.md; or print a new file: gowork dockerignore

        1 warning
        1 image on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]].assert_eq(&repository.run("check").to_string());
    let said = repository.run("check --format json");
    assert!(said.out.contains("\"IgnoredEmbed\""), "{said}");
    repository.write("gowork.toml", "[check]\nskip = [\"IgnoredEmbed\"]\n");
    assert_eq!(repository.run("check").err.lines().count(), 1);
    repository.remove("gowork.toml");
    repository.write(".dockerignore", "**/*.md\n!pages/**\n");
    assert_eq!(repository.run("check").err.lines().count(), 1);
}
