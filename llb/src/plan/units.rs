//! Units: the steps that compile the repository's packages, and with them third-party packages that
//! import such.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::fold::fold;
use super::partition::{self, Node, Part as Cluster};
use super::planner::{BuildPlanner, Cut, Resolved, in_order, note};
use super::price::Folding;
use super::step::{Inputs, Part, StepKind};
use super::titles;
use crate::config::Cache;
use crate::gomod::ImportPath;
use crate::packages::{self, PackageIx};

/// The most steps that the repository's packages are compiled in, or one for each image where these
/// are more.
const MAX_UNITS: usize = 12;

/// An image may wait for packages of others in these steps that weigh this share of its work.
const OWN_SHARE: u64 = 12;

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
        let (mut own, mut mixed) = (BTreeSet::new(), BTreeSet::new());
        for &node in nodes {
            own.extend(self.own(node));
            mixed.extend(self.mixed(node));
        }
        (own, mixed)
    }

    /// The package of the repository that a node stands for, if it does.
    fn own(&self, node: usize) -> Option<PackageIx> {
        (node < self.own).then_some(PackageIx(node))
    }

    /// The third-party package that a node stands for, if it does.
    fn mixed(&self, node: usize) -> Option<usize> {
        let at = node.checked_sub(self.own)?;
        Some(self.mixed[at])
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
    /// Divides the repository's packages into parts, folds the parts into steps, and adds these.
    pub(super) fn unit_steps(&mut self, resolved: &mut Resolved<'_>) {
        let nodes = Nodes {
            own: self.build.packages.len(),
            mixed: resolved.mixed.iter().copied().collect(),
        };
        let mut all = self.own_nodes(&nodes, resolved);
        all.extend(self.mixed_nodes(&nodes, resolved));
        let partition = partition::parts(&all);
        let mut held = Vec::new();
        for reached in &resolved.reached {
            held.push(resolved.third_party.bits(reached));
        }
        let sizes = resolved.third_party.sizes();
        let budgets = self.budgets(resolved);
        let folding = Folding {
            held: &held,
            sizes: &sizes,
            bound: self.most_units(),
            cold: COLD,
            budgets: &budgets,
        };
        for step in fold(&partition, folding) {
            let clusters: Vec<&Cluster> = step.into_iter().map(|part| &partition[part]).collect();
            self.unit_step(resolved, &nodes, &clusters);
        }
    }

    /// What each image may wait for of other images' packages, in bytes of source. In one step, as
    /// with a cache mount, it waits for all.
    fn budgets(&self, resolved: &Resolved<'_>) -> Vec<u64> {
        let budget = |work: &u64| {
            if self.cache == Cache::Mount {
                u64::MAX
            } else {
                work / OWN_SHARE
            }
        };
        resolved.works.iter().map(budget).collect()
    }

    /// The most steps that the repository's packages are compiled in.
    fn most_units(&self) -> usize {
        // What is found package by package need not be cut: a step that runs again compiles what
        // changed, and has one price.
        if self.cache == Cache::Mount {
            1
        } else {
            self.programs.len().max(MAX_UNITS)
        }
    }

    /// A step that compiles some clusters.
    fn unit_step(&mut self, resolved: &mut Resolved<'_>, nodes: &Nodes, clusters: &[&Cluster]) {
        let cuts = self.unit_parts(resolved, nodes, clusters);
        let (own, mixed) = nodes.packages(cuts.iter().flat_map(|(_, nodes)| nodes));
        let inputs = self.unit_inputs(resolved, &own, &mixed);
        let parts: Vec<Part> = cuts.iter().map(|(part, _)| part.clone()).collect();
        let (name, title) = titles::unit(self.build, &own, &parts, self.image_count());
        let step = self.push(name, title, StepKind::Unit(parts), inputs);
        note(&mut resolved.own, step, &cuts, |node| nodes.own(node));
        note(&mut resolved.outside, step, &cuts, |node| nodes.mixed(node));
    }

    /// The parts of a step: the packages of all clusters that the same images reach are one part.
    fn unit_parts(
        &self,
        resolved: &Resolved<'_>,
        nodes: &Nodes,
        clusters: &[&Cluster],
    ) -> Vec<Cut> {
        let mut by_reach: BTreeMap<Vec<usize>, BTreeSet<usize>> = BTreeMap::new();
        for cluster in clusters {
            let reach = cluster.reach.ones().collect();
            by_reach.entry(reach).or_default().extend(&cluster.nodes);
        }
        let mut cuts = Vec::new();
        for (reach, found) in by_reach {
            let (own, mixed) = nodes.packages(&found);
            let own = own.iter().map(|&ix| &self.build.packages.get(ix).path);
            let mixed = mixed.iter().map(|&ix| &resolved.third_party.get(ix).path);
            let part = self.part(reach, own.chain(mixed).cloned());
            cuts.push((part, found));
        }
        in_order(cuts)
    }

    /// What a step reads that compiles these packages: those of the repository, and third-party ones
    /// that import such.
    fn unit_inputs(
        &self,
        resolved: &Resolved<'_>,
        own: &BTreeSet<PackageIx>,
        mixed: &BTreeSet<usize>,
    ) -> Inputs {
        let (graph, third_party) = (&self.build.packages, &resolved.third_party);
        let below = third_party.returns(mixed, graph);
        let closure = packages::closure(graph, own.iter().copied().chain(below));
        let mut outside = third_party.reached(&closure.outside(graph));
        outside.extend(third_party.closure(mixed.iter().copied()));
        let mut inputs = self.inputs_of(resolved, &closure, &outside);
        inputs.own = self.own_outside(resolved, mixed.iter().copied());
        inputs.own.files.extend(self.own(own.iter().copied()).files);
        inputs
    }

    /// The repository's packages. An edit is as likely as its package is large.
    fn own_nodes(&self, nodes: &Nodes, resolved: &Resolved<'_>) -> Vec<Node> {
        let third_party = &resolved.third_party;
        let exclusive: BTreeSet<PackageIx> = resolved.exclusive.iter().flatten().copied().collect();
        // What an import from outside needs, by its path: many packages import the same.
        let mut needed: BTreeMap<&ImportPath, FixedBitSet> = BTreeMap::new();
        let mut all = Vec::new();
        for (ix, package) in self.build.packages.iter() {
            let mut imports = Vec::new();
            let mut outside = FixedBitSet::new();
            for import in &package.imports {
                imports.extend(import.package.map(|imported| imported.0));
            }
            for import in package.outside() {
                let found = third_party.find(&import.path);
                imports.extend(found.and_then(|ix| nodes.of_third_party(ix)));
                let packages = needed
                    .entry(&import.path)
                    .or_insert_with(|| third_party.bits(&third_party.reached([&import.path])));
                outside.union_with(packages);
            }
            // Mains are in no step of these: their links compile them. So are packages that links
            // compile beside them.
            let is_linked = package.name == "main" || exclusive.contains(&ix);
            all.push(Node {
                module: package.module.0,
                reach: self
                    .reach(|program| !is_linked && self.programs[program].closure.contains(ix)),
                imports,
                outside,
                size: package.size,
                weight: package.size,
            });
        }
        all
    }

    /// Third-party packages that import packages of the repository. They are not edited.
    fn mixed_nodes(&self, nodes: &Nodes, resolved: &Resolved<'_>) -> Vec<Node> {
        let third_party = &resolved.third_party;
        let mut all = Vec::new();
        for &ix in &nodes.mixed {
            let package = third_party.get(ix);
            let mut imports = Vec::new();
            for path in &package.imports {
                imports.extend(match third_party.find(path) {
                    Some(imported) => nodes.of_third_party(imported),
                    None => self.build.packages.find(path).map(|own| own.0),
                });
            }
            all.push(Node {
                // Modules of the repository count from the other end.
                module: usize::MAX - package.module.unwrap_or_default(),
                reach: self.reach(|program| resolved.reached[program].contains(&ix)),
                imports,
                outside: third_party.bits(&third_party.closure([ix])),
                size: package.size,
                weight: 0,
            });
        }
        all
    }

    /// The programs for which `reaches` holds.
    fn reach(&self, reaches: impl Fn(usize) -> bool) -> FixedBitSet {
        let mut programs = FixedBitSet::with_capacity(self.programs.len());
        for program in 0..self.programs.len() {
            programs.set(program, reaches(program));
        }
        programs
    }
}
