//! Which file is the configuration: the one that `docker buildx build` takes.

use expect_test::expect;

use crate::support::{Repository, SMALL};

/// The images that `args` lists, and what is said beside them.
fn listed(repository: &Repository, args: &str) -> (Vec<String>, String) {
    let said = repository.run(&format!("list {args}"));
    let images = said.out.lines().skip(1).take_while(|line| !line.is_empty());
    (
        images
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect(),
        said.err,
    )
}

const OURS: &str = "# syntax=docker.io/gowork/gowork:1\nskip = [\"./job\"]\n";
const OTHER: &str = "skip = [\"./api\"]\n";

#[test]
fn a_dockerfile_of_ours_goes_first_and_the_other_is_named() {
    let repository = Repository::new(SMALL);
    repository.write("gowork.toml", OTHER);
    assert_eq!(
        listed(&repository, ""),
        (vec!["job".to_owned()], String::new())
    );
    repository.write("Dockerfile", OURS);
    let (images, said) = listed(&repository, "");
    assert_eq!(images, ["api"]);
    expect![[r#"
        warning[IgnoredDefinition]: gowork.toml is not read: Dockerfile is the configuration here, as it is for `docker buildx build .`
         |
         = help: keep one of the two, or name the other one with -f gowork.toml, for gowork and docker alike

        1 warning
    "#]]
    .assert_eq(&said);
    assert_eq!(
        listed(&repository, "-f gowork.toml"),
        (vec!["job".to_owned()], String::new())
    );
    for command in [
        "check",
        "plan",
        "graph",
        "explain api",
        "affected --files api/main.go",
        "dockerfile",
        "bake",
        "dockerignore",
    ] {
        let said = repository.run(command);
        assert_eq!(said.code, 0, "{command}: {said}");
        assert!(
            said.err.contains("gowork.toml is not read"),
            "{command}: {said}"
        );
    }
    repository.write("gowork.toml", OURS);
    assert_eq!(
        listed(&repository, "").1,
        "",
        "the same text twice is no difference"
    );
}

#[test]
fn a_dockerfile_of_instructions_beside_a_configuration() {
    let repository = Repository::new(SMALL);
    repository.write("gowork.toml", OTHER);
    assert_eq!(repository.run("dockerfile -o Dockerfile").code, 0);
    assert_eq!(
        listed(&repository, ""),
        (vec!["job".to_owned()], String::new()),
        "it was printed from that configuration"
    );
    repository.write("Dockerfile", "FROM scratch\n");
    let (images, said) = listed(&repository, "");
    assert_eq!(images, ["job"]);
    assert!(
        said.contains("`docker buildx build .` builds Dockerfile, which gowork did not print"),
        "{said}"
    );
    // As `gowork init --output gowork.toml` begins it: the user has named it in builds.
    let begun = format!("# syntax=docker.io/gowork/gowork:1\n{OTHER}");
    repository.write("gowork.toml", &begun);
    assert_eq!(
        listed(&repository, ""),
        (vec!["job".to_owned()], String::new())
    );
    repository.remove("gowork.toml");
    let everything = ["api", "job"].map(ToOwned::to_owned).to_vec();
    assert_eq!(listed(&repository, ""), (everything, String::new()));
}

#[test]
fn how_a_configuration_is_known() {
    let body = "skip = [\"./job\"]\n";
    for head in [
        "# syntax=docker.io/gowork/gowork:1",
        "#syntax = gowork/gowork",
        "# SYNTAX=registry.example.com:5000/gowork/gowork@sha256:0123",
        "\u{feff}# syntax=docker.io/gowork/gowork:1",
        "# syntax=docker.io/gowork/gowork:1\r",
        "# check=skip=all\n# syntax=docker.io/gowork/gowork:1",
        "# syntax=docker.io/gowork/gowork:1\n# check=error=true",
        "# escape=`\n#   syntax   =   docker.io/gowork/gowork:1   # more",
        "# syntax=reg.corp/tools/gofe:1",
        "# syntax=reg.corp/tools/gofe:1\r\n\r",
        "\u{feff}#syntax=localhost:5000/go@sha256:0123",
        "# No syntax line: built with the build-arg BUILDKIT_SYNTAX.",
    ] {
        let repository = Repository::new(SMALL);
        for name in ["Dockerfile", "dockerfile"] {
            repository.write(name, &format!("{head}\n{body}"));
            assert_eq!(
                listed(&repository, ""),
                (vec!["api".to_owned()], String::new()),
                "{name} with {head:?}"
            );
            repository.remove(name);
        }
    }
    for text in [
        "FROM scratch\n",
        "",
        "# words\n",
        "# syntax=docker/dockerfile:1\nFROM scratch\n",
        "# syntax=reg.corp/mirror/dockerfile:1.20\n",
        "# syntax=reg.corp/tools/other:1\nFROM golang:1.26 AS gowork\n",
        "# words\n# syntax=docker.io/gowork/gowork:1\nFROM scratch\n",
        "# syntax=docker/dockerfile:1\n# syntax=docker.io/gowork/gowork:1\nFROM scratch\n",
    ] {
        let repository = Repository::new(SMALL);
        repository.write("Dockerfile", text);
        assert_eq!(
            listed(&repository, ""),
            (
                ["api", "job"].map(ToOwned::to_owned).to_vec(),
                String::new()
            ),
            "{text:?}"
        );
    }
}

/// The frontend gets these files too, and refuses them with the same words.
#[test]
fn a_configuration_with_errors_is_one() {
    for (text, error) in [
        (
            "# syntax=docker.io/gowork/gowork:1\n[go]\nFROM scratch\n",
            "`FROM` is an instruction of a Dockerfile, and the text above it is TOML",
        ),
        ("# syntax=docker.io/gowork/gowork:1\nskip = [\n", "TOML: "),
        (
            "# syntax=reg.corp/tools/gofe:1\nskpi = []\n",
            "unknown key `skpi`",
        ),
        ("// syntax=docker.io/gowork/gowork:1\nskip = []\n", "TOML: "),
        ("{\"syntax\": \"docker.io/gowork/gowork:1\"}\n", "TOML: "),
        (
            "#!/usr/bin/env docker\n# syntax=docker.io/gowork/gowork:1\nskpi = []\n",
            "unknown key `skpi`",
        ),
    ] {
        let repository = Repository::new(SMALL);
        repository.write("Dockerfile", text);
        let said = repository.run("check");
        assert!(
            said.code == 1 && said.err.contains(error),
            "{text:?}: {said}"
        );
    }
}

/// Settings for the binaries, with nothing to say of the stages. Commands that print images for the
/// stages to be left out say so.
#[test]
fn a_dockerfile_with_stages_has_its_settings_beside_it() {
    let repository = Repository::new(SMALL);
    let stages = "# syntax=docker.io/gowork/gowork:1\n# check=skip=all\nFROM scratch\nCOPY --from=gowork /api /\n";
    repository.write("Dockerfile", stages);
    assert_eq!(listed(&repository, "").0, ["api", "job"]);
    repository.write("gowork.toml", "skip = [\"./job\"]\n");
    assert_eq!(listed(&repository, "").0, ["api"]);
    assert_eq!(listed(&repository, "--build-arg FOR=stages").0, ["api"]);
    repository.write("deploy/x.Dockerfile", stages);
    repository.write("deploy/gowork.toml", "skip = [\"./api\"]\n");
    assert_eq!(listed(&repository, "-f deploy/x.Dockerfile").0, ["job"]);
    let said = repository.run("check");
    assert!(said.code == 0 && said.err.contains("no errors"), "{said}");
    for command in ["dockerfile", "bake"] {
        let said = repository.run(command);
        assert!(
            said.code == 1 && said.err.contains("Dockerfile has stages of its own"),
            "{said}"
        );
        let said = repository.run(&format!("{command} -f gowork.toml"));
        assert!(said.code == 0, "{said}");
    }
}

#[test]
fn a_file_of_an_unknown_frontend_is_named() {
    let repository = Repository::new(SMALL);
    repository.write(
        "Dockerfile",
        "# syntax=ghcr.io/someone/packages:1\nname: words\n",
    );
    expect![[r#"
        --- stdout
        IMAGE  MAIN   MODULE           BINARY  MADE OF                  WHY
        api    ./api  example.com/api  api     2 packages of 2 modules  package main
        job    ./job  example.com/job  job     2 packages of 2 modules  package main
        --- stderr
        warning[IgnoredDefinition]: Dockerfile is not read: it is written for ghcr.io/someone/packages:1, and its text is not TOML
         --> Dockerfile:1:1
          |
        1 | # syntax=ghcr.io/someone/packages:1
          | ^
          |
          = help: if it is a configuration for gowork, name it with -f

        1 warning
        exit 0
    "#]]
    .assert_eq(&repository.run("list").to_string());
}

#[test]
fn a_directory_is_no_configuration() {
    let repository = Repository::new(SMALL);
    repository.write("Dockerfile/words", "");
    repository.write("gowork.toml/words", "");
    assert_eq!(listed(&repository, "").0, ["api", "job"]);
}

#[test]
fn since_a_commit_with_another_choice() {
    let repository = Repository::new(SMALL);
    repository.write("Dockerfile", &format!("{OURS}[images.api]\nports = [80]\n"));
    repository.commit();
    repository.write("gowork.toml", "[images.api]\nports = [81]\n");
    let said = repository.run("affected --since HEAD");
    assert!(
        said.out.is_empty() && said.err.contains("gowork.toml is not read"),
        "the build is as before: {said}"
    );
    repository.remove("Dockerfile");
    let said = repository.run("affected --since HEAD");
    assert!(
        said.out.contains("api") && said.out.contains("job"),
        "now the other one counts: {said}"
    );
    let said = repository.run("affected --files Dockerfile");
    assert!(
        said.out.contains("Dockerfile is the configuration"),
        "{said}"
    );
}

/// `-f` is seen from the current directory, also where the repository has a file of that name.
#[test]
fn a_configuration_outside_with_a_name_that_is_inside_too() {
    let repository = Repository::new("");
    for part in ["one", "one/repo", "repo"] {
        repository.write(
            &format!("{part}/go.mod"),
            "module example.com/m\n\ngo 1.26\n",
        );
        repository.write(
            &format!("{part}/main.go"),
            "package main\n\nfunc main() {}\n",
        );
    }
    repository.write("images.toml", "[images.outer]\nmain = \".\"\n");
    repository.write("repo/images.toml", "[images.inner]\nmain = \".\"\n");
    assert_eq!(listed(&repository, "-C repo -f images.toml").0, ["outer"]);
    assert_eq!(
        listed(&repository, "-C repo -f repo/images.toml").0,
        ["inner"]
    );
}
