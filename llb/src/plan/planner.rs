//! The second phase: steps.

use std::collections::{BTreeMap, BTreeSet};

use super::families::work;
use super::outline::{Build, BuildIx, Outline, OutlineImage};
use super::sealed::Sealer;
use super::step::{Image, Inputs, Link, Part, Plan, Results, Step, StepIx, StepKind, StepName};
use super::third_party::ThirdParty;
use super::titles;
use crate::config::{Cache, ImageName};
use crate::gomod::ImportPath;
use crate::packages::{self, PackageIx, PackageSet};
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
        plan.images.extend(match resolution {
            Some(resolution) => planner.resolved(resolution),
            None => planner.unresolved(),
        });
    }
    plan.images.sort_by(|a, b| a.name.cmp(&b.name));
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
    /// Its images, and what each is made of.
    pub(super) images: Vec<(&'a OutlineImage, PackageSet)>,
    steps: &'a mut Vec<Step>,
}

/// What the go command chose for a build, and where its compile results are.
pub(super) struct Resolved<'a> {
    pub(super) third_party: ThirdParty<'a>,
    pub(super) sealer: Option<Sealer<'a>>,
    /// Third-party packages that import packages of the repository: they are compiled among these.
    pub(super) mixed: BTreeSet<usize>,
    /// What each image reaches of std and third-party packages.
    pub(super) reached: Vec<BTreeSet<usize>>,
    /// The work that each image is, by weight.
    pub(super) works: Vec<u64>,
    /// Results of std and third-party packages.
    pub(super) outside: BTreeMap<usize, Results>,
    /// Results of the repository's packages.
    pub(super) own: BTreeMap<PackageIx, Results>,
}

impl Resolved<'_> {
    /// What some image reaches of std and third-party packages.
    pub(super) fn reached_by_any(&self) -> BTreeSet<usize> {
        self.reached.iter().flatten().copied().collect()
    }
}

impl<'a> BuildPlanner<'a> {
    fn new(outline: &'a Outline, ix: BuildIx, cache: Cache, steps: &'a mut Vec<Step>) -> Self {
        let build = &outline.builds[ix.0];
        let images = outline.images.iter().filter(|image| image.build == ix);
        let images = images
            .map(|image| (image, packages::closure(&build.packages, [image.main])))
            .collect();
        Self {
            outline,
            ix,
            build,
            cache,
            images,
            steps,
        }
    }

    fn resolved(&mut self, resolution: &'a Resolution) -> Vec<Image> {
        let third_party = ThirdParty::new(resolution);
        let sealer = Sealer::new(self.build, resolution);
        let (mut reached, mut works) = (Vec::new(), Vec::new());
        for (_, closure) in &self.images {
            let of_image = third_party.reached(&closure.linked(&self.build.packages));
            let own = closure.size(&self.build.packages);
            works.push(work(&third_party, &of_image, own));
            reached.push(of_image);
        }
        let mixed = third_party.mixed(&self.build.packages);
        let mut resolved = Resolved {
            third_party,
            sealer,
            mixed,
            reached,
            works,
            outside: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        self.resolve_step();
        self.outside_steps(&mut resolved);
        self.unit_steps(&mut resolved);
        self.links(|planner, closure| {
            let imports = closure.linked(&planner.build.packages);
            planner.inputs(&resolved, closure, &imports)
        })
    }

    /// Without a resolution: one step that compiles what the sources import from outside, and so
    /// what that needs.
    fn unresolved(&mut self) -> Vec<Image> {
        let packages = self.build.request.packages.clone();
        let graph = &self.build.packages;
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
        self.links(|planner, closure| Inputs {
            files: closure.files(&planner.build.packages),
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
        let mut reach: Vec<ImageName> = reach
            .into_iter()
            .map(|image| self.images[image].0.config.name.clone())
            .collect();
        packages.sort();
        reach.sort();
        Part {
            packages,
            reach,
            roots: Vec::new(),
        }
    }

    fn links(&mut self, inputs: impl Fn(&Self, &PackageSet) -> Inputs) -> Vec<Image> {
        let mut made = Vec::new();
        for number in 0..self.images.len() {
            let (image, closure) = &self.images[number];
            let image = *image;
            let main = self.build.packages.get(image.main);
            let mut inputs = inputs(self, closure);
            inputs.sealed = None;
            inputs.mod_files = self.build.mod_files.clone();
            inputs.module_cache = !self.build.vendored;
            let kind = StepKind::Link(Link {
                package: main.path.clone(),
                binary: image.binary.clone(),
                ldflags: image.config.ldflags.clone(),
            });
            inputs.own = self.own([image.main]);
            inputs
                .own
                .files
                .extend(self.build.mod_files.iter().cloned());
            let name = &image.config.name;
            let link = self.push(format!("link:{name}"), format!("link {name}"), kind, inputs);
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
