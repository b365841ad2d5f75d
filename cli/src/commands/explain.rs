//! `gowork explain IMAGE`: what an image is made of, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use gowork_llb::keys::{self, Contents, Key, KeyInput, KeyPart};
use gowork_llb::plan::json;
use gowork_llb::plan::{Image, Step};
use gowork_llb::tree::TreePath;

use super::explain_file;
use super::explain_json::{ExplainJson, ExplainedStep, PartJson};
use super::no_image::no_image;
use super::plan::{user_of, with_extras};
use crate::args::{Common, Explain, Form};
use crate::membership::Query;
use crate::project::{OpenArgs, Project, Resolutions, one_target};
use crate::source::Source;
use crate::ui::counted;
use crate::{exit, ui};

/// Names shown of one directory, and directories of one step, where a list is long.
const FEW_NAMES: usize = 6;
const FEW_DIRS: usize = 12;

/// Prints it.
pub(crate) fn run(common: &Common, options: &Explain) -> anyhow::Result<u8> {
    let target = one_target(common)?;
    let on_disk = Source::on_disk(common)?;
    let project = Project::of(on_disk.clone().without_ignored(), common, OpenArgs::Keep)?;
    let whole = Source {
        tree: Arc::clone(&project.whole),
        ..on_disk
    };
    let Some(sound) = project.planned(target, options.resolve)? else {
        return Ok(exit::ERRORS);
    };
    let (plan, resolutions) = sound.value;
    let Some(image) = plan.image(&options.image) else {
        project.tell(&[no_image(
            plan.images.iter().map(|image| &image.name),
            &sound.broken,
            &options.image,
        )]);
        return Ok(exit::ERRORS);
    };
    let query = Query {
        project: &project,
        plan: &plan,
    };
    if let Some(file) = &options.file {
        let asked = explain_file::Asked {
            query,
            image,
            resolutions: resolutions.as_ref(),
            whole: &whole,
        };
        let of_context = project.contexts.path(file);
        let path = of_context.unwrap_or_else(|| common.root.path(file));
        return Ok(explain_file::run(&asked, &path, options.format)?.max(sound.code));
    }
    match options.format {
        Form::Human => ui::print(&text(query, image, resolutions.as_ref(), options.all))?,
        Form::Json => ui::print_json(&as_json(query, image, resolutions.as_ref()))?,
    }
    Ok(sound.code)
}

fn text(query: Query<'_>, image: &Image, resolutions: Option<&Resolutions>, all: bool) -> String {
    let plan = query.plan;
    let mut text = format!(
        "{}: {} on {}, built with {}\n",
        image.name, image.package, plan.target, plan.builder.image
    );
    if !plan.resolved {
        text.push_str("(coarse: without --resolve gowork asks no go command, so all packages from outside are one step)\n");
    }
    let mut shown = BTreeSet::new();
    for step in query.steps(image) {
        let _ = writeln!(text, "\n{}: {}", step.name, step.title);
        for flag in flags(query, step) {
            let _ = writeln!(text, "  {flag}");
        }
        let files: BTreeSet<&TreePath> = step
            .inputs
            .mod_files
            .iter()
            .chain(&step.inputs.files)
            .collect();
        let again = files.iter().filter(|file| shown.contains(*file)).count();
        text.push_str(&directories(
            &files
                .iter()
                .filter(|file| !shown.contains(*file))
                .copied()
                .collect(),
            all,
        ));
        if again > 0 {
            let _ = writeln!(text, "  and {} shown above", counted(again, "file"));
        }
        shown.extend(files);
    }
    let parts = image_key(query, image, resolutions, &Contents::new());
    let modules: Vec<String> = parts
        .0
        .iter()
        .filter_map(|(part, value)| module(part, value))
        .collect();
    if !modules.is_empty() {
        let _ = writeln!(text, "\nthird-party modules\n  {}", modules.join("\n  "));
    }
    text + &runtime(image)
}

fn module(part: &KeyPart, value: &str) -> Option<String> {
    let KeyPart::Module(path) = part else {
        return None;
    };
    Some(format!(
        "{path} {}",
        value.split(" h1:").next().unwrap_or_default()
    ))
}

fn flags(query: Query<'_>, step: &Step) -> Vec<String> {
    let json = json::step(query.plan, step);
    let platform = ["GOOS", "GOARCH", "CGO_ENABLED"];
    let env = json.env.iter().filter(|(name, value)| {
        !platform.contains(&name.as_str()) || *name == "CGO_ENABLED" && *value == "1"
    });
    env.map(|(name, value)| format!("{name}={value}"))
        .chain(json.flags)
        .collect()
}

/// Files by directory, long lists shortened.
fn directories(files: &BTreeSet<&TreePath>, all: bool) -> String {
    let mut dirs: BTreeMap<TreePath, Vec<&str>> = BTreeMap::new();
    for file in files {
        dirs.entry(file.parent().unwrap_or_default())
            .or_default()
            .push(file.name());
    }
    let most = if all || dirs.len() <= FEW_DIRS + 2 {
        dirs.len()
    } else {
        FEW_DIRS
    };
    let name = |dir: &TreePath| {
        if dir.is_root() {
            ".".to_owned()
        } else {
            format!("{dir}/")
        }
    };
    let width = dirs
        .keys()
        .take(most)
        .map(|dir| name(dir).chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (dir, names) in dirs.iter().take(most) {
        let few = if all || names.len() <= FEW_NAMES + 1 {
            names.len()
        } else {
            FEW_NAMES
        };
        let more = names.len() - few;
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "  {:width$}  {}{more}",
            name(dir),
            names[..few].join(" ")
        );
    }
    let rest: usize = dirs.values().skip(most).map(Vec::len).sum();
    if rest > 0 {
        let _ = writeln!(
            text,
            "  and {} in {} more directories (--all shows them)",
            counted(rest, "file"),
            dirs.len() - most
        );
    }
    text
}

fn runtime(image: &Image) -> String {
    let runtime = &image.runtime;
    let with = with_extras(runtime);
    let others = image.binaries.iter().map(|binary| binary.file.as_str());
    let binaries: Vec<&str> = [image.binary.as_str()].into_iter().chain(others).collect();
    let mut text = format!(
        "\nimage: {} on {}{with}, user {}\n",
        binaries.join(", "),
        runtime.base.value,
        user_of(runtime)
    );
    for file in &runtime.files {
        let _ = writeln!(text, "  {} as {}", file.from.value, file.to);
    }
    text
}

/// What the image consists of.
pub(super) fn image_key(
    query: Query<'_>,
    image: &Image,
    resolutions: Option<&Resolutions>,
    contents: &Contents,
) -> Key {
    keys::image_keys(key_input(query, resolutions, contents))
        .remove(&image.name)
        .unwrap_or_default()
}

fn key_input<'a>(
    query: Query<'a>,
    resolutions: Option<&'a Resolutions>,
    contents: &'a Contents,
) -> KeyInput<'a> {
    let Query { project, plan } = query;
    KeyInput {
        plan,
        workspace: project.workspace(),
        mod_files: &project.scan().mod_files,
        resolutions,
        contents,
    }
}

fn as_json(query: Query<'_>, image: &Image, resolutions: Option<&Resolutions>) -> ExplainJson {
    let (plan, tree) = (query.plan, query.project.tree.as_ref());
    let contents = Contents::read(tree, &keys::paths(plan, tree));
    let keys = keys::step_keys(key_input(query, resolutions, &contents));
    let digests: BTreeMap<&str, String> = plan
        .steps
        .iter()
        .zip(&keys)
        .map(|(step, key)| (step.name.as_str(), key.digest()))
        .collect();
    let explained = |step: &Step| ExplainedStep {
        step: json::step(plan, step),
        digest: digests.get(step.name.as_str()).cloned().unwrap_or_default(),
    };
    let parts = image_key(query, image, resolutions, &contents);
    let part = |(part, value): (&KeyPart, &String)| PartJson {
        kind: part.tag(),
        part: part.to_string(),
        value: value.clone(),
    };
    ExplainJson {
        version: 1,
        image: image.name.clone(),
        package: image.package.clone(),
        platform: plan.target.to_string(),
        resolved: plan.resolved,
        digest: parts.digest(),
        parts: parts.0.iter().map(part).collect(),
        steps: query.steps(image).into_iter().map(explained).collect(),
    }
}
