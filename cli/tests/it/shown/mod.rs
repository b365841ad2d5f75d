//! Commands that pages show: each is checked in some way, or has a reason why it is not.

mod place;
#[cfg(unix)]
mod run;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::root;
pub(crate) use place::{Ground, Place};
use table::TABLE;

/// How a command is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    /// It is run in this place, and prints what the page shows.
    Run(Place),
    /// The same, with an engine, a registry, or the Go proxy.
    OnEngine(Place),
    /// A test in this file takes it from the page.
    By(&'static str),
    /// Its program knows the words.
    Parsed,
    /// Nothing checks it, for this reason.
    Not(&'static str),
}

/// A command of a page, with the lines below it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// The page, from the root of the repository.
    pub(crate) page: String,
    pub(crate) line: usize,
    /// Its `console` block, by number.
    pub(crate) block: usize,
    /// A command of several lines is one, joined as the shell does it.
    pub(crate) command: String,
    pub(crate) output: String,
}

impl Shown {
    /// The row of the table that it belongs to.
    fn row(&self) -> Option<usize> {
        let text = format!("{}\n{}", self.command, self.output);
        let fits = |(page, beginning, _): &(&str, &str, How)| {
            self.page == *page && text.starts_with(beginning)
        };
        TABLE.iter().position(fits)
    }

    /// How it is checked.
    pub(crate) fn how(&self) -> How {
        let row = self.row().unwrap_or_else(|| {
            panic!(
                "{}:{}: `{}` is in no row of cli/tests/it/shown/table.rs: say there how it is \
                 checked",
                self.page, self.line, self.command
            )
        });
        TABLE[row].2
    }
}

/// The commands of the `console` blocks of a page.
pub(crate) fn shown(page: &str) -> Vec<Shown> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let mut all: Vec<Shown> = Vec::new();
    let mut is_inside = false;
    let mut block = 0;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            assert!(
                line.starts_with("```"),
                "{page}:{}: an indented block",
                number + 1
            );
            is_inside = line == "```console";
            block += 1;
        } else if !is_inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            all.push(Shown {
                page: page.to_owned(),
                line: number + 1,
                block,
                command: command.to_owned(),
                output: String::new(),
            });
        } else {
            let last = all.last_mut().unwrap_or_else(|| {
                panic!("{page}:{}: a block begins without a command", number + 1)
            });
            match last.command.strip_suffix('\\') {
                Some(command) if last.block == block => {
                    last.command = format!("{}{}", command, line.trim_start());
                }
                _ => {
                    assert_eq!(last.block, block, "{page}:{}: no command", number + 1);
                    last.output += line;
                    last.output += "\n";
                }
            }
        }
    }
    all
}

/// Everything that the repository says to people.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "llb/README.md",
    ]
    .map(ToOwned::to_owned)
    .into();
    for dir in ["docs", "examples"] {
        let entries = std::fs::read_dir(root().join(dir)).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let page = if path.is_dir() {
                path.join("README.md")
            } else {
                path
            };
            if page.extension().is_some_and(|it| it == "md") && page.exists() {
                let page = page.strip_prefix(root()).unwrap();
                pages.push(page.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    pages
}

/// What all pages show.
pub(crate) fn all() -> Vec<Shown> {
    pages().iter().flat_map(|page| shown(page)).collect()
}

/// Prints how many commands are checked in which way.
#[test]
fn each_command_is_checked_or_has_a_reason() {
    let shown = all();
    let mut used = vec![false; TABLE.len()];
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reasons = Vec::new();
    for command in &shown {
        let how = command.how();
        used[command.row().unwrap()] = true;
        let way = match how {
            How::Run(_) if command.output.is_empty() => "run",
            How::Run(_) => "run, with the output that the page shows",
            How::OnEngine(_) if command.output.is_empty() => "run on an engine",
            How::OnEngine(_) => "run on an engine, with the output that the page shows",
            How::By(file) => {
                assert!(root().join(file).exists(), "{file}");
                "run by another test"
            }
            How::Parsed => "parsed",
            How::Not(reason) => {
                reasons.push(format!("  {}: {reason}: {}", command.page, command.command));
                "not checked"
            }
        };
        *counts.entry(way).or_default() += 1;
    }
    println!("{} commands are shown", shown.len());
    for (way, count) in &counts {
        println!("{count:5} {way}");
    }
    println!("{}", reasons.join("\n"));
    let stale: Vec<_> = TABLE.iter().zip(used).filter(|(_, used)| !used).collect();
    assert!(stale.is_empty(), "no page has these commands: {stale:#?}");
}

/// A test that takes commands from a page finds them by their first words.
#[test]
fn another_test_has_what_it_is_said_to_have() {
    for command in all() {
        if let How::By(file) = command.how() {
            let text = std::fs::read_to_string(root().join(file)).unwrap();
            let mut quoted = text.split('"').skip(1).step_by(2);
            let is_taken = quoted.any(|it| it.len() > 20 && command.command.starts_with(it));
            assert!(is_taken, "{file} does not take `{}`", command.command);
        }
    }
}
