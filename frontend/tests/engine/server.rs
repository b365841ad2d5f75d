//! Servers for a test, written in Go's own libraries: built and started by the go command, and
//! ended with the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::repository::Repository;

/// What some of the servers share.
const CERTIFICATE: &str = include_str!("servers/certificate.go");

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    dir: tempfile::TempDir,
    process: Child,
    /// Host and port.
    pub(crate) address: String,
}

impl Server {
    /// Starts one that speaks TLS, with arguments after the address to listen on.
    pub(crate) fn with_tls(source: &str, arguments: &[&str]) -> Self {
        Self::start(
            &[("main.go", source), ("certificate.go", CERTIFICATE)],
            arguments,
        )
    }

    /// Starts one of these files, with arguments after the address to listen on.
    pub(crate) fn start(files: &[(&str, &str)], arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        go_build(dir.path(), dir.path(), &names);
        Self::started(dir, arguments)
    }

    /// Starts one that has a copy of a checkout as the repository `name`, for git over HTTP.
    pub(crate) fn of_git(checkout: &Repository, name: &str) -> Self {
        let directory = checkout.root();
        let above = directory.parent().unwrap().to_str().unwrap();
        checkout.git(&["clone", "--quiet", "--bare", ".", &format!("../{name}")]);
        Self::start(
            &[("main.go", include_str!("servers/git_repository.go"))],
            &[above],
        )
    }

    /// Starts the program of a module of ours, with arguments after the address to listen on.
    pub(crate) fn of_module(module: &Path, arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        go_build(module, dir.path(), &["."]);
        Self::started(dir, arguments)
    }

    fn started(dir: tempfile::TempDir, arguments: &[&str]) -> Self {
        let mut command = Command::new(dir.path().join("server"));
        command
            .arg(address_for_steps())
            .args(arguments)
            .current_dir(dir.path());
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        assert!(!address.is_empty(), "the server has ended");
        Self {
            dir,
            process,
            address: address.trim().to_owned(),
        }
    }

    /// A file that it has written.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The address by which also a container finds this machine. Connecting a datagram socket sends
/// nothing.
fn address_for_steps() -> String {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket
        .connect("192.0.2.1:9")
        .and_then(|()| socket.local_addr());
    routed.map_or_else(
        |_| "127.0.0.1".to_owned(),
        |address| address.ip().to_string(),
    )
}

fn go_build(sources: &Path, out: &Path, what: &[&str]) {
    let mut go = Command::new("go");
    go.args(["build", "-o"])
        .arg(out.join("server"))
        .args(what)
        .current_dir(sources);
    go.env("GOENV", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env_remove("GOFLAGS");
    let output = go.output().expect("the go command must be on PATH");
    assert!(
        output.status.success(),
        "go build {what:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
