//! What the go command printed in a step that failed, as errors with places in the repository.
//!
//! The go command prints, for each package that fails, a line `# IMPORT-PATH` and what the
//! compiler, assembler, C compiler or linker says (cmd/go/internal/work, `Shell.reportCmd`). Places
//! are those of the step: relative to its working directory, those of C compilers to the package's
//! directory; third-party packages are in a vendor directory or the module cache.

use std::collections::BTreeMap;

use super::llb::{MODCACHE, SRC, source_dir};
use crate::diag::{Diagnostic, Position, Span};
use crate::gomod::{self, ImportPath};
use crate::packages::Package;
use crate::plan::{Build, Plan, Sealed, Step};
use crate::tree::TreePath;

/// How many errors are given one by one. The compiler itself stops at ten a package.
const SHOWN: usize = 10;
/// How many further lines an error has at most, and how many characters each.
const LINES: usize = 8;
const CHARACTERS: usize = 500;

/// The errors of a failed step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoErrors {
    /// The first ones, in the order of the output, each once.
    pub errors: Vec<Diagnostic>,
    /// How many others there are in the output.
    pub more: usize,
    /// Whether the compiler stopped before it had found all.
    pub stopped: bool,
}

/// Reads what `step` printed. No errors if nothing is understood.
pub fn go_errors(plan: &Plan, step: &Step, printed: &str) -> GoErrors {
    let build = plan.build(step.build);
    let sealed = step.inputs.sealed.as_ref();
    let place = |file: &TreePath| sealed.map_or_else(|| file.clone(), |sealed| sealed.place(file));
    let files = step
        .inputs
        .files
        .iter()
        .map(|file| (place(file), file))
        .collect();
    let mut reader = Reader {
        build,
        sealed,
        files,
        package: None,
        located: false,
        lines: 0,
        stopped: false,
        unlocated: Vec::new(),
        found: Vec::new(),
    };
    for line in printed.lines() {
        reader.line(&readable(line));
    }
    reader.end_package();
    let more = reader.found.len().saturating_sub(SHOWN);
    reader.found.truncate(SHOWN);
    GoErrors {
        errors: reader.found,
        more,
        stopped: reader.stopped,
    }
}

/// A line without what a terminal would not show as text, of bounded length.
fn readable(line: &str) -> String {
    let visible = |c: char| {
        if c.is_control() && c != '\t' {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    line.trim_end()
        .chars()
        .take(CHARACTERS)
        .map(visible)
        .collect()
}

struct Reader<'a> {
    build: &'a Build,
    sealed: Option<&'a Sealed>,
    /// Files of the repository by the place where the step has them, below [`SRC`].
    files: BTreeMap<TreePath, &'a TreePath>,
    /// The package that fails, by import path.
    package: Option<ImportPath>,
    /// Whether it has an error with a place.
    located: bool,
    /// How many lines the last error may still have.
    lines: usize,
    /// Whether the compiler found too many.
    stopped: bool,
    /// Messages about it that have no place.
    unlocated: Vec<String>,
    found: Vec<Diagnostic>,
}

/// Where an error is.
enum Where {
    /// In a file of the repository.
    Own(TreePath),
    /// In a file that goes by this name.
    Other(String),
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &str) {
        if let Some(package) = line.strip_prefix("# ") {
            self.end_package();
            // A package and the main whose tests or profile it is compiled for: `# a [b]`.
            self.package = package.split(' ').next().map(ImportPath::new);
            return;
        }
        if line.starts_with([' ', '\t']) {
            self.continue_error(line);
            return;
        }
        self.lines = 0;
        if line == "too many errors" {
            self.stopped = true;
            return;
        }
        match located(line) {
            Some((_, _, words)) if is_aside(words) => {}
            Some((path, at, words)) => self.add_located(path, at, words),
            None if is_noise(line) => {}
            None => {
                self.unlocated.push(line.to_owned());
                self.lines = LINES;
            }
        }
    }

    /// Some errors have more than one line; C compilers draw the source below theirs, which is
    /// shown anyway.
    fn continue_error(&mut self, line: &str) {
        let is_drawn = line
            .trim_start()
            .split(' ')
            .next()
            .is_some_and(|word| word == "|" || word.bytes().all(|b| b.is_ascii_digit()));
        if is_drawn || line.contains(": undefined reference to ") {
            return;
        }
        let Some(lines) = self.lines.checked_sub(1) else {
            return;
        };
        self.lines = lines;
        let text = format!("\n    {}", line.trim());
        match (self.unlocated.last_mut(), self.found.last_mut()) {
            (Some(last), _) => last.push_str(&text),
            (None, Some(last)) => last.message.push_str(&text),
            (None, None) => {}
        }
    }

    fn add_located(&mut self, path: &str, at: Position, words: &str) {
        if let Some((_, symbol)) = words.split_once("undefined reference to ") {
            self.unlocated
                .push(format!("undefined reference to {symbol}"));
            return;
        }
        if words == "too many errors" {
            self.stopped = true;
            return;
        }
        self.located = true;
        let error = match self.place(path) {
            Where::Own(file) => Diagnostic::error(words).at(Span::at(file.as_str(), at)),
            Where::Other(name) => Diagnostic::error(format!("{}: {words}", Span::at(name, at))),
        };
        self.add(with_help(error));
        self.lines = LINES;
    }

    fn add(&mut self, error: Diagnostic) {
        if !self.found.contains(&error) {
            self.found.push(error);
        }
    }

    /// What has no place matters where nothing has one: linkers.
    fn end_package(&mut self) {
        let unlocated = std::mem::take(&mut self.unlocated);
        let package = self.package.take();
        if !std::mem::take(&mut self.located) {
            for words in unlocated {
                self.add(self.of_package(package.as_ref(), &words));
            }
        }
    }

    fn of_package(&self, package: Option<&ImportPath>, words: &str) -> Diagnostic {
        let Some(path) = package else {
            return with_help(Diagnostic::error(words));
        };
        let own = self
            .build
            .packages
            .find(path)
            .map(|ix| self.build.packages.get(ix));
        let error = match own.and_then(|package| place_of(package, words)) {
            Some(place) => Diagnostic::error(words).at(place),
            None => Diagnostic::error(format!(
                "{}: {words}",
                self.third_party(path).unwrap_or_else(|| path.to_string())
            )),
        };
        with_help(error)
    }

    /// The file that the step knows as `path`.
    fn place(&self, path: &str) -> Where {
        let Some(rooted) = self.rooted(path) else {
            return self.place_in_package(path, path);
        };
        if let Some(cached) = rooted.strip_prefix(MODCACHE) {
            return Where::Other(unescaped(cached.trim_start_matches('/')));
        }
        let Some(below) = rooted.strip_prefix(SRC) else {
            return self.place_in_package(path, path);
        };
        let below = below.trim_start_matches('/');
        let in_tree = TreePath::new(below).unwrap_or_default();
        if let Some(file) = self.files.get(&in_tree) {
            return Where::Own((*file).clone());
        }
        let vendored = in_tree.strip_dir(&self.build.dir.child("vendor"));
        if let Some(place) = vendored.and_then(|path| self.third_party_place(path)) {
            return place;
        }
        self.place_in_package(path, below)
    }

    /// A path as the step prints it, from the root of the step's file system: other ones are
    /// relative to the directory that the go command runs in.
    fn rooted(&self, path: &str) -> Option<String> {
        let clean = match path.strip_prefix('/') {
            Some(path) => TreePath::new(path),
            None => TreePath::new(&source_dir(self.build)[1..]).and_then(|dir| dir.join(path)),
        };
        Some(format!("/{}", clean.ok()?))
    }

    /// A file that is named as its package's directory or import path has it. Otherwise it is shown
    /// as `shown`.
    fn place_in_package(&self, path: &str, shown: &str) -> Where {
        let package = self.package.as_deref().unwrap_or_default();
        let name = path.trim_start_matches("./");
        if let Some(file) = self.file_of(package, name) {
            return Where::Own(file);
        }
        if let Some((package, name)) = path.rsplit_once('/')
            && let Some(file) = self.file_of(package, name)
        {
            return Where::Own(file);
        }
        self.third_party_place(&format!("{package}/{name}"))
            .unwrap_or_else(|| Where::Other(shown.to_owned()))
    }

    /// A file of a package of the repository.
    fn file_of(&self, package: &str, name: &str) -> Option<TreePath> {
        let package = self.build.packages.get(self.build.packages.find(package)?);
        let file = package.dir.join(name).ok()?;
        package.files.contains(&file).then_some(file)
    }

    /// A file of a third-party package, by its path in the vendor directory. If the repository has
    /// that directory, it is a file of the repository.
    fn third_party_place(&self, path: &str) -> Option<Where> {
        if !self.build.vendored {
            return self.third_party(path).map(Where::Other);
        }
        let is_vendored = !ImportPath::new(path).looks_standard();
        let file = self.build.dir.child("vendor").join(path).ok()?;
        is_vendored.then_some(Where::Own(file))
    }

    /// A path in the vendor directory as `module@version/...`.
    fn third_party(&self, path: &str) -> Option<String> {
        let vendor = &self.sealed?.vendor;
        let holds = |dir: &&String| {
            path.strip_prefix(dir.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let dir = vendor.keys().filter(holds).max_by_key(|dir| dir.len())?;
        Some(unescaped(&format!("{}{}", vendor[dir], &path[dir.len()..])))
    }
}

/// The place of a line `FILE:LINE:COLUMN: WORDS` or `FILE:LINE: WORDS`.
fn located(line: &str) -> Option<(&str, Position, &str)> {
    let (at, _) = line
        .match_indices(':')
        .find(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    let (path, rest) = (&line[..at], &line[at + 1..]);
    let has_extension = path.rsplit('/').next()?.contains('.');
    let (row, rest) = rest.split_once(':')?;
    let row: u32 = row.parse().ok()?;
    let column = rest
        .split_once(':')
        .and_then(|(column, rest)| Some((column.parse::<u32>().ok()?, rest)));
    let (column, words) = column.unwrap_or((0, rest));
    (has_extension && row > 0).then(|| (path, Position::new(row, column), words.trim_start()))
}

/// What C compilers add to an error, or print without an error.
fn is_aside(words: &str) -> bool {
    ["warning: ", "note: "]
        .iter()
        .any(|aside| words.starts_with(aside))
}

/// Lines that say nothing: names of packages (`-v`), command lines and their ends, and what leads
/// to an error.
fn is_noise(line: &str) -> bool {
    let is_name = !line.contains([' ', ':']);
    let parts = [
        "running gcc failed",
        ": In function ",
        ": in function ",
        "compilation terminated.",
        "In file included from ",
    ];
    let starts = [
        "collect2: ",
        "asm: assembly of ",
        "go: downloading ",
        "gowork-cache: ",
        "clang: error: linker command failed",
    ];
    let is_command = line.starts_with('/') && line.contains(" -o ");
    is_name
        || is_command
        || parts.iter().any(|part| line.contains(part))
        || starts.iter().any(|start| line.starts_with(start))
}

/// Where an error without a place belongs: with C, to the import of it; else to the package as a
/// whole.
fn place_of(package: &Package, words: &str) -> Option<Span> {
    let c = package
        .imports
        .iter()
        .find(|import| import.path == "C" && words.contains("undefined reference"));
    let whole = || {
        package
            .files
            .iter()
            .find(|file| file.name().ends_with(".go"))
            .map(|file| Span::at(file.as_str(), Position::default()))
    };
    c.map(|import| Span::at(import.file.as_str(), import.at))
        .or_else(whole)
}

/// What the user can do, for errors that do not say it.
fn with_help(error: Diagnostic) -> Diagnostic {
    let help = [
        (
            "signal: killed",
            "something ended the compiler, most likely because memory ran out: give the builder more memory, or build fewer images at a time",
        ),
        (
            "no space left on device",
            "the builder's disk is full: `docker buildx prune` frees space",
        ),
        (
            "internal compiler error",
            "this is a bug of the Go compiler: try another Go with `version` under [go]",
        ),
        (
            "function main is undeclared",
            "add `func main()`, or list the package under `skip` if it is not a program",
        ),
        (
            "relocation target ",
            "a function without a body is written in assembly: see whether that file is for this platform",
        ),
        (
            "undefined reference to ",
            "name the library that has it in a `#cgo LDFLAGS` line; the builder image must have that library",
        ),
        (
            ": No such file or directory",
            "the builder image must have the file: name one that does with `builder` under [go]; or see whether .dockerignore leaves it out",
        ),
    ];
    match help.iter().find(|(words, _)| error.message.contains(words)) {
        Some((_, help)) => error.help(*help),
        None => error,
    }
}

/// A path in the module cache as people write it.
fn unescaped(path: &str) -> String {
    gomod::path::unescape(path).unwrap_or_else(|| path.to_owned())
}
