//! What is wrong with one image stops no other: the outlines without the images that cannot be
//! built.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::{Build, Outline, outline_where};
use super::settings::Target;
use crate::config::Config;
use crate::diag::{Diagnostic, Findings};
use crate::packages::{PackageIx, Packages, Scan};
use crate::tree::TreePath;
use crate::workspace::Workspace;

/// How often images are left out and the rest is looked at again. One time is enough unless there
/// are more errors than are kept.
const ROUNDS: usize = 5;
/// Stands for a platform's name where sentences are compared.
const PLATFORM: &str = "\u{0}";

/// The images of a repository on some platforms.
#[derive(Debug, Clone, Default)]
pub struct Outlines {
    /// One for each platform, in the order asked for, with the images that can be built on every
    /// one of them.
    pub outlines: Vec<Outline>,
    /// Names of the images that are left out: something is wrong with what they are made of, on
    /// some platform.
    pub broken: BTreeSet<String>,
    /// All that is wrong, each thing once although platforms share it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds the images of `workspace` that can be built for all of `targets`, and says what is wrong
/// with the others.
pub fn outlines(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    targets: &[Target],
) -> Outlines {
    let mut broken: BTreeSet<String> = BTreeSet::new();
    let mut said = None;
    for round in 0..=ROUNDS {
        let is_meant = |name: &str| round < ROUNDS && !broken.contains(name);
        let made = targets
            .iter()
            .map(|target| outline_where(scan, workspace, config, target, is_meant));
        let (mut outlines, found): (Vec<Outline>, Vec<Vec<Diagnostic>>) =
            made.map(with_builder).unzip();
        said.get_or_insert_with(|| once(targets, found));
        let more: BTreeSet<String> = outlines
            .iter()
            .flat_map(|outline| outline.broken.iter().cloned())
            .collect();
        if more.is_subset(&broken) {
            for outline in &mut outlines {
                outline.broken.clone_from(&broken);
            }
            return Outlines {
                outlines,
                broken,
                diagnostics: said.unwrap_or_default(),
            };
        }
        broken.extend(more);
        if round + 1 == ROUNDS {
            broken.extend(outlines.iter().flat_map(Outline::names));
        }
    }
    Outlines {
        broken,
        diagnostics: said.unwrap_or_default(),
        ..Outlines::default()
    }
}

/// With what is wrong with the builder, which concerns every image.
fn with_builder(
    (mut outline, mut found): (Outline, Vec<Diagnostic>),
) -> (Outline, Vec<Diagnostic>) {
    if let Some(problem) = outline.builder.check() {
        let names: Vec<String> = outline.names().collect();
        outline.broken.extend(names);
        found.push(problem);
    }
    (outline, found)
}

/// Which of a build's mains, by import path, are made of what `errors` are about.
pub(super) fn broken_mains(build: &Build, errors: &[&Diagnostic]) -> BTreeSet<PackageIx> {
    let packages = &build.packages;
    let mut wrong: BTreeSet<PackageIx> = BTreeSet::new();
    for error in errors {
        let about = error
            .span
            .as_ref()
            .map(|span| concerned(packages, &span.file))
            .unwrap_or_default();
        wrong.extend(about);
    }
    // What nothing is known about may be anybody's.
    let nobody = wrong.is_empty() && !errors.is_empty();
    let reaching = importers(packages, wrong);
    packages
        .mains
        .iter()
        .copied()
        .filter(|main| nobody || reaching.contains(main))
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

/// What was found on some platforms, each thing once. What holds on a part of them only, and does
/// not name it, is made to.
fn once(targets: &[Target], found: Vec<Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let mut order: Vec<(Diagnostic, Vec<String>)> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut counted = Vec::new();
    for (target, found) in targets.iter().zip(found) {
        let target = target.to_string();
        for diagnostic in found {
            if diagnostic.others > 0 {
                counted.push(diagnostic);
                continue;
            }
            let nameless = with_words(diagnostic, &|words| words.replace(&target, PLATFORM));
            let at = *known.entry(format!("{nameless:?}")).or_insert(order.len());
            if at == order.len() {
                order.push((nameless, Vec::new()));
            }
            if !order[at].1.contains(&target) {
                order[at].1.push(target.clone());
            }
        }
    }
    let named = |(mut diagnostic, platforms): (Diagnostic, Vec<String>)| {
        let names = platforms.join(" and ");
        if platforms.len() < targets.len() && !diagnostic.message.contains(PLATFORM) {
            diagnostic.message.push_str(&format!(" (on {PLATFORM})"));
        }
        with_words(diagnostic, &|words| words.replace(PLATFORM, &names))
    };
    let mut findings: Findings = order.into_iter().map(named).collect();
    findings.merge(counted);
    findings.into_vec()
}

fn with_words(mut diagnostic: Diagnostic, change: &dyn Fn(&str) -> String) -> Diagnostic {
    diagnostic.message = change(&diagnostic.message);
    diagnostic.help = diagnostic.help.map(|help| change(&help));
    diagnostic
}
