//! `gowork-cache compile` with the real go command: parts that stand alone, and errors as `go
//! build` prints them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests document themselves and fail where they cannot go on"
)]

mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use world::snapshot;

/// A module in which `a` imports `b`; `c` stands alone.
fn sources() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("go.mod", "module example.com/m\n\ngo 1.24\n"),
        (
            "a/a.go",
            "package a\n\nimport \"example.com/m/b\"\n\nfunc A() int { return b.B() }\n",
        ),
        ("b/b.go", "package b\n\nfunc B() int { return 1 }\n"),
        ("c/c.go", "package c\n\nfunc C() int { return 3 }\n"),
        (
            "main.go",
            "package main\n\nimport (\n\t\"example.com/m/a\"\n\t\"example.com/m/c\"\n)\n\nfunc main() { println(a.A(), c.C()) }\n",
        ),
    ] {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// A command in the sources, with the program as the go command's cache.
fn command(sources: &Path, program: &str, cache: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(sources).env(
        "GOCACHEPROG",
        format!("{} {cache}", env!("CARGO_BIN_EXE_gowork-cache")),
    );
    command
        .env_remove("GOFLAGS")
        .env("GOCACHE", sources.join(".gocache"));
    command.envs([
        ("GOENV", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOWORK", "off"),
        ("GODEBUG", "goindex=0"),
        ("CGO_ENABLED", "0"),
    ]);
    command
}

fn compile(sources: &Path, parts: &str, parents: &[&Path]) -> (TempDir, Output) {
    compile_with(sources, parts, parents, &[])
}

fn compile_with(
    sources: &Path,
    parts: &str,
    parents: &[&Path],
    flags: &[&str],
) -> (TempDir, Output) {
    let out = tempfile::tempdir().unwrap();
    let file = sources.join("parts");
    fs::write(&file, parts).unwrap();
    let parents: String = parents
        .iter()
        .map(|parent| format!("--parent {} ", parent.display()))
        .collect();
    let cache = format!("{parents}--layer {}", out.path().display());
    let output = command(sources, env!("CARGO_BIN_EXE_gowork-cache"), &cache)
        .arg("compile")
        .args([&file, out.path()])
        .args(["-trimpath", "-buildvcs=false"])
        .args(flags)
        .output()
        .unwrap();
    (out, output)
}

/// The packages that a build of the main compiles if it has these layers.
fn compiled(sources: &Path, parents: &[&Path]) -> Vec<String> {
    let parents: String = parents
        .iter()
        .map(|parent| format!("--parent {} ", parent.display()))
        .collect();
    let scratch = tempfile::tempdir().unwrap();
    let cache = format!("{parents}--discard {}", scratch.path().display());
    let output = command(sources, "go", &cache)
        .args([
            "build",
            "-v",
            "-trimpath",
            "-buildvcs=false",
            "-o",
            scratch.path().join("m").to_str().unwrap(),
            ".",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn each_part_holds_its_own_packages_and_no_more() {
    let sources = sources();
    let source = sources.path();
    let (out, output) = compile(
        source,
        "example.com/m/a\nexample.com/m/b\n\nexample.com/m/c\n",
        &[],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        output.stdout, b"",
        "the go command's listing is not for people"
    );
    let names: Vec<PathBuf> = snapshot(out.path())
        .into_keys()
        .filter(|path| path.components().count() == 1)
        .collect();
    assert_eq!(
        names,
        ["example.com!m!a", "example.com!m!c"].map(PathBuf::from)
    );
    let (ab, c) = (
        out.path().join("example.com!m!a"),
        out.path().join("example.com!m!c"),
    );
    let entries = |part: &Path| {
        fs::read_to_string(part.join("index"))
            .unwrap()
            .lines()
            .count()
            - 1
    };
    assert_eq!((entries(&ab), entries(&c)), (2, 1), "one result a package");
    let all = [
        "example.com/m",
        "example.com/m/a",
        "example.com/m/b",
        "example.com/m/c",
    ];
    let (runtime, output) = compile(source, "runtime\n", &[]);
    assert!(output.status.success());
    let runtime = runtime.path().join("runtime");
    let missing = |parents: &[&Path]| {
        let mut missing = compiled(source, &[parents, &[&runtime]].concat());
        missing.sort();
        missing
    };
    assert_eq!(missing(&[]), all);
    assert_eq!(missing(&[&ab]), ["example.com/m", "example.com/m/c"]);
    assert_eq!(
        missing(&[&c]),
        ["example.com/m", "example.com/m/a", "example.com/m/b"]
    );
    assert_eq!(missing(&[&ab, &c]), ["example.com/m"]);
}

#[test]
fn an_edit_leaves_the_other_part_as_it_was_to_the_byte() {
    let sources = sources();
    let parts = "example.com/m/a\nexample.com/m/b\n\nexample.com/m/c\n";
    let before = snapshot(compile(sources.path(), parts, &[]).0.path());
    fs::write(
        sources.path().join("c/c.go"),
        "package c\n\nfunc C() int { return 4 }\n",
    )
    .unwrap();
    let after = snapshot(compile(sources.path(), parts, &[]).0.path());
    let of = |tree: &BTreeMap<PathBuf, (u32, i64, Vec<u8>)>, part: &str| -> Vec<_> {
        tree.iter()
            .filter(|(path, _)| path.starts_with(part))
            .map(|(path, entry)| (path.clone(), entry.clone()))
            .collect()
    };
    assert_eq!(
        of(&before, "example.com!m!a"),
        of(&after, "example.com!m!a")
    );
    assert_ne!(
        of(&before, "example.com!m!c"),
        of(&after, "example.com!m!c")
    );
    assert!(
        after.values().all(|(_, time, _)| *time == 0),
        "times are those of the epoch"
    );
}

#[test]
fn packages_of_std_that_have_no_name_come_along() {
    let sources = sources();
    let (out, output) = compile(sources.path(), "crypto/tls\n", &[]);
    assert!(output.status.success());
    let part = out.path().join("crypto!tls");
    fs::write(
        sources.path().join("main.go"),
        "package main\n\nimport _ \"crypto/tls\"\n\nfunc main() {}\n",
    )
    .unwrap();
    // crypto/tls imports vendor/golang.org/x/crypto/..., which no command line can name.
    assert_eq!(compiled(sources.path(), &[&part]), ["example.com/m"]);
}

#[test]
fn errors_are_the_go_commands_and_so_is_the_exit_code() {
    let sources = sources();
    fs::write(
        sources.path().join("c/c.go"),
        "package c\n\nfunc C() int { return \"\" }\n",
    )
    .unwrap();
    let (out, output) = compile(sources.path(), "example.com/m/c\n", &[]);
    let plain = command(sources.path(), "go", "--discard /tmp")
        .env_remove("GOCACHEPROG")
        .args(["build", "./c"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), plain.status.code());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&plain.stderr)
    );
    assert!(!out.path().join("example.com!m!c").exists());
}

#[test]
fn a_missing_word_or_file_is_reported() {
    let run = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gowork-cache"))
            .arg("compile")
            .args(words)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(127));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&["/nonexistent/file", "/tmp"]).contains("read /nonexistent/file"));
    assert!(run(&[]).contains("usage: gowork-cache compile [--step=FILE] FILE DIR FLAG..."));
}

/// `go list` compiles without the profile unless its preprocessed form is in the cache.
#[test]
fn what_is_compiled_by_a_profile_is_what_a_main_with_it_asks_for() {
    let sources = sources();
    let profile = sources.path().join("default.pgo");
    write_profile(sources.path(), &profile);
    let flag = format!("-pgo={}", profile.display());
    let (out, output) = compile_with(
        sources.path(),
        "example.com/m/a\nexample.com/m/b\nexample.com/m/c\nruntime\n",
        &[],
        &[&flag],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        compiled(sources.path(), &[&out.path().join("example.com!m!a")]),
        ["example.com/m"]
    );
}

/// A profile of a program that does nothing in particular.
fn write_profile(sources: &Path, profile: &Path) {
    let program = "package main\n\nimport (\n\t\"os\"\n\t\"runtime/pprof\"\n\t\"time\"\n)\n\nfunc main() {\n\tpprof.StartCPUProfile(os.Stdout)\n\
                   \tfor start := time.Now(); time.Since(start) < time.Second/2; {\n\t}\n\tpprof.StopCPUProfile()\n}\n";
    fs::create_dir(sources.join("profiled")).unwrap();
    fs::write(sources.join("profiled/main.go"), program).unwrap();
    let output = command(sources, "go", "--discard /tmp")
        .env_remove("GOCACHEPROG")
        .args(["run", "./profiled"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::write(profile, output.stdout).unwrap();
}
