//! `cargo xtask bench waits`: what each image of a repository waits for on an empty engine, and how
//! much of that the image does not hold. Also, what an exported cache of all images has to describe.
//!
//! The plan's steps list what is compiled. `go list -deps` says what an image is made of. This
//! builds nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use gowork_llb::Repository;
use gowork_llb::lower::{LlbInputs, LlbOptions, Lowering};
use gowork_llb::ops::{Platform, Reference, source};
use gowork_llb::plan::{Image, Plan, StepIx, Target};
use serde_json::Value;

use crate::command::output;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Checkouts
    #[arg(required = true)]
    directories: Vec<PathBuf>,
    /// Print the steps, too
    #[arg(long)]
    steps: bool,
}

/// A package as `go list` has it.
pub(super) struct Package {
    /// Bytes of its Go and assembly files.
    pub(super) size: u64,
    is_std: bool,
    pub(super) imports: Vec<String>,
    /// Path of its module; none for std.
    pub(super) module: Option<String>,
}

/// Packages by import path.
pub(super) type Packages = BTreeMap<String, Package>;

/// Prints a table for each checkout.
///
/// # Errors
/// If a checkout has an error, or the go command cannot run.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    for directory in &arguments.directories {
        let directory = directory
            .canonicalize()
            .with_context(|| format!("cannot find {}", directory.display()))?;
        of_repository(&directory, arguments.steps)?;
    }
    Ok(())
}

fn of_repository(directory: &Path, with_steps: bool) -> Result<()> {
    let plan = plan_of(directory, "amd64")?;
    let (all, packages) = held_by_images(directory, &plan)?;
    let mut rows = Vec::new();
    for (image, held) in plan.images.iter().zip(&all) {
        let steps = waits(&plan, image);
        let compiled = steps.iter().flat_map(|ix| plan.step(*ix).kind.compiles());
        let compiled: BTreeSet<&str> = compiled.map(|path| path.as_str()).collect();
        rows.push(row(&image.name, held, &compiled, steps.len(), &packages));
    }
    let one = cache_config(&plan)?;
    let mut both = cache_config(&plan_of(directory, "arm64")?)?;
    both.extend(one.clone());
    let kilobytes = |sizes: &BTreeMap<String, u64>| sizes.values().sum::<u64>() / 1000;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: {} images, {} steps; config of an exported cache: about {} kB for linux/amd64, {} kB with linux/arm64",
        directory.display(),
        plan.images.len(),
        plan.steps.len(),
        kilobytes(&one),
        kilobytes(&both),
    )?;
    writeln!(
        out,
        "\n| image | own packages | own kB | steps | others' packages | | others' kB | |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    rows.sort_by_key(|(weight, _)| *weight);
    for (_, row) in rows {
        writeln!(out, "{row}")?;
    }
    if with_steps {
        writeln!(out)?;
        for step in &plan.steps {
            let compiled = step.kind.compiles();
            let size: u64 = compiled
                .iter()
                .filter_map(|path| Some(packages.get(path.as_str())?.size))
                .sum();
            writeln!(out, "{:>7} kB  {}", size / 1000, step.title)?;
        }
    }
    Ok(writeln!(out)?)
}

/// About how many bytes each step takes in the config of an exported cache, by digest.
fn cache_config(plan: &Plan) -> Result<BTreeMap<String, u64>> {
    let context = source::Local::new("context").output();
    let programs = source::Image::new(&Reference::parse("docker.io/gowork/gowork:1")?).output();
    let builder = Platform::new("linux", "amd64");
    let inputs = LlbInputs::new(plan, context, programs, builder)?;
    let mut lowering = Lowering::new(plan, &inputs, LlbOptions::default());
    let definition = lowering.binaries(None)?.to_definition();
    Ok(definition.cache_config_sizes())
}

pub(super) fn plan_of(directory: &Path, architecture: &str) -> Result<Plan> {
    let configuration = std::fs::read_to_string(directory.join("gowork.toml")).unwrap_or_default();
    let repository = Repository::open(directory, &configuration)?;
    let plan = repository.plan(&Target::linux(architecture), |go| {
        let mut command = Command::new("go");
        command.args(&go.args).current_dir(&go.dir).envs(&go.env);
        output(&mut command).map(String::into_bytes)
    });
    plan.map_err(|error| anyhow::anyhow!("{error}"))
}

/// The import paths of the packages that each image is made of, in the plan's order, and what they
/// are.
pub(super) fn held_by_images(
    directory: &Path,
    plan: &Plan,
) -> Result<(Vec<BTreeSet<String>>, Packages)> {
    let mut packages = Packages::new();
    let images = plan.images.iter();
    let all = images.map(|image| held(directory, plan, image, &mut packages));
    Ok((all.collect::<Result<_>>()?, packages))
}

/// The import paths of the packages that an image is made of. Notes what they are.
fn held(
    directory: &Path,
    plan: &Plan,
    image: &Image,
    packages: &mut Packages,
) -> Result<BTreeSet<String>> {
    let request = &plan.build(plan.step(image.link).build).request;
    let mut command = Command::new("go");
    command
        .args([
            "list",
            "-deps",
            "-json=ImportPath,Standard,Dir,GoFiles,CgoFiles,SFiles,Imports,Module",
            "--",
        ])
        .arg(image.package.as_str())
        .current_dir(request.go_dir(directory))
        .envs(request.go_env(directory));
    let listed = output(&mut command)?;
    let mut held = BTreeSet::new();
    for package in serde_json::Deserializer::from_str(&listed).into_iter::<Value>() {
        let package = package?;
        let Some(path) = package["ImportPath"].as_str() else {
            bail!("go list: a package without ImportPath");
        };
        if path != "unsafe" {
            packages.entry(path.to_owned()).or_insert_with(|| Package {
                size: size_of(&package),
                is_std: package["Standard"].as_bool().unwrap_or_default(),
                imports: texts(&package["Imports"]).map(ToOwned::to_owned).collect(),
                module: package["Module"]["Path"].as_str().map(ToOwned::to_owned),
            });
            held.insert(path.to_owned());
        }
    }
    Ok(held)
}

fn size_of(package: &Value) -> u64 {
    let dir = Path::new(package["Dir"].as_str().unwrap_or_default());
    let classes = ["GoFiles", "CgoFiles", "SFiles"].into_iter();
    let names = classes.flat_map(|class| texts(&package[class]));
    let sizes = names.filter_map(|name| Some(dir.join(name).metadata().ok()?.len()));
    sizes.sum()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The steps that an image needs, its link included.
pub(super) fn waits(plan: &Plan, image: &Image) -> BTreeSet<StepIx> {
    let mut needed = BTreeSet::new();
    let mut open = vec![image.link];
    while let Some(step) = open.pop() {
        if needed.insert(step) {
            open.extend(
                plan.step(step)
                    .inputs
                    .results
                    .iter()
                    .map(|results| results.step),
            );
        }
    }
    needed
}

/// A line of the table, and what it is sorted by.
fn row(
    image: &str,
    held: &BTreeSet<String>,
    compiled: &BTreeSet<&str>,
    steps: usize,
    packages: &Packages,
) -> (u64, String) {
    let size = |path: &str| packages.get(path).map_or(0, |package| package.size);
    let own: u64 = held.iter().map(|path| size(path)).sum();
    let others: Vec<&str> = compiled
        .iter()
        .copied()
        .filter(|path| !held.contains(*path))
        .collect();
    let of_std = others
        .iter()
        .filter(|path| packages.get(**path).is_some_and(|package| package.is_std));
    let of_std = of_std.count();
    let more: u64 = others.iter().map(|path| size(path)).sum();
    let percent = |part: u64, whole: u64| 100 * part / whole.max(1);
    let row = format!(
        "| {image} | {} | {} | {steps} | {} ({of_std} of std) | {} % | {} | {} % |",
        held.len(),
        own / 1000,
        others.len(),
        percent(others.len() as u64, held.len() as u64),
        more / 1000,
        percent(more, own),
    );
    (own, row)
}
