//! `gowork-cache ahead FILE DIR LAYERS`: compiles and links in one go what steps would compile and link one after another, and leaves all results in the
//! cache mount, where the steps then find them ([`crate::known`]). So they cost what one `go build` costs, where many have to run.
//!
//! The file names the steps that have to run. Of the others that these read, `LAYERS` has what they made, by position. Those of the former that run already are waited
//! for; the rest wait for this ([`crate::turns`]). Whoever compiled something here before is believed as steps believe him.
//!
//! Whatever goes wrong here is left to the steps: they fail with the same words, under their own names. Results are used where they lie in the mount, checked
//! but not copied: if one goes meanwhile, this fails.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::Deserialize;

use crate::args;
use crate::compile::{self, KEY_BYTES, part_dir};
use crate::id::Id;
use crate::known::{self, Described};
use crate::layer::{self, Entry};
use crate::mount::CacheMount;
use crate::turns::{Held, Turn, Turns};

/// The word that asks for it.
pub const WORD: &str = "ahead";

/// The steps, each after those that it reads.
#[derive(Debug, Deserialize)]
struct Ahead {
    /// Flags that packages are compiled with.
    flags: Vec<String>,
    /// Compile steps: those that have to run, and those that they read.
    steps: Vec<Described>,
    /// Links that have to run.
    links: Vec<Link>,
}

/// A link.
#[derive(Debug, Deserialize)]
struct Link {
    /// What makes its result.
    #[serde(flatten)]
    described: Described,
    /// Import path of the main.
    package: String,
    /// The name that `go build` gives its binary.
    binary: String,
    /// Flags that it is compiled and linked with.
    flags: Vec<String>,
}

/// Does what it can. Always succeeds, for its results are a convenience.
///
/// # Errors
/// If it is called in a wrong way.
pub fn ahead(words: &[String]) -> Result<ExitCode, String> {
    let [file, dir, layers] = words else { return Err("usage: gowork-cache ahead FILE DIR LAYERS".to_owned()) };
    let wanted: Ahead = known::read_json(file)?;
    let (program, args) = args::from_environment()?;
    let mount = args.mount.ok_or("there is no --mount")?;
    let (dir, layers) = (Path::new(dir), Path::new(layers));
    let runner = Runner { dir, layers, program: &program, mount_dir: &mount, mount: CacheMount::new(&mount, args.limit) };
    let done = runner.run(&wanted);
    let _ = known::empty(dir);
    if let Err(error) = done {
        eprintln!("gowork-cache: not compiled ahead: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

struct Runner<'a> {
    /// Scratch space.
    dir: &'a Path,
    /// Results of steps, by position.
    layers: &'a Path,
    /// This program.
    program: &'a str,
    mount_dir: &'a Path,
    mount: CacheMount,
}

/// What is known of parts by the names of their directories, and what is not.
struct Seen<'a> {
    go: String,
    indexes: HashMap<String, Id>,
    /// Layers to read.
    layers: Vec<PathBuf>,
    unknown: Vec<&'a Described>,
}

impl Seen<'_> {
    /// Nothing yet.
    fn nothing() -> io::Result<Self> {
        Ok(Self { go: known::go_version()?, indexes: HashMap::new(), layers: Vec::new(), unknown: Vec::new() })
    }

    /// The key of a step, if all that it reads is known.
    fn key(&self, step: &Described) -> io::Result<Option<Id>> {
        let reads: Option<Vec<Id>> = step.reads.iter().map(|name| self.indexes.get(name).copied()).collect();
        reads.map(|reads| step.key(&self.go, &reads)).transpose()
    }

    fn learn(&mut self, step: &Described, indexes: &[String]) {
        let names = step.parts.iter().map(|packages| part_dir(packages));
        self.indexes.extend(names.zip(indexes.iter().map(|index| known::index_id(index))));
    }
}

impl Runner<'_> {
    /// Compiles and links.
    fn run(&self, wanted: &Ahead) -> io::Result<()> {
        // Builds side by side have much in common: one does it, the others find it.
        let _alone = self.mount.lock()?;
        let turns = Turns::new(self.mount_dir);
        let compiled = wanted.steps.iter().enumerate().filter(|(at, _)| !self.layer(*at).is_dir()).map(|(_, step)| step);
        let linked = wanted.links.iter().map(|link| &link.described);
        let (to_compile, to_link) = (hold(&turns, compiled.clone()), hold(&turns, linked.clone()));
        for step in compiled.chain(linked) {
            turns.wait(Turn::Runs, &step.name)?;
        }
        let mut seen = self.look(wanted)?;
        if !self.compile(wanted, &mut seen)? {
            return Ok(());
        }
        drop(to_compile);
        let mut open = Vec::new();
        for link in &wanted.links {
            if seen.key(&link.described)?.is_none_or(|key| known::binary(&self.mount, &key).is_none()) {
                open.push(link);
            }
        }
        self.link(&open, &seen)?;
        drop(to_link);
        Ok(())
    }

    fn layer(&self, at: usize) -> PathBuf {
        self.layers.join(at.to_string())
    }

    /// Which steps are known: by their layers, or in the mount.
    fn look<'a>(&self, wanted: &'a Ahead) -> io::Result<Seen<'a>> {
        let mut seen = Seen::nothing()?;
        for (at, step) in wanted.steps.iter().enumerate() {
            let layer = self.layer(at);
            if layer.is_dir() {
                let parts: Vec<PathBuf> = step.parts.iter().map(|packages| layer.join(part_dir(packages))).collect();
                let indexes = parts.iter().map(|part| fs::read_to_string(layer::index_path(part)));
                seen.learn(step, &indexes.collect::<io::Result<Vec<_>>>()?);
                seen.layers.extend(parts);
                continue;
            }
            let found = seen.key(step)?.and_then(|key| known::indexes(&self.mount, &key));
            match found.filter(|indexes| indexes.len() == step.parts.len()) {
                Some(indexes) => seen.learn(step, &indexes),
                None => seen.unknown.push(step),
            }
        }
        Ok(seen)
    }

    /// Compiles the unknown steps. False if that fails.
    fn compile<'a>(&self, wanted: &Ahead, seen: &mut Seen<'a>) -> io::Result<bool> {
        let steps: Vec<&'a Described> = std::mem::take(&mut seen.unknown);
        if steps.is_empty() {
            return Ok(true);
        }
        if steps.iter().any(|step| step.brings_others) {
            // It failed, or its results could not be kept.
            return Ok(false);
        }
        let names = self.dir.join("names");
        let mut go = self.go(&names, seen);
        let packages = steps.iter().flat_map(|step| step.parts.iter().flatten());
        go.args(compile::GO_LIST).args(&wanted.flags).arg("--").args(compile::nameable(packages));
        let Some(listing) = succeeds(go)? else { return Ok(false) };
        let found = by_package(&listing, &layer::read_index(&names)?);
        for step in steps {
            let index = |packages: &Vec<String>| {
                let entries = packages.iter().map(|package| found.get(package.as_str()).copied());
                entries.collect::<Option<BTreeMap<Id, Entry>>>().map(|entries| layer::format_index(&entries))
            };
            let indexes: Option<Vec<String>> = step.parts.iter().map(index).collect();
            if let Some((key, indexes)) = seen.key(step)?.zip(indexes) {
                known::keep_indexes(&self.mount, &key, &indexes);
                seen.learn(step, &indexes);
            }
        }
        Ok(true)
    }

    /// Links, as many at once as have the same flags and binaries of different names.
    fn link(&self, links: &[&Link], seen: &Seen<'_>) -> io::Result<()> {
        let mut left: Vec<&Link> = links.to_vec();
        while let Some(first) = left.first().copied() {
            let mut names = HashSet::new();
            let (now, later): (Vec<&Link>, Vec<&Link>) =
                left.into_iter().partition(|link| link.flags == first.flags && names.insert(&link.binary));
            left = later;
            let made = self.dir.join("binaries");
            fs::create_dir_all(&made)?;
            let mut go = self.go(&self.dir.join("names"), seen);
            // The slash has it taken for a directory, also for one binary.
            go.arg("build").args(&first.flags).arg("-o").arg(made.join("")).arg("--");
            go.args(now.iter().map(|link| &link.package).collect::<BTreeSet<_>>());
            if succeeds(go)?.is_none() {
                return Ok(());
            }
            for link in now {
                if let Some(key) = seen.key(&link.described)? {
                    known::keep_binary(&self.mount, &key, &fs::read(made.join(&link.binary))?);
                }
            }
            fs::remove_dir_all(made)?;
        }
        Ok(())
    }

    /// A go command whose results are in layers and the mount; those in the mount are named in a directory.
    fn go(&self, names: &Path, seen: &Seen<'_>) -> Command {
        let layers: String = seen.layers.iter().map(|layer| format!(" --parent {}", layer.display())).collect();
        let results = format!("--names {} --mount {}", names.display(), self.mount_dir.display());
        let mut go = Command::new("go");
        go.env("GOCACHEPROG", format!("{}{layers} {results}", self.program));
        go
    }
}

/// Has steps wait that do not run yet.
fn hold<'a>(turns: &Turns, steps: impl Iterator<Item = &'a Described>) -> Vec<Held> {
    steps.filter_map(|step| turns.say(Turn::Ahead, &step.name)).collect()
}

/// What a go command writes to its standard output; none if it fails. Its words are not shown: the step that fails for the same reason shows them.
fn succeeds(mut go: Command) -> io::Result<Option<String>> {
    let (status, text) = compile::run_quietly(&mut go)?;
    Ok(status.success().then_some(text))
}

/// The result of each package that a listing names.
fn by_package<'a>(listing: &'a str, entries: &HashMap<Id, Entry>) -> HashMap<&'a str, (Id, Entry)> {
    let keys = compile::parse_listing(listing);
    let result = |(action, entry): (&Id, &Entry)| Some((*keys.get(&action.as_bytes()[..KEY_BYTES])?, (*action, *entry)));
    entries.iter().filter_map(result).collect()
}
