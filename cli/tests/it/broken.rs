//! One broken main stops nobody: what is sound is printed, what is not is named, and the exit code
//! is 1.

use expect_test::expect;

use crate::support::{Repository, SMALL};

/// Commands that show or print images, and something that they print of the sound one.
const COMMANDS: [(&str, &str); 12] = [
    ("list", "./api"),
    ("plan", "link:api"),
    ("plan --format json", "\"api\""),
    ("graph", "image api"),
    ("graph api", "image api"),
    ("graph --of steps", "link api"),
    ("explain api", "example.com/api"),
    ("explain api api/main.go", "is part of api"),
    ("affected --files api/main.go", "api"),
    ("dockerfile", "FROM scratch AS api"),
    ("bake", "target \"api\""),
    ("dockerignore", "!**/go.mod"),
];

/// What somebody does to `job`, in a file of it, and what is said.
const FAULTS: [(&str, &str, &str); 8] = [
    (
        "job/main.go",
        "package main\n\nimport _ \"example.com/lib/nothing\"\n\nfunc main() {}\n",
        "no such package",
    ),
    (
        "job/main.go",
        "package main\n\nimport _ \"embed\"\n\n//go:embed nothing\nvar x string\n\nfunc main() {}\n",
        "pattern nothing",
    ),
    ("job/more.go", "package other\n", "other"),
    // The first file by name gives the package its name.
    ("job/first.go", "package other\n", "found packages"),
    (
        "job/more.go",
        "package main\n\nimport \"unfinished\n",
        "job/more.go",
    ),
    (
        "gowork.toml",
        "[images.job]\nmain = \"./nowhere\"\n",
        "no main package ./nowhere",
    ),
    (
        "job/part/part.go",
        "package part\n\nimport _ \"example.com/lib/nothing\"\n",
        "no such package",
    ),
    (
        "job/part/part_windows.go",
        "package part\n",
        "build constraints exclude all its Go files",
    ),
];

#[test]
fn every_command_goes_on() {
    for (file, text, said_of_it) in FAULTS {
        let repository = Repository::new(SMALL);
        if file.starts_with("job/part/") {
            repository.write(
                "job/main.go",
                "package main\n\nimport _ \"example.com/job/part\"\n\nfunc main() {}\n",
            );
        }
        repository.write(file, text);
        for (command, shown) in COMMANDS {
            let said = repository.run(command);
            assert_eq!(said.code, 1, "{command} with {text:?}: {said}");
            assert!(said.out.contains(shown), "{command} with {text:?}: {said}");
            assert!(
                said.err.contains(said_of_it),
                "{command} with {text:?}: {said}"
            );
            assert!(
                said.err
                    .contains("left out, since they cannot be built: job\n"),
                "{command} with {text:?}: {said}"
            );
            assert!(
                !said.out.contains("./job") && !said.out.contains("link:job"),
                "{command} with {text:?}: {said}"
            );
        }
        let check = repository.run("check");
        assert!(check.code == 1 && check.err.contains(said_of_it), "{check}");
        let explained = repository.run("explain job");
        assert!(
            explained.code == 1 && explained.err.contains("image job cannot be shown until"),
            "{explained}"
        );
    }
}

#[test]
fn what_is_said() {
    let repository = Repository::new(SMALL);
    repository.write("job/main.go", FAULTS[0].1);
    expect![[r#"
        --- stdout
        IMAGE  MAIN   MODULE           BINARY  MADE OF                  WHY
        api    ./api  example.com/api  api     2 packages of 2 modules  package main
        --- stderr
        error: package example.com/lib/nothing is imported by example.com/job, but module example.com/lib (lib) has no such package
         --> job/main.go:3:8
          |
        3 | import _ "example.com/lib/nothing"
          |        ^
          |
          = help: correct the import path, or see whether .dockerignore leaves the package out

        1 error
        left out, since they cannot be built: job
        exit 1
    "#]]
    .assert_eq(&repository.run("list").to_string());
}

/// A main of two workspaces has no image, since nobody said which one is meant.
#[test]
fn a_name_that_no_image_can_have_is_left_out() {
    let repository = Repository::new(SMALL);
    repository.write("gowork.toml", "roots = [\".\", \"a\", \"b\"]\n");
    for dir in ["a", "b"] {
        repository.write(&format!("{dir}/go.work"), "go 1.26\n\nuse ../shared\n");
    }
    repository.write("shared/go.mod", "module example.com/shared\n\ngo 1.26\n");
    repository.write("shared/main.go", "package main\n\nfunc main() {}\n");
    for (command, shown) in COMMANDS {
        let said = repository.run(command);
        assert!(
            said.code == 1 && said.out.contains(shown),
            "{command}: {said}"
        );
        assert!(
            said.err
                .contains("main ./shared is used by several workspaces"),
            "{command}: {said}"
        );
        assert!(
            said.err
                .contains("left out, since they cannot be built: shared\n"),
            "{command}: {said}"
        );
    }
}

#[test]
fn a_written_file_says_what_is_missing() {
    let repository = Repository::new(SMALL);
    repository.write("job/main.go", FAULTS[0].1);
    for (command, file) in [("dockerfile", "Dockerfile"), ("bake", "docker-bake.hcl")] {
        assert_eq!(
            repository.run(&format!("{command} -o {file}")).code,
            1,
            "{command}"
        );
        let text = repository.text(file);
        assert!(
            text.contains("# Missing, since they could not be built when this was printed: job.\n"),
            "{command}: {text}"
        );
        assert_eq!(
            repository.run(&format!("{command} -o {file} --check")).code,
            1,
            "it is what would be printed, with an error"
        );
        let mended = Repository::new(SMALL);
        mended.write(file, &text);
        assert_eq!(
            mended.run(&format!("{command} -o {file} --check")).code,
            1,
            "{command}"
        );
        assert_eq!(
            mended.run(&format!("{command} -o {file}")).code,
            0,
            "{command}"
        );
        assert!(!mended.text(file).contains("Missing"), "{command}");
    }
}

/// What all images hold is wrong for all; then nothing is printed.
#[test]
fn nothing_is_left() {
    for (file, text) in [
        (
            "lib/lib.go",
            "package lib\n\nimport _ \"example.com/lib/nothing\"\n\nfunc Run() {}\n",
        ),
        ("gowork.toml", "frobnicate = 1\n"),
        ("lib/go.mod", "frobnicate\n"),
        ("gowork.toml", "[go]\nversion = \"1.20\"\n"),
    ] {
        let repository = Repository::new(SMALL);
        repository.write(file, text);
        for (command, _) in COMMANDS {
            let said = repository.run(command);
            assert_eq!((said.code, said.out.as_str()), (1, ""), "{command}: {said}");
        }
    }
}

/// A thing that is wrong on all platforms is said once, one that is wrong on some names them; and
/// what cannot be built on one is left out for all.
#[test]
fn platforms() {
    let repository = Repository::new(SMALL);
    repository.write("job/main.go", FAULTS[0].1);
    repository.write("lib/lib_arm64.go", "package lib\n");
    repository.write("api/other/main.go", "package main\n\nfunc main() {}\n");
    repository.write(
        "api/other/x_arm64.go",
        "package main\n\nimport _ \"example.com/lib/absent\"\n",
    );
    expect![[r#"
        --- stderr
        error: package example.com/lib/nothing is imported by example.com/job, but module example.com/lib (lib) has no such package
         --> job/main.go:3:8
          |
        3 | import _ "example.com/lib/nothing"
          |        ^
          |
          = help: correct the import path, or see whether .dockerignore leaves the package out

        error: package example.com/lib/absent is imported by example.com/api/other, but module example.com/lib (lib) has no such package (on linux/arm64)
         --> api/other/x_arm64.go:3:8
          |
        3 | import _ "example.com/lib/absent"
          |        ^
          |
          = help: correct the import path, or see whether .dockerignore leaves the package out

        2 errors
        exit 1
    "#]]
    .assert_eq(&repository.run("check").to_string());
    let printed = repository.run("dockerfile");
    assert!(
        printed.out.contains("AS api\n")
            && printed
                .err
                .ends_with("left out, since they cannot be built: job, other\n"),
        "{printed}"
    );
    let one = repository.run("list --platform linux/amd64");
    assert!(one.out.contains("./api/other"), "it is sound there: {one}");
    expect![[r#"
        --- stderr
        error: no main package for windows/386 and plan9/386: there is nothing to make an image of
         |
         = help: an image is made of a package whose files say `package main` and declare `func main`

        1 error
        exit 1
    "#]]
    .assert_eq(
        &Repository::new("\n-- go.mod --\nmodule m\n-- main.go --\n//go:build linux\n\npackage main\n\nfunc main() {}")
            .run("check --platform linux/386,windows/386,plan9/386")
            .to_string(),
    );
}

/// Of the images, those that are broken on a side of the comparison cannot be compared; the others
/// are.
#[test]
fn since_a_commit() {
    let repository = Repository::new(SMALL);
    repository.commit();
    repository.write("job/main.go", FAULTS[0].1);
    let said = repository.run("affected --since HEAD");
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, ""),
        "job is not gone, and api as it was: {said}"
    );
    repository.write("api/more.go", "package main\n");
    let said = repository.run("affected --since HEAD");
    assert_eq!(
        (said.code, said.out.as_str()),
        (1, "api  file api/more.go is new\n"),
        "{said}"
    );
    repository.commit();
    repository.write("job/main.go", "package main\n\nfunc main() {}\n");
    expect![[r#"
        --- stdout
        job  HEAD cannot be built: job/main.go:3:8: package example.com/lib/nothing is imported by example.com/job, but module example.com/lib (lib) has no such package
        exit 0
    "#]]
    .assert_eq(&repository.run("affected --since HEAD").to_string());
}
