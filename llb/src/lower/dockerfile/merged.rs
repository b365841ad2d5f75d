//! Plans of one repository for several platforms as one: what a Dockerfile says once for all of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use super::copy::Sources;
use crate::config::RuntimeConfig;
use crate::diag::Diagnostic;
use crate::gomod::ImportPath;
use crate::packages;
use crate::plan::{Build, Image, Plan, StepKind};
use crate::tree::TreePath;

/// One root under one set of flags, on all platforms.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) dir: TreePath,
    pub(super) workspace: bool,
    pub(super) vendored: bool,
    pub(super) mod_files: BTreeSet<TreePath>,
    /// Environment without GOOS and GOARCH.
    pub(super) env: BTreeMap<String, String>,
    pub(super) tags: BTreeSet<String>,
    pub(super) flags: Vec<String>,
    pub(super) package_flags: Vec<String>,
    /// The profile that all is compiled by.
    pub(super) profile: Option<TreePath>,
    /// Whether some package includes files that the go command's cache keys do not hold: system
    /// headers, or those of another directory.
    pub(super) includes: bool,
    /// Packages of std that are imported on every platform.
    pub(super) std: BTreeSet<ImportPath>,
    /// Third-party packages that are imported.
    pub(super) third_party: BTreeSet<ImportPath>,
    /// Packages of the repository that these import, or may import.
    pub(super) behind: Sources,
}

/// One image, on all platforms.
#[derive(Debug)]
pub(super) struct MergedImage<'a> {
    pub(super) name: &'a str,
    pub(super) group: usize,
    /// Directory of its main.
    pub(super) dir: &'a TreePath,
    pub(super) binary: &'a str,
    pub(super) ldflags: &'a str,
    pub(super) runtime: &'a RuntimeConfig,
    pub(super) sources: Sources,
}

/// Groups and images of `plans`, which are of one repository and one configuration.
pub(super) fn merge(plans: &[Plan]) -> Result<(Vec<Group>, Vec<MergedImage<'_>>), Diagnostic> {
    let mut groups: Vec<Group> = Vec::new();
    let mut images: Vec<MergedImage<'_>> = Vec::new();
    for plan in plans {
        let mut of_build = Vec::new();
        for build in &plan.builds {
            of_build.push(add_build(&mut groups, build, plan)?);
        }
        for image in &plan.images {
            add_image(&mut images, plan, image, &of_build)?;
        }
    }
    if let Some(image) = images
        .iter()
        .find(|image| plans.iter().any(|plan| plan.image(image.name).is_none()))
    {
        return Err(differ(&format!("the image {} is not there", image.name)));
    }
    Ok((groups, images))
}

fn differ(what: &str) -> Diagnostic {
    Diagnostic::error(format!(
        "one Dockerfile cannot serve these platforms together: {what} on all of them"
    ))
    .help("print one Dockerfile for each, with --platform")
}

/// Adds a build to the group that it belongs to, and returns the group's number.
fn add_build(groups: &mut Vec<Group>, build: &Build, plan: &Plan) -> Result<usize, Diagnostic> {
    let group = group_of(build, plan);
    let Some(at) = groups.iter().position(|other| other.is_like(&group)) else {
        groups.push(group);
        return Ok(groups.len() - 1);
    };
    groups[at].join(group)?;
    Ok(at)
}

/// The group of one build alone.
fn group_of(build: &Build, plan: &Plan) -> Group {
    let mut env = build.settings.env.clone();
    env.retain(|name, _| name != "GOOS" && name != "GOARCH");
    if let Some((variable, level)) = plan.target.level()
        && env.get(variable).is_some_and(|value| value == level)
    {
        // Said by the platform, not by the configuration.
        env.remove(variable);
    }
    let imported = &build.request.packages;
    let (std, third_party) = imported
        .iter()
        .cloned()
        .partition(ImportPath::looks_standard);
    let graph = &build.packages;
    let led_to = imported.iter().flat_map(|path| graph.behind(path));
    let mut behind = Sources::default();
    for ix in packages::closure(graph, led_to.map(|(ix, _)| ix)).iter() {
        behind.add(graph.get(ix));
    }
    Group {
        dir: build.dir.clone(),
        workspace: build.workspace,
        vendored: build.vendored,
        mod_files: build.mod_files.clone(),
        env,
        tags: build.settings.tags.clone(),
        flags: build.settings.flags(),
        package_flags: build.settings.package_flags(),
        profile: build.settings.profile.clone(),
        includes: build.hidden_inputs,
        std,
        third_party,
        behind,
    }
}

impl Group {
    /// Whether both are one root under one set of flags.
    fn is_like(&self, other: &Self) -> bool {
        self.dir == other.dir
            && self.workspace == other.workspace
            && self.tags == other.tags
            && self.flags == other.flags
            && self.profile == other.profile
            && fits(&self.env, &other.env)
    }

    /// Takes in the same group on another platform.
    fn join(&mut self, other: Self) -> Result<(), Diagnostic> {
        let unlike = self.third_party.symmetric_difference(&other.third_party);
        if let Some(package) = unlike.into_iter().next() {
            return Err(differ(&format!("the package {package} is not imported")));
        }
        self.env.extend(other.env);
        self.includes |= other.includes;
        self.std.retain(|package| other.std.contains(package));
        self.behind.join(other.behind);
        Ok(())
    }
}

/// Whether two environments say the same of CGO_ENABLED and GOEXPERIMENT; levels (GOAMD64, ...) are
/// each of one architecture.
fn fits(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> bool {
    ["CGO_ENABLED", "GOEXPERIMENT"]
        .iter()
        .all(|name| a.get(*name) == b.get(*name))
        && a.iter()
            .all(|(name, value)| b.get(name).is_none_or(|other| other == value))
}

fn add_image<'a>(
    images: &mut Vec<MergedImage<'a>>,
    plan: &'a Plan,
    image: &'a Image,
    groups: &[usize],
) -> Result<(), Diagnostic> {
    let step = plan.step(image.link);
    let StepKind::Link(link) = &step.kind else {
        return Ok(());
    };
    let group = groups[step.build.0];
    let at = match images.iter().position(|other| other.name == image.name) {
        Some(at) if images[at].binary != image.binary => {
            return Err(differ(&format!(
                "the binary of the image {} is not called {}",
                image.name, image.binary
            )));
        }
        Some(at) if images[at].dir == &image.dir && images[at].group == group => at,
        Some(_) => return Err(differ(&format!("the image {} is not the same", image.name))),
        None => {
            images.push(MergedImage {
                name: &image.name,
                group,
                dir: &image.dir,
                binary: &image.binary,
                ldflags: &link.ldflags,
                runtime: &image.runtime,
                sources: Sources::default(),
            });
            images.len() - 1
        }
    };
    let graph = &plan.build(step.build).packages;
    let closure = packages::closure(graph, graph.find(&image.package));
    for package in closure.iter() {
        images[at].sources.add(graph.get(package));
    }
    Ok(())
}
