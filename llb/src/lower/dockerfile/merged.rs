//! Plans of one repository for several platforms as one: what a Dockerfile says once for all of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use super::copy::Sources;
use super::words::shell_word;
use crate::config::RuntimeConfig;
use crate::diag::Diagnostic;
use crate::gomod::ImportPath;
use crate::packages;
use crate::plan::{Build, Image, Link, Plan, StepIx, StepKind};
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
    /// Its own binary.
    own: usize,
    /// The binaries that it holds beside its own.
    pub(super) others: Vec<usize>,
    pub(super) is_variant: bool,
    pub(super) runtime: &'a RuntimeConfig,
}

/// One binary, on all platforms.
#[derive(Debug)]
pub(super) struct MergedBinary<'a> {
    /// What its stage is called after: the image that it belongs to, else itself.
    pub(super) name: String,
    pub(super) group: usize,
    pub(super) main: Main<'a>,
    pub(super) file: &'a str,
    pub(super) ldflags: &'a str,
    pub(super) sources: Sources,
}

/// What a binary is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Main<'a> {
    /// The main package in a directory of the repository.
    Dir(&'a TreePath),
    /// A tool.
    Tool(&'a ImportPath),
}

impl Main<'_> {
    /// The end of a `go build` in the directory `root` that makes the program `file`.
    pub(super) fn words(self, root: &TreePath, file: &str) -> [String; 2] {
        match self {
            Self::Dir(dir) => {
                let main = match dir.strip_dir(root).unwrap_or_default() {
                    "" => ".".to_owned(),
                    below => format!("./{below}"),
                };
                let out = format!("-o {}", shell_word(&format!("/out/{file}")));
                [out, shell_word(&main)]
            }
            // Into a directory go puts nothing but programs.
            Self::Tool(path) => ["-o /out/".to_owned(), shell_word(path)],
        }
    }
}

/// What a Dockerfile says of a repository.
#[derive(Debug, Default)]
pub(super) struct Merged<'a> {
    pub(super) groups: Vec<Group>,
    pub(super) binaries: Vec<MergedBinary<'a>>,
    pub(super) images: Vec<MergedImage<'a>>,
    /// How many plans were added.
    plans: usize,
}

/// `plans` as one: they are of one repository and one configuration.
pub(super) fn merge(plans: &[Plan]) -> Result<Merged<'_>, Diagnostic> {
    let mut merged = Merged::default();
    for plan in plans {
        let mut groups = Vec::new();
        for build in &plan.builds {
            groups.push(add_build(&mut merged.groups, build, plan)?);
        }
        let mut of_plan = OfPlan {
            plan,
            groups,
            known: BTreeMap::new(),
        };
        for image in &plan.images {
            merged.add_image(&mut of_plan, image)?;
        }
        for image in &plan.images {
            merged.add_others(&mut of_plan, image)?;
        }
        merged.plans += 1;
    }
    let mut images = merged.images.iter();
    let missing = images.find(|image| plans.iter().any(|plan| plan.image(image.name).is_none()));
    match missing {
        Some(image) => Err(differ(&format!("the image {} is not there", image.name))),
        None => Ok(merged),
    }
}

/// One of the plans, while it is added.
struct OfPlan<'a> {
    plan: &'a Plan,
    /// The number of each build's group.
    groups: Vec<usize>,
    /// The number of the binary that a link makes.
    known: BTreeMap<StepIx, usize>,
}

impl<'a> OfPlan<'a> {
    /// A link, and the number of its group.
    fn link(&self, step: StepIx) -> Option<(&'a Link, usize)> {
        let step = self.plan.step(step);
        match &step.kind {
            StepKind::Link(link) => Some((link, self.groups[step.build.0])),
            _ => None,
        }
    }
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

impl<'a> Merged<'a> {
    /// The own binary of an image.
    pub(super) fn own(&self, image: &MergedImage<'_>) -> &MergedBinary<'a> {
        &self.binaries[image.own]
    }

    /// Adds an image with its own binary.
    fn add_image(&mut self, of_plan: &mut OfPlan<'a>, image: &'a Image) -> Result<(), Diagnostic> {
        let Some((link, group)) = of_plan.link(image.link) else {
            return Ok(());
        };
        let at = match self
            .images
            .iter()
            .position(|other| other.name == image.name)
        {
            Some(at) => {
                let own = self.own(&self.images[at]);
                if own.file != image.binary {
                    return Err(differ(&format!(
                        "the binary of the image {} is not called {}",
                        image.name, image.binary
                    )));
                }
                if own.main != Main::Dir(&image.dir) || own.group != group {
                    return Err(differ(&format!("the image {} is not the same", image.name)));
                }
                self.images[at].own
            }
            None => {
                self.binaries.push(MergedBinary {
                    name: image.name.to_string(),
                    group,
                    main: Main::Dir(&image.dir),
                    file: &image.binary,
                    ldflags: &link.ldflags,
                    sources: Sources::default(),
                });
                self.images.push(MergedImage {
                    name: &image.name,
                    own: self.binaries.len() - 1,
                    others: Vec::new(),
                    is_variant: image.variant_of.is_some(),
                    runtime: &image.runtime,
                });
                self.binaries.len() - 1
            }
        };
        of_plan.known.insert(image.link, at);
        self.add_sources(of_plan, image.link, at);
        Ok(())
    }

    /// Adds the binaries that an image holds beside its own.
    fn add_others(&mut self, of_plan: &mut OfPlan<'a>, image: &'a Image) -> Result<(), Diagnostic> {
        let mut others = Vec::new();
        for binary in &image.binaries {
            let Some((link, group)) = of_plan.link(binary.link) else {
                continue;
            };
            let graph = &of_plan
                .plan
                .build(of_plan.plan.step(binary.link).build)
                .packages;
            let main = match graph.find(&binary.package) {
                Some(_) => Main::Dir(&binary.dir),
                None => Main::Tool(&binary.package),
            };
            let other = MergedBinary {
                name: self.free_name(&binary.file),
                group,
                main,
                file: &binary.file,
                ldflags: &link.ldflags,
                sources: Sources::default(),
            };
            let known = of_plan.known.get(&binary.link).copied();
            let known = known.or_else(|| self.binaries.iter().position(|it| it.is_like(&other)));
            let at = known.unwrap_or_else(|| {
                self.binaries.push(other);
                self.binaries.len() - 1
            });
            if of_plan.known.insert(binary.link, at).is_none() {
                self.add_sources(of_plan, binary.link, at);
            }
            others.push(at);
        }
        let Some(merged) = self.images.iter_mut().find(|it| it.name == image.name) else {
            return Ok(());
        };
        if self.plans == 0 {
            merged.others = others;
        } else if merged.others != others {
            return Err(differ(&format!(
                "the binaries of the image {} are not the same",
                image.name
            )));
        }
        Ok(())
    }

    /// Adds what the binary at `at` is made of.
    fn add_sources(&mut self, of_plan: &OfPlan<'_>, link: StepIx, at: usize) {
        let Some((made, _)) = of_plan.link(link) else {
            return;
        };
        let graph = &of_plan.plan.build(of_plan.plan.step(link).build).packages;
        for package in packages::closure(graph, graph.program(&made.package)).iter() {
            self.binaries[at].sources.add(graph.get(package));
        }
    }

    /// A name for the stage of a binary that is no image's own: as the file, if that is free.
    fn free_name(&self, file: &str) -> String {
        let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let mut name: String = file.to_lowercase().chars().map(allowed).collect();
        while self.binaries.iter().any(|binary| binary.name == name) {
            name.push_str("-binary");
        }
        name
    }
}

impl MergedBinary<'_> {
    /// Whether both are made of the same in the same way.
    fn is_like(&self, other: &Self) -> bool {
        self.group == other.group
            && self.main == other.main
            && self.file == other.file
            && self.ldflags == other.ldflags
    }
}
