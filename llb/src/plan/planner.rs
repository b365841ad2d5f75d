//! The second phase: steps.

use std::collections::{BTreeMap, BTreeSet};

use super::early::{BULK, bulk_name, bulk_part};
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
    /// Results of std and third-party packages.
    pub(super) outside: BTreeMap<usize, Results>,
    /// Results of the repository's packages.
    pub(super) own: BTreeMap<PackageIx, Results>,
}

impl Resolved<'_> {
    /// What some image reaches of std and third-party packages.
    fn reached_by_any(&self) -> BTreeSet<usize> {
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
        let reached = self
            .images
            .iter()
            .map(|(_, closure)| third_party.reached(&closure.linked(&self.build.packages)))
            .collect();
        let mixed = third_party.mixed(&self.build.packages);
        let mut resolved = Resolved {
            third_party,
            sealer,
            mixed,
            reached,
            outside: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        self.resolve_step();
        self.std_steps(&mut resolved);
        self.deps_steps(&mut resolved);
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
            root: None,
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

    /// std in three steps: [`BULK`] and all that it needs, where an image reaches that; what else
    /// third-party packages reach; and what only the repository itself does. The first depends on
    /// the Go version and the flags alone, the second on the third-party packages: so an
    /// import of one more package of std compiles the last step again, which is little, and nothing
    /// that third-party packages are made of.
    fn std_steps(&mut self, resolved: &mut Resolved<'_>) {
        let cut = self.std_cut(resolved);
        if !cut.bulk.is_empty() {
            let part = bulk_part(self.outside_part(resolved, &cut.bulk));
            let parts = vec![(part, cut.bulk)];
            self.std_step(resolved, bulk_name(), titles::std_of(BULK), parts);
        }
        let has_theirs = !cut.theirs.is_empty();
        for (name, nodes) in [("std:third-party", cut.theirs), ("std", cut.rest)] {
            if nodes.is_empty() {
                continue;
            }
            let title = titles::std(nodes.len(), name == "std" && has_theirs);
            // A part for each: which images reach which of them changes with every new import.
            let each = nodes.into_iter().map(|ix| BTreeSet::from([ix])).collect();
            let parts = self.outside_parts(resolved, each);
            self.std_step(resolved, name.to_owned(), title, parts);
        }
    }

    /// Which packages of std each of the three steps compiles.
    fn std_cut(&self, resolved: &Resolved<'_>) -> StdCut {
        let third_party = &resolved.third_party;
        let mut cut = StdCut::default();
        let mut others = Vec::new();
        for ix in resolved.reached_by_any() {
            if !third_party.get(ix).is_std() {
                others.push(ix);
            } else if third_party.is_std(ix) {
                cut.rest.insert(ix);
            }
        }
        // What is found package by package need not be cut.
        if self.cache == Cache::Mount {
            return cut;
        }
        let is_bulk = |ix: &usize| third_party.get(*ix).path == BULK;
        let bulk = cut.rest.iter().copied().find(is_bulk);
        cut.bulk = take(&mut cut.rest, &third_party.closure(bulk));
        cut.theirs = take(&mut cut.rest, &third_party.closure(others));
        cut
    }

    /// A step for packages of std, each part with its nodes.
    fn std_step(
        &mut self,
        resolved: &mut Resolved<'_>,
        name: String,
        title: String,
        parts: Vec<Cut>,
    ) {
        let needed = resolved
            .third_party
            .closure(parts.iter().flat_map(|(_, nodes)| nodes).copied());
        let results: BTreeSet<Results> = needed
            .iter()
            .filter_map(|ix| resolved.outside.get(ix))
            .copied()
            .collect();
        let inputs = Inputs {
            files: self.profile(),
            results: results.into_iter().collect(),
            own: self.own([]),
            ..Inputs::default()
        };
        let made = self.push(
            name,
            title,
            StepKind::Std(parts.iter().map(|(part, _)| part.clone()).collect()),
            inputs,
        );
        note(&mut resolved.outside, made, &parts, Some);
    }

    fn deps_steps(&mut self, resolved: &mut Resolved<'_>) {
        let before = resolved
            .reached_by_any()
            .difference(&resolved.mixed)
            .copied()
            .collect();
        let steps = resolved
            .third_party
            .steps(&before, self.cache == Cache::Mount);
        let is_only = steps.len() == 1;
        for step in steps {
            let cuts = self.outside_parts(resolved, step);
            let compiled: BTreeSet<usize> =
                cuts.iter().flat_map(|(_, nodes)| nodes).copied().collect();
            let closure = resolved.third_party.closure(compiled.iter().copied());
            let mut inputs = self.inputs_of(resolved, &PackageSet::default(), &closure);
            inputs.own = self.own_outside(resolved, compiled.into_iter());
            let parts: Vec<Part> = cuts.iter().map(|(part, _)| part.clone()).collect();
            let (name, title) = titles::deps(&parts, is_only, self.images.len());
            let made = self.push(name, title, StepKind::Deps(parts), inputs);
            note(&mut resolved.outside, made, &cuts, Some);
        }
    }

    /// The parts of a step for packages from outside, in order.
    fn outside_parts(&self, resolved: &Resolved<'_>, parts: Vec<BTreeSet<usize>>) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for nodes in parts {
            cuts.push((self.outside_part(resolved, &nodes), nodes));
        }
        in_order(cuts)
    }

    /// Packages from outside, with the images that reach one of them or more.
    fn outside_part(&self, resolved: &Resolved<'_>, nodes: &BTreeSet<usize>) -> Part {
        let images = 0..self.images.len();
        let reach = images.filter(|&image| !resolved.reached[image].is_disjoint(nodes));
        let paths = nodes.iter().map(|&ix| &resolved.third_party.get(ix).path);
        self.part(reach, paths.cloned())
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
            root: None,
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

/// Packages of std by the step that compiles them.
#[derive(Default)]
struct StdCut {
    /// [`BULK`] and all that it needs.
    bulk: BTreeSet<usize>,
    /// What else third-party packages need.
    theirs: BTreeSet<usize>,
    /// What only the repository needs.
    rest: BTreeSet<usize>,
}

/// Takes the `wanted` ones out of `from`.
fn take(from: &mut BTreeSet<usize>, wanted: &BTreeSet<usize>) -> BTreeSet<usize> {
    from.extract_if(.., |ix| wanted.contains(ix)).collect()
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
