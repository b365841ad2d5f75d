//! What steps are called: names for programs, titles for people.

use std::collections::BTreeSet;

use super::outline::Build;
use super::step::Part;
use crate::packages::PackageIx;
use crate::tree::TreePath;

/// How many places a title names.
const SHOWN: usize = 3;

/// A step's title with what tells it from those of `several` builds, and the profile that it compiles by, if it `compiles`.
pub(super) fn in_build(title: String, build: &Build, several: bool, compiles: bool) -> String {
    let title = if several && !build.dir.is_root() { format!("{title} [{}]", build.dir) } else { title };
    match &build.settings.profile {
        Some(profile) if compiles => format!("{title} with ./{profile}"),
        _ => title,
    }
}

/// The title of the step for a package of std and what it needs. How many that are is not known at first.
pub(super) fn std_of(package: &str) -> String {
    format!("compile {package} and what it needs of std")
}

/// The title of the step for so many packages of std; `more`, if others are compiled in a step before.
pub(super) fn std(packages: usize, more: bool) -> String {
    format!("compile {} of std", count(packages, if more { "more package" } else { "package" }))
}

/// The name and the title of a deps step; `alone`, if there is one only.
pub(super) fn deps(parts: &[Part], alone: bool) -> (String, String) {
    let paths: BTreeSet<&str> = parts.iter().flat_map(|part| &part.packages).map(String::as_str).collect();
    let title = format!("compile {}", count(paths.len(), "third-party package"));
    if alone {
        return ("deps".to_owned(), title);
    }
    let first = paths.first().copied().unwrap_or_default();
    (format!("deps:{first}"), format!("{title} ({first}{})", if paths.len() > 1 { " ..." } else { "" }))
}

/// The name and the title of a unit: `unit:example.com/lib/money`, `compile ./lib/money (2 packages)`.
pub(super) fn unit(build: &Build, packages: &BTreeSet<PackageIx>, parts: &[Part]) -> (String, String) {
    let first = parts.iter().flat_map(|part| &part.packages).min().cloned().unwrap_or_default();
    let modules: BTreeSet<_> = packages.iter().map(|&ix| build.packages.get(ix).module).collect();
    let places: Vec<String> = modules
        .into_iter()
        .map(|module| {
            let of = packages.iter().map(|&ix| build.packages.get(ix)).filter(|package| package.module == module);
            common_dir(of.map(|package| &package.dir).collect())
        })
        .collect();
    let more = if places.len() > SHOWN { format!(" and {} more", places.len() - SHOWN) } else { String::new() };
    let places = places[..places.len().min(SHOWN)].join(", ");
    (format!("unit:{first}"), format!("compile {places}{more} ({})", count(packages.len(), "package")))
}

/// The deepest directory above all `dirs`, as `./lib`.
fn common_dir(dirs: Vec<&TreePath>) -> String {
    let mut common = dirs.first().map(|&dir| dir.clone()).unwrap_or_default();
    while !dirs.iter().all(|dir| dir.is_under(&common)) {
        common = common.parent().unwrap_or_default();
    }
    if common.is_root() { ".".to_owned() } else { format!("./{common}") }
}

/// `1 package`, `2 packages`.
fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
