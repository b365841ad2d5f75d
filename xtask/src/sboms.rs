//! `cargo xtask sboms DIR...`: the SBOM of each image of checkouts, compared with what `go version -m`
//! says of the binary that `go build` makes of its main package: modules, versions, sums. And how many
//! modules have a licence that is known.
//!
//! Works on copies: the go command completes the sums of a workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::bill;
use crate::command::{built_program, command, output, run as run_command};
use crate::golang;
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde_json::Value;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Checkouts that `gowork list` finds images in
    #[arg(required = true)]
    directories: Vec<PathBuf>,
}

/// What is said of all images of a checkout.
#[derive(Default)]
struct Found {
    images: usize,
    /// Modules of all images together.
    compared: usize,
    differences: Vec<String>,
    /// What each version of a module from outside declares.
    licences: BTreeMap<String, String>,
}

/// Compares, and prints counts and differences.
///
/// # Errors
/// If there is any difference, or a command fails.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let gowork = built_program(&state, &["--package", "gowork", "--bin", "gowork"])?;
    let mut differences = 0;
    for directory in &arguments.directories {
        let directory = directory
            .canonicalize()
            .with_context(|| format!("cannot find {}", directory.display()))?;
        let found = compare(&state, &gowork, &directory)?;
        differences += found.differences.len();
        print(&directory, &found)?;
    }
    if differences > 0 {
        bail!("{differences} differences");
    }
    Ok(())
}

fn compare(state: &State, gowork: &Path, directory: &Path) -> Result<Found> {
    let place = tempfile::tempdir()?;
    let copy = place.path().join("checkout");
    run_command(command("cp", ["-a"]).arg(directory).arg(&copy))?;
    let ask = |words: &[&str]| -> Result<Value> {
        let mut asked = command(gowork, words);
        asked.current_dir(&copy).env("PATH", golang::path(state)?);
        Ok(serde_json::from_str(&output(&mut asked)?)?)
    };
    let list = ask(&["list", "--format", "json"])?;
    let mut found = Found::default();
    for image in list["images"].as_array().context("a list of images")? {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (name, main) = (word(&image["name"]), word(&image["main"]));
        let document = ask(&["sbom", &name])?;
        let binary = place.path().join("binary");
        let mut build = golang::go_as_in_builds(state)?;
        build.args(["build", "-trimpath", "-buildvcs=false", "-o"]);
        build.arg(&binary).arg(".").current_dir(copy.join(main));
        run_command(&mut build)?;
        let mut version = golang::go(state)?;
        let by_go = bill::of_text(&output(version.args(["version", "-m"]).arg(&binary))?);
        let path = format!("/usr/local/bin/{}", word(&image["binaries"][0]));
        found.add(&name, &bill::of_spdx(&document, &path), &by_go);
        found.add_licences(&document);
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, image: &str, ours: &BTreeSet<String>, by_go: &BTreeSet<String>) {
        self.images += 1;
        self.compared += by_go.len();
        let differing = ours.symmetric_difference(by_go);
        let said = differing.map(|module| {
            let by = if ours.contains(module) {
                "the SBOM"
            } else {
                "go"
            };
            format!("{image}: only {by} has {module}")
        });
        self.differences.extend(said);
    }

    fn add_licences(&mut self, document: &Value) {
        for package in document["packages"].as_array().into_iter().flatten() {
            let word = |key: &str| package[key].as_str().unwrap_or_default();
            let (version, purpose) = (word("versionInfo"), word("primaryPackagePurpose"));
            let is_own = version == "(devel)";
            if purpose == "LIBRARY" && !is_own {
                let module = format!("{} {version}", word("name"));
                let declared = word("licenseDeclared").to_owned();
                self.licences.insert(module, declared);
            }
        }
    }
}

fn print(directory: &Path, found: &Found) -> Result<()> {
    let unknown = found.licences.iter().filter(|(_, it)| *it == "NOASSERTION");
    let unknown: Vec<&str> = unknown.map(|(module, _)| module.as_str()).collect();
    let (all, none) = (found.licences.len(), unknown.len());
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let mut lines = format!(
        "{name}: {} images, {} modules in them, {} differences; {} of {all} modules from outside have a licence that is known\n",
        found.images,
        found.compared,
        found.differences.len(),
        all - none,
    );
    lines.extend(found.differences.iter().map(|it| format!("  {it}\n")));
    lines.extend(
        unknown
            .iter()
            .map(|it| format!("  no licence known: {it}\n")),
    );
    Ok(std::io::stdout().write_all(lines.as_bytes())?)
}
