//! Values from git on the command line: what a build asks git for is known of the work tree here.

use crate::support::Repository;

const REPOSITORY: &str = "
-- go.mod --
module example.com/shop

go 1.26
-- main.go --
package main

var version string

func main() { println(version) }
-- gowork.toml --
[go]
ldflags = \"-X main.version=${GIT_DESCRIBE} -X main.dirty=${GIT_DIRTY} -X main.commit=${GIT_REVISION}\"
";

/// The linker flags of the plan.
fn ldflags(repository: &Repository, args: &str) -> String {
    let said = repository.run(&format!("plan --format json {args}"));
    assert_eq!(said.code, 0, "{said}");
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let text = plan.to_string();
    let from = text.split("-ldflags=").nth(1).unwrap();
    from.split('"').next().unwrap().to_owned()
}

#[test]
fn the_work_tree_says_what_a_build_asks_git_for() {
    let repository = Repository::new(REPOSITORY);
    repository.commit();
    repository.git("tag v1.2.3");
    let commit = repository.git("rev-parse HEAD");
    let commit = commit.trim();
    assert_eq!(
        ldflags(&repository, ""),
        format!("-X main.version=v1.2.3 -X main.dirty=false -X main.commit={commit}")
    );
    repository.write("main.go", "package main\n\nfunc main() {}\n");
    assert_eq!(
        ldflags(&repository, "--build-arg GIT_DIRTY=unknown"),
        format!("-X main.version=v1.2.3-dirty -X main.dirty=unknown -X main.commit={commit}")
    );
}

#[test]
fn what_is_printed_for_later_leaves_them_open() {
    let repository = Repository::new(REPOSITORY);
    repository.commit();
    let printed = repository.run("dockerfile").out;
    assert!(
        printed.contains("ARG GIT_DESCRIBE\nARG GIT_DIRTY\nARG GIT_REVISION\n"),
        "{printed}"
    );
    // The ignore file lets in what a build reads.
    let printed = repository.run("dockerignore").out;
    assert!(printed.ends_with("\n!.git\n"), "{printed}");
    repository.write(
        "gowork.toml",
        "[go]\nldflags = \"-X main.commit=${GIT_REVISION}\"\n",
    );
    let printed = repository.run("dockerignore").out;
    assert!(!printed.contains(".git"), "{printed}");
}

#[test]
fn without_a_commit_they_are_not_given() {
    let repository = Repository::new(REPOSITORY);
    let said = repository.run("plan");
    assert_eq!(said.code, 1, "{said}");
    assert!(
        said.err.contains("build-arg `GIT_DESCRIBE` is not given"),
        "{said}"
    );
}

#[test]
fn what_is_needed_first_cannot_come_from_git() {
    let repository = Repository::new(REPOSITORY);
    repository.write("gowork.toml", "[go]\nversion = \"${GIT_DESCRIBE}\"\n");
    repository.commit();
    let said = repository.run("check");
    assert!(
        said.code == 1
            && said
                .err
                .contains("it is needed before git can be asked for"),
        "{said}"
    );
}

#[test]
fn an_ignore_file_that_leaves_out_git_is_reported() {
    let repository = Repository::new(REPOSITORY);
    repository.commit();
    assert_eq!(repository.run("check").code, 0);
    repository.write(".dockerignore", "*\n!*.go\n!go.mod\n");
    let said = repository.run("check");
    assert_eq!(said.code, 1, "{said}");
    assert!(
        said.err
            .contains("GIT_DESCRIBE is not known: the ignore file leaves out .git")
            && said.err.contains(" --> gowork.toml:2:11")
            && !said.err.contains("GIT_REVISION is not known"),
        "{said}"
    );
    repository.write(".dockerignore", "*\n!*.go\n!go.mod\n!.git\n");
    assert_eq!(repository.run("check").code, 0);
}

/// Programs that say which commit they are made of: a Dockerfile that is printed cannot make them.
#[test]
fn the_commit_in_programs_is_for_builds() {
    let repository = Repository::new(REPOSITORY);
    repository.commit();
    repository.write("gowork.toml", "[go]\nbuildvcs = true\n");
    let printed = repository.run("dockerfile");
    assert_eq!(printed.code, 0, "{printed}");
    assert!(
        printed.err.contains("--> gowork.toml:2:12")
            && printed
                .err
                .contains("programs of the printed Dockerfile do not say which commit"),
        "{printed}"
    );
    assert!(printed.out.contains("-buildvcs=false"), "{printed}");
    let plan = repository.run("plan --format json").out;
    assert!(plan.contains("\"-buildvcs=true\""), "{plan}");
    // A build reads the repository.
    let ignored = repository.run("dockerignore").out;
    assert!(ignored.ends_with("\n!.git\n"), "{ignored}");
    repository.write(".dockerignore", ".git\n");
    let checked = repository.run("check");
    assert_eq!(checked.code, 1, "{checked}");
    assert!(
        checked.err.contains("the ignore file leaves out .git")
            && checked.err.contains("set `buildvcs = false`"),
        "{checked}"
    );
}
