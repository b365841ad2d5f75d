//! Named contexts of a build, `--build-context NAME=DIR`: their modules, laid over the repository as
//! a build lays them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use gowork_llb::config::{self, Config};
use gowork_llb::gomod;
use gowork_llb::lower::ModuleContext;
use gowork_llb::ops::{Reference, short_name};
use gowork_llb::packages;
use gowork_llb::plan;
use gowork_llb::tree::{Ignore, IgnoringTree, LaidTree, LocalTree, SourceTree, TreePath};
use gowork_llb::workspace::{self, PlacedContexts};

use crate::args::Common;
use crate::bounded;
use crate::exit::Usage;
use crate::slashed;

/// How the values of contexts begin that are no directory of this machine, as buildx has it.
const ELSEWHERE: [&str; 9] = [
    "docker-image://",
    "oci-layout://",
    "target:",
    "http://",
    "https://",
    "git://",
    "git@",
    "ssh://",
    "github.com/",
];

/// The contexts that the command line gives.
#[derive(Debug, Default)]
pub(crate) struct Contexts {
    /// Where each is, as written, by name.
    places: BTreeMap<String, String>,
    /// Those that have modules of the repository.
    pub(crate) modules: Vec<ModuleContext>,
    /// The directory of each of these on disk, by where it is laid.
    dirs: BTreeMap<TreePath, PathBuf>,
    /// What becomes of mod files that name directories outside of the repository: flags of `go mod
    /// edit` and `go work edit`, by file.
    pub(crate) edits: BTreeMap<TreePath, Vec<String>>,
}

/// A repository with modules of contexts.
pub(crate) struct Laid {
    /// What a build sees.
    pub(crate) tree: Arc<dyn SourceTree>,
    /// All files, with mod files as the repository has them.
    pub(crate) whole: Arc<dyn SourceTree>,
    /// The contexts.
    pub(crate) contexts: Contexts,
}

/// Lays the contexts that have modules of the repository over it, and over the modules of these.
pub(crate) fn lay(
    tree: Arc<dyn SourceTree>,
    whole: Arc<dyn SourceTree>,
    config: &Config,
    common: &Common,
) -> anyhow::Result<Laid> {
    let mut contexts = Contexts {
        places: places(&common.build_context)?,
        ..Contexts::default()
    };
    if contexts.places.is_empty() {
        return Ok(Laid {
            tree,
            whole,
            contexts,
        });
    }
    let names: BTreeSet<String> = contexts.places.keys().cloned().collect();
    let (mut laid, mut whole) = (LaidTree::new(tree), LaidTree::new(whole));
    loop {
        let texts = packages::scan(&laid).mod_files;
        let chosen = plan::roots(config, &texts);
        let loaded = workspace::load_chosen(&texts, &chosen).workspace;
        let PlacedContexts { dirs, texts, .. } = workspace::place_contexts(&texts, &loaded, &names);
        if texts.is_empty() && dirs.values().all(|dir| laid.is_laid(dir)) {
            break;
        }
        for (name, dir) in dirs {
            if laid.is_laid(&dir) {
                continue;
            }
            let place = contexts.places.get(&name).map_or("", String::as_str);
            let seen = opened(&name, place)?;
            contexts.dirs.insert(dir.clone(), place.into());
            laid.lay(dir.clone(), Arc::clone(&seen));
            whole.lay(dir.clone(), seen);
            contexts.modules.push(ModuleContext {
                place: from_root(&common.root.dir, place),
                name,
                dir,
            });
        }
        for (path, text) in texts {
            let before = whole.read(std::slice::from_ref(&path)).remove(0)?;
            let before = String::from_utf8_lossy(&before);
            let flags = gomod::edit_flags(path.as_str(), &before, &text);
            contexts.edits.insert(path.clone(), flags);
            laid.write(path, text);
        }
    }
    contexts.modules.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Laid {
        tree: Arc::new(laid),
        whole: Arc::new(whole),
        contexts,
    })
}

impl Contexts {
    /// The names of all of them.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.places.keys().cloned().collect()
    }

    /// The names of those that have modules of the repository.
    pub(crate) fn of_modules(&self) -> BTreeSet<String> {
        self.modules.iter().map(|it| it.name.clone()).collect()
    }

    /// Where each is for a build of the repository at `root`.
    pub(crate) fn places_from(&self, root: &Path) -> BTreeMap<String, String> {
        let places = self.places.iter();
        let seen = places.map(|(name, place)| (name.clone(), from_root(root, place)));
        seen.collect()
    }

    /// The path that a file has in the repository which the command line names where it lies in a
    /// context.
    pub(crate) fn path(&self, written: &str) -> Option<String> {
        let file = Path::new(written).canonicalize().ok()?;
        self.dirs.iter().find_map(|(dir, place)| {
            let below = file.strip_prefix(place.canonicalize().ok()?).ok()?;
            let below = slashed::written(below.to_str()?);
            Some(dir.join(&below).ok()?.to_string())
        })
    }

    /// The path of a file or directory as it is on disk, seen from the repository's root.
    pub(crate) fn on_disk(&self, path: &TreePath) -> String {
        let below =
            |it: &ModuleContext| Some((it.place.clone(), path.strip_dir(&it.dir)?.to_owned()));
        match self.modules.iter().find_map(below) {
            Some((place, rest)) if rest.is_empty() => place,
            Some((place, rest)) => format!("{}/{rest}", place.trim_end_matches('/')),
            None => path.as_dir(),
        }
    }
}

/// The contexts by name. Names are in the short form, as buildx passes them to a build.
fn places(given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut places = BTreeMap::new();
    for text in given {
        let wrong = |why: &str| Usage(format!("--build-context {text}: {why}"));
        let Some((name, place)) = text.split_once('=') else {
            return Err(wrong("write NAME=DIR").into());
        };
        if let Err(error) = Reference::parse(name) {
            return Err(wrong(&error.to_string()).into());
        }
        if place.is_empty() {
            return Err(wrong("write NAME=DIR").into());
        }
        if is_local(place) {
            anyhow::ensure!(
                Path::new(place).is_dir(),
                "--build-context {text}: no such directory"
            );
        }
        places.insert(short_name(name), place.to_owned());
    }
    match config::check_given("build context", &places)
        .into_iter()
        .next()
    {
        Some(error) => Err(Usage(error.to_string()).into()),
        None => Ok(places),
    }
}

/// Whether a context is a directory of this machine.
fn is_local(place: &str) -> bool {
    !ELSEWHERE.iter().any(|start| place.starts_with(start))
}

/// The files of a context without what its own ignore file leaves out, and without the repository
/// that it may be a checkout of.
fn opened(name: &str, place: &str) -> anyhow::Result<Arc<dyn SourceTree>> {
    if !is_local(place) {
        return Err(Usage(format!(
            "--build-context {name}={place}: modules of the repository are in this context, and gowork reads them from directories only; name a directory"
        ))
        .into());
    }
    let ignore_file = Path::new(place).join(".dockerignore");
    let mut rules = match bounded::read(&ignore_file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).context(ignore_file.display().to_string()),
    };
    rules.extend(b"\n.git\n");
    let ignore = Ignore::parse(&rules);
    if let Some(error) = ignore.check(&ignore_file.display().to_string()) {
        anyhow::bail!("{error}");
    }
    Ok(Arc::new(IgnoringTree::new(
        Arc::new(LocalTree::new(place)),
        ignore,
    )))
}

/// Where a context is, as seen from the repository's root. An absolute path, and what is no
/// directory, stays as it is.
fn from_root(root: &Path, place: &str) -> String {
    let path = Path::new(place);
    if !is_local(place) || path.is_absolute() {
        return place.to_owned();
    }
    let (Ok(root), Ok(path)) = (root.canonicalize(), path.canonicalize()) else {
        return place.to_owned();
    };
    let shared = root.components().zip(path.components());
    let shared = shared.take_while(|(one, other)| one == other).count();
    let up = root.components().skip(shared).map(|_| "..".to_owned());
    let down = path.components().skip(shared);
    let down = down.map(|it| it.as_os_str().to_string_lossy().into_owned());
    let words: Vec<String> = up.chain(down).collect();
    match words.is_empty() {
        true => ".".to_owned(),
        // Another drive has no way from here.
        false if shared == 0 => place.to_owned(),
        false => words.join("/"),
    }
}
