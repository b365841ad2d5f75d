//! What is known of a stage: what its instructions do, which binaries it has, and how they are
//! compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::layout::{Layout, below};
use super::scope::Scope;
use super::value::Value;

/// What a command or an instruction does. Of several in one instruction the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Nothing that anything else rests on: `cd`, `echo`, `mkdir`.
    Neutral,
    /// Something for the compile that gowork does itself: `go mod download`.
    Prepare,
    /// Compiles mains of the repository.
    Compile,
    /// Tests, or looks for faults.
    Test,
    /// Installs packages of the distribution, or makes users.
    Packages,
    /// Something else, away from the sources: a download, a tool.
    Other,
    /// Changes or makes sources.
    Sources,
    /// Changes what was compiled.
    Product,
    /// Runs something that cannot be read: make, a script.
    Opaque,
}

/// A command: where it stands, and what it does.
pub(crate) type Command = (Range<usize>, Role);

/// A binary of the repository in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Product {
    /// What compiles it: one compile, or one for each value of a build-arg.
    pub(crate) compiles: Vec<usize>,
    /// The name of its image, with build-args as `${NAME}`.
    pub(crate) pattern: String,
    /// The build-args in it.
    pub(crate) args: BTreeSet<String>,
    /// Stage and instruction that compile it.
    pub(crate) made_in: (usize, usize),
}

/// A compile.
#[derive(Debug, Clone)]
pub(crate) struct Compile {
    /// The stage.
    pub(crate) stage: usize,
    /// The directory of the main.
    pub(crate) dir: String,
    /// The name of its image.
    pub(crate) image: String,
    /// Its name, if it is one of several that a build-arg picks from by their flags.
    pub(crate) fixed: Option<String>,
    /// How it is compiled.
    pub(crate) settings: Settings,
    /// Where the command stands.
    pub(crate) at: usize,
}

/// A directory of another stage that the sources need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overlay {
    /// The stage or named context.
    pub(crate) from: String,
    /// The directory there.
    pub(crate) source: String,
    /// The directory of the context.
    pub(crate) to: String,
    /// Whether it is a single file: no overlay can be one.
    pub(crate) is_file: bool,
    /// Where the instruction stands.
    pub(crate) at: usize,
}

/// What a stage is, after its last instruction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walked {
    /// Variables.
    pub(crate) scope: Scope,
    /// Copied files.
    pub(crate) layout: Layout,
    /// Binaries of the repository, by path.
    pub(crate) products: BTreeMap<String, Product>,
    /// Directories that were made.
    pub(crate) dirs: BTreeSet<String>,
    /// Paths at which commands put something that is no binary of the repository and no file of the
    /// build context as it is. If one ends in a slash, all below it.
    pub(crate) foreign: BTreeSet<String>,
    /// Build-args that the stage declares, with their defaults as written.
    pub(crate) args: BTreeMap<String, Option<String>>,
    /// What each instruction does, in order, and its commands with their places.
    pub(crate) roles: Vec<(Role, Vec<Command>)>,
    /// Whether a C compiler is there.
    pub(crate) has_c: bool,
    /// Whether something was added that C may need: packages of the distribution, or variables.
    pub(crate) has_packages: bool,
    /// What the sources need of other stages.
    pub(crate) overlays: Vec<Overlay>,
    /// How many of these stand before a compile.
    pub(crate) needed: usize,
    /// Where a command makes sources.
    pub(crate) changes: Option<usize>,
    /// The same, if it stands before a compile.
    pub(crate) makes_sources: Option<usize>,
    /// Instructions whose compiles are those of make or of a script.
    pub(crate) scripts: BTreeSet<usize>,
    /// Where a directory of another stage is mounted that is not among the sources.
    pub(crate) mounted: Option<usize>,
    /// Where build-args decide which commands run, and their names.
    pub(crate) decisions: BTreeSet<(usize, String)>,
    /// Where a command changes files of Go itself.
    pub(crate) other_go: Option<usize>,
    /// Where a command changes files of the module cache.
    pub(crate) other_modules: Option<usize>,
    /// Where something runs that cannot be read.
    pub(crate) opaque: Option<usize>,
}

impl Walked {
    /// Notes that a command puts something at a path, if that lies among what was copied, or in a
    /// directory that was made.
    pub(super) fn put(&mut self, path: &str) {
        let is_inside = |dir: &String| dir != "/" && below(path, dir).is_some();
        if self.layout.would_be(path).is_some() || self.dirs.iter().any(is_inside) {
            self.foreign.insert(path.to_owned());
        }
    }

    /// Notes a compile: what was made before is made for it.
    pub(super) fn compiled(&mut self) {
        self.needed = self.overlays.len();
        self.makes_sources = self.changes;
    }
}

/// How a main is compiled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Settings {
    /// Build tags.
    pub(crate) tags: Vec<Value>,
    /// Linker flags.
    pub(crate) ldflags: Value,
    /// Compiler flags.
    pub(crate) gcflags: Value,
    /// Assembler flags.
    pub(crate) asmflags: Value,
    /// CGO_ENABLED.
    pub(crate) cgo: bool,
    /// Whether the program says which commit it is made of.
    pub(crate) buildvcs: bool,
    /// GOEXPERIMENT.
    pub(crate) experiment: Vec<Value>,
    /// GOAMD64 and its like, by the names of gowork's keys.
    pub(crate) levels: Vec<(&'static str, Value)>,
    /// Whether the workspace is off.
    pub(crate) alone: bool,
}
