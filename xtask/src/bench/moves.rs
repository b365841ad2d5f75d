//! `cargo xtask bench moves`: how much third-party code an image compiles again after an edit, where
//! results are only in layers: on a clean machine with an imported cache.
//!
//! A layer is all or nothing. If a package enters or leaves a step, or changes, all packages of that
//! step are compiled again. This compares the steps of plans, and builds nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gowork_llb::plan::{Image, Plan, StepKind};

use super::waits::{Packages, held_by_images, plan_of, waits};

/// The file that has the new import.
const FILE: &str = "gowork_bench_import.go";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Checkouts
    #[arg(required = true)]
    directories: Vec<PathBuf>,
    /// How many imports are tried, of all that are possible: each takes a plan
    #[arg(long, default_value_t = 30)]
    samples: usize,
}

/// Prints a table for each checkout.
///
/// # Errors
/// If a checkout has an error, or the go command cannot run.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    for directory in &arguments.directories {
        let copy = tempfile::tempdir()?;
        super::build::copy(directory, copy.path())?;
        let name = directory.display().to_string();
        of_repository(&name, &copy.path().canonicalize()?, arguments.samples)?;
    }
    Ok(())
}

/// The packages of a step.
type Step = BTreeSet<String>;

/// A repository as it is.
struct Before {
    plan: Plan,
    packages: Packages,
    /// What each image is made of, in the plan's order.
    held: Vec<BTreeSet<String>>,
    /// The third-party steps.
    steps: BTreeSet<Step>,
}

fn of_repository(name: &str, directory: &Path, samples: usize) -> Result<()> {
    let plan = plan_of(directory, "amd64")?;
    let (held, packages) = held_by_images(directory, &plan)?;
    let steps = plan.steps.iter().filter_map(|step| third_party(&step.kind));
    let before = Before {
        steps: steps.collect(),
        held,
        packages,
        plan,
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{name}: third-party code that is compiled again, in percent of all that the image is made of\n\n\
         | edit | tried | at least, mean | mean | median | 9 of 10 below | most |\n|---|---|---|---|---|---|---|"
    )?;
    let imports = before.possible_imports();
    let every = imports.len().div_ceil(samples.max(1)).max(1);
    let mut moved = Vec::new();
    for (number, path) in imports.into_iter().step_by(every) {
        moved.push(before.import(directory, number, path)?);
    }
    writeln!(out, "{}", row("a new import of what others have", &moved))?;
    Ok(writeln!(
        out,
        "{}\n",
        row("another version of a module", &before.bumps())
    )?)
}

/// The packages of a third-party step.
fn third_party(kind: &StepKind) -> Option<Step> {
    let is_third_party = matches!(kind, StepKind::Deps(_));
    is_third_party.then(|| {
        kind.compiles()
            .into_iter()
            .map(ToString::to_string)
            .collect()
    })
}

impl Before {
    fn size<'p>(&self, paths: impl IntoIterator<Item = &'p String>) -> u64 {
        let size = |path| self.packages.get(path).map_or(0, |package| package.size);
        paths.into_iter().map(size).sum()
    }

    /// Images by number, each with a package that only others have: one of each module, that of the
    /// shortest path.
    fn possible_imports(&self) -> Vec<(usize, &str)> {
        let mut of_modules: BTreeMap<&str, &str> = BTreeMap::new();
        for path in self.steps.iter().flatten() {
            let is_open = !path
                .split('/')
                .any(|element| element == "internal" || element == "vendor");
            let module = self
                .packages
                .get(path)
                .and_then(|package| package.module.as_deref());
            if let Some(module) = module.filter(|_| is_open) {
                let shortest = of_modules.entry(module).or_insert(path);
                if path.len() < shortest.len() {
                    *shortest = path;
                }
            }
        }
        let images = self.held.iter().enumerate();
        let of_image = |(number, held): (usize, &BTreeSet<String>)| {
            let others = of_modules.values().filter(|path| !held.contains(**path));
            others.map(move |path| (number, *path)).collect::<Vec<_>>()
        };
        images.flat_map(of_image).collect()
    }

    /// What an image compiles again if it imports this package.
    fn import(&self, directory: &Path, number: usize, path: &str) -> Result<Moved> {
        let image = &self.plan.images[number];
        let file = directory.join(image.dir.as_str()).join(FILE);
        std::fs::write(&file, format!("package main\n\nimport _ {path:?}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let after = plan_of(directory, "amd64");
        std::fs::remove_file(&file)?;
        let after = after.with_context(|| format!("{} imports {path}", image.name))?;
        let new = self.closure(path);
        let third_party = self.steps.iter().flatten();
        let new =
            third_party.filter(|path| new.contains(*path) && !self.held[number].contains(*path));
        let new = new.cloned().collect();
        let image = after.images.iter().find(|other| other.name == image.name);
        let again = image
            .map(|image| steps_of(&after, image))
            .unwrap_or_default();
        let again = again.difference(&self.steps).flatten();
        Ok(self.moved(number, &new, again))
    }

    /// A package and all that it imports.
    fn closure<'p>(&'p self, path: &'p str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![path];
        while let Some(path) = open.pop() {
            if found.insert(path.to_owned())
                && let Some(package) = self.packages.get(path)
            {
                open.extend(package.imports.iter().map(String::as_str));
            }
        }
        found
    }

    /// For each module and each image that has it: what the image compiles again if the module has
    /// another version.
    fn bumps(&self) -> Vec<Moved> {
        // The third-party packages that are made of each module.
        let mut made_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in self.steps.iter().flatten() {
            for needed in self.closure(path) {
                if let Some(module) = self
                    .packages
                    .get(&needed)
                    .and_then(|package| package.module.clone())
                {
                    made_of.entry(module).or_default().insert(path.clone());
                }
            }
        }
        let mut all = Vec::new();
        for (number, image) in self.plan.images.iter().enumerate() {
            let steps = steps_of(&self.plan, image);
            for affected in made_of.values() {
                let own: BTreeSet<String> =
                    affected.intersection(&self.held[number]).cloned().collect();
                if !own.is_empty() {
                    let again = steps
                        .iter()
                        .filter(|step| !step.is_disjoint(affected))
                        .flatten();
                    all.push(self.moved(number, &own, again));
                }
            }
        }
        all
    }

    fn moved<'p>(
        &self,
        number: usize,
        least: &BTreeSet<String>,
        again: impl Iterator<Item = &'p String>,
    ) -> Moved {
        let whole = self.size(&self.held[number]).max(1);
        Moved {
            least: percent(self.size(least), whole),
            again: percent(self.size(again), whole),
        }
    }
}

/// The third-party steps that an image needs.
fn steps_of(plan: &Plan, image: &Image) -> BTreeSet<Step> {
    let steps = waits(plan, image).into_iter();
    steps
        .filter_map(|ix| third_party(&plan.step(ix).kind))
        .collect()
}

/// What is compiled, in percent of what the image is made of.
struct Moved {
    /// What is new in the image, or made of what changed: there is no way around that.
    least: f64,
    again: f64,
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole as f64
}

fn row(edit: &str, moved: &[Moved]) -> String {
    let mean =
        |of: fn(&Moved) -> f64| moved.iter().map(of).sum::<f64>() / moved.len().max(1) as f64;
    let (least, mean) = (mean(|one| one.least), mean(|one| one.again));
    let mut again: Vec<f64> = moved.iter().map(|one| one.again).collect();
    again.sort_by(f64::total_cmp);
    let at = |tenths: usize| {
        again
            .get(again.len() * tenths / 10)
            .or(again.last())
            .copied()
    };
    let [median, nine, most] = [5, 9, 10].map(|tenths| at(tenths).unwrap_or_default());
    let count = moved.len();
    format!(
        "| {edit} | {count} | {least:.1} % | {mean:.0} % | {median:.0} % | {nine:.0} % | {most:.0} % |"
    )
}
