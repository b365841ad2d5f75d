//! Pipelines of CI systems for the images of a repository. Facts in, the text of a pipeline out.

mod actions;
mod github;
mod gitlab;
mod shell;

use std::collections::BTreeSet;

use gowork_llb::config::ImageName;
use gowork_llb::lower::{self, Mark};

pub(crate) use github::github;
pub(crate) use gitlab::gitlab;

/// What a pipeline is made for.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// The images that can be built, by name.
    pub(crate) images: Vec<String>,
    /// The images that cannot.
    pub(crate) broken: BTreeSet<ImageName>,
    /// Platforms, as Docker calls them.
    pub(crate) platforms: Vec<String>,
    /// Directories of modules that have tests, from the repository's root.
    pub(crate) tested: Vec<String>,
    /// The file that says the Go version, from the repository's root.
    pub(crate) go_version: String,
    /// The image that has Go.
    pub(crate) go_image: String,
    /// Build-args of every build, `NAME=VALUE`.
    pub(crate) build_args: Vec<String>,
    /// Named contexts of every build, `NAME=PLACE`.
    pub(crate) contexts: Vec<String>,
    /// Whether a build reads commits and tags.
    pub(crate) reads_git: bool,
    /// What a build is made by, if it is not the Dockerfile at the root.
    pub(crate) definition: Option<String>,
    /// The repository's root as seen from the top of the git repository, if they differ.
    pub(crate) below: Option<String>,
    /// The branch whose images are published.
    pub(crate) branch: String,
    /// Where builds find what earlier ones made.
    pub(crate) cache: Cache,
}

/// Where builds find what earlier ones made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// In the registry of the images.
    Registry,
    /// In GitHub's cache.
    Gha,
}

/// The first lines of a pipeline, as comments: how it was made, and for which images.
fn heading(facts: &Facts, mark: Mark) -> String {
    let mut text = format!("# {mark}; run it again when images or tests come or go.\n");
    text += &format!("# Images: {}.\n", facts.images.join(", "));
    if let Some(line) = lower::missing(&facts.broken) {
        text += &format!("{line}\n");
    }
    text
}

/// What gowork is installed from, as both systems say it.
const INSTALL: &str =
    "cargo install --locked --git \"$GOWORK_REPOSITORY\" --rev \"$GOWORK_REVISION\" gowork";

/// What has to be set up once, as comments.
const VARIABLES: &str = "\
# GOWORK_REPOSITORY, the address of gowork's git repository, and GOWORK_REVISION, the commit to
# install. There is no release yet.";
