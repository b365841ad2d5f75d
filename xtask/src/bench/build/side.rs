//! The sides: ways to make images of one repository.

use super::dockerfile;
use super::edit::Edit;
use super::subject::{Image, Subject};
use clap::ValueEnum;
use gowork_llb::config::Config;

/// The image of BuildKit's own frontend.
pub(super) const DOCKERFILE_FRONTEND: &str = "docker.io/docker/dockerfile:1";

/// A way to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Side {
    /// The best hand-written Dockerfile: one RUN for all images, bind and cache mounts
    Hand,
    /// The same with a `# syntax=` line
    HandSyntax,
    /// The same with a stage for each image
    HandStages,
    /// As articles have it: copy mod files, download, copy all, build
    Article,
    /// ko, on the machine itself
    Ko,
    /// What `gowork dockerfile` prints
    Printed,
    /// The frontend, compile results in layers
    Layer,
    /// The frontend, compile results in a cache mount
    Mount,
    /// The frontend, compile results in layers and a cache mount
    Both,
    /// The same; with an imported cache, a results image too
    Results,
    /// The same with the frontend of another revision: --earlier
    Earlier,
}

impl Side {
    /// The word for options, tables and data.
    pub(super) fn word(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Whether the frontend builds.
    pub(super) fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Layer | Self::Mount | Self::Both | Self::Results | Self::Earlier
        )
    }

    /// Whether a build on an empty engine gains by an imported cache when sources changed. The
    /// hand-written forms with mounts run all anew, as nothing of a cache mount is exported, and ko
    /// knows no such cache.
    pub(super) fn travels(self) -> bool {
        matches!(
            self,
            Self::Article
                | Self::Printed
                | Self::Layer
                | Self::Mount
                | Self::Both
                | Self::Results
                | Self::Earlier
        )
    }

    /// Whether BuildKit builds.
    pub(super) fn is_on_engine(self) -> bool {
        self != Self::Ko
    }

    /// Why this side is impossible, if it is. `has_earlier` says whether a frontend of another
    /// revision is at hand.
    pub(super) fn missing(self, has_earlier: bool) -> Option<String> {
        if self == Self::Earlier && !has_earlier {
            return Some("--earlier names no frontend image".to_owned());
        }
        let key = self.key()?;
        let unknown = !knows_cache_key();
        (unknown && self != Self::Layer)
            .then(|| format!("this frontend does not know the key `{}`", key.trim_end()))
    }

    /// The line of the configuration that chooses it.
    fn key(self) -> Option<String> {
        let cache = match self {
            Self::Earlier | Self::Results => Self::Both,
            side => side,
        };
        self.is_ours()
            .then(|| format!("cache = \"{}\"\n", cache.word()))
    }

    /// The Dockerfile for all images, or for one. None for ko, which has none, and for
    /// [`Side::Printed`], which another program writes.
    pub(super) fn dockerfile(
        self,
        subject: &Subject,
        edit: &Edit,
        one: Option<&Image>,
    ) -> Option<String> {
        let images: Vec<Image> = subject
            .images
            .iter()
            .cloned()
            .chain(edit.service.clone())
            .collect();
        let cache = format!("bench-{}", self.word());
        match self {
            Self::Article => Some(dockerfile::article(subject, &images)),
            // People who build only one image write a Dockerfile for it.
            Self::Hand | Self::HandSyntax => {
                let images = one.map_or(&images[..], std::slice::from_ref);
                let text = dockerfile::together(subject, images, &cache);
                Some(if self == Self::HandSyntax {
                    format!("# syntax={DOCKERFILE_FRONTEND}\n{text}")
                } else {
                    text
                })
            }
            Self::HandStages => Some(dockerfile::apart(subject, &images, &cache)),
            Self::Ko | Self::Printed => None,
            Self::Layer | Self::Mount | Self::Both | Self::Results | Self::Earlier => {
                Some(self.configuration(subject))
            }
        }
    }

    /// The file that the frontend or the command line reads.
    pub(super) fn configuration(self, subject: &Subject) -> String {
        let key = self.key().filter(|_| knows_cache_key()).unwrap_or_default();
        format!(
            "# syntax=docker.io/gowork/gowork:1\n{key}{}",
            subject.configuration
        )
    }
}

/// Whether the configuration of this checkout has `cache`.
fn knows_cache_key() -> bool {
    Config::parse("configuration", "cache = \"layer\"\n")
        .1
        .is_empty()
}
