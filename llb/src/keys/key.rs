//! Keys as sets of named parts, so that two of them can be compared and the difference shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::contents::hex;
use crate::gomod::{ImportPath, ModulePath};
use crate::plan::StepName;
use crate::tree::TreePath;

/// What a part of a key is about. Differences are shown in this order: what is certain before what
/// may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyPart {
    /// What a step does.
    Kind,
    /// The image that the go command comes from.
    Builder,
    /// GOTOOLCHAIN.
    Toolchain,
    /// What `go env GOVERSION` says.
    Go,
    /// An environment variable of the go command.
    Env(String),
    /// A flag of the go command, by name.
    Flag(String),
    /// File name of the binary.
    Binary,
    /// Import path of a main, with the binary it becomes.
    Main(ImportPath),
    /// A binary that an image holds beside its own, by its file name: what decides it in addition to
    /// files and modules.
    Beside(String),
    /// A key of `[runtime]`, or one item of it.
    Runtime(String),
    /// What the configuration says of a stage that an image takes from.
    Stage(String),
    /// A file that goes into an image beside its binary.
    RuntimeFile(TreePath),
    /// The `go` line that holds for a root: it decides the default GODEBUG of its mains.
    GoLine,
    /// A `godebug` line that holds for a root.
    Godebug(String),
    /// A module of the repository, by the path it is imported by: its `go` line, and what it stands
    /// in for.
    Own(ModulePath),
    /// A third-party module: version, replacement, sum.
    Module(ModulePath),
    /// An import path that a step asks for or compiles.
    Package(ImportPath),
    /// A file, by content.
    File(TreePath),
    /// A file, by content, of a package that third-party packages may import, where the go command
    /// was not asked.
    PerhapsFile(TreePath),
    /// A mod file made for a sealed step, by content.
    Written(TreePath),
    /// Files that are read at another place: from, to.
    Moved(TreePath, TreePath),
    /// Results of another step. Only their digest is hashed: names are for people.
    Step {
        /// The step that makes them.
        step: StepName,
        /// Which of its parts, counted from 1; none if it makes one alone.
        part: Option<usize>,
    },
    /// A line of a mod file that decides versions, where the go command was not asked: file, and
    /// what the line is about.
    ModLine(TreePath, String),
    /// The sum of a module's content in a go.sum, where the go command was not asked.
    Sum(String),
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind => f.write_str("what the step does"),
            Self::Builder => f.write_str("builder image"),
            Self::Toolchain => f.write_str("GOTOOLCHAIN"),
            Self::Go => f.write_str("Go"),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "-{name}"),
            Self::Binary => f.write_str("name of the binary"),
            Self::Main(path) => write!(f, "main {path}"),
            Self::Beside(file) => write!(f, "binary {file}"),
            Self::Runtime(key) => write!(f, "runtime {key}"),
            Self::Stage(name) => write!(f, "stage {name}"),
            Self::RuntimeFile(path) => write!(f, "runtime file {path}"),
            Self::GoLine => f.write_str("go line"),
            Self::Godebug(key) => write!(f, "godebug {key}"),
            Self::Own(path) | Self::Module(path) => write!(f, "module {path}"),
            Self::ModLine(file, line) => write!(f, "{file}: {line}"),
            Self::Sum(module) => write!(f, "sum of {module}"),
            Self::Package(path) => write!(f, "package {path}"),
            Self::File(path) | Self::PerhapsFile(path) => write!(f, "file {path}"),
            Self::Written(path) => write!(f, "{path} of the sealed workspace"),
            Self::Moved(from, to) => write!(f, "{from} as {to}"),
            Self::Step { step, part: None } => write!(f, "results of {step}"),
            Self::Step {
                step,
                part: Some(part),
            } => write!(f, "results of {step}, part {part}"),
        }
    }
}

impl KeyPart {
    /// Whether its value says nothing to a person: a digest.
    fn is_digest(&self) -> bool {
        matches!(
            self,
            Self::Beside(_)
                | Self::File(_)
                | Self::PerhapsFile(_)
                | Self::RuntimeFile(_)
                | Self::Stage(_)
                | Self::Step { .. }
                | Self::Sum(_)
                | Self::Written(_)
        )
    }

    /// Whether it is a file or a module: what it is says all, whatever it is a part of.
    pub(super) fn is_content(&self) -> bool {
        matches!(
            self,
            Self::File(_)
                | Self::PerhapsFile(_)
                | Self::Own(_)
                | Self::Module(_)
                | Self::ModLine(..)
                | Self::Sum(_)
        )
    }

    /// A short word for what kind of part it is, for programs.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Builder => "builder",
            Self::Toolchain => "toolchain",
            Self::Go => "go",
            Self::Env(_) => "env",
            Self::Flag(_) => "flag",
            Self::Binary => "binary",
            Self::Main(_) => "main",
            Self::Beside(_) => "beside",
            Self::Runtime(_) => "runtime",
            Self::Stage(_) => "stage",
            Self::RuntimeFile(_) => "runtime-file",
            Self::GoLine => "go-line",
            Self::Godebug(_) => "godebug",
            Self::Own(_) | Self::Module(_) => "module",
            Self::ModLine(..) => "mod-line",
            Self::Sum(_) => "sum",
            Self::Package(_) => "package",
            Self::File(_) => "file",
            Self::PerhapsFile(_) => "perhaps-file",
            Self::Written(_) => "sealed",
            Self::Moved(..) => "moved",
            Self::Step { .. } => "step",
        }
    }
}

/// What something is made of: parts with their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Key(pub BTreeMap<KeyPart, String>);

/// One part that two sets do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Which part.
    pub part: KeyPart,
    /// Its value before; none if it is new.
    pub before: Option<String>,
    /// Its value now; none if it is gone.
    pub after: Option<String>,
}

impl Key {
    /// Adds a part.
    pub(crate) fn insert(&mut self, part: KeyPart, value: impl Into<String>) {
        self.0.insert(part, value.into());
    }

    /// SHA-256 of all parts, in hexadecimal. It does not depend on what steps are called, nor on
    /// the order of their parts. But which results come from one step counts: BuildKit's key of a
    /// step has the number of the input that each mount reads (`CacheMap` in
    /// `solver/llbsolver/ops/exec.go`), and all results of one step are one input.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        for (part, value) in &self.0 {
            if !matches!(part, KeyPart::Step { .. }) {
                add(part.tag());
                add(&part.to_string());
                add(value);
            }
        }
        let mut results: Vec<Vec<&str>> = self.results().into_values().collect();
        results.sort_unstable();
        for of_step in results {
            add("step");
            of_step.into_iter().for_each(&mut add);
        }
        hex(&hash.finalize())
    }

    /// What is not alike in `self` and in what came `after`, in the order of ingredients. A sum
    /// that only one side has decides nothing: what is built needs its module's sum, or the build
    /// fails. Nor does the `go` line of a module that only one side has: its requirements tell.
    /// Neither does it count where the same results, and no others, come from a step of another name.
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        let all: BTreeSet<&KeyPart> = self.0.keys().chain(after.0.keys()).collect();
        let (old, new) = (self.results(), after.results());
        let has_alike = |step: &StepName| {
            let alike = |results: &Vec<&str>, others: &BTreeMap<&StepName, Vec<&str>>| {
                others.values().any(|other| other == results)
            };
            old.get(step).is_none_or(|results| alike(results, &new))
                && new.get(step).is_none_or(|results| alike(results, &old))
        };
        let counts = |part: &KeyPart, before: Option<&String>, after: Option<&String>| match part {
            KeyPart::Sum(_) => before.is_some() && after.is_some(),
            KeyPart::ModLine(_, line) if line == "go" => before.is_some() && after.is_some(),
            KeyPart::Step { step, .. } => !has_alike(step),
            _ => true,
        };
        let pairs = all
            .into_iter()
            .map(|part| (part, self.0.get(part), after.0.get(part)));
        let unlike =
            pairs.filter(|(part, before, after)| before != after && counts(part, *before, *after));
        unlike
            .map(|(part, before, after)| Difference {
                part: part.clone(),
                before: before.cloned(),
                after: after.cloned(),
            })
            .collect()
    }

    /// The results that are read, in order, by the step that makes them.
    fn results(&self) -> BTreeMap<&StepName, Vec<&str>> {
        let mut results: BTreeMap<&StepName, Vec<&str>> = BTreeMap::new();
        for (part, value) in &self.0 {
            if let KeyPart::Step { step, .. } = part {
                results.entry(step).or_default().push(value);
            }
        }
        for of_step in results.values_mut() {
            of_step.sort_unstable();
        }
        results
    }
}

impl fmt::Display for Difference {
    /// `file api/x.go changed`, `module golang.org/x/text v0.3.0 -> v0.4.0`, `-ldflags "-s" -> "-s
    /// -w"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |value: &str| match &self.part {
            KeyPart::Flag(_) | KeyPart::Env(_) | KeyPart::Runtime(_) => {
                format!("\"{value}\"")
            }
            _ => value.split(" h1:").next().unwrap_or_default().to_owned(),
        };
        let plain = self.part.is_digest();
        match (&self.before, &self.after) {
            (Some(_), Some(_)) if plain => write!(f, "{} changed", self.part),
            (None, Some(value)) if plain || value.is_empty() => write!(f, "{} is new", self.part),
            (Some(value), None) if plain || value.is_empty() => write!(f, "{} is gone", self.part),
            (Some(before), Some(after)) if quoted(before) == quoted(after) => {
                write!(f, "{} {}: other content", self.part, quoted(after))
            }
            (Some(before), Some(after)) => {
                write!(f, "{} {} -> {}", self.part, quoted(before), quoted(after))
            }
            (None, Some(after)) => write!(f, "{} {} is new", self.part, quoted(after)),
            (Some(before), None) => write!(f, "{} {} is gone", self.part, quoted(before)),
            (None, None) => write!(f, "{}", self.part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of these results: the step, which part, and what it holds.
    fn reads(results: &[(&str, usize, &str)]) -> Key {
        let mut key = Key::default();
        for (step, part, digest) in results {
            let part = KeyPart::Step {
                step: StepName::new(*step),
                part: Some(*part),
            };
            key.insert(part, *digest);
        }
        key
    }

    #[test]
    fn names_of_steps_and_numbers_of_parts_do_not_count() {
        let before = reads(&[
            ("deps:a", 1, "one"),
            ("deps:a", 2, "two"),
            ("std", 1, "three"),
        ]);
        let after = reads(&[
            ("std", 7, "three"),
            ("deps:b", 2, "one"),
            ("deps:b", 3, "two"),
        ]);
        assert_eq!(before.digest(), after.digest());
        assert_eq!(before.differences(&after), []);
    }

    #[test]
    fn a_part_that_another_step_makes_is_another_input() {
        let before = reads(&[
            ("deps:a", 1, "one"),
            ("deps:a", 2, "two"),
            ("std", 1, "three"),
        ]);
        let after = reads(&[("deps:a", 1, "one"), ("std", 1, "three"), ("std", 2, "two")]);
        assert_ne!(before.digest(), after.digest());
        let differences = before.differences(&after);
        let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            differences,
            [
                "results of deps:a, part 2 is gone",
                "results of std, part 2 is new"
            ]
        );
    }
}
