//! Names of stages: an image's stage is called as the image; the others take what is left.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::RuntimeConfig;
use crate::diag::{Diagnostic, Span};

/// The names of all stages of a Dockerfile.
#[derive(Debug)]
pub(super) struct StageNames {
    /// Names of stages that are not images, by what they would be called by themselves.
    ours: BTreeMap<String, String>,
    all: BTreeSet<String>,
}

impl StageNames {
    /// Names for the stages of `images`, and for the others: one that builds each of `binaries`, as
    /// many `deps` stages as `groups`, as many `rootfs` stages as `roots`.
    pub(super) fn new(images: &[&str], binaries: &[&str], groups: usize, roots: usize) -> Self {
        let mut names = Self {
            ours: BTreeMap::new(),
            all: images.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut wanted = vec!["go".to_owned(), "binaries".to_owned()];
        wanted.extend((0..groups).map(|number| numbered("deps", number)));
        wanted.extend((0..roots).map(|number| numbered("rootfs", number)));
        wanted.extend(binaries.iter().map(|name| build_of(name)));
        wanted.extend(images.iter().map(|name| made_of(name)));
        wanted.extend(images.iter().map(|name| base_of(name)));
        wanted.extend(images.iter().map(|name| users_of(name)));
        for wanted in wanted {
            let mut name = wanted.clone();
            while !names.all.insert(name.clone()) {
                name.push_str("-stage");
            }
            names.ours.insert(wanted, name);
        }
        names
    }

    fn ours(&self, wanted: &str) -> &str {
        self.ours.get(wanted).map_or("", String::as_str)
    }

    /// The toolchain.
    pub(super) fn go(&self) -> &str {
        self.ours("go")
    }

    /// All binaries.
    pub(super) fn binaries(&self) -> &str {
        self.ours("binaries")
    }

    /// What a group takes from outside of the repository.
    pub(super) fn deps(&self, group: usize) -> &str {
        self.ours(&numbered("deps", group))
    }

    /// What images need in addition to their binary.
    pub(super) fn rootfs(&self, number: usize) -> &str {
        self.ours(&numbered("rootfs", number))
    }

    /// The stage that builds a binary: an image's own is called as the image.
    pub(super) fn build(&self, binary: &str) -> &str {
        self.ours(&build_of(binary))
    }

    /// The stage that makes the directories and links of an image.
    pub(super) fn made(&self, image: &str) -> &str {
        self.ours(&made_of(image))
    }

    /// The base of an image that users are added to, as it is.
    pub(super) fn base(&self, image: &str) -> &str {
        self.ours(&base_of(image))
    }

    /// The stage that adds users to those of an image's base.
    pub(super) fn users(&self, image: &str) -> &str {
        self.ours(&users_of(image))
    }

    /// Checks that no stage has the name of a context that a build is given. `at` is where the
    /// configuration names it.
    pub(super) fn check(&self, context: &str, at: Option<&Span>) -> Result<(), Diagnostic> {
        if !self.all.contains(&context.to_lowercase()) {
            return Ok(());
        }
        let error = Diagnostic::error(format!(
            "the printed Dockerfile has a stage of its own called {context}"
        ));
        let error = error.help("give the context another name");
        Err(error.at(at.cloned()))
    }

    /// Checks the same of the contexts that stand for the stages which an image takes from.
    pub(super) fn check_taken(&self, runtime: &RuntimeConfig) -> Result<(), Diagnostic> {
        if let Some(base) = runtime.base_stage() {
            self.check(base, runtime.base.span.as_ref())?;
        }
        for file in &runtime.files {
            if let Some(stage) = file.from.stage() {
                self.check(stage, file.from.span.as_ref())?;
            }
        }
        Ok(())
    }

    /// `base`, an image of a registry, as `FROM` must name it: a bare name may be that of a stage.
    pub(super) fn from(&self, base: &str) -> String {
        let is_stage = self.all.contains(&base.to_lowercase());
        format!("{base}{}", if is_stage { ":latest" } else { "" })
    }
}

fn numbered(name: &str, number: usize) -> String {
    if number == 0 {
        name.to_owned()
    } else {
        format!("{name}-{}", number + 1)
    }
}

fn build_of(binary: &str) -> String {
    format!("build-{binary}")
}

fn base_of(image: &str) -> String {
    format!("base-{image}")
}

fn users_of(image: &str) -> String {
    format!("users-{image}")
}

fn made_of(image: &str) -> String {
    format!("made-{image}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_stages_share_a_name() {
        let images = [
            "api",
            "api-stage",
            "build-api",
            "go",
            "deps",
            "deps-2",
            "rootfs",
        ];
        let names = StageNames::new(&images, &images, 2, 1);
        let ours: BTreeSet<&String> = names.ours.values().collect();
        assert_eq!(
            (names.ours.len(), ours.len(), names.all.len()),
            (33, 33, 40)
        );
        assert_eq!(
            (names.build("api"), names.build("api-stage")),
            ("build-api-stage", "build-api-stage-stage")
        );
        assert_eq!(
            (names.go(), names.binaries(), names.rootfs(0)),
            ("go-stage", "binaries", "rootfs-stage")
        );
        assert_eq!(
            (names.from("api"), names.from("alpine"), names.from("api:1")),
            ("api:latest".into(), "alpine".into(), "api:1".into())
        );
    }
}
