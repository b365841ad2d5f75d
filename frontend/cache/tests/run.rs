//! `gowork-cache run`: the file's lines behind the command's own words.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests document themselves and fail where they cannot go on")]

use std::process::Command;

fn run(words: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_gowork-cache")).arg("run").args(words).output().unwrap()
}

#[test]
fn lines_become_arguments() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("packages");
    std::fs::write(&file, "a/b\nc d\n\ne\n").unwrap();
    let output = run(&[file.to_str().unwrap(), "printf", "[%s]", "own"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "[own][a/b][c d][e]");
    assert!(output.status.success());
}

#[test]
fn the_commands_exit_code_is_kept_and_failures_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("packages");
    std::fs::write(&file, "7\n").unwrap();
    let failing = run(&[file.to_str().unwrap(), "sh", "-c", "exit $0"]);
    assert_eq!(failing.status.code(), Some(7));
    let missing = run(&["/nonexistent/file", "true"]);
    assert_eq!(missing.status.code(), Some(127));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("read /nonexistent/file"));
    let unknown = run(&[file.to_str().unwrap(), "/nonexistent/program"]);
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("start /nonexistent/program"));
    assert!(String::from_utf8(run(&[]).stderr).unwrap().contains("usage"));
}
