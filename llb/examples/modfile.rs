//! Prints each go.mod or go.work file as one line of JSON, equal as a value to what `go mod edit
//! -json FILE` or `go work edit -json FILE` prints (a file named go.work, or ending in .work, is a
//! go.work file). A bad file gives `{"error": "..."}`, one line of text per error; the exit code is
//! 1 then.
//!
//! What `go` prints depends on its version: up to 1.26 an absent list is `null` and go.work's
//! `toolchain` and `godebug` are left out; from 1.27 on an absent list is absent. The `go` on the
//! PATH decides; `--go 1.26` in front decides otherwise.
//!
//! In addition to printing, `go … edit` cleans the file: later replacements of one module win, of
//! equal excludes, tools and ignores the first stays, and directives with an empty path vanish. So
//! does this.
#![allow(
    clippy::disallowed_methods,
    reason = "an example is a program: it reads the files it is given"
)]
#![allow(clippy::print_stdout, reason = "printing is its purpose")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::{ModFile, Replace, WorkFile, version};
use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let go = if args.first().is_some_and(|arg| arg == "--go") && args.len() > 1 {
        args.drain(..2).next_back()
    } else {
        go_on_path()
    };
    let style = Style {
        omits_absent: go.is_none_or(|go| version::compare_go(&go, "1.27rc1").is_ge()),
    };
    let mut code = ExitCode::SUCCESS;
    let mut out = std::io::stdout().lock();
    for file in &args {
        let value = style.file(file).unwrap_or_else(|error| {
            code = ExitCode::FAILURE;
            json!({ "error": error })
        });
        if writeln!(out, "{value}").is_err() {
            return ExitCode::FAILURE;
        }
    }
    code
}

/// The version of the `go` on the PATH, without `go` in front.
fn go_on_path() -> Option<String> {
    let output = std::process::Command::new("go")
        .args(["env", "GOVERSION"])
        .env("GOTOOLCHAIN", "local")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    version::toolchain_go(text.trim()).map(str::to_owned)
}

/// How the JSON of one Go version looks.
pub(crate) struct Style {
    pub(crate) omits_absent: bool,
}

impl Style {
    pub(crate) fn file(&self, file: &str) -> Result<Value, String> {
        let text = std::fs::read(file).map_err(|error| format!("open {file}: {error}"))?;
        if file.ends_with(".work") {
            let (work, diagnostics) = WorkFile::parse(file, &text);
            check(&diagnostics).map(|()| self.work(&work))
        } else {
            let (module, diagnostics) = ModFile::parse(file, &text);
            check(&diagnostics).map(|()| self.module(&module))
        }
    }

    fn module(&self, file: &ModFile) -> Value {
        let mut module = json!({ "Path": file.module.as_ref().map_or("", |module| &module.value) });
        if !file.deprecated.is_empty() {
            module["Deprecated"] = json!(file.deprecated);
        }
        let mut object = Map::new();
        object.insert("Module".into(), module);
        self.word(
            &mut object,
            "Go",
            file.go.as_ref().map(|go| go.value.as_str()),
        );
        self.word(
            &mut object,
            "Toolchain",
            file.toolchain.as_ref().map(|name| name.value.as_str()),
        );
        let godebug: Vec<Value> = file
            .godebug
            .iter()
            .filter(|line| !line.value.0.is_empty())
            .map(|l| pair(&l.value))
            .collect();
        if !godebug.is_empty() {
            object.insert("GoDebug".into(), godebug.into());
        }
        let require = file
            .require
            .iter()
            .filter(|require| !require.path.is_empty())
            .map(|require| {
                let mut value = json!({ "Path": require.path, "Version": require.version });
                if require.indirect {
                    value["Indirect"] = json!(true);
                }
                value
            });
        self.list(&mut object, "Require", require);
        let exclude = firsts(file.exclude.iter().map(|line| &line.value))
            .filter(|(path, _)| !path.is_empty());
        self.list(
            &mut object,
            "Exclude",
            exclude.map(|(path, version)| module_version(path, version)),
        );
        self.list(&mut object, "Replace", replaces(&file.replace).into_iter());
        let retract = file
            .retract
            .iter()
            .filter(|retract| !retract.low.is_empty() || !retract.high.is_empty())
            .map(|retract| {
                let mut value = Map::new();
                self.word(&mut value, "Low", Some(&retract.low));
                self.word(&mut value, "High", Some(&retract.high));
                self.word(&mut value, "Rationale", Some(&retract.rationale));
                value.into()
            });
        self.list(&mut object, "Retract", retract);
        self.list(
            &mut object,
            "Tool",
            firsts(file.tool.iter().map(|line| &line.value)).map(|path| json!({ "Path": path })),
        );
        self.list(
            &mut object,
            "Ignore",
            firsts(file.ignore.iter().map(|line| &line.value)).map(|path| json!({ "Path": path })),
        );
        object.into()
    }

    fn work(&self, file: &WorkFile) -> Value {
        let mut object = Map::new();
        self.word(
            &mut object,
            "Go",
            file.go.as_ref().map(|go| go.value.as_str()),
        );
        if self.omits_absent {
            self.word(
                &mut object,
                "Toolchain",
                file.toolchain.as_ref().map(|name| name.value.as_str()),
            );
            self.list(
                &mut object,
                "Godebug",
                file.godebug.iter().map(|line| pair(&line.value)),
            );
        }
        let uses = file.uses.iter().filter(|line| !line.dir.is_empty());
        self.list(
            &mut object,
            "Use",
            uses.map(|line| json!({ "DiskPath": line.dir })),
        );
        self.list(&mut object, "Replace", replaces(&file.replace).into_iter());
        object.into()
    }

    fn word(&self, object: &mut Map<String, Value>, key: &str, word: Option<&str>) {
        if let Some(word) = word.filter(|word| !word.is_empty()) {
            object.insert(key.into(), json!(word));
        }
    }

    fn list(&self, object: &mut Map<String, Value>, key: &str, items: impl Iterator<Item = Value>) {
        let items: Vec<Value> = items.collect();
        match (items.is_empty(), self.omits_absent) {
            (false, _) => object.insert(key.into(), items.into()),
            (true, false) => object.insert(key.into(), Value::Null),
            (true, true) => None,
        };
    }
}

fn check(diagnostics: &[Diagnostic]) -> Result<(), String> {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors.join("\n"))
    }
}

fn pair((key, value): &(String, String)) -> Value {
    json!({ "Key": key, "Value": value })
}

fn module_version(path: &str, version: &str) -> Value {
    let mut value = json!({ "Path": path });
    if !version.is_empty() {
        value["Version"] = json!(version);
    }
    value
}

/// The last replacement of each module, in the order of the file.
fn replaces(all: &[Replace]) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<&Replace> = all
        .iter()
        .rev()
        .filter(|r| seen.insert((&r.old_path, &r.old_version)))
        .collect();
    kept.reverse();
    let kept = kept
        .into_iter()
        .filter(|replace| !replace.old_path.is_empty());
    kept.map(
        |r| json!({ "Old": module_version(&r.old_path, &r.old_version), "New": module_version(&r.new_path, &r.new_version) }),
    )
    .collect()
}

/// The first of equal items.
fn firsts<'a, T: Ord + 'a>(items: impl Iterator<Item = &'a T>) -> impl Iterator<Item = &'a T> {
    let mut seen = BTreeSet::new();
    items.filter(move |item| seen.insert(*item))
}
