//! The second phase: steps.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::{Build, BuildIx, Outline};
use super::step::{Image, Inputs, Link, Plan, Step, StepIx, StepKind};
use super::units::{self, Unit};
use crate::packages::{self, PackageIx, PackageSet, Packages};
use crate::resolution::{Resolution, ResolvedPackage};
use crate::tree::TreePath;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// The images.
    pub outline: &'a Outline,
    /// What `go` chose, for the builds in question: others are left out. Or nothing at all, where no go command is at hand: the plan is
    /// coarser then.
    pub resolutions: Option<&'a BTreeMap<BuildIx, Resolution>>,
}

/// Makes the plan of all images of an outline. The same input gives the same plan, whichever image is wanted.
pub fn plan(input: PlanInput<'_>) -> Plan {
    let outline = input.outline;
    let mut plan = Plan {
        target: outline.target.clone(),
        builder: outline.builder.clone(),
        toolchain: outline.toolchain.clone(),
        module_env: outline.module_env.clone(),
        builds: outline.builds.clone(),
        steps: Vec::new(),
        images: Vec::new(),
        resolved: input.resolutions.is_some(),
    };
    for (ix, build) in outline.builds.iter().enumerate() {
        let ix = BuildIx(ix);
        let resolution = input.resolutions.and_then(|resolutions| resolutions.get(&ix));
        if input.resolutions.is_some() && resolution.is_none() {
            continue;
        }
        let mut planner = BuildPlanner { outline, ix, build, resolution, steps: &mut plan.steps };
        plan.images.extend(planner.plan());
    }
    plan.images.sort_by(|a, b| a.name.cmp(&b.name));
    plan
}

/// Plans one build.
struct BuildPlanner<'a> {
    outline: &'a Outline,
    ix: BuildIx,
    build: &'a Build,
    resolution: Option<&'a Resolution>,
    steps: &'a mut Vec<Step>,
}

impl BuildPlanner<'_> {
    fn plan(&mut self) -> Vec<Image> {
        let images: Vec<_> = self.outline.images.iter().filter(|image| image.build == self.ix).collect();
        let closures: Vec<PackageSet> =
            images.iter().map(|image| packages::closure(&self.build.packages, [image.main])).collect();
        let outside = match self.resolution {
            Some(resolution) => self.resolved_steps(resolution),
            None => self.deps_step_alone(),
        };
        let units = if self.resolution.is_some() { units::units(&self.build.packages, &closures) } else { Vec::new() };
        let names: Vec<&str> = images.iter().map(|image| image.config.name.as_str()).collect();
        let unit_steps = self.unit_steps(&units, &names, &outside);
        let mut made = Vec::new();
        for (number, (image, closure)) in images.iter().zip(&closures).enumerate() {
            let main = self.build.packages.get(image.main);
            let mut results = outside.clone();
            results.extend(units.iter().zip(&unit_steps).filter(|(unit, _)| unit.reach.contains(&number)).map(|(_, step)| *step));
            let kind = StepKind::Link(Link {
                package: main.path.clone(),
                binary: image.binary.clone(),
                ldflags: image.config.ldflags.clone(),
            });
            let inputs = self.inputs(closure, results);
            let link = self.push(format!("link:{}", image.config.name), format!("link {}", image.config.name), kind, inputs);
            made.push(Image {
                name: image.config.name.clone(),
                package: main.path.clone(),
                dir: main.dir.clone(),
                binary: image.binary.clone(),
                link,
                runtime: image.config.runtime.clone(),
            });
        }
        made
    }

    /// Resolve, std and deps: the steps whose results every later one reads.
    fn resolved_steps(&mut self, resolution: &Resolution) -> Vec<StepIx> {
        let mod_files = self.build.mod_files.clone();
        let files = if self.build.vendored { vendored_files(resolution.packages.iter()) } else { BTreeSet::new() };
        let vendor = self.build.vendored.then(|| self.build.dir.child("vendor"));
        let resolve = Inputs { mod_files: mod_files.clone(), files: vendor.into_iter().collect(), ..Inputs::default() };
        self.push("resolve".to_owned(), "resolve modules".to_owned(), StepKind::Resolve(self.build.request.clone()), resolve);
        // The packages std vendors for itself cannot be named on a command line; they come with those that import them.
        let std =
            paths(resolution.packages.iter().filter(|p| p.is_std() && !p.path.starts_with("vendor/") && p.path != "unsafe"));
        let title = format!("compile {} of std", count(std.len(), "package"));
        let std = self.push("std".to_owned(), title, StepKind::Std { packages: std }, Inputs::default());
        let deps = paths(resolution.packages.iter().filter(|package| !package.is_std()));
        if deps.is_empty() {
            return vec![std];
        }
        let title = format!("compile {}", count(deps.len(), "third-party package"));
        let inputs = Inputs { mod_files, files, module_cache: !self.build.vendored, results: vec![std] };
        let deps = self.push("deps".to_owned(), title, StepKind::Deps { packages: deps }, inputs);
        vec![std, deps]
    }

    /// Without a resolution: one step that compiles what the sources import from outside, and so what that needs.
    fn deps_step_alone(&mut self) -> Vec<StepIx> {
        let packages = self.build.request.packages.clone();
        let inputs = Inputs { mod_files: self.build.mod_files.clone(), module_cache: !self.build.vendored, ..Inputs::default() };
        let title = "compile std and third-party packages".to_owned();
        vec![self.push("deps".to_owned(), title, StepKind::Deps { packages }, inputs)]
    }

    fn unit_steps(&mut self, units: &[Unit], images: &[&str], outside: &[StepIx]) -> Vec<StepIx> {
        let mut steps: Vec<StepIx> = Vec::new();
        for unit in units {
            let graph = &self.build.packages;
            let closure = packages::closure(graph, unit.packages.iter().copied());
            let mut results = outside.to_vec();
            results.extend(unit.needs.iter().map(|&other| steps[other]));
            let mut packages: Vec<String> = unit.packages.iter().map(|&ix| graph.get(ix).path.clone()).collect();
            packages.sort();
            let (name, title) = unit_names(graph, unit, &packages);
            let mut reach: Vec<String> = unit.reach.iter().map(|&image| images[image].to_owned()).collect();
            reach.sort();
            let inputs = self.inputs(&closure, results);
            steps.push(self.push(name, title, StepKind::Unit { packages, reach }, inputs));
        }
        steps
    }

    /// The inputs of a step that compiles or links packages of `closure`.
    fn inputs(&self, closure: &PackageSet, mut results: Vec<StepIx>) -> Inputs {
        let mut files = closure.files(&self.build.packages);
        if let (true, Some(resolution)) = (self.build.vendored, self.resolution) {
            files.extend(vendored_files(reached(resolution, &closure.outside(&self.build.packages)).into_iter()));
        }
        results.sort();
        Inputs { mod_files: self.build.mod_files.clone(), files, module_cache: !self.build.vendored, results }
    }

    /// Adds a step. Builds beyond the first have their number in the step's name, so that names are unique.
    fn push(&mut self, name: String, title: String, kind: StepKind, inputs: Inputs) -> StepIx {
        let several = self.outline.builds.len() > 1;
        let name = if several { format!("{}/{name}", self.ix.0) } else { name };
        let title = if several && !self.build.dir.is_root() { format!("{title} [{}]", self.build.dir) } else { title };
        self.steps.push(Step { name, title, build: self.ix, kind, inputs });
        StepIx(self.steps.len() - 1)
    }
}

/// The name and the title of a unit: `unit:example.com/lib/money`, `compile ./lib/money (2 packages)`.
fn unit_names(graph: &Packages, unit: &Unit, paths: &[String]) -> (String, String) {
    let dirs: Vec<&TreePath> = unit.packages.iter().map(|&ix: &PackageIx| &graph.get(ix).dir).collect();
    let mut common = dirs.first().map(|&dir| dir.clone()).unwrap_or_default();
    while !dirs.iter().all(|dir| dir.is_under(&common)) {
        common = common.parent().unwrap_or_default();
    }
    let place = if common.is_root() { ".".to_owned() } else { format!("./{common}") };
    (
        format!("unit:{}", paths.first().cloned().unwrap_or_default()),
        format!("compile {place} ({})", count(paths.len(), "package")),
    )
}

/// `1 package`, `2 packages`.
fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn paths<'a>(packages: impl Iterator<Item = &'a ResolvedPackage>) -> Vec<String> {
    packages.map(|package| package.path.clone()).collect()
}

/// The packages outside the repository that `imports` reach.
fn reached<'a>(resolution: &'a Resolution, imports: &BTreeSet<String>) -> Vec<&'a ResolvedPackage> {
    let find = |path: &str| {
        let at = resolution.packages.binary_search_by(|package| package.path.as_str().cmp(path));
        at.ok().map(|at| &resolution.packages[at])
    };
    let mut found: BTreeMap<&str, &ResolvedPackage> = BTreeMap::new();
    let mut open: Vec<&ResolvedPackage> = imports.iter().filter_map(|path| find(path)).collect();
    while let Some(package) = open.pop() {
        if found.insert(&package.path, package).is_none() {
            open.extend(package.imports.iter().filter_map(|path| find(path)));
        }
    }
    found.into_values().collect()
}

/// The files of vendored packages.
fn vendored_files<'a>(packages: impl Iterator<Item = &'a ResolvedPackage>) -> BTreeSet<TreePath> {
    let vendored = packages.filter(|package| !package.dir.is_empty());
    vendored
        .flat_map(|package| package.files.iter().filter_map(|file| TreePath::new(&package.dir).ok()?.join(file).ok()))
        .collect()
}
