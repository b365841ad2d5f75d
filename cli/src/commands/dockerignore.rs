//! `gowork dockerignore`: what need not reach the builder.

use std::collections::BTreeSet;

use gowork_llb::gomod::FILE_NAMES;
use gowork_llb::gosrc::glob::has_meta;
use gowork_llb::lower::Mark;
use gowork_llb::packages::Package;
use gowork_llb::plan::Outline;
use gowork_llb::tree::TreePath;
use gowork_llb::workspace;

use super::topmost::topmost;
use crate::args::{Common, Output};
use crate::exit;
use crate::output::deliver;
use crate::project::{OpenArgs, Project, usual_targets};
use crate::source::Source;

/// Files with licences, as nearly all are called: an SBOM says what they declare. No build without
/// one transfers them.
const LICENSES: [&str; 2] = ["**/LICENSE*", "**/COPYING*"];
/// Files with notices, which images hold beside licences.
const NOTICES: &str = "**/NOTICE*";

/// Prints the .dockerignore. What is there now leaves nothing out: the new one takes its place, and
/// a file that is embedded since it was printed must be let in.
pub(crate) fn run(common: &Common, output: &Output) -> anyhow::Result<u8> {
    let project = Project::of(Source::on_disk(common)?, common, OpenArgs::Keep)?;
    let Some(sound) = project.outlines(&usual_targets(common)) else {
        return Ok(exit::ERRORS);
    };
    let opened = project.not_in_images(&sound.value).paths;
    let text = text(&sound.value, project.reads_git, opened);
    Ok(deliver(&text, Mark::DOCKERIGNORE, output)?.max(sound.code))
}

/// Patterns in the order that counts: the last one that matches a path decides. `reads_git` says
/// whether a build reads the repository of the context. What the programs open and their images do
/// not have (`opened`) is let in too: else nobody could find out.
pub(super) fn text(outlines: &[Outline], reads_git: bool, opened: BTreeSet<TreePath>) -> String {
    let mut paths = opened;
    paths.extend(outlines.iter().flat_map(Outline::tree_paths));
    // A named context has an ignore file of its own.
    paths.retain(|path| !workspace::is_of_context(path));
    let builds = || outlines.iter().flat_map(|outline| &outline.builds);
    let mut embedded = Embedded::default();
    for (_, package) in builds().flat_map(|build| build.packages.iter()) {
        embedded.add(package);
    }
    paths.retain(|path| !embedded.files.contains(path));
    paths.extend(embedded.paths);
    let mut lines = vec![
        format!(
            "# Only what the images are made of reaches the builder. {}.",
            Mark::DOCKERIGNORE
        ),
        "*".to_owned(),
        "!**/go.mod".to_owned(),
        "!**/go.sum".to_owned(),
        "!**/*.go".to_owned(),
    ];
    lines.extend(LICENSES.map(|pattern| format!("!{pattern}")));
    let mut images = outlines.iter().flat_map(|outline| &outline.images);
    if images.any(|image| image.config.runtime.licenses) {
        lines.push(format!("!{NOTICES}"));
    }
    if builds().any(|build| build.workspace) {
        lines.push("!**/go.work\n!**/go.work.sum".to_owned());
    }
    // Before the exceptions below: some of these may lie there.
    lines.extend(["**/*_test.go".to_owned(), "**/testdata".to_owned()]);
    let patterns: BTreeSet<&TreePath> = outlines.iter().flat_map(Outline::file_patterns).collect();
    lines.extend(patterns.iter().map(|pattern| format!("!{pattern}")));
    let mut others: BTreeSet<&TreePath> = paths.iter().collect();
    others.retain(|path| !is_plain(path));
    lines.extend(topmost(&others).map(|path| format!("!{}", literal(path))));
    lines.extend(embedded.globs.iter().map(|glob| format!("!{glob}")));
    let may_match_git = |glob: &String| glob.starts_with(['*', '?', '[']);
    if reads_git {
        lines.push("!.git".to_owned());
    } else if embedded.globs.iter().any(may_match_git) {
        // Go embeds it by no pattern.
        lines.push(".git".to_owned());
    }
    lines.join("\n") + "\n"
}

/// What packages embed, by the patterns that say so: `go build` takes a file that is added later,
/// so the ignore file must let it in without being printed again.
#[derive(Default)]
struct Embedded<'p> {
    /// Files and directories that patterns without wildcards name.
    paths: BTreeSet<TreePath>,
    /// The other patterns, from the root.
    globs: BTreeSet<String>,
    /// What all of them match.
    files: BTreeSet<&'p TreePath>,
}

impl<'p> Embedded<'p> {
    fn add(&mut self, package: &'p Package) {
        // A named context has an ignore file of its own.
        if workspace::is_of_context(&package.dir) {
            return;
        }
        for (pattern, files) in &package.embedded {
            let glob = pattern.strip_prefix("all:").unwrap_or(pattern);
            self.files.extend(files);
            match package.dir.join(glob) {
                Ok(path) if !has_meta(glob) => {
                    self.paths.insert(path);
                }
                _ => {
                    self.globs.insert(from_root(&package.dir, glob));
                }
            }
        }
    }
}

/// A pattern of Go's embed in the directory `dir`, as one of an ignore file.
fn from_root(dir: &TreePath, glob: &str) -> String {
    let mut pattern = String::new();
    if !dir.is_root() {
        pattern = escaped(dir.as_str()) + "/";
    }
    let mut rest = glob.chars().peekable();
    let mut is_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => pattern.extend(std::iter::once(c).chain(rest.next())),
            // Two stars mean any directories in an ignore file.
            '*' if !is_class && rest.peek() == Some(&'*') => {}
            '[' | ']' => {
                is_class = c == '[';
                pattern.push(c);
            }
            c if !is_class && SPECIAL_IN_REGEX.contains(c) => pattern.extend(['\\', c]),
            c => pattern.push(c),
        }
    }
    pattern
}

/// What BuildKit's matcher reads as a part of a regular expression, in a pattern with a wildcard or
/// a backslash (moby/patternmatcher escapes only `.` and `$`).
const SPECIAL_IN_REGEX: &str = "+(){}|^";

/// Whether the general patterns let in this file: a mod file or a Go source, and no test.
fn is_plain(path: &TreePath) -> bool {
    let name = path.name();
    let is_source = name.ends_with(".go") && !name.ends_with("_test.go");
    let is_testdata = path.as_str().split('/').any(|part| part == "testdata");
    (is_source || FILE_NAMES.contains(&name)) && !is_testdata
}

/// The pattern of this path alone.
fn literal(path: &TreePath) -> String {
    let path = path.as_str();
    // The matcher compares letters if the pattern has no wildcard and no backslash.
    if path.contains(['*', '?', '[', ']', '\\']) {
        escaped(path)
    } else {
        path.to_owned()
    }
}

fn escaped(path: &str) -> String {
    let mut pattern = String::new();
    for c in path.chars() {
        if "*?[]\\".contains(c) || SPECIAL_IN_REGEX.contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
