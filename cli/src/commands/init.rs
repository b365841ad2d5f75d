//! `gowork init`: the first files of a repository, or those that take the place of a Dockerfile
//! that compiles Go.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gowork_llb::config::WrittenFor;
use gowork_llb::diag::Diagnostic;
use gowork_llb::plan::{NotInImages, Outline, image_table};

use crate::args::{Common, Init};
use crate::conversion::{self, Conversion, Repo};
use crate::project::{OpenArgs, Project, one_target, usual_targets};
use crate::root::{CONFIGURATION, Root};
use crate::source::{IGNORE_FILE, Source};
use crate::{bounded, exit, make, output, ui};

/// Writes the files.
pub(crate) fn run(common: &Common, init: &Init) -> anyhow::Result<u8> {
    match &init.from {
        Some(from) => from_dockerfile(common, init, from),
        None => from_nothing(common, init),
    }
}

/// A Dockerfile of one line, and a .dockerignore.
fn from_nothing(common: &Common, init: &Init) -> anyhow::Result<u8> {
    let root = &common.root.dir;
    let dockerfile = init
        .output
        .clone()
        .unwrap_or_else(|| root.join("Dockerfile"));
    if let Ok(text) = bounded::read(&dockerfile) {
        let text = String::from_utf8_lossy(&text).into_owned();
        if WrittenFor::of(&text) != WrittenFor::Gowork && !init.force {
            bail!(
                "{0}: a Dockerfile is there\nkeep it, and write the file for gowork beside it: gowork init --output {1}\nor convert it with gowork init --from {0}, or pass --force to replace it",
                dockerfile.display(),
                root.join(CONFIGURATION).display()
            );
        }
    }
    let project = Project::of(Source::on_disk(common)?, common, OpenArgs::Keep)?;
    let Some(sound) = project.outlines(&usual_targets(common)) else {
        return Ok(exit::ERRORS);
    };
    let mut text = conversion::SYNTAX.to_owned();
    let mut by_binary: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    if let Some(outline) = sound.value.first() {
        for image in &outline.images {
            let main = outline.builds[image.build.0].packages.get(image.main);
            by_binary
                .entry(&image.binary)
                .or_default()
                .push(image_table(&image.config.name, &main.dir));
        }
    }
    // A main that comes later must not take a name away.
    for table in by_binary.values().filter(|mains| mains.len() > 1).flatten() {
        let _ = writeln!(text, "\n{table}");
    }
    // What `docker buildx build .` takes by itself, or what has to be named.
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let is_usual = absolute(&dockerfile) == absolute(&root.join("Dockerfile"));
    let ignore = if is_usual {
        root.join(IGNORE_FILE)
    } else {
        // The one at the root is for another build, which may send other files.
        let mut own = dockerfile.clone().into_os_string();
        own.push(IGNORE_FILE);
        own.into()
    };
    let named = match is_usual {
        true => String::new(),
        false => format!("--file {} ", dockerfile.display()),
    };
    let mut files = vec![(dockerfile, text)];
    let NotInImages {
        paths, diagnostics, ..
    } = project.not_in_images(&sound.value);
    if !ignore.exists() {
        files.push((
            ignore,
            super::dockerignore::text(&sound.value, project.reads_git, paths),
        ));
    }
    write(&files, init.force)?;
    if !diagnostics.is_empty() {
        project.tell(&diagnostics);
    }
    let images = sound
        .value
        .first()
        .map_or(0, |outline| outline.images.len());
    ui::note(&format!(
        "{}; build one with docker buildx build {named}--target NAME .",
        ui::counted(images, "image")
    ));
    Ok(sound.code)
}

/// What takes the place of a Dockerfile.
fn from_dockerfile(common: &Common, init: &Init, from: &Path) -> anyhow::Result<u8> {
    let shown = from.display().to_string();
    let text = bounded::read(from).with_context(|| shown.clone())?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let common = &with_root(common, init, (from, &text))?;
    let source = Source::on_disk(common)?.defined_by(&common.root.dir, from)?;
    let source = source.without_ignored();
    let target = one_target(common)?;
    let repo = Repo::read(source.tree.clone(), &target);
    let run_make = runner(&common.root.dir, true);
    let make: Option<&conversion::Make<'_>> = if init.make { Some(&run_make) } else { None };
    let made = match conversion::convert((&shown, &text), &repo, make) {
        Ok(made) => made,
        Err(error) => {
            ui::tell(&[error], &|file| (file == shown).then(|| text.clone()));
            return Ok(exit::ERRORS);
        }
    };
    let written = init.output.clone().unwrap_or_else(|| {
        let mut name = from.as_os_str().to_owned();
        name.push(".gowork");
        name.into()
    });
    let settings = written.with_file_name(CONFIGURATION);
    let sound = check(common, source, (&made, &written, &settings))?;
    let mut files = vec![(written.clone(), made.dockerfile.clone())];
    if !made.settings.is_empty() {
        files.push((settings, made.settings.clone()));
    }
    write(&files, init.force)?;
    for note in &made.notes {
        ui::note(&format!("note: {note}"));
    }
    if !made.left.is_empty() {
        ui::tell(&made.left, &|file| (file == shown).then(|| text.clone()));
    }
    let names = made.images.keys().chain(made.choices.keys());
    let names: Vec<&str> = names.map(String::as_str).collect();
    ui::note(&format!(
        "{} takes {} from gowork; build it with docker buildx build -f {} {}",
        written.display(),
        names.join(", "),
        written.display(),
        common.root.dir.display()
    ));
    Ok(if sound && made.left.is_empty() {
        exit::OK
    } else {
        exit::ERRORS
    })
}

/// Runs `make -n` in directories of the build context. Why it fails is shown once, if at all.
fn runner(
    root: &Path,
    shows: bool,
) -> impl Fn(&str, &[conversion::Value], &conversion::Scope) -> Option<String> {
    move |dir, args, scope| match make::dry_run(&root.join(dir), args, scope) {
        Ok(text) => Some(text),
        Err(error) => {
            if shows {
                ui::note(&format!("{error:#}"));
            }
            None
        }
    }
}

/// The build context. Without `-C` it is the directory from the root down to the Dockerfile's that
/// has most of what the file copies; of several, the one with which most is understood.
fn with_root(common: &Common, init: &Init, (from, text): (&Path, &str)) -> anyhow::Result<Common> {
    let mut common = common.clone();
    common.config = None;
    if common.directory.is_some() {
        return Ok(common);
    }
    let copied = conversion::copied(text);
    let mut dirs = candidates(&common.root.dir, from);
    let found = |dir: &PathBuf| copied.iter().filter(|path| dir.join(path).exists()).count();
    let most = dirs.iter().map(found).max();
    dirs.retain(|dir| Some(found(dir)) == most);
    let mut best: Option<(usize, PathBuf)> = None;
    for dir in &dirs {
        let understood = if dirs.len() > 1 {
            understood(&common, init, (dir, from, text))?
        } else {
            0
        };
        if best.as_ref().is_none_or(|(known, _)| understood > *known) {
            best = Some((understood, dir.clone()));
        }
    }
    let (_, dir) = best.unwrap_or_default();
    if dir != Path::new(".") {
        ui::note(&format!("the build context is {}", dir.display()));
    }
    common.root = Root {
        dir,
        ..Root::default()
    };
    Ok(common)
}

/// How much of a Dockerfile is understood with a directory as the build context.
fn understood(
    common: &Common,
    init: &Init,
    (dir, from, text): (&Path, &Path, &str),
) -> anyhow::Result<usize> {
    let mut common = common.clone();
    common.root.dir = dir.to_path_buf();
    let source = Source::on_disk(&common)?.defined_by(dir, from)?;
    let repo = Repo::read(source.without_ignored().tree, &one_target(&common)?);
    let run_make = runner(dir, false);
    let make: Option<&conversion::Make<'_>> = if init.make { Some(&run_make) } else { None };
    Ok(
        match conversion::convert(("Dockerfile", text), &repo, make) {
            Ok(made) => {
                let images = made.images.len() + made.choices.len();
                (1 + 100 * images).saturating_sub(made.left.len().min(99))
            }
            Err(_) => 0,
        },
    )
}

/// The directories from the root down to that of a Dockerfile.
fn candidates(root: &Path, from: &Path) -> Vec<PathBuf> {
    let mut dirs = vec![root.to_path_buf()];
    let above = from.parent().unwrap_or(Path::new(""));
    let above = above.strip_prefix(root).unwrap_or(above);
    let mut dir = root.to_path_buf();
    for element in above.components() {
        dir.push(element);
        if dir.is_dir() && !dirs.contains(&dir) {
            dirs.push(dir.clone());
        }
    }
    dirs
}

/// Whether the images can be built with the new settings, by what `gowork check` finds.
fn check(
    common: &Common,
    source: Source,
    (made, dockerfile, settings): (&Conversion, &Path, &Path),
) -> anyhow::Result<bool> {
    let source = Source {
        config_file: Some((settings.display().to_string(), made.settings.clone())),
        stages: Some(dockerfile.display().to_string()),
        ..source
    };
    let project = Project::of(source, common, OpenArgs::Keep)?;
    let judged = project.judge(&usual_targets(common));
    let is_there = |(name, dir): (&String, &String)| {
        let is_image = |outline: &Outline| {
            outline.images.iter().any(|image| {
                let main = outline.builds[image.build.0].packages.get(image.main);
                image.config.name == name.as_str() && main.dir.as_str() == dir
            })
        };
        !judged.outlines.is_empty() && judged.outlines.iter().all(is_image)
    };
    let missing = made.images.iter().filter(|image| !is_there(*image));
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    // Of those that a build-arg names, one is built.
    let has_choice = made.choices.is_empty() || made.choices.iter().any(is_there);
    if missing.is_empty() && has_choice {
        return Ok(true);
    }
    if made.settings.contains("[[overlay]]") {
        ui::note(&format!(
            "note: stages make files of {}; only a build can check them",
            missing.join(", ")
        ));
        return Ok(true);
    }
    let errors: Vec<Diagnostic> = judged
        .diagnostics
        .into_iter()
        .filter(Diagnostic::is_error)
        .collect();
    if !errors.is_empty() {
        project.tell(&errors);
    }
    let what = if missing.is_empty() {
        "any of the main packages".to_owned()
    } else {
        missing.join(", ")
    };
    ui::complain(&format!("gowork cannot build {what}"));
    Ok(false)
}

/// Writes files that are not there, or all of them with `force`.
fn write(files: &[(PathBuf, String)], force: bool) -> anyhow::Result<()> {
    for (path, text) in files {
        let there = bounded::read(path).ok();
        if there.is_some_and(|there| there != text.as_bytes()) && !force {
            bail!(
                "{}: it is there already\nname another file with --output, or pass --force to replace it",
                path.display()
            );
        }
    }
    for (path, text) in files {
        output::write(path, text).with_context(|| path.display().to_string())?;
        ui::note(&format!("wrote {}", path.display()));
    }
    Ok(())
}
