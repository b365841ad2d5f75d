//! The repository as the library sees it: tree, scan, workspace, configuration; and from there to
//! plans.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gowork_llb::Repository;
use gowork_llb::config::{self, Config, GitUnknown, GitValue, ImageName};
use gowork_llb::diag::Diagnostic;
use gowork_llb::limits;
use gowork_llb::lower::{self, ContextUse};
use gowork_llb::packages::Scan;
use gowork_llb::plan::{self, BuildIx, NotInImages, Outline, Outlines, Plan, PlanInput, Target};
use gowork_llb::resolution::Resolution;
use gowork_llb::tree::{Ignore, SourceTree, TreePath};
use gowork_llb::workspace::Workspace;

use crate::args::Common;
use crate::contexts::{self, Contexts, Laid};
use crate::exit::Usage;
use crate::root::CONFIGURATION;
use crate::source::Source;
use crate::{exit, git, resolve, ui};

/// A repository that was read.
pub(crate) struct Project {
    /// Its files.
    pub(crate) tree: Arc<dyn SourceTree>,
    /// What was read of them.
    repository: Repository,
    /// Build-args that stay open ([`OpenArgs::Keep`]), with their defaults.
    pub(crate) open_args: BTreeMap<String, Option<String>>,
    /// Whether a build reads `.git`, for values that only git can say.
    pub(crate) reads_git: bool,
    /// Name and rules of the ignore file, if there is one.
    pub(crate) ignore: Option<(String, Ignore)>,
    /// What is wrong if the ignore file leaves `.git` out of such a build.
    pub(crate) left_out_git: Vec<Diagnostic>,
    /// Name and text of the configuration, if there is one.
    pub(crate) config_file: Option<(String, String)>,
    /// The named contexts of the build.
    pub(crate) contexts: Contexts,
    /// The Dockerfile with stages of its own that the configuration belongs to, if it does.
    pub(crate) stages: Option<String>,
    /// All files, for the lines of those that a build does not see.
    pub(crate) whole: Arc<dyn SourceTree>,
    root: PathBuf,
}

/// What the go command said, by build.
pub(crate) type Resolutions = BTreeMap<BuildIx, Resolution>;

/// A plan, with what the go command said.
pub(crate) type Planned = Sound<(Plan, Option<Resolutions>)>;

/// What is made of the images that can be built.
pub(crate) struct Sound<T> {
    /// What is made of them.
    pub(crate) value: T,
    /// Names of the images that cannot be built. Why was shown.
    pub(crate) broken: BTreeSet<ImageName>,
    /// What the command exits with, if nothing else goes wrong.
    pub(crate) code: u8,
}

impl<T> Sound<T> {
    /// The same, with what `change` makes of the value.
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Sound<U> {
        Sound {
            value: change(self.value),
            broken: self.broken,
            code: self.code,
        }
    }
}

/// What becomes of a build-arg that is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenArgs {
    /// It is an error, if it has no default.
    Refuse,
    /// Its use in linker flags, environment and labels stays open, for a file that is printed now
    /// and built later.
    Keep,
}

impl Project {
    /// Reads the repository on disk, as a build sees it.
    pub(crate) fn read(common: &Common, open: OpenArgs) -> anyhow::Result<Self> {
        Self::of(Source::on_disk(common)?.without_ignored(), common, open)
    }

    /// The same, as a build sees it that is made by the definition file at `path`.
    pub(crate) fn read_for(common: &Common, open: OpenArgs, path: &Path) -> anyhow::Result<Self> {
        let source = Source::on_disk(common)?.defined_by(&common.root.dir, path)?;
        Self::of(source.without_ignored(), common, open)
    }

    /// Reads the repository from anywhere.
    pub(crate) fn of(source: Source, common: &Common, open: OpenArgs) -> anyhow::Result<Self> {
        let Source {
            tree,
            whole,
            config_file,
            stages,
            ignore,
            mut diagnostics,
        } = source;
        let (name, text) = config_file.clone().unwrap_or_default();
        let (written, mut found) = Config::parse(&name, &text);
        let given = build_args(&common.build_arg)?;
        // Stages of a Dockerfile may use them.
        if found.is_empty() && stages.is_none() {
            found.extend(written.unused_build_args(&given));
        }
        let mut asked_of_git = written.asked_of_git(&given);
        // Docker buildx says the commit, and the repository.
        asked_of_git.retain(|(value, _)| !matches!(value, GitValue::Revision | GitValue::Source));
        found.extend(config::asked_too_early(&asked_of_git));
        let stamps = !written.stamped().is_empty();
        let left_out_git = match &ignore {
            Some((_, ignore)) if config::leaves_out_git(ignore) => {
                let stamped = written.stamped().into_iter();
                let no_stamp = stamped.map(|buildvcs| GitUnknown::Ignored.no_stamp(buildvcs));
                let mut found = GitUnknown::Ignored.findings(&asked_of_git);
                found.extend(no_stamp);
                found
            }
            _ => Vec::new(),
        };
        let open_args = match open {
            OpenArgs::Keep => stay_open(&written, &given),
            OpenArgs::Refuse => BTreeMap::new(),
        };
        let mut values = given;
        values.extend(
            open_args
                .iter()
                .map(|(name, default)| (name.clone(), lower::open_arg(name, default.is_none()))),
        );
        if open == OpenArgs::Refuse {
            // As a build asks git for them. What is printed now is built later, of another commit.
            let asked = written.asked_of_git(&values);
            let asked = asked.into_iter().map(|(value, _)| value).collect();
            values.extend(git::values(&common.root.dir, &asked));
        }
        let (config, expanding) = written.expand(&values);
        if !found.iter().any(Diagnostic::is_error) {
            found.extend(expanding);
        }
        diagnostics.extend(found);
        let root = common.root.dir.clone();
        let Laid {
            tree,
            whole,
            contexts,
        } = contexts::lay(tree, whole, &config, common)?;
        let repository = Repository::configured(tree.as_ref(), root.clone(), config, diagnostics);
        Ok(Self {
            tree,
            repository,
            open_args,
            reads_git: !asked_of_git.is_empty() || stamps,
            ignore,
            left_out_git,
            config_file,
            contexts,
            stages,
            whole,
            root,
        })
    }

    /// The images that can be built, on each platform. Shows what is wrong. `None` if no image is
    /// left.
    pub(crate) fn outlines(&self, targets: &[Target]) -> Option<Sound<Vec<Outline>>> {
        let Outlines {
            outlines,
            broken,
            diagnostics,
            ..
        } = self.judge(targets);
        self.tell(&diagnostics);
        let is_sound = !diagnostics.iter().any(Diagnostic::is_error);
        if !is_sound && outlines.iter().all(|outline| outline.images.is_empty()) {
            return None;
        }
        if !broken.is_empty() {
            let names: Vec<&str> = broken.iter().map(ImageName::as_str).collect();
            ui::note(&format!(
                "left out, since they cannot be built: {}",
                names.join(", ")
            ));
        }
        let code = if is_sound { exit::OK } else { exit::ERRORS };
        Some(Sound {
            value: outlines,
            broken,
            code,
        })
    }

    /// The images on each platform that can be built, and all that is wrong.
    pub(crate) fn judge(&self, targets: &[Target]) -> Outlines {
        let mut made = self.repository.outlines(targets);
        if self.stages.is_none() {
            let context_use = ContextUse {
                given: &self.contexts.names(),
                modules: &self.contexts.of_modules(),
                config: self.config(),
                mod_files: &self.scan().mod_files,
                workspace: self.workspace(),
            };
            let outlines: Vec<&Outline> = made.outlines.iter().collect();
            made.diagnostics.extend(context_use.unused(&outlines));
        }
        made
    }

    /// Files that programs open while they run and that their images do not have. Stages of a
    /// Dockerfile put in what they like.
    pub(crate) fn not_in_images(&self, outlines: &[Outline]) -> NotInImages {
        if self.stages.is_some() {
            return NotInImages::default();
        }
        self.repository.not_in_images(self.tree.as_ref(), outlines)
    }

    /// What is doubtful about the configuration, and about the modules of these outlines' images.
    pub(crate) fn doubtful(&self, outlines: &[Outline]) -> Vec<Diagnostic> {
        self.repository.lint(outlines)
    }

    /// The plan for each platform, of the images that can be built. None, if no image is left.
    pub(crate) fn plans(&self, targets: &[Target]) -> Option<Sound<Vec<Plan>>> {
        Some(self.outlines(targets)?.map(|outlines| {
            outlines
                .iter()
                .map(|outline| self.coarse(outline))
                .collect()
        }))
    }

    /// The plan without an answer of the go command.
    fn coarse(&self, outline: &Outline) -> Plan {
        let outline = &outline.supposed(self.scan(), self.workspace());
        plan::plan(PlanInput {
            outline,
            resolutions: None,
        })
    }

    /// The plan for one platform, with or without what the local go command says, and what it said.
    /// None, if no image is left.
    pub(crate) fn planned(&self, target: Target, resolve: bool) -> anyhow::Result<Option<Planned>> {
        let Some(Sound {
            mut value,
            broken,
            code,
        }) = self.outlines(&[target])
        else {
            return Ok(None);
        };
        let Some(outline) = value.pop() else {
            return Ok(None);
        };
        if !resolve {
            return Ok(Some(Sound {
                value: (self.coarse(&outline), None),
                broken,
                code,
            }));
        }
        let (outline, resolutions) = self.asked(outline)?;
        let plan = plan::plan(PlanInput {
            outline: &outline,
            resolutions: Some(&resolutions),
        });
        Ok(Some(Sound {
            value: (plan, Some(resolutions)),
            broken,
            code,
        }))
    }

    /// What the local go command says about the builds of an outline.
    pub(crate) fn asked(&self, outline: Outline) -> anyhow::Result<(Outline, Resolutions)> {
        if self.contexts.modules.is_empty() {
            return resolve::resolutions(&self.root, outline, self.scan(), self.workspace());
        }
        // The repository's own mod files do not name the directories of contexts.
        self.asked_elsewhere(outline)
    }

    /// The same, asked in a directory that has no more than the question needs.
    pub(crate) fn asked_elsewhere(
        &self,
        outline: Outline,
    ) -> anyhow::Result<(Outline, Resolutions)> {
        let place = resolve::Place::new(self.tree.as_ref(), &outline)?;
        resolve::resolutions(place.root(), outline, self.scan(), self.workspace())
    }

    /// What was read of its files.
    pub(crate) fn scan(&self) -> &Scan {
        self.repository.scan()
    }

    /// Its modules.
    pub(crate) fn workspace(&self) -> &Workspace {
        self.repository.workspace()
    }

    /// The configuration, with build-args filled in.
    pub(crate) fn config(&self) -> &Config {
        self.repository.config()
    }

    /// The error of a command that prints `what` for images, where the Dockerfile has stages of its
    /// own: they would be left out.
    pub(crate) fn refuse_stages(&self, what: &str) -> Option<Diagnostic> {
        let dockerfile = self.stages.as_ref()?;
        let error = Diagnostic::error(format!(
            "{dockerfile} has stages of its own, and {what} would leave them out"
        ));
        Some(error.help(format!(
            "build {dockerfile} as it is, or name a {CONFIGURATION} with -f to print its images"
        )))
    }

    /// All its files, also those that a build does not see.
    pub(crate) fn whole(&self) -> &dyn SourceTree {
        self.whole.as_ref()
    }

    /// Its directory on disk.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Shows diagnostics, with lines of the repository's files. Rules that the configuration switches
    /// off are left out.
    pub(crate) fn tell(&self, diagnostics: &[Diagnostic]) {
        let shown = self.config().without_skipped(diagnostics.to_vec());
        if shown.is_empty() {
            return;
        }
        ui::tell(&shown, &|file| match &self.config_file {
            Some((name, text)) if name == file => Some(text.clone()),
            _ => {
                let mut bytes = self.whole.read(&[TreePath::new(file).ok()?]).pop()?.ok()?;
                bytes.truncate(limits::SHOWN_FILE);
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
        });
    }
}

/// Platforms of what is printed to be built later, on machines unknown.
const USUAL_PLATFORMS: [(&str, &str); 2] = [("linux", "amd64"), ("linux", "arm64")];

/// The platforms asked for, or the usual ones.
pub(crate) fn usual_targets(common: &Common) -> Vec<Target> {
    targets(common, &USUAL_PLATFORMS)
}

/// The platforms asked for, or `default`.
pub(crate) fn targets(common: &Common, default: &[(&str, &str)]) -> Vec<Target> {
    if !common.platform.is_empty() {
        return common.platform.clone();
    }
    let target = |(os, arch): &(&str, &str)| Target {
        os: (*os).to_owned(),
        arch: (*arch).to_owned(),
        variant: String::new(),
    };
    default.iter().map(target).collect()
}

/// The one platform of a command that shows one.
pub(crate) fn one_target(common: &Common) -> anyhow::Result<Target> {
    let targets = targets(common, &host_target());
    match targets.as_slice() {
        [target] => Ok(target.clone()),
        _ => Err(Usage("this command shows one platform: give --platform once".to_owned()).into()),
    }
}

/// Where no platform is asked for: linux on this machine's architecture.
pub(crate) fn host_target() -> [(&'static str, &'static str); 1] {
    [("linux", host_arch())]
}

/// This machine's architecture as Go calls it.
fn host_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

fn build_args(given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut args = BTreeMap::new();
    for arg in given {
        match arg.split_once('=') {
            Some((name, value)) => args.insert(name.to_owned(), value.to_owned()),
            // As docker does: from the environment, where it is there.
            None => std::env::var(arg)
                .ok()
                .and_then(|value| args.insert(arg.clone(), value)),
        };
        if arg.starts_with('=') || arg.is_empty() {
            return Err(Usage(format!("--build-arg {arg}: write NAME=VALUE")).into());
        }
    }
    if let Some(error) = config::check_given("build-arg", &args).into_iter().next() {
        return Err(Usage(error.to_string()).into());
    }
    Ok(args)
}

/// The build-args that are not given and that a printed file may ask for: used in linker flags,
/// environment and labels only, with one default at most.
fn stay_open(
    config: &Config,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, Option<String>> {
    let mut uses: BTreeMap<String, Vec<(bool, Option<String>)>> = BTreeMap::new();
    for arg in config.build_args() {
        // What stands in the place of another is not asked for where that one is open.
        if arg.in_place_of.is_some() {
            continue;
        }
        let free = arg.key.ends_with("ldflags")
            || arg.key.contains(".env.")
            || arg.key.contains(".labels.");
        uses.entry(arg.name).or_default().push((free, arg.default));
    }
    uses.retain(|name, uses| {
        let same_default = uses.iter().all(|(_, default)| *default == uses[0].1);
        !given.contains_key(name) && same_default && uses.iter().all(|(free, _)| *free)
    });
    uses.into_iter()
        .map(|(name, mut uses)| (name, uses.pop().and_then(|(_, default)| default)))
        .collect()
}
