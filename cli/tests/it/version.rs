//! `gowork --version` names the commit, wherever the sources come from: each case builds a small
//! package with the build script of the command.

use std::path::Path;
use std::process::Command;

use crate::support::{Repository, root};

const PACKAGE: &str = r#"
-- cli/Cargo.toml --
[package]
name = "small"
version = "1.2.3"
edition = "2024"
description = "A package with the build script of the command"
license = "MIT"

[workspace]
-- cli/src/main.rs --
fn main() {
    println!("{}", env!("GOWORK_VERSION"));
}
-- .gitignore --
target
Cargo.lock
"#;

/// A repository with a package in `cli`, and what `git archive` needs.
fn repository() -> Repository {
    let repository = Repository::new(PACKAGE);
    for name in [
        "cli/build.rs",
        "cli/build/revision.rs",
        ".git_archival.txt",
        ".gitattributes",
    ] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        repository.write(name, &text);
    }
    repository
}

/// What the program built from the package says; nothing if it does not build.
fn version(package: &Path, revision: &str) -> Option<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["run", "--quiet", "--offline"])
        .current_dir(package)
        .env("GOWORK_REVISION", revision)
        .env("CARGO_TARGET_DIR", package.join("target"));
    let output = cargo.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output.status.success().then(|| text.trim_end().to_owned())
}

/// The version with the commit that is checked out.
fn expected(repository: &Repository) -> Option<String> {
    let commit = repository.git("rev-parse HEAD");
    Some(format!("1.2.3 ({})", &commit[..7]))
}

fn unpack(archive: &Path, directory: &Path) {
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(archive).arg("-C").arg(directory);
    assert!(tar.status().unwrap().success());
}

#[test]
fn sources_without_a_commit_have_the_release_alone() {
    let repository = repository();
    assert_eq!(
        version(&repository.path().join("cli"), "").as_deref(),
        Some("1.2.3")
    );
}

#[test]
fn a_checkout_names_its_commit_and_changes_upon_it() {
    let repository = repository();
    let package = repository.path().join("cli");
    repository.commit();
    assert_eq!(version(&package, ""), expected(&repository));
    // The build script runs again.
    repository.commit();
    assert_eq!(version(&package, ""), expected(&repository));
    repository.write(
        "cli/build.rs",
        &(repository.text("cli/build.rs") + "// changed\n"),
    );
    let dirty = expected(&repository).map(|text| text.replace(')', "-dirty)"));
    assert_eq!(version(&package, ""), dirty);
    // Who packages the command may know better, but not just anything.
    let given = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(version(&package, given).as_deref(), Some("1.2.3 (0123456)"));
    assert_eq!(version(&package, "v1.2.3"), None);
}

#[test]
fn a_linked_worktree_names_its_commit() {
    let repository = repository();
    repository.commit();
    let beside = tempfile::tempdir().unwrap();
    let worktree = beside.path().join("tree");
    repository.git(&format!("worktree add --quiet {}", worktree.display()));
    assert_eq!(version(&worktree.join("cli"), ""), expected(&repository));
    repository.git(&format!(
        "-C {} commit --quiet --allow-empty --message=more",
        worktree.display()
    ));
    let commit = repository.git(&format!("-C {} rev-parse HEAD", worktree.display()));
    assert_eq!(
        version(&worktree.join("cli"), "").unwrap(),
        format!("1.2.3 ({})", &commit[..7])
    );
}

#[test]
fn an_archive_of_git_names_its_commit() {
    let repository = repository();
    repository.commit();
    let beside = tempfile::tempdir().unwrap();
    let archive = beside.path().join("sources.tar");
    repository.git(&format!("archive --output {} HEAD", archive.display()));
    unpack(&archive, beside.path());
    assert_eq!(
        version(&beside.path().join("cli"), ""),
        expected(&repository)
    );
}

/// Also below another repository, whose commit it is not.
#[test]
fn a_package_of_cargo_names_its_commit() {
    let repository = repository();
    repository.commit();
    let package = |words: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["package", "--quiet", "--offline", "--no-verify"])
            .args(words)
            .current_dir(repository.path().join("cli"))
            .env_remove("CARGO_TARGET_DIR");
        assert!(cargo.status().unwrap().success());
        let other = Repository::new("\n-- README --\nwords\n");
        other.commit();
        unpack(
            &repository
                .path()
                .join("cli/target/package/small-1.2.3.crate"),
            other.path(),
        );
        version(&other.path().join("small-1.2.3"), "")
    };
    assert_eq!(package(&[]), expected(&repository));
    repository.write("cli/README", "words\n");
    let dirty = expected(&repository).map(|text| text.replace(')', "-dirty)"));
    assert_eq!(package(&["--allow-dirty"]), dirty);
}

#[test]
fn the_command_names_the_commit_of_its_own_sources() {
    let output = Command::new(env!("CARGO_BIN_EXE_gowork"))
        .arg("--version")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let release = format!("gowork {}", env!("CARGO_PKG_VERSION"));
    let commit = text
        .trim_end()
        .strip_prefix(&release)
        .unwrap_or_else(|| panic!("{text}"));
    let digits = commit.trim_start_matches(" (").trim_end_matches(')');
    let digits = digits.strip_suffix("-dirty").unwrap_or(digits);
    // Sources that nothing says the commit of have none.
    assert!(
        commit.is_empty()
            || digits.len() == 7 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "{text}"
    );
}
