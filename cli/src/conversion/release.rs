//! Go releases: those of builder images, by their tags, and those that gowork asks for.

use gowork_llb::plan::MIN_GO_MINOR;

use super::fate::{Fates, root};
use super::scope::Scope;
use super::value::{Part, Value};
use super::walker::Walker;

/// An image that is too old for gowork, and one that takes its place.
pub(super) struct Raised {
    /// The stage that starts from it.
    pub(super) stage: usize,
    /// The image as it is, with the defaults of build-args.
    pub(super) before: String,
    /// The image with a newer Go.
    pub(super) image: String,
}

/// What the stage that is the builder has to start from, if Docker's image for Go that it starts
/// from now is too old for gowork.
pub(super) fn raised(walker: &Walker<'_>, fates: &Fates) -> Option<Raised> {
    let (builder, _) = fates.builder?;
    let stage = root(walker.file, builder);
    let mut globals = Scope::new();
    for (name, default) in &walker.file.globals {
        globals.declare(name, default.as_deref());
    }
    let before = globals
        .text(&walker.file.stages[stage].image)
        .by_default()?;
    let (name, tag) = before.split('@').next()?.rsplit_once(':')?;
    let release = tag.split('-').next()?;
    if name.rsplit('/').next() != Some("golang") || minor(release)? >= MIN_GO_MINOR {
        return None;
    }
    let asked = walker.compiles.iter().filter_map(|compile| {
        let line = walker.repo.go_line(&compile.dir)?;
        minor(line)
    });
    let newer = asked.max().unwrap_or(MIN_GO_MINOR).max(MIN_GO_MINOR);
    // The releases of distributions in tags change with those of Go.
    let variant = if tag.contains("alpine") {
        "-alpine"
    } else {
        ""
    };
    let image = format!("{name}:1.{newer}{variant}");
    Some(Raised {
        stage,
        before,
        image,
    })
}

/// The N of a release 1.N.
pub(super) fn minor(release: &str) -> Option<u32> {
    let release = release.strip_prefix("go").unwrap_or(release);
    let rest = release.strip_prefix("1.")?;
    rest.split('.').next()?.parse().ok()
}

/// The release in the tag of an image: its text behind the colon, up to a dash.
pub(super) fn version(image: &Value) -> Option<Value> {
    let mut version = Value::default();
    let mut inside = false;
    for part in &image.0 {
        match part {
            Part::Text(text) if !inside => {
                let (_, tag) = text.split_once(':')?;
                inside = true;
                let end = tag.find(['-', '@']);
                version.push(Part::Text(tag[..end.unwrap_or(tag.len())].to_owned()));
                if end.is_some() {
                    return Some(version);
                }
            }
            Part::Text(text) => {
                let end = text.find(['-', '@']);
                version.push(Part::Text(text[..end.unwrap_or(text.len())].to_owned()));
                if end.is_some() {
                    return Some(version);
                }
            }
            part => version.push(part.clone()),
        }
    }
    inside.then_some(version)
}
