//! `gowork ci`: a pipeline for the images.

use std::collections::BTreeSet;

use anyhow::Context as _;
use gowork_llb::diag::Diagnostic;
use gowork_llb::lower::{self, Mark};
use gowork_llb::tree::{EntryKind, SourceTree, TreePath};
use gowork_llb::workspace;

use super::build_file::{build_file, printable};
use crate::args::{Ci, CiCache, CiSystem, Common};
use crate::exit;
use crate::output::deliver;
use crate::pipeline::{self, Cache, Facts};
use crate::project::{OpenArgs, Project, usual_targets};
use crate::{slashed, ui};

/// Prints the pipeline.
pub(crate) fn run(common: &Common, options: &Ci) -> anyhow::Result<u8> {
    let cache = match (options.system, options.cache) {
        (CiSystem::Gitlab, CiCache::Gha) => {
            let wrong = "--cache gha: GitLab has no such cache; leave it out";
            return Err(exit::Usage(wrong.to_owned()).into());
        }
        (_, CiCache::Registry) => Cache::Registry,
        (_, CiCache::Gha) => Cache::Gha,
    };
    let project = Project::read(common, OpenArgs::Keep)?;
    if let Some(error) = project.refuse_stages("the pipeline") {
        project.tell(&[error]);
        return Ok(exit::ERRORS);
    }
    let targets = usual_targets(common);
    let Some(sound) = project.outlines(&targets) else {
        return Ok(exit::ERRORS);
    };
    let outline = sound.value.first().context("no platform")?;
    let images = outline.images.iter();
    let images = images.filter(|image| image.variant_of.is_none());
    let builder = &outline.setup.builder;
    let contexts = project.contexts.places_from(&common.root.dir);
    if !contexts.is_empty() {
        ui::note("the builds of this pipeline need the contexts too: add steps that fetch them");
    }
    let facts = Facts {
        images: images.map(|image| image.config.name.to_string()).collect(),
        broken: sound.broken.clone(),
        platforms: targets
            .iter()
            .map(|target| lower::docker_platform(target).to_string())
            .collect(),
        tested: tested(&project)?,
        go_version: go_version(&project),
        // A stage's image is made in a build, which tests are not.
        go_image: match builder.stage() {
            Some(_) => format!("golang:1.{}", builder.go_minor),
            None => builder.image.clone(),
        },
        build_args: common.build_arg.clone(),
        contexts: contexts
            .iter()
            .map(|(name, place)| format!("{name}={place}"))
            .collect(),
        reads_git: project.reads_git,
        definition: build_file(common, &project)?,
        below: below(common)?,
        branch: options.branch.clone(),
        cache,
    };
    let missing = project.open_args.iter();
    let missing: Vec<&str> = missing
        .filter(|(_, default)| default.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if !missing.is_empty() {
        let words = format!(
            "builds of this pipeline fail without the build-args {}",
            missing.join(", ")
        );
        let help = "give each a default in the configuration, or pass --build-arg NAME=VALUE here";
        project.tell(&[Diagnostic::error(words).help(help)]);
        return Ok(exit::ERRORS);
    }
    let (text, mark) = match options.system {
        CiSystem::Github => (pipeline::github(&facts), Mark::CI_GITHUB),
        CiSystem::Gitlab => (pipeline::gitlab(&facts), Mark::CI_GITLAB),
    };
    // A repository that has no workflow has no directory for it.
    if let (Some(path), false) = (&options.output.output, options.output.check)
        && let Some(dir) = path.parent()
    {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    }
    Ok(deliver(&text, mark, &options.output)?.max(sound.code))
}

/// The root as seen from the top of the git repository, if they differ.
fn below(common: &Common) -> anyhow::Result<Option<String>> {
    let root = common.root.dir.canonicalize()?;
    let Some(top) = root.ancestors().find(|dir| dir.join(".git").exists()) else {
        return Ok(None);
    };
    let below = slashed::of(root.strip_prefix(top)?);
    let below = (!below.is_empty()).then(|| printable(&below));
    below.transpose()
}

/// The directories of modules with tests, in the build's order.
fn tested(project: &Project) -> anyhow::Result<Vec<String>> {
    let workspace = project.workspace();
    let members: BTreeSet<_> = workspace
        .roots
        .iter()
        .filter(|root| !root.gowork_off)
        .flat_map(|root| root.members.iter().copied())
        .collect();
    let tested = members
        .into_iter()
        .map(|module| &workspace.module(module).dir)
        .filter(|dir| !workspace::is_of_context(dir) && has_tests(project.whole(), dir));
    tested.map(|dir| printable(&dir.as_dir())).collect()
}

/// Whether `go test ./...` in a module's directory finds a test.
fn has_tests(tree: &dyn SourceTree, module: &TreePath) -> bool {
    let mut open = vec![module.clone()];
    while !open.is_empty() {
        let listed = tree.list(&open);
        let mut below = Vec::new();
        for (dir, entries) in open.iter().zip(listed) {
            let entries = entries.unwrap_or_default();
            let is = |name: &str| entries.iter().any(|entry| entry.name == name);
            if dir != module && is("go.mod") {
                continue;
            }
            for entry in &entries {
                match entry.kind {
                    EntryKind::Dir if is_looked_at(&entry.name) => {
                        below.push(dir.child(&entry.name));
                    }
                    EntryKind::File
                        if entry.name.ends_with("_test.go")
                            && !entry.name.starts_with(['.', '_']) =>
                    {
                        return true;
                    }
                    _ => {}
                }
            }
        }
        open = below;
    }
    false
}

/// Whether `./...` leads into a directory of that name.
fn is_looked_at(name: &str) -> bool {
    !name.starts_with(['.', '_']) && name != "testdata" && name != "vendor"
}

/// The mod file that says which Go the tests need.
fn go_version(project: &Project) -> String {
    let present = &project.workspace().present;
    let work = TreePath::ROOT.child("go.work");
    let root = TreePath::ROOT.child("go.mod");
    let file = [work, root].into_iter().find(|file| present.contains(file));
    let mut modules = project.workspace().modules.iter();
    let of_module = || Some(modules.next()?.dir.child("go.mod"));
    file.or_else(of_module)
        .map_or("go.mod".to_owned(), |file| file.to_string())
}
