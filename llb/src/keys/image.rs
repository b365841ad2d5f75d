//! What an image consists of, whatever steps make it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::contents::hex;
use super::input::{KeyInput, flags, module_text, reached};
use super::key::{Key, KeyPart};
use super::licenses::LicenseTexts;
use super::runtime;
use crate::config::{ImageName, Stage};
use crate::gomod::{ImportPath, ModFile, Replace, SumFile, WorkFile, version};
use crate::packages::{self, PackageSet};
use crate::plan::{Build, BuildIx, Image, Plan, StepKind, ThirdParty};
use crate::resolution::Resolution;
use crate::tree::TreePath;
use crate::workspace::{Module, Providers, Root, RootKind, Workspace};

/// What every image consists of, by name. Of mod files only what decides something counts: with a
/// resolution, what `go` chose for the packages that the image reaches; without one, the lines that
/// decide versions, of all mod files of the root, for every image that holds third-party packages.
/// Sets with and without a resolution must not be compared.
pub fn image_keys(input: KeyInput<'_>) -> BTreeMap<ImageName, Key> {
    let stages = stage_digests(input.plan);
    let texts = LicenseTexts::of(input.plan, input.contents);
    let mut keys = BTreeMap::new();
    for image in &input.plan.images {
        let mut key = image_key(input, image);
        texts.of_image(input, image, &mut key);
        for name in stages_of(input.plan, image) {
            let said = stages.get(name.to_lowercase().as_str());
            let part = KeyPart::Stage(name.to_owned());
            key.insert(part, said.map_or("", String::as_str));
        }
        keys.insert(image.name.clone(), key);
    }
    keys
}

/// The stages that an image is made from.
fn stages_of<'a>(plan: &'a Plan, image: &'a Image) -> BTreeSet<&'a str> {
    let builder = plan.builder.stage();
    builder.into_iter().chain(image.runtime.stages()).collect()
}

/// A digest of what the configuration says of each stage. What the stage takes of the repository is
/// not known here: only Docker's frontend reads Dockerfiles.
fn stage_digests(plan: &Plan) -> BTreeMap<&str, String> {
    let text = |stage: &Stage| serde_json::to_string(stage).unwrap_or_default();
    let digest = |stage: &Stage| hex(&Sha256::digest(text(stage)));
    let stages = plan.stages.iter();
    stages
        .map(|(name, stage)| (name.as_str(), digest(stage)))
        .collect()
}

/// Import paths of third-party packages that an image's own packages import, as far as that is
/// known without the go command: what is not of the repository, has a dot in its first element as
/// std never has, or may be of a module that some mod file requires.
pub fn third_party(plan: &Plan, workspace: &Workspace, image: &Image) -> BTreeSet<ImportPath> {
    let build = plan.build(plan.step(image.link).build);
    let providers = Providers::new(workspace, workspace.root(build.root));
    let outside = reached(build, image).outside(&build.packages);
    outside
        .into_iter()
        .filter(|path| providers.may_be_third_party(path))
        .collect()
}

fn image_key(input: KeyInput<'_>, image: &Image) -> Key {
    let mut parts = Key::default();
    binary(input, image, &mut parts);
    runtime(input, image, &mut parts);
    for other in image.others() {
        let mut of_other = Key::default();
        binary(input, &other, &mut of_other);
        beside(&other.binary, of_other, &mut parts);
    }
    parts
}

/// What the binary `file` is made of, in an image that has it beside its own. Flags and the like are
/// those of this binary alone, so they count by their digest.
fn beside(file: &str, of_binary: Key, parts: &mut Key) {
    let mut rest = Key::default();
    for (part, value) in of_binary.0 {
        match parts.0.get(&part) {
            None if part.is_content() => parts.insert(part, value),
            Some(known) if part.is_content() && *known == value => {}
            _ => rest.insert(part, value),
        }
    }
    parts.insert(KeyPart::Beside(file.to_owned()), rest.digest());
}

/// What the own binary of an image is made of.
fn binary(input: KeyInput<'_>, image: &Image, parts: &mut Key) {
    let plan = input.plan;
    let link = plan.step(image.link);
    let build = plan.build(link.build);
    parts.insert(KeyPart::Builder, &plan.builder.image);
    parts.insert(KeyPart::Toolchain, &plan.toolchain);
    for (name, value) in &build.settings.env {
        parts.insert(KeyPart::Env(name.clone()), value);
    }
    let mut list = build.settings.flags();
    if let StepKind::Link(link) = &link.kind {
        list.extend(link.own_flags());
    }
    flags(&list, parts);
    parts.insert(KeyPart::Main(image.package.clone()), "");
    parts.insert(KeyPart::Binary, &image.binary);
    let set = reached(build, image);
    let sure = packages::sure_closure(&build.packages, build.packages.program(&image.package))
        .files(&build.packages);
    for path in set.files(&build.packages) {
        let digest = input.contents.get(&path).unwrap_or_default();
        let is_sure = sure.contains(&path);
        parts.insert(
            if is_sure {
                KeyPart::File(path)
            } else {
                KeyPart::PerhapsFile(path)
            },
            digest,
        );
    }
    own_modules(input, link.build, &set, parts);
    match input.resolution(link.build) {
        Some(resolution) => chosen(input, build, resolution, &set, parts),
        None if !third_party(plan, input.workspace, image).is_empty() => {
            unchosen(input, build, parts)
        }
        None => {}
    }
}

/// The modules of the repository that packages come from, and what the mains take from their root.
fn own_modules(input: KeyInput<'_>, build: BuildIx, set: &PackageSet, parts: &mut Key) {
    let workspace = input.workspace;
    let resolution = input.resolution(build);
    let build = input.plan.build(build);
    let root = workspace.root(build.root);
    parts.insert(
        KeyPart::GoLine,
        language(root.go(workspace).unwrap_or_default()),
    );
    for (key, value) in godebug(workspace, root) {
        parts.insert(KeyPart::Godebug(key.clone()), value);
    }
    let used = set.modules(&build.packages);
    for &ix in root.members.iter().filter(|ix| used.contains(ix)) {
        let module = workspace.module(ix);
        parts.insert(KeyPart::Own(module.path.clone()), go_line(module));
    }
    for (path, target) in &root.replaced {
        if !used.contains(&target.module) {
            continue;
        }
        // The binary says which version was replaced, and by what. Without go it may be any that is
        // asked for.
        let chosen = resolution.and_then(|resolution| resolution.replaced.get(path));
        let version = match chosen {
            Some(version) => version.clone(),
            None => Vec::from_iter(required(workspace, root, path)).join(" "),
        };
        let go = go_line(workspace.module(target.module));
        let by = workspace.replacement_dir(root, path).unwrap_or_default();
        parts.insert(
            KeyPart::Own(path.clone()),
            format!("{go} {version} => {by}"),
        );
    }
}

/// `1.26` of `1.26.3` and `1.26rc1`: no more of it decides defaults (cmd/go/internal/load,
/// godebugForGoVersion).
fn language(version: &str) -> String {
    let mut parts = version.splitn(3, '.');
    let major = parts.next().unwrap_or_default();
    let minor: String = parts
        .next()
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    if minor.is_empty() {
        major.to_owned()
    } else {
        format!("{major}.{minor}")
    }
}

fn go_line(module: &Module) -> String {
    format!(
        "go {}",
        module.file.go.as_ref().map_or("none", |go| &go.value)
    )
}

/// The `godebug` lines that count: go.work's in a workspace, else the main module's.
fn godebug<'a>(
    workspace: &'a Workspace,
    root: &'a Root,
) -> impl Iterator<Item = &'a (String, String)> {
    let lines = match &root.kind {
        RootKind::Workspace(file) => file.godebug.as_slice(),
        RootKind::Module => root
            .members
            .first()
            .map_or(&[][..], |&ix| workspace.module(ix).file.godebug.as_slice()),
    };
    lines.iter().map(|line| &line.value)
}

/// The mod files of a root that are modules.
fn modules<'a>(workspace: &'a Workspace, root: &'a Root) -> impl Iterator<Item = &'a Module> {
    let all = root
        .members
        .iter()
        .copied()
        .chain(root.replaced.values().map(|target| target.module));
    all.collect::<BTreeSet<_>>()
        .into_iter()
        .map(|ix| workspace.module(ix))
}

/// The versions of a module that the root's mod files ask for.
fn required<'a>(workspace: &'a Workspace, root: &'a Root, path: &str) -> BTreeSet<&'a str> {
    let requires = modules(workspace, root).flat_map(|module| &module.file.require);
    requires
        .filter(|require| require.path == path)
        .map(|require| require.version.as_str())
        .collect()
}

/// What `go` chose for the packages that `set` reaches outside the repository.
fn chosen(
    input: KeyInput<'_>,
    build: &Build,
    resolution: &Resolution,
    set: &PackageSet,
    parts: &mut Key,
) {
    parts.insert(KeyPart::Go, &resolution.go_version);
    let third_party = ThirdParty::new(resolution);
    for package in third_party
        .reached(&set.outside(&build.packages))
        .into_iter()
        .map(|ix| third_party.get(ix))
    {
        let Some(module) = third_party.module(package) else {
            continue;
        };
        // A version has one go line, but a vendor directory may say anything.
        let go = if build.vendored {
            format!(" (go {})", module.go)
        } else {
            String::new()
        };
        parts.insert(
            KeyPart::Module(module.path.clone()),
            module_text(module) + &go,
        );
        for path in package
            .files
            .iter()
            .filter_map(|file| TreePath::new(&package.dir).ok()?.join(file).ok())
        {
            if !package.dir.is_empty() {
                parts.insert(
                    KeyPart::File(path.clone()),
                    input.contents.get(&path).unwrap_or_default(),
                );
            }
        }
    }
}

/// Everything that may decide versions, where the go command was not asked. Version selection is
/// global, so every line counts for everybody.
fn unchosen(input: KeyInput<'_>, build: &Build, parts: &mut Key) {
    let workspace = input.workspace;
    let root = workspace.root(build.root);
    if let RootKind::Workspace(WorkFile { replace, .. }) = &root.kind {
        replaces(&root.dir.child("go.work"), replace, parts);
    }
    for module in modules(workspace, root) {
        let file = module.dir.child("go.mod");
        // From go 1.17 on, a go.mod lists all its requirements, so Go reads less of the graph.
        let pruned = module
            .file
            .go
            .as_ref()
            .is_some_and(|go| version::compare_go(&go.value, "1.17").is_ge());
        let text = if pruned {
            "1.17 or newer"
        } else {
            "older than 1.17"
        };
        parts.insert(KeyPart::ModLine(file.clone(), "go".to_owned()), text);
        let ModFile {
            require,
            exclude,
            replace,
            ..
        } = &module.file;
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for require in require {
            versions
                .entry(&require.path)
                .or_default()
                .insert(&require.version);
        }
        for (path, versions) in versions {
            let versions = versions.into_iter().collect::<Vec<_>>().join(" ");
            parts.insert(
                KeyPart::ModLine(file.clone(), format!("require {path}")),
                versions,
            );
        }
        for exclude in exclude {
            let (path, version) = &exclude.value;
            parts.insert(
                KeyPart::ModLine(file.clone(), format!("exclude {path} {version}")),
                "",
            );
        }
        replaces(&file, replace, parts);
    }
    for path in build
        .mod_files
        .iter()
        .filter(|path| path.name().ends_with(".sum"))
    {
        let text = input
            .mod_files
            .get(path)
            .map(String::as_str)
            .unwrap_or_default();
        for ((module, version), hashes) in
            SumFile::parse(path.as_str(), text.as_bytes()).0.modules()
        {
            parts.insert(
                KeyPart::Sum(format!("{module}@{version}")),
                hashes.join(" "),
            );
        }
    }
    if build.vendored {
        for (path, digest) in input.contents.under(&build.dir.child("vendor")) {
            parts.insert(KeyPart::File(path.clone()), digest);
        }
    }
}

fn replaces(file: &TreePath, replaces: &[Replace], parts: &mut Key) {
    for replace in replaces {
        let join = |path: &str, version: &str| format!("{path} {version}").trim_end().to_owned();
        let line = format!("replace {}", join(&replace.old_path, &replace.old_version));
        parts.insert(
            KeyPart::ModLine(file.clone(), line),
            join(&replace.new_path, &replace.new_version),
        );
    }
}
