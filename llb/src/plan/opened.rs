//! Files of the repository that programs open while they run and that their images do not have.
//! `gowork check` warns of them; a build does not look.
//!
//! Only what is likely a mistake counts: calls in your own packages that a main reaches, without
//! those for tests, and without tools for developers; paths that exist; and nothing that the program
//! embeds, that `files` puts in, or that a volume may bring.

use std::collections::{BTreeMap, BTreeSet};

use super::image_errors::table_key;
use super::outline::{Outline, OutlineImage};
use crate::config::{Config, FileConfig, ImageConfig, ImageName, RuntimeConfig, SCRATCH};
use crate::diag::{Diagnostic, Findings, Position, Rule, Span};
use crate::gosrc::{self, FileClass};
use crate::limits;
use crate::packages::{
    self, OpenQuestion, Opened, OpenedCall, OpenedFile, Package, PackageIx, Scan,
};
use crate::tree::TreePath;
use crate::workspace::Workspace;

/// How many images or files a message names, and for how many files it has tables.
const SHOWN: usize = 3;
const TABLES: usize = 10;
/// In a large repository at least this number of files share their bases, which are named once.
const SHARED: usize = 16;
/// The tables of files of all images.
const RUNTIME_FILES: &str = "runtime.files";
/// Elements of directories with code for tests.
const TEST_DIRS: [&str; 9] = [
    "testdata",
    "test",
    "tests",
    "testing",
    "testutil",
    "testutils",
    "testhelper",
    "testhelpers",
    "e2e",
];

/// Elements of directories with programs for developers, which run in the repository.
const TOOL_DIRS: [&str; 7] = ["doc", "docs", "hack", "script", "scripts", "tool", "tools"];

/// What to ask the tree about the programs of these outlines, one a platform.
///
/// # Errors
/// If that is beyond a limit: a warning.
pub fn open_question(
    outlines: &[&Outline],
    scan: &Scan,
    workspace: &Workspace,
) -> Result<OpenQuestion, Diagnostic> {
    let mut files: BTreeMap<TreePath, Vec<TreePath>> = BTreeMap::new();
    let mut bytes = 0;
    for outline in outlines {
        let mut known: BTreeMap<(usize, PackageIx), Vec<TreePath>> = BTreeMap::new();
        let images = outline.images.iter();
        for image in images.filter(|image| image.variant_of.is_none()) {
            let bases = bases(outline, image, workspace);
            for (ix, package) in reached(outline, image) {
                let opening = known
                    .entry((image.build.0, ix))
                    .or_insert_with(|| opening_files(scan, package));
                for file in opening {
                    let of_file = files.entry(file.clone()).or_default();
                    for base in &bases {
                        if !of_file.contains(base) {
                            bytes += base.as_str().len() + 1;
                            of_file.push(base.clone());
                        }
                    }
                }
            }
            if bytes > limits::OPEN_NAMES * SHARED {
                return Err(not_looked_at(
                    "all Go files, since there are too many programs",
                ));
            }
        }
    }
    let question = OpenQuestion::new(files);
    if question.name_bytes() > limits::OPEN_NAMES {
        return Err(not_looked_at(
            "all Go files, since their names are too long",
        ));
    }
    Ok(question)
}

/// What programs open and their images do not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotInImages {
    /// The files and directories of the repository.
    pub paths: BTreeSet<TreePath>,
    /// The warnings: about these, and about what was not looked at.
    pub diagnostics: Vec<Diagnostic>,
}

impl NotInImages {
    /// The answer if there is no question, for the reason in a warning.
    pub fn unknown(warning: Diagnostic) -> Self {
        Self {
            diagnostics: vec![warning],
            ..Self::default()
        }
    }
}

/// What the images of these outlines, one a platform, do not have of what their programs open.
pub fn not_in_images(
    outlines: &[&Outline],
    workspace: &Workspace,
    config: &Config,
    opened: &Opened,
) -> NotInImages {
    let mut calls: BTreeMap<&TreePath, Vec<&OpenedCall>> = BTreeMap::new();
    for call in &opened.calls {
        calls.entry(&call.file).or_default().push(call);
    }
    let mut missing = Missing::new();
    for outline in outlines {
        for image in &outline.images {
            // What a stage has is known when it is built.
            if image.config.runtime.base_stage().is_some() || image.variant_of.is_some() {
                continue;
            }
            let program = Program::new(outline, image, workspace);
            for file in program.packages.iter().flat_map(|package| &package.files) {
                for call in calls.get(file).into_iter().flatten() {
                    program.add_missing(call, &mut missing);
                }
            }
        }
    }
    let files = missing.keys().flat_map(|(_, _, files)| files);
    let paths = files.map(|file| file.from.clone()).collect();
    let mut findings: Findings = warnings(missing, config).into_iter().collect();
    findings.extend(opened.left_out.as_deref().map(not_looked_at));
    NotInImages {
        paths,
        diagnostics: findings.into_vec(),
    }
}

/// What images do not have, by the call and by what it opens of the repository.
type Missing<'a> = BTreeMap<(&'a TreePath, Position, Vec<&'a OpenedFile>), Lack<'a>>;

/// One call's part of it.
struct Lack<'a> {
    call: &'a OpenedCall,
    end: Position,
    images: BTreeMap<&'a ImageName, &'a ImageConfig>,
}

/// The program of an image.
struct Program<'a> {
    config: &'a ImageConfig,
    /// Where it may be started.
    bases: Vec<TreePath>,
    /// The packages that it is made of, without code for tests.
    packages: Vec<&'a Package>,
    /// What it embeds, with the directories above.
    embedded: BTreeSet<TreePath>,
}

impl<'a> Program<'a> {
    fn new(outline: &'a Outline, image: &'a OutlineImage, workspace: &Workspace) -> Self {
        let packages: Vec<&Package> = reached(outline, image)
            .map(|(_, package)| package)
            .collect();
        let mut embedded = BTreeSet::new();
        for package in &packages {
            for file in package.embedded.values().flatten() {
                let mut at = Some(file.clone());
                while let Some(path) = at.take_if(|path| !embedded.contains(path)) {
                    at = path.parent();
                    embedded.insert(path);
                }
            }
        }
        Self {
            config: &image.config,
            bases: bases(outline, image, workspace),
            packages,
            embedded,
        }
    }

    /// Adds what a call opens and the image does not have.
    fn add_missing<'c>(&self, call: &'c OpenedCall, missing: &mut Missing<'c>)
    where
        'a: 'c,
    {
        let mut files: Vec<&OpenedFile> = Vec::new();
        let mut place = None;
        for path in &call.paths {
            let Some(found) = self.bases.iter().find_map(|base| path.found.get(base)) else {
                continue;
            };
            let lacking = found.iter().filter(|file| !self.has(file));
            let before = files.len();
            files.extend(lacking);
            if files.len() > before {
                place.get_or_insert((path.start, path.end));
            }
        }
        if let Some((start, end)) = place {
            let lack = missing.entry((&call.file, start, files)).or_insert(Lack {
                call,
                end,
                images: BTreeMap::new(),
            });
            lack.images.insert(&self.config.name, self.config);
        }
    }

    /// Whether the image has a file, or something may bring it.
    fn has(&self, file: &OpenedFile) -> bool {
        let runtime = &self.config.runtime;
        let to = path_in_image(runtime, &file.to);
        self.embedded.contains(&file.from)
            || runtime.files.iter().any(|put| brings(put, file, &to))
            || runtime.volumes.iter().any(|volume| is_in(&to, volume))
    }
}

/// Whether an item of `files` puts a file, or a part of a directory, into an image, where it is `to`
/// a program.
fn brings(put: &FileConfig, file: &OpenedFile, to: &str) -> bool {
    let from = &put.from.value;
    let inside = from.context_path();
    if from.takes(&file.from) || inside.is_some_and(|path| path.is_under(&file.from)) {
        return true;
    }
    match put.to.strip_suffix('/') {
        // A file keeps its name there.
        Some(dir) if !from.is_pattern() && from.stage().is_none() => {
            format!("{dir}/{}", from.path().name()) == to
        }
        Some(dir) => is_in(to, dir),
        None => is_in(to, &put.to) || is_in(&put.to, to),
    }
}

/// Whether a path of an image is `dir` or below it.
fn is_in(path: &str, dir: &str) -> bool {
    let rest = path.strip_prefix(dir.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a program finds what it opens by a relative path. `..` stops at the top.
fn path_in_image(runtime: &RuntimeConfig, relative: &str) -> String {
    let workdir = runtime.workdir.as_deref().unwrap_or("/");
    let mut elements: Vec<&str> = Vec::new();
    for element in workdir.split('/').chain(relative.split('/')) {
        match element {
            "" | "." => {}
            ".." => drop(elements.pop()),
            element => elements.push(element),
        }
    }
    format!("/{}", elements.join("/"))
}

/// The packages of an image's program, without those for tests. Of a tool none.
fn reached<'a>(
    outline: &'a Outline,
    image: &OutlineImage,
) -> impl Iterator<Item = (PackageIx, &'a Package)> {
    let packages = &outline.builds[image.build.0].packages;
    let main = Some(image.main).filter(|main| !is_tool(&packages.get(*main).dir));
    let reached = packages::sure_closure(packages, main);
    let with_package = |ix| (ix, packages.get(ix));
    let reached = reached.0.into_iter().map(with_package);
    reached.filter(|(_, package)| !is_for_tests(&package.dir))
}

fn is_for_tests(dir: &TreePath) -> bool {
    let mut elements = dir.as_str().split('/');
    elements.any(|element| TEST_DIRS.contains(&element))
}

/// Whether a main is a tool for developers, by where it is.
fn is_tool(main: &TreePath) -> bool {
    let mut elements = main.as_str().split('/');
    elements.any(|element| TOOL_DIRS.contains(&element))
}

/// Where the program of an image may be started: in the directory of its main, in that of the
/// module, of the root, or at the top of the repository.
fn bases(outline: &Outline, image: &OutlineImage, workspace: &Workspace) -> Vec<TreePath> {
    let build = &outline.builds[image.build.0];
    let main = build.packages.get(image.main);
    let module = &workspace.module(main.module).dir;
    let mut bases: Vec<TreePath> = Vec::new();
    for base in [&main.dir, module, &build.dir, &TreePath::ROOT] {
        if !bases.contains(base) {
            bases.push(base.clone());
        }
    }
    bases
}

/// The Go files of a package that may open files, by what they import.
fn opening_files(scan: &Scan, package: &Package) -> Vec<TreePath> {
    let Some(scanned) = scan.dirs.get(&package.dir) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for source in &scanned.files {
        let mut imports = source.header.imports.iter().map(|import| &import.path);
        let is_helper = imports.clone().any(|import| import == "testing");
        let may_open = imports.any(|import| gosrc::has_openers(import));
        if FileClass::of(&source.name) == Some(FileClass::Go) && may_open && !is_helper {
            files.push(package.dir.child(&source.name));
        }
    }
    files.retain(|file| package.files.binary_search(file).is_ok());
    files
}

fn not_looked_at(what: &str) -> Diagnostic {
    let limits = "docs/limits.md has the limits; no build depends on this";
    let warning = format!("not looked at for files that are opened at run time: {what}");
    Diagnostic::warning(Rule::FileNotInImage, warning).help(limits)
}

/// What a warning is about: paths of the repository, and the images that do not have them.
type About<'a> = (Vec<&'a TreePath>, Vec<&'a ImageName>);

/// One warning for each set of paths that the same images do not have, at the first call that opens
/// them. What lies in a directory that they do not have either belongs to the warning about that.
fn warnings(missing: Missing<'_>, config: &Config) -> Vec<Diagnostic> {
    let mut lacks: Vec<(About<'_>, Span, &Vec<&OpenedFile>, &Lack<'_>)> = Vec::new();
    let mut dirs: BTreeSet<About<'_>> = BTreeSet::new();
    for ((file, start, files), lack) in &missing {
        let paths = files.iter().map(|file| &file.from).collect();
        let about: About<'_> = (paths, lack.images.keys().copied().collect());
        if matches!(files.as_slice(), [only] if only.is_dir) {
            dirs.insert(about.clone());
        }
        let span = Span::new(file.as_str(), *start, lack.end);
        lacks.push((about, span, files, lack));
    }
    let mut warnings: Vec<Diagnostic> = Vec::new();
    let mut known: BTreeMap<About<'_>, usize> = BTreeMap::new();
    let mut more: Vec<(About<'_>, Span)> = Vec::new();
    for (about, span, files, lack) in lacks {
        let whole = with_dir_above(&about, &dirs);
        if whole != about || known.contains_key(&about) {
            more.push((whole, span));
        } else {
            known.insert(about, warnings.len());
            warnings.push(warning(files, lack, config).at(span));
        }
    }
    for (about, span) in more {
        if let Some(warning) = known.get(&about).and_then(|at| warnings.get_mut(*at)) {
            warning.related.push((span, "opened here too".to_owned()));
        }
    }
    warnings
}

/// The highest directory that has all of these paths, of those that the same images do not have; or
/// the paths.
fn with_dir_above<'a>(about: &About<'a>, dirs: &BTreeSet<About<'a>>) -> About<'a> {
    let (paths, images) = about;
    let holds_all = |(dir, of): &&About<'a>| {
        of == images
            && paths
                .iter()
                .all(|path| dir.iter().all(|dir| path.is_under(dir)))
    };
    // The order of paths has the higher directory first.
    dirs.iter().find(holds_all).unwrap_or(about).clone()
}

fn warning(files: &[&OpenedFile], lack: &Lack<'_>, config: &Config) -> Diagnostic {
    let names: Vec<String> = lack.images.keys().map(ToString::to_string).collect();
    let (images, have) = match names.len() {
        1 => ("image", "does"),
        _ => ("images", "do"),
    };
    let shown: Vec<String> = files.iter().map(|file| shown(file)).collect();
    let warning = Diagnostic::warning(
        Rule::FileNotInImage,
        format!(
            "{images} {} {have} not have {}, which {} opens at run time",
            listed(&names),
            listed(&shown),
            lack.call.function,
        ),
    );
    let mut all = lack.images.values();
    let Some(first) = all.next() else {
        return warning;
    };
    let it = if files.len() == 1 { "it" } else { "them" };
    let workdir = path_in_image(&first.runtime, ".");
    let unless = match first.runtime.workdir {
        None if first.runtime.base.value != SCRATCH => {
            ", unless the base image has another working directory"
        }
        _ => "",
    };
    let mut help = format!(
        "compile {it} in with //go:embed, or put {it} into the image; the program starts in {workdir}{unless}:"
    );
    let table = files_table(&first.name, config);
    for file in files.iter().take(TABLES) {
        let (from, to) = (&file.from, path_in_image(&first.runtime, &file.to));
        help.push_str(&format!(
            "\n[[{table}]]\nfrom = {:?}\nto = {to:?}",
            from.as_str()
        ));
    }
    if files.len() > TABLES {
        help.push_str(&format!("\n# and {} more", files.len() - TABLES));
    }
    let others: Vec<String> = all.map(|config| config.name.to_string()).collect();
    if !others.is_empty() && table != RUNTIME_FILES {
        help.push_str(&format!("\n# the same for {}", listed(&others)));
    }
    warning.help(help)
}

/// The tables of an image's files: those of `[runtime]` if its own would take their place.
fn files_table(name: &ImageName, config: &Config) -> String {
    let own = config.images.get(name);
    let has_own = own.is_some_and(|image| image.runtime.files.is_some());
    if config.runtime.files.is_some() && !has_own {
        RUNTIME_FILES.to_owned()
    } else {
        format!("images.{}.files", table_key(name))
    }
}

/// A file as a message names it.
fn shown(file: &OpenedFile) -> String {
    let end = if file.is_dir { "/" } else { "" };
    format!("{}{end}", file.from)
}

/// `a`, `a and b`, `a, b, c and 4 more`.
fn listed(names: &[String]) -> String {
    let (shown, rest) = names.split_at(names.len().min(SHOWN));
    match (shown, rest.len()) {
        (_, more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        ([before @ .., last], _) if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        _ => shown.join(", "),
    }
}
