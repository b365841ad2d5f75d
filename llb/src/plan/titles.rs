//! What steps are called: names for programs, titles for people.

use std::collections::BTreeSet;

use super::build::Build;
use super::step::Part;
use crate::config::ImageName;
use crate::gomod::ImportPath;
use crate::packages::PackageIx;
use crate::tree::TreePath;

/// How many places or images a title names.
const SHOWN: usize = 3;

/// A step's title, with the build that it belongs to if there are `several`, and with the profile
/// that it compiles by if it `compiles`.
pub(super) fn in_build(title: String, build: &Build, several: bool, compiles: bool) -> String {
    let title = if several && !build.dir.is_root() {
        format!("{title} [{}]", build.dir)
    } else {
        title
    };
    match &build.settings.profile {
        Some(profile) if compiles => format!("{title} with ./{profile}"),
        _ => title,
    }
}

/// The title of the step that compiles a number of packages of std; `more`, if a step before it
/// compiles others.
pub(super) fn std(packages: usize, more: bool) -> String {
    format!(
        "compile {} of std",
        count(packages, if more { "more package" } else { "package" })
    )
}

/// The name and the title of a deps step; `alone`, if there is one only. `images` is how many the
/// build has.
pub(super) fn deps(parts: &[Part], is_only: bool, images: usize) -> (String, String) {
    let paths: BTreeSet<&str> = parts
        .iter()
        .flat_map(|part| &part.packages)
        .map(ImportPath::as_str)
        .collect();
    let title = format!("compile {}", count(paths.len(), "third-party package"));
    let whom = reached_by(parts, images);
    if is_only {
        return ("deps".to_owned(), title + &whom);
    }
    let first = paths.first().copied().unwrap_or_default();
    (
        format!("deps:{first}"),
        format!(
            "{title}, {first}{}{whom}",
            if paths.len() > 1 { " ..." } else { "" }
        ),
    )
}

/// The name and the title of a unit: `unit:example.com/lib/money`, `compile ./lib/money (api,
/// orders)`. `packages` are those of the repository among the packages of `parts`. A package is in
/// one unit alone, so no two have the same title.
pub(super) fn unit(
    build: &Build,
    packages: &BTreeSet<PackageIx>,
    parts: &[Part],
    images: usize,
) -> (String, String) {
    let paths: BTreeSet<&str> = parts
        .iter()
        .flat_map(|part| &part.packages)
        .map(ImportPath::as_str)
        .collect();
    let mut dirs: Vec<&TreePath> = packages
        .iter()
        .map(|&ix| &build.packages.get(ix).dir)
        .collect();
    dirs.sort();
    let mut shown: Vec<String> = dirs.iter().take(SHOWN).map(|dir| shown_dir(dir)).collect();
    shown.extend(third_party(build, &paths));
    let more = match dirs.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = paths.first().copied().unwrap_or_default();
    (
        format!("unit:{first}"),
        format!(
            "compile {}{more}{}",
            shown.join(", "),
            reached_by(parts, images)
        ),
    )
}

/// The third-party packages among `paths`, if there are any.
fn third_party(build: &Build, paths: &BTreeSet<&str>) -> Option<String> {
    let others: Vec<&str> = paths
        .iter()
        .copied()
        .filter(|path| build.packages.find(path).is_none())
        .collect();
    match others.as_slice() {
        [] => None,
        [only] => Some((*only).to_owned()),
        [first, ..] => Some(format!(
            "{} ({first} ...)",
            count(others.len(), "third-party package")
        )),
    }
}

fn shown_dir(dir: &TreePath) -> String {
    if dir.is_root() {
        ".".to_owned()
    } else {
        format!("./{dir}")
    }
}

/// Which of the build's images reach some of these parts; nothing where it has one image, or that
/// is not known.
fn reached_by(parts: &[Part], images: usize) -> String {
    let reach: BTreeSet<&str> = parts
        .iter()
        .flat_map(|part| &part.reach)
        .map(ImageName::as_str)
        .collect();
    match reach.len() {
        _ if images < 2 => String::new(),
        all if all == images && all > SHOWN => format!(" (all {images} images)"),
        _ => for_images(reach),
    }
}

/// Names of images as the end of a title: ` (api, orders)`; empty without images.
pub(crate) fn for_images<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.len() {
        0 => String::new(),
        // "and 1 more" is no shorter than a name.
        all if all > SHOWN + 1 => {
            format!(" ({} and {} more)", names[..SHOWN].join(", "), all - SHOWN)
        }
        _ => format!(" ({})", names.join(", ")),
    }
}

/// `1 package`, `2 packages`.
fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
