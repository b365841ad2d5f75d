//! `gowork dockerignore`: what need not reach the builder.

use std::collections::BTreeSet;

use gowork_llb::gomod::FILE_NAMES;
use gowork_llb::lower::Mark;
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
    let embedded: BTreeSet<&TreePath> = builds()
        .flat_map(|build| build.packages.iter())
        .flat_map(|(_, package)| package.embedded.values().flatten())
        .collect();
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
    others.retain(|path| embedded.contains(path) || !is_plain(path));
    lines.extend(topmost(&others).map(|path| format!("!{}", pattern(path))));
    if reads_git {
        lines.push("!.git".to_owned());
    }
    lines.join("\n") + "\n"
}

/// Whether the general patterns let in this file: a mod file or a Go source, and no test.
fn is_plain(path: &TreePath) -> bool {
    let name = path.name();
    let is_source = name.ends_with(".go") && !name.ends_with("_test.go");
    let is_testdata = path.as_str().split('/').any(|part| part == "testdata");
    (is_source || FILE_NAMES.contains(&name)) && !is_testdata
}

fn pattern(path: &TreePath) -> String {
    let special = |c: char| {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            format!("\\{c}")
        } else {
            c.to_string()
        }
    };
    path.as_str().chars().map(special).collect()
}
