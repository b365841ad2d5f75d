//! Registries on loopback ports: that of base images, one for all engines of a state directory, and
//! others that a command fills for itself.

use super::process::Daemon;
use super::tools::Tool;
use crate::state::State;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long the registry may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The running registry.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// Host and port.
    pub(crate) address: String,
}

/// What answers as a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The reference implementation, which takes a minute to compile.
    Distribution,
    /// Part of crane, which is built in any case. It forgets tags when it ends, so it is good for
    /// what each start publishes again.
    Crane,
}

impl Kind {
    /// The program.
    pub(super) fn tool(self) -> Tool {
        match self {
            Self::Distribution => Tool::Registry,
            Self::Crane => Tool::Crane,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Distribution => Self::Crane,
            Self::Crane => Self::Distribution,
        }
    }

    fn daemon(self, directory: &Path) -> Daemon {
        Daemon::new(directory, &directory.join(self.named()))
    }

    /// The path that its command line names.
    fn named(self) -> &'static str {
        match self {
            Self::Distribution => "config.yml",
            Self::Crane => "blobs",
        }
    }

    /// What starts it.
    fn command(self, program: &Path, directory: &Path, address: &str) -> Result<Command> {
        let named = directory.join(self.named());
        let mut command = Command::new(program);
        match self {
            Self::Distribution => {
                let data = directory.join("data");
                std::fs::create_dir_all(&data)?;
                let configuration = format!(
                    "version: 0.1\nlog:\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n",
                    serde_json::to_string(&data)?,
                );
                std::fs::write(&named, configuration)?;
                // Its default exporter of traces would send to a collector that is not there.
                command.env("OTEL_TRACES_EXPORTER", "none");
                command.arg("serve").arg(named);
            }
            Self::Crane => {
                std::fs::create_dir_all(&named)?;
                command.args(["registry", "serve", "--address", address, "--disk"]);
                command.arg(named);
            }
        }
        Ok(command)
    }
}

/// Starts the registry of base images unless it runs.
///
/// # Errors
/// If it cannot be built or started.
pub(crate) fn ensure(state: &State) -> Result<Registry> {
    ensure_in(state, &directory(state))
}

/// The same; where [`Kind::Crane`] is enough, the other kind will do if it runs.
///
/// # Errors
/// If it cannot be built or started.
pub(super) fn ensure_kind(state: &State, kind: Kind) -> Result<Registry> {
    match (kind, running(state)) {
        (Kind::Crane, Some(address)) => Ok(Registry { address }),
        (Kind::Crane, None) => start(state, &directory(state), kind),
        (Kind::Distribution, _) => ensure(state),
    }
}

/// Starts the registry that keeps its files in `directory` unless it runs. What is pushed to it is
/// in `data`, as the program `registry` lays it out.
///
/// # Errors
/// If it cannot be built or started.
pub(crate) fn ensure_in(state: &State, directory: &Path) -> Result<Registry> {
    let kind = Kind::Distribution;
    match (kind.daemon(directory).running(), recorded(directory)) {
        (Some(_), Some(address)) => Ok(Registry { address }),
        _ => start(state, directory, kind),
    }
}

/// Starts one in place of another kind that runs there.
fn start(state: &State, directory: &Path, kind: Kind) -> Result<Registry> {
    let program = kind.tool().ensure(state)?;
    kind.other().daemon(directory).stop()?;
    std::fs::create_dir_all(directory)?;
    let address = free_address(recorded(directory).as_deref())?;
    std::fs::write(directory.join("address"), &address)?;
    let mut command = kind.command(&program, directory, &address)?;
    let registry = Registry { address };
    let daemon = kind.daemon(directory);
    daemon.start(&mut command, START_LIMIT, || registry.answers())?;
    Ok(registry)
}

/// The address that was used last.
fn recorded(directory: &Path) -> Option<String> {
    let address = std::fs::read_to_string(directory.join("address")).ok()?;
    Some(address.trim().to_owned())
}

fn running_in(directory: &Path) -> bool {
    let kinds = [Kind::Distribution, Kind::Crane];
    let mut daemons = kinds.into_iter().map(|kind| kind.daemon(directory));
    daemons.any(|daemon| daemon.running().is_some())
}

/// The address of the registry, if it runs.
pub(crate) fn running(state: &State) -> Option<String> {
    let directory = directory(state);
    recorded(&directory).filter(|_| running_in(&directory))
}

/// Stops the registry of base images; says whether it ran.
///
/// # Errors
/// If it does not end.
pub(crate) fn stop(state: &State) -> Result<bool> {
    stop_in(&directory(state))
}

/// Stops the registry that keeps its files in `directory`; says whether it ran.
///
/// # Errors
/// If it does not end.
pub(crate) fn stop_in(directory: &Path) -> Result<bool> {
    let crane = Kind::Crane.daemon(directory);
    if crane.running().is_some() {
        return crane.stop();
    }
    Kind::Distribution.daemon(directory).stop()
}

fn directory(state: &State) -> PathBuf {
    state.path("registry")
}

/// The address used last if it is still free, so that the engines' configuration stays the same;
/// else any free one.
fn free_address(recorded: Option<&str>) -> Result<String> {
    let listener = match recorded.map(TcpListener::bind) {
        Some(Ok(listener)) => listener,
        _ => TcpListener::bind("127.0.0.1:0").context("no loopback port is free")?,
    };
    Ok(listener.local_addr()?.to_string())
}

impl Registry {
    /// The manifest digest that the registry holds for a tag, if any.
    pub(crate) fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        let answer = self
            .request("HEAD", &format!("/v2/{repository}/manifests/{tag}"))
            .ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("docker-content-digest")
                .then(|| value.trim().to_owned())
        };
        answer.lines().find_map(header)
    }

    /// Bytes of all that the manifest or index under a tag names: of a cache that was exported to
    /// it, its layers.
    ///
    /// # Errors
    /// If it does not exist.
    pub(crate) fn size(&self, repository: &str, tag: &str) -> Result<u64> {
        Ok(self.named(repository, tag)?.values().sum())
    }

    /// What the manifest or index under a tag names, by digest, with its bytes: of a cache that was
    /// exported to it, the layers.
    ///
    /// # Errors
    /// If it does not exist.
    pub(crate) fn named(&self, repository: &str, tag: &str) -> Result<BTreeMap<String, u64>> {
        let manifest = self.manifest(repository, tag)?;
        let named = manifest["layers"]
            .as_array()
            .or(manifest["manifests"].as_array());
        let named = named.with_context(|| format!("{repository}:{tag} names nothing"))?;
        let entry = |of: &serde_json::Value| {
            let digest = of["digest"].as_str()?;
            Some((digest.to_owned(), of["size"].as_u64()?))
        };
        Ok(named.iter().filter_map(entry).collect())
    }

    /// The text of the config that the manifest under a tag names: of an exported cache, all that
    /// BuildKit knows of its layers.
    ///
    /// # Errors
    /// If it does not exist.
    pub(crate) fn config(&self, repository: &str, tag: &str) -> Result<String> {
        let manifest = self.manifest(repository, tag)?;
        let digest = manifest["config"]["digest"].as_str();
        let digest = digest.with_context(|| format!("{repository}:{tag} has no config"))?;
        self.body(&format!("/v2/{repository}/blobs/{digest}"))
    }

    fn manifest(&self, repository: &str, tag: &str) -> Result<serde_json::Value> {
        let body = self.body(&format!("/v2/{repository}/manifests/{tag}"))?;
        serde_json::from_str(&body).with_context(|| format!("{repository}:{tag}: {body}"))
    }

    fn body(&self, path: &str) -> Result<String> {
        let answer = self.request("GET", path)?;
        let (_, body) = answer
            .split_once("\r\n\r\n")
            .context("the registry's answer has no end of headers")?;
        Ok(body.to_owned())
    }

    fn answers(&self) -> bool {
        self.request("GET", "/v2/").is_ok_and(|answer| {
            answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200")
        })
    }

    /// The answer's status line, headers and body, as text.
    fn request(&self, method: &str, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        // HTTP/1.0, so that the connection's end is the answer's end.
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAccept: application/vnd.oci.image.manifest.v1+json, \
             application/vnd.oci.image.index.v1+json\r\n\r\n",
            self.address
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}
