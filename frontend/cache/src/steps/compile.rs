//! `gowork-cache compile [--step=FILE] FILE DIR FLAG...`: compiles packages, and leaves the results
//! of each part in a directory of its own; with `-` in place of `DIR` it leaves them where
//! `GOCACHEPROG` has them kept, in a cache mount. If the step is described and such a mount has all
//! its results, they are taken from there and no go command runs ([`crate::steps::memo`]).
//!
//! The file names the packages, one a line, parts apart by an empty line: hundreds of them, which
//! nobody wants to read in the command line of a failed step. With a directory `GOCACHEPROG` must
//! name this program with `--own DIR`. The go command is run as `go list -export`, which compiles
//! as `go build` does and also tells each package's build ID, whose first half is the key that its
//! result was put under (cmd/go/internal/work, buildid.go). So `DIR` becomes a layer for each part,
//! in a directory named by its first package ([`part_dir`]), with the compiled packages alone; what
//! else the go command put there (lists of sources, printed text), no later step asks for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gowork_step::words::{NO_LAYER, STEP};
use gowork_step::{Description, parse_parts, part_dir};

use crate::id::Id;
use crate::layer::read::{self, Entry};
use crate::layer::write;
use crate::steps::failure;
use crate::steps::go::{self, Ended, exit_code};
use crate::steps::locks::Begun;
use crate::steps::memo::{self, Known, read_json};

/// The words that make the go command compile packages and tell their build IDs, those of
/// dependencies too.
const GO_LIST: [&str; 5] = [
    "list",
    "-export",
    "-deps",
    "-f",
    "{{.ImportPath}} {{.BuildID}}",
];

/// A package that imports nothing and is compiled in no time. `go list` looks for a profile's
/// preprocessed form in the cache and does not make it: without that it compiles as if there were
/// no profile, under keys that `go build` does not ask for (cmd/go/internal/work, `pgoActor.Act`).
/// `go build` makes it.
const SMALLEST: &str = "internal/goarch";

/// How many bytes of its key a build ID holds.
const KEY_BYTES: usize = 15;

/// Compiles the packages and sorts the results. The exit code is the go command's if it fails; it
/// has said why on standard error.
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
    let described = step.map(read_json::<Description>).transpose()?;
    let known = described
        .as_ref()
        .and_then(|described| Known::this(described, None));
    loop {
        let turn = described
            .as_ref()
            .and_then(|described| memo::turn(described, None));
        if known
            .as_ref()
            .is_some_and(|known| known.take(Path::new(dir), &parts))
        {
            return Ok(ExitCode::SUCCESS);
        }
        let is_to_stop = || turn.as_ref().is_some_and(Begun::is_to_stop);
        let ended = run(&parts, flags, is_to_stop).map_err(|error| format!("run go: {error}"))?;
        let sorted = |error| format!("sort the results in {dir}: {error}");
        if ended.status.success() {
            if dir != NO_LAYER {
                let layers =
                    split(Path::new(dir), &parts, &parse_listing(&ended.output)).map_err(sorted)?;
                known
                    .zip(layers)
                    .iter()
                    .for_each(|(known, layers)| known.keep(layers));
            }
            return Ok(ExitCode::SUCCESS);
        }
        if !ended.is_stopped {
            failure::keep(ended.said);
            return Ok(exit_code(ended.status));
        }
        // What it made until then is in the mount, where whoever stopped it finds it and makes the
        // rest.
        memo::empty(Path::new(dir)).map_err(sorted)?;
    }
}

/// Runs the go command for all parts.
fn run(
    parts: &[Vec<String>],
    flags: &[String],
    is_to_stop: impl Fn() -> bool + Sync,
) -> io::Result<Ended> {
    if flags.iter().any(|flag| flag.starts_with("-pgo=")) {
        // The next process finds what this one leaves: in the same layer, or in the mount.
        let ended = go::run(
            Command::new("go").arg("build").args(flags).arg(SMALLEST),
            &is_to_stop,
        )?;
        if !ended.status.success() {
            return Ok(ended);
        }
    }
    go::run(
        Command::new("go")
            .args(GO_LIST)
            .args(flags)
            .arg("--")
            .args(nameable(parts.iter().flatten())),
        is_to_stop,
    )
}

/// Packages without those that std vendors for itself: they cannot be named on a command line, and
/// come with what imports them.
pub(crate) fn nameable<'a>(
    packages: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = &'a String> {
    packages.filter(|path| !path.starts_with("vendor/"))
}

/// The first bytes of the key that each listed package's result is under, to its import path.
/// Without a build ID there is nothing to compile.
fn parse_listing(text: &str) -> HashMap<Vec<u8>, &str> {
    text.lines().filter_map(parse_build_id).collect()
}

fn parse_build_id(line: &str) -> Option<(Vec<u8>, &str)> {
    let (path, build_id) = line.split_once(' ')?;
    let key = URL_SAFE_NO_PAD.decode(build_id.split('/').next()?).ok()?;
    (key.len() == KEY_BYTES).then_some((key, path))
}

/// Makes a layer for each part of the one in `dir`. Returns what they hold, if that is all they
/// should.
fn split(
    dir: &Path,
    parts: &[Vec<String>],
    keys: &HashMap<Vec<u8>, &str>,
) -> io::Result<Option<Vec<BTreeMap<Id, Entry>>>> {
    let entries: BTreeMap<Id, Entry> = read::read_index(dir)?.into_iter().collect();
    let package_of = |action: &Id| keys.get(&action.as_bytes()[..KEY_BYTES]).copied();
    let found: BTreeSet<&str> = entries.keys().filter_map(package_of).collect();
    let named: HashMap<&str, usize> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, packages)| packages.iter().map(move |path| (path.as_str(), part)))
        .collect();
    // A result that was in a parent already, or keys of another form: then too much is kept rather
    // than too little.
    let known = named.keys().all(|path| found.contains(path));
    let layer = |part: usize| {
        let belongs = |action: &&Id| match package_of(action).map(|path| named.get(path)) {
            Some(Some(&of)) => !known || of == part,
            // Nobody named it, so anybody may need it.
            Some(None) => true,
            None => !known,
        };
        entries
            .iter()
            .filter(|(action, _)| belongs(action))
            .map(|(action, entry)| (*action, *entry))
            .collect()
    };
    let layers: Vec<BTreeMap<Id, Entry>> = (0..parts.len()).map(layer).collect();
    fs::remove_file(read::index_path(dir))?;
    write_parts(dir, parts, &layers)?;
    Ok(known.then_some(layers))
}

/// Writes the layer of each part from the outputs in `dir`, and takes these away.
pub(crate) fn write_parts(
    dir: &Path,
    parts: &[Vec<String>],
    layers: &[BTreeMap<Id, Entry>],
) -> io::Result<()> {
    for (packages, entries) in parts.iter().zip(layers) {
        write_part(dir, packages, entries)?;
    }
    fs::remove_dir_all(dir.join("o"))?;
    write::settle(&File::open(dir)?, 0o755)
}

/// Writes the layer of the part with these packages, with its outputs as further links to those of
/// the whole.
fn write_part(whole: &Path, packages: &[String], entries: &BTreeMap<Id, Entry>) -> io::Result<()> {
    let dir = &whole.join(part_dir(packages));
    fs::create_dir_all(dir.join("o"))?;
    let outputs: BTreeSet<Id> = entries.values().map(|entry| entry.output).collect();
    for output in &outputs {
        fs::hard_link(
            read::output_path(whole, output),
            read::output_path(dir, output),
        )?;
    }
    let index = read::index_path(dir);
    fs::write(&index, read::format_index(entries))?;
    write::settle(&File::open(&index)?, 0o644)?;
    write::settle(&File::open(dir.join("o"))?, 0o755)?;
    write::settle(&File::open(dir)?, 0o755)
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
