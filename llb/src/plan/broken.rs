//! Which images errors in packages and mod files stop.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::packages::{PackageIx, Packages};
use crate::tree::TreePath;

/// The programs that are made of what `errors` are about.
pub(super) fn broken_programs(packages: &Packages, errors: &[&Diagnostic]) -> BTreeSet<PackageIx> {
    let mut wrong: BTreeSet<PackageIx> = BTreeSet::new();
    for error in errors {
        let about = error
            .span
            .as_ref()
            .map(|span| concerned(packages, &span.file))
            .unwrap_or_default();
        wrong.extend(about);
    }
    // An error with an unknown place may concern every program.
    let nobody = wrong.is_empty() && !errors.is_empty();
    let reaching = importers(packages, wrong);
    packages
        .programs()
        .filter(|program| nobody || reaching.contains(program))
        .collect()
}

/// The packages that a place belongs to: a directory is its package's, a mod file that of all
/// packages of its module.
fn concerned(packages: &Packages, place: &str) -> BTreeSet<PackageIx> {
    let Ok(path) = TreePath::new(place) else {
        return BTreeSet::new();
    };
    if let Some((ix, _)) = packages.iter().find(|(_, package)| package.dir == path) {
        return BTreeSet::from([ix]);
    }
    let dir = path.parent().unwrap_or_default();
    let is_mod_file = ["go.mod", "go.work", "modules.txt"].contains(&path.name());
    let holds = |(_, package): &(PackageIx, &crate::packages::Package)| {
        package.dir == dir
            || is_mod_file && package.dir.is_under(&dir)
            || package.files.binary_search(&path).is_ok()
    };
    packages.iter().filter(holds).map(|(ix, _)| ix).collect()
}

/// These packages, and all that import them, directly or not.
fn importers(packages: &Packages, from: BTreeSet<PackageIx>) -> BTreeSet<PackageIx> {
    let mut importers: BTreeMap<PackageIx, Vec<PackageIx>> = BTreeMap::new();
    for (ix, _) in packages.iter() {
        for imported in packages.below(ix) {
            importers.entry(imported).or_default().push(ix);
        }
    }
    let mut open: Vec<PackageIx> = from.iter().copied().collect();
    let mut reached = from;
    while let Some(ix) = open.pop() {
        for &importer in importers.get(&ix).into_iter().flatten() {
            if reached.insert(importer) {
                open.push(importer);
            }
        }
    }
    reached
}
