//! Registries on loopback ports: that of base images, one for all engines of a state directory, and
//! others that a command fills for itself.

use super::process::Daemon;
use super::tools::Tool;
use crate::state::State;
use anyhow::{Context, Result};
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

/// Starts the registry of base images unless it runs.
///
/// # Errors
/// If it cannot be built or started.
pub(crate) fn ensure(state: &State) -> Result<Registry> {
    ensure_in(state, &directory(state))
}

/// Starts the registry that keeps its files in `directory` unless it runs. What is pushed to it is
/// in `data`, as the program `registry` lays it out.
///
/// # Errors
/// If it cannot be built or started.
pub(crate) fn ensure_in(state: &State, directory: &Path) -> Result<Registry> {
    let daemon = daemon(directory);
    let recorded = std::fs::read_to_string(directory.join("address")).ok();
    if let (Some(address), Some(_)) = (&recorded, daemon.running()) {
        return Ok(Registry {
            address: address.trim().to_owned(),
        });
    }
    let program = Tool::Registry.ensure(state)?;
    std::fs::create_dir_all(directory.join("data"))?;
    let address = free_address(recorded.as_deref().map(str::trim))?;
    let configuration = format!(
        "version: 0.1\nlog:\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {address}\n",
        serde_json::to_string(&directory.join("data"))?,
    );
    std::fs::write(directory.join("config.yml"), configuration)?;
    std::fs::write(directory.join("address"), &address)?;
    let mut command = Command::new(program);
    // Its default exporter of traces would send to a collector that is not there.
    command
        .env("OTEL_TRACES_EXPORTER", "none")
        .arg("serve")
        .arg(directory.join("config.yml"));
    let registry = Registry { address };
    daemon.start(&mut command, START_LIMIT, || registry.answers())?;
    Ok(registry)
}

/// The address of the registry, if it runs.
pub(crate) fn running(state: &State) -> Option<String> {
    daemon(&directory(state)).running()?;
    Some(
        std::fs::read_to_string(directory(state).join("address"))
            .ok()?
            .trim()
            .to_owned(),
    )
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
    daemon(directory).stop()
}

fn directory(state: &State) -> PathBuf {
    state.path("registry")
}

fn daemon(directory: &Path) -> Daemon {
    Daemon::new(directory, &directory.join("config.yml"))
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
        let answer = self.request("GET", &format!("/v2/{repository}/manifests/{tag}"))?;
        let (_, body) = answer
            .split_once("\r\n\r\n")
            .context("the registry's answer has no end of headers")?;
        let manifest: serde_json::Value =
            serde_json::from_str(body).with_context(|| format!("{repository}:{tag}: {body}"))?;
        let named = manifest["layers"]
            .as_array()
            .or(manifest["manifests"].as_array());
        let named = named.with_context(|| format!("{repository}:{tag} names nothing"))?;
        Ok(named
            .iter()
            .filter_map(|layer| layer["size"].as_u64())
            .sum())
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
