//! Units: the steps that compile the repository's packages, and with them third-party packages that
//! import such.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::fold::{Folding, fold};
use super::partition::{self, Node, Part as Cluster};
use super::planner::{BuildPlanner, Cut, Resolved, in_order, note};
use super::step::{Part, StepKind};
use super::third_party::ThirdParty;
use super::titles;
use crate::config::Cache;
use crate::packages::{self, PackageIx};

/// The most steps that the repository's packages are compiled in, or one for each image where these
/// are more.
const MAX_UNITS: usize = 12;

/// Share of builds that find no results of the repository's packages, per mille.
const COLD: u64 = 20;

/// The nodes of the partition: the repository's packages by their indexes, then third-party
/// packages that import some.
struct Nodes {
    own: usize,
    mixed: Vec<usize>,
}

impl Nodes {
    /// The packages among `nodes`: the repository's, and third-party ones.
    fn packages<'n>(
        &self,
        nodes: impl IntoIterator<Item = &'n usize>,
    ) -> (BTreeSet<PackageIx>, BTreeSet<usize>) {
        let (own, mixed): (BTreeSet<usize>, BTreeSet<usize>) =
            nodes.into_iter().partition(|&&node| node < self.own);
        (
            own.into_iter().map(PackageIx).collect(),
            mixed
                .into_iter()
                .map(|node| self.mixed[node - self.own])
                .collect(),
        )
    }

    /// The node of a third-party package, if it has one.
    fn of_third_party(&self, package: usize) -> Option<usize> {
        self.mixed
            .binary_search(&package)
            .ok()
            .map(|at| self.own + at)
    }
}

impl BuildPlanner<'_> {
    pub(super) fn unit_steps(&mut self, resolved: &mut Resolved<'_>) {
        // What is found package by package need not be cut: a step that runs again compiles what
        // changed, and has one price.
        let bound = if self.cache == Cache::Mount {
            1
        } else {
            self.images.len().max(MAX_UNITS)
        };
        let held: Vec<FixedBitSet> = resolved
            .reached
            .iter()
            .map(|reached| resolved.third_party.bits(reached))
            .collect();
        let sizes = resolved.third_party.sizes();
        let folding = Folding {
            held: &held,
            sizes: &sizes,
            bound,
            cold: COLD,
        };
        let nodes = Nodes {
            own: self.build.packages.len(),
            mixed: resolved.mixed.iter().copied().collect(),
        };
        let mut all = self.own_nodes(&nodes, &resolved.third_party);
        all.extend(self.mixed_nodes(&nodes, resolved));
        let partition = partition::parts(&all);
        for step in fold(&partition, folding) {
            self.unit_step(
                resolved,
                &nodes,
                step.into_iter().map(|part| &partition[part]),
            );
        }
    }

    /// A step that compiles some parts. Those for the same images are one part of the step.
    fn unit_step<'p>(
        &mut self,
        resolved: &mut Resolved<'_>,
        nodes: &Nodes,
        parts: impl Iterator<Item = &'p Cluster>,
    ) {
        let (graph, third_party) = (&self.build.packages, &resolved.third_party);
        let mut by_reach: BTreeMap<Vec<usize>, BTreeSet<usize>> = BTreeMap::new();
        for part in parts {
            by_reach
                .entry(part.reach.ones().collect())
                .or_default()
                .extend(&part.nodes);
        }
        let cut = |(reach, of): (Vec<usize>, BTreeSet<usize>)| {
            let (own, mixed) = nodes.packages(&of);
            let own = own.into_iter().map(|ix| graph.get(ix).path.clone());
            (
                self.part(
                    reach,
                    own.chain(mixed.into_iter().map(|ix| third_party.get(ix).path.clone())),
                ),
                of,
            )
        };
        let cuts: Vec<Cut> = in_order(by_reach.into_iter().map(cut).collect());
        let (own, mixed) = nodes.packages(cuts.iter().flat_map(|(_, nodes)| nodes));
        let below = third_party.returns(&mixed, graph);
        let closure = packages::closure(graph, own.iter().copied().chain(below));
        let mut outside = third_party.reached(&closure.outside(graph));
        outside.extend(third_party.closure(mixed.iter().copied()));
        let mut inputs = self.inputs_of(resolved, &closure, &outside);
        inputs.own = self.own_outside(resolved, mixed.iter().copied());
        inputs.own.files.extend(self.own(own.iter().copied()).files);
        let parts: Vec<Part> = cuts.iter().map(|(part, _)| part.clone()).collect();
        let (name, title) = titles::unit(self.build, &own, &parts, self.images.len());
        let step = self.push(name, title, StepKind::Unit(parts), inputs);
        let is_own = |node: &usize| *node < nodes.own;
        note(&mut resolved.own, step, &cuts, |node| {
            is_own(&node).then_some(PackageIx(node))
        });
        note(&mut resolved.outside, step, &cuts, |node| {
            (!is_own(&node)).then(|| nodes.mixed[node - nodes.own])
        });
    }

    /// The repository's packages that are no mains: those the link steps compile. An edit is as
    /// likely as its package is large.
    fn own_nodes(&self, nodes: &Nodes, third_party: &ThirdParty<'_>) -> Vec<Node> {
        let graph = &self.build.packages;
        let mut reached: BTreeMap<String, FixedBitSet> = BTreeMap::new();
        let node = |(ix, package): (PackageIx, &packages::Package)| {
            let mut reach = FixedBitSet::with_capacity(self.images.len());
            if package.name != "main" {
                reach.extend(
                    (0..self.images.len()).filter(|&image| self.images[image].1.contains(ix)),
                );
            }
            let mut imports: Vec<usize> = package
                .imports
                .iter()
                .filter_map(|import| Some(import.package?.0))
                .collect();
            let mut outside = FixedBitSet::new();
            for packages::Import { path, .. } in package.outside() {
                imports.extend(
                    third_party
                        .find(path)
                        .and_then(|ix| nodes.of_third_party(ix)),
                );
                let packages = reached.entry(path.clone());
                outside.union_with(
                    packages.or_insert_with(|| third_party.bits(&third_party.reached([path]))),
                );
            }
            Node {
                module: package.module.0,
                reach,
                imports,
                outside,
                size: package.size,
                weight: package.size,
            }
        };
        graph.iter().map(node).collect()
    }

    /// Third-party packages that import packages of the repository. Nobody edits them.
    fn mixed_nodes(&self, nodes: &Nodes, resolved: &Resolved<'_>) -> Vec<Node> {
        let (graph, third_party) = (&self.build.packages, &resolved.third_party);
        let node = |&ix: &usize| {
            let package = third_party.get(ix);
            let mut reach = FixedBitSet::with_capacity(self.images.len());
            reach.extend(
                (0..self.images.len()).filter(|&image| resolved.reached[image].contains(&ix)),
            );
            let node_of = |path: &String| match third_party.find(path) {
                Some(ix) => nodes.of_third_party(ix),
                None => graph.find(path).map(|ix| ix.0),
            };
            Node {
                // Modules of the repository count from the other end.
                module: usize::MAX - package.module.unwrap_or_default(),
                reach,
                imports: package.imports.iter().filter_map(node_of).collect(),
                outside: third_party.bits(&third_party.closure([ix])),
                size: package.size,
                weight: 0,
            }
        };
        nodes.mixed.iter().map(node).collect()
    }
}
