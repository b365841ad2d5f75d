//! A repository from disk to plan in three calls: the short way through the stages, for programs
//! that embed the library. The stages themselves are public, for those that need more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::diag::{Diagnostic, Findings};
use crate::lint;
use crate::lower;
use crate::packages::{self, Refused, Scan};
use crate::plan::{
    self, BuildIx, GoCommand, NotInImages, Outline, Outlines, Plan, PlanInput, Target,
};
use crate::resolution::Resolution;
use crate::resolution::go_list::ListError;
use crate::tree::{LocalTree, SourceTree, TreePath};
use crate::workspace::{self, Workspace};

/// A repository that was read: its mod files, its Go files up to their last import, and what its
/// configuration says.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
    scan: Scan,
    workspace: Workspace,
    config: Config,
    diagnostics: Vec<Diagnostic>,
}

/// Why no plan could be made. `E` is the error of the function that runs the go command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError<E> {
    /// The repository or its configuration has errors, each with its place.
    #[error("{}", listed(.0))]
    Invalid(Vec<Diagnostic>),
    /// The go command could not be run.
    #[error("{0}")]
    Go(E),
    /// The go command's answer cannot be used.
    #[error(transparent)]
    Answer(#[from] ListError),
}

impl Repository {
    /// Reads the repository in the directory `root`. `configuration` is a text such as that of a
    /// `gowork.toml`; empty for the defaults. What is wrong is in [`Self::diagnostics`].
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn open(root: impl AsRef<Path>, configuration: &str) -> std::io::Result<Self> {
        let tree = LocalTree::new(root.as_ref());
        Ok(Self::read(&tree, tree.real_root()?, configuration))
    }

    /// Reads a repository from any tree. `root` is where the go command finds its files: absolute,
    /// without symlinks.
    pub fn read(tree: &dyn SourceTree, root: PathBuf, configuration: &str) -> Self {
        let (written, mut diagnostics) = Config::parse("gowork.toml", configuration);
        let (config, expanding) = written.expand(&BTreeMap::new());
        if !diagnostics.iter().any(Diagnostic::is_error) {
            diagnostics.extend(expanding);
        }
        Self::configured(tree, root, config, diagnostics)
    }

    /// Reads a repository from any tree, with a configuration that you have read: from a file of
    /// another name, or with build-args ([`Config::expand`]). `diagnostics` is what is wrong with
    /// the configuration.
    pub fn configured(
        tree: &dyn SourceTree,
        root: PathBuf,
        config: Config,
        mut diagnostics: Vec<Diagnostic>,
    ) -> Self {
        let mut scan = packages::scan(tree);
        let filled: Vec<TreePath> = config
            .overlays()
            .into_iter()
            .map(|overlay| overlay.to.value)
            .collect();
        scan.suppose_filled(&filled);
        diagnostics.extend(scan.refused.iter().map(Refused::diagnostic));
        let chosen = plan::roots(&config, &scan.mod_files);
        let loaded = workspace::load_chosen(&scan.mod_files, &chosen);
        diagnostics.extend(loaded.diagnostics);
        Self {
            root,
            scan,
            workspace: loaded.workspace,
            config,
            diagnostics,
        }
    }

    /// What was read of its files.
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    /// Its modules.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Its configuration, with build-args filled in.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What is wrong with the repository as a whole, whatever is built: errors and warnings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The images that can be built for every one of `targets`, the names of those that cannot, and
    /// all that is wrong. If the repository as a whole has errors, the list of outlines is empty.
    pub fn outlines(&self, targets: &[Target]) -> Outlines {
        let mut findings: Findings = self.diagnostics.iter().cloned().collect();
        let made = if findings.has_errors() {
            Outlines::default()
        } else {
            lower::outlines(&self.scan, &self.workspace, &self.config, targets)
        };
        findings.extend(made.diagnostics);
        Outlines {
            outlines: made.outlines,
            broken: made.broken,
            diagnostics: findings.into_vec(),
        }
    }

    /// What is doubtful about the configuration, and about the modules that the images in these
    /// outlines are built of ([`lint::lint`]).
    pub fn lint(&self, outlines: &[Outline]) -> Vec<Diagnostic> {
        let built = plan::built_roots(outlines);
        lint::lint(&self.scan.mod_files, &self.workspace, &self.config, &built)
    }

    /// Files that programs open while they run and that their images, in these outlines of this
    /// repository, do not have. Reads the Go files that may open some as a whole, from the tree that
    /// the repository was read from.
    pub fn not_in_images(&self, tree: &dyn SourceTree, outlines: &[Outline]) -> NotInImages {
        let outlines: Vec<&Outline> = outlines.iter().collect();
        match plan::open_question(&outlines, &self.scan, &self.workspace) {
            Ok(question) => {
                let opened = packages::opened(tree, &question);
                plan::not_in_images(&outlines, &self.workspace, &self.config, &opened)
            }
            Err(warning) => NotInImages::unknown(warning),
        }
    }

    /// The exact plan: `go` runs the go command and returns what it printed. It may download
    /// modules. Only the go command chooses versions, so a build does the same in its resolve step.
    ///
    /// # Errors
    /// If the repository or one of its images has errors, or the go command cannot answer.
    pub fn plan<E>(
        &self,
        target: &Target,
        mut go: impl FnMut(&GoCommand) -> Result<Vec<u8>, E>,
    ) -> Result<Plan, PlanError<E>> {
        let outline = self.sound_outline(target).map_err(PlanError::Invalid)?;
        let parts = (&self.scan, &self.workspace);
        let resolved = outline.ask(parts, &self.root, &LocalTree::new("/"), |command| {
            go(command).map_err(PlanError::Go)
        })?;
        let errors = errors(resolved.diagnostics);
        if !errors.is_empty() {
            return Err(PlanError::Invalid(errors));
        }
        Ok(plan::plan(PlanInput {
            outline: &resolved.outline,
            resolutions: Some(&resolved.resolutions),
        }))
    }

    /// The coarse plan, without a go command: one step has everything from outside the repository.
    /// A Dockerfile is printed from it.
    ///
    /// # Errors
    /// If the repository or one of its images has errors.
    pub fn plan_without_go(&self, target: &Target) -> Result<Plan, Vec<Diagnostic>> {
        let outline = self.sound_outline(target)?;
        Ok(plan::plan(PlanInput {
            outline: &outline.supposed(&self.scan, &self.workspace),
            resolutions: None,
        }))
    }

    /// The plan with answers of the go command from elsewhere, such as a resolve step: one for each
    /// build of the outline ([`Self::outlines`]).
    ///
    /// # Errors
    /// If the repository or one of its images has errors, or if the answers lead to packages that
    /// they say nothing about.
    pub fn plan_with(
        &self,
        target: &Target,
        resolutions: &BTreeMap<BuildIx, Resolution>,
    ) -> Result<Plan, Vec<Diagnostic>> {
        let mut outline = self.sound_outline(target)?;
        if let Some((completed, found)) =
            outline.completed(&self.scan, &self.workspace, resolutions)
        {
            let mut errors = errors(found);
            if errors.is_empty() && !completed.asks_as(&outline) {
                errors.push(Diagnostic::error(
                    "third-party packages import packages of the repository whose imports the go command was not asked about",
                ));
            }
            if !errors.is_empty() {
                return Err(errors);
            }
            outline = completed;
        }
        Ok(plan::plan(PlanInput {
            outline: &outline,
            resolutions: Some(resolutions),
        }))
    }

    /// The outline, if nothing is wrong.
    fn sound_outline(&self, target: &Target) -> Result<Outline, Vec<Diagnostic>> {
        let mut made = self.outlines(std::slice::from_ref(target));
        let errors = errors(made.diagnostics);
        match made.outlines.pop() {
            Some(outline) if errors.is_empty() => Ok(outline),
            _ => Err(errors),
        }
    }
}

fn errors(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics
        .into_iter()
        .filter(Diagnostic::is_error)
        .collect()
}

fn listed(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
