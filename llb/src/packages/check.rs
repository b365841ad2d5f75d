//! What the go command refuses before it compiles anything (cmd/go/internal/load, `loadImport` and
//! `Package.load`): imports that are not allowed, and graphs that no build has. All of it is about
//! the repository's own packages; what is wrong in others the go command says in a step.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::graph::{Import, PackageIx, Packages};
use super::query::{Hop, chain};
use crate::diag::{Diagnostic, Findings, Severity, Span};
use crate::gomod::ImportPath;
use crate::gomod::path::{check_import_path, is_path_prefix};
use crate::gosrc::PackageFiles;
use crate::limits;

/// What is wrong with an import path, whatever packages there are.
pub(super) fn import_path(path: &ImportPath, go_minor: u32) -> Option<Diagnostic> {
    if matches!(path.as_str(), "." | "..") || path.starts_with("./") || path.starts_with("../") {
        let error = Diagnostic::error(format!(
            "{path:?} is relative, but relative import paths are not supported in module mode"
        ));
        return Some(
            error.help("write the module's path and the directory: example.com/module/dir"),
        );
    }
    if path.starts_with('/') {
        return Some(Diagnostic::error(format!("{path:?} is not a package path")));
    }
    if matches!(path.as_str(), "all" | "std" | "cmd" | "tool")
        || (*path == "work" && go_minor >= 25)
    {
        return Some(Diagnostic::error(format!(
            "{path:?} is not an importable package: the go command means several by this word"
        )));
    }
    if let Err(error) = check_import_path(path) {
        return Some(Diagnostic::error(error.to_string()));
    }
    // A last element `vendor` is a name like any other (cmd/go/internal/load, FindVendor).
    let below = path
        .rsplit_once("/vendor/")
        .map(|(_, below)| below)
        .or_else(|| path.strip_prefix("vendor/"))?;
    let error = Diagnostic::error(format!(
        "use of vendored package {path} not allowed: it must be imported as {below}"
    ));
    Some(error.help("a package of your own must not lie below a directory called vendor"))
}

/// Whether the package `importer` may import `path`, of this repository or not: what lies below
/// `internal` is for the tree that holds that directory.
pub(super) fn may_import(importer: &ImportPath, path: &ImportPath, is_own: bool) -> bool {
    match path.internal_to() {
        None => true,
        // Where that is the top of std, no other package lies in it.
        Some("") => is_own || !path.looks_standard(),
        Some(parent) => is_path_prefix(parent, importer),
    }
}

/// What is wrong with the names of a package's files, or of its directory, with the file's name.
pub(super) fn names(
    path: &ImportPath,
    selected: &PackageFiles,
    embedded: &[&str],
) -> Option<(String, String)> {
    let lists = lists(selected).into_iter().flatten().map(String::as_str);
    let names: BTreeSet<&str> = lists.chain(embedded.iter().copied()).collect();
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    // Most packages have none that folds.
    if names.iter().any(|name| folds(name)) {
        for &name in &names {
            if let Some(first) = folded.insert(name.to_lowercase(), name) {
                let message =
                    format!("case-insensitive file name collision: {first:?} and {name:?}");
                return Some((message, name.to_owned()));
            }
        }
    }
    for name in names {
        if !is_safe(name) || name.starts_with("_cgo_") {
            return Some((format!("invalid input file name {name:?}"), name.to_owned()));
        }
    }
    let dir = path.rsplit('/').next().unwrap_or_default();
    if is_safe(dir) {
        return None;
    }
    let message = format!("invalid input directory name {dir:?}");
    Some((message, String::new()))
}

/// Whether a name may have letters of upper case.
fn folds(name: &str) -> bool {
    name.chars()
        .any(|c| !c.is_ascii() || c.is_ascii_uppercase())
}

/// Every list of a package's files; one with an error may be in two.
fn lists(package: &PackageFiles) -> [&Vec<String>; 16] {
    [
        &package.go_files,
        &package.cgo_files,
        &package.ignored_go_files,
        &package.ignored_other_files,
        &package.invalid_go_files,
        &package.c_files,
        &package.cxx_files,
        &package.m_files,
        &package.h_files,
        &package.f_files,
        &package.s_files,
        &package.swig_files,
        &package.swig_cxx_files,
        &package.syso_files,
        &package.test_go_files,
        &package.x_test_go_files,
    ]
}

/// Whether a name cannot be a flag of a program (cmd/go/internal/load, SafeArg).
fn is_safe(name: &str) -> bool {
    name.bytes().next().is_some_and(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/') || byte >= 0x80
    })
}

/// Finds what is wrong with the whole graph. `tests_only` are packages that have only test files.
pub(super) fn graph(
    packages: &Packages,
    tests_only: &BTreeSet<PackageIx>,
    findings: &mut Findings,
) {
    imports(packages, tests_only, findings);
    cycles(packages, findings);
    collisions(packages, findings);
}

/// Imports of what cannot be imported: programs, and directories of tests.
fn imports(packages: &Packages, tests_only: &BTreeSet<PackageIx>, findings: &mut Findings) {
    for (_, importer) in packages.iter() {
        for import in &importer.imports {
            let Some(ix) = import.package else { continue };
            let imported = packages.get(ix);
            if imported.name == "main" && imported.dir != importer.dir {
                let error = Diagnostic::error(format!(
                    "import {:?} is a program, not an importable package",
                    import.path
                ));
                findings.push(
                    error
                        .at(place(import))
                        .help("move what both need into a package of its own"),
                );
            } else if tests_only.contains(&ix) {
                let error = Diagnostic::error(format!(
                    "package {}: no non-test Go files in {}",
                    import.path, imported.dir
                ));
                findings.push(error.at(place(import)));
            }
        }
    }
}

fn place(import: &Import) -> Span {
    Span::at(import.file.as_str(), import.at)
}

/// Packages of a cycle that are named.
const MAX_NAMED: usize = 5;

/// Finds one cycle of each set of packages that import each other.
fn cycles(packages: &Packages, findings: &mut Findings) {
    let mut graph: DiGraph<(), ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = packages.iter().map(|_| graph.add_node(())).collect();
    let mut importing_themselves = BTreeSet::new();
    for (ix, _) in packages.iter() {
        for imported in packages.below(ix) {
            graph.add_edge(nodes[ix.0], nodes[imported.0], ());
            if imported == ix {
                importing_themselves.insert(ix);
            }
        }
    }
    // Not the recursive algorithm: chains of imports may be long.
    let mut knots: Vec<Vec<PackageIx>> = Vec::new();
    for component in kosaraju_scc(&graph) {
        let mut knot: Vec<PackageIx> = Vec::new();
        for node in component {
            knot.push(PackageIx(node.index()));
        }
        if knot.len() > 1 || knot.iter().any(|ix| importing_themselves.contains(ix)) {
            knot.sort_by_key(|ix| &packages.get(*ix).path);
            knots.push(knot);
        }
    }
    knots.sort_by_key(|knot| knot.first().map(|ix| &packages.get(*ix).path));
    for knot in knots {
        if findings.wants(Severity::Error) {
            findings.extend(cycle(packages, &knot));
        }
    }
}

/// A cycle through the first of packages that all reach each other.
fn cycle(packages: &Packages, knot: &[PackageIx]) -> Option<Diagnostic> {
    let first = *knot.first()?;
    let members: BTreeSet<&PackageIx> = knot.iter().collect();
    let start = packages.get(first);
    let lead = |import| {
        packages
            .meant(import)
            .find(|ix| members.contains(ix))
            .map(|to| Hop {
                from: first,
                import,
                to,
            })
    };
    let hop = start.imports.iter().find_map(lead)?;
    let mut steps = vec![hop];
    steps.extend(chain(packages, hop.to, &|ix| ix == first)?);
    let words = match steps.len() {
        1 if hop.import.package.is_some() => format!("{} imports itself", start.path),
        1..=MAX_NAMED => {
            let imported = steps
                .iter()
                .flat_map(|hop| hop.paths(packages))
                .map(|path| format!(" imports {path}"));
            format!("{}{}", start.path, imported.collect::<String>())
        }
        many => format!(
            "{} imports itself through {} packages",
            start.path,
            many - 1
        ),
    };
    let mut error =
        Diagnostic::error(format!("import cycle not allowed: {words}")).at(place(hop.import));
    for Hop { from, import, .. } in steps.iter().skip(1).take(MAX_NAMED) {
        error = error.related(
            place(import),
            format!("{} imports {}", packages.get(*from).path, import.path),
        );
    }
    Some(error)
}

/// Finds import paths in one main that differ in nothing but case: to Go these collide, on any
/// system.
fn collisions(packages: &Packages, findings: &mut Findings) {
    let mut spelled: BTreeMap<String, BTreeMap<&str, Option<&Import>>> = BTreeMap::new();
    for (_, package) in packages.iter() {
        spelled
            .entry(package.path.to_ascii_lowercase())
            .or_default()
            .entry(&package.path)
            .or_default();
        for import in &package.imports {
            let place = spelled
                .entry(import.path.to_ascii_lowercase())
                .or_default()
                .entry(&import.path)
                .or_default();
            place.get_or_insert(import);
        }
    }
    spelled.retain(|_, spellings| spellings.len() > 1);
    if spelled.is_empty() {
        return;
    }
    let importers = importers(packages);
    let found = spelled
        .into_values()
        .filter_map(|spellings| collision(packages, &importers, &spellings));
    findings.extend(found.take(limits::DIAGNOSTICS));
}

/// The packages that import a path, by path.
fn importers(packages: &Packages) -> BTreeMap<&str, Vec<PackageIx>> {
    let mut importers: BTreeMap<&str, Vec<PackageIx>> = BTreeMap::new();
    for (ix, package) in packages.iter() {
        for import in &package.imports {
            importers.entry(&import.path).or_default().push(ix);
        }
    }
    importers
}

/// The first two spellings of a path that meet in a main.
fn collision(
    packages: &Packages,
    importers: &BTreeMap<&str, Vec<PackageIx>>,
    spellings: &BTreeMap<&str, Option<&Import>>,
) -> Option<Diagnostic> {
    let mut met: BTreeMap<PackageIx, (&str, Option<&Import>)> = BTreeMap::new();
    for (path, import) in spellings {
        let mut reached: BTreeSet<PackageIx> = packages.find(path).into_iter().collect();
        reached.extend(importers.get(path).into_iter().flatten());
        let mut open: Vec<PackageIx> = reached.iter().copied().collect();
        while let Some(ix) = open.pop() {
            let above = importers
                .get(packages.get(ix).path.as_str())
                .into_iter()
                .flatten();
            open.extend(above.filter(|importer| reached.insert(**importer)));
        }
        for main in packages.mains.iter().filter(|main| reached.contains(main)) {
            let Some((other, other_import)) = met.insert(*main, (path, *import)) else {
                continue;
            };
            let error = Diagnostic::error(format!(
                "case-insensitive import collision: {path:?} and {other:?}"
            ));
            let error = error.help("give one of the packages another name");
            return match (import, other_import) {
                (Some(import), Some(other)) => Some(
                    error
                        .at(place(import))
                        .related(place(other), "the other spelling"),
                ),
                (one, other) => Some(error.at(place(one.or(other)?))),
            };
        }
    }
    None
}
