//! The description that a step has of itself, and what follows from it: its place among the steps
//! that run on the same mount, and what the mount remembers of it.

use std::fs;
use std::path::{Path, PathBuf};

use gowork_step::{Description, from_json};
use serde::de::DeserializeOwned;

use crate::args;
use crate::id::Id;
use crate::layer::format;
use crate::mount::CacheMount;
use crate::steps::locks::{Locks, RunningStep};
use crate::steps::memo::{self, Memo};

/// Reads a JSON file that the planner wrote.
///
/// # Errors
/// If it cannot be read, or has another form.
pub fn read_json<T: DeserializeOwned>(file: &str) -> Result<T, String> {
    let bytes = fs::read(file).map_err(|error| format!("read {file}: {error}"))?;
    from_json(&bytes).map_err(|error| format!("read {file}: {error}"))
}

/// The step that this process is, on a cache mount.
pub struct ThisStep {
    description: Description,
    mount_dir: PathBuf,
    mount: CacheMount,
    /// The layers that it reads.
    parents: Vec<PathBuf>,
}

impl ThisStep {
    /// The step that this file describes. The mount is `mount`, or else the one that `GOCACHEPROG`
    /// names. Returns `None` if neither exists.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(file: &str, mount: Option<&Path>) -> Result<Option<ThisStep>, String> {
        let description = read_json(file)?;
        let Ok((_, args)) = args::from_environment() else {
            return Ok(None);
        };
        let Some(mount_dir) = mount.map(Path::to_path_buf).or(args.mount) else {
            return Ok(None);
        };
        Ok(Some(ThisStep {
            description,
            mount: CacheMount::new(&mount_dir, args.limit),
            mount_dir,
            parents: args.parents,
        }))
    }

    /// Waits until no batch makes this step's results, and then claims that it runs.
    pub fn run(&self) -> Option<RunningStep> {
        Locks::new(&self.mount_dir).run(&self.description.name)
    }

    /// What the mount remembers of it. Returns `None` if the step's key is unknown, because
    /// something that it reads is missing.
    pub fn memo(&self) -> Option<Memo<'_>> {
        if self.parents.len() != self.description.reads.len() {
            return None;
        }
        let mut reads: Vec<Id> = Vec::new();
        for parent in &self.parents {
            let index = fs::read_to_string(format::index_path(parent)).ok()?;
            reads.push(memo::index_id(&index));
        }
        let go = memo::go_version().ok()?;
        let key = memo::key(&self.description, &go, &reads).ok()?;
        Some(Memo::new(&self.mount, key))
    }
}
