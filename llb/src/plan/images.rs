//! Mains to named images.

use std::collections::{BTreeMap, BTreeSet};

use super::binaries;
use super::debug;
use super::found::{Found, NamedMain, SHOWN, is_named_by, is_one_main, profile, some_dirs};
use super::image_errors::{
    image_table, needs_cgo, no_func_main, no_main, not_found, place, same_name, unusable,
};
use super::mains::Mains;
use super::names;
use super::settings::Target;
use super::tools;
use crate::config::{Config, ImageConfig, ImageName};
use crate::diag::{Diagnostic, Fix, Position, Rule, Span};
use crate::limits;
use crate::packages::{Main, Scan, Unknown};
use crate::tree::TreePath;
use crate::workspace::Workspace;

/// The mains of the repository with their names, and what makes no image.
pub(super) struct Named {
    pub(super) mains: Vec<NamedMain>,
    /// Directories of `package main` without `func main`, but for those that `skip` names.
    pub(super) without_func: BTreeSet<TreePath>,
    /// Names that no image has: it is not clear which main they are for, or which binaries the image
    /// holds.
    pub(super) refused: BTreeSet<ImageName>,
    /// Directories that may hold mains: their files cannot be read.
    pub(super) unknown: Vec<Unknown>,
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
    let mains = Mains::new(scan, workspace, config, target, go_minor);
    let unnamed = config.image("");
    let all = mains.of(&unnamed);
    if let Some(error) = too_many(&all, config) {
        return Named::nothing(error);
    }
    let unknown = mains.unknown(&unnamed);
    let mut naming = Naming {
        config,
        workspace,
        mains: &mains,
        by_rule: BTreeMap::new(),
        named: BTreeMap::new(),
        refused: BTreeSet::new(),
        diagnostics: Vec::new(),
    };
    let images: Vec<ImageConfig> = config
        .images
        .keys()
        .map(|name| config.image(name))
        .collect();
    let (pointing, plain): (Vec<&ImageConfig>, Vec<&ImageConfig>) =
        images.iter().partition(|image| image.main.is_some());
    // A main that a table points at is out of the way of others before they get names.
    for image in pointing {
        naming.configured(image, &mains.of(image));
    }
    let shared = naming.apply_rule(&all);
    for image in plain {
        naming.configured(image, &mains.of(image));
    }
    naming.diagnostics.sort_by(|a, b| a.span.cmp(&b.span));
    naming.warn_of_shared(&shared);
    naming.rest(&all);
    if all.is_empty() && naming.named.is_empty() && naming.diagnostics.is_empty() {
        naming.diagnostics.push(no_main(&mains, &unnamed, &unknown));
    }
    let mut named = Vec::new();
    for (name, founds) in naming.named {
        let config = config.image(&name);
        for found in founds {
            named.push(NamedMain {
                root: found.root,
                profile: profile(scan, &found.main.dir),
                package: found.main.path,
                dir: found.main.dir,
                config: config.clone(),
                binaries: Vec::new(),
                variant_of: None,
                tool: None,
            });
        }
    }
    let mut refused = naming.refused;
    let mut diagnostics = naming.diagnostics;
    match binaries::find(&mains, &mut named, &refused) {
        Ok(mut wrong) => {
            let variants = debug::variants(&mains, &named, &mut wrong);
            let tools = tools::asked(&mains, &named);
            named.extend(variants);
            named.extend(tools);
            refused.extend(wrong.images);
            diagnostics.extend(wrong.diagnostics);
        }
        Err(error) => return Named::nothing(error),
    }
    let without_func = mains.without_func(&unnamed);
    if let Some(error) = mains.beyond_limit() {
        return Named::nothing(error);
    }
    let without_func = without_func.iter().map(|found| found.main.dir.clone());
    Named {
        mains: named,
        without_func: without_func.collect(),
        refused,
        unknown,
        diagnostics,
    }
}

impl Named {
    /// No image, for this reason.
    fn nothing(error: Diagnostic) -> Self {
        Self {
            mains: Vec::new(),
            without_func: BTreeSet::new(),
            refused: BTreeSet::new(),
            unknown: Vec::new(),
            diagnostics: vec![error],
        }
    }
}

/// The error of more mains, or larger settings, than there may be.
fn too_many(mains: &[Found], config: &Config) -> Option<Diagnostic> {
    if let Some(beyond) = mains.get(limits::IMAGES) {
        let error = Diagnostic::error(format!(
            "more than {} main packages, gowork's limit",
            limits::IMAGES
        ));
        let span = Span::at(beyond.main.dir.as_dir(), Position::default());
        return Some(error.at(span).help(
            "list those that you want no images of under `skip`, or build a part of the repository",
        ));
    }
    let images = mains.len() + config.images.len();
    let bytes = config.shared_bytes().saturating_mul(images);
    (bytes > limits::SETTINGS).then(|| {
        let error = Diagnostic::error(format!(
            "the settings of all images have {bytes} bytes; gowork takes {}",
            limits::SETTINGS
        ));
        error.help("what [go] and [runtime] say counts for each image: write it shorter")
    })
}

struct Naming<'a> {
    config: &'a Config,
    workspace: &'a Workspace,
    mains: &'a Mains<'a>,
    /// What the rule calls the mains that no table points at, by directory.
    by_rule: BTreeMap<TreePath, ImageName>,
    /// Images by name. Exactly one main each, unless an error says otherwise.
    named: BTreeMap<ImageName, Vec<Found>>,
    /// Names that no image has, because it is not clear which main they are for.
    refused: BTreeSet<ImageName>,
    diagnostics: Vec<Diagnostic>,
}

/// Mains that would have one name, each with the name that it has instead.
type Shared = BTreeMap<ImageName, Vec<(TreePath, ImageName)>>;

impl Naming<'_> {
    /// The main of `[images.NAME]`.
    fn configured(&mut self, image: &ImageConfig, mains: &[Found]) {
        let name = image.name.as_str();
        let matching = self.meant(image, mains);
        match matching.as_slice() {
            [found] => {
                self.named
                    .insert(image.name.clone(), vec![(*found).clone()]);
            }
            [] => {
                let with_cgo = self.mains.with_cgo(image);
                let without_func = self.mains.without_func(image);
                let error = if let Some(found) = self.meant(image, &with_cgo).first() {
                    needs_cgo(image, &found.main)
                } else if let Some(found) = self.meant(image, &without_func).first() {
                    no_func_main(image, &found.main)
                } else {
                    not_found(image, mains, self.mains)
                };
                self.diagnostics.push(error);
            }
            several if is_one_main(several) => self
                .diagnostics
                .push(self.in_several_roots(several).at(place(image))),
            several => {
                let span = place(image);
                let error = Diagnostic::error(format!(
                    "image {name} could be any of: {}",
                    some_dirs(several.iter().copied())
                ));
                self.diagnostics
                    .push(error.at(span).help("say which one with `main = \"./DIR\"`"));
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
            .filter(|found| {
                let binary = found.main.path.binary_name();
                binary.eq_ignore_ascii_case(&image.name)
            })
            .collect()
    }

    /// Names what no table points at, and returns who would have shared a name.
    fn apply_rule(&mut self, all: &[Found]) -> Shared {
        // The same main may be an image without its workspace, and then is found twice.
        let mut free: BTreeSet<&Main> = all.iter().map(|found| &found.main).collect();
        for found in self.named.values().flatten() {
            free.remove(&found.main);
        }
        let subjects = self.subjects(&free);
        let taken: BTreeSet<&str> = self.named.keys().map(ImageName::as_str).collect();
        let names::Names { given, shared } = names::give(&subjects, &taken);
        let dirs = subjects.into_iter().map(|subject| subject.dir);
        let named: Vec<(TreePath, ImageName)> = dirs.zip(given).collect();
        let mut sharing = Shared::new();
        for (name, users) in shared {
            let users = users.into_iter().map(|user| named[user].clone());
            sharing.insert(name, users.collect());
        }
        self.by_rule = named.into_iter().collect();
        sharing
    }

    /// What the names of these mains are made from.
    fn subjects(&self, mains: &BTreeSet<&Main>) -> Vec<names::Subject> {
        let mut modules: BTreeMap<&TreePath, &str> = BTreeMap::new();
        for module in &self.workspace.modules {
            modules.insert(&module.dir, module.path.binary_name());
        }
        let mut subjects = Vec::new();
        for main in mains {
            let binary = main.path.binary_name();
            subjects.push(names::Subject {
                dir: main.dir.clone(),
                binary: binary.to_owned(),
                module: module_of(&main.dir, &modules).unwrap_or(binary).to_owned(),
            });
        }
        subjects
    }

    /// Says which mains have longer names since others have the same; not where each of them has a
    /// table.
    fn warn_of_shared(&mut self, shared: &Shared) {
        for (name, users) in shared {
            let given: BTreeSet<&ImageName> = users.iter().map(|(_, given)| given).collect();
            let is_an_error = given.len() < users.len();
            let mut names = given.into_iter();
            let have_tables = names.all(|name| self.config.images.contains_key(name));
            if is_an_error || have_tables {
                continue;
            }
            let (mut shown, mut tables) = (Vec::new(), Vec::new());
            for (dir, given) in users.iter().take(SHOWN) {
                shown.push(format!("{given} ({})", dir.as_dir()));
                tables.push(image_table(given, dir));
            }
            let open = users.iter();
            let open = open.filter(|(_, given)| !self.config.images.contains_key(given));
            let lines: Vec<String> = open.map(|(dir, given)| image_table(given, dir)).collect();
            let more = match users.len().saturating_sub(SHOWN) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let warning = Diagnostic::warning(
                Rule::SameImageName,
                format!(
                    "{} mains would make an image named {name}; their images are called {}{more}",
                    users.len(),
                    shown.join(", ")
                ),
            );
            let help = format!(
                "to keep or to change these names, write them down:\n{}",
                tables.join("\n")
            );
            let fix = Fix {
                file: None,
                lines: lines.join("\n"),
            };
            self.diagnostics.push(warning.help(help).fix(fix));
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
        let mut free: BTreeMap<&ImageName, Vec<&Found>> = BTreeMap::new();
        for found in all.iter().filter(|found| !configured.contains(&found.main)) {
            if let Some(name) = self.by_rule.get(&found.main.dir) {
                free.entry(name).or_default().push(found);
            }
        }
        let (mut named, mut diagnostics) = (Vec::new(), Vec::new());
        for (name, founds) in free {
            let taken = self.named.get(name).map(Vec::as_slice).unwrap_or_default();
            // The reason why a configured image has no main was reported before.
            if self.config.images.contains_key(name) && taken.is_empty() {
                continue;
            }
            if taken.is_empty() && founds.len() > 1 {
                self.refused.insert(name.to_owned());
            }
            match (taken, founds.as_slice()) {
                ([], [only]) => {
                    diagnostics.extend(unusable(name, &only.main));
                    named.push((name.clone(), vec![(*only).clone()]));
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
            .map(|found| self.workspace.root(found.root).dir.as_dir())
            .collect();
        let main = founds
            .first()
            .map(|found| found.main.dir.as_dir())
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
