//! Asking a go command about an outline: which commands to run, and how often.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::behind::Resolved;
use super::build::Build;
use super::outline::Outline;
use crate::packages::Scan;
use crate::resolution;
use crate::resolution::go_list::ListError;
use crate::tree::SourceTree;
use crate::workspace::Workspace;

/// A go command to run. The answer depends on nothing else in the caller's environment but what the
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

impl Outline {
    /// Asks a go command what the resolve steps of a build ask. `go` runs it and returns what it
    /// printed. `root` is the source tree (absolute, without symlinks), `disk` the file system of
    /// the machine that `go` runs on.
    ///
    /// # Errors
    /// Those of `go`, and [`ListError`].
    pub fn ask<E: From<ListError>>(
        self,
        (scan, workspace): (&Scan, &Workspace),
        root: &Path,
        disk: &dyn SourceTree,
        mut go: impl FnMut(&GoCommand) -> Result<Vec<u8>, E>,
    ) -> Result<Resolved, E> {
        self.resolve(scan, workspace, |outline, build| {
            resolution::ask(&build.question(root), disk, |args| {
                go(&outline.go_command(build, root, args))
            })
        })
    }

    fn go_command(&self, build: &Build, root: &Path, args: &[String]) -> GoCommand {
        let mut env = build.request.go_env(root);
        env.insert("GOTOOLCHAIN".to_owned(), self.toolchain.clone());
        env.extend(self.module_env.clone());
        GoCommand {
            args: args.to_vec(),
            dir: build.request.go_dir(root),
            env,
        }
    }
}
