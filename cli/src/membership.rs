//! Why a file is part of an image, or is not.

use std::collections::BTreeSet;

use gowork_llb::config::ImageName;
use gowork_llb::diag::Span;
use gowork_llb::gomod::ImportPath;
use gowork_llb::gosrc::{self, BuildContext, FileClass, SourceFile};
use gowork_llb::keys::third_party;
use gowork_llb::licenses::{is_license_text, license_texts_above};
use gowork_llb::packages::{self, Hop, Import, PackageIx, Packages};
use gowork_llb::plan::{Build, BuildIx, Image, Plan, Step, StepIx, StepKind};
use gowork_llb::tree::TreePath;

use crate::project::Project;

/// A repository with its plan.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a> {
    pub(crate) project: &'a Project,
    pub(crate) plan: &'a Plan,
}

/// What a file is to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// A source of one of its packages.
    Source(PackageIx),
    /// Included by C or assembly of one of its packages.
    Included(PackageIx),
    /// Embedded by a package, by a pattern, which stands at a place.
    Embedded(PackageIx, String, Option<Span>),
    /// The profile that its main, and all below it, is compiled with.
    Profile,
    /// Decides versions, for all of its root.
    ModFile,
    /// A vendored package's; or, without what the go command says, perhaps one of a package that no
    /// image reaches.
    Vendored,
    /// Put into the image at a path.
    Runtime(String),
    /// A licence or notice of one of its modules, which the image holds.
    License,
}

/// One step of a chain of imports.
pub(crate) struct Link {
    pub(crate) from: ImportPath,
    pub(crate) to: ImportPath,
    /// Where the import is; of third-party packages that is not known.
    pub(crate) at: Option<Span>,
    /// Whether it is a guess: the go command was not asked.
    pub(crate) guess: bool,
}

impl<'a> Query<'a> {
    pub(crate) fn build(&self, image: &Image) -> &'a Build {
        self.plan.build(self.plan.step(image.link).build)
    }

    /// The packages that an image is made of.
    pub(crate) fn packages(&self, image: &Image) -> packages::PackageSet {
        let graph = &self.build(image).packages;
        packages::closure(graph, graph.program(&image.package))
    }

    /// Whether the package at `ix` is part of the image only if third-party packages import it, and
    /// the go command was not asked.
    pub(crate) fn is_guess(&self, image: &Image, ix: PackageIx) -> bool {
        let graph = &self.build(image).packages;
        !packages::sure_closure(graph, graph.program(&image.package)).contains(ix)
    }

    /// Everything that the file is to the image.
    pub(crate) fn roles(&self, image: &Image, path: &TreePath) -> Vec<Role> {
        let build = self.build(image);
        let mut roles = Vec::new();
        for ix in self.packages(image).iter() {
            if build.packages.get(ix).files.contains(path) {
                roles.extend(self.roles_in_package(build, ix, path));
            }
        }
        if build.mod_files.contains(path) {
            roles.push(Role::ModFile);
        } else if build.vendored
            && path.is_under(&build.dir.child("vendor"))
            && self.is_vendored(image, path)
        {
            roles.push(Role::Vendored);
        }
        for file in &image.runtime.files {
            if file.from.takes(path) {
                roles.push(Role::Runtime(file.to.clone()));
            }
        }
        if self.is_license(image, path) {
            roles.push(Role::License);
        }
        roles
    }

    /// What one of a package's files is to it.
    fn roles_in_package(&self, build: &Build, ix: PackageIx, path: &TreePath) -> Vec<Role> {
        let package = build.packages.get(ix);
        let mut roles = Vec::new();
        for (pattern, files) in &package.embedded {
            if files.contains(path) {
                let at = self.pattern(build, ix, pattern);
                roles.push(Role::Embedded(ix, pattern.clone(), at));
            }
        }
        let is_embedded = !roles.is_empty();
        let is_here = path.parent().as_ref() == Some(&package.dir);
        if package.included.contains(path) {
            roles.push(Role::Included(ix));
        } else if is_here && path.name() == "default.pgo" && package.name == "main" {
            roles.push(Role::Profile);
        } else if !is_embedded || is_here && gosrc::is_source_name(path.name()) {
            roles.push(Role::Source(ix));
        }
        roles
    }

    /// Whether an image holds this file with the licences of its modules.
    fn is_license(&self, image: &Image, path: &TreePath) -> bool {
        if !image.runtime.licenses || !is_license_text(path.name()) {
            return false;
        }
        let build = self.build(image);
        let is_vendored = build.vendored && path.is_under(&build.dir.child("vendor"));
        let tree = self.project.tree.as_ref();
        let mut own = self.own_modules(image).into_iter();
        is_vendored || own.any(|dir| license_texts_above(tree, dir).contains(path))
    }

    /// The directories of your modules that packages of the image come from.
    pub(crate) fn own_modules(&self, image: &Image) -> BTreeSet<&'a TreePath> {
        let build = self.build(image);
        let used = self.packages(image).modules(&build.packages);
        let modules = build.modules.iter().filter(|it| used.contains(&it.ix));
        modules.map(|module| &module.dir).collect()
    }

    /// Whether a file of the vendor directory belongs to the image; perhaps, if the go command was
    /// not asked.
    fn is_vendored(&self, image: &Image, path: &TreePath) -> bool {
        if !self.plan.resolved {
            return !gosrc::is_test(path.name())
                && !third_party(self.plan, self.project.workspace(), image).is_empty();
        }
        let mut steps = self.steps(image).into_iter();
        steps.any(|step| !matches!(step.kind, StepKind::Resolve(_)) && reads(step, path))
    }

    /// Where a pattern of a package stands, in a file that the build takes.
    fn pattern(&self, build: &Build, ix: PackageIx, pattern: &str) -> Option<Span> {
        let package = build.packages.get(ix);
        let taken = self
            .project
            .scan()
            .dirs
            .get(&package.dir)?
            .files
            .iter()
            .filter(|file| {
                let path = package.dir.child(&file.name);
                package.files.contains(&path) && !gosrc::is_test(&file.name)
            });
        let mut places =
            taken.flat_map(|file| file.header.embeds.iter().map(move |embed| (file, embed)));
        let (file, embed) = places.find(|(_, embed)| embed.pattern == pattern)?;
        Some(Span::at(package.dir.child(&file.name).as_str(), embed.at))
    }

    /// The steps that make an image, in the plan's order.
    pub(crate) fn steps(&self, image: &Image) -> Vec<&'a Step> {
        let mut wanted: BTreeSet<StepIx> = image.links().collect();
        let mut open: Vec<StepIx> = image.links().collect();
        while let Some(ix) = open.pop() {
            for result in &self.plan.step(ix).inputs.results {
                if wanted.insert(result.step) {
                    open.push(result.step);
                }
            }
        }
        let builds: Vec<BuildIx> = image
            .links()
            .map(|link| self.plan.step(link).build)
            .collect();
        let mut steps = Vec::new();
        for (ix, step) in self.plan.steps.iter().enumerate() {
            let asks = matches!(step.kind, StepKind::Resolve(_)) && builds.contains(&step.build);
            if asks || wanted.contains(&StepIx(ix)) {
                steps.push(step);
            }
        }
        steps
    }

    /// The shortest chain of imports from an image's main to a package.
    pub(crate) fn chain(&self, image: &Image, to: PackageIx) -> Vec<Link> {
        let graph = &self.build(image).packages;
        let Some(main) = graph.program(&image.package) else {
            return Vec::new();
        };
        let chain = packages::chain(graph, main, &|ix| ix == to).unwrap_or_default();
        links(graph, &chain)
    }

    /// Why the file, which exists, is not part of the image.
    pub(crate) fn absence(&self, image: &Image, path: &TreePath) -> String {
        let name = path.name();
        let dir = path.parent().unwrap_or_default();
        if let Some((_, package)) = self
            .build(image)
            .packages
            .iter()
            .find(|(_, package)| package.dir == dir)
            && gosrc::is_test(name)
        {
            return format!(
                "it is a test of package {}, and builds leave tests out",
                package.path
            );
        }
        if gosrc::is_test(name) {
            return "it is a test, and builds leave tests out".to_owned();
        }
        let others = self.images_with(path);
        if !others.is_empty() {
            let owners = self
                .packages_with(path)
                .into_iter()
                .collect::<Vec<_>>()
                .join(" or ");
            let others = others.join(", ");
            return if owners.is_empty() {
                format!("it is part of other images: {others}")
            } else {
                format!(
                    "{} does not import package {owners}; these images do: {others}",
                    image.name
                )
            };
        }
        if self.build(image).vendored && path.is_under(&self.build(image).dir.child("vendor")) {
            return "it is vendored, but no image reaches a package that it is part of".to_owned();
        }
        self.outside(image, path)
            .unwrap_or_else(|| self.left_out(image, path, &dir))
    }

    /// The packages that the file is part of, imported or not.
    fn packages_with(&self, path: &TreePath) -> BTreeSet<&'a str> {
        let packages = self
            .plan
            .builds
            .iter()
            .flat_map(|build| build.packages.iter());
        packages
            .filter(|(_, package)| package.files.contains(path))
            .map(|(_, package)| package.path.as_str())
            .collect()
    }

    /// The images that the file is part of, mod files left out.
    pub(crate) fn images_with(&self, path: &TreePath) -> Vec<ImageName> {
        let images = self.plan.images.iter();
        let has = |image: &Image| !self.roles(image, path).is_empty();
        images
            .filter(|image| has(image) || image.others().iter().any(has))
            .map(|image| image.name.clone())
            .collect()
    }

    /// The directory of the module that a path lies in, used or not.
    pub(crate) fn module_dir(&self, path: &TreePath) -> Option<TreePath> {
        let mut above = std::iter::successors(path.parent(), TreePath::parent);
        above.find(|dir| {
            self.project
                .scan()
                .mod_files
                .contains_key(&dir.child("go.mod"))
        })
    }

    fn outside(&self, image: &Image, path: &TreePath) -> Option<String> {
        let Some(module) = self.module_dir(path) else {
            return Some(
                "it is in no module: its directory and those above have no go.mod".to_owned(),
            );
        };
        let workspace = self.project.workspace();
        let root = workspace.root(self.build(image).root);
        let members = root
            .members
            .iter()
            .copied()
            .chain(root.replaced.values().map(|target| target.module));
        if members
            .into_iter()
            .any(|ix| workspace.module(ix).dir == module)
        {
            return None;
        }
        let words = if root.is_workspace() {
            "go.work does not use"
        } else {
            "that of the image does not use"
        };
        Some(format!(
            "it is in module {}, which {words}",
            module.as_dir()
        ))
    }

    /// Why no image holds a file of a module that is used.
    fn left_out(&self, image: &Image, path: &TreePath, dir: &TreePath) -> String {
        let name = path.name();
        let build = self.build(image);
        if name.starts_with(['_', '.'])
            && FileClass::of(name.trim_start_matches(['_', '.'])).is_some()
        {
            return format!("go ignores files whose names begin with `{}`", &name[..1]);
        }
        let scanned = self.project.scan().dirs.get(dir);
        let file = scanned.and_then(|scanned| scanned.files.iter().find(|file| file.name == name));
        let Some(file) = file else {
            let package = build
                .packages
                .iter()
                .find(|(_, package)| package.dir == *dir);
            return match package {
                _ if gosrc::is_source_name(name) => {
                    format!("no image imports a package in {}", dir.as_dir())
                }
                Some((_, package)) => format!(
                    "it is not a source file, and package {} does not embed it",
                    package.path
                ),
                None => "it is not a source file, and no image embeds it".to_owned(),
            };
        };
        let context = build.settings.context(self.plan.builder.go_minor);
        let unfit = unfit(file, &context, self.plan);
        unfit.unwrap_or_else(|| format!("no image imports the package in {}", dir.as_dir()))
    }
}

/// Why this build does not take a source file; `None` if the file itself is not the reason.
pub(crate) fn unfit(file: &SourceFile, context: &BuildContext, plan: &Plan) -> Option<String> {
    if !context.matches_name(&file.name) {
        return Some(format!("its name says that it is not for {}", plan.target));
    }
    if let Some(constraint) = file
        .header
        .constraint
        .as_ref()
        .filter(|constraint| !context.holds(constraint))
    {
        let tags: Vec<&str> = context.tags.iter().map(String::as_str).collect();
        let tags = if tags.is_empty() {
            String::new()
        } else {
            format!(" with tags {}", tags.join(","))
        };
        let mut asks_cgo = false;
        constraint.each_tag(&mut |tag| asks_cgo |= tag == "cgo");
        let cgo = if asks_cgo && !context.cgo {
            " without cgo"
        } else {
            ""
        };
        return Some(format!(
            "its constraint `//go:build {constraint}` does not hold on {}{cgo}{tags}",
            plan.target
        ));
    }
    if !context.cgo && file.header.imports.iter().any(|import| import.path == "C") {
        return Some("it imports \"C\", and cgo is off (`cgo = true` turns it on)".to_owned());
    }
    if file.header.package == "documentation" {
        return Some("go ignores files of `package documentation`".to_owned());
    }
    (FileClass::of(&file.name) == Some(FileClass::CgoS))
        .then(|| "only packages with cgo files are built with it".to_owned())
}

/// Whether a step reads a file, by itself or with its directory.
pub(crate) fn reads(step: &Step, path: &TreePath) -> bool {
    let inputs = &step.inputs;
    inputs.mod_files.contains(path) || inputs.files.iter().any(|file| path.is_under(file))
}

fn links(graph: &Packages, chain: &[Hop<'_>]) -> Vec<Link> {
    let mut links = Vec::new();
    for hop in chain {
        links.push(link(graph, hop.from, hop.import));
        if hop.import.package.is_some() {
            continue;
        }
        // Through third-party packages. Their places are not known.
        let mut behind = graph.behind(&hop.import.path);
        let Some((_, way)) = behind.find(|(to, _)| *to == hop.to) else {
            continue;
        };
        let guess = way.is_empty();
        let mut from = &hop.import.path;
        for to in way.iter().skip(1).chain([&graph.get(hop.to).path]) {
            links.push(Link {
                from: from.clone(),
                to: to.clone(),
                at: None,
                guess,
            });
            from = to;
        }
    }
    links
}

fn link(graph: &Packages, from: PackageIx, import: &Import) -> Link {
    let at = Some(Span::at(import.file.as_str(), import.at));
    let importer = &graph.get(from).path;
    // Of a tool, the go.mod names it.
    let from = if *importer == import.path {
        ImportPath::new(import.file.as_str())
    } else {
        importer.clone()
    };
    Link {
        from,
        to: import.path.clone(),
        at,
        guess: false,
    }
}

/// A package from outside the repository that an image holds.
pub(crate) struct Foreign {
    /// Its import path.
    pub(crate) path: ImportPath,
    /// How the image's own packages come to it, then how those from outside do.
    pub(crate) chain: Vec<Link>,
    /// The packages from outside on the way. Their places are not known.
    pub(crate) through: Vec<ImportPath>,
}

impl Query<'_> {
    /// The first package from outside that `wanted` accepts and that one of the image's own
    /// imports.
    pub(crate) fn foreign(
        &self,
        image: &Image,
        wanted: &dyn Fn(&ImportPath) -> Option<Vec<ImportPath>>,
    ) -> Option<Foreign> {
        let graph = &self.build(image).packages;
        let main = graph.program(&image.package)?;
        let importing = |ix: PackageIx| {
            graph
                .get(ix)
                .outside()
                .find_map(|import| Some((import, wanted(&import.path)?)))
        };
        let chain = packages::chain(graph, main, &|ix| importing(ix).is_some())?;
        let last = chain.last().map_or(main, |hop| hop.to);
        let (import, through) = importing(last)?;
        let mut chain = links(graph, &chain);
        chain.push(link(graph, last, import));
        let path = through.last().unwrap_or(&import.path).clone();
        Some(Foreign {
            path,
            chain,
            through,
        })
    }
}

/// The steps among `steps` that read a file.
pub(crate) fn readers<'a>(steps: &[&'a Step], path: &TreePath) -> Vec<&'a Step> {
    steps
        .iter()
        .copied()
        .filter(|step| reads(step, path))
        .collect()
}
