//! The build that provenance describes, as arguments of `docker buildx build`. Nothing of it is
//! looked up again: each image is pinned to the digest that the first build got.
//!
//! Provenance is a text from elsewhere. No path in it may leave the source, and no word may be
//! taken for an option.

mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use gowork_llb::ops::{Digest, Platform, Reference};

use super::material::Material;
use super::provenance::{Provenance, Secret};

/// Options that do not shape the image, or that the rest of the recipe has. One that ends in `:` is
/// a prefix.
const LEFT_OUT: [&str; 22] = [
    "attest:",
    "cache-from",
    "cache-imports",
    "cgroup-parent",
    "cmdline",
    "context",
    "contextkey",
    "dockerfilekey",
    "filename",
    "frontend.caps",
    "image-resolve-mode",
    "local-sessionid:",
    "multi-platform",
    "no-cache",
    "platform",
    "requestid",
    "sharedkey:",
    "source",
    "vcs:",
    "build-arg:BUILDKIT_SYNTAX",
    "build-arg:BUILDKIT_MULTI_PLATFORM",
    "build-arg:BUILDKIT_BUILD_NAME",
];
const EPOCH: &str = "build-arg:SOURCE_DATE_EPOCH";
const SYNTAX: &str = "BUILDKIT_SYNTAX";

/// What the user gives, since provenance does not hold it.
#[derive(Debug, Default)]
pub(crate) struct Given<'a> {
    /// The directory that was the context.
    pub(crate) source: Option<&'a Path>,
    /// The definition file.
    pub(crate) definition: Option<&'a Path>,
    /// Named contexts.
    pub(crate) contexts: BTreeMap<String, String>,
    /// For `--secret`.
    pub(crate) secrets: &'a [String],
    /// For `--ssh`.
    pub(crate) ssh: &'a [String],
    /// Whether steps may be taken from the builder's cache.
    pub(crate) cache: bool,
}

/// A build to be run.
#[derive(Debug, Default)]
pub(crate) struct Recipe {
    /// Arguments of `docker buildx build`.
    pub(crate) arguments: Vec<String>,
    /// Variables of its environment.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    /// The context.
    pub(crate) context: String,
    /// The images that are pinned, with what their tags meant.
    pub(crate) pins: BTreeMap<Reference, Digest>,
    /// Whether a time was given, which an exporter may put on all files.
    pub(crate) has_epoch: bool,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
    /// What may be the cause if the build fails, or the image is another one.
    pub(crate) hints: Vec<String>,
    problems: Vec<String>,
}

/// What a tag of a git repository elsewhere means; `None` if there is no such tag, or no answer.
pub(crate) type TagCommit<'a> = dyn Fn(&str, &str) -> Option<String> + 'a;

impl Recipe {
    /// The build of the image for `platform`.
    ///
    /// # Errors
    /// Everything that is missing, a sentence each.
    pub(crate) fn of(
        provenance: &Provenance,
        platform: &Platform,
        given: &Given<'_>,
        tag_commit: &TagCommit<'_>,
    ) -> Result<Self, Vec<String>> {
        let mut recipe = Self::default();
        recipe.add("--platform", &platform.to_string());
        recipe.add("--provenance", "false");
        if !given.cache {
            recipe.arguments.push("--no-cache".to_owned());
        }
        recipe.add_options(provenance);
        let given_contexts: BTreeMap<String, &String> = given
            .contexts
            .iter()
            .map(|(name, value)| (context_name(name), value))
            .collect();
        for (name, value) in &given_contexts {
            recipe.add("--build-context", &format!("{name}={value}"));
        }
        recipe.find_images(provenance);
        let mut images = recipe.pins.clone();
        recipe.add_frontend(provenance, &given_contexts, &mut images);
        recipe.add_contexts(provenance, &given_contexts, &mut images);
        for (reference, digest) in images {
            let name = reference.familiar();
            if !given_contexts.contains_key(&context_name(&name)) {
                let pinned = reference.pinned(&digest);
                recipe.add(
                    "--build-context",
                    &format!("{name}=docker-image://{pinned}"),
                );
            }
        }
        recipe.add_source(provenance, given, tag_commit);
        recipe.add_secrets("secret", &provenance.secrets, given.secrets);
        recipe.add_secrets("ssh", &provenance.ssh, given.ssh);
        if recipe.problems.is_empty() {
            Ok(recipe)
        } else {
            Err(recipe.problems)
        }
    }

    fn add(&mut self, option: &str, value: &str) {
        self.arguments.push(format!("{option}={value}"));
    }

    fn add_options(&mut self, provenance: &Provenance) {
        if !provenance.has_all_args {
            self.problems.push(
                "its provenance leaves out build-args and labels, as mode=min does; push it again with `docker buildx build --provenance=mode=max`".to_owned(),
            );
        } else if !provenance.is_max {
            self.hints.push(
                "provenance with mode=min does not say which secrets steps ask for; mode=max does"
                    .to_owned(),
            );
        }
        self.has_epoch = provenance.args.contains_key(EPOCH);
        for (name, value) in &provenance.args {
            let is_known =
                |known: &&str| name == known || (known.ends_with(':') && name.starts_with(*known));
            if LEFT_OUT.iter().any(is_known) || name.starts_with("context:") {
                continue;
            }
            let list = || value.split(',').filter(|item| !item.is_empty());
            match name.split_once(':') {
                Some(("build-arg", arg)) => self.add("--build-arg", &format!("{arg}={value}")),
                Some(("label", label)) => self.add("--label", &format!("{label}={value}")),
                _ => match name.as_str() {
                    "target" => self.add("--target", value),
                    "force-network-mode" => self.add("--network", value),
                    "shm-size" => self.add("--shm-size", value),
                    "ulimit" => list().for_each(|limit| self.add("--ulimit", limit)),
                    "add-hosts" => {
                        for host in list() {
                            self.add("--add-host", &host.replacen('=', ":", 1));
                        }
                    }
                    _ => self.problems.push(format!(
                        "the build had the option {name}={value}, which `docker buildx build` has no flag for"
                    )),
                },
            }
        }
    }

    /// Finds the images that have tags.
    fn find_images(&mut self, provenance: &Provenance) {
        for material in &provenance.materials {
            let Material::Image { reference, digest } = material else {
                continue;
            };
            let known = self.pins.insert(reference.clone(), digest.clone());
            if let Some(other) = known.filter(|other| other != digest) {
                self.problems.push(format!(
                    "the tag {} moved while the image was built: it had {other} and {digest}",
                    reference.familiar()
                ));
            }
        }
    }

    /// Pins the image that read the definition file.
    fn add_frontend(
        &mut self,
        provenance: &Provenance,
        given: &BTreeMap<String, &String>,
        images: &mut BTreeMap<Reference, Digest>,
    ) {
        let Some(source) = provenance.args.get("source") else {
            self.notes.push(
                "the frontend is a part of BuildKit, so its version is that of the builder"
                    .to_owned(),
            );
            return;
        };
        let asked = provenance.args.get("build-arg:BUILDKIT_SYNTAX");
        let Ok(reference) = Reference::parse(source) else {
            self.problems
                .push(format!("the frontend {source:?} is not an image"));
            return;
        };
        let name = context_name(source);
        if let Some(digest) = images.remove(&reference) {
            let pinned = reference.pinned(&digest);
            self.add("--build-arg", &format!("{SYNTAX}={pinned}"));
        } else if reference.digest().is_some() {
            self.add("--build-arg", &format!("{SYNTAX}={source}"));
        } else if given.contains_key(&name) {
            if let Some(asked) = asked {
                self.add("--build-arg", &format!("{SYNTAX}={asked}"));
            }
        } else {
            self.problems.push(format!(
                "the frontend {source} was not an image of a registry; pass --build-context {name}=oci-layout://DIR"
            ));
        }
    }

    /// Adds the named contexts that the build had.
    fn add_contexts(
        &mut self,
        provenance: &Provenance,
        given: &BTreeMap<String, &String>,
        images: &mut BTreeMap<Reference, Digest>,
    ) {
        let frontend = provenance
            .args
            .get("source")
            .map(|source| context_name(source));
        let recorded = provenance
            .args
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("context:")?, value)));
        for (name, value) in recorded {
            // Of one that has variants by platform, `NAME::PLATFORM`.
            let name = name.split("::").next().unwrap_or(name);
            if given.contains_key(&context_name(name)) || frontend.as_deref() == Some(name) {
                continue;
            }
            let (scheme, rest) = value.split_once(':').unwrap_or((value, ""));
            let needed = match scheme {
                "docker-image" => {
                    let image = Reference::parse(rest.trim_start_matches("//")).ok();
                    match image.map(|image| (images.remove(&image), image)) {
                        Some((Some(digest), image)) => {
                            let pinned = image.pinned(&digest);
                            let context = format!("{name}=docker-image://{pinned}");
                            self.add("--build-context", &context);
                            continue;
                        }
                        Some((None, image)) if image.digest().is_some() => {
                            self.add("--build-context", &format!("{name}={value}"));
                            continue;
                        }
                        _ => format!(
                            "{value}, of which provenance has no digest: pass --build-context {name}=docker-image://IMAGE"
                        ),
                    }
                }
                "local" => format!("a directory: pass --build-context {name}=DIR"),
                "oci-layout" => {
                    format!("an OCI layout: pass --build-context {name}=oci-layout://DIR")
                }
                "input" => format!(
                    "what another target of docker buildx bake made: pass --build-context {name}=DIR"
                ),
                _ => match pinned_git(value, provenance) {
                    Some(pinned) => {
                        self.add("--build-context", &format!("{name}={pinned}"));
                        continue;
                    }
                    None => format!(
                        "{value}, which cannot be pinned: pass --build-context {name}=DIR with what it was"
                    ),
                },
            };
            self.problems
                .push(format!("the context {name} was {needed}"));
        }
    }

    fn add_secrets(&mut self, option: &str, asked: &[Secret], given: &[String]) {
        for value in given {
            self.add(&format!("--{option}"), value);
        }
        let is_given = |secret: &&Secret| given.iter().any(|given| id_of(given) == secret.id);
        let missing: Vec<&Secret> = asked.iter().filter(|it| !is_given(it)).collect();
        for secret in missing.iter().filter(|secret| !secret.optional) {
            let id = &secret.id;
            self.problems.push(match option {
                "ssh" => format!("a step needs the SSH agent {id}: pass --ssh {id}"),
                _ => format!("a step needs the secret {id}: pass --secret id={id},src=FILE"),
            });
        }
        let optional: Vec<&str> = missing
            .iter()
            .filter(|secret| secret.optional)
            .map(|secret| secret.id.as_str())
            .collect();
        if !optional.is_empty() {
            self.hints.push(format!(
                "steps may ask for --{option} {}; provenance does not say if the build had them",
                optional.join(", ")
            ));
        }
    }
}

/// The id in a value of `--secret` or `--ssh`.
fn id_of(given: &str) -> &str {
    let named = given
        .split(',')
        .find_map(|field| field.trim().strip_prefix("id="));
    named.unwrap_or_else(|| given.split('=').next().unwrap_or(given))
}

/// The name of a context as `docker buildx` writes it.
fn context_name(name: &str) -> String {
    match Reference::parse(name) {
        Ok(reference) => reference.familiar().trim_end_matches(":latest").to_owned(),
        Err(_) => name.to_owned(),
    }
}

/// A URL of a git repository with the commit that was fetched. `None` if it is something else.
fn pinned_git(url: &str, provenance: &Provenance) -> Option<String> {
    let (remote, fragment) = url.split_once('#').unwrap_or((url, ""));
    let commit = provenance
        .materials
        .iter()
        .find_map(|material| match material {
            Material::Git { url, commit } => {
                let found = url.split('#').next().unwrap_or(url);
                (found == remote).then_some(commit)
            }
            _ => None,
        })?;
    let subdir = fragment.split_once(':').map_or("", |(_, subdir)| subdir);
    Some(git_context(remote, commit, subdir))
}

/// A git repository as a context, at a commit or a tag.
fn git_context(remote: &str, at: &str, subdir: &str) -> String {
    if subdir.is_empty() {
        format!("{remote}#{at}")
    } else {
        format!("{remote}#{at}:{subdir}")
    }
}
