//! Base images for engines of ours, under the names that they have on Docker Hub: what a Dockerfile
//! says resolves as it does elsewhere.
//!
//! `golang` is Go on Debian with a C compiler, laid out as the official image is; `debian`,
//! `busybox` and `alpine` are stand-ins (the last two are one BusyBox). They hold nothing of this
//! machine: no certificates, proxies or names of its network.

mod debian;
mod goroot;

pub(crate) use debian::archive as debian_archive;

use crate::engine::registry::Registry;
use crate::engine::tools::Tool;
use crate::golang::VERSION as GO_VERSION;
use crate::oci;
use crate::progress::Phase;
use crate::state::State;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Part of the layouts' names: raise it when the way they are made changes.
const RECIPE: &str = "r1";

/// An image and its names.
pub(crate) struct Image {
    /// As `library/busybox`.
    pub(crate) repository: &'static str,
    pub(crate) tags: Vec<String>,
    pub(crate) layout: PathBuf,
}

/// Makes the base images that are missing.
///
/// # Errors
/// If an image cannot be made.
pub(crate) fn make(state: &State, go_versions: &[String]) -> Result<Vec<Image>> {
    let mut images = small(state)?;
    let debian = debian(state);
    let versions = go_versions
        .iter()
        .map(String::as_str)
        .filter(|&version| version != GO_VERSION);
    for version in std::iter::once(GO_VERSION).chain(versions) {
        let layout = layout(state, &format!("golang-{version}"));
        if oci::layout_digest(&layout).is_none() {
            goroot::make(state, version, &debian, &layout)?;
        }
        images.push(Image {
            repository: "library/golang",
            tags: go_tags(version),
            layout,
        });
    }
    Ok(images)
}

/// Pushes images to the registry unless it has them.
///
/// # Errors
/// If an image cannot be pushed.
pub(crate) fn publish(state: &State, registry: &Registry, images: &[Image]) -> Result<()> {
    images
        .iter()
        .try_for_each(|image| push(state, registry, image))
}

/// Makes and pushes all of them but `golang`, and pushes other images.
///
/// # Errors
/// If an image cannot be made or pushed.
pub(crate) fn publish_small(state: &State, registry: &Registry, others: &[Image]) -> Result<()> {
    let images = small(state)?;
    let mut all = images.iter().chain(others);
    all.try_for_each(|image| push(state, registry, image))
}

/// The stand-ins, made if they are missing.
fn small(state: &State) -> Result<Vec<Image>> {
    let (debian, busybox) = (debian(state), busybox(state));
    if oci::layout_digest(&debian).is_none() || oci::layout_digest(&busybox).is_none() {
        debian::make(&debian, &busybox)?;
    }
    let tags = |tags: &[&str]| tags.iter().map(|&tag| tag.to_owned()).collect();
    Ok(vec![
        Image {
            repository: "library/busybox",
            tags: tags(&["latest", "1", "stable"]),
            layout: busybox.clone(),
        },
        Image {
            repository: "library/alpine",
            tags: tags(&["latest", "3", "3.22"]),
            layout: busybox,
        },
        Image {
            repository: "library/debian",
            tags: tags(&["latest", "bookworm", "bookworm-slim"]),
            layout: debian,
        },
    ])
}

/// The tags that the official image gives a release on Debian: for the default version also those
/// that move with the newest release.
fn go_tags(version: &str) -> Vec<String> {
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let mut tags = vec![version.to_owned(), minor.to_owned()];
    if version == GO_VERSION {
        tags.push("1".to_owned());
    }
    tags = tags
        .into_iter()
        .flat_map(|tag| [format!("{tag}-bookworm"), tag])
        .collect();
    if version == GO_VERSION {
        tags.extend(["latest", "bookworm"].map(str::to_owned));
    }
    tags
}

fn push(state: &State, registry: &Registry, image: &Image) -> Result<()> {
    let repository = image.repository;
    let wanted = oci::layout_digest(&image.layout);
    let missing: Vec<_> = image
        .tags
        .iter()
        .filter(|tag| registry.digest(repository, tag) != wanted)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let phase = Phase::start(&format!("publishing {repository}:{}", image.tags[0]));
    let crane = Tool::Crane.ensure(state)?;
    for tag in missing {
        let reference = format!("{}/{repository}:{tag}", registry.address);
        // Blobs that the registry has are not sent again, so a further tag costs one manifest.
        let mut push = crate::command::command(&crane, ["push", "--insecure"]);
        crate::command::run(push.arg(&image.layout).arg(reference))?;
    }
    phase.done();
    Ok(())
}

fn layout(state: &State, name: &str) -> PathBuf {
    state.path("base").join(format!("{name}-{RECIPE}"))
}

/// The layout of the `golang` image of the default release.
pub(crate) fn golang(state: &State) -> PathBuf {
    layout(state, &format!("golang-{GO_VERSION}"))
}

/// The layout of the `debian` image.
pub(crate) fn debian(state: &State) -> PathBuf {
    layout(state, "debian-bookworm")
}

/// The layout of the `busybox` image.
pub(crate) fn busybox(state: &State) -> PathBuf {
    layout(state, "busybox")
}

/// A directory for work in progress, beside the layouts: they are large, and on the same file
/// system a layer is linked, not copied.
fn workshop(layout: &Path) -> Result<tempfile::TempDir> {
    let parent = layout.parent().unwrap_or(layout);
    std::fs::create_dir_all(parent)?;
    Ok(tempfile::Builder::new()
        .prefix("making-")
        .tempdir_in(parent)?)
}

#[cfg(test)]
mod tests {
    use super::{GO_VERSION, go_tags};

    #[test]
    fn only_the_default_release_is_the_newest() {
        assert_eq!(
            go_tags("1.25.3"),
            ["1.25.3-bookworm", "1.25.3", "1.25-bookworm", "1.25"]
        );
        let newest = go_tags(GO_VERSION);
        for tag in ["1.26", "1", "latest", "bookworm"] {
            assert!(
                newest.iter().any(|present| present == tag),
                "{tag} is not among {newest:?}"
            );
        }
    }
}
