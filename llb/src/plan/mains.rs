//! The mains of a repository, as the settings of an image have them. Images with the same flags
//! share one look.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::found::Found;
use super::roots;
use super::settings::{GoSettings, Target};
use crate::config::{CompileConfig, Config, ImageConfig};
use crate::diag::Diagnostic;
use crate::gosrc::BuildContext;
use crate::limits;
use crate::packages::{self, Scan, Unknown};
use crate::tree::TreePath;
use crate::workspace::{RootIx, Workspace};

/// Which of the directories with `package main` are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    /// Those that a binary can be made of.
    Mains,
    /// Those that it could be made of with cgo.
    WithCgo,
    /// Those that lack `func main`.
    WithoutFunc,
    /// Those that `skip` names.
    Skipped,
}

/// Settings, and what was looked for with them.
type Look = (CompileConfig, Asked);

/// Where mains are looked for.
pub(super) struct Mains<'a> {
    pub(super) scan: &'a Scan,
    pub(super) workspace: &'a Workspace,
    pub(super) config: &'a Config,
    pub(super) target: &'a Target,
    pub(super) go_minor: u32,
    /// What was found so far.
    known: RefCell<BTreeMap<Look, Rc<[Found]>>>,
    /// Directories that were looked at.
    steps: Cell<usize>,
}

impl<'a> Mains<'a> {
    pub(super) fn new(
        scan: &'a Scan,
        workspace: &'a Workspace,
        config: &'a Config,
        target: &'a Target,
        go_minor: u32,
    ) -> Self {
        Self {
            scan,
            workspace,
            config,
            target,
            go_minor,
            known: RefCell::default(),
            steps: Cell::new(0),
        }
    }

    /// The mains with the settings of `image`, without those that `skip` names.
    pub(super) fn of(&self, image: &ImageConfig) -> Rc<[Found]> {
        self.find(image, Asked::Mains)
    }

    /// The mains that it would have with cgo.
    pub(super) fn with_cgo(&self, image: &ImageConfig) -> Rc<[Found]> {
        self.find(image, Asked::WithCgo)
    }

    /// What would be mains with `func main`.
    pub(super) fn without_func(&self, image: &ImageConfig) -> Rc<[Found]> {
        self.find(image, Asked::WithoutFunc)
    }

    /// The mains that `skip` names: they make no images.
    pub(super) fn skipped(&self, image: &ImageConfig) -> Rc<[Found]> {
        self.find(image, Asked::Skipped)
    }

    /// The directories that may hold mains: their files cannot be read.
    pub(super) fn unknown(&self, image: &ImageConfig) -> Vec<Unknown> {
        let context = self.context(image, Asked::Mains);
        let mut unknown = Vec::new();
        for root in self.roots(image) {
            unknown.extend(packages::unknown_mains(
                self.scan,
                self.workspace,
                root,
                &context,
            ));
        }
        unknown.retain(|unknown| {
            let main = &unknown.main;
            self.config.skips(&main.dir, &main.path).is_none()
        });
        unknown
    }

    /// The error of a repository with more directories and sets of flags than are looked at. What
    /// was found is then not all that there is.
    pub(super) fn beyond_limit(&self) -> Option<Diagnostic> {
        let error = Diagnostic::error(format!(
            "looking for main packages takes more than {} steps, gowork's limit: each set of flags that images have takes one for each directory",
            limits::MAIN_STEPS
        ));
        (self.steps.get() > limits::MAIN_STEPS)
            .then(|| error.help("give more images the same flags"))
    }

    fn find(&self, image: &ImageConfig, asked: Asked) -> Rc<[Found]> {
        let key = (image.compile.clone(), asked);
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let found: Rc<[Found]> = self.look(image, asked).into();
        self.known.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    fn look(&self, image: &ImageConfig, asked: Asked) -> Vec<Found> {
        self.steps
            .set(self.steps.get().saturating_add(self.scan.dirs.len()));
        if self.steps.get() > limits::MAIN_STEPS {
            return Vec::new();
        }
        let context = self.context(image, asked);
        let mut founds = Vec::new();
        for root in self.roots(image) {
            let of_root = if asked == Asked::WithoutFunc {
                packages::mains_without_func
            } else {
                packages::mains
            };
            let mains = of_root(self.scan, self.workspace, root, &context);
            founds.extend(mains.into_iter().map(|main| Found { root, main }));
        }
        founds.retain(|found| {
            let main = &found.main;
            let is_skipped = self.config.skips(&main.dir, &main.path).is_some();
            is_skipped == (asked == Asked::Skipped)
        });
        without_linked(self.scan, founds)
    }

    fn context(&self, image: &ImageConfig, asked: Asked) -> BuildContext {
        let mut context = GoSettings::new(&image.compile, self.target).context(self.go_minor);
        context.cgo |= asked == Asked::WithCgo;
        context
    }

    /// The roots that an image's main may be one of.
    fn roots(&self, image: &ImageConfig) -> Vec<RootIx> {
        let wanted = self
            .workspace
            .roots()
            .filter(|(_, root)| roots::serves(root, image));
        wanted.map(|(ix, _)| ix).collect()
    }
}

/// The mains without those that were found a second time, behind a link. A directory has one image,
/// under its own name, also where a `replace` line leads to it through a link.
fn without_linked(scan: &Scan, mut founds: Vec<Found>) -> Vec<Found> {
    if scan.links.is_empty() {
        return founds;
    }
    let dirs: BTreeSet<TreePath> = founds.iter().map(|found| found.main.dir.clone()).collect();
    founds.retain(|found| match true_dir(scan, &found.main.dir) {
        Some(real) => real == found.main.dir || !dirs.contains(&real),
        None => true,
    });
    founds
}

/// Where links lead to from a directory with sources; `None` if there are no links.
fn true_dir(scan: &Scan, dir: &TreePath) -> Option<TreePath> {
    let file = dir.child(&scan.dirs.get(dir)?.files.first()?.name);
    scan.followed(&file).pop()?.parent()
}
