//! Input made to do harm, or merely large: no program is killed or hangs, and none is silent.
//!
//! Each input is written anew, and read by the program of the scan step and by the commands
//! `check`, `list`, `dockerfile` and `plan`, each with 512 MB of memory: in a cgroup, where the
//! machine lets this test make one, and measured in any case.
//!
//! `cargo test --release -p gowork --test hostile -- --ignored --nocapture` prints a table.
//! `GOWORK_HOSTILE=NAME` tries the inputs whose names contain that.
#![allow(missing_docs, reason = "tests document themselves")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![cfg(target_os = "linux")]

mod bounded;
mod configuration;
mod corpus;
mod writer;

use std::path::PathBuf;
use std::process::Command;

use bounded::{Ended, Fence};
use corpus::Input;

/// The program of the scan step. Another package's, so cargo may not have built it.
fn scanner() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_gowork")).with_file_name("gowork-frontend");
    let profile = program
        .parent()
        .filter(|dir| dir.ends_with("release"))
        .map(|_| "--release");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "gowork-frontend"])
        .args(profile)
        .status()
        .unwrap();
    assert!(
        built.success() && program.is_file(),
        "{}: not built",
        program.display()
    );
    program
}

/// What is run on an input.
fn commands(scanner: &std::path::Path, dir: &std::path::Path) -> Vec<(&'static str, Command)> {
    let mut scan = Command::new(scanner);
    scan.arg("scan")
        .arg("--source")
        .arg(dir)
        .arg("--out")
        .arg("/dev/null");
    let mut commands = vec![("scan", scan)];
    for name in ["check", "list", "dockerfile", "plan"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gowork"));
        command.arg("-C").arg(dir).arg(name);
        commands.push((name, command));
    }
    commands
}

/// What is wrong with how a command ended; none if it is as it should be.
fn fault(name: &str, ended: &Ended) -> Option<String> {
    let is_silent = match ended.code {
        // A step's program says what it found in a file.
        Some(0) => name != "scan" && ended.out.is_empty() && ended.errors.is_empty(),
        Some(_) => ended.errors.trim().is_empty(),
        None => return Some(format!("killed: {}", ended.how)),
    };
    if is_silent {
        return Some("says nothing".to_owned());
    }
    if !matches!(ended.code, Some(0 | 1)) {
        return Some(format!(
            "exit status {:?}: {}",
            ended.code,
            first_line(&ended.errors)
        ));
    }
    (ended.peak > bounded::MEMORY).then(|| format!("{} MB", ended.peak >> 20))
}

fn first_line(text: &str) -> String {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    line.chars().take(100).collect()
}

#[test]
#[ignore = "takes minutes: cargo test --release -p gowork --test hostile -- --ignored"]
fn no_input_kills_hangs_or_silences_a_program() {
    let scanner = scanner();
    let fence = Fence::new();
    println!("{}", fence.words());
    println!(
        "{:<28} {:<11} {:>4} {:>6} {:>6}  first line",
        "input", "program", "exit", "MB", "s"
    );
    let wanted = std::env::var("GOWORK_HOSTILE").unwrap_or_default();
    let mut faults = Vec::new();
    for Input { name, make } in corpus::all()
        .into_iter()
        .filter(|input| input.name.contains(&wanted))
    {
        let dir = tempfile::tempdir().unwrap();
        make(&writer::Writer::new(dir.path()));
        for (program, command) in commands(&scanner, dir.path()) {
            let ended = fence.run(command);
            let code = ended
                .code
                .map_or_else(|| "-".to_owned(), |code| code.to_string());
            let line = first_line(&ended.errors);
            println!(
                "{name:<28} {program:<11} {code:>4} {:>6} {:>6.1}  {line}",
                ended.peak >> 20,
                ended.seconds
            );
            faults
                .extend(fault(program, &ended).map(|fault| format!("{name}, {program}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_corpus_has_sixty_inputs_of_different_names() {
    let names: std::collections::BTreeSet<&str> =
        corpus::all().iter().map(|input| input.name).collect();
    assert_eq!(names.len(), corpus::all().len());
    assert!(names.len() >= 60, "{} inputs", names.len());
}
