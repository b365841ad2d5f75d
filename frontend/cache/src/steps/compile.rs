//! `gowork-cache compile [--step=FILE] FILE DIR FLAG...`: compiles packages, and leaves the results
//! of each part in a directory of its own. With `-` in place of `DIR` the results stay where
//! `GOCACHEPROG` has them kept, in a cache mount. If the step is described and the mount remembers
//! all its results, they are taken from there and no go command runs ([`crate::steps::memo`]).
//!
//! The file names the packages, one a line, with an empty line between parts. There may be hundreds
//! of them, which would fill the command line of a failed step. If there is a `DIR`, then
//! `GOCACHEPROG` must name this program with `--layer DIR`.
//!
//! The go command is run as `go list -export`. That compiles as `go build` does, and prints each
//! package's build ID, whose first half is the key that its result was put under
//! (cmd/go/internal/work, buildid.go). So `DIR` becomes a layer for each part, with the compiled
//! packages alone. The go command's other results (lists of sources, printed text) are left out: no
//! later step asks for them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gowork_step::parse_parts;
use gowork_step::words::{NO_LAYER, STEP};

use crate::id::Id;
use crate::layer::format::{self, Entry};
use crate::layer::parts::{clear, write_parts};
use crate::steps::description::ThisStep;
use crate::steps::failure;
use crate::steps::go::{self, Ended, exit_code};
use crate::steps::locks::RunningStep;

/// The words that make the go command compile packages and print their build IDs, and those of
/// dependencies too.
const GO_LIST: [&str; 5] = [
    "list",
    "-export",
    "-deps",
    "-f",
    "{{.ImportPath}} {{.BuildID}}",
];

/// A package that imports nothing and is compiled in no time. `go list` looks for a profile's
/// preprocessed form in the cache and does not make it. Without that form it compiles as if there
/// were no profile, under keys that `go build` does not ask for (cmd/go/internal/work,
/// `pgoActor.Act`). `go build` makes it.
const SMALLEST: &str = "internal/goarch";

/// How many bytes of its key a build ID holds.
const KEY_BYTES: usize = 15;

/// Compiles the packages and sorts the results. The exit code is the go command's if it fails; the
/// reason is on standard error.
///
/// # Errors
/// If a word is missing, the file cannot be read, the go command cannot be started, or results
/// cannot be written.
pub fn compile(words: &[String]) -> Result<ExitCode, String> {
    let (step, words) = match words.split_first() {
        Some((first, rest)) if first.starts_with(STEP) => (first.strip_prefix(STEP), rest),
        _ => (None, words),
    };
    let [file, dir, flags @ ..] = words else {
        return Err("usage: gowork-cache compile [--step=FILE] FILE DIR FLAG...".to_owned());
    };
    let text = fs::read_to_string(file).map_err(|error| format!("read {file}: {error}"))?;
    let parts = parse_parts(&text);
    let layer = (dir != NO_LAYER).then(|| Path::new(dir));
    let write_error = |error| format!("sort the results in {dir}: {error}");
    let step = match step {
        Some(description) => ThisStep::read(description, None)?,
        None => None,
    };
    let memo = step.as_ref().and_then(ThisStep::memo);
    loop {
        let running = step.as_ref().and_then(ThisStep::run);
        if let (Some(memo), Some(dir)) = (&memo, layer)
            && memo.restore(dir, &parts)
        {
            return Ok(ExitCode::SUCCESS);
        }
        let should_stop = || running.as_ref().is_some_and(RunningStep::should_stop);
        let ended = run(&parts, flags, should_stop).map_err(|error| format!("run go: {error}"))?;
        if ended.status.success() {
            if let Some(dir) = layer {
                let layers =
                    split(dir, &parts, &parse_listing(&ended.output)).map_err(write_error)?;
                if let (Some(memo), Some(layers)) = (&memo, layers) {
                    memo.keep_layers(&layers);
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        if !ended.is_stopped {
            failure::keep(ended.errors);
            return Ok(exit_code(ended.status));
        }
        // The batch that stopped it finds in the mount what it made until then, and makes the rest.
        if let Some(dir) = layer {
            clear(dir).map_err(write_error)?;
        }
    }
}

/// Runs the go command for all parts.
fn run(
    parts: &[Vec<String>],
    flags: &[String],
    should_stop: impl Fn() -> bool + Sync,
) -> io::Result<Ended> {
    if flags.iter().any(|flag| flag.starts_with("-pgo=")) {
        // The next process finds what this one leaves: in the same layer, or in the mount.
        let mut build = Command::new("go");
        build.arg("build").args(flags).arg(SMALLEST);
        let ended = go::run(&mut build, &should_stop)?;
        if !ended.status.success() {
            return Ok(ended);
        }
    }
    let mut list = Command::new("go");
    list.args(GO_LIST).args(flags).arg("--");
    list.args(go::nameable(parts.iter().flatten()));
    go::run(&mut list, should_stop)
}

/// Import paths by the first bytes of the key that each package's result is under. A package
/// without a build ID has no result.
fn parse_listing(text: &str) -> HashMap<Vec<u8>, &str> {
    text.lines().filter_map(parse_build_id).collect()
}

fn parse_build_id(line: &str) -> Option<(Vec<u8>, &str)> {
    let (path, build_id) = line.split_once(' ')?;
    let key = URL_SAFE_NO_PAD.decode(build_id.split('/').next()?).ok()?;
    (key.len() == KEY_BYTES).then_some((key, path))
}

/// Turns the layer in `dir` into a layer for each part. `packages` are import paths by the first
/// bytes of their key. Returns the entries of these layers, if each holds exactly what it should.
fn split(
    dir: &Path,
    parts: &[Vec<String>],
    packages: &HashMap<Vec<u8>, &str>,
) -> io::Result<Option<Vec<BTreeMap<Id, Entry>>>> {
    let entries = format::read_index(dir)?;
    let package_of = |action: &Id| packages.get(&action.as_bytes()[..KEY_BYTES]).copied();
    let mut part_of: HashMap<&str, usize> = HashMap::new();
    for (part, paths) in parts.iter().enumerate() {
        part_of.extend(paths.iter().map(|path| (path.as_str(), part)));
    }
    let found: HashSet<&str> = entries.keys().filter_map(package_of).collect();
    // Not so if a parent had a result already, or if keys have another form. Then every part gets
    // everything: too much is better than too little.
    let is_complete = part_of.keys().all(|path| found.contains(path));

    let mut layers = vec![BTreeMap::new(); parts.len()];
    for (action, entry) in entries {
        let package = package_of(&action);
        let part = package.and_then(|package| part_of.get(package));
        match (package, part) {
            (Some(_), Some(part)) if is_complete => {
                layers[*part].insert(action, entry);
            }
            // Not the result of a package.
            (None, _) if is_complete => {}
            // A package that no part names, so any part may need it.
            _ => {
                for layer in &mut layers {
                    layer.insert(action, entry);
                }
            }
        }
    }
    fs::remove_file(format::index_path(dir))?;
    write_parts(dir, parts, &layers)?;
    Ok(is_complete.then_some(layers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_build_ids() {
        let keys = parse_listing(
            "example.com/m/a XMregOxNZuL3bXLCKXzx/znhIMgrAdw82PXmIZX6H\nunsafe \nb shorter/x\n",
        );
        assert_eq!(keys.len(), 1);
        let (key, path) = keys.iter().next().unwrap();
        assert_eq!(
            (key.len(), key[0], *path),
            (KEY_BYTES, 0x5c, "example.com/m/a")
        );
    }
}
