//! Where the tasks keep things: the repository's own `.gowork`, and the state directory, which
//! several checkouts may share.
//!
//! | path below the state directory | holds |
//! |---|---|
//! | `tools/MODULE-HASH/` | programs built from Go modules, one directory per content of go.mod and go.sum |
//! | `engines/NAME/` | one engine: config, daemon.sock, made-by, pid, log, root |
//! | `registry/` | the registry of base images: config.yml, address, pid, log, data; blobs, if it is crane's |
//! | `base/` | base images as OCI layouts |
//! | `buildx/` | `BUILDX_CONFIG` |

use anyhow::{Context, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Names another state directory than `<repository>/.gowork`.
pub(crate) const STATE_DIR: &str = "GOWORK_STATE_DIR";

/// The directories that tasks work in.
#[derive(Clone, Debug)]
pub(crate) struct State {
    repository: PathBuf,
    root: PathBuf,
}

impl State {
    /// Finds the directories and creates the state directory.
    ///
    /// # Errors
    /// If the state directory cannot be created.
    pub(crate) fn open() -> Result<Self> {
        let repository = repository()?;
        let root = match std::env::var_os(STATE_DIR) {
            Some(directory) if !directory.is_empty() => std::path::absolute(directory)?,
            _ => repository.join(".gowork"),
        };
        std::fs::create_dir_all(&root)
            .with_context(|| format!("cannot create the state directory {}", root.display()))?;
        Ok(Self { repository, root })
    }

    /// The repository's root directory.
    pub(crate) fn repository(&self) -> &Path {
        &self.repository
    }

    /// The state directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the state directory.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// A path below the repository's own `.gowork`: what is made from this checkout's sources.
    pub(crate) fn of_checkout(&self, below: &str) -> PathBuf {
        self.repository.join(".gowork").join(below)
    }

    /// `BUILDX_CONFIG` of our own engines.
    pub(crate) fn buildx_config(&self) -> PathBuf {
        self.path("buildx")
    }

    /// Waits until no other invocation holds the lock `name`, then holds it until the result is
    /// dropped.
    ///
    /// # Errors
    /// If the lock file cannot be created or locked.
    pub(crate) fn lock(&self, name: &str) -> Result<File> {
        let path = self.root.join(format!("{name}.lock"));
        let file =
            File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                crate::progress::note(&format!(
                    "waiting for another cargo xtask that holds {}",
                    path.display()
                ));
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        file.lock()
            .with_context(|| format!("cannot lock {}", path.display()))?;
        Ok(file)
    }
}

/// The repository of this xtask. Cargo names its directory at run time; a copied program remembers
/// where it was built.
fn repository() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|directory| directory.ends_with("xtask"))
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let parent = manifest
        .parent()
        .context("the directory of xtask has no parent")?;
    Ok(parent.to_path_buf())
}
