//! `gowork-cache batch FILE DIR LAYERS`: compiles and links in one go what steps would compile and
//! link one after another, and leaves all results in the cache mount, where the steps then find
//! them ([`crate::steps::memo`]). So they cost what one `go build` costs, where many have to run.
//!
//! The file names the steps that have to run. Of the others that these read, `LAYERS` has what they
//! made, by position. Those of the former that run already are waited for, while the go command
//! loads packages; the one for the bulk of std, which takes longest, is stopped then, and what it
//! made is used. The rest wait for this ([`crate::steps::locks`]), each until all its packages are
//! compiled.
//!
//! Whatever goes wrong here is left to the steps: they fail with the same words, under their own
//! names. Results are used where they lie in the mount, checked but not copied: if one goes
//! meanwhile, this fails.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use gowork_step::words::{AFTER, LISTED, MOUNT, PARENT, STOP};
use gowork_step::{Batch, Description, LinkDescription, part_dir};

use crate::args;
use crate::id::Id;
use crate::layer::read::{self, Entry};
use crate::mount::CacheMount;
use crate::server::usage_log;
use crate::steps::compile;
use crate::steps::go_trace::{Printed, Told};
use crate::steps::locks::{Held, Turn, Turns};
use crate::steps::memo;

/// Does what it can. Always succeeds, for its results are a convenience.
///
/// # Errors
/// If it is called in a wrong way.
pub fn batch(words: &[String]) -> Result<ExitCode, String> {
    let [file, dir, layers] = words else {
        return Err("usage: gowork-cache batch FILE DIR LAYERS".to_owned());
    };
    let wanted: Batch = memo::read_json(file)?;
    let (program, args) = args::from_environment()?;
    let mount = args.mount.ok_or("there is no --mount")?;
    let (dir, layers) = (Path::new(dir), Path::new(layers));
    let runner = Runner {
        dir,
        layers,
        program: &program,
        mount_dir: &mount,
        mount: CacheMount::new(&mount, args.limit),
    };
    let done = runner.run(&wanted);
    let _ = memo::empty(dir);
    if let Err(error) = done {
        eprintln!("gowork-cache: the batch was not compiled: {error}");
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

/// What is known of parts by the names of their directories, and what is not; and who waits for
/// that.
struct Seen<'a> {
    mount: &'a CacheMount,
    turns: &'a Turns,
    /// By names of steps.
    held: HashMap<String, Held>,
    go: String,
    indexes: HashMap<String, Id>,
    /// Layers to read.
    layers: Vec<PathBuf>,
    /// Those that run.
    running: Vec<&'a Description>,
    unknown: Vec<&'a Description>,
}

impl<'a> Seen<'a> {
    /// Nothing yet.
    fn nothing(mount: &'a CacheMount, turns: &'a Turns) -> io::Result<Self> {
        Ok(Self {
            mount,
            turns,
            held: HashMap::new(),
            go: memo::go_version()?,
            indexes: HashMap::new(),
            layers: Vec::new(),
            running: Vec::new(),
            unknown: Vec::new(),
        })
    }

    /// Has these steps wait that do not run yet, and learns which do.
    fn hold(&mut self, steps: impl Iterator<Item = &'a Description> + Clone) {
        let hold = |step: &Description| {
            Some((step.name.clone(), self.turns.say(Turn::Ahead, &step.name)?))
        };
        self.held = steps.clone().filter_map(hold).collect();
        self.running = steps
            .filter(|step| self.turns.is_said(Turn::Runs, &step.name))
            .collect();
    }

    /// The key of a step, if all that it reads is known.
    fn key(&self, step: &Description) -> io::Result<Option<Id>> {
        let reads: Option<Vec<Id>> = step
            .reads
            .iter()
            .map(|name| self.indexes.get(name).copied())
            .collect();
        reads
            .map(|reads| memo::key(step, &self.go, &reads))
            .transpose()
    }

    fn learn(&mut self, step: &Description, indexes: &[String]) {
        let names = step.parts.iter().map(|packages| part_dir(packages));
        self.indexes
            .extend(names.zip(indexes.iter().map(|index| memo::index_id(index))));
    }

    /// Learns what the mount knows of steps: these need not wait any more.
    fn recall(&mut self) -> io::Result<()> {
        for step in std::mem::take(&mut self.unknown) {
            let indexes = self
                .key(step)?
                .and_then(|key| memo::indexes(self.mount, &key));
            match indexes.filter(|indexes| indexes.len() == step.parts.len()) {
                Some(indexes) => {
                    self.learn(step, &indexes);
                    self.held.remove(&step.name);
                }
                None => self.unknown.push(step),
            }
        }
        Ok(())
    }

    /// Keeps the indexes of those steps of which all packages are found, and of which all is known
    /// that they read: these need not wait any more. A step that brings others along is left to
    /// tell itself what these are; it finds them all.
    fn settle(&mut self, found: &HashMap<String, (Id, Entry)>) -> io::Result<()> {
        // One that is settled may be what the next one reads.
        let mut unsettled = usize::MAX;
        while self.unknown.len() < unsettled {
            unsettled = self.unknown.len();
            for step in std::mem::take(&mut self.unknown) {
                let is_found = step
                    .parts
                    .iter()
                    .flatten()
                    .all(|package| found.contains_key(package));
                let key = if is_found { self.key(step)? } else { None };
                let indexes = match key {
                    Some(key) if step.brings_others => memo::indexes(self.mount, &key),
                    Some(key) => indexes(step, found)
                        .inspect(|indexes| memo::keep_indexes(self.mount, &key, indexes)),
                    None => None,
                };
                if key.is_some() {
                    self.held.remove(&step.name);
                }
                match indexes {
                    Some(indexes) => self.learn(step, &indexes),
                    None => self.unknown.push(step),
                }
            }
        }
        Ok(())
    }

    /// Waits for those that have to tell themselves what they made.
    fn let_tell(&mut self, found: &HashMap<String, (Id, Entry)>) -> io::Result<()> {
        for step in self.unknown.iter().filter(|step| step.brings_others) {
            self.turns.wait(Turn::Runs, &step.name)?;
        }
        self.settle(found)
    }

    /// Keeps the binary that was installed at `path`, if it is one of these links' and all is known
    /// that this reads: its step finds it.
    fn keep(&mut self, links: &[&LinkDescription], path: &Path) -> io::Result<()> {
        let link = links.iter().find(|link| {
            path.file_name()
                .is_some_and(|name| name == link.binary.as_str())
        });
        let Some(link) = link else { return Ok(()) };
        if let Some(key) = self.key(&link.step)? {
            memo::keep_binary(self.mount, &key, path)?;
            self.held.remove(&link.step.name);
        }
        Ok(())
    }
}

/// The index of each part of a step, if all its packages are found.
fn indexes(step: &Description, found: &HashMap<String, (Id, Entry)>) -> Option<Vec<String>> {
    let index = |packages: &Vec<String>| {
        let entries = packages.iter().map(|package| found.get(package).copied());
        entries
            .collect::<Option<BTreeMap<Id, Entry>>>()
            .map(|entries| read::format_index(&entries))
    };
    step.parts.iter().map(index).collect()
}

impl Runner<'_> {
    /// Compiles and links.
    fn run(&self, wanted: &Batch) -> io::Result<()> {
        // Builds side by side have much in common: one does it, the others find it.
        let _alone = self.mount.lock()?;
        let turns = Turns::new(self.mount_dir);
        let compiled = wanted
            .steps
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.layer(*at).is_dir())
            .map(|(_, step)| step);
        let steps = compiled.chain(wanted.links.iter().map(|link| &link.step));
        let mut seen = Seen::nothing(&self.mount, &turns)?;
        seen.hold(steps);
        self.look(wanted, &mut seen)?;
        let mut left = Vec::new();
        for link in &wanted.links {
            if seen
                .key(&link.step)?
                .is_none_or(|key| memo::binary(&self.mount, &key).is_none())
            {
                left.push(link);
            }
        }
        // As many at once as have the same flags and binaries of different names.
        while let Some(first) = left.first().copied() {
            let mut names = HashSet::new();
            let (now, later): (Vec<&LinkDescription>, Vec<&LinkDescription>) = left
                .into_iter()
                .partition(|link| link.flags == first.flags && names.insert(&link.binary));
            left = later;
            let gopath = self.mount.scratch()?;
            let installed = self.install(&now, &gopath, &mut seen);
            let _ = fs::remove_dir_all(gopath);
            if !installed? {
                break;
            }
        }
        Ok(())
    }

    fn layer(&self, at: usize) -> PathBuf {
        self.layers.join(at.to_string())
    }

    /// Learns which steps are known: by their layers, or in the mount.
    fn look<'a>(&self, wanted: &'a Batch, seen: &mut Seen<'a>) -> io::Result<()> {
        for (at, step) in wanted.steps.iter().enumerate() {
            let layer = self.layer(at);
            if layer.is_dir() {
                let parts: Vec<PathBuf> = step
                    .parts
                    .iter()
                    .map(|packages| layer.join(part_dir(packages)))
                    .collect();
                let indexes = parts
                    .iter()
                    .map(|part| fs::read_to_string(read::index_path(part)));
                seen.learn(step, &indexes.collect::<io::Result<Vec<_>>>()?);
                seen.layers.extend(parts);
                continue;
            }
            seen.unknown.push(step);
        }
        seen.recall()
    }

    /// Compiles the unknown steps, and installs these links below `gopath`. False if something
    /// fails: what was made until then is kept.
    fn install(
        &self,
        links: &[&LinkDescription],
        gopath: &Path,
        seen: &mut Seen<'_>,
    ) -> io::Result<bool> {
        let names = self.dir.join("names");
        let missing: HashSet<&String> = seen
            .unknown
            .iter()
            .flat_map(|step| step.parts.iter().flatten())
            .collect();
        let mut go = self.go(&names, seen);
        // For `go build` it is either packages or binaries, not both at once; with GOBIN there is
        // no cross-compiling.
        go.env("GOPATH", gopath)
            .env_remove("GOBIN")
            .args(["install", "-x"])
            .args(links.first().iter().flat_map(|link| &link.flags));
        go.arg("--").args(compile::nameable(
            seen.unknown
                .iter()
                .flat_map(|step| step.parts.iter().flatten()),
        ));
        go.args(
            links
                .iter()
                .map(|link| &link.package)
                .collect::<BTreeSet<_>>(),
        );
        // Its words are not shown: the step that fails for the same reason shows them.
        let mut child = go
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut printed = Printed::default();
        let mut reader = usage_log::Reader::new(&names)?;
        let mut found: HashMap<String, (Id, Entry)> = HashMap::new();
        for line in child
            .stderr
            .take()
            .map(BufReader::new)
            .into_iter()
            .flat_map(|errors| errors.split(b'\n'))
        {
            let (package, output) = match printed.take(&String::from_utf8_lossy(&line?)) {
                Some(Told::Compiled(package, output)) => (package, output),
                Some(Told::Installed(path)) => {
                    seen.keep(links, &path)?;
                    continue;
                }
                None => continue,
            };
            if !missing.contains(&package) || found.contains_key(&package) {
                continue;
            }
            let Some(entry) = reader.find(&output)? else {
                continue;
            };
            if found.is_empty() {
                // Those that ran are over or stopped: else there would be no answer.
                seen.recall()?;
            }
            found.insert(package, entry);
            seen.settle(&found)?;
        }
        if !child.wait()?.success() {
            return Ok(false);
        }
        seen.let_tell(&found)?;
        // Those of which nobody told, or which read what had yet to be settled.
        binaries(gopath)
            .into_iter()
            .try_for_each(|path| seen.keep(links, &path))?;
        links
            .iter()
            .for_each(|link| _ = seen.held.remove(&link.step.name));
        Ok(true)
    }

    /// A go command whose results are in layers and the mount; a directory has the list of those in
    /// the mount.
    fn go(&self, names: &Path, seen: &Seen<'_>) -> Command {
        let layers: String = seen
            .layers
            .iter()
            .map(|layer| format!(" {PARENT} {}", layer.display()))
            .collect();
        let word = |step: &&Description| if step.brings_others { STOP } else { AFTER };
        let running: String = seen
            .running
            .iter()
            .map(|step| format!(" {} {}", word(step), step.name))
            .collect();
        let results = format!(
            "{LISTED} {} {MOUNT} {}{running}",
            names.display(),
            self.mount_dir.display()
        );
        let mut go = Command::new("go");
        go.env("GOCACHEPROG", format!("{}{layers} {results}", self.program));
        go
    }
}

/// The binaries that were installed; those for another platform are in a directory of that name.
fn binaries(gopath: &Path) -> Vec<PathBuf> {
    let list = |dir: &Path| {
        fs::read_dir(dir)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
    };
    let (dirs, files): (Vec<PathBuf>, Vec<PathBuf>) =
        list(&gopath.join("bin")).partition(|path| path.is_dir());
    files
        .into_iter()
        .chain(dirs.iter().flat_map(|dir| list(dir)))
        .collect()
}
