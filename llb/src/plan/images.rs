//! Mains to named images.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Found, SHOWN, dirs, is_named_by, is_one_main, written};
use super::image_errors::{
    located, needs_cgo, no_func_main, no_main, not_found, place, same_name, table, unusable,
};
use super::settings::{GoSettings, Target};
use super::{names, roots};
use crate::config::{Config, ImageConfig};
use crate::diag::Diagnostic;
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

/// The mains of the repository with their names, and what is no image.
pub(super) struct Named {
    pub(super) mains: Vec<NamedMain>,
    /// Directories of `package main` without `func main`, but for those that `skip` names.
    pub(super) without_func: BTreeSet<TreePath>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Finds every main of the repository and names its image: as configured, else by the rule of
/// [`names`].
pub(super) fn name(
    scan: &Scan,
    workspace: &Workspace,
    config: &Config,
    target: &Target,
    go_minor: u32,
) -> Named {
    let mains_in = |image: &ImageConfig, cgo: bool, of_root: &MainsOf| -> Vec<Found> {
        let mut context = GoSettings::new(&image.compile, target).context(go_minor);
        context.cgo |= cgo;
        let found = |(root, _)| {
            of_root(scan, workspace, root, &context)
                .into_iter()
                .map(move |main| Found { root, main })
        };
        let wanted = workspace
            .roots()
            .filter(|(_, root)| roots::serves(root, image));
        let founds = wanted
            .flat_map(found)
            .filter(|found| config.skips(&found.main.dir, &found.main.path).is_none())
            .collect();
        without_linked(scan, founds)
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
        by_rule: BTreeMap::new(),
        named: BTreeMap::new(),
        diagnostics: Vec::new(),
    };
    let of_image = |image: &ImageConfig| {
        // Other tags may bring other mains.
        if image.compile == unnamed.compile {
            all.clone()
        } else {
            mains_with(image)
        }
    };
    let images: Vec<ImageConfig> = config
        .images
        .keys()
        .map(|name| config.image(name))
        .collect();
    let (pointing, plain): (Vec<&ImageConfig>, Vec<&ImageConfig>) =
        images.iter().partition(|image| image.main.is_some());
    // A main that a table points at is out of the way of others before they get names.
    pointing
        .into_iter()
        .for_each(|image| naming.configured(image, &of_image(image)));
    let shared = naming.apply_rule(&all);
    plain
        .into_iter()
        .for_each(|image| naming.configured(image, &of_image(image)));
    naming.diagnostics.sort_by(|a, b| a.span.cmp(&b.span));
    naming.warn_of_shared(&shared);
    naming.rest(&all);
    if all.is_empty() && naming.named.is_empty() && naming.diagnostics.is_empty() {
        naming.diagnostics.push(no_main(
            workspace,
            config,
            target,
            &with_cgo(&unnamed),
            &without_func(&unnamed),
        ));
    }
    let named = naming.named.into_iter().flat_map(|(name, founds)| {
        let config = naming.config.image(&name);
        let profile = |dir: &TreePath| {
            scan.dirs
                .get(dir)
                .filter(|scanned| scanned.pgo)
                .map(|_| dir.child("default.pgo"))
        };
        founds.into_iter().map(move |found| NamedMain {
            root: found.root,
            profile: profile(&found.main.dir),
            package: found.main.path,
            config: config.clone(),
        })
    });
    let without_func = without_func(&unnamed)
        .into_iter()
        .map(|found| found.main.dir)
        .collect();
    Named {
        mains: named.collect(),
        without_func,
        diagnostics: naming.diagnostics,
    }
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
    /// What the rule calls the mains that no table points at, by directory.
    by_rule: BTreeMap<TreePath, String>,
    /// Images by name. Exactly one main each, unless an error says otherwise.
    named: BTreeMap<String, Vec<Found>>,
    diagnostics: Vec<Diagnostic>,
}

/// Mains that would have one name, each with the name that it has instead.
type Shared = BTreeMap<String, Vec<(TreePath, String)>>;

/// The mains without those that were found a second time, behind a link. A directory has one image,
/// under its own name, also where a `replace` line leads to it through a link.
fn without_linked(scan: &Scan, mut founds: Vec<Found>) -> Vec<Found> {
    if scan.links.is_empty() {
        return founds;
    }
    let dirs: BTreeSet<TreePath> = founds.iter().map(|found| found.main.dir.clone()).collect();
    founds.retain(|found| {
        let first = scan
            .dirs
            .get(&found.main.dir)
            .and_then(|dir| dir.files.first());
        let file = first.map(|file| found.main.dir.child(&file.name));
        let real = file
            .and_then(|file| scan.followed(&file).pop())
            .and_then(|file| file.parent());
        real.is_none_or(|real| real == found.main.dir || !dirs.contains(&real))
    });
    founds
}

impl Naming<'_> {
    /// The main of `[images.NAME]`.
    fn configured(&mut self, image: &ImageConfig, mains: &[Found]) {
        let name = image.name.as_str();
        let matching = self.meant(image, mains);
        match matching.as_slice() {
            [found] => {
                self.named.insert(name.to_owned(), vec![(*found).clone()]);
            }
            [] => {
                let without_func = (self.without_func)(image);
                let error = if let Some(found) = self.meant(image, &(self.with_cgo)(image)).first()
                {
                    needs_cgo(image, &found.main)
                } else if let Some(found) = self.meant(image, &without_func).first() {
                    no_func_main(image, &found.main)
                } else {
                    not_found(name, image, mains, self.workspace)
                };
                self.diagnostics.push(error);
            }
            several if is_one_main(several) => self
                .diagnostics
                .push(located(self.in_several_roots(several), place(image))),
            several => {
                let span = place(image);
                let error = Diagnostic::error(format!(
                    "image {name} could be any of: {}",
                    dirs(several.iter().copied())
                ));
                self.diagnostics
                    .push(located(error, span).help("say which one with `main = \"./DIR\"`"));
            }
        }
    }

    /// The mains that a table may mean: that which its `main` names; else that which the rule calls
    /// so; else those whose binary is called so.
    fn meant<'f>(&self, image: &ImageConfig, mains: &'f [Found]) -> Vec<&'f Found> {
        if let Some(written) = &image.main {
            return mains
                .iter()
                .filter(|found| is_named_by(&found.main, &written.value))
                .collect();
        }
        let by_rule = |found: &&Found| {
            self.by_rule
                .get(&found.main.dir)
                .is_some_and(|name| *name == image.name)
        };
        let found: Vec<&Found> = mains.iter().filter(by_rule).collect();
        if !found.is_empty() {
            return found;
        }
        mains
            .iter()
            .filter(|found| found.main.binary_name().eq_ignore_ascii_case(&image.name))
            .collect()
    }

    /// Names what no table points at, and returns who would have shared a name.
    fn apply_rule(&mut self, all: &[Found]) -> Shared {
        let pointed: BTreeSet<&Main> = self
            .named
            .values()
            .flatten()
            .map(|found| &found.main)
            .collect();
        // The same main may be an image without its workspace.
        let free: BTreeSet<&Main> = all
            .iter()
            .map(|found| &found.main)
            .filter(|main| !pointed.contains(main))
            .collect();
        let free: Vec<&Main> = free.into_iter().collect();
        let modules = self
            .workspace
            .modules
            .iter()
            .map(|module| (&module.dir, packages::binary_name(&module.path)));
        let modules: BTreeMap<&TreePath, &str> = modules.collect();
        let subject = |main: &&'_ Main| names::Subject {
            dir: main.dir.clone(),
            binary: main.binary_name().to_owned(),
            module: module_of(&main.dir, &modules)
                .unwrap_or(main.binary_name())
                .to_owned(),
        };
        let subjects: Vec<names::Subject> = free.iter().map(subject).collect();
        let taken: BTreeSet<&str> = self.named.keys().map(String::as_str).collect();
        let names::Names { given, shared } = names::give(&subjects, &taken);
        let entry = |user: usize| (free[user].dir.clone(), given[user].clone());
        let shared = shared
            .into_iter()
            .map(|(name, users)| (name, users.into_iter().map(entry).collect()));
        let shared = shared.collect();
        self.by_rule = (0..free.len()).map(entry).collect();
        shared
    }

    /// Says which mains have longer names since others have the same; not where each of them has a
    /// table.
    fn warn_of_shared(&mut self, shared: &Shared) {
        for (name, users) in shared {
            let given: BTreeSet<&String> = users.iter().map(|(_, given)| given).collect();
            let is_an_error = given.len() < users.len();
            if is_an_error
                || given
                    .iter()
                    .all(|given| self.config.images.contains_key(*given))
            {
                continue;
            }
            let shown: Vec<String> = users
                .iter()
                .take(SHOWN)
                .map(|(dir, given)| format!("{given} ({})", written(dir)))
                .collect();
            let more = if users.len() > SHOWN {
                format!(" and {} more", users.len() - SHOWN)
            } else {
                String::new()
            };
            let tables: Vec<String> = users
                .iter()
                .take(SHOWN)
                .map(|(dir, given)| table(given, dir))
                .collect();
            let warning = Diagnostic::warning(format!(
                "{} mains would make an image named {name}; their images are called {}{more}",
                users.len(),
                shown.join(", ")
            ));
            let help = format!(
                "to keep or to change these names, write them down:\n{}",
                tables.join("\n")
            );
            self.diagnostics.push(warning.help(help));
        }
    }

    /// Images of the mains that have no table.
    fn rest(&mut self, all: &[Found]) {
        let configured: BTreeSet<&Main> = self
            .named
            .values()
            .flatten()
            .map(|found| &found.main)
            .collect();
        let mut free: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
        for found in all.iter().filter(|found| !configured.contains(&found.main)) {
            if let Some(name) = self.by_rule.get(&found.main.dir) {
                free.entry(name).or_default().push(found);
            }
        }
        let (mut named, mut diagnostics) = (Vec::new(), Vec::new());
        for (name, founds) in free {
            let taken = self.named.get(name).map(Vec::as_slice).unwrap_or_default();
            // Why a configured image has no main was said already.
            if self.config.images.contains_key(name) && taken.is_empty() {
                continue;
            }
            match (taken, founds.as_slice()) {
                ([], [only]) => {
                    diagnostics.extend(unusable(name, &only.main));
                    named.push((name.to_owned(), vec![(*only).clone()]));
                }
                ([], several) if is_one_main(several) => {
                    diagnostics.push(self.in_several_roots(several))
                }
                _ => diagnostics.push(same_name(
                    name,
                    &taken.iter().chain(founds).collect::<Vec<_>>(),
                )),
            }
        }
        self.named.extend(named);
        self.diagnostics.extend(diagnostics);
    }

    /// A main that belongs to several workspaces: which versions it is built with is for the user
    /// to say.
    fn in_several_roots(&self, founds: &[&Found]) -> Diagnostic {
        let dirs: Vec<String> = founds
            .iter()
            .map(|found| written(&self.workspace.root(found.root).dir))
            .collect();
        let main = founds
            .first()
            .map(|found| written(&found.main.dir))
            .unwrap_or_default();
        let error = Diagnostic::error(format!(
            "main {main} is used by several workspaces: those in {}",
            dirs.join(" and ")
        ));
        let first = dirs.first().cloned().unwrap_or_default();
        error.help(format!("name the workspaces to build, or set `workspace = false` for its image:\nroots = [{first:?}]"))
    }
}

/// What a module's root directory is called by `go build`, for the module that `dir` lies in.
fn module_of<'m>(dir: &TreePath, modules: &BTreeMap<&TreePath, &'m str>) -> Option<&'m str> {
    std::iter::successors(Some(dir.clone()), TreePath::parent)
        .find_map(|dir| modules.get(&dir).copied())
}
