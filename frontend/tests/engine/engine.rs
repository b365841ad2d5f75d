//! Builds on an engine, with buildx: what to build, and what came of it. What BuildKit says it did
//! is in `records`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::records::Records;

/// The image that the examples' syntax lines name.
const FRONTEND_IMAGE: &str = "docker.io/gowork/gowork:1";

/// What `cargo xtask engine env` prints.
///
/// # Panics
/// If it is not set.
pub(crate) fn variable(name: &str) -> OsString {
    let missing = || {
        panic!(
            "{name} is not set: run `cargo xtask test`, or `eval \"$(cargo xtask engine env)\"` first"
        )
    };
    std::env::var_os(name).unwrap_or_else(missing)
}

/// An engine.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    /// Its buildx builder, where it is not the one of the environment.
    builder: Option<String>,
}

impl Engine {
    /// The engine of the environment.
    pub(crate) fn main() -> Self {
        Self::default()
    }

    /// A build of the directory with its own Dockerfile through the frontend under test.
    pub(crate) fn frontend(&self, dir: &Path) -> Build {
        let mut build = self.plain(dir);
        build
            .command
            .arg("--build-context")
            .arg(frontend_context())
            .arg("--file")
            .arg(dir.join("Dockerfile"));
        build
    }

    /// A build of a git reference, through the frontend under test. The Dockerfile is in its root.
    pub(crate) fn remote(&self, url: &str) -> Build {
        self.build_of(url).through_ours()
    }

    /// A build of an archive that is given on standard input, through the frontend under test. The
    /// Dockerfile is in its root.
    pub(crate) fn archive(&self, archive: &Path) -> Build {
        self.build_of("-").through_ours().input(archive)
    }

    /// A build of what buildx takes for a context: a directory, a URL, or `-`. Without a syntax
    /// line, Docker's frontend builds.
    pub(crate) fn build_of(&self, context: &str) -> Build {
        self.plain(Path::new(context))
    }

    /// A build of the directory with another Dockerfile, by the Dockerfile frontend that is part of
    /// BuildKit: a syntax line is left out, since it would be pulled from Docker Hub.
    pub(crate) fn stock(&self, dir: &Path, dockerfile: &Path) -> Build {
        let mut build = self.plain(dir);
        let text = std::fs::read_to_string(dockerfile)
            .unwrap_or_else(|error| panic!("{}: {error}", dockerfile.display()));
        let body = text
            .strip_prefix("# syntax=")
            .and_then(|rest| rest.split_once('\n'))
            .map_or(text.as_str(), |(_, body)| body);
        let file = tempfile::NamedTempFile::new().expect("a file for the Dockerfile");
        std::fs::write(file.path(), body).expect("the Dockerfile is written");
        build.command.arg("--file").arg(file.path());
        build.dockerfile = Some(file);
        build
    }

    /// The same with a Dockerfile that has no syntax line, and perhaps a `.dockerignore` beside it.
    pub(crate) fn stock_as_it_is(&self, dir: &Path, dockerfile: &Path) -> Build {
        let mut build = self.plain(dir);
        build.command.arg("--file").arg(dockerfile);
        build
    }

    fn plain(&self, dir: &Path) -> Build {
        let mut command = Command::new(variable("GOWORK_TEST_BUILDX"));
        command.args(["build", "--progress", "rawjson"]);
        if let Some(builder) = &self.builder {
            command.args(["--builder", builder]);
        }
        if let Some(bundle) = std::env::var_os("GOWORK_TEST_CA") {
            let mut secret = OsString::from("id=ca,src=");
            secret.push(bundle);
            command.arg("--secret").arg(secret);
        }
        // Provenance would make each result an index with one more manifest.
        command
            .args(["--provenance", "false"])
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
        Build {
            command,
            context: dir.as_os_str().to_owned(),
            dockerfile: None,
        }
    }
}

/// The frontend under test, under the name that syntax lines have. Some engines read no layouts: for
/// these it is in a registry.
pub(crate) fn frontend_context() -> OsString {
    let mut context = OsString::from(format!("{FRONTEND_IMAGE}="));
    match std::env::var_os("GOWORK_TEST_FRONTEND_IMAGE") {
        Some(reference) => context.push(format!("docker-image://{}", reference.display())),
        None => {
            context.push("oci-layout://");
            context.push(variable("GOWORK_TEST_FRONTEND"));
        }
    }
    context
}

/// A build to be run.
#[derive(Debug)]
pub(crate) struct Build {
    command: Command,
    context: OsString,
    /// Lives as long as the build.
    dockerfile: Option<tempfile::NamedTempFile>,
}

impl Build {
    /// Adds arguments for `buildx build`.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// What to build.
    pub(crate) fn target(self, target: &str) -> Self {
        self.args(["--target", target])
    }

    /// Puts the files of the result into a directory.
    pub(crate) fn files_to(self, dir: &Path) -> Self {
        self.args([format!("--output=type=local,dest={}", dir.display())])
    }

    /// Puts the result as an OCI layout into a directory.
    pub(crate) fn layout_to(self, dir: &Path) -> Self {
        self.args([format!(
            "--output=type=oci,tar=false,compression=uncompressed,force-compression=true,dest={}",
            dir.display()
        )])
    }

    /// Lets syntax lines name the frontend under test.
    pub(crate) fn through_ours(self) -> Self {
        self.args([OsString::from("--build-context"), frontend_context()])
    }

    /// Gives a file on standard input.
    pub(crate) fn input(mut self, file: &Path) -> Self {
        let opened = std::fs::File::open(file);
        let opened = opened.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.command.stdin(opened);
        self
    }

    /// Runs buildx in a directory.
    pub(crate) fn in_directory(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Sets an environment variable of buildx.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it, however it ends.
    pub(crate) fn run(mut self) -> Outcome {
        self.command.arg(&self.context);
        let output = self
            .command
            .output()
            .unwrap_or_else(|error| panic!("cannot start {:?}: {error}", self.command));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let (records, text) = Records::parse(&stderr);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        Outcome {
            command: format!("{:?}", self.command),
            status: output.status,
            stdout,
            stderr: stderr.into_owned(),
            text,
            records,
        }
    }

    /// Starts it and stops it after this time, as a person would who presses Ctrl-C, unless it has
    /// ended by then.
    pub(crate) fn stopped_after(mut self, time: std::time::Duration) {
        self.command
            .arg(&self.context)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {:?}: {error}", self.command));
        std::thread::sleep(time);
        let stopped = Command::new("kill")
            .arg("-INT")
            .arg(child.id().to_string())
            .stderr(Stdio::null())
            .status();
        assert!(stopped.is_ok(), "kill must be on PATH");
        let _ = child.wait();
    }

    /// Runs it; it must succeed.
    pub(crate) fn succeeds(self) -> Outcome {
        let outcome = self.run();
        assert!(
            outcome.status.success(),
            "{} failed:\n{}",
            outcome.command,
            outcome.everything()
        );
        outcome
    }

    /// Runs it; it must fail.
    pub(crate) fn fails(self) -> Outcome {
        let outcome = self.run();
        assert!(
            !outcome.status.success(),
            "{} succeeded:\n{}",
            outcome.command,
            outcome.everything()
        );
        outcome
    }
}

/// What came of a build.
#[derive(Debug)]
pub(crate) struct Outcome {
    command: String,
    /// Of buildx.
    pub(crate) status: ExitStatus,
    /// Answers of `--call`.
    pub(crate) stdout: String,
    /// All that buildx wrote of the build, as it wrote it.
    pub(crate) stderr: String,
    /// What buildx wrote apart from progress: the error with its place in the source.
    pub(crate) text: String,
    /// What BuildKit did.
    pub(crate) records: Records,
}

impl Outcome {
    /// All that a person would have seen, for the message of a failed test.
    pub(crate) fn everything(&self) -> String {
        format!(
            "{}\n{}{}{}",
            self.records,
            self.records.logs(),
            self.stdout,
            self.text
        )
    }
}

/// An engine with nothing in its cache. Removed at the end, also that of a failed test.
#[derive(Debug)]
pub(crate) struct EmptyEngine {
    /// What builds on it.
    pub(crate) engine: Engine,
    name: &'static str,
}

impl EmptyEngine {
    /// Starts it.
    pub(crate) fn start(name: &'static str) -> Self {
        Self::start_ahead(name, 0)
    }

    /// Starts it with a clock that is some days ahead.
    pub(crate) fn start_ahead(name: &'static str, days: u32) -> Self {
        // What a killed run left behind is not empty.
        xtask(&["engine", "reset", "--name", name]);
        let empty = Self {
            engine: Engine {
                builder: Some(format!("gowork-{name}")),
            },
            name,
        };
        empty.set_clock(days);
        empty
    }

    /// Starts it again, with what it has in its cache and a clock that is some days ahead.
    pub(crate) fn set_clock(&self, days: u32) {
        xtask(&[
            "engine",
            "up",
            "--name",
            self.name,
            "--days-ahead",
            &days.to_string(),
        ]);
    }

    /// The year that it started in, by its own clock: buildx tells its own time of what BuildKit
    /// does, the log BuildKit's.
    pub(crate) fn year(&self) -> u32 {
        let log = Path::new(&variable("GOWORK_STATE_DIR"))
            .join("engines")
            .join(self.name)
            .join("log");
        let text = std::fs::read_to_string(&log)
            .unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let year = text
            .split_once("time=\"")
            .and_then(|(_, time)| time.get(..4)?.parse().ok());
        year.unwrap_or_else(|| panic!("no time in {}", log.display()))
    }
}

impl Drop for EmptyEngine {
    fn drop(&mut self) {
        let ended = Command::new(variable("GOWORK_TEST_XTASK"))
            .args(["engine", "reset", "--name", self.name])
            .status();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!(
                "the engine {} is left: `cargo xtask engine reset --name {0}` removes it",
                self.name
            );
        }
    }
}

/// The path of a program of the harness, built first if it is missing.
pub(crate) fn tool(name: &str) -> PathBuf {
    PathBuf::from(xtask(&["engine", "tool", name]).trim_end())
}

/// The directory with the validators of SBOMs, installed first if they are missing.
pub(crate) fn validators() -> PathBuf {
    PathBuf::from(xtask(&["sbom-validators"]).trim_end())
}

/// Runs a command of the harness. What it prints.
fn xtask(words: &[&str]) -> String {
    let xtask = PathBuf::from(variable("GOWORK_TEST_XTASK"));
    let output = Command::new(&xtask)
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", xtask.display()));
    assert!(
        output.status.success(),
        "xtask {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("what xtask prints is text")
}
