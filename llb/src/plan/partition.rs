//! Packages to parts: what always changes hands together. Owns the cut; not how parts are folded
//! into steps.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// A package to be partitioned, the repository's own or a third-party one.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// What it is never cut from while it is reached by the same: its module, or a share of one.
    pub(super) module: usize,
    /// The images that reach it. Which these are does not count for third-party packages, only
    /// whether there are any.
    pub(super) reach: FixedBitSet,
    /// The nodes it imports.
    pub(super) imports: Vec<usize>,
    /// For a package of the repository, the third-party packages that it imports by itself, and
    /// what these import, directly or not.
    pub(super) outside: FixedBitSet,
    /// Bytes of its sources.
    pub(super) size: u64,
    /// How often it is edited, without a unit: only the share among such nodes counts.
    pub(super) weight: u64,
}

/// Packages of one module that are reached by exactly the same images; or of several, where these
/// import each other in circles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its nodes.
    pub(super) nodes: BTreeSet<usize>,
    /// The images that reach them.
    pub(super) reach: FixedBitSet,
    /// The parts whose packages it imports, directly or not: indexes of earlier ones.
    pub(super) needs: FixedBitSet,
    /// The third-party packages that its nodes and the parts it needs import, directly or not.
    pub(super) outside: FixedBitSet,
    /// Bytes of sources.
    pub(super) size: u64,
    /// How often it is edited.
    pub(super) weight: u64,
}

/// Cuts `nodes` into parts, each after those it needs. Nodes that no image reaches are left out.
///
/// If p imports q, whatever reaches p reaches q. So circles between such groups (modules may
/// require each other both ways, packages may not) lie within one reach set, and are merged.
pub(super) fn parts(nodes: &[Node]) -> Vec<Part> {
    let mut groups: BTreeMap<(usize, Vec<usize>), BTreeSet<usize>> = BTreeMap::new();
    for (ix, node) in nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| !node.reach.is_clear())
    {
        groups
            .entry((node.module, node.reach.ones().collect()))
            .or_default()
            .insert(ix);
    }
    let groups: Vec<BTreeSet<usize>> = groups.into_values().collect();
    let mut group_of = vec![None; nodes.len()];
    for (group, members) in groups.iter().enumerate() {
        members
            .iter()
            .for_each(|&node| group_of[node] = Some(group));
    }
    condense(nodes, &groups, &group_of)
}

/// Merges circles, and orders the parts so that each follows what it needs.
fn condense(nodes: &[Node], groups: &[BTreeSet<usize>], group_of: &[Option<usize>]) -> Vec<Part> {
    let graph = group_graph(nodes, groups, group_of);
    let mut parts: Vec<Part> = Vec::new();
    let mut part_of: BTreeMap<NodeIndex, usize> = BTreeMap::new();
    // Components come with what they point at first.
    for component in tarjan_scc(&graph) {
        let mut part = Part {
            nodes: BTreeSet::new(),
            reach: FixedBitSet::new(),
            needs: FixedBitSet::with_capacity(groups.len()),
            outside: FixedBitSet::new(),
            size: 0,
            weight: 0,
        };
        for &vertex in &component {
            for neighbor in graph.neighbors(vertex) {
                // Those of the same component have no part yet.
                if let Some(&needed) = part_of.get(&neighbor) {
                    part.needs.insert(needed);
                    part.needs.union_with(&parts[needed].needs);
                }
            }
            part.nodes.extend(&groups[vertex.index()]);
        }
        for &node in &part.nodes {
            let node = &nodes[node];
            // All have the same reach.
            part.reach.clone_from(&node.reach);
            part.outside.union_with(&node.outside);
            part.size += node.size;
            part.weight += node.weight;
        }
        for needed in part.needs.ones() {
            part.outside.union_with(&parts[needed].outside);
        }
        for vertex in component {
            part_of.insert(vertex, parts.len());
        }
        parts.push(part);
    }
    parts
}

/// Which groups import which: a vertex for each group, with the group's index.
fn group_graph(
    nodes: &[Node],
    groups: &[BTreeSet<usize>],
    group_of: &[Option<usize>],
) -> DiGraph<(), ()> {
    let mut graph = DiGraph::new();
    for _ in groups {
        graph.add_node(());
    }
    for (group, members) in groups.iter().enumerate() {
        let imports = members.iter().flat_map(|&node| &nodes[node].imports);
        let imported: BTreeSet<usize> = imports.filter_map(|&import| group_of[import]).collect();
        for other in imported.into_iter().filter(|&other| other != group) {
            graph.add_edge(NodeIndex::new(group), NodeIndex::new(other), ());
        }
    }
    graph
}
