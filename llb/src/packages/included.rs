//! The files beyond a package's own that compiling and linking it reads: what its C sources,
//! preambles and assembly include, and what `#cgo` lines name. Go's own cache keys hold none of
//! them.
//!
//! Every place where the C compiler could find a name counts, not only the first; a name that no
//! place of the tree has is the system's. Where a name is made by a macro, or stands in a file
//! whose text the scan does not have, any file of these places could be meant, and all are taken.

use std::collections::{BTreeMap, BTreeSet};

use crate::gosrc::cgo::CgoFlags;
use crate::gosrc::{Includes, SourceFile};
use crate::limits;
use crate::tree::TreePath;

/// What is known of the tree.
pub(super) trait Files {
    /// Names of the files in `dir`; none if no such directory exists.
    fn names(&mut self, dir: &TreePath) -> Vec<String>;

    /// What the text of `file` includes; `None` if it is not known.
    fn includes(&mut self, file: &TreePath) -> Option<Includes>;
}

/// What a package in `dir` asks for.
pub(super) struct Asks<'a> {
    pub(super) dir: &'a TreePath,
    /// Files that are compiled, those that import "C" among them.
    pub(super) sources: Vec<&'a SourceFile>,
    /// Flags of `#cgo` lines.
    pub(super) flags: Vec<CgoFlags>,
}

/// The files of the tree that `asks` can mean; the package's own may be among them. `None` where
/// finding them takes more than [`limits::INCLUDE_STEPS`].
pub(super) fn inputs(asks: &Asks<'_>, files: &mut dyn Files) -> Option<BTreeSet<TreePath>> {
    let paths = Paths::of(asks);
    let mut finder = Finder {
        paths: &paths,
        dir: asks.dir,
        files,
        listed: BTreeMap::new(),
        found: BTreeSet::new(),
        open: Vec::new(),
        steps: 0,
    };
    for source in &asks.sources {
        let mut includes = source.includes.clone();
        includes.extend(
            &source
                .header
                .cgo
                .as_ref()
                .map(|cgo| cgo.includes.clone())
                .unwrap_or_default(),
        );
        finder.open.push((asks.dir.clone(), includes));
    }
    finder.open.push((
        asks.dir.clone(),
        Includes {
            quoted: paths.forced.clone(),
            ..Includes::default()
        },
    ));
    for file in &paths.files {
        finder.add_data(file.clone());
    }
    for dir in &paths.libraries {
        let names: Vec<String> = finder
            .names(dir)
            .iter()
            .filter(|name| name.starts_with("lib"))
            .cloned()
            .collect();
        for name in names {
            finder.add_data(dir.child(&name));
        }
    }
    finder.run();
    (finder.steps <= limits::INCLUDE_STEPS).then_some(finder.found)
}

/// The directory that a word of a `#cgo` line means, seen from the package in `dir`: `None` for the
/// system's, an error for one that lies above the tree.
pub(super) fn place(dir: &TreePath, word: &str) -> Result<Option<TreePath>, ()> {
    let path = match word.strip_prefix("${SRCDIR}") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_start_matches('/'),
        _ if word.starts_with('/') || word.contains("${SRCDIR}") => return Ok(None),
        _ => word,
    };
    dir.join(path).map(Some).map_err(|_| ())
}

/// Options of the C compiler that name a directory of headers, and the linker's for one of
/// libraries: joined with it, or followed by it.
const HEADER_OPTIONS: [&str; 4] = ["-iquote", "-isystem", "-idirafter", "-I"];
const LIBRARY_OPTION: &str = "-L";

/// A word of a `#cgo` line that names a directory: whether of libraries, and which.
pub(super) fn named_dirs(flags: &CgoFlags) -> Vec<(bool, String)> {
    let mut dirs = Vec::new();
    let mut words = flags.arguments.iter();
    while let Some(word) = words.next() {
        let option = HEADER_OPTIONS
            .into_iter()
            .chain([LIBRARY_OPTION])
            .find(|option| word.starts_with(option));
        let Some(option) = option else { continue };
        let rest = &word[option.len()..];
        let dir = if rest.is_empty() {
            words.next().cloned().unwrap_or_default()
        } else {
            rest.to_owned()
        };
        dirs.push((option == LIBRARY_OPTION, dir));
    }
    dirs
}

/// Where names are looked up, and files that `#cgo` lines name themselves.
#[derive(Default)]
struct Paths {
    headers: BTreeSet<TreePath>,
    libraries: BTreeSet<TreePath>,
    /// Anything that looks like a path: an archive, a linker script.
    files: BTreeSet<TreePath>,
    /// Of `-include` and `-imacros`.
    forced: Vec<String>,
}

impl Paths {
    fn of(asks: &Asks<'_>) -> Self {
        let mut paths = Self::default();
        // The go command adds the package's own directory to those of headers.
        paths.headers.insert(asks.dir.clone());
        for flags in asks.flags.iter().filter(|flags| flags.verb != "pkg-config") {
            for (libraries, dir) in named_dirs(flags) {
                let Ok(Some(dir)) = place(asks.dir, &dir) else {
                    continue;
                };
                if libraries {
                    paths.libraries.insert(dir)
                } else {
                    paths.headers.insert(dir)
                };
            }
            let pairs = flags
                .arguments
                .windows(2)
                .filter(|pair| matches!(pair[0].as_str(), "-include" | "-imacros"));
            paths
                .forced
                .extend(pairs.map(|pair| pair[1].replace("${SRCDIR}/", "")));
            let words = flags
                .arguments
                .iter()
                .flat_map(|word| word.split([',', '=']));
            let places = words
                .filter_map(|word| place(asks.dir, word.trim_start_matches('@')).ok().flatten());
            paths.files.extend(places.filter(|place| !place.is_root()));
        }
        paths
    }
}

struct Finder<'a> {
    paths: &'a Paths,
    dir: &'a TreePath,
    files: &'a mut dyn Files,
    /// Directories asked for so far.
    listed: BTreeMap<TreePath, BTreeSet<String>>,
    found: BTreeSet<TreePath>,
    /// What is still to be looked up, each from the directory of the file that names it.
    open: Vec<(TreePath, Includes)>,
    /// Places that were looked at.
    steps: usize,
}

impl Finder<'_> {
    fn run(&mut self) {
        while let Some((here, includes)) = self.open.pop() {
            let beside: Vec<TreePath> = [&here, self.dir]
                .into_iter()
                .chain(&self.paths.headers)
                .cloned()
                .collect();
            let names = includes.quoted.len() + includes.angled.len() + includes.data.len() + 1;
            self.steps = self
                .steps
                .saturating_add(names.saturating_mul(beside.len()));
            if self.steps > limits::INCLUDE_STEPS {
                return;
            }
            for name in &includes.quoted {
                self.look_up(&beside, name)
                    .into_iter()
                    .for_each(|file| self.add(file));
            }
            for name in &includes.angled {
                self.look_up(&beside[1..], name)
                    .into_iter()
                    .for_each(|file| self.add(file));
            }
            for name in &includes.data {
                for file in self.look_up(&beside, name) {
                    self.add_data(file);
                }
            }
            if includes.computed {
                for dir in &beside {
                    let names: Vec<String> = self
                        .names(dir)
                        .iter()
                        .filter(|name| could_be_included(name))
                        .cloned()
                        .collect();
                    self.steps = self.steps.saturating_add(names.len());
                    names.iter().for_each(|name| self.add(dir.child(name)));
                }
            }
        }
    }

    fn look_up(&self, dirs: &[TreePath], name: &str) -> Vec<TreePath> {
        dirs.iter().filter_map(|dir| dir.join(name).ok()).collect()
    }

    /// Adds a file, if there is such, and what it includes.
    fn add(&mut self, file: TreePath) {
        if self.add_data(file.clone()) {
            let unknown = || Includes {
                computed: true,
                ..Includes::default()
            };
            let includes = self.files.includes(&file).unwrap_or_else(unknown);
            self.open
                .push((file.parent().unwrap_or_default(), includes));
        }
    }

    /// Adds a file, if there is such. Says whether it is new.
    fn add_data(&mut self, file: TreePath) -> bool {
        let Some(dir) = file.parent() else {
            return false;
        };
        self.names(&dir).contains(file.name()) && self.found.insert(file)
    }

    fn names(&mut self, dir: &TreePath) -> &BTreeSet<String> {
        self.listed
            .entry(dir.clone())
            .or_insert_with(|| self.files.names(dir).into_iter().collect())
    }
}

/// Whether a name that is not known could be this one: not Go's own files, nor what has no suffix
/// or is hidden.
fn could_be_included(name: &str) -> bool {
    let suffix = name.rfind('.').map_or("", |dot| &name[dot..]);
    !name.starts_with('.') && !matches!(suffix, "" | ".go" | ".mod" | ".sum" | ".work" | ".md")
}
