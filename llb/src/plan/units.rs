//! Packages to units: what is compiled together in one step.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::packages::{PackageIx, PackageSet, Packages};
use crate::workspace::ModuleIx;

/// Packages that are compiled in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    /// Its packages.
    pub(super) packages: BTreeSet<PackageIx>,
    /// The images that reach them, by index.
    pub(super) reach: BTreeSet<usize>,
    /// The units whose packages it imports, directly or not: indexes of earlier ones.
    pub(super) needs: BTreeSet<usize>,
}

/// Cuts the packages that `images` (each the closure of one main) reach into units, each after those it needs: the packages of one module that
/// are reached by exactly the same images, so that an edit compiles nothing for an image that does not hold it. Mains belong to no unit:
/// the link step compiles them.
///
/// If p imports q, whatever reaches p reaches q. So circles between such groups (modules may require each other both ways, packages may not)
/// lie within one reach set, and are merged.
pub(super) fn units(packages: &Packages, images: &[PackageSet]) -> Vec<Unit> {
    let mut reach: BTreeMap<PackageIx, BTreeSet<usize>> = BTreeMap::new();
    for (image, set) in images.iter().enumerate() {
        for ix in set.iter().filter(|&ix| packages.get(ix).name != "main") {
            reach.entry(ix).or_default().insert(image);
        }
    }
    let mut groups: BTreeMap<(ModuleIx, BTreeSet<usize>), BTreeSet<PackageIx>> = BTreeMap::new();
    for (ix, images) in reach {
        groups.entry((packages.get(ix).module, images)).or_default().insert(ix);
    }
    let groups: Vec<(BTreeSet<usize>, BTreeSet<PackageIx>)> =
        groups.into_iter().map(|((_, images), members)| (images, members)).collect();
    condense(packages, &groups)
}

/// Merges circles, and orders the units so that each follows what it needs.
fn condense(packages: &Packages, groups: &[(BTreeSet<usize>, BTreeSet<PackageIx>)]) -> Vec<Unit> {
    let group_of: BTreeMap<PackageIx, usize> =
        groups.iter().enumerate().flat_map(|(group, (_, members))| members.iter().map(move |&ix| (ix, group))).collect();
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<NodeIndex> = groups.iter().map(|_| graph.add_node(())).collect();
    for (group, (_, members)) in groups.iter().enumerate() {
        let imported: BTreeSet<usize> =
            members.iter().flat_map(|&ix| packages.get(ix).inside()).filter_map(|ix| group_of.get(&ix).copied()).collect();
        for other in imported.into_iter().filter(|&other| other != group) {
            graph.add_edge(nodes[group], nodes[other], ());
        }
    }
    // Components come with what they point at first.
    let mut units: Vec<Unit> = Vec::new();
    let mut unit_of: BTreeMap<usize, usize> = BTreeMap::new();
    for component in tarjan_scc(&graph) {
        let members: Vec<usize> = component.iter().map(|node| node.index()).collect();
        let mut needs = BTreeSet::new();
        for node in &component {
            for other in graph.neighbors(*node).filter_map(|node| unit_of.get(&node.index()).copied()) {
                needs.insert(other);
                needs.extend(&units[other].needs);
            }
        }
        for &member in &members {
            unit_of.insert(member, units.len());
        }
        let reach = members.first().map(|&member| groups[member].0.clone()).unwrap_or_default();
        let packages = members.iter().flat_map(|&member| groups[member].1.iter().copied()).collect();
        units.push(Unit { packages, reach, needs });
    }
    units
}
