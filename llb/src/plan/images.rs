//! Mains to named images.

use std::collections::{BTreeMap, BTreeSet};

use super::roots;
use super::settings::{GoSettings, Target};
use crate::config::{Config, ImageConfig, Spanned};
use crate::diag::{Diagnostic, Span};
use crate::gosrc::BuildContext;
use crate::packages::{self, Main, Scan};
use crate::tree::TreePath;
use crate::workspace::{RootIx, Workspace};

/// A main with its image's name and configuration.
#[derive(Debug, Clone)]
pub(super) struct NamedMain {
    pub(super) root: RootIx,
    /// Import path.
    pub(super) package: String,
    /// Its `default.pgo`, if it has one.
    pub(super) profile: Option<TreePath>,
    pub(super) config: ImageConfig,
}

/// One main of the repository, while names are given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    root: RootIx,
    main: Main,
}

/// The mains of the repository with their names, and what is no image.
pub(super) struct Named {
    pub(super) mains: Vec<NamedMain>,
    /// Directories of `package main` without `func main`, but for those that `skip` names.
    pub(super) without_func: BTreeSet<TreePath>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Finds every main of the repository and names its image: as configured, else as its binary.
pub(super) fn name(scan: &Scan, workspace: &Workspace, config: &Config, target: &Target, go_minor: u32) -> Named {
    let mains_in = |image: &ImageConfig, cgo: bool, of_root: &MainsOf| -> Vec<Found> {
        let mut context = GoSettings::new(&image.compile, target).context(go_minor);
        context.cgo |= cgo;
        let found = |(root, _)| of_root(scan, workspace, root, &context).into_iter().map(move |main| Found { root, main });
        let wanted = workspace.roots().filter(|(_, root)| roots::serves(root, image));
        wanted.flat_map(found).filter(|found| config.skips(&found.main.dir, &found.main.path).is_none()).collect()
    };
    let mains_with = |image: &ImageConfig| mains_in(image, false, &packages::mains);
    let with_cgo = |image: &ImageConfig| mains_in(image, true, &packages::mains);
    let without_func = |image: &ImageConfig| mains_in(image, false, &packages::mains_without_func);
    let unnamed = config.image("");
    let all = mains_with(&unnamed);
    let mut naming = Naming {
        config,
        workspace,
        with_cgo: &with_cgo,
        without_func: &without_func,
        named: BTreeMap::new(),
        diagnostics: Vec::new(),
    };
    for name in config.images.keys() {
        let image = config.image(name);
        // Other tags may bring other mains.
        let own = if image.compile == unnamed.compile { None } else { Some(mains_with(&image)) };
        naming.configured(name, &image, own.as_deref().unwrap_or(&all));
    }
    naming.by_binary(&all);
    if all.is_empty() && naming.named.is_empty() && naming.diagnostics.is_empty() {
        naming.diagnostics.push(no_main(workspace, config, target, &with_cgo(&unnamed), &without_func(&unnamed)));
    }
    let named = naming.named.into_iter().flat_map(|(name, founds)| {
        let config = naming.config.image(&name);
        let profile = |dir: &TreePath| scan.dirs.get(dir).filter(|scanned| scanned.pgo).map(|_| dir.child("default.pgo"));
        founds.into_iter().map(move |found| NamedMain {
            root: found.root,
            profile: profile(&found.main.dir),
            package: found.main.path,
            config: config.clone(),
        })
    });
    let without_func = without_func(&unnamed).into_iter().map(|found| found.main.dir).collect();
    Named { mains: named.collect(), without_func, diagnostics: naming.diagnostics }
}

/// [`packages::mains`], or what is none of them.
type MainsOf = dyn Fn(&Scan, &Workspace, RootIx, &BuildContext) -> Vec<Main>;

struct Naming<'a> {
    config: &'a Config,
    workspace: &'a Workspace,
    /// The mains there would be with cgo.
    with_cgo: &'a dyn Fn(&ImageConfig) -> Vec<Found>,
    /// What would be mains, had they `func main`.
    without_func: &'a dyn Fn(&ImageConfig) -> Vec<Found>,
    /// Images by name. Exactly one main each, unless an error says otherwise.
    named: BTreeMap<String, Vec<Found>>,
    diagnostics: Vec<Diagnostic>,
}

impl Naming<'_> {
    /// The main of `[images.NAME]`.
    fn configured(&mut self, name: &str, image: &ImageConfig, mains: &[Found]) {
        let is_meant = |found: &&Found| match &image.main {
            Some(main) => is_named_by(&found.main, &main.value),
            None => found.main.binary_name() == name,
        };
        let matching: Vec<&Found> = mains.iter().filter(is_meant).collect();
        match matching.as_slice() {
            [found] => {
                self.named.insert(name.to_owned(), vec![(*found).clone()]);
            }
            [] => {
                let error = if let Some(found) = (self.with_cgo)(image).iter().find(is_meant) {
                    needs_cgo(image, &found.main)
                } else if let Some(found) = (self.without_func)(image).iter().find(is_meant) {
                    no_func_main(image, &found.main)
                } else {
                    not_found(name, image, mains, self.workspace)
                };
                self.diagnostics.push(error);
            }
            several if self.is_one_main(several) => self.diagnostics.push(located(self.in_several_roots(several), place(image))),
            several => {
                let span = place(image);
                let error = Diagnostic::error(format!("image {name} could be any of: {}", dirs(several.iter().copied())));
                self.diagnostics.push(located(error, span).help("say which one with `main = \"./DIR\"`"));
            }
        }
    }

    /// Mains without a table are named as their binary.
    fn by_binary(&mut self, all: &[Found]) {
        let mut free: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for found in all {
            // The same main may be an image without its workspace.
            if !self.named.values().flatten().any(|named| named.main == found.main) {
                free.entry(found.main.binary_name().to_owned()).or_default().push(found.clone());
            }
        }
        for (name, founds) in free {
            // Why a configured image has no main was said already.
            if self.config.images.contains_key(&name) && !self.named.contains_key(&name) {
                continue;
            }
            let taken = self.named.get(&name).cloned().unwrap_or_default();
            if taken.is_empty() && founds.len() == 1 {
                self.named.insert(name, founds);
                continue;
            }
            let all: Vec<&Found> = taken.iter().chain(&founds).collect();
            if self.is_one_main(&all) {
                self.diagnostics.push(self.in_several_roots(&all));
                continue;
            }
            let example: Vec<String> =
                all.iter().skip(1).map(|found| format!("[images.OTHER-NAME]\nmain = \"./{}\"", found.main.dir)).collect();
            let error =
                Diagnostic::error(format!("{} mains would make an image named {name}: {}", all.len(), dirs(all.iter().copied())));
            self.diagnostics.push(error.help(format!("name them in the configuration, for example\n{}", example.join("\n"))));
        }
    }
}

impl Naming<'_> {
    fn is_one_main(&self, founds: &[&Found]) -> bool {
        founds.windows(2).all(|pair| pair[0].main == pair[1].main)
    }

    /// A main that belongs to several workspaces: which versions it is built with is for the user to say.
    fn in_several_roots(&self, founds: &[&Found]) -> Diagnostic {
        let shown = |dir: &TreePath| if dir.is_root() { ".".to_owned() } else { format!("./{dir}") };
        let dirs: Vec<String> = founds.iter().map(|found| shown(&self.workspace.root(found.root).dir)).collect();
        let main = founds.first().map(|found| shown(&found.main.dir)).unwrap_or_default();
        let error = Diagnostic::error(format!("main {main} is used by several workspaces: those in {}", dirs.join(" and ")));
        error.help(format!(
            "name the workspaces to build with `roots`, such as roots = [{:?}], or set `workspace = false` for its image",
            dirs.first().cloned().unwrap_or_default()
        ))
    }
}

/// Whether the configured `main` means this one: by directory or by import path.
fn is_named_by(main: &Main, written: &str) -> bool {
    written == main.path
        || main.dir.as_str() == written.trim_start_matches("./").trim_end_matches('/')
        || (written == "." && main.dir.is_root())
}

fn place(image: &ImageConfig) -> Option<Span> {
    image.main.as_ref().and_then(|main: &Spanned<String>| main.span.clone()).or_else(|| image.at.clone())
}

fn located(diagnostic: Diagnostic, span: Option<Span>) -> Diagnostic {
    match span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

fn dirs<'a>(founds: impl IntoIterator<Item = &'a Found>) -> String {
    founds.into_iter().map(|found| format!("./{}", found.main.dir)).collect::<Vec<_>>().join(", ")
}

fn needs_cgo(image: &ImageConfig, main: &Main) -> Diagnostic {
    let error = Diagnostic::error(format!(
        "./{} cannot be built without cgo: `func main`, or every file of its package, imports \"C\" or asks for cgo",
        main.dir
    ));
    located(error, place(image)).help("set `cgo = true` for this image")
}

fn no_func_main(image: &ImageConfig, main: &Main) -> Diagnostic {
    let error = Diagnostic::error(format!("./{} cannot be an image: function main is undeclared in the main package", main.dir));
    located(error, place(image)).help("a program needs `func main`, in a file that is built for this platform and these tags")
}

fn not_found(name: &str, image: &ImageConfig, mains: &[Found], workspace: &Workspace) -> Diagnostic {
    let message = match &image.main {
        Some(main) => format!("image {name}: there is no main package {}", main.value),
        None => format!("image {name}: no main package makes a binary of that name"),
    };
    let known = dirs(mains);
    let written = image.main.as_ref().and_then(|main| TreePath::new(&main.value).ok());
    let unused = workspace.unused.iter().filter(|module| written.as_ref().is_some_and(|dir| dir.is_under(module))).max();
    let help = if let Some(module) = unused {
        format!("module ./{module} is not used by go.work: `go work use ./{module}`, or set `workspace = false` for this image")
    } else if known.is_empty() {
        "the repository has no main package for this platform".to_owned()
    } else {
        format!("main packages are {known}")
    };
    located(Diagnostic::error(message), place(image)).help(help)
}

fn no_main(workspace: &Workspace, config: &Config, target: &Target, with_cgo: &[Found], without_func: &[Found]) -> Diagnostic {
    let error = Diagnostic::error(format!("no main package for {target}: there is nothing to make an image of"));
    if workspace.roots.is_empty() {
        return Diagnostic::error("no go.work and no go.mod in the build context")
            .help("build from the directory that holds go.work or go.mod; see whether .dockerignore leaves them out");
    }
    if !config.skip.is_empty() {
        return error.help("`skip` in the configuration leaves some out");
    }
    if !with_cgo.is_empty() {
        return error.help(format!("without cgo there is nothing to build of {}: set `cgo = true` under [go]", dirs(with_cgo)));
    }
    if !without_func.is_empty() {
        return error.help(format!("these main packages have no `func main`: {}", dirs(without_func)));
    }
    let unused: Vec<String> = workspace.unused.iter().map(|dir| format!("./{dir}")).collect();
    if unused.is_empty() {
        error.help("an image is made of a package whose files say `package main` and declare `func main`")
    } else {
        error.help(format!("modules that go.work does not use are not built: {}", unused.join(", ")))
    }
}
