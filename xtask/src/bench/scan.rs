//! `cargo xtask bench scan`: our way from disk to the import graph, and the go command's, on the
//! same tree.
//!
//! Both sides are whole processes with warm caches, by turns, several times; medians count. Ours
//! reads the tree, evaluates it for linux/amd64 and loads every package that `./...` matches. Go's
//! is `go list -deps -json`, of the pattern `work` in a workspace, else of `./...` in each module.

use super::workspace as generated;
use crate::command::{built_program, output};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use gowork_llb::packages;
use gowork_llb::tree::LocalTree;
use gowork_llb::workspace;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Checkouts; without any, workspaces are generated
    directories: Vec<PathBuf>,
    /// Go files of each generated workspace
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "10000,50000",
        conflicts_with = "directories"
    )]
    files: Vec<usize>,
    /// How often each side runs
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

/// What was measured of one tree; times in seconds, sizes in bytes.
struct Figures {
    files: u64,
    packages: u64,
    ours: f64,
    go: f64,
    /// Parts of ours.
    scan: f64,
    load: f64,
    peak: u64,
    json: Json,
}

/// The scan's JSON form.
struct Json {
    bytes: u64,
    write: f64,
    read: f64,
}

/// Measures every tree and prints a table.
///
/// # Errors
/// If a program cannot be built or fails, or, on a generated workspace, the two sides do not see
/// the same number of packages.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let phase = Phase::start("building import_graph");
    let program = build_example(&state, "import_graph")?;
    phase.done();
    let mut rows = Vec::new();
    for directory in &arguments.directories {
        let directory = directory
            .canonicalize()
            .with_context(|| format!("cannot find {}", directory.display()))?;
        rows.push((
            directory.display().to_string(),
            measure(&state, &program, &directory, arguments.runs)?.0,
        ));
    }
    if arguments.directories.is_empty() {
        for files in &arguments.files {
            let directory = workspace_of(&state, *files)?;
            let (figures, go_packages) = measure(&state, &program, &directory, arguments.runs)?;
            if figures.packages != go_packages {
                bail!(
                    "{} packages, but go list has {go_packages} in {}",
                    figures.packages,
                    directory.display()
                );
            }
            rows.push((format!("generated, {files} files"), figures));
        }
    }
    print(&rows)
}

/// A measured program, with the optimization of a release.
pub(super) fn build_example(state: &State, name: &str) -> Result<PathBuf> {
    built_program(
        state,
        &["--release", "--package", "gowork-llb", "--example", name],
    )
}

/// A generated workspace, made once.
fn workspace_of(state: &State, files: usize) -> Result<PathBuf> {
    let directory = state
        .path("bench")
        .join(format!("workspace-{}-{files}", generated::VERSION));
    if !directory.is_dir() {
        let phase = Phase::start(&format!("generating a workspace of {files} Go files"));
        let parent = state.path("bench");
        std::fs::create_dir_all(&parent)?;
        let unfinished = tempfile::Builder::new()
            .prefix("unfinished-")
            .tempdir_in(&parent)?;
        generated::generate(unfinished.path(), files)?;
        std::fs::rename(unfinished.path(), &directory)?;
        phase.done();
    }
    Ok(directory)
}

/// The figures of one tree, and the number of packages outside the standard library that Go lists.
fn measure(state: &State, program: &Path, directory: &Path, runs: usize) -> Result<(Figures, u64)> {
    let phase = Phase::start(&format!(
        "measuring {}, {runs} times each side",
        directory.display()
    ));
    let roots = roots(directory);
    // Once for what is read to be in memory, and for Go's own caches to be filled.
    let listed = list_packages(state, directory, &roots)?;
    let (mut ours, mut go, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs.max(1) {
        let (seconds, report) = timed(Command::new(program).arg(directory))?;
        ours.push(seconds);
        reports.push(report);
        let mut seconds = 0.0;
        for root in &roots {
            seconds += timed_quietly(
                go_list(state, directory, root)?
                    .args(["-deps", "-json"])
                    .arg(root.pattern),
            )?;
        }
        go.push(seconds);
    }
    let mut json = Vec::new();
    for _ in 0..runs.max(1) {
        json.push(timed(Command::new(program).arg(directory).arg("--json"))?.1["json"].clone());
    }
    phase.done();
    let part = |reports: &[Value], key: &str| {
        median(
            reports
                .iter()
                .filter_map(|report| report[key].as_f64())
                .collect(),
        )
    };
    let whole = |key: &str| {
        reports
            .iter()
            .filter_map(|report| report[key].as_u64())
            .max()
            .unwrap_or_default()
    };
    let bytes = json
        .iter()
        .filter_map(|json| json["bytes"].as_u64())
        .max()
        .unwrap_or_default();
    let figures = Figures {
        files: whole("files"),
        packages: whole("packages"),
        ours: median(ours),
        go: median(go),
        scan: part(&reports, "scan"),
        load: part(&reports, "load"),
        peak: whole("peak"),
        json: Json {
            bytes,
            write: part(&json, "write"),
            read: part(&json, "read"),
        },
    };
    Ok((figures, listed))
}

/// What one go command lists.
struct Root {
    directory: String,
    workspace: bool,
    pattern: &'static str,
}

fn roots(directory: &Path) -> Vec<Root> {
    let scan = packages::scan(&LocalTree::new(directory));
    let workspace = workspace::load(&scan.mod_files).workspace;
    let root = |root: &workspace::Root| Root {
        directory: root.dir.as_str().to_owned(),
        workspace: root.is_workspace(),
        pattern: if root.is_workspace() { "work" } else { "./..." },
    };
    workspace.roots.iter().map(root).collect()
}

/// `go list -e`, for linux/amd64 without cgo, with the user's module cache and proxy: what
/// third-party modules a checkout needs comes from there.
fn go_list(state: &State, directory: &Path, root: &Root) -> Result<Command> {
    let mut go = crate::golang::go(state)?;
    go.current_dir(directory.join(&root.directory))
        .args(["list", "-e"])
        .stdin(Stdio::null());
    go.envs([
        ("GOOS", "linux"),
        ("GOARCH", "amd64"),
        ("CGO_ENABLED", "0"),
        ("GOTOOLCHAIN", "local"),
        ("GOFLAGS", ""),
    ]);
    if root.workspace {
        go.env_remove("GOWORK")
    } else {
        go.env("GOWORK", "off")
    };
    Ok(go)
}

fn list_packages(state: &State, directory: &Path, roots: &[Root]) -> Result<u64> {
    let mut count = 0;
    for root in roots {
        let mut go = go_list(state, directory, root)?;
        go.args([
            "-deps",
            "-f",
            "{{if not .Standard}}{{.ImportPath}}{{end}}",
            root.pattern,
        ]);
        count += output(&mut go)?.lines().count() as u64;
    }
    Ok(count)
}

/// The seconds that a program takes, and what it reports.
fn timed(command: &mut Command) -> Result<(f64, Value)> {
    let started = Instant::now();
    let text = output(command)?;
    let seconds = started.elapsed().as_secs_f64();
    Ok((
        seconds,
        serde_json::from_str(&text).context("import_graph printed no JSON")?,
    ))
}

/// The same, its output thrown away: taking it in is not Go's work.
fn timed_quietly(command: &mut Command) -> Result<f64> {
    let started = Instant::now();
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot start go")?;
    if !status.success() {
        bail!("go list failed: {status}");
    }
    Ok(started.elapsed().as_secs_f64())
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn print(rows: &[(String, Figures)]) -> Result<()> {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let mut out = std::io::stdout().lock();
    for (name, figures) in rows {
        writeln!(
            out,
            "{name}: {} files, {} packages",
            figures.files, figures.packages
        )?;
        writeln!(
            out,
            "  ours            {:.3} s (scan {:.3}, load {:.3}), {:.0} MB at most",
            figures.ours,
            figures.scan,
            figures.load,
            megabytes(figures.peak)
        )?;
        writeln!(
            out,
            "  go list         {:.3} s: {:.1} times ours",
            figures.go,
            figures.go / figures.ours
        )?;
        let json = &figures.json;
        writeln!(
            out,
            "  scan as JSON    {:.1} MB, written in {:.3} s, read in {:.3} s",
            megabytes(json.bytes),
            json.write,
            json.read
        )?;
    }
    Ok(())
}
