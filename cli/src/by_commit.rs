//! A commit against the work tree: both scanned and planned by the same code, then compared image
//! by image.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gowork_llb::config::{Config, FileSource, ImageName};
use gowork_llb::diag::Diagnostic;
use gowork_llb::gosrc;
use gowork_llb::keys::{self, Contents, Difference, Key, KeyInput, KeyPart};
use gowork_llb::packages;
use gowork_llb::plan::{self, Outline, Outlines, Plan, PlanInput, Target};
use gowork_llb::tree::{SourceTree, TreePath};
use gowork_llb::workspace;

use crate::args::Common;
use crate::git::{Git, GitTree, WorkState};
use crate::project::{OpenArgs, Project, Resolutions, Sound};
use crate::source::Source;
use crate::ui;

/// What became of an image since a commit.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// It was not there.
    New,
    /// It is there no more.
    Gone,
    /// It was there, and something it is made of is another.
    Changed(Vec<Difference>),
    /// What it was is unknown, for this reason.
    Unknown(String),
}

/// The two sides.
pub(crate) struct Comparison {
    now: Project,
    then: Project,
    git_tree: Arc<GitTree>,
    work: Arc<WorkState>,
    rev: String,
}

/// One side, planned for one platform.
struct Planned {
    plan: Plan,
    contents: Contents,
}

impl Comparison {
    /// Reads both sides.
    pub(crate) fn read(common: &Common, rev: &str) -> anyhow::Result<Self> {
        let now = Source::on_disk(common)?;
        let git = Git::open(&common.root.dir)?;
        let commit = git.commit(rev)?;
        let work = Arc::new(WorkState::read(&git)?);
        let git_tree = Arc::new(GitTree::new(&git, &commit, Arc::clone(&work))?);
        let then = Source::of(Arc::clone(&git_tree) as Arc<dyn SourceTree>, common)?;
        let now = Project::of(now.without_ignored(), common, OpenArgs::Keep)?;
        let then = Project::of(then.without_ignored(), common, OpenArgs::Keep)?;
        Ok(Self {
            now,
            then,
            git_tree,
            work,
            rev: rev.to_owned(),
        })
    }

    /// The work tree's configuration.
    pub(crate) fn config(&self) -> &Config {
        self.now.config()
    }

    /// The work tree's images on these platforms. Returns `None`, and shows why, if no image can be
    /// built.
    pub(crate) fn now(&self, targets: &[Target]) -> Option<Sound<Vec<Outline>>> {
        self.now.outlines(targets)
    }

    /// What became of each image that was touched, on one platform, for which `now` is the work
    /// tree's outline. It has no image that cannot be built now.
    pub(crate) fn fates(
        &self,
        target: &Target,
        now: Outline,
        ask_go: bool,
    ) -> anyhow::Result<BTreeMap<ImageName, Change>> {
        let broken_now = now.broken.clone();
        let coarse_now = self.planned_now(&supposed(&self.now, &now))?;
        let Outlines {
            mut outlines,
            diagnostics,
            broken,
            ..
        } = self.then.judge(std::slice::from_ref(target));
        let wrong = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
        let then = match (wrong, outlines.pop()) {
            (Some(_), Some(outline)) if outline.images.is_empty() => {
                return Ok(self.unknown(&coarse_now, wrong));
            }
            (_, Some(outline)) => outline,
            (wrong, None) => return Ok(self.unknown(&coarse_now, wrong)),
        };
        let mut fates = self.compared(then, now, &coarse_now, ask_go)?;
        fates.retain(|name, _| !broken_now.contains(name));
        fates.extend(
            self.unknown(&coarse_now, wrong)
                .into_iter()
                .filter(|(name, _)| broken.contains(name)),
        );
        Ok(fates)
    }

    fn compared(
        &self,
        then: Outline,
        now: Outline,
        coarse_now: &Planned,
        ask_go: bool,
    ) -> anyhow::Result<BTreeMap<ImageName, Change>> {
        let coarse_then = self.planned_then(&supposed(&self.then, &then))?;
        let coarse = compare(&self.image_keys([&coarse_then, coarse_now], None));
        if ask_go
            && (coarse.values().any(only_go_knows)
                || self.may_have_behind(coarse_now) && self.sources_differ()?)
        {
            match self.resolved(then, now) {
                Ok([(then, asked_then), (now, asked_now)]) => {
                    let (then, now) = (self.planned_then(&then)?, self.planned_now(&now)?);
                    return Ok(compare(
                        &self.image_keys([&then, &now], Some([&asked_then, &asked_now])),
                    ));
                }
                Err(error) => ui::note(&unanswered(&error)),
            }
        }
        Ok(coarse)
    }

    fn planned_now(&self, outline: &Outline) -> anyhow::Result<Planned> {
        planned(&self.now, outline, &|files, mode| {
            self.work.contents(files, mode)
        })
    }

    fn planned_then(&self, outline: &Outline) -> anyhow::Result<Planned> {
        planned(&self.then, outline, &|files, mode| {
            self.git_tree.contents(files, mode)
        })
    }

    /// Whether some image holds third-party packages. These may import any package of the
    /// repository.
    fn may_have_behind(&self, now: &Planned) -> bool {
        now.plan
            .images
            .iter()
            .any(|image| !keys::third_party(&now.plan, self.now.workspace(), image).is_empty())
    }

    /// Whether any source that a build could take differs, whether or not its package is imported.
    fn sources_differ(&self) -> anyhow::Result<bool> {
        let sources = |project: &Project| -> BTreeSet<TreePath> {
            let of_dir = |(dir, scanned): (&TreePath, &packages::ScannedDir)| {
                let files = scanned
                    .files
                    .iter()
                    .filter(|file| !gosrc::is_test(&file.name));
                files.map(|file| dir.child(&file.name)).collect::<Vec<_>>()
            };
            project.scan().dirs.iter().flat_map(of_dir).collect()
        };
        let (then, now) = (sources(&self.then), sources(&self.now));
        let no_modes = |_: &TreePath| false;
        Ok(self.git_tree.contents(&then, &no_modes)? != self.work.contents(&now, &no_modes)?)
    }

    /// Every image counts, since what it was made of is unknown.
    fn unknown(&self, now: &Planned, wrong: Option<&Diagnostic>) -> BTreeMap<ImageName, Change> {
        let place = |error: &Diagnostic| {
            error
                .span
                .as_ref()
                .map(|span| format!("{span}: "))
                .unwrap_or_default()
        };
        let why = wrong.map_or_else(
            || "nothing to build".to_owned(),
            |error| place(error) + &error.message,
        );
        let change = Change::Unknown(format!("{} cannot be built: {why}", self.rev));
        now.plan
            .images
            .iter()
            .map(|image| (image.name.clone(), change.clone()))
            .collect()
    }

    /// What images are made of, before and now.
    fn image_keys(
        &self,
        planned: [&Planned; 2],
        resolutions: Option<[&Resolutions; 2]>,
    ) -> [BTreeMap<ImageName, Key>; 2] {
        let sides = [(&self.then, planned[0], 0), (&self.now, planned[1], 1)];
        sides.map(|(project, planned, side)| {
            keys::image_keys(KeyInput {
                plan: &planned.plan,
                workspace: project.workspace(),
                mod_files: &project.scan().mod_files,
                resolutions: resolutions.map(|both| both[side]),
                contents: &planned.contents,
            })
        })
    }

    /// What go chooses, before and now, and the outlines that it leads to.
    fn resolved(&self, then: Outline, now: Outline) -> anyhow::Result<[(Outline, Resolutions); 2]> {
        Ok([self.then.asked_elsewhere(then)?, self.now.asked(now)?])
    }
}

/// The outline without an answer of the go command.
fn supposed(project: &Project, outline: &Outline) -> Outline {
    outline.supposed(project.scan(), project.workspace())
}

fn planned(
    project: &Project,
    outline: &Outline,
    contents: &ContentsOf<'_>,
) -> anyhow::Result<Planned> {
    let plan = plan::plan(PlanInput {
        outline,
        resolutions: None,
    });
    let images = plan.images.iter();
    let runtime: BTreeSet<&FileSource> = images
        .flat_map(|image| &image.runtime.files)
        .map(|file| &file.from.value)
        .collect();
    let tree = project.tree.as_ref();
    let files = keys::files(tree, &keys::paths(&plan, tree));
    let (of_contexts, files): (BTreeSet<TreePath>, BTreeSet<TreePath>) =
        files.into_iter().partition(workspace::is_of_context);
    let mut contents = contents(&files, &|path| runtime.iter().any(|from| from.takes(path)))?;
    for path in of_contexts {
        // Git knows nothing of it, so it counts as unchanged.
        contents.insert(path, "of a context");
    }
    Ok(Planned { plan, contents })
}

/// The message if the go command fails: its first lines, each once, and what that means.
fn unanswered(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let mut seen = BTreeSet::new();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| seen.insert(*line))
        .take(4)
        .collect();
    format!(
        "{}\nSo versions are not known, and every line that may decide one counts.",
        lines.join("\n")
    )
}

type ContentsOf<'a> =
    dyn Fn(&BTreeSet<TreePath>, &dyn Fn(&TreePath) -> bool) -> anyhow::Result<Contents> + 'a;

fn compare([then, now]: &[BTreeMap<ImageName, Key>; 2]) -> BTreeMap<ImageName, Change> {
    let names: BTreeSet<&ImageName> = then.keys().chain(now.keys()).collect();
    let change = |name: &ImageName| match (then.get(name), now.get(name)) {
        (None, _) => Some(Change::New),
        (_, None) => Some(Change::Gone),
        (Some(before), Some(after)) => {
            let differences = before.differences(after);
            (!differences.is_empty()).then_some(Change::Changed(differences))
        }
    };
    names
        .into_iter()
        .filter_map(|name| Some((name.clone(), change(name)?)))
        .collect()
}

/// Whether something differs whose meaning only the go command knows.
fn only_go_knows(change: &Change) -> bool {
    let decides = |part: &KeyPart| match part {
        KeyPart::ModLine(..) | KeyPart::Sum(_) | KeyPart::PerhapsFile(_) => true,
        KeyPart::File(path) => path.as_str().split('/').any(|element| element == "vendor"),
        _ => false,
    };
    matches!(change, Change::Changed(differences) if differences.iter().any(|difference| decides(&difference.part)))
}
