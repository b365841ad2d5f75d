//! An engine without root's rights, as BuildKit's documentation has it: RootlessKit starts buildkitd
//! in a user namespace, for a user who has subordinate user ids and nothing else.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::daemon::{Engine, Setup};
use super::host;
use crate::command::{command, output, run};

/// The name of the user. `useradd` gives new users subordinate ids.
const NAME: &str = "gowork-rootless";

/// Who runs an engine.
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// The user of [`NAME`], made if the machine has none.
    fn ensure() -> Result<Self> {
        let mut entry = command("getent", ["passwd", NAME]);
        let line = output(&mut entry).or_else(|_| {
            let shell = ["--no-create-home", "--shell", "/usr/sbin/nologin"];
            run(command("useradd", shell).arg(NAME))?;
            output(&mut entry)
        })?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(uid)), Some(Ok(gid))) => Ok(Self { uid, gid }),
            _ => anyhow::bail!("`getent passwd {NAME}` printed {line:?}"),
        }
    }

    /// Makes directories the user's own.
    ///
    /// # Errors
    /// If one is missing, or we are not root.
    pub(super) fn take(&self, directories: &[&Path]) -> Result<()> {
        for directory in directories {
            chown(directory, Some(self.uid), Some(self.gid))
                .with_context(|| format!("cannot give {} to {NAME}", directory.display()))?;
        }
        Ok(())
    }
}

/// Has a buildkitd started by RootlessKit. Steps share the machine's network, as they do in engines of
/// root's.
///
/// # Errors
/// If something is missing on the machine.
pub(super) fn setup(engine: &Engine, root: Setup) -> Result<Setup> {
    host::require("newuidmap", "uidmap")?;
    let rootlesskit = host::require_package("rootlesskit")?;
    let user = User::ensure()?;
    let runtime = engine.directory().join("run");
    std::fs::create_dir_all(&runtime)?;
    user.take(&[&runtime])?;
    let mut rootless = Command::new(rootlesskit);
    rootless
        .arg("--state-dir")
        .arg(runtime.join("rootlesskit"))
        .arg(root.command.get_program())
        .arg("--rootless")
        .args(root.command.get_args())
        .uid(user.uid)
        .gid(user.gid)
        .env("HOME", engine.directory())
        .env("USER", NAME)
        .env("XDG_RUNTIME_DIR", &runtime);
    Ok(Setup {
        command: rootless,
        user: Some(user),
        ..root
    })
}
