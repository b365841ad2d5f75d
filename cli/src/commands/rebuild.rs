//! `gowork rebuild IMAGE`: builds an image again from its provenance, and says whether it is the
//! same.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use gowork_llb::lower;
use gowork_llb::ops::{Digest, Reference};

use crate::args::{Common, Form, Rebuild};
use crate::exit::Usage;
use crate::rebuild::{
    Entry, Export, Given, Image, Index, MaterialJson, Outcome, Provenance, RebuildJson,
    RebuiltJson, Recipe, Sides, Store, Verdict, build, checkout_notes, digest_now, is_there,
    with_layers,
};
use crate::{exit, ui};

/// Builds it, and compares.
pub(crate) fn run(common: &Common, options: &Rebuild) -> anyhow::Result<u8> {
    refuse_options_of_repositories(common)?;
    let given = given(common, options)?;
    let (store, digest) = Store::open(&options.image)?;
    let index = Index::read(&store, &digest)?;
    let mut planned = Vec::new();
    for entry in chosen(&index, common)? {
        planned.push((entry, recipe(options, &store, entry, &given)?));
    }
    let mut report = RebuildJson {
        version: 1,
        image: options.image.clone(),
        digest: digest.to_string(),
        verdict: Verdict::Same,
        platforms: Vec::new(),
        materials: materials(planned.iter().map(|(_, (recipe, _))| recipe)),
        notes: Vec::new(),
    };
    for (entry, (recipe, notes)) in planned {
        let image = entry.image(&store)?;
        let rebuilt = rebuilt(&store, &image, &recipe)?;
        let mut notes = notes;
        if rebuilt.verdict == Verdict::Different {
            report.verdict = Verdict::Different;
            notes.extend(recipe.hints);
        }
        report.platforms.push(rebuilt);
        for note in notes {
            if !report.notes.contains(&note) {
                report.notes.push(note);
            }
        }
    }
    match options.format {
        Form::Human => ui::print(&report.text())?,
        Form::Json => ui::print_json(&report)?,
    }
    Ok(match report.verdict {
        Verdict::Same => exit::OK,
        Verdict::Different => exit::ERRORS,
    })
}

/// Options that say what a repository is, which the provenance of an image says.
fn refuse_options_of_repositories(common: &Common) -> anyhow::Result<()> {
    let wrong = if common.directory.is_some() {
        "--directory: name the directory that was the build context with --source"
    } else if !common.build_arg.is_empty() {
        "--build-arg: a rebuild has the build-args that provenance names"
    } else {
        return Ok(());
    };
    Err(Usage(wrong.to_owned()).into())
}

fn given<'a>(common: &'a Common, options: &'a Rebuild) -> anyhow::Result<Given<'a>> {
    let mut contexts = BTreeMap::new();
    for context in &options.build_context {
        let Some((name, value)) = context.split_once('=') else {
            let wrong = format!("--build-context {context}: write NAME=VALUE");
            return Err(Usage(wrong).into());
        };
        contexts.insert(name.to_owned(), value.to_owned());
    }
    if let Some(source) = &options.source
        && !source.is_dir()
    {
        bail!("{}: no such directory", source.display());
    }
    Ok(Given {
        source: options.source.as_deref(),
        definition: common.config.as_deref(),
        contexts,
        secrets: &options.secret,
        ssh: &options.ssh,
        cache: options.cache,
    })
}

/// The images to build: those of the platforms asked for, or all.
fn chosen<'i>(index: &'i Index, common: &Common) -> anyhow::Result<Vec<&'i Entry>> {
    if common.platform.is_empty() {
        return Ok(index.entries.iter().collect());
    }
    let mut chosen = Vec::new();
    for target in &common.platform {
        let platform = lower::docker_platform(target);
        let found = index.entries.iter().find(|it| it.platform == platform);
        let Some(found) = found else {
            let all: Vec<String> = index
                .entries
                .iter()
                .map(|it| it.platform.to_string())
                .collect();
            let wrong = format!("--platform {platform}: the image is for {}", all.join(", "));
            return Err(Usage(wrong).into());
        };
        chosen.push(found);
    }
    Ok(chosen)
}

/// How to build it, and what the user should know about that.
fn recipe(
    options: &Rebuild,
    store: &Store,
    entry: &Entry,
    given: &Given<'_>,
) -> anyhow::Result<(Recipe, Vec<String>)> {
    let (name, platform) = (&options.image, &entry.platform);
    let Some(predicate) = entry.provenance(store)? else {
        bail!(
            "{name}, {platform}: it has no provenance; `docker buildx build --push --provenance=mode=max` writes it"
        );
    };
    let provenance = Provenance::read(predicate).with_context(|| format!("{name}, {platform}"))?;
    let recipe = Recipe::of(&provenance, platform, given, &crate::rebuild::tag_commit);
    let recipe = recipe.map_err(|problems| {
        let problems = problems.join("\n- ");
        anyhow::anyhow!("{name}, {platform}: it cannot be built again\n- {problems}")
    })?;
    let mut notes = recipe.notes.clone();
    if let Some(source) = given.source {
        notes.extend(checkout_notes(&provenance, source));
    }
    Ok((recipe, notes))
}

/// The images that are fetched by tags, with what these mean now.
fn materials<'r>(recipes: impl Iterator<Item = &'r Recipe>) -> Vec<MaterialJson> {
    let mut pins: BTreeMap<&Reference, &Digest> = BTreeMap::new();
    for recipe in recipes {
        pins.extend(&recipe.pins);
    }
    let material = |(reference, digest): (&Reference, &Digest)| MaterialJson {
        name: reference.familiar(),
        digest: digest.to_string(),
        now: digest_now(reference).ok().map(|digest| digest.to_string()),
    };
    pins.into_iter().map(material).collect()
}

/// Builds, and compares what comes out.
fn rebuilt(store: &Store, image: &Image, recipe: &Recipe) -> anyhow::Result<RebuiltJson> {
    let scratch = tempfile::tempdir().context("temporary directory")?;
    let exports = Export::all(scratch.path(), image, recipe);
    let mut arguments = recipe.arguments.clone();
    for export in &exports {
        arguments.push(export.argument()?);
    }
    if build(&arguments, &recipe.environment, &recipe.context)? == Outcome::Failed {
        return Err(why_it_failed(image, recipe));
    }
    let mut candidates = Vec::new();
    for export in &exports {
        let dir = export.unpacked()?;
        let (layout, digest) = Store::open_layout(&dir)?;
        let index = Index::read(&layout, &digest)?;
        let built = index.entries.first().context("buildx wrote no image")?;
        candidates.push((built.image(&layout)?, dir));
    }
    // If none is the same, the one with fewer other layers says more.
    let closest = candidates.iter().min_by_key(|(rebuilt, _)| {
        let sides = Sides { image, rebuilt };
        (!sides.are_same(), sides.other_layers())
    });
    let (rebuilt, dir) = closest.context("buildx wrote no image")?;
    let sides = Sides { image, rebuilt };
    let difference = if sides.are_same() {
        None
    } else {
        let layout = (sides.other_layers() > 0)
            .then(|| with_layers(store, image, scratch.path()))
            .transpose()?;
        Some(sides.differences(layout.as_deref(), dir)?)
    };
    Ok(RebuiltJson {
        platform: image.platform.to_string(),
        verdict: if difference.is_none() {
            Verdict::Same
        } else {
            Verdict::Different
        },
        image: image.digest.to_string(),
        rebuilt: rebuilt.digest.to_string(),
        difference,
    })
}

/// What buildx does not say: which of the images that the first build got are gone.
fn why_it_failed(image: &Image, recipe: &Recipe) -> anyhow::Error {
    let mut text = format!("{}: the build failed; buildx has said why", image.platform);
    for (reference, digest) in &recipe.pins {
        if digest_now(reference).is_ok() && !is_there(reference, digest) {
            let name = reference.familiar();
            text += &format!(
                "\n{name} had the digest {digest}, which its registry does not have any more; push that image again, or pass --build-context {name}=oci-layout://DIR"
            );
        }
    }
    for hint in &recipe.hints {
        text += &format!("\n{hint}");
    }
    anyhow::anyhow!(text)
}
