//! An engine that is a Docker: dockerd, and its configuration.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::daemon::{Engine, Setup, Space};
use super::host;
use super::registry::Registry;
use super::releases::Docker;
use crate::state::State;

/// What the names of Docker's releases begin with.
pub(super) const PREFIX: &str = "docker-";

/// How a dockerd is started. Steps have a network of its own, which needs iptables.
///
/// # Errors
/// If something is missing on the machine, or Docker cannot be built.
pub(super) fn setup(
    engine: &Engine,
    state: &State,
    (registry, space): (&Registry, Space),
    docker: &Docker,
) -> Result<Setup> {
    host::require_package("runc")?;
    host::require_package("iptables")?;
    let dockerd = docker.ensure(state)?;
    // containerd, which dockerd starts, lies beside it.
    let mut path = dockerd
        .parent()
        .unwrap_or(Path::new("/"))
        .to_path_buf()
        .into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(&dockerd);
    command
        .arg("--config-file")
        .arg(engine.configuration_file())
        .env("PATH", path);
    let socket = engine.socket();
    let configuration = json!({
        "hosts": [format!("unix://{}", socket.display())],
        "data-root": engine.root(),
        "exec-root": engine.directory().join("exec"),
        "pidfile": engine.directory().join("docker.pid"),
        "registry-mirrors": [format!("http://{}", registry.address)],
        "insecure-registries": [registry.address],
        // No container publishes a port.
        "userland-proxy": false,
        "features": { "containerd-snapshotter": docker.has_containerd_store },
        "builder": { "gc": { "enabled": true, "defaultKeepStorage": space.most() } },
    });
    Ok(Setup {
        user: None,
        configuration: format!("{configuration:#}\n"),
        command,
        ready: Box::new(move || answers(&socket).unwrap_or(false)),
    })
}

/// Whether a dockerd listens there.
fn answers(socket: &Path) -> Result<bool> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.0 200") || answer.starts_with("HTTP/1.1 200"))
}
