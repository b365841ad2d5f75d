//! Keys: what a step or an image is made of, as named parts with a digest. Comparing two keys says
//! what differs, and why something runs again.
//!
//! Three keys describe the same steps. They must not be mixed:
//!
//! | key | what it holds | who decides by it |
//! |---|---|---|
//! | step key, [`step_keys`] | the true bytes of all that is mounted, flags, and for compile results what the packages of each part are compiled from | BuildKit runs a step again if and only if its own cache key changed. The step key predicts that; the tests on a real engine hold the two together. |
//! | image key, [`image_keys`] | what the image consists of, whatever steps make it. Mod files do not count by their bytes, but by what `go` chose for the packages that the image reaches. | `gowork affected` and `gowork explain` |
//! | description, `gowork_step::Description` | what the results of a step are compiled from, for steps whose inputs are all known by content | gowork-cache: which results of its cache mount it may take whole |
//!
//! BuildKit is the authority for what runs. A step key that says too little is a bug of this module:
//! it makes `affected` wrong, never a binary. A description that says too little would make a wrong
//! binary; so its fields have no defaults, and it holds every source by content.
//!
//! A comment in a go.mod changes step keys, and no image key. A builder may run less than step keys
//! say: a package whose imports changed in their bodies alone is compiled to the same result, and
//! steps that read only such results stay cached.
//!
//! All of it is pure: contents of files come as digests ([`Contents`]).

mod compile;
mod contents;
mod image;
mod input;
mod key;
mod licenses;

pub use contents::{Contents, files, paths};
pub use image::{image_keys, third_party};
pub use input::KeyInput;
pub use key::{Difference, Key, KeyPart};

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use self::compile::Compiled;
use self::input::{flags, module_text};
use crate::config::{DirConfig, FileConfig, RuntimeConfig, UserConfig};
use crate::plan::{BuildIx, Image, Inputs, Moved, Results, Step, StepKind};

/// The key of every step, in the order of the plan's steps.
pub fn step_keys(input: KeyInput<'_>) -> Vec<Key> {
    let mut compiled: BTreeMap<BuildIx, Compiled<'_>> = BTreeMap::new();
    let mut keys: Vec<Key> = Vec::new();
    for step in &input.plan.steps {
        let mut key = Key::default();
        command(input, step, &mut key);
        inputs(input, step, &mut key);
        let compiled = compiled
            .entry(step.build)
            .or_insert_with(|| Compiled::new(input, step.build));
        for result in &step.inputs.results {
            let (part, digest) = results(input, compiled, &keys, *result);
            key.insert(part, digest);
        }
        keys.push(key);
    }
    keys
}

/// The results of one part of a step: what the part's packages are compiled from, if that is known;
/// else the whole step.
fn results(
    input: KeyInput<'_>,
    compiled: &mut Compiled<'_>,
    keys: &[Key],
    result: Results,
) -> (KeyPart, String) {
    let step = input.plan.step(result.step);
    let parts = step.kind.parts();
    let key_part = KeyPart::Step {
        step: step.name.clone(),
        part: (parts.len() > 1).then_some(result.part + 1),
    };
    let known = parts
        .get(result.part)
        .and_then(|part| compiled.digest(part.named()));
    (
        key_part,
        known.unwrap_or_else(|| keys[result.step.0].digest()),
    )
}

/// What is run, and by whom.
fn command(input: KeyInput<'_>, step: &Step, key: &mut Key) {
    let plan = input.plan;
    let build = plan.build(step.build);
    key.insert(KeyPart::Builder, &plan.builder.image);
    key.insert(KeyPart::Toolchain, &plan.toolchain);
    if let Some(resolution) = input.resolution(step.build) {
        key.insert(KeyPart::Go, &resolution.go_version);
    }
    for (name, value) in &build.settings.env {
        key.insert(KeyPart::Env(name.clone()), value);
    }
    let (kind, mut flag_list) = match &step.kind {
        StepKind::Resolve(request) => {
            for (name, value) in &plan.module_env {
                key.insert(KeyPart::Env(name.clone()), value);
            }
            for package in &request.packages {
                key.insert(KeyPart::Package(package.clone()), "");
            }
            let tags =
                (!request.tags.is_empty()).then(|| format!("-tags={}", request.tags.join(",")));
            ("resolve", tags.into_iter().collect())
        }
        StepKind::Std(_) => ("std", build.settings.package_flags()),
        StepKind::Deps(_) => ("deps", build.settings.package_flags()),
        StepKind::Unit(_) => ("unit", build.settings.package_flags()),
        StepKind::Link(link) => {
            key.insert(KeyPart::Main(link.package.clone()), "");
            key.insert(KeyPart::Binary, &link.binary);
            ("link", build.settings.flags())
        }
    };
    for (number, part) in step.kind.parts().iter().enumerate() {
        // Not what else comes with them: that follows from these and from Go.
        for package in part.named() {
            // Which part its results are kept in is seen by the step.
            key.insert(
                KeyPart::Package(package.clone()),
                if number == 0 {
                    String::new()
                } else {
                    format!("part {}", number + 1)
                },
            );
        }
    }
    if let StepKind::Link(link) = &step.kind {
        flag_list.extend(link.own_flags());
    }
    let cache = plan.cache_of(step.build);
    let kept = if step.kind.uses_mount(cache) {
        format!(", results in {}", cache.as_str())
    } else {
        String::new()
    };
    key.insert(KeyPart::Kind, format!("{kind}{kept}"));
    flags(&flag_list, key);
}

/// What is mounted: files by content, modules by what they are.
fn inputs(input: KeyInput<'_>, step: &Step, key: &mut Key) {
    let Inputs {
        mod_files,
        files,
        module_cache,
        ..
    } = &step.inputs;
    for path in mod_files.iter().chain(files) {
        for (path, digest) in input.contents.under(path) {
            key.insert(KeyPart::File(path.clone()), digest);
        }
    }
    let Some(resolution) = input.resolution(step.build) else {
        return;
    };
    let mut modules: BTreeSet<usize> = BTreeSet::new();
    if *module_cache {
        modules.extend(0..resolution.modules.len());
        // It is pruned to the packages that an image reaches.
        let packages = resolution
            .packages
            .iter()
            .filter(|package| !package.is_std());
        key.0.extend(packages.map(|package| {
            (
                KeyPart::Package(package.path.clone()),
                "in the module cache".to_owned(),
            )
        }));
    }
    if let Some(sealed) = &step.inputs.sealed {
        for (path, text) in &sealed.texts {
            key.insert(
                KeyPart::Written(path.clone()),
                contents::hex(&Sha256::digest(text)),
            );
        }
        for Moved { from, to, .. } in &sealed.moved {
            key.insert(KeyPart::Moved(from.clone(), to.clone()), "");
        }
        // With a directory come all packages below it in its module that an image reaches.
        for package in resolution
            .packages
            .iter()
            .filter(|package| sealed.sees(resolution, package))
        {
            modules.extend(package.module);
            key.insert(
                KeyPart::Package(package.path.clone()),
                "in the module cache",
            );
        }
    }
    for module in modules
        .into_iter()
        .filter_map(|ix| resolution.modules.get(ix))
    {
        key.insert(KeyPart::Module(module.path.clone()), module_text(module));
    }
}

/// What is in an image in addition to its binary, and how it runs.
fn runtime(input: KeyInput<'_>, image: &Image, key: &mut Key) {
    // Every field by name: a new one must not be forgotten here.
    let RuntimeConfig {
        base,
        user,
        users,
        certificates,
        timezones,
        // What they are made of counts too: see `image_keys`.
        licenses,
        env,
        labels,
        oci_labels,
        annotations,
        ports,
        path,
        // What they are made of counts: see `image_keys`.
        binaries: _,
        entrypoint,
        cmd,
        workdir,
        stop_signal,
        volumes,
        healthcheck,
        // The variant is an image of its own.
        debug: _,
        links,
        dirs,
        files,
    } = &image.runtime;
    let mut add = |name: &str, value: &str| key.insert(KeyPart::Runtime(name.to_owned()), value);
    add("base", &base.value);
    if let Some(user) = user {
        add("user", user);
    }
    for account in users {
        let UserConfig {
            name,
            uid,
            group,
            gid,
            home,
        } = account;
        add(
            &format!("user {}", name.value),
            &format!("{uid} {group} {gid} {home}"),
        );
    }
    add("certificates", &certificates.to_string());
    add("timezones", &timezones.to_string());
    if *licenses {
        add("licenses", "");
    }
    if let Some(of_commit) = oci_labels {
        add("oci labels", "");
        for (name, value) in of_commit {
            add(&format!("oci label {name}"), value);
        }
    }
    let named = [("env", env), ("label", labels), ("annotation", annotations)];
    for (kind, values) in named {
        for (name, value) in values {
            add(&format!("{kind} {name}"), value);
        }
    }
    for port in ports {
        add(&format!("port {port}"), "");
    }
    for volume in volumes {
        add(&format!("volume {volume}"), "");
    }
    if let Some(path) = path {
        add("path", path);
    }
    for (at, says) in links {
        add(&format!("link {at}"), says);
    }
    for (number, dir) in dirs.iter().enumerate() {
        let DirConfig { path, owner, mode } = dir;
        let text = format!("{number}: {}:{} {mode:o}", owner.0, owner.1);
        add(&format!("directory {path}"), &text);
    }
    if let Some(words) = entrypoint {
        add("entrypoint", &format!("{words:?}"));
    }
    if let Some(words) = cmd {
        add("cmd", &format!("{words:?}"));
    }
    if let Some(dir) = workdir {
        add("workdir", dir);
    }
    if let Some(signal) = stop_signal {
        add("stop-signal", signal);
    }
    if let Some(check) = healthcheck {
        add("healthcheck", &format!("{check:?}"));
    }
    runtime_files(input, files, key);
}

/// The files of the context and of stages that are put into an image.
fn runtime_files(input: KeyInput<'_>, files: &[FileConfig], key: &mut Key) {
    // Later ones are put over earlier ones, so their order counts.
    for (number, file) in files.iter().enumerate() {
        let (user, group) = file.owner;
        let mode = match file.mode {
            Some(mode) => format!("{mode:o}"),
            None => "as it is".to_owned(),
        };
        let text = format!("{number}: {} {user}:{group} {mode}", file.from.value);
        key.insert(KeyPart::Runtime(format!("file {}", file.to)), text);
        let Some(path) = file.from.context_path() else {
            continue;
        };
        for (path, digest) in input.contents.under(&path) {
            if file.from.takes(path) {
                key.insert(KeyPart::RuntimeFile(path.clone()), digest);
            }
        }
    }
}
