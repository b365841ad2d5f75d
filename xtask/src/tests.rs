//! `cargo xtask test`: every test, those on a real BuildKit included.
//!
//! The machines of CI services have little disk, and a full one makes each test after it fail. So
//! each part says what the disk has left.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::command::{cargo, run_visibly};
use crate::engine::{self, environment};
use crate::image::Quality;
use crate::progress::note;
use crate::state::State;
use anyhow::{Context, Result, bail};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests that need a BuildKit engine
    #[arg(long)]
    no_engine: bool,
    /// Run only tests whose name contains this
    filter: Option<String>,
}

/// The engine of the tests that run beside the others.
const SECOND: &str = "second";

/// Groups of engine tests that run beside the others on a second engine, and take about as long as
/// these: series of edits, each of them built, and built by `go build` as well; and the image of
/// `frontend/Dockerfile`, which compiles the programs once more.
const BESIDE: [&str; 3] = ["predictions::", "identical::", "published::"];

/// Runs the workspace's tests, then those that need an engine, on one with base images and a fresh
/// frontend image. An engine that this started is stopped at the end; one that ran before goes on.
///
/// # Errors
/// If a test fails, or the engine does not come up.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let mut parts = Parts::new(&state);
    let path = crate::golang::path(&state)?;
    // Printed pipelines run it.
    engine::host::require_package("jq")?;
    run_visibly(
        cargo(&state)
            .env("PATH", path)
            .args(["test", "--workspace"])
            .args(&arguments.filter),
    )?;
    parts.end("tests without an engine");
    if arguments.no_engine {
        return Ok(());
    }
    crate::image::build(
        &state,
        &environment::frontend_layout(&state),
        Quality::Release,
    )?;
    parts.end("frontend image");
    let main = Running::up(&state, engine::MAIN)?;
    // With a filter there is little to do, and an engine of the user's is only one.
    let is_split = arguments.filter.is_none() && !engine::is_the_users(&state)?;
    let second = is_split.then(|| Running::up(&state, SECOND)).transpose()?;
    parts.end("engines");
    let mut beside = second.as_ref().map(Running::start_beside).transpose()?;
    let result = main.run_tests(arguments, is_split);
    parts.end("tests on an engine");
    let finished = beside.as_mut().map_or(Ok(()), Beside::finish);
    parts.end("more tests on a second engine, beside them and after");
    parts.print();
    result.and(finished)
}

/// The tests that need cosign, which takes minutes to compile.
const SIGNING: &str = "signing::";

/// Runs the tests that need cosign.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_signing() -> Result<()> {
    let state = State::open()?;
    engine::tools::Tool::Cosign.ensure(&state)?;
    let layout = environment::frontend_layout(&state);
    crate::image::build(&state, &layout, Quality::Quick)?;
    let main = Running::up(&state, engine::MAIN)?;
    let mut tests = main.cargo_test("engine", &[SIGNING])?;
    run_visibly(&mut tests)
}

/// The tests of the image for another processor, which build it twice, optimized.
const ARM64: &str = "arm64::";

/// Builds the image for linux/arm64 on two engines, and runs its programs.
///
/// # Errors
/// As [`run`], and if there is no standard library of Rust for that processor, or no QEMU.
pub(crate) fn run_arm64() -> Result<()> {
    let state = State::open()?;
    let qemu = engine::host::require("qemu-aarch64-static", "qemu-user-static")?;
    let libraries = crate::rust_std::ensure(&state)?;
    let layout = environment::frontend_layout(&state);
    crate::image::build(&state, &layout, Quality::Quick)?;
    let main = Running::up(&state, engine::MAIN)?;
    let mut tests = main.cargo_test("engine", &[ARM64, "--nocapture"])?;
    tests
        .env("GOWORK_TEST_QEMU", qemu)
        .env("GOWORK_TEST_RUST_STD", libraries);
    run_visibly(&mut tests)
}

/// What each part of the tests took.
struct Parts<'s> {
    state: &'s State,
    since: Instant,
    taken: Vec<(&'static str, f64)>,
}

impl<'s> Parts<'s> {
    fn new(state: &'s State) -> Self {
        let parts = Self {
            state,
            since: Instant::now(),
            taken: Vec::new(),
        };
        parts.say_what_is_free("before the tests");
        parts
    }

    fn end(&mut self, name: &'static str) {
        let taken = std::mem::replace(&mut self.since, Instant::now()).elapsed();
        self.taken.push((name, taken.as_secs_f64()));
        self.say_what_is_free(name);
    }

    /// Says what this user may still write on the disk of the state directory.
    fn say_what_is_free(&self, name: &str) {
        if let Ok(disk) = rustix::fs::statvfs(self.state.root()) {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000_000;
            note(&format!("{name}: {free} GB of the disk are free"));
        }
    }

    fn print(&self) {
        for (name, seconds) in &self.taken {
            note(&format!("{seconds:7.0} s  {name}"));
        }
    }
}

/// An engine that tests use, stopped at the end if it was started for them.
struct Running<'s> {
    state: &'s State,
    name: &'static str,
    up: engine::Up,
}

impl<'s> Running<'s> {
    fn up(state: &'s State, name: &'static str) -> Result<Self> {
        let up = engine::up(state, name, engine::Space::Tests)?;
        Ok(Self { state, name, up })
    }

    /// A cargo command that runs the tests of this name which need an engine, on this one. One test
    /// at a time: they assert what ran and what was cached, in an engine that they share.
    ///
    /// The tests are named by their target and not by their package: with other packages, cargo
    /// selects other features of dependencies, and compiles much of them again.
    fn cargo_test(&self, target: &str, words: &[&str]) -> Result<Command> {
        let mut tests = cargo(self.state);
        tests.env("PATH", crate::golang::path(self.state)?);
        tests.args(["test", "--workspace", "--test", target, "--"]);
        tests
            .args(["--ignored", "--test-threads=1"])
            .args(words)
            .envs(self.up.variables.iter().map(|(name, value)| (name, value)));
        Ok(tests)
    }

    fn run_tests(&self, arguments: &Arguments, is_split: bool) -> Result<()> {
        let filter = arguments.filter.as_deref();
        let mut skipped = vec!["--skip", SIGNING, "--skip", ARM64];
        if is_split {
            skipped.extend(BESIDE.iter().flat_map(|group| ["--skip", group]));
        }
        let targets = [
            ("mount", &[][..]),
            ("engine", &skipped[..]),
            ("it", &[][..]),
            ("buildctl", &[][..]),
        ];
        for (target, skipped) in targets {
            let words: Vec<&str> = skipped.iter().copied().chain(filter).collect();
            run_visibly(&mut self.cargo_test(target, &words)?)?;
        }
        Ok(())
    }

    /// Starts the tests of [`BESIDE`]. What they print is shown when they are done.
    fn start_beside(&self) -> Result<Beside> {
        let mut tests = self.cargo_test("engine", &BESIDE)?;
        let output = tempfile::tempfile().context("a file for the output of tests")?;
        let child = tests
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .spawn()
            .context("cannot start cargo")?;
        Ok(Beside { child, output })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.up.started
            && let Err(error) = engine::stop_quietly(self.state, self.name)
        {
            note(&format!("{error:#}"));
        }
    }
}

/// Tests that run beside others.
struct Beside {
    child: std::process::Child,
    output: std::fs::File,
}

impl Beside {
    /// Waits for them, and shows what they printed.
    fn finish(&mut self) -> Result<()> {
        use std::io::{Read as _, Seek as _};
        let status = self.child.wait().context("cannot wait for cargo")?;
        let mut text = Vec::new();
        self.output.rewind()?;
        self.output.read_to_end(&mut text)?;
        note(String::from_utf8_lossy(&text).trim_end());
        if !status.success() {
            bail!("tests of {} failed: {status}", BESIDE.join(", "));
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It has ended, unless the others could not even be started.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
