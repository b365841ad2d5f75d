//! One engine of ours: a buildkitd with a directory, a socket and a configuration of its own.

use super::process::Daemon;
use super::registry::Registry;
use super::tools::Tool;
use super::{builder, clock, host, mounts, releases, saved};
use crate::command::{command, succeeds};
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long buildkitd may take until it answers; usually two seconds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Bytes that a socket's path may have on Linux (sun_path, without the zero).
const SOCKET_PATH_LIMIT: usize = 107;

/// How much of the disk an engine may keep. BuildKit removes what was used longest ago beyond it.
///
/// BuildKit can also be told how much of the disk has to stay free. But it counts what is reserved
/// for others as free, and such a disk runs full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// Enough for each test, as these assert what is cached of their own builds, but not for all of
    /// them together: the machines of CI services have little.
    Tests,
    /// Enough for several sides of a benchmark: nothing is removed while they are compared.
    Benchmark,
}

impl Space {
    /// As buildkitd's configuration has it.
    fn most(self) -> &'static str {
        match self {
            Self::Tests => "6GB",
            Self::Benchmark => "60GB",
        }
    }

    /// What is never removed, as buildkitd's configuration has it.
    fn least(self) -> &'static str {
        match self {
            Self::Tests => "3GB",
            Self::Benchmark => "5GB",
        }
    }
}

/// An engine of ours, running or not.
#[derive(Debug)]
pub(crate) struct Engine {
    name: String,
    directory: PathBuf,
    daemon: Daemon,
}

impl Engine {
    /// The engine `name` of a state directory.
    ///
    /// # Errors
    /// If the name is not made of lower-case letters, digits and inner hyphens, or the socket's
    /// path would be too long.
    pub(crate) fn named(state: &State, name: &str) -> Result<Self> {
        let fits = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if name.is_empty() || !fits || name.starts_with('-') || name.ends_with('-') {
            bail!(
                "{name:?} is no name for an engine: lower-case letters, digits and inner hyphens only"
            );
        }
        let directory = state.path("engines").join(name);
        let daemon = Daemon::new(&directory, &directory.join("config.toml"));
        let engine = Self {
            name: name.to_owned(),
            directory,
            daemon,
        };
        let length = engine.socket().as_os_str().len();
        if length > SOCKET_PATH_LIMIT {
            let (socket, variable) = (engine.socket(), crate::state::STATE_DIR);
            bail!(
                "{} has {length} bytes, sockets may have {SOCKET_PATH_LIMIT}: set {variable} to a shorter path",
                socket.display()
            );
        }
        Ok(engine)
    }

    /// All engines that have a directory, by name.
    ///
    /// # Errors
    /// If the directory of engines cannot be read.
    pub(crate) fn all(state: &State) -> Result<Vec<Self>> {
        let directory = state.path("engines");
        if !directory.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?
        {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        names.iter().map(|name| Self::named(state, name)).collect()
    }

    /// The engine's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where buildkitd listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("buildkitd.sock")
    }

    /// Where buildkitd writes.
    pub(crate) fn log(&self) -> PathBuf {
        self.daemon.log()
    }

    /// The pid of buildkitd, if it runs.
    pub(crate) fn running(&self) -> Option<u32> {
        self.daemon.running()
    }

    /// Starts the engine unless it runs with this configuration and clock, and makes buildx know
    /// it. Says whether it was started.
    ///
    /// # Errors
    /// If something is missing on the machine, or buildkitd does not come up; the error shows the
    /// end of its log.
    pub(crate) fn start(
        &self,
        state: &State,
        registry: &Registry,
        space: Space,
        days_ahead: u32,
    ) -> Result<bool> {
        host::require_root("an engine of our own")?;
        let runc = host::require_package("runc")?;
        let release = releases::chosen()?;
        let buildkitd = match (release, days_ahead) {
            (None, 0) => Tool::Buildkitd.ensure(state)?,
            (None, _) => Tool::ClockedBuildkitd.ensure(state)?,
            (Some(release), 0) => release.ensure(state)?,
            (Some(_), _) => bail!("only the clock of the pinned BuildKit can be set"),
        };
        let buildctl = Tool::Buildctl.ensure(state)?;
        let path = self.directory.join("config.toml");
        let made_by = format!(
            "# BuildKit: {}\n",
            release.map_or("pinned", |release| release.version)
        );
        let configuration = format!(
            "{made_by}# Clock: {days_ahead} days ahead.\n{}",
            self.configuration(registry, space, &runc)?
        );
        let present = std::fs::read_to_string(&path).unwrap_or_default();
        let started = self.running().is_none() || present != configuration;
        if started {
            self.stop()?;
            // A release does not read what a newer one wrote.
            if self.root().exists() && !present.starts_with(&made_by) {
                std::fs::remove_dir_all(self.root())?;
            }
            std::fs::create_dir_all(self.root())?;
            std::fs::write(&path, configuration)?;
            let address = format!("unix://{}", self.socket().display());
            let ready = || {
                succeeds(&mut command(
                    &buildctl,
                    ["--addr", &address, "--timeout", "2", "debug", "workers"],
                ))
            };
            let mut command = Command::new(&buildkitd);
            command
                .arg("--config")
                .arg(&path)
                .envs((days_ahead != 0).then(|| clock::variable(days_ahead)));
            self.daemon.start(&mut command, START_LIMIT, ready)?;
        }
        builder::register(state, &self.name, &self.socket())?;
        Ok(started)
    }

    /// Stops the engine and what a killed daemon would leave; says whether it ran.
    ///
    /// # Errors
    /// If it does not end, or a mount stays.
    pub(crate) fn stop(&self) -> Result<bool> {
        let ran = self.daemon.stop()?;
        mounts::clear(&self.directory)?;
        Ok(ran)
    }

    /// Stops the engine and removes all it has: its cache, images and log.
    ///
    /// # Errors
    /// If it cannot be stopped or its directory cannot be removed.
    pub(crate) fn remove(&self, state: &State) -> Result<()> {
        self.stop()?;
        builder::unregister(state, &self.name)?;
        if self.directory.exists() {
            std::fs::remove_dir_all(&self.directory)
                .with_context(|| format!("cannot remove {}", self.directory.display()))?;
        }
        Ok(())
    }

    /// Stops the engine and keeps a copy of what it has.
    ///
    /// # Errors
    /// If it cannot be stopped, or a file cannot be copied.
    pub(super) fn save(&self) -> Result<()> {
        self.stop()?;
        saved::copy(&self.root(), &self.directory.join("saved"))
    }

    /// Stops the engine and gives it what [`Engine::save`] kept, if it did.
    ///
    /// # Errors
    /// If it cannot be stopped, or a file cannot be copied.
    pub(super) fn restore(&self) -> Result<bool> {
        let kept = self.directory.join("saved");
        if !kept.exists() {
            return Ok(false);
        }
        self.stop()?;
        saved::put_aside(&self.root(), &self.directory.join("aside"))?;
        saved::copy(&kept, &self.root())?;
        Ok(true)
    }

    /// Where buildkitd keeps what it has.
    fn root(&self) -> PathBuf {
        self.directory.join("root")
    }

    /// buildkitd's configuration. Steps use the machine's network, so nothing of it has to be set
    /// up; the base images' registry stands before Docker Hub.
    fn configuration(&self, registry: &Registry, space: Space, runc: &Path) -> Result<String> {
        // A JSON string is a TOML basic string.
        let quoted = |path: &Path| {
            serde_json::to_string(path).context("a path of the state directory is not UTF-8")
        };
        let (root, runc, address) = (quoted(&self.root())?, quoted(runc)?, &registry.address);
        let (most, least) = (space.most(), space.least());
        let socket = quoted(Path::new(&format!("unix://{}", self.socket().display())))?;
        Ok(format!(
            r#"root = {root}
[grpc]
  address = [{socket}]
[worker.oci]
  enabled = true
  networkMode = "host"
  binary = {runc}
  gc = true
  [[worker.oci.gcpolicy]]
    all = true
    maxUsedSpace = "{most}"
    minFreeSpace = "3GB"
    reservedSpace = "{least}"
[worker.containerd]
  enabled = false
[registry."docker.io"]
  mirrors = ["{address}"]
[registry."{address}"]
  http = true
  insecure = true
"#
        ))
    }
}
