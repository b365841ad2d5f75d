//! What is different in two images: the original's and that of the converted Dockerfile.

use std::collections::BTreeSet;
use std::path::Path;

use super::built::{Built, Entry};
use crate::command::{command, output};

/// How many differences of files are shown.
const SHOWN: usize = 20;
/// Directories in which the go command keeps what it downloads and compiles. An image that is the
/// builder has them; converted, it has no Go step.
const CACHES: [&str; 5] = [
    "root/.cache",
    "root/.config",
    "go/pkg",
    "root/go/pkg",
    "go/bin",
];
/// Where the Go of a builder lies.
const GOROOT: &str = "usr/local/go/";

/// What was compared, and what is different.
#[derive(Default)]
pub(super) struct Comparison {
    /// Differences of the configuration.
    pub(super) config: Vec<String>,
    /// Differences of files that are no programs of ours.
    pub(super) files: Vec<String>,
    /// Differences of Go programs.
    pub(super) programs: Vec<String>,
    /// Differences that the documentation names.
    pub(super) documented: Vec<String>,
    /// How many files there are.
    pub(super) count: usize,
    /// How many of them are Go programs that the builds made.
    pub(super) binaries: usize,
}

impl Comparison {
    /// Compares.
    pub(super) fn of(original: &Built, converted: &Built) -> Self {
        let mut made = Self {
            count: converted.files.len(),
            ..Self::default()
        };
        made.compare_config(original, converted);
        made.compare_files(original, converted);
        made
    }

    /// Whether nothing is different that should not be.
    pub(super) fn is_same(&self) -> bool {
        self.config.is_empty() && self.files.is_empty() && self.programs.is_empty()
    }

    fn compare_config(&mut self, original: &Built, converted: &Built) {
        let keys: BTreeSet<&String> = original
            .config
            .keys()
            .chain(converted.config.keys())
            .collect();
        for key in keys {
            let (old, new) = (original.config.get(key), converted.config.get(key));
            if old != new {
                let shown = |value: Option<&serde_json::Value>| {
                    value.map_or_else(|| "nothing".to_owned(), ToString::to_string)
                };
                self.config
                    .push(format!("{key}: {}, was {}", shown(new), shown(old)));
            }
        }
    }

    fn compare_files(&mut self, original: &Built, converted: &Built) {
        let paths: BTreeSet<&String> = original
            .files
            .keys()
            .chain(converted.files.keys())
            .collect();
        let mut lacking: Option<&str> = None;
        for path in paths {
            let (old, new) = (original.files.get(path), converted.files.get(path));
            let is_binary = old.or(new).is_some_and(|entry| entry.is_go);
            let is_binary = is_binary && !path.starts_with(GOROOT);
            if is_binary && new.is_some() {
                self.binaries += 1;
            }
            if old == new {
                continue;
            }
            // Of a directory that only one of them has, its name is enough.
            if lacking.is_some_and(|dir| Path::new(path).starts_with(dir)) {
                continue;
            }
            if old.is_none() || new.is_none() {
                lacking = Some(path);
            }
            if let Some(cache) = CACHES.iter().find(|dir| Path::new(path).starts_with(dir)) {
                let text = format!("/{cache}: what the go command keeps");
                if !self.documented.contains(&text) {
                    self.documented.push(text);
                }
                continue;
            }
            let text = format!("/{path}: {}, was {}", shown(new), shown(old));
            match (old, new) {
                (Some(old), Some(new)) if is_binary => {
                    let why = build_info(&original.path(path), &converted.path(path));
                    let what = if old.what == new.what {
                        String::new()
                    } else {
                        text
                    };
                    self.programs.push(format!("/{path}: {what} {why}"));
                }
                _ => self.files.push(text),
            }
        }
        let more = self.files.len().saturating_sub(SHOWN);
        if more > 0 {
            self.files.truncate(SHOWN);
            self.files.push(format!("and {more} more"));
        }
    }
}

fn shown(entry: Option<&Entry>) -> String {
    entry.map_or_else(
        || "nothing".to_owned(),
        |entry| format!("{} ({} bytes)", entry.what, entry.size),
    )
}

/// What is different in the lines of `go version -m`.
fn build_info(original: &Path, converted: &Path) -> String {
    let lines = |path: &Path| -> BTreeSet<String> {
        let text = output(command("go", ["version", "-m"]).arg(path)).unwrap_or_default();
        let lines = text.lines().skip(1);
        lines
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    };
    let (old, new) = (lines(original), lines(converted));
    let mut said: Vec<String> = new.difference(&old).cloned().collect();
    said.extend(old.difference(&new).map(|line| format!("was {line}")));
    if said.is_empty() {
        return "the same build information, other bytes".to_owned();
    }
    said.join("; ")
}
