//! `gowork list`: the images, and what is not one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gowork_llb::config::ImageName;
use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::packages::closure;
use gowork_llb::plan::{Outline, OutlineImage};
use gowork_llb::tree::TreePath;
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Common, Form};
use crate::project::{OpenArgs, Project, one_target};
use crate::ui::counted;
use crate::{exit, ui};

const HEAD: [&str; 6] = ["IMAGE", "MAIN", "MODULE", "BINARY", "MADE OF", "WHY"];

/// Prints the list.
pub(crate) fn run(common: &Common, format: Form) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let project = Project::read(common, OpenArgs::Keep)?;
    let Some(mut sound) = project.outlines(&[target]) else {
        return Ok(exit::ERRORS);
    };
    if let Some(outline) = sound.value.pop() {
        let list = list(&project, &outline);
        match format {
            Form::Human => ui::print(&text(&list))?,
            Form::Json => ui::print_json(&list)?,
        }
    }
    Ok(sound.code)
}

/// The images of a repository, and what makes none.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ListJson {
    /// The version of this form: 1. It grows when a field changes its meaning or goes away.
    version: u32,
    /// The platform that was looked at, like `linux/amd64`.
    platform: String,
    /// The images, by name.
    images: Vec<ListedImage>,
    /// Directories of modules that go.work does not use.
    unused_modules: Vec<String>,
    /// Directories of main packages that declare no func main.
    without_func_main: Vec<String>,
    /// Patterns of `skip`.
    skipped: Vec<String>,
}

/// An image.
#[derive(Debug, Serialize, JsonSchema)]
struct ListedImage {
    /// Its name.
    name: ImageName,
    /// The directory of its main package, `./cmd/api`.
    main: String,
    /// The import path of its main package.
    package: ImportPath,
    /// The module of its main package.
    module: ModulePath,
    /// The file names of its binaries, its own first.
    binaries: Vec<String>,
    /// How many packages of the repository its own binary is made of.
    packages: usize,
    /// How many modules of the repository these are of.
    modules: usize,
    /// Why it is an image: the place in the configuration that asks for it, or words.
    why: String,
}

fn list(project: &Project, outline: &Outline) -> ListJson {
    let images = outline.images.iter();
    ListJson {
        version: 1,
        platform: outline.target.to_string(),
        images: images
            .map(|image| listed(project, outline, image))
            .collect(),
        unused_modules: unused_modules(project),
        without_func_main: outline.without_func.iter().map(TreePath::as_dir).collect(),
        skipped: project
            .config()
            .skip
            .iter()
            .map(|pattern| pattern.value.clone())
            .collect(),
    }
}

fn listed(project: &Project, outline: &Outline, image: &OutlineImage) -> ListedImage {
    let build = &outline.builds[image.build.0];
    let main = build.packages.get(image.main);
    let reached = closure(&build.packages, [image.main]);
    ListedImage {
        name: image.config.name.clone(),
        main: main.dir.as_dir(),
        package: main.path.clone(),
        module: project.workspace().module(main.module).path.clone(),
        binaries: binaries(image),
        packages: reached.0.len(),
        modules: reached.modules(&build.packages).len(),
        why: why(image, &main.path),
    }
}

fn why(image: &OutlineImage, main: &ImportPath) -> String {
    if let Some(written) = &image.config.main
        && let Some(span) = &written.span
    {
        return span.to_string();
    }
    if let Some(at) = &image.config.at {
        return at.to_string();
    }
    let words = if image.config.name == main.binary_name() {
        "package main"
    } else if image.config.name == main.binary_name().to_lowercase() {
        "package main, in small letters"
    } else {
        "package main, not called as its binary"
    };
    words.to_owned()
}

/// The file names of an image's binaries, its own first.
fn binaries(image: &OutlineImage) -> Vec<String> {
    let others = image.binaries.iter().map(|binary| binary.file.clone());
    [image.binary.clone()].into_iter().chain(others).collect()
}

/// The directories of modules that go.work does not use.
fn unused_modules(project: &Project) -> Vec<String> {
    let workspace = project.workspace();
    // A module may be used through a link to its directory.
    let used: BTreeSet<TreePath> = workspace
        .modules
        .iter()
        .filter_map(|module| true_dir(project, &module.dir))
        .collect();
    let unused = workspace.unused.iter().filter(|dir| !used.contains(*dir));
    unused.map(TreePath::as_dir).collect()
}

/// The list as a table, and below it what makes no images.
fn text(list: &ListJson) -> String {
    let rows: Vec<[String; 6]> = list.images.iter().map(row).collect();
    let mut text = table(&rows);
    for (why, what) in [
        (
            "Not built, since go.work does not use these modules",
            &list.unused_modules,
        ),
        (
            "No images, since these main packages declare no func main",
            &list.without_func_main,
        ),
        (
            "No images, since the configuration skips them",
            &list.skipped,
        ),
    ] {
        if !what.is_empty() {
            let _ = writeln!(text, "\n{why}: {}", what.join(", "));
        }
    }
    text
}

fn row(image: &ListedImage) -> [String; 6] {
    [
        image.name.to_string(),
        image.main.clone(),
        image.module.to_string(),
        image.binaries.join(", "),
        format!(
            "{} of {}",
            counted(image.packages, "package"),
            counted(image.modules, "module")
        ),
        image.why.clone(),
    ]
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
