//! `docker-bake.hcl` beside the Dockerfile: every image with one `docker buildx bake`.

use std::collections::{BTreeMap, BTreeSet};

use super::mark::{self, Mark};
use super::platform::docker_platform;
use crate::config::{self, ImageName};
use crate::plan::{Image, Plan, Target};

/// What the reader of the bake file decides.
#[derive(Debug, Clone, Default)]
pub struct BakeOptions {
    /// Build-args that stay open, with their defaults.
    pub args: BTreeMap<String, Option<String>>,
    /// Platforms that are built where the environment names none. Empty for that of the builder.
    pub platforms: Vec<Target>,
    /// Images that are missing, since they cannot be built.
    pub without: BTreeSet<ImageName>,
    /// Named contexts of every build: where each is, by its name.
    pub contexts: BTreeMap<String, String>,
}

/// Variables of the file's own: name, default, and what they are for.
const VARIABLES: [(&str, &str, &str); 6] = [
    (
        "REGISTRY",
        "",
        "Goes before the names of images, such as registry.example.com/shop.",
    ),
    (
        "TAG",
        "latest",
        "Tags of all images, with commas between them.",
    ),
    (
        PLATFORMS,
        "",
        "Platforms, with commas between them. Empty: the builder's.",
    ),
    (
        "CACHE_FROM",
        "",
        "A cache to read, such as type=registry,ref=registry.example.com/shop/cache:{name}.",
    ),
    (
        "CACHE_TO",
        "",
        "A cache to write, with mode=max. {name} stands for the target: each needs a place of its own.",
    ),
    (
        "DOCKERFILE",
        "Dockerfile",
        "What is built: the Dockerfile that gowork prints, or gowork's configuration.",
    ),
];
const PLATFORMS: &str = "PLATFORMS";

const FUNCTIONS: &str = r#"function "tags" {
  params = [name]
  result = [for tag in split(",", TAG) : "${REGISTRY == "" ? "" : "${trimsuffix(REGISTRY, "/")}/"}${name}:${tag}"]
}

function "cache" {
  params = [entry, name]
  result = entry == "" ? [] : [replace(entry, "{name}", name)]
}"#;

/// The bake file for the targets of the plan's Dockerfile.
pub fn bake(plan: &Plan, options: &BakeOptions) -> String {
    let mut blocks = vec![header(options)];
    blocks.extend(variables(options));
    blocks.push(FUNCTIONS.to_owned());
    let targets = targets(plan);
    let variants = plan
        .images
        .iter()
        .filter(|image| image.variant_of.is_some());
    let variants: BTreeSet<&str> = variants.map(|image| image.name.as_str()).collect();
    let usual = targets
        .iter()
        .filter(|(image, _)| !variants.contains(*image));
    let names: Vec<String> = usual.map(|(_, target)| string(target)).collect();
    blocks.push(format!(
        "group \"default\" {{\n  targets = [{}]\n}}",
        names.join(", ")
    ));
    blocks.push(shared(options));
    for image in &plan.images {
        let name = string(&image.name);
        let mut lines = vec![format!("target = {name}"), format!("tags = tags({name})")];
        lines.extend(annotations(image));
        blocks.push(target_block(&targets[image.name.as_str()], &lines));
    }
    let binaries = [
        "target = \"binaries\"".to_owned(),
        "output = [\"type=local,dest=bin\"]".to_owned(),
    ];
    blocks.push(target_block("binaries", &binaries));
    blocks.join("\n\n") + "\n"
}

/// What no Dockerfile can say.
fn annotations(image: &Image) -> Option<String> {
    let annotations = image.runtime.annotations.iter();
    let all: Vec<String> = annotations
        .map(|(name, value)| string(&format!("{name}={value}")))
        .collect();
    (!all.is_empty()).then(|| format!("annotations = [{}]", all.join(", ")))
}

fn header(options: &BakeOptions) -> String {
    let mut lines = vec![
        format!("# {}; run it again when images come or go.", Mark::BAKE),
        "# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries."
            .to_owned(),
        "# The environment sets variables: REGISTRY=registry.example.com/shop TAG=1.2 docker buildx bake --push".to_owned(),
    ];
    lines.extend(mark::missing(&options.without));
    lines.join("\n")
}

/// The file's own variables, and those for build-args. A build-arg of the same name is the same
/// variable.
fn variables(options: &BakeOptions) -> Vec<String> {
    let platforms: Vec<String> = options
        .platforms
        .iter()
        .map(|target| docker_platform(target).to_string())
        .collect();
    let platforms = platforms.join(",");
    let mut variables = Vec::new();
    for (name, default, meaning) in VARIABLES {
        let default = match options.args.get(name) {
            Some(Some(configured)) => configured,
            _ if name == PLATFORMS => platforms.as_str(),
            _ => default,
        };
        variables.push(format!("# {meaning}\n{}", variable(name, Some(default))));
    }
    for (name, default) in &options.args {
        if !VARIABLES.iter().any(|(own, ..)| own == name) {
            variables.push(variable(name, default.as_deref()));
        }
    }
    variables
}

fn variable(name: &str, default: Option<&str>) -> String {
    let body = match default {
        Some(default) => format!("\n  default = {}\n", string(default)),
        None => String::new(),
    };
    format!("variable {} {{{body}}}", string(name))
}

/// What all targets have in common.
fn shared(options: &BakeOptions) -> String {
    let mut lines = vec![
        "dockerfile = DOCKERFILE".to_owned(),
        format!("platforms = {PLATFORMS} == \"\" ? [] : split(\",\", {PLATFORMS})"),
    ];
    if !options.args.is_empty() {
        let args: Vec<String> = options
            .args
            .keys()
            .map(|name| format!("    {name} = {name}\n"))
            .collect();
        lines.push(format!("args = {{\n{}  }}", args.concat()));
    }
    if !options.contexts.is_empty() {
        let contexts = options.contexts.iter();
        let contexts: Vec<String> = contexts
            .map(|(name, place)| format!("    {} = {}\n", string(name), string(place)))
            .collect();
        lines.push(format!("contexts = {{\n{}  }}", contexts.concat()));
    }
    block("_shared", &lines)
}

fn target_block(name: &str, lines: &[String]) -> String {
    let mut all = vec!["inherits = [\"_shared\"]".to_owned()];
    all.extend_from_slice(lines);
    let quoted = string(name);
    all.push(format!("cache-from = cache(CACHE_FROM, {quoted})"));
    all.push(format!("cache-to = cache(CACHE_TO, {quoted})"));
    block(name, &all)
}

fn block(name: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}\n")).collect();
    format!("target {} {{\n{}}}", string(name), lines.concat())
}

/// What bake calls each image: names there have no dots.
fn targets(plan: &Plan) -> BTreeMap<&str, String> {
    let (dotted, plain): (Vec<&str>, Vec<&str>) = plan
        .images
        .iter()
        .map(|image| image.name.as_str())
        .partition(|name| name.contains('.'));
    let mut targets: BTreeMap<&str, String> = plain
        .into_iter()
        .map(|name| (name, name.to_owned()))
        .collect();
    for name in dotted {
        let mut target = name.replace('.', "-");
        while config::RESERVED_NAMES.contains(&target.as_str())
            || targets.values().any(|other| *other == target)
        {
            target.push_str("-image");
        }
        targets.insert(name, target);
    }
    targets
}

/// A string of HCL.
fn string(text: &str) -> String {
    let mut string = String::from("\"");
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' | '"' => string.extend(['\\', character]),
            '\n' => string.push_str("\\n"),
            // What begins an expression. Doubled, as HCL has it, a third one before it would undo
            // that.
            '$' | '%' if rest.peek() == Some(&'{') => {
                string.push_str(&format!("\\u{:04x}", u32::from(character)))
            }
            _ if character.is_control() => {
                string.push_str(&format!("\\u{:04x}", u32::from(character)))
            }
            _ => string.push(character),
        }
    }
    string.push('"');
    string
}
