//! `cargo xtask test`: every test, those on a real BuildKit included.

use crate::command::{cargo, run_visibly};
use crate::engine::{self, environment};
use crate::image::Quality;
use crate::progress::note;
use crate::state::State;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests that need a BuildKit engine
    #[arg(long)]
    no_engine: bool,
    /// Run only tests whose name contains this
    filter: Option<String>,
}

/// Runs the workspace's tests, then those that need an engine, on one with base images and a fresh
/// frontend image. An engine that this started is stopped at the end; one that ran before goes on.
///
/// # Errors
/// If a test fails, or the engine does not come up.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let path = crate::golang::path(&state)?;
    run_visibly(
        cargo(&state)
            .env("PATH", path)
            .args(["test", "--workspace"])
            .args(&arguments.filter),
    )?;
    if arguments.no_engine {
        return Ok(());
    }
    if !state.repository().join("frontend/tests/engine").is_dir() {
        note("frontend/tests/engine is not there: no tests on an engine");
        return Ok(());
    }
    let up = engine::up(&state, engine::MAIN, &[])?;
    let result = on_engine(&state, arguments, &up);
    let stopped = if up.started {
        engine::stop_quietly(&state, engine::MAIN)
    } else {
        Ok(())
    };
    result.and(stopped)
}

fn on_engine(state: &State, arguments: &Arguments, up: &engine::Up) -> Result<()> {
    crate::image::build(
        state,
        &environment::frontend_layout(state),
        Quality::Release,
    )?;
    for target in [
        ["gowork-cache", "mount"],
        ["gowork-frontend", "engine"],
        ["gowork", "it"],
    ] {
        let mut tests = cargo(state);
        tests.env("PATH", crate::golang::path(state)?);
        tests
            .args(["test", "--package", target[0], "--test", target[1]])
            .args(&arguments.filter);
        // One at a time: they assert what ran and what was cached, in an engine that they share.
        tests
            .args(["--", "--ignored", "--test-threads=1"])
            .envs(up.variables.iter().map(|(name, value)| (name, value)));
        run_visibly(&mut tests)?;
    }
    Ok(())
}
