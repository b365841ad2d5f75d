//! What make would run: `make -n`, with build-args and computed values left open.
//!
//! Values that only a build knows go into make as marks, and come out of it in the commands. Programs
//! such as git and date are replaced by ones that print a mark for their output.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::conversion::{Part, Scope, Value};

/// Programs whose output is a value of the build.
const COMPUTED: [&str; 4] = ["git", "date", "hostname", "whoami"];
/// Around a mark.
const MARK: &str = "zqgw";
/// Bytes of what make prints that are read.
const PRINTED: usize = 4 << 20;

/// Stands for the programs. Prints the mark of a command.
const STAND_IN: &str = r#"#!/bin/sh
# A checkout without changes.
case "$(basename "$0") $1" in "git status" | "git diff" | "git update-index") exit 0 ;; esac
text="$(basename "$0")"
for word in "$@"; do text="$text $word"; done
printf 'zqgw%szqgw\n' "$(printf 'C%s' "$text" | od -An -v -tx1 | tr -d ' \n')"
"#;

/// The go command, as far as makefiles ask it.
const GO: &str = r#"#!/bin/sh
case "$1 $2" in
    "env GOOS") echo linux ;;
    "env GOARCH") echo amd64 ;;
    "env GOPATH") echo /go ;;
    "env GOROOT") echo /usr/local/go ;;
    "env GOBIN") echo ;;
    "env "*) echo ;;
    "version "*) echo "go version go1.24.0 linux/amd64" ;;
    "list -m") sed -n 's/^module *//p' go.mod ;;
    *) echo ;;
esac
"#;

/// The name of the system, as the builder has it.
const UNAME: &str = r#"#!/bin/sh
case "$1" in
    -m | -p) echo x86_64 ;;
    -n) printf 'zqgw43756e616d65202d6ezqgw\n' ;;
    -sm) echo Linux x86_64 ;;
    *) echo Linux ;;
esac
"#;

/// Runs `make -n` in a directory. The commands that it would run, or why it could not be run.
pub(crate) fn dry_run(dir: &Path, args: &[Value], scope: &Scope) -> anyhow::Result<String> {
    let programs = tempfile::tempdir()?;
    for name in COMPUTED {
        stand_in(&programs.path().join(name), STAND_IN)?;
    }
    stand_in(&programs.path().join("go"), GO)?;
    stand_in(&programs.path().join("uname"), UNAME)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let before = std::iter::once(programs.path().to_path_buf());
    let path = std::env::join_paths(before.chain(std::env::split_paths(&path)))?;
    let mut make = Command::new("make");
    make.arg("-n").arg("--no-print-directory").current_dir(dir);
    for arg in args {
        make.arg(goal(arg));
    }
    for (name, value) in scope.vars() {
        if name != "HOME" && name != "PATH" {
            make.env(name, marked(value));
        }
    }
    make.env("PATH", path);
    let output = make
        .stdin(Stdio::null())
        .output()
        .context("make cannot be run")?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.truncate(text.floor_char_boundary(PRINTED));
    anyhow::ensure!(
        output.status.success(),
        "make -n {}: {}",
        args.iter().map(marked).collect::<Vec<_>>().join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(unmarked(&text))
}

fn stand_in(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// An argument: a goal must be known, a variable may stay open.
fn goal(value: &Value) -> String {
    let is_variable = matches!(value.0.first(), Some(Part::Text(text)) if text.contains('='));
    if is_variable {
        return marked(value);
    }
    let mut text = String::new();
    for part in &value.0 {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Arg { name, default } => match default {
                Some(default) => text.push_str(default),
                None if name.contains("ARCH") => text.push_str("amd64"),
                None if name.contains("OS") => text.push_str("linux"),
                None => {}
            },
            Part::Platform(name) if name.ends_with("ARCH") => text.push_str("amd64"),
            Part::Platform(name) if name.ends_with("OS") => text.push_str("linux"),
            _ => {}
        }
    }
    text
}

/// A value as make takes it.
fn marked(value: &Value) -> String {
    let mut text = String::new();
    for part in &value.0 {
        match part {
            Part::Text(part) => text.push_str(&part.replace('$', "$$")),
            Part::Arg { name, default } => {
                let default = default.as_deref().unwrap_or_default();
                text.push_str(&mark(&format!("A{name}={default}")));
            }
            Part::Platform(name) => text.push_str(&mark(&format!("A{name}"))),
            Part::Command(command) => text.push_str(&mark(&format!("C{command}"))),
            Part::Unknown(_) => {}
        }
    }
    text
}

fn mark(text: &str) -> String {
    use std::fmt::Write as _;
    let mut mark = MARK.to_owned();
    for byte in text.bytes() {
        let _ = write!(mark, "{byte:02x}");
    }
    mark + MARK
}

/// The text with each mark as the shell writes it: also inside single quotes, which end before it
/// and begin again.
fn unmarked(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once(MARK) {
            out.push_str(before);
            let Some((hex, behind)) = after.split_once(MARK) else {
                rest = after;
                continue;
            };
            let quotes = before_quotes(&out);
            if let Some(written) = decoded(hex) {
                if quotes {
                    out.push_str("'\"");
                    out.push_str(&written);
                    out.push_str("\"'");
                } else {
                    out.push_str(&written);
                }
            }
            rest = behind;
        }
        out.push_str(rest);
    }
    out
}

/// Whether the end of a text stands in single quotes.
fn before_quotes(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let (mut single, mut double) = (false, false);
    for c in line.chars() {
        match c {
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            _ => {}
        }
    }
    single
}

fn decoded(hex: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(hex.len() / 2);
    for pair in hex.as_bytes().chunks(2) {
        let pair = std::str::from_utf8(pair).ok()?;
        bytes.push(u8::from_str_radix(pair, 16).ok()?);
    }
    let text = String::from_utf8(bytes).ok()?;
    if let Some(command) = text.strip_prefix('C') {
        return Some(format!("$({command})"));
    }
    let arg = text.strip_prefix('A')?;
    Some(match arg.split_once('=') {
        Some((name, "")) => format!("${{{name}}}"),
        Some((name, default)) => format!("${{{name}:-{default}}}"),
        None => format!("${{{arg}}}"),
    })
}
