//! Plans as drawings: steps, packages or modules, for Graphviz (DOT) and Mermaid. Arrows point from
//! what needs to what is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::packages::{self, PackageIx};
use crate::plan::{Build, Plan, StepIx, StepKind};
use crate::workspace::{ModuleIx, Workspace};

/// A drawing before it has a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    /// From, to.
    edges: BTreeSet<(usize, usize)>,
}

/// A box of a drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Lines of text.
    pub label: Vec<String>,
    /// What it stands for.
    pub kind: Kind,
    /// What it is drawn inside of.
    pub cluster: Option<String>,
}

/// What a node stands for: its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An image.
    Image,
    /// A main package, or the step that links it.
    Main,
    /// Packages of the repository, or a step that compiles them.
    Own,
    /// A step for std, third-party packages or modules.
    Outside,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Image, Self::Main, Self::Own, Self::Outside];

    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Main => "main",
            Self::Own => "own",
            Self::Outside => "outside",
        }
    }

    /// Fill and line, as `#rrggbb`.
    pub fn colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Image => ("#dbeafe", "#1d4ed8"),
            Self::Main => ("#dcfce7", "#15803d"),
            Self::Own => ("#ffffff", "#6b7280"),
            Self::Outside => ("#f3f4f6", "#9ca3af"),
        }
    }
}

/// The steps of the plan and its images, or what one image needs of them.
pub fn steps(plan: &Plan, image: Option<&str>) -> Graph {
    let mut graph = Graph::default();
    let mut needed: BTreeSet<StepIx> = BTreeSet::new();
    let images: Vec<_> = plan
        .images
        .iter()
        .filter(|other| image.is_none_or(|name| other.name == name))
        .collect();
    let mut open: Vec<StepIx> = images.iter().flat_map(|image| image.links()).collect();
    while let Some(ix) = open.pop() {
        if needed.insert(ix) {
            open.extend(needs(plan, ix));
        }
    }
    let mut at = BTreeMap::new();
    for ix in &needed {
        let step = plan.step(*ix);
        let kind = match &step.kind {
            StepKind::Resolve(_) | StepKind::Std(_) | StepKind::Deps(_) => Kind::Outside,
            StepKind::Unit(_) => Kind::Own,
            StepKind::Link(_) => Kind::Main,
        };
        at.insert(*ix, graph.node(vec![step.title.clone()], kind, None));
    }
    for ix in &needed {
        graph.edges.extend(
            needs(plan, *ix)
                .into_iter()
                .map(|other| (at[ix], at[&other])),
        );
    }
    for image in images {
        let node = graph.node(vec![format!("image {}", image.name)], Kind::Image, None);
        graph
            .edges
            .extend(image.links().map(|link| (node, at[&link])));
    }
    graph.reduced()
}

/// The steps that a step reads from.
fn needs(plan: &Plan, ix: StepIx) -> Vec<StepIx> {
    let step = plan.step(ix);
    let mut needs: Vec<StepIx> = step
        .inputs
        .results
        .iter()
        .map(|result| result.step)
        .collect();
    let reads_vendor = step
        .inputs
        .sealed
        .as_ref()
        .is_some_and(|sealed| !sealed.vendor.is_empty());
    if step.inputs.module_cache || reads_vendor {
        let is_resolve = |other: &&StepIx| {
            let other = plan.step(**other);
            other.build == step.build && matches!(other.kind, StepKind::Resolve(_))
        };
        needs.extend(
            (0..plan.steps.len())
                .map(StepIx)
                .collect::<Vec<_>>()
                .iter()
                .find(is_resolve)
                .copied(),
        );
    }
    needs
}

/// The repository's own packages that the images are made of, each in its module. An arrow that
/// others imply is left out.
pub fn packages(plan: &Plan, workspace: &Workspace, image: Option<&str>) -> Graph {
    let mut graph = Graph::default();
    for build in &plan.builds {
        let mut at = BTreeMap::new();
        let mains = mains(plan, build, image);
        for ix in packages::closure(&build.packages, mains.keys().copied()).iter() {
            let package = build.packages.get(ix);
            let module = workspace.module(package.module);
            let name = match package.dir.strip_dir(&module.dir) {
                Some(rest) if !rest.is_empty() => rest.to_owned(),
                _ => format!(". ({})", package.name),
            };
            let (label, kind) = match mains.get(&ix) {
                Some(images) => (
                    vec![name, format!("image {}", images.join(", "))],
                    Kind::Main,
                ),
                None => (vec![name], Kind::Own),
            };
            at.insert(ix, graph.node(label, kind, Some(module.path.to_string())));
        }
        for (&ix, &node) in &at {
            graph.edges.extend(
                build
                    .packages
                    .below(ix)
                    .filter_map(|to| Some((node, *at.get(&to)?))),
            );
        }
    }
    graph.reduced()
}

/// The modules that the images' packages belong to, and the images.
pub fn modules(plan: &Plan, workspace: &Workspace, image: Option<&str>) -> Graph {
    let mut graph = Graph::default();
    let mut at: BTreeMap<ModuleIx, usize> = BTreeMap::new();
    let mut counts: BTreeMap<ModuleIx, BTreeSet<&str>> = BTreeMap::new();
    let mut edges = BTreeSet::new();
    for build in &plan.builds {
        for ix in packages::closure(&build.packages, mains(plan, build, image).into_keys()).iter() {
            let package = build.packages.get(ix);
            counts
                .entry(package.module)
                .or_default()
                .insert(&package.path);
            edges.extend(
                build
                    .packages
                    .below(ix)
                    .map(|to| (package.module, build.packages.get(to).module)),
            );
        }
    }
    for (ix, packages) in counts {
        let count = if packages.len() == 1 {
            "1 package".to_owned()
        } else {
            format!("{} packages", packages.len())
        };
        at.insert(
            ix,
            graph.node(
                vec![workspace.module(ix).path.to_string(), count],
                Kind::Own,
                None,
            ),
        );
    }
    graph.edges.extend(
        edges
            .into_iter()
            .filter(|(from, to)| from != to)
            .map(|(from, to)| (at[&from], at[&to])),
    );
    for build in &plan.builds {
        for (ix, images) in mains(plan, build, image) {
            for name in images {
                let node = graph.node(vec![format!("image {name}")], Kind::Image, None);
                graph
                    .edges
                    .insert((node, at[&build.packages.get(ix).module]));
            }
        }
    }
    graph.reduced()
}

/// The mains of one build with the images made of them.
fn mains<'p>(
    plan: &'p Plan,
    build: &Build,
    image: Option<&str>,
) -> BTreeMap<PackageIx, Vec<&'p str>> {
    let mut mains: BTreeMap<PackageIx, Vec<&str>> = BTreeMap::new();
    for other in plan
        .images
        .iter()
        .filter(|other| image.is_none_or(|name| other.name == name))
    {
        let own = (other.link, &other.package);
        let beside = other.binaries.iter();
        let beside = beside.map(|binary| (binary.link, &binary.package));
        for (link, package) in [own].into_iter().chain(beside) {
            let of = plan.build(plan.step(link).build);
            if of.dir == build.dir
                && of.settings == build.settings
                && let Some(ix) = build.packages.find(package)
            {
                mains.entry(ix).or_default().push(&other.name);
            }
        }
    }
    mains
}

impl Graph {
    /// Its boxes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Its arrows, each from a node to one that it needs: by their places in [`Self::nodes`].
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize)> {
        self.edges.iter().copied()
    }

    fn node(&mut self, label: Vec<String>, kind: Kind, cluster: Option<String>) -> usize {
        self.nodes.push(Node {
            label,
            kind,
            cluster,
        });
        self.nodes.len() - 1
    }

    /// Without the edges that a longer way implies. Modules may need each other in circles: of these
    /// all edges stay, and so do those that lead to a circle or away from it by no longer way.
    fn reduced(mut self) -> Self {
        let circles = self.circles();
        let of = |(from, to): (usize, usize)| (circles[from], circles[to]);
        let mut next: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (from, to) in self.edges.iter().copied().map(of) {
            if from != to {
                next.entry(from).or_default().insert(to);
            }
        }
        let below = |circle: usize| next.get(&circle).into_iter().flatten().copied();
        let mut implied = BTreeSet::new();
        for &from in next.keys() {
            let mut seen = BTreeSet::new();
            let mut open: Vec<usize> = below(from).flat_map(below).collect();
            while let Some(at) = open.pop() {
                if seen.insert(at) {
                    open.extend(below(at));
                }
            }
            let also_by_one_edge = below(from).filter(|to| seen.contains(to));
            implied.extend(also_by_one_edge.map(|to| (from, to)));
        }
        self.edges.retain(|edge| !implied.contains(&of(*edge)));
        self
    }

    /// For each node a number that it shares with those of its circle.
    fn circles(&self) -> Vec<usize> {
        let mut graph = DiGraph::<(), ()>::new();
        for _ in &self.nodes {
            graph.add_node(());
        }
        for (from, to) in self.edges() {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
        }
        let mut circles = vec![0; self.nodes.len()];
        for (number, circle) in tarjan_scc(&graph).into_iter().enumerate() {
            for node in circle {
                circles[node.index()] = number;
            }
        }
        circles
    }

    fn clusters(&self) -> BTreeMap<Option<&str>, Vec<usize>> {
        let mut clusters: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (ix, node) in self.nodes.iter().enumerate() {
            clusters
                .entry(node.cluster.as_deref())
                .or_default()
                .push(ix);
        }
        clusters
    }

    /// For Graphviz: `dot -Tsvg`.
    pub fn dot(&self) -> String {
        let mut out = String::from(
            "digraph {\n  rankdir=LR\n  graph [fontname=\"Helvetica\", fontsize=11, ranksep=0.6, nodesep=0.15]\n  \
             node [fontname=\"Helvetica\", fontsize=11, shape=box, style=\"rounded,filled\", height=0.3, margin=\"0.12,0.05\"]\n  \
             edge [color=\"#9ca3af\", arrowsize=0.6]\n",
        );
        for (number, (cluster, nodes)) in self.clusters().into_iter().enumerate() {
            let indent = if cluster.is_some() { "    " } else { "  " };
            if let Some(name) = cluster {
                let _ = writeln!(
                    out,
                    "  subgraph cluster_{number} {{\n    label={}\n    style=\"rounded\"\n    color=\"#d1d5db\"",
                    dot_string(name)
                );
            }
            for ix in nodes {
                let (fill, line) = self.nodes[ix].kind.colours();
                let label = dot_string(&self.nodes[ix].label.join("\n"));
                let _ = writeln!(
                    out,
                    "{indent}n{ix} [label={label}, fillcolor=\"{fill}\", color=\"{line}\"]"
                );
            }
            out.push_str(if cluster.is_some() { "  }\n" } else { "" });
        }
        for (from, to) in &self.edges {
            let _ = writeln!(out, "  n{from} -> n{to}");
        }
        out.push_str("}\n");
        out
    }

    /// For Mermaid, as Markdown on many forges draws it.
    pub fn mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for (number, (cluster, nodes)) in self.clusters().into_iter().enumerate() {
            let indent = if cluster.is_some() { "    " } else { "  " };
            if let Some(name) = cluster {
                let _ = writeln!(out, "  subgraph c{number}[\"{}\"]", mermaid_text(name));
            }
            for ix in nodes {
                let label: Vec<String> = self.nodes[ix]
                    .label
                    .iter()
                    .map(|line| mermaid_text(line))
                    .collect();
                let _ = writeln!(
                    out,
                    "{indent}n{ix}([\"{}\"]):::{}",
                    label.join("<br>"),
                    self.nodes[ix].kind.name()
                );
            }
            out.push_str(if cluster.is_some() { "  end\n" } else { "" });
        }
        for (from, to) in &self.edges {
            let _ = writeln!(out, "  n{from} --> n{to}");
        }
        for kind in Kind::ALL
            .into_iter()
            .filter(|kind| self.nodes.iter().any(|node| node.kind == *kind))
        {
            let (fill, line) = kind.colours();
            let _ = writeln!(
                out,
                "  classDef {} fill:{fill},stroke:{line},color:#111827",
                kind.name()
            );
        }
        out
    }
}

fn dot_string(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

fn mermaid_text(text: &str) -> String {
    text.replace('"', "#quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
