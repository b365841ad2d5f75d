//! `cargo xtask docker-cases`: the integration cases of Docker's own frontend, run through that and
//! through ours, and their results side by side.
//!
//! The cases and their harness are test files of BuildKit's Go module. They are compiled from there,
//! and nothing of them is in this repository. For each case the harness starts a buildkitd of its
//! own; the images that it wants come from a registry that we fill with stand-ins. So a case that
//! needs a real distribution, or more of the network than loopback, fails both ways.

mod results;

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use self::results::{Outcome, Results};
use crate::base::{self, Image};
use crate::command;
use crate::engine::tools::{self, Tool};
use crate::engine::{host, registry};
use crate::image::{self, Quality};
use crate::progress::{Phase, note};
use crate::state::State;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run the cases whose names this regular expression of Go finds
    #[arg(default_value = SUBJECTS)]
    filter: String,
    /// Build our frontend without optimization
    #[arg(long)]
    quick: bool,
}

/// Cases about COPY, named contexts, ARG and heredocs, and what is in files beside them.
const SUBJECTS: &str = "Arg|Copy|DestDir|Wildcard|Chmod|Excluded|Named|Heredoc|Env|Mount|OnBuild|\
                        MultiStage|OutOfOrder|EmptyStages|Platform|Unicode|SessionID";

/// Images of the cases that no engine of ours needs.
const STABLE_BUSYBOX: (&str, &str) = ("library/busybox", "stable-musl");
const OLD_DEBIAN: (&str, &str) = ("amd64/debian", "bullseye-20230109-slim");

/// A frontend that cases run through.
#[derive(Debug, Clone, Copy)]
enum Frontend<'a> {
    /// Docker's, as BuildKit has it built in.
    BuiltIn,
    /// One from an image, in this OCI archive.
    Image(&'a Path),
}

/// Runs the cases and prints a table.
///
/// # Errors
/// If the harness does not run, or a case that passes with Docker's frontend does not with ours.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    host::require_root("BuildKit's test harness")?;
    let quality = if arguments.quick {
        Quality::Quick
    } else {
        Quality::Release
    };
    let harness = Harness::prepare(&state)?;
    let ours = harness.archive("gowork", |layout| image::build(&state, layout, quality))?;
    let built_in = harness.run("docker", Frontend::BuiltIn, &arguments.filter)?;
    let gowork = harness.run("gowork", Frontend::Image(&ours), &arguments.filter)?;
    let different = built_in.different(&gowork);
    // A case may end otherwise with any frontend that comes from an image.
    let from_image = if different.is_empty() {
        Results::default()
    } else {
        let theirs = harness.archive("docker", |layout| {
            image::build_dockerfile_frontend(&state, layout)
        })?;
        let filter = format!("^({})$", results::tests(&different).join("|"));
        harness.run("docker-image", Frontend::Image(&theirs), &filter)?
    };
    report(&built_in, &gowork, &from_image)?;
    note(&format!("the output is in {}", harness.logs.display()));
    Ok(())
}

/// Prints all cases, then those that differ and the counts.
fn report(built_in: &Results, gowork: &Results, from_image: &Results) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{:<58} {:<8} gowork", "case", "docker")?;
    let (mut same, mut faults) = (0, Vec::new());
    for (case, docker) in built_in.iter() {
        let ours = gowork.of(case);
        writeln!(out, "{case:<58} {:<8} {}", docker.word(), ours.word())?;
        if docker == ours || from_image.get(case) == Some(ours) {
            same += 1;
        } else {
            faults.push(case);
        }
    }
    for (case, docker) in built_in.iter() {
        let (ours, image) = (gowork.of(case), from_image.get(case));
        if docker == ours {
            continue;
        }
        let image = image.map_or("not run", Outcome::word);
        writeln!(
            out,
            "{case}: docker {}, docker from an image {image}, gowork {}",
            docker.word(),
            ours.word()
        )?;
    }
    let passed = built_in.count(Outcome::Passed);
    writeln!(
        out,
        "{same} of {} cases end alike; {passed} pass with docker, {} with gowork",
        built_in.iter().count(),
        gowork.count(Outcome::Passed)
    )?;
    if !faults.is_empty() {
        bail!("these cases end otherwise: {}", faults.join(", "));
    }
    Ok(())
}

/// The compiled cases and what they need.
struct Harness {
    /// The test program.
    program: PathBuf,
    /// The directory of its package, where it runs.
    package: PathBuf,
    /// Programs that it starts.
    programs: PathBuf,
    /// Data of the registry that it starts.
    mirror: PathBuf,
    /// What the runs print.
    logs: PathBuf,
    workshop: tempfile::TempDir,
}

impl Harness {
    fn prepare(state: &State) -> Result<Self> {
        let workshop = tempfile::tempdir()?;
        let logs = state.of_checkout("docker-cases");
        fs::create_dir_all(&logs)?;
        let package = tools::buildkit_sources(state)?.join("frontend/dockerfile");
        let harness = Self {
            program: workshop.path().join("cases"),
            package,
            programs: workshop.path().join("bin"),
            mirror: workshop.path().join("mirror"),
            logs,
            workshop,
        };
        harness.provide_programs(state)?;
        harness.fill_mirror(state)?;
        let phase = Phase::start("compiling the cases (about 2 minutes the first time)");
        let mut compile = tools::go(state, &harness.package)?;
        compile
            .args(["test", "-c", "-vet=off", "-o"])
            .arg(&harness.program);
        command::run(&mut compile)?;
        phase.done();
        Ok(harness)
    }

    /// BuildKit and a registry, by the names that the harness looks for.
    fn provide_programs(&self, state: &State) -> Result<()> {
        fs::create_dir(&self.programs)?;
        let runc = host::require_package("runc")?;
        symlink(runc, self.programs.join("runc"))?;
        symlink(
            Tool::Buildkitd.ensure(state)?,
            self.programs.join("buildkitd"),
        )?;
        symlink(
            Tool::Buildctl.ensure(state)?,
            self.programs.join("buildctl"),
        )?;
        // The variable is for the registry alone: its default exporter of traces would send to a
        // collector that is not there, and cases look at traces of BuildKit.
        let registry = self.programs.join("registry");
        let script = format!(
            "#!/bin/sh\nOTEL_TRACES_EXPORTER=none exec '{}' \"$@\"\n",
            Tool::Registry.ensure(state)?.display()
        );
        fs::write(&registry, script)?;
        fs::set_permissions(&registry, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// Puts the images into the registry that the harness will start. It copies none that are
    /// there.
    fn fill_mirror(&self, state: &State) -> Result<()> {
        fs::create_dir(&self.mirror)?;
        let more = [
            (STABLE_BUSYBOX, base::busybox(state)),
            (OLD_DEBIAN, base::debian(state)),
        ];
        let more = more.map(|((repository, tag), layout)| Image {
            repository,
            tags: vec![tag.to_owned()],
            layout,
        });
        let filled = registry::ensure_in(state, &self.mirror)
            .and_then(|registry| base::publish_small(state, &registry, &more));
        registry::stop_in(&self.mirror)?;
        filled
    }

    /// An OCI archive of the image that `make` writes as a layout.
    fn archive(&self, name: &str, make: impl Fn(&Path) -> Result<String>) -> Result<PathBuf> {
        let layout = self.workshop.path().join(format!("{name}-layout"));
        make(&layout)?;
        let archive = self.workshop.path().join(format!("{name}.tar"));
        let mut tar = command::command("tar", ["--create", "--file"]);
        tar.arg(&archive).arg("--directory").arg(&layout).arg(".");
        command::run(&mut tar)?;
        Ok(archive)
    }

    /// Runs cases through a frontend. That some fail is no error.
    fn run(&self, name: &str, frontend: Frontend<'_>, filter: &str) -> Result<Results> {
        let phase = Phase::start(&format!("running the cases: {name} (many minutes for all)"));
        let log = self.logs.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| log.display().to_string())?;
        let temporary = self.workshop.path().join("tmp");
        fs::create_dir_all(&temporary)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        let mut cases = Command::new(&self.program);
        cases
            .args(["-test.v", "-test.timeout=90m", "-test.run"])
            .arg(format!("^TestIntegration$/({filter})/^worker=oci$"))
            .current_dir(&self.package)
            .env("PATH", std::env::join_paths(path)?)
            .env("TMPDIR", &temporary)
            .env("BUILDKIT_REGISTRY_MIRROR_DIR", &self.mirror)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        match frontend {
            Frontend::BuiltIn => cases.env("FRONTEND_BUILTIN_ONLY", "1"),
            Frontend::Image(archive) => {
                let mut image = std::ffi::OsString::from("local:");
                image.push(archive);
                cases.env("FRONTEND_GATEWAY_ONLY", image)
            }
        };
        let status = cases.status().context("cannot start the cases")?;
        let text = fs::read(&log).with_context(|| log.display().to_string())?;
        let results = Results::parse(&String::from_utf8_lossy(&text));
        if results.iter().next().is_none() {
            bail!("no case ran ({status}); see {}", log.display());
        }
        phase.done_with(&format!("{} pass", results.count(Outcome::Passed)));
        Ok(results)
    }
}
