//! `cargo xtask engines`: a choice of the engine tests on each release of BuildKit and of Docker that
//! people have.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use crate::command::cargo;
use crate::engine;
use crate::engine::environment::{self, Variables};
use crate::engine::releases::{self, GOWORK_BUILDKIT, Kind, Release};
use crate::engine::tools::Tool;
use crate::image::Quality;
use crate::progress::{Phase, note};
use crate::state::State;
use anyhow::{Context, Result, bail};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these releases, as `v0.12.5` or `docker-v28.5.2`; `pinned` is the one of all other tests,
    /// and `rootless` the same without root's rights
    #[arg(value_name = "RELEASE")]
    only: Vec<String>,
}

/// What is tried: how the table names it, the engine test that tries it, and whether that takes a
/// store of images that can write layouts, caches and attestations. A Docker without containerd's
/// store has none, whatever the frontend.
const SUITE: [(&str, &str, bool); 15] = [
    (
        "cold build, image runs",
        "image::the_shop_s_api_is_small_static_and_runs_as_nobody_in_particular",
        true,
    ),
    (
        "no change; edit of one service",
        "edits::a_service_rebuilds_its_own_image",
        false,
    ),
    (
        "edit of a shared package",
        "edits::a_shared_package_rebuilds_the_images_that_it_reaches",
        false,
    ),
    (
        "same bytes twice",
        "reproducible::two_cold_builds_make_the_same_layers_and_the_same_image",
        true,
    ),
    (
        "compile error at its line",
        "bad_input::compile_errors",
        false,
    ),
    (
        "several platforms",
        "options::several_platforms_come_from_one_cross_compiling_build",
        true,
    ),
    (
        "`--call`, `--check`",
        "options::calls_are_answered_without_building",
        false,
    ),
    (
        "named contexts",
        "contexts::a_named_context_stands_in_for_an_image",
        false,
    ),
    ("git context", "git_values::a_git_context_has_values", true),
    (
        "secrets",
        "secrets::nothing_of_a_secret_is_kept_or_said",
        true,
    ),
    ("cache in a registry", "exports::a_registry", true),
    (
        "inline cache",
        "exports::an_image_with_its_own_cache",
        false,
    ),
    (
        "Dockerfile body",
        "stages::an_edit_reruns_only_what_takes_the_binary",
        false,
    ),
    (
        "annotations of every level",
        "runtime::annotations_of_every_level",
        true,
    ),
    (
        "provenance, SBOM",
        "sbom::buildx_shows_it_for_each_platform_of_a_registry_s_image",
        true,
    ),
];

/// The release of all other tests, as arguments name it.
const PINNED: &str = "pinned";

/// The engine's name: a release after the other has it.
const ENGINE: &str = "matrix";

/// Runs the suite on each release, on an engine that is empty at first, and prints a table.
///
/// # Errors
/// If an engine does not come up, or a test fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let releases = chosen(&arguments.only)?;
    let state = State::open()?;
    crate::image::build(
        &state,
        &environment::frontend_layout(&state),
        Quality::Release,
    )?;
    let mut columns = Vec::new();
    for release in releases {
        let column = on(&state, release);
        reset(&state)?;
        columns.push(column?);
    }
    std::io::stdout().write_all(table(&columns).as_bytes())?;
    let passed = columns.iter().flat_map(|column| &column.passed);
    match passed.filter(|passed| **passed == Some(false)).count() {
        0 => Ok(()),
        failed => bail!("{failed} tests failed; what they printed is above"),
    }
}

/// The releases that arguments name, or all. None is the pinned one.
fn chosen(only: &[String]) -> Result<Vec<Option<&'static Release>>> {
    let all = std::iter::once(None).chain(releases::ALL.iter().map(Some));
    let all: Vec<Option<&Release>> = all.collect();
    let known: Vec<&str> = all.iter().copied().map(name).collect();
    if let Some(unknown) = only.iter().find(|wanted| !known.contains(&wanted.as_str())) {
        bail!(
            "there is no release {unknown}; choose from {}",
            known.join(", ")
        );
    }
    let is_wanted = |release: &Option<&Release>| {
        only.is_empty() || only.iter().any(|wanted| wanted == name(*release))
    };
    Ok(all.into_iter().filter(is_wanted).collect())
}

fn name(release: Option<&Release>) -> &'static str {
    release.map_or(PINNED, |release| release.name)
}

/// How the suite went on one release.
struct Column {
    /// What it is, with its version.
    engine: String,
    /// For each of [`SUITE`]; none for what the engine does not have.
    passed: Vec<Option<bool>>,
}

fn on(state: &State, release: Option<&Release>) -> Result<Column> {
    reset(state)?;
    let mut up = with(release, Command::new(std::env::current_exe()?));
    crate::command::run(up.args(["engine", "up", "--name", ENGINE]))?;
    let mut variables = engine::variables(state, ENGINE)?;
    let has_layouts = release.is_none_or(|release| release.engine.has_layouts());
    if !has_layouts {
        let reference = engine::push(state, &environment::frontend_layout(state))?;
        variables.push(("GOWORK_TEST_FRONTEND_IMAGE", reference.into()));
    }
    let mut passed = Vec::new();
    for (what, test, takes_layouts) in SUITE {
        if takes_layouts && !has_layouts {
            passed.push(None);
            continue;
        }
        let phase = Phase::start(&format!("{}: {what}", name(release)));
        let mut tests = with(release, cargo(state));
        tests
            .args(["test", "--package", "gowork-frontend", "--test", "engine"])
            .args(["--", "--ignored", "--exact", test])
            .env("PATH", crate::golang::path(state)?)
            .envs(variables.iter().map(|(name, value)| (name, value)));
        let outcome = crate::command::output(&mut tests);
        let remark = if outcome.is_ok() { "" } else { "failed" };
        phase.done_with(remark);
        match &outcome {
            Ok(text) if !text.contains("1 passed") => bail!("there is no test called {test}"),
            Ok(_) => {}
            Err(error) => note(&format!("{error:#}")),
        }
        passed.push(Some(outcome.is_ok()));
    }
    Ok(Column {
        engine: heading(state, release, &variables)?,
        passed,
    })
}

/// Makes a command and all that it starts use the release.
fn with(release: Option<&Release>, mut command: Command) -> Command {
    command.env(GOWORK_BUILDKIT, release.map_or("", |release| release.name));
    command
}

/// What the engine is, with the version of BuildKit that buildx sees.
fn heading(state: &State, release: Option<&Release>, variables: &Variables) -> Result<String> {
    let mut inspect = Command::new(Tool::Buildx.ensure(state)?);
    inspect
        .arg("inspect")
        .envs(variables.iter().map(|(name, value)| (name, value)));
    let text = crate::command::output(&mut inspect)?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("BuildKit version:"))
        .context("buildx does not say the version of BuildKit")?
        .trim();
    Ok(match release.map(|release| release.engine) {
        Some(Kind::Docker(_)) => format!("{} (BuildKit {version})", name(release)),
        Some(Kind::Rootless) => format!("BuildKit {version}, rootless"),
        _ => format!("BuildKit {version}"),
    })
}

fn reset(state: &State) -> Result<()> {
    engine::reset(state, ENGINE)
}

/// The table, as Markdown.
fn table(columns: &[Column]) -> String {
    let mut text = "| |".to_owned();
    for column in columns {
        let _ = write!(text, " {} |", column.engine);
    }
    text += "\n|---|";
    text += &"---|".repeat(columns.len());
    text += "\n";
    for (row, (what, ..)) in SUITE.iter().enumerate() {
        let _ = write!(text, "| {what} |");
        for column in columns {
            text += match column.passed[row] {
                Some(true) => " yes |",
                Some(false) => " **no** |",
                None => " - |",
            };
        }
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_chosen_by_name() {
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|&name| name.to_owned()).collect();
            chosen(&only).map(|releases| releases.into_iter().map(name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).expect("all").len(), releases::ALL.len() + 1);
        assert_eq!(
            names(&["v0.12.5", "pinned"]).expect("two"),
            ["pinned", "v0.12.5"]
        );
        let error = names(&["v0.1"]).expect_err("unknown").to_string();
        assert!(
            error.starts_with("there is no release v0.1; choose from pinned, v0.23.2"),
            "{error}"
        );
    }

    #[test]
    fn a_table_has_a_column_for_each_release() {
        let column = |version: &str, passed| Column {
            engine: version.to_owned(),
            passed: vec![passed; SUITE.len()],
        };
        let table = table(&[
            column("BuildKit v0.34.2", Some(true)),
            column("BuildKit v0.12.5", Some(false)),
            column("docker-v1", None),
        ]);
        assert!(
            table.starts_with(
                "| | BuildKit v0.34.2 | BuildKit v0.12.5 | docker-v1 |\n|---|---|---|---|\n| cold build, image runs | yes | **no** | - |\n"
            ),
            "{table}"
        );
    }
}
