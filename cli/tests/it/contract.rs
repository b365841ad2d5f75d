//! What scripts rest on: exit codes, options as documented, an output that nobody reads to its end.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt as _;

use crate::reference::commands;
use crate::support::{Repository, SMALL, root};

/// Words that begin with two dashes.
fn long_options(text: &str) -> BTreeSet<String> {
    let letters = |c: char| c.is_ascii_lowercase() || c == '-';
    let starts = text.match_indices("--").map(|(at, _)| at);
    let starts = starts
        .filter(|at| !text[..*at].ends_with(|c: char| letters(c) || c.is_ascii_alphanumeric()));
    let words = starts.map(|at| {
        text[at..]
            .split(|c| !letters(c))
            .next()
            .unwrap_or_default()
            .to_owned()
    });
    words
        .filter(|word| word.len() > 2 && !word.starts_with("---"))
        .collect()
}

/// The options that clap knows, from the lines of `--help` that define one: `  -o, --output
/// <FILE>`.
fn options(command: &str) -> BTreeSet<String> {
    let help = Repository::new(SMALL).run(&format!("{command} --help")).out;
    let defines = |line: &&str| line.trim_start().starts_with('-');
    help.lines()
        .filter(defines)
        .flat_map(long_options)
        .collect()
}

#[test]
fn documentation_help_and_manual_name_the_same_options() {
    let docs = std::fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let manual = Repository::new(SMALL).run("man").out.replace('\\', "");
    let documented = long_options(&docs);
    let mut known = BTreeSet::new();
    for command in &commands() {
        assert!(
            docs.contains(&format!("`gowork {command}")),
            "docs/cli.md does not name {command}"
        );
        for option in options(command) {
            assert!(
                documented.contains(&option),
                "docs/cli.md does not name {option} of {command}"
            );
            assert!(
                manual.contains(&option),
                "the manual does not name {option} of {command}"
            );
            known.insert(option);
        }
    }
    // Of other programs: docker, git, cargo.
    let others = [
        "--call",
        "--file",
        "--git",
        "--locked",
        "--name-only",
        "--path",
        "--parents",
        "--exclude",
        "--print",
    ];
    let others = others.iter().chain(&[
        "--cache-to",
        "--push",
        "--quiet",
        "--secret",
        "--ssh",
        "--tag",
        "--target",
    ]);
    known.extend(others.map(|option| (*option).to_owned()));
    let unknown: Vec<&String> = documented.difference(&known).collect();
    assert!(
        unknown.is_empty(),
        "docs/cli.md names options that no command has: {unknown:?}"
    );
}

/// Lines of the documentation that begin with `$ gowork`: every command line in it is one that clap
/// takes.
#[test]
fn documented_command_lines_are_understood() {
    let docs = std::fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let lines: Vec<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("$ gowork "))
        .collect();
    assert!(lines.len() > 8, "{lines:?}");
    let repository = Repository::new(SMALL);
    for line in lines {
        // The shell takes the rest.
        let line = line.split(" > ").next().unwrap_or_default();
        assert_ne!(repository.run(line).code, 2, "gowork {line}");
    }
}

#[test]
fn exit_codes() {
    let repository = Repository::new(SMALL);
    repository.commit();
    let codes: [(i32, &[&str]); 4] = [
        (
            0,
            &[
                "list",
                "check",
                "affected --since HEAD",
                "--version",
                "help",
                "bake --help",
                "completions zsh",
                "man",
            ],
        ),
        (
            1,
            &[
                "graph nobody",
                "explain nobody",
                "explain api nothing.go",
                "bake -o nowhere --check",
                "list -f bad.toml",
            ],
        ),
        (
            2,
            &[
                "",
                "frobnicate",
                "list --frobnicate",
                "explain",
                "affected",
                "affected --since HEAD --files x",
                "affected --files ../x",
                "plan --platform linux/amd64,linux/arm64",
                "check --platform linux/foo",
                "list --platform plan10/amd64",
                "dockerfile --platform linux/amd64,linux/arm/v9",
                "dockerignore --platform linux",
                "bake --check",
                "list --build-arg =x",
                "dockerfile --cache nowhere",
            ],
        ),
        (
            3,
            &[
                "list -C nowhere",
                "check -f nowhere.toml",
                "affected --since nothing",
                "bake -o api",
                "dockerfile -o /nowhere/x",
            ],
        ),
    ];
    repository.write("bad.toml", "frobnicate = 1\n");
    for (code, commands) in codes {
        for command in commands {
            let said = repository.run(command);
            assert_eq!(said.code, code, "gowork {command}: {said}");
        }
    }
}

/// As in `gowork list | head -1`.
#[test]
fn a_reader_that_leaves_early() {
    let repository = Repository::new(SMALL);
    for image in 0..1000 {
        repository.write(
            &format!("api/cmd/image{image}/main.go"),
            "package main\n\nfunc main() {}\n",
        );
    }
    for (args, code) in [
        ("list", 0),
        ("bake", 0),
        ("plan --format json", 0),
        ("graph --of steps", 0),
        ("completions bash", 0),
        ("man", 0),
    ] {
        for read in [0, 1, 100] {
            let mut command = Command::cargo_bin("gowork").unwrap();
            command
                .current_dir(repository.path())
                .args(args.split(' '))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut out = child.stdout.take().unwrap();
            out.read_exact(&mut vec![0; read]).unwrap();
            drop(out);
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                (output.status.code(), &*said),
                (Some(code), ""),
                "{args} after {read} bytes"
            );
        }
    }
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = Command::cargo_bin("gowork").unwrap();
    let output = command
        .current_dir(repository.path())
        .arg("list")
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(3),
        "a disk that is full is trouble"
    );
}

/// Forges give nothing or zeros for a commit where a branch is new.
#[test]
fn since_no_commit() {
    let repository = Repository::new(SMALL);
    let zeros = [
        format!("--since {}", "0".repeat(40)),
        format!("--since={}", "0".repeat(64)),
    ];
    for since in ["--since=", "--since"]
        .into_iter()
        .chain(zeros.iter().map(String::as_str))
    {
        let said = repository.run(&format!("affected {since} --format github"));
        let matrix = "matrix={\"include\":[{\"image\":\"api\"},{\"image\":\"job\"}]}\nany=true\n";
        assert_eq!(
            (said.code, said.out.as_str()),
            (0, matrix),
            "{since}: {said}"
        );
        assert_eq!(
            said.err, "there is no commit to compare with, so every image counts\n",
            "{since}"
        );
    }
    repository.commit();
    assert_eq!(
        repository.run("affected --since 000000").code,
        3,
        "a name like any other"
    );
    assert_eq!(repository.run("affected --since HEAD").code, 0);
}
