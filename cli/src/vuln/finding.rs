//! Which entries a binary reaches.

use std::collections::{BTreeMap, BTreeSet};

use gowork_llb::gomod::path::below;
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::sbom::{LinkedBinary, LinkedModule, Replacement};
use schemars::JsonSchema;
use serde::Serialize;

use super::Database;
use super::osv::{Entry, OfModule};
use super::range;

/// The database's name for the standard library.
const STDLIB: &str = "stdlib";
/// What the go command links into every program, though nothing imports it.
const RUNTIME: &str = "runtime";

/// An entry that a binary has a vulnerable version for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// The entry, such as `GO-2023-2102`.
    pub(crate) id: String,
    /// Its names in other databases.
    pub(crate) aliases: Vec<String>,
    /// What it is about, in one line.
    pub(crate) summary: String,
    /// The module; `stdlib` for the standard library.
    pub(crate) module: String,
    /// The version that the image holds.
    pub(crate) version: String,
    /// The first version behind it that has a fix, if there is one.
    pub(crate) fixed: Option<String>,
    /// The vulnerable packages that the image reaches; empty if it reaches none.
    pub(crate) packages: Vec<ReachedPackage>,
}

/// A vulnerable package that a binary reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ReachedPackage {
    /// Its import path.
    pub(crate) package: ImportPath,
    /// Its vulnerable functions and methods; empty for all. Whether the program calls them is not
    /// looked at.
    pub(crate) symbols: Vec<String>,
    /// A shortest way of imports from the image's main to the package.
    pub(crate) imports: Vec<ImportPath>,
}

/// What a binary holds of one module, as the database would name it.
struct Held<'a> {
    path: &'a str,
    version: String,
    /// Import paths in the database, and in the binary.
    packages: BTreeMap<String, &'a ImportPath>,
}

/// The findings of a binary for this system, by entry. Modules without a version, such as those of
/// the repository, have none.
pub(crate) fn found(
    database: &Database,
    binary: &LinkedBinary,
    (os, arch): (&str, &str),
    way: &mut dyn FnMut(&ImportPath) -> Vec<ImportPath>,
) -> Vec<Finding> {
    let runtime = ImportPath::new(RUNTIME);
    let mut held: Vec<Held<'_>> = binary.modules.iter().filter_map(of_module).collect();
    held.extend(of_std(binary, &runtime));
    let mut findings = Vec::new();
    for held in &held {
        for (entry, of_module) in database.of(held.path) {
            if !of_module.is_about(&held.version) {
                continue;
            }
            let mut packages = Vec::new();
            let named = vulnerable(of_module, held, os, arch);
            let Some(named) = named else {
                continue;
            };
            for (package, symbols) in named {
                packages.push(ReachedPackage {
                    package: package.clone(),
                    symbols,
                    imports: way(package),
                });
            }
            findings.push(finding(entry, of_module, held, packages));
        }
    }
    findings.sort_by(|a, b| (&a.id, &a.module).cmp(&(&b.id, &b.module)));
    findings
}

/// The vulnerable packages that are held, with their vulnerable symbols. Returns `None` if the entry
/// is about other systems only.
fn vulnerable<'a>(
    of_module: &OfModule,
    held: &Held<'a>,
    os: &str,
    arch: &str,
) -> Option<BTreeMap<&'a ImportPath, Vec<String>>> {
    if of_module.packages.is_empty() {
        let all = held.packages.values().map(|package| (*package, Vec::new()));
        return Some(all.collect());
    }
    let packages = of_module.packages.iter();
    let mut here = packages.filter(|it| it.is_for(os, arch)).peekable();
    here.peek()?;
    let mut found = BTreeMap::new();
    for vulnerable in here {
        if let Some(package) = held.packages.get(&vulnerable.path) {
            let symbols: BTreeSet<String> = vulnerable.symbols.iter().cloned().collect();
            found.insert(*package, symbols.into_iter().collect());
        }
    }
    Some(found)
}

fn finding(
    entry: &Entry,
    of_module: &OfModule,
    held: &Held<'_>,
    packages: Vec<ReachedPackage>,
) -> Finding {
    let fixed = of_module.fix_of(&held.version);
    Finding {
        id: entry.id.clone(),
        aliases: entry.aliases.clone(),
        summary: entry.summary.clone(),
        module: held.path.to_owned(),
        version: held.version.clone(),
        fixed: fixed.map(ToOwned::to_owned),
        packages,
    }
}

fn of_module<'a>((path, module): (&'a ModulePath, &'a LinkedModule)) -> Option<Held<'a>> {
    let (held, version) = match &module.replaced_by {
        Some(Replacement::Version(by, _)) => (&by.path, by.version.clone()),
        Some(Replacement::Directory(_)) => return None,
        None => (path, module.version.clone()?),
    };
    let mut packages = BTreeMap::new();
    for package in &module.packages {
        // A fork's packages have the names of what it stands in for.
        let known = match below(path, package) {
            Some(below) => format!("{held}{below}"),
            None => package.to_string(),
        };
        packages.insert(known, package);
    }
    Some(Held {
        path: held,
        version,
        packages,
    })
}

fn of_std<'a>(binary: &'a LinkedBinary, runtime: &'a ImportPath) -> Option<Held<'a>> {
    let std = binary.std.iter().chain([runtime]);
    Some(Held {
        path: STDLIB,
        version: range::of_go(&binary.go_version)?,
        packages: std.map(|path| (path.to_string(), path)).collect(),
    })
}
