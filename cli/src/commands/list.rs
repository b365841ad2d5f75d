//! `gowork list`: the images, and what is not one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gowork_llb::packages::closure;
use gowork_llb::plan::{Outline, OutlineImage};
use gowork_llb::tree::TreePath;

use crate::args::Common;
use crate::project::{OpenArgs, Project, one_target};
use crate::ui::counted;
use crate::{exit, ui};

const HEAD: [&str; 6] = ["IMAGE", "MAIN", "MODULE", "BINARY", "MADE OF", "WHY"];

/// Prints the list.
pub(crate) fn run(common: &Common) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Keep)?;
    let Some(sound) = project.outlines(&[target]) else {
        return Ok(exit::ERRORS);
    };
    let mut text = String::new();
    for outline in &sound.value {
        let rows: Vec<[String; 6]> = outline
            .images
            .iter()
            .map(|image| row(&project, outline, image))
            .collect();
        text.push_str(&table(&rows));
        text.push_str(&rest(&project, outline));
    }
    ui::print(&text)?;
    Ok(sound.code)
}

fn row(project: &Project, outline: &Outline, image: &OutlineImage) -> [String; 6] {
    let build = &outline.builds[image.build.0];
    let main = build.packages.get(image.main);
    let reached = closure(&build.packages, [image.main]);
    let modules: BTreeSet<_> = reached
        .iter()
        .map(|ix| build.packages.get(ix).module)
        .collect();
    let why = match (&image.config.main, &image.config.at) {
        (Some(main), _) if main.span.is_some() => main
            .span
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        (_, Some(at)) => at.to_string(),
        _ if image.config.name == main.path.binary_name() => "package main".to_owned(),
        _ if image.config.name == main.path.binary_name().to_lowercase() => {
            "package main, in small letters".to_owned()
        }
        _ => "package main, not called as its binary".to_owned(),
    };
    [
        image.config.name.to_string(),
        main.dir.as_dir(),
        project.workspace().module(main.module).path.to_string(),
        binaries(image),
        format!(
            "{} of {}",
            counted(reached.0.len(), "package"),
            counted(modules.len(), "module")
        ),
        why,
    ]
}

/// The file names of an image's binaries, its own first.
fn binaries(image: &OutlineImage) -> String {
    let others = image.binaries.iter().map(|binary| binary.file.as_str());
    let all: Vec<&str> = [image.binary.as_str()].into_iter().chain(others).collect();
    all.join(", ")
}

/// What makes no images: modules that are not built, packages that cannot be programs, and those
/// that `skip` names.
fn rest(project: &Project, outline: &Outline) -> String {
    let mut text = String::new();
    // A module may be used through a link to its directory.
    let used: BTreeSet<TreePath> = project
        .workspace()
        .modules
        .iter()
        .filter_map(|module| true_dir(project, &module.dir))
        .collect();
    let unused: Vec<&TreePath> = project
        .workspace()
        .unused
        .iter()
        .filter(|dir| !used.contains(*dir))
        .collect();
    if !unused.is_empty() {
        let dirs: Vec<String> = unused.iter().map(|dir| format!("./{dir}")).collect();
        let _ = writeln!(
            text,
            "\nNot built, since go.work does not use these modules: {}",
            dirs.join(", ")
        );
    }
    if !outline.without_func.is_empty() {
        let dirs: Vec<String> = outline
            .without_func
            .iter()
            .map(|dir| format!("./{}", dir.as_str()))
            .collect();
        let _ = writeln!(
            text,
            "\nNo images, since these main packages declare no func main: {}",
            dirs.join(", ")
        );
    }
    if !project.config().skip.is_empty() {
        let skip: Vec<&str> = project
            .config()
            .skip
            .iter()
            .map(|pattern| pattern.value.as_str())
            .collect();
        let _ = writeln!(
            text,
            "\nNo images, since the configuration skips them: {}",
            skip.join(", ")
        );
    }
    text
}

/// The directory that a module's is a link to, or lies behind.
fn true_dir(project: &Project, dir: &TreePath) -> Option<TreePath> {
    let links = project.scan().followed(dir);
    links.last().cloned()
}

fn table(rows: &[[String; 6]]) -> String {
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
                .max(HEAD[column].len())
        })
        .collect();
    let line = |cells: [&str; 6]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(HEAD);
    for row in rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
    }
    text
}
