//! The second phase: steps.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, BuildIx};
use super::families::work;
use super::outline::Outline;
use super::programs::{self, Made, Program};
use super::sealed::Sealer;
use super::step::{Inputs, Part, Plan, Results, Step, StepIx, StepKind, StepName};
use super::third_party::ThirdParty;
use super::titles;
use crate::config::{Cache, ImageName};
use crate::gomod::ImportPath;
use crate::packages::{self, PackageIx};
use crate::resolution::Resolution;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// The images.
    pub outline: &'a Outline,
    /// What `go` chose, for the builds in question: others are left out. Or nothing at all, without
    /// a go command: the plan is coarser then.
    pub resolutions: Option<&'a BTreeMap<BuildIx, Resolution>>,
}

/// Makes the plan of all images of an outline. The same input gives the same plan, whichever image
/// is wanted.
pub fn plan(input: PlanInput<'_>) -> Plan {
    let outline = input.outline;
    let mut plan = Plan {
        setup: outline.setup.clone(),
        steps: Vec::new(),
        images: Vec::new(),
        resolved: input.resolutions.is_some(),
    };
    let mut made = Vec::new();
    for ix in 0..outline.builds.len() {
        let ix = BuildIx(ix);
        let resolution = input
            .resolutions
            .and_then(|resolutions| resolutions.get(&ix));
        if input.resolutions.is_some() && resolution.is_none() {
            continue;
        }
        plan.setup.builds[ix.0].hidden_inputs |= resolution.is_some_and(reads_vendored_modules);
        let cache = plan.cache_of(ix);
        let mut planner = BuildPlanner::new(outline, ix, cache, &mut plan.steps);
        made.extend(match resolution {
            Some(resolution) => planner.resolved(resolution),
            None => planner.unresolved(),
        });
    }
    plan.images = programs::images(outline, &made);
    plan
}

/// Whether compiling a vendored package may read other files of its module: the package may change
/// then, and keep its version.
fn reads_vendored_modules(resolution: &Resolution) -> bool {
    let mut packages = resolution.packages.iter();
    packages.any(|package| package.reads_module && !package.dir.is_empty())
}

/// Plans one build.
pub(super) struct BuildPlanner<'a> {
    outline: &'a Outline,
    ix: BuildIx,
    pub(super) build: &'a Build,
    pub(super) cache: Cache,
    /// What it makes.
    pub(super) programs: Vec<Program<'a>>,
    steps: &'a mut Vec<Step>,
}

/// What the go command chose for a build, and where its compile results are.
pub(super) struct Resolved<'a> {
    pub(super) third_party: ThirdParty<'a>,
    pub(super) sealer: Option<Sealer<'a>>,
    /// Third-party packages that import packages of the repository: they are compiled among these.
    pub(super) mixed: BTreeSet<usize>,
    /// What each program is compiled from of std and third-party packages: a tool without its main.
    pub(super) reached: Vec<BTreeSet<usize>>,
    /// The work that each program is, by weight.
    pub(super) works: Vec<u64>,
    /// The packages of the repository that each program's link compiles beside its main.
    pub(super) exclusive: Vec<BTreeSet<PackageIx>>,
    /// Results of std and third-party packages.
    pub(super) outside: BTreeMap<usize, Results>,
    /// Results of the repository's packages.
    pub(super) own: BTreeMap<PackageIx, Results>,
}

impl Resolved<'_> {
    /// What some program reaches of std and third-party packages.
    pub(super) fn reached_by_any(&self) -> BTreeSet<usize> {
        self.reached.iter().flatten().copied().collect()
    }
}

impl<'a> BuildPlanner<'a> {
    fn new(outline: &'a Outline, ix: BuildIx, cache: Cache, steps: &'a mut Vec<Step>) -> Self {
        let build = &outline.builds[ix.0];
        Self {
            outline,
            ix,
            build,
            cache,
            programs: programs::programs(outline, ix),
            steps,
        }
    }

    fn resolved(&mut self, resolution: &'a Resolution) -> Vec<Made> {
        let third_party = ThirdParty::new(resolution);
        let sealer = Sealer::new(self.build, resolution);
        let graph = &self.build.packages;
        // As with mains of the repository: their links compile them.
        let tools = graph.tools();
        let tools: BTreeSet<usize> = tools.filter_map(|it| third_party.find(&it.path)).collect();
        let (mut reached, mut works) = (Vec::new(), Vec::new());
        for program in &self.programs {
            let mut of_program = third_party.reached(&program.closure.linked(graph));
            of_program.retain(|ix| !tools.contains(ix));
            let own = program.closure.size(graph);
            works.push(work(&third_party, &of_program, own));
            reached.push(of_program);
        }
        let mut mixed = third_party.mixed(graph);
        mixed.retain(|ix| !tools.contains(ix));
        let exclusive = self.exclusive(&third_party, &mixed);
        let mut resolved = Resolved {
            third_party,
            sealer,
            mixed,
            reached,
            works,
            exclusive,
            outside: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        self.resolve_step();
        self.outside_steps(&mut resolved);
        self.unit_steps(&mut resolved);
        self.links(&resolved.exclusive, |planner, program| {
            let graph = &planner.build.packages;
            let imports = program.closure.linked(graph);
            let mut inputs = planner.inputs(&resolved, &program.closure, &imports);
            let tool = graph.is_tool(program.main).then_some(&program.link.package);
            let tool = tool.and_then(|path| resolved.third_party.find(path));
            inputs.own = planner.own_outside(&resolved, tool.into_iter());
            inputs
        })
    }

    /// Without a resolution: one step that compiles what the sources import from outside, and so
    /// what that needs.
    fn unresolved(&mut self) -> Vec<Made> {
        let graph = &self.build.packages;
        let tools: BTreeSet<ImportPath> = graph.tools().map(|tool| tool.path).collect();
        let mut packages = self.build.request.packages.clone();
        packages.retain(|path| !tools.contains(path));
        // What these may import of the repository has to be there.
        let behind = packages
            .iter()
            .flat_map(|path| graph.behind(path))
            .map(|(ix, _)| ix);
        let mut files = packages::closure(graph, behind).files(graph);
        files.extend(self.profile());
        let (mod_files, module_cache) = (self.build.mod_files.clone(), !self.build.vendored);
        let inputs = Inputs {
            mod_files,
            module_cache,
            files,
            ..Inputs::default()
        };
        let title = "compile std and third-party packages".to_owned();
        let kind = StepKind::Deps(vec![Part {
            packages,
            reach: Vec::new(),
            roots: Vec::new(),
        }]);
        let deps = Results {
            step: self.push("deps".to_owned(), title, kind, inputs.clone()),
            part: 0,
        };
        self.links(&[], |planner, program| Inputs {
            files: program.closure.files(&planner.build.packages),
            results: vec![deps],
            ..inputs.clone()
        })
    }

    fn resolve_step(&mut self) {
        let vendor = self.build.vendored.then(|| self.build.dir.child("vendor"));
        let mod_files = self.build.mod_files.clone();
        let inputs = Inputs {
            mod_files,
            files: vendor.into_iter().collect(),
            ..Inputs::default()
        };
        let kind = StepKind::Resolve(self.build.request.clone());
        self.push(
            "resolve".to_owned(),
            self.build.resolve_title().to_owned(),
            kind,
            inputs,
        );
    }

    pub(super) fn part(
        &self,
        reach: impl IntoIterator<Item = usize>,
        packages: impl Iterator<Item = ImportPath>,
    ) -> Part {
        let mut packages: Vec<ImportPath> = packages.collect();
        let mut holders: BTreeSet<&ImageName> = BTreeSet::new();
        for program in reach {
            holders.extend(&self.programs[program].holders);
        }
        packages.sort();
        Part {
            packages,
            reach: holders.into_iter().cloned().collect(),
            roots: Vec::new(),
        }
    }

    /// How many images hold programs of the build.
    pub(super) fn image_count(&self) -> usize {
        let holders = self.programs.iter().flat_map(|program| &program.holders);
        holders.collect::<BTreeSet<_>>().len()
    }

    /// The links. Beside their mains they compile those that are `exclusive`, if there are any. What
    /// `inputs` says a link has of its own is what it compiles from outside of the repository.
    fn links(
        &mut self,
        exclusive: &[BTreeSet<PackageIx>],
        inputs: impl Fn(&Self, &Program<'_>) -> Inputs,
    ) -> Vec<Made> {
        let mut made = Vec::new();
        for number in 0..self.programs.len() {
            let program = &self.programs[number];
            let mut inputs = inputs(self, program);
            inputs.sealed = None;
            inputs.mod_files = self.build.mod_files.clone();
            inputs.module_cache = !self.build.vendored;
            let exclusive = exclusive.get(number).into_iter().flatten().copied();
            let compiled: Vec<PackageIx> = exclusive.chain([program.main]).collect();
            let own = self.own(compiled.iter().copied());
            inputs.own.files.extend(own.files);
            inputs
                .own
                .files
                .extend(self.build.mod_files.iter().cloned());
            if program.link.buildvcs {
                let root = &self.build.root_mod_file;
                inputs.files.extend(root.iter().cloned());
                inputs.own.files.extend(root.iter().cloned());
            }
            let mut link = program.link.clone();
            let path = |ix: PackageIx| self.build.packages.get(ix).path.clone();
            link.compiles = compiled.into_iter().map(path).collect();
            link.compiles.sort();
            let kind = StepKind::Link(link);
            let (name, title) = program.step_names();
            let step = self.push(name, title, kind, inputs);
            made.push(self.programs[number].made(self.ix, step));
        }
        made
    }

    /// Adds a step. Builds beyond the first have their number in the step's name, so that names are
    /// unique.
    pub(super) fn push(
        &mut self,
        name: String,
        title: String,
        kind: StepKind,
        inputs: Inputs,
    ) -> StepIx {
        let several = self.outline.builds.len() > 1;
        let name = StepName::new(if several {
            format!("{}/{name}", self.ix.0)
        } else {
            name
        });
        let title = titles::in_build(title, self.build, several, !kind.parts().is_empty());
        self.steps.push(Step {
            name,
            title,
            build: self.ix,
            kind,
            inputs,
        });
        StepIx(self.steps.len() - 1)
    }
}

/// A part of a step, and its nodes.
pub(super) type Cut = (Part, BTreeSet<usize>);

/// Parts in the order of their first packages, which stays when other images reach them.
pub(super) fn in_order(mut cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.sort_by(|(a, _), (b, _)| a.packages.cmp(&b.packages));
    cuts
}

/// Notes where the results of each node are that `key` gives a key.
pub(super) fn note<K: Ord>(
    made: &mut BTreeMap<K, Results>,
    step: StepIx,
    cuts: &[Cut],
    key: impl Fn(usize) -> Option<K>,
) {
    for (part, (_, nodes)) in cuts.iter().enumerate() {
        made.extend(
            nodes
                .iter()
                .filter_map(|&node| Some((key(node)?, Results { step, part }))),
        );
    }
}
