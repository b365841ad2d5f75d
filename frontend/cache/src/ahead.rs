//! `gowork-cache ahead FILE DIR [LAYERS]`: compiles and links in one go what steps would compile and link one after another, and leaves all results in the cache
//! mount, where the steps then find them ([`crate::known`]). So they cost what one `go build` costs, where many changed.
//!
//! It sees which steps are known, and does nothing if these are all, or nearly; nor if the first one, of std, is not: then the mount was pruned, while
//! layers of earlier builds may be at hand that make all this needless. It says so by the file [`UNKNOWN`] in `DIR`. Called again when the steps have
//! run, with their layers (in `LAYERS`, numbered from 0), it learns from these what they made.
//!
//! Whatever goes wrong here is left to the steps: they fail with the same words, under their own names. Results are used where they lie in the mount, checked
//! but not copied: if one goes meanwhile, this fails.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde::Deserialize;

use crate::args;
use crate::compile::{self, KEY_BYTES, part_dir};
use crate::id::Id;
use crate::known::{self, Described};
use crate::layer::{self, Entry};
use crate::mount::CacheMount;

/// The word that asks for it.
pub const WORD: &str = "ahead";

/// The file that says that nothing is known.
const UNKNOWN: &str = "unknown";

/// As many steps have to run at least. Fewer cost no more than they do here, where everything is looked at once more.
const WORTHWHILE: usize = 4;

/// The steps, each after those that it reads.
#[derive(Debug, Deserialize)]
struct Ahead {
    /// Flags that packages are compiled with.
    flags: Vec<String>,
    /// Compile steps. The first one reads nothing.
    steps: Vec<Described>,
    /// Links.
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
    name: String,
    /// Flags that it is compiled and linked with.
    flags: Vec<String>,
}

/// Does as much as is worthwhile. Always succeeds, for its results are a convenience.
///
/// # Errors
/// If it is called in a wrong way.
pub fn ahead(words: &[String]) -> Result<ExitCode, String> {
    let (file, dir, layers) = match words {
        [file, dir] => (file, dir, None),
        [file, dir, layers] => (file, dir, Some(Path::new(layers))),
        _ => return Err("usage: gowork-cache ahead FILE DIR [LAYERS]".to_owned()),
    };
    let wanted: Ahead = known::read_json(file)?;
    let (program, args) = args::from_environment()?;
    let mount = args.mount.ok_or("there is no --mount")?;
    let dir = Path::new(dir);
    let runner = Runner { dir, program: &program, mount_dir: &mount, mount: CacheMount::new(&mount, args.limit) };
    let done = match layers {
        Some(layers) => runner.learn(&wanted, layers).map(|()| true),
        None => runner.run(&wanted),
    };
    let _ = known::empty(dir);
    match done {
        Ok(true) => {}
        Ok(false) => fs::write(dir.join(UNKNOWN), "").map_err(|error| format!("write to {}: {error}", dir.display()))?,
        Err(error) => eprintln!("gowork-cache: not compiled ahead: {error}"),
    }
    Ok(ExitCode::SUCCESS)
}

struct Runner<'a> {
    /// Scratch space.
    dir: &'a Path,
    /// This program.
    program: &'a str,
    mount_dir: &'a Path,
    mount: CacheMount,
}

/// What is known of parts by the names of their directories, and what is not.
struct Seen<'a> {
    go: String,
    indexes: HashMap<String, Id>,
    unknown: Vec<&'a Described>,
}

impl Seen<'_> {
    /// Nothing yet.
    fn nothing() -> io::Result<Self> {
        Ok(Self { go: known::go_version()?, indexes: HashMap::new(), unknown: Vec::new() })
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
    /// Keeps what the layers of all steps hold, and notes that the links ran.
    fn learn(&self, wanted: &Ahead, layers: &Path) -> io::Result<()> {
        let _alone = self.mount.lock()?;
        let mut seen = Seen::nothing()?;
        for (number, step) in wanted.steps.iter().enumerate() {
            let part = |packages: &Vec<String>| self.keep_layer(&layers.join(number.to_string()).join(part_dir(packages)));
            let indexes = step.parts.iter().map(part).collect::<io::Result<Vec<String>>>()?;
            if let Some(key) = seen.key(step)? {
                known::keep_indexes(&self.mount, &key, &indexes);
            }
            seen.learn(step, &indexes);
        }
        for link in &wanted.links {
            if let Some(key) = seen.key(&link.described)? {
                known::mark(&self.mount, &key);
            }
        }
        Ok(())
    }

    /// Keeps what a layer holds; returns its index.
    fn keep_layer(&self, layer: &Path) -> io::Result<String> {
        let index = fs::read_to_string(layer::index_path(layer))?;
        for (action, entry) in layer::parse_index(index.as_bytes()).unwrap_or_default() {
            let bytes = fs::read(layer::output_path(layer, &entry.output))?;
            if Id::of(&bytes) == entry.output {
                self.mount.keep(&action, &entry.output, &bytes);
            }
        }
        Ok(index)
    }

    /// Compiles and links. False if nothing is known here.
    fn run(&self, wanted: &Ahead) -> io::Result<bool> {
        // Builds side by side have much in common: one does it, the others find it.
        let _alone = self.mount.lock()?;
        let mut seen = self.look(wanted)?;
        // Steps are looked at in their order.
        if !seen.unknown.is_empty() && seen.unknown.first().copied() == wanted.steps.first() {
            return Ok(false);
        }
        let mut open = Vec::new();
        for link in &wanted.links {
            if seen.key(&link.described)?.is_none_or(|key| !known::is_marked(&self.mount, &key)) {
                open.push(link);
            }
        }
        if seen.unknown.len() + open.len() >= WORTHWHILE && self.compile(wanted, &mut seen)? {
            self.link(&open, &seen)?;
        }
        Ok(true)
    }

    /// Which steps are known.
    fn look<'a>(&self, wanted: &'a Ahead) -> io::Result<Seen<'a>> {
        let mut seen = Seen::nothing()?;
        for step in &wanted.steps {
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
        let names = self.dir.join("names");
        let mut go = self.go(&names);
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
                left.into_iter().partition(|link| link.flags == first.flags && names.insert(&link.name));
            left = later;
            let made = self.dir.join("binaries");
            fs::create_dir_all(&made)?;
            let mut go = self.go(&self.dir.join("names"));
            // The slash has it taken for a directory, also for one binary.
            go.arg("build").args(&first.flags).arg("-o").arg(made.join("")).arg("--");
            go.args(now.iter().map(|link| &link.package).collect::<BTreeSet<_>>());
            if succeeds(go)?.is_none() {
                return Ok(());
            }
            for link in now {
                if let Some(key) = seen.key(&link.described)? {
                    known::keep_binary(&self.mount, &key, &fs::read(made.join(&link.name))?);
                }
            }
            fs::remove_dir_all(made)?;
        }
        Ok(())
    }

    /// A go command whose results are in the mount, and named in a directory.
    fn go(&self, names: &Path) -> Command {
        let mut go = Command::new("go");
        go.env("GOCACHEPROG", format!("{} --names {} --mount {}", self.program, names.display(), self.mount_dir.display()));
        go
    }
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
