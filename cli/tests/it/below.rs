//! Run in a directory of the repository: its root is found, as the go command finds go.work and
//! go.mod.

use expect_test::expect;

use crate::support::{Repository, SMALL, run};

fn images(repository: &Repository, dir: &str, args: &str) -> (Vec<String>, String) {
    let said = run(&repository.path().join(dir), &format!("list {args}"));
    let images = said.out.lines().skip(1).take_while(|line| !line.is_empty());
    (
        images
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect(),
        said.err,
    )
}

#[test]
fn the_workspace_above() {
    let repository = Repository::new(SMALL);
    repository.write("lib/deep/er/words.txt", "");
    let both = ["api", "job"].map(ToOwned::to_owned).to_vec();
    assert_eq!(images(&repository, "", ""), (both.clone(), String::new()));
    assert_eq!(
        images(&repository, "api", ""),
        (
            both.clone(),
            "the root of the repository is .. (go.work)\n".to_owned()
        )
    );
    assert_eq!(
        images(&repository, "lib/deep/er", ""),
        (
            both,
            "the root of the repository is ../../.. (go.work)\n".to_owned()
        )
    );
    assert_eq!(
        images(&repository, "api", "-C ."),
        (vec!["api".to_owned()], String::new()),
        "-C is taken as it is"
    );
    for command in [
        "check",
        "plan",
        "graph",
        "explain job",
        "affected --files lib/lib.go",
        "dockerfile",
        "bake",
        "dockerignore",
    ] {
        let here = run(&repository.path().join("lib/deep"), command);
        let there = repository.run(command);
        assert_eq!((here.code, here.out), (0, there.out), "{command}");
    }
}

#[test]
fn the_module_above() {
    let repository = Repository::new(SMALL);
    repository.remove("go.work");
    repository.write("api/cmd/words/words.go", "package words\n");
    assert_eq!(
        images(&repository, "api/cmd/words", "").1,
        "the root of the repository is ../.. (go.mod)\n"
    );
    assert_eq!(
        images(&repository, "", "").0,
        ["api", "job"],
        "a directory of modules is searched for them"
    );
    repository.write("go.mod", "module example.com/top\n\ngo 1.26\n");
    assert_eq!(
        images(&repository, "api/cmd", "").1,
        "the root of the repository is .. (go.mod)\n",
        "the nearest"
    );
    assert_eq!(images(&repository, "job", "").1, "");
}

#[test]
fn the_configuration_above() {
    let repository = Repository::new(SMALL);
    repository.remove("go.work");
    for (name, text) in [
        ("gowork.toml", "skip = [\"./job\"]\n"),
        (
            "Dockerfile",
            "# syntax=reg.corp/tools/go:1\nskip = [\"./job\"]\n",
        ),
    ] {
        repository.write(name, text);
        assert_eq!(
            images(&repository, "api", "").1,
            format!("the root of the repository is .. ({name})\n")
        );
        repository.remove(name);
    }
    repository.write("Dockerfile", "FROM scratch\n");
    assert_eq!(images(&repository, "api", "").1, "", "somebody else's");
    repository.write("go.work", "go 1.26\n\nuse ./api\n");
    repository.write("api/gowork.toml", "");
    assert_eq!(
        images(&repository, "api", ""),
        (vec!["api".to_owned()], String::new()),
        "a build of this directory"
    );
}

#[test]
fn the_top_of_the_git_repository_ends_the_search() {
    let repository = Repository::new(SMALL);
    repository.write("lib/cmd/tool/main.go", "package main\n\nfunc main() {}\n");
    let ends = |dir: &str| {
        assert_eq!(
            images(&repository, "lib", ""),
            (vec!["tool".to_owned()], String::new()),
            "{dir}"
        );
        assert_eq!(
            images(&repository, "lib/cmd", "").1,
            "the root of the repository is .. (go.mod)\n",
            "{dir}"
        );
    };
    repository.write("lib/.git", "gitdir: a work tree has a file\n");
    ends("a file");
    repository.remove("lib/.git");
    repository.write("lib/.git/HEAD", "");
    ends("a directory");
}

#[test]
fn names_of_files() {
    let repository = Repository::new(SMALL);
    let api = repository.path().join("api");
    let part = "api/main.go is part of api: ";
    for name in ["main.go", "./main.go", "api/main.go", "../api/main.go"] {
        let said = run(&api, &format!("explain api {name}"));
        assert!(said.out.starts_with(part), "{name}: {said}");
    }
    assert!(
        run(&api, "explain api ../lib/lib.go")
            .out
            .starts_with("lib/lib.go is part of api: ")
    );
    assert_eq!(run(&api, "dockerfile -o Printed").code, 0);
    assert!(
        api.join("Printed").is_file(),
        "a file to write is seen from the current directory"
    );
    repository.write("api/some.toml", "skip = [\"./job\"]\n");
    assert_eq!(images(&repository, "api", "-f some.toml").0, ["api"]);
    expect![[r#"
        --- stderr
        the root of the repository is .. (go.work)
        error: nowhere.toml: No such file or directory (os error 2)
        exit 3
    "#]]
    .assert_eq(&run(&api, "list -f nowhere.toml").to_string());
}

/// Names of files may have a backslash, where it separates nothing.
#[cfg(unix)]
#[test]
fn a_backslash_is_a_letter() {
    let repository = Repository::new(SMALL);
    repository.write("od\\d/gowork.toml", "skip = [\"./job\"]\n");
    let api = vec!["api".to_owned()];
    assert_eq!(
        images(&repository, "", "-f od\\d/gowork.toml"),
        (api, String::new())
    );
    repository.write("lib/od\\d/words.txt", "");
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport _ \"embed\"\n\n//go:embed words.txt\nvar words string\n\nfunc Run() {}\n",
    );
    repository.write("lib/words.txt", "");
    let said = run(
        &repository.path().join("lib/od\\d"),
        "explain api ../words.txt",
    );
    assert_eq!(said.code, 0, "{said}");
    assert!(
        said.out.contains("embedded by package example.com/lib"),
        "{said}"
    );
}
