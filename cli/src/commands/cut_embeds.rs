//! Files that `go build` embeds, and that no build of an image sees: the ignore file leaves them
//! out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use gowork_llb::diag::{Diagnostic, Position, Rule, Span};
use gowork_llb::gosrc::embed::{self, Listing};
use gowork_llb::limits;
use gowork_llb::packages::Package;
use gowork_llb::plan::Outline;
use gowork_llb::tree::{Ignore, SourceTree, TreePath};
use gowork_llb::workspace;

use crate::project::Project;

/// A warning for each pattern of these images' packages that finds less in a build. One that finds
/// nothing is an error already.
pub(super) fn warnings(project: &Project, outlines: &[Outline]) -> Vec<Diagnostic> {
    let Some((name, ignore)) = &project.ignore else {
        return Vec::new();
    };
    let builds = outlines.iter().flat_map(|outline| &outline.builds);
    let packages = builds.flat_map(|build| build.packages.iter());
    // Platforms share most packages.
    let mut by_dir: BTreeMap<&TreePath, &Package> = BTreeMap::new();
    for (_, package) in packages {
        if !package.embedded.is_empty() && !workspace::is_of_context(&package.dir) {
            by_dir.insert(&package.dir, package);
        }
    }
    let budget = Cell::new(limits::EMBED_STEPS);
    let mut warnings = Vec::new();
    for package in by_dir.into_values() {
        for (pattern, cut) in cut(project.whole.as_ref(), package, &budget) {
            warnings.extend(warning(project, package, pattern, &cut, (name, ignore)));
        }
    }
    warnings
}

/// The files of each pattern of a package that a build does not see. What is hidden counts for
/// nothing: systems and editors leave such files anywhere.
fn cut<'p>(
    whole: &dyn SourceTree,
    package: &'p Package,
    budget: &Cell<usize>,
) -> Vec<(&'p str, Vec<TreePath>)> {
    let listed: RefCell<BTreeMap<String, Option<Listing>>> = RefCell::default();
    let list = |below: &str| {
        let mut listed = listed.borrow_mut();
        let known = listed.entry(below.to_owned());
        known
            .or_insert_with(|| listing(whole, &package.dir.join(below).ok()?))
            .clone()
    };
    let cut_of = |(pattern, seen): (&'p String, &Vec<TreePath>)| {
        // What is wrong with files that a build does not see stops no build.
        let files = embed::resolve_within(pattern, &list, budget).unwrap_or_default();
        let files = files.iter().filter_map(|file| package.dir.join(file).ok());
        let files = files.filter(|file| !file.name().starts_with('.'));
        (
            pattern.as_str(),
            files.filter(|file| !seen.contains(file)).collect(),
        )
    };
    package.embedded.iter().map(cut_of).collect()
}

fn listing(whole: &dyn SourceTree, dir: &TreePath) -> Option<Listing> {
    let entries = whole.list(std::slice::from_ref(dir)).remove(0).ok()?;
    let nodes = entries.into_iter();
    Some(nodes.map(|entry| (entry.name, entry.kind.into())).collect())
}

fn warning(
    project: &Project,
    package: &Package,
    pattern: &str,
    cut: &[TreePath],
    (name, ignore): (&str, &Ignore),
) -> Option<Diagnostic> {
    let (first, others) = cut.split_first()?;
    let rule = ignore.excludes(first)?;
    let more = match others.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "the pattern {pattern} embeds {first}{more} in `go build`, but not in an image: {name} leaves that out"
    );
    let mut warning = Diagnostic::warning(Rule::IgnoredEmbed, message)
        .related(
            Span::at(name, Position::new(rule.line, 1)),
            "left out by this rule",
        )
        .help(format!(
            "let it in again below that rule: !{first}; or print a new file: gowork dockerignore"
        ));
    if let Some(at) = place(project, package, pattern) {
        warning = warning.at(at);
    }
    Some(warning)
}

fn place(project: &Project, package: &Package, pattern: &str) -> Option<Span> {
    let scanned = project.scan().dirs.get(&package.dir)?;
    let taken = scanned
        .files
        .iter()
        .filter(|file| package.files.contains(&package.dir.child(&file.name)));
    let mut places = taken.flat_map(|file| {
        let embeds = file.header.embeds.iter();
        embeds.map(move |embed| (&file.name, embed))
    });
    let (file, embed) = places.find(|(_, embed)| embed.pattern == pattern)?;
    Some(Span::at(package.dir.child(file).as_str(), embed.at))
}
