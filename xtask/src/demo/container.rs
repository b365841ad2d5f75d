//! Running an image: with Docker where the user's engine is used, else with runc; and asking what
//! runs in it.

use super::unpacked::Unpacked;
use crate::command::{command, run, succeeds};
use crate::engine::environment::{Variables, value};
use crate::engine::host;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a service may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(10);
/// How long one may take to end after SIGTERM.
const END_LIMIT: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(20);

/// What runs containers.
pub(super) enum Runner {
    /// runc, at this path.
    Runc(PathBuf),
    /// The user's Docker.
    Docker,
}

impl Runner {
    /// runc with an engine of ours (`BUILDKIT_HOST` tells), which needs it too; else Docker.
    ///
    /// # Errors
    /// If neither is there.
    pub(super) fn choose(variables: &Variables) -> Result<Self> {
        if value(variables, "BUILDKIT_HOST").is_none()
            && succeeds(&mut command("docker", ["version"]))
        {
            return Ok(Self::Docker);
        }
        host::require_root("running an image without Docker")?;
        Ok(Self::Runc(host::require_package("runc")?))
    }

    /// Its name, with what it takes from the program.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Runc(_) => "runc: files read-only, no capabilities",
            Self::Docker => "docker: files read-only, no capabilities",
        }
    }

    /// Starts the image and waits until it takes connections on a free port.
    ///
    /// # Errors
    /// If it ends instead; the error shows what it said.
    pub(super) fn start(
        &self,
        image: &str,
        unpacked: &Unpacked,
        archive: &Path,
    ) -> Result<Service> {
        let port = TcpListener::bind("127.0.0.1:0")
            .context("no port is free")?
            .local_addr()?
            .port();
        let name = format!("gowork-demo-{image}-{port}");
        let (start, stop) = match self {
            Self::Runc(runc) => with_runc(runc, &name, unpacked, port)?,
            Self::Docker => with_docker(&name, unpacked, archive, port)?,
        };
        let mut start = start;
        let log = unpacked.root.with_file_name("log");
        let file = std::fs::File::create(&log)?;
        let child = start
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn();
        let mut service = Service {
            child: child.with_context(|| format!("cannot run {image}"))?,
            stop,
            port,
            log,
        };
        service.wait_until_ready()?;
        Ok(service)
    }
}

/// The commands that run the image with runc and that ask it to end.
fn with_runc(
    runc: &Path,
    name: &str,
    unpacked: &Unpacked,
    port: u16,
) -> Result<(Command, Command)> {
    let bundle = unpacked
        .root
        .parent()
        .context("an image unpacked nowhere")?;
    std::fs::write(
        bundle.join("config.json"),
        specification(unpacked, port)?.to_string(),
    )?;
    let runc = || {
        let mut runc = Command::new(runc);
        runc.arg("--root").arg(bundle.join("runc"));
        runc
    };
    let (mut start, mut stop) = (runc(), runc());
    start.args(["run", "--bundle"]).arg(bundle).arg(name);
    stop.args(["kill", name, "TERM"]);
    Ok((start, stop))
}

/// A container for runc: what the image's configuration says, on the machine's network.
fn specification(unpacked: &Unpacked, port: u16) -> Result<Value> {
    let (uid, gid) = unpacked.user()?;
    let mut environment = unpacked.environment();
    environment.push(format!("PORT={port}"));
    let mount = |at: &str, kind: &str, options: &[&str]| json!({ "destination": at, "type": kind, "source": kind, "options": options });
    let namespaces: Vec<Value> = ["pid", "ipc", "uts", "mount"]
        .into_iter()
        .map(|kind| json!({ "type": kind }))
        .collect();
    Ok(json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": { "uid": uid, "gid": gid },
            "args": unpacked.arguments(),
            "env": environment,
            "cwd": unpacked.directory(),
            "capabilities": {},
            "noNewPrivileges": true,
        },
        "root": { "path": "rootfs", "readonly": true },
        "mounts": [
            mount("/proc", "proc", &[]),
            mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        ],
        "linux": { "namespaces": namespaces },
    }))
}

/// The same for Docker, after loading the image. It is named by its configuration's digest only,
/// and goes with the container.
fn with_docker(
    name: &str,
    unpacked: &Unpacked,
    archive: &Path,
    port: u16,
) -> Result<(Command, Command)> {
    let loaded =
        crate::command::output(command("docker", ["load", "--quiet", "--input"]).arg(archive))?;
    let id = loaded
        .lines()
        .rev()
        .find_map(|line| line.rsplit_once(": ").or(line.rsplit_once(' ')))
        .map(|(_, id)| id.trim());
    let id = id.with_context(|| format!("`docker load` did not say what it loaded: {loaded}"))?;
    let _ = unpacked;
    let publish = format!("127.0.0.1:{port}:{port}");
    let variable = format!("PORT={port}");
    let start = command(
        "docker",
        [
            "run",
            "--rm",
            "--name",
            name,
            "--read-only",
            "--cap-drop",
            "ALL",
            "--publish",
            &publish,
            "--env",
            &variable,
            id,
        ],
    );
    Ok((start, command("docker", ["stop", name])))
}

/// A running image.
pub(super) struct Service {
    child: Child,
    stop: Command,
    port: u16,
    log: PathBuf,
}

impl Service {
    /// The answer to `GET path`, without its last line end.
    ///
    /// # Errors
    /// If the container does not answer.
    pub(super) fn ask(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(START_LIMIT))?;
        // HTTP/1.0, so that the connection's end is the answer's end.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .with_context(|| format!("no answer to GET {path}"))?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        Ok(body
            .with_context(|| format!("no HTTP answer to GET {path}: {answer:?}"))?
            .trim_end()
            .to_owned())
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// If it does not, or ends with a failure.
    pub(super) fn stop(mut self) -> Result<()> {
        run(&mut self.stop)?;
        let asked = Instant::now();
        while asked.elapsed() < END_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the service ended with {status}:\n{}", self.said());
                }
                return Ok(());
            }
            std::thread::sleep(INTERVAL);
        }
        bail!(
            "the service does not end {} s after SIGTERM",
            END_LIMIT.as_secs()
        )
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        // Docker's proxy takes connections before the service does.
        while self.ask("/healthz").is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the service ended early ({status}):\n{}", self.said());
            }
            if started.elapsed() > START_LIMIT {
                bail!(
                    "the service does not answer after {} s:\n{}",
                    START_LIMIT.as_secs(),
                    self.said()
                );
            }
            std::thread::sleep(INTERVAL);
        }
        Ok(())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Service {
    /// After a failure: `stop` leaves nothing to do here.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            succeeds(&mut self.stop);
            let asked = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < END_LIMIT {
                std::thread::sleep(INTERVAL);
            }
        }
    }
}
