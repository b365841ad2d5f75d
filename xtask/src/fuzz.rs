//! `cargo xtask fuzz [TARGET]`: looks for bytes that break what must hold of our readers.
//!
//! Targets, dictionaries and committed corpora are in `xtask/fuzz/`; what a run finds worth keeping stays
//! in the state directory. The stable toolchain will do: without a sanitizer (the code has no
//! `unsafe`) libFuzzer's coverage needs no unstable flag.

use crate::command::{cargo, find_program, output, run_visibly};
use crate::progress::note;
use crate::state::State;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;

/// The version that is installed if cargo-fuzz is missing.
const CARGO_FUZZ: &str = "0.13.2";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Targets to run, one after the other; all of them without one
    targets: Vec<String>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only compile the targets, without linking libFuzzer: needs neither cargo-fuzz nor a C++
    /// compiler
    #[arg(long)]
    check: bool,
}

/// Runs targets until their time is up or one finds something.
///
/// # Errors
/// If a target finds something; its last lines say where the bytes are. Also if cargo-fuzz or a C++
/// compiler is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    if arguments.check {
        return run_visibly(cargo(&state).args([
            "check",
            "--locked",
            "--package",
            "gowork-fuzz",
            "--features",
            "targets",
            "--bins",
        ]));
    }
    let known = known(&state)?;
    if let Some(unknown) = arguments
        .targets
        .iter()
        .find(|target| !known.contains(target))
    {
        bail!("no target {unknown:?}; there are {}", known.join(", "));
    }
    let targets = if arguments.targets.is_empty() {
        &known
    } else {
        &arguments.targets
    };
    install(&state)?;
    for target in targets {
        note(&format!("{target}, {} s", arguments.seconds));
        fuzz(&state, target, arguments.seconds)?;
    }
    Ok(())
}

/// Every target, by the names of its programs.
fn known(state: &State) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(state.repository().join("xtask/fuzz/fuzz_targets"))
        .context("cannot list the fuzz targets")?
    {
        names.extend(
            entry?
                .path()
                .file_stem()
                .and_then(|name| name.to_str())
                .map(str::to_owned),
        );
    }
    names.sort();
    Ok(names)
}

fn install(state: &State) -> Result<()> {
    if find_program("c++").is_none() {
        bail!("libFuzzer is written in C++: install a compiler (Debian: apt-get install g++)");
    }
    if output(cargo(state).args(["fuzz", "--version"])).is_ok() {
        return Ok(());
    }
    note("installing cargo-fuzz");
    run_visibly(cargo(state).args(["install", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ]))
}

fn fuzz(state: &State, target: &str, seconds: u32) -> Result<()> {
    let found = state.path("fuzz").join(target);
    std::fs::create_dir_all(&found)
        .with_context(|| format!("cannot create {}", found.display()))?;
    let mut command = cargo(state);
    command.args([
        "fuzz",
        "run",
        "--fuzz-dir",
        "xtask/fuzz",
        "--sanitizer",
        "none",
        "--features",
        "libfuzzer",
        target,
    ]);
    command.args([
        &found,
        &state.repository().join("xtask/fuzz/corpus").join(target),
    ]);
    let dictionary = state
        .repository()
        .join("xtask/fuzz/dictionaries")
        .join(format!("{target}.dict"));
    let mut dictionary_flag = OsString::from("-dict=");
    dictionary_flag.push(dictionary);
    command.arg("--").arg(dictionary_flag).args([
        format!("-max_total_time={seconds}").as_str(),
        "-print_final_stats=1",
    ]);
    run_visibly(&mut command)
}
