//! What pages of the documentation show as printed by gowork is what it prints.

use std::path::Path;

use crate::support::{Said, root, run};

/// A command of a page, with the lines below it.
struct Shown<'a> {
    line: usize,
    command: &'a str,
    output: String,
}

/// The commands of the `console` blocks of a page.
fn shown(page: &str) -> Vec<Shown<'_>> {
    let mut all: Vec<Shown<'_>> = Vec::new();
    let mut is_inside = false;
    for (number, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            is_inside = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| is_inside) {
            all.push(Shown {
                line: number + 1,
                command,
                output: String::new(),
            });
        } else if is_inside && let Some(last) = all.last_mut() {
            last.output += line;
            last.output += "\n";
        }
    }
    all
}

/// What a terminal shows.
fn seen(said: &Said) -> String {
    format!("{}{}", said.err, said.out)
}

/// Runs the commands of gowork in a page one after another in `dir`, and compares what they print.
fn check(page: &str, dir: &Path) -> usize {
    let text = std::fs::read_to_string(root().join("docs").join(page)).unwrap();
    let mut count = 0;
    for shown in shown(&text) {
        let Some(args) = shown.command.strip_prefix("gowork ") else {
            continue;
        };
        let printed = seen(&run(dir, args));
        assert_eq!(
            printed.trim_end(),
            shown.output.trim_end(),
            "docs/{page}:{}: gowork {args}",
            shown.line
        );
        count += 1;
    }
    count
}

#[test]
fn doctor() {
    assert_eq!(check("doctor.md", &root()), 1);
}
