//! Steps for what is outside the repository: std and third-party packages.

use std::collections::BTreeSet;

use super::deps;
use super::early::{BULK, EARLY, Reach};
use super::planner::{BuildPlanner, Cut, Resolved, in_order, note};
use super::step::{Inputs, Part, Results, StepKind};
use super::titles;
use crate::config::Cache;
use crate::packages::PackageSet;

impl BuildPlanner<'_> {
    /// Compiles std and third-party packages. What is found package by package need not be cut.
    pub(super) fn outside_steps(&mut self, resolved: &mut Resolved<'_>) {
        self.std_steps(resolved);
        self.deps_steps(resolved);
    }

    fn deps_steps(&mut self, resolved: &mut Resolved<'_>) {
        let wanted = resolved
            .reached_by_any()
            .difference(&resolved.mixed)
            .copied()
            .collect();
        let works = resolved.works.iter().copied();
        let images: Vec<(&BTreeSet<usize>, u64)> = resolved.reached.iter().zip(works).collect();
        let one = self.cache == Cache::Mount;
        let steps = deps::steps(&resolved.third_party, &wanted, &images, one);
        let is_only = steps.len() == 1;
        for step in steps {
            self.deps_step(resolved, step, is_only);
        }
    }

    /// std in four steps: the core, where third-party packages or [`BULK`] are reached; [`BULK`]
    /// and what else it needs, where it is reached; what else third-party packages reach; and what
    /// only the repository itself does. The first two depend on the Go version and the flags alone,
    /// the third on the third-party packages: so an import of one more package of std compiles the
    /// last step again, which is little, and nothing that third-party packages are made of.
    fn std_steps(&mut self, resolved: &mut Resolved<'_>) {
        let cut = self.std_cut(resolved);
        for (early, packages) in EARLY.iter().zip(cut.early) {
            if !packages.is_empty() {
                let part = early.part(self.outside_part(resolved, &packages));
                let (name, title) = (early.name.to_owned(), early.title.to_owned());
                self.std_step(resolved, name, title, vec![(part, packages)]);
            }
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

    /// Which packages of std each step compiles.
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
        let reach = Reach::of(cut.rest.iter().any(is_bulk), !others.is_empty());
        for (early, packages) in EARLY.iter().zip(&mut cut.early) {
            if !early.is_needed(reach) {
                continue;
            }
            let is_root = |ix: &usize| early.roots.contains(&third_party.get(*ix).path.as_str());
            let roots = third_party.closure(cut.rest.iter().copied().filter(is_root));
            *packages = take(&mut cut.rest, &roots);
        }
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

    fn deps_step(
        &mut self,
        resolved: &mut Resolved<'_>,
        parts: Vec<BTreeSet<usize>>,
        is_only: bool,
    ) {
        let cuts = self.outside_parts(resolved, parts);
        let nodes: BTreeSet<usize> = cuts.iter().flat_map(|(_, nodes)| nodes).copied().collect();
        let closure = resolved.third_party.closure(nodes.iter().copied());
        let mut inputs = self.inputs_of(resolved, &PackageSet::default(), &closure);
        inputs.own = self.own_outside(resolved, nodes.into_iter());
        let parts: Vec<Part> = cuts.iter().map(|(part, _)| part.clone()).collect();
        let (name, title) = titles::deps(&parts, is_only, self.image_count());
        let made = self.push(name, title, StepKind::Deps(parts), inputs);
        note(&mut resolved.outside, made, &cuts, Some);
    }

    /// The parts of a step for packages from outside, in order.
    fn outside_parts(&self, resolved: &Resolved<'_>, parts: Vec<BTreeSet<usize>>) -> Vec<Cut> {
        let mut cuts = Vec::new();
        for nodes in parts {
            cuts.push((self.outside_part(resolved, &nodes), nodes));
        }
        in_order(cuts)
    }

    /// Packages from outside, with the images whose programs reach one of them or more.
    fn outside_part(&self, resolved: &Resolved<'_>, nodes: &BTreeSet<usize>) -> Part {
        let programs = 0..self.programs.len();
        let reach = programs.filter(|&program| !resolved.reached[program].is_disjoint(nodes));
        let paths = nodes.iter().map(|&ix| &resolved.third_party.get(ix).path);
        self.part(reach, paths.cloned())
    }
}

/// What each of the steps of std compiles.
#[derive(Default)]
struct StdCut {
    /// What the [`EARLY`] steps do.
    early: [BTreeSet<usize>; EARLY.len()],
    /// What else third-party packages need.
    theirs: BTreeSet<usize>,
    /// What only the repository needs.
    rest: BTreeSet<usize>,
}

/// Takes the `wanted` ones out of `from`.
fn take(from: &mut BTreeSet<usize>, wanted: &BTreeSet<usize>) -> BTreeSet<usize> {
    from.extract_if(.., |ix| wanted.contains(ix)).collect()
}
