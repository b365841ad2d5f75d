//! A repository from disk to plan in three calls: the short way through the stages, for programs
//! that embed the library. The stages themselves are public, for those that need more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::diag::Diagnostic;
use crate::lower;
use crate::packages::{self, Refused, Scan};
use crate::plan::{self, Build, Outline, Outlines, Plan, PlanInput, Target};
use crate::resolution::go_list::ListError;
use crate::resolution::{self, Resolution};
use crate::tree::{LocalTree, SourceTree};
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

/// A go command to run. Nothing else of the caller's environment matters to the answer but what the
/// go command needs to run at all, such as PATH and HOME.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GoCommand {
    /// The words after `go`.
    pub args: Vec<String>,
    /// The directory to run it in.
    pub dir: PathBuf,
    /// Environment variables to set.
    pub env: BTreeMap<String, String>,
}

/// Why there is no plan. `E` is the error of the function that runs the go command.
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
        // The go command wants to know where it is.
        let root = std::path::absolute(root)?;
        let tree = LocalTree::new(&root);
        Ok(Self::read(&tree, root, configuration))
    }

    /// Reads a repository from any tree. `root` is where the go command finds its files.
    pub fn read(tree: &dyn SourceTree, root: PathBuf, configuration: &str) -> Self {
        let (written, mut diagnostics) = Config::parse("gowork.toml", configuration);
        let (config, expanding) = written.expand(&BTreeMap::new());
        diagnostics.extend(expanding);
        let scan = packages::scan(tree);
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

    /// What is wrong with the repository as a whole, whatever is built: errors and warnings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The images that can be built for a platform, the names of those that cannot, and all that is
    /// wrong. If the repository as a whole has errors, there is no outline.
    pub fn outline(&self, target: &Target) -> Outlines {
        let mut diagnostics = self.diagnostics.clone();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Outlines {
                diagnostics,
                ..Outlines::default()
            };
        }
        let targets = std::slice::from_ref(target);
        let mut made = plan::outlines(&self.scan, &self.workspace, &self.config, targets);
        diagnostics.append(&mut made.diagnostics);
        for outline in &made.outlines {
            diagnostics.extend(lower::check_scratch(&self.config, outline));
        }
        Outlines {
            diagnostics,
            ..made
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
        let outline = self.sound_outline(target)?;
        let disk = LocalTree::new("/");
        let resolved = outline.resolve(&self.scan, &self.workspace, |outline, build| {
            resolution::ask(&build.question(&self.root), &disk, |args| {
                go(&self.go_command(outline, build, args)).map_err(PlanError::Go)
            })
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
        let outline = self
            .sound_outline::<std::convert::Infallible>(target)
            .map_err(PlanError::into_diagnostics)?;
        Ok(plan::plan(PlanInput {
            outline: &outline.supposed(&self.scan, &self.workspace),
            resolutions: None,
        }))
    }

    /// The plan with answers of the go command from elsewhere, by build of the outline.
    ///
    /// # Errors
    /// If the repository or one of its images has errors.
    pub fn plan_with(
        &self,
        target: &Target,
        resolutions: &BTreeMap<plan::BuildIx, Resolution>,
    ) -> Result<Plan, Vec<Diagnostic>> {
        let outline = self
            .sound_outline::<std::convert::Infallible>(target)
            .map_err(PlanError::into_diagnostics)?;
        let completed = outline.completed(&self.scan, &self.workspace, resolutions);
        let (outline, found) = completed.unwrap_or((outline, Vec::new()));
        let errors = errors(found);
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(plan::plan(PlanInput {
            outline: &outline,
            resolutions: Some(resolutions),
        }))
    }

    /// The outline, if nothing is wrong.
    fn sound_outline<E>(&self, target: &Target) -> Result<Outline, PlanError<E>> {
        let mut made = self.outline(target);
        let errors = errors(made.diagnostics);
        match made.outlines.pop() {
            Some(outline) if errors.is_empty() => Ok(outline),
            _ => Err(PlanError::Invalid(errors)),
        }
    }

    fn go_command(&self, outline: &Outline, build: &Build, args: &[String]) -> GoCommand {
        let mut env = build.request.go_env(&self.root);
        env.insert("GOTOOLCHAIN".to_owned(), outline.toolchain.clone());
        env.extend(outline.module_env.clone());
        GoCommand {
            args: args.to_vec(),
            dir: build.request.go_dir(&self.root),
            env,
        }
    }
}

impl<E> PlanError<E> {
    /// What is wrong with the repository; empty for other errors.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Invalid(diagnostics) => diagnostics,
            Self::Go(_) | Self::Answer(_) => Vec::new(),
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
