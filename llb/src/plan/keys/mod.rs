//! What each step and image of a plan is made of, as named parts with a digest: two notions that must not be mixed.
//!
//! - A **step key** ([`step_keys`], [`image_keys`]) is what a builder keys the step by: the true bytes of everything that is mounted, flags,
//!   and the keys of the steps whose results it reads. Two plans with equal keys run nothing anew; a step runs if its key changed. (A builder may
//!   run less: it also takes a result from its cache when a changed step below made the same bytes.)
//! - An image's **substance** ([`substances`]) is what the image consists of, whatever steps make it: mod files do not count by their bytes, but
//!   by what `go` chose for the packages that the image reaches. A comment in a go.mod changes step keys, and nobody's substance.
//!
//! Both are pure: contents of files come as digests ([`Contents`]).

mod contents;
mod parts;
mod substance;

pub use contents::{Contents, files, paths};
pub use parts::{Difference, Part, Parts};
pub use substance::{substances, third_party};

use std::collections::BTreeMap;

use super::outline::BuildIx;
use super::step::{Image, Inputs, Plan, Step, StepKind};
use crate::config::{HealthcheckConfig, RuntimeConfig};
use crate::resolution::{Resolution, ResolvedModule};
use crate::workspace::{ModTexts, Workspace};

/// What keys are computed from.
#[derive(Debug, Clone, Copy)]
pub struct KeyInput<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The modules that it was made of.
    pub workspace: &'a Workspace,
    /// The texts of their mod files, as in a scan.
    pub mod_files: &'a ModTexts,
    /// What `go` chose, as it was given to the planner.
    pub resolutions: Option<&'a BTreeMap<BuildIx, Resolution>>,
    /// Digests of at least the files of [`paths`].
    pub contents: &'a Contents,
}

impl<'a> KeyInput<'a> {
    /// What `go` chose for a build.
    fn resolution(&self, build: BuildIx) -> Option<&'a Resolution> {
        self.resolutions?.get(&build)
    }
}

/// The key of every step, in the order of the plan's steps.
pub fn step_keys(input: KeyInput<'_>) -> Vec<Parts> {
    let mut keys: Vec<Parts> = Vec::new();
    let mut digests: Vec<String> = Vec::new();
    for step in &input.plan.steps {
        let mut key = Parts::default();
        command(input, step, &mut key);
        inputs(input, step, &mut key);
        for result in &step.inputs.results {
            key.insert(Part::Step(input.plan.step(*result).name.clone()), digests[result.0].clone());
        }
        digests.push(key.digest());
        keys.push(key);
    }
    keys
}

/// The key of every image by name: its link's, with what is put beside the binary.
pub fn image_keys(input: KeyInput<'_>) -> BTreeMap<String, Parts> {
    let steps = step_keys(input);
    let key = |image: &Image| {
        let mut key = Parts::default();
        let link = input.plan.step(image.link);
        key.insert(Part::Step(link.name.clone()), steps[image.link.0].digest());
        runtime(input, image, &mut key);
        key
    };
    input.plan.images.iter().map(|image| (image.name.clone(), key(image))).collect()
}

/// What is run, and by whom.
fn command(input: KeyInput<'_>, step: &Step, key: &mut Parts) {
    let plan = input.plan;
    let build = plan.build(step.build);
    key.insert(Part::Builder, &plan.builder.image);
    key.insert(Part::Toolchain, &plan.toolchain);
    if let Some(resolution) = input.resolution(step.build) {
        key.insert(Part::Go, &resolution.go_version);
    }
    for (name, value) in &build.settings.env {
        key.insert(Part::Env(name.clone()), value);
    }
    let (kind, packages, mut flag_list) = match &step.kind {
        StepKind::Resolve(request) => {
            for (name, value) in &plan.module_env {
                key.insert(Part::Env(name.clone()), value);
            }
            let tags = (!request.tags.is_empty()).then(|| format!("-tags={}", request.tags.join(",")));
            ("resolve", request.packages.as_slice(), tags.into_iter().collect())
        }
        StepKind::Std { packages } => ("std", packages.as_slice(), build.settings.package_flags()),
        StepKind::Deps { packages } => ("deps", packages.as_slice(), build.settings.package_flags()),
        StepKind::Unit { packages, .. } => ("unit", packages.as_slice(), build.settings.package_flags()),
        StepKind::Link(link) => {
            key.insert(Part::Main(link.package.clone()), "");
            key.insert(Part::Binary, &link.binary);
            ("link", [].as_slice(), build.settings.flags())
        }
    };
    if let StepKind::Link(link) = &step.kind {
        flag_list.push(format!("-ldflags={}", link.ldflags));
    }
    key.insert(Part::Kind, kind);
    for package in packages {
        key.insert(Part::Package(package.clone()), "");
    }
    flags(&flag_list, key);
}

/// Flags as the go command takes them, `-name=value`.
fn flags(list: &[String], key: &mut Parts) {
    for flag in list {
        let (name, value) = flag.trim_start_matches('-').split_once('=').unwrap_or((flag, ""));
        key.insert(Part::Flag(name.to_owned()), value);
    }
}

/// What is mounted: files by content, modules by what they are.
fn inputs(input: KeyInput<'_>, step: &Step, key: &mut Parts) {
    let Inputs { mod_files, files, module_cache, .. } = &step.inputs;
    for path in mod_files.iter().chain(files) {
        for (path, digest) in input.contents.under(path) {
            key.insert(Part::File(path.clone()), digest);
        }
    }
    let build = input.plan.build(step.build);
    let asks_only = matches!(step.kind, StepKind::Resolve(_));
    if let Some(resolution) = input.resolution(step.build).filter(|_| *module_cache && !asks_only && !build.vendored) {
        for module in &resolution.modules {
            key.insert(Part::Module(module.path.clone()), module_text(module));
        }
    }
}

/// `v0.4.0 h1:...`, or `v0.4.0 => fork@v0.4.1 h1:...`.
fn module_text(module: &ResolvedModule) -> String {
    let replaced = if module.replaced_by.is_empty() { String::new() } else { format!("=> {}", module.replaced_by) };
    let words = [module.version.as_str(), &replaced, &module.sum];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What an image is besides its binary.
fn runtime(input: KeyInput<'_>, image: &Image, key: &mut Parts) {
    let RuntimeConfig { base, user, certificates, timezones, env, labels, ports, entrypoint, .. } = &image.runtime;
    let RuntimeConfig { cmd, workdir, stop_signal, volumes, healthcheck, files, .. } = &image.runtime;
    let mut add = |name: &str, value: String| key.insert(Part::Runtime(name.to_owned()), value);
    add("base", base.value.clone());
    add("user", user.clone());
    add("certificates", certificates.to_string());
    add("timezones", timezones.to_string());
    env.iter().for_each(|(name, value)| add(&format!("env {name}"), value.clone()));
    labels.iter().for_each(|(name, value)| add(&format!("label {name}"), value.clone()));
    ports.iter().for_each(|port| add(&format!("port {port}"), String::new()));
    volumes.iter().for_each(|volume| add(&format!("volume {volume}"), String::new()));
    let words = |words: &Option<Vec<String>>| words.as_ref().map(|words| format!("{words:?}"));
    let health = healthcheck.as_ref().map(|check: &HealthcheckConfig| format!("{check:?}"));
    let optional = [
        ("entrypoint", words(entrypoint)),
        ("cmd", words(cmd)),
        ("workdir", workdir.clone()),
        ("stop-signal", stop_signal.clone()),
        ("healthcheck", health),
    ];
    optional.into_iter().filter_map(|(name, value)| Some((name, value?))).for_each(|(name, value)| add(name, value));
    for (number, file) in files.iter().enumerate() {
        // Later ones are put over earlier ones, so their order counts.
        let mode = file.mode.map_or_else(|| "as it is".to_owned(), |mode| format!("{mode:o}"));
        let text = format!("{number}: {} {}:{} {mode}", file.from.value, file.owner.0, file.owner.1);
        key.insert(Part::Runtime(format!("file {}", file.to)), text);
        for (path, digest) in input.contents.under(&file.from.value) {
            key.insert(Part::RuntimeFile(path.clone()), digest);
        }
    }
}
