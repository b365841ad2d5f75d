//! One engine of ours: a buildkitd, or a dockerd, with a directory, a socket and a configuration of
//! its own.

use super::process::Daemon;
use super::registry::Registry;
use super::tools::Tool;
use super::{builder, clock, docker, host, mounts, releases, rootless, saved};
use crate::command::succeeds;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a daemon may take until it answers; usually two seconds.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The name of a daemon's configuration file: TOML for buildkitd, JSON for dockerd.
const CONFIGURATION: &str = "config";
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
    /// As the configuration of buildkitd and dockerd has it.
    pub(super) fn most(self) -> &'static str {
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

/// A daemon to be started.
pub(super) struct Setup {
    /// The text of its configuration file.
    pub(super) configuration: String,
    /// What starts it, the configuration file named.
    pub(super) command: Command,
    /// Whether it answers.
    pub(super) ready: Box<dyn Fn() -> bool>,
    /// Who runs it, if not root.
    pub(super) user: Option<rootless::User>,
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
        let daemon = Daemon::new(&directory, &directory.join(CONFIGURATION));
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

    /// Where the daemon listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("daemon.sock")
    }

    /// The engine's own directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The configuration file of the daemon.
    pub(super) fn configuration_file(&self) -> PathBuf {
        self.directory.join(CONFIGURATION)
    }

    /// Whether it is, or was last, a Docker.
    pub(crate) fn is_docker(&self) -> bool {
        self.made_by().starts_with(docker::PREFIX)
    }

    /// What the daemon is, or was last: the release, and its clock.
    fn made_by(&self) -> String {
        std::fs::read_to_string(self.directory.join("made-by")).unwrap_or_default()
    }

    /// Where the daemon writes.
    pub(crate) fn log(&self) -> PathBuf {
        self.daemon.log()
    }

    /// The pid of the daemon, if it runs.
    pub(crate) fn running(&self) -> Option<u32> {
        self.daemon.running()
    }

    /// Starts the engine unless it runs with this configuration and clock, and makes buildx know
    /// it. Says whether it was started.
    ///
    /// # Errors
    /// If something is missing on the machine, or the daemon does not come up; the error shows the
    /// end of its log.
    pub(crate) fn start(
        &self,
        state: &State,
        registry: &Registry,
        space: Space,
        days_ahead: u32,
    ) -> Result<bool> {
        host::require_root("an engine of our own")?;
        let release = releases::chosen()?;
        let name = release.map_or("pinned", |release| release.name);
        let made_by = format!("{name}, {days_ahead} days ahead\n");
        let mut setup = match release.map(|release| &release.engine) {
            None => {
                let tool = match days_ahead {
                    0 => Tool::Buildkitd,
                    _ => Tool::ClockedBuildkitd,
                };
                self.buildkitd(state, (registry, space), &tool.ensure(state)?)?
            }
            Some(_) if days_ahead != 0 => bail!("only the clock of the pinned BuildKit can be set"),
            Some(releases::Kind::BuildKit(program)) => {
                self.buildkitd(state, (registry, space), &program.buildkitd(state)?)?
            }
            Some(releases::Kind::Rootless) => {
                let program = Tool::Buildkitd.ensure(state)?;
                let setup = self.buildkitd(state, (registry, space), &program)?;
                rootless::setup(self, setup)?
            }
            Some(releases::Kind::Docker(docker)) => {
                docker::setup(self, state, (registry, space), docker)?
            }
        };
        let path = self.configuration_file();
        let present = std::fs::read_to_string(&path).unwrap_or_default();
        let is_same = self.made_by() == made_by;
        let started = self.running().is_none() || !is_same || present != setup.configuration;
        if started {
            self.stop()?;
            // A release does not read what another one wrote.
            let is_other = !self.made_by().starts_with(&format!("{name},"));
            if self.root().exists() && is_other {
                std::fs::remove_dir_all(self.root())?;
            }
            std::fs::create_dir_all(self.root())?;
            if let Some(user) = &setup.user {
                user.take(&[&self.directory, &self.root()])?;
            }
            std::fs::write(&path, &setup.configuration)?;
            std::fs::write(self.directory.join("made-by"), made_by)?;
            setup
                .command
                .envs((days_ahead != 0).then(|| clock::variable(days_ahead)));
            self.daemon
                .start(&mut setup.command, START_LIMIT, setup.ready)?;
        }
        if self.is_docker() {
            builder::register_docker(state, &self.name, &self.socket())?;
        } else {
            builder::register(state, &self.name, &self.socket())?;
        }
        Ok(started)
    }

    fn buildkitd(
        &self,
        state: &State,
        (registry, space): (&Registry, Space),
        program: &Path,
    ) -> Result<Setup> {
        let runc = host::require_package("runc")?;
        let buildctl = Tool::Buildctl.ensure(state)?;
        let address = format!("unix://{}", self.socket().display());
        let mut command = Command::new(program);
        command.arg("--config").arg(self.configuration_file());
        Ok(Setup {
            user: None,
            configuration: self.configuration(registry, space, &runc)?,
            command,
            ready: Box::new(move || {
                succeeds(&mut crate::command::command(
                    &buildctl,
                    ["--addr", &address, "--timeout", "2", "debug", "workers"],
                ))
            }),
        })
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

    /// Where the daemon keeps what it has.
    pub(super) fn root(&self) -> PathBuf {
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
