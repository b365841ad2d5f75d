//! `cargo xtask workflows`: workflows of GitHub and pipelines of GitLab are right as far as can be
//! told without them: our own, and those that `gowork ci` prints for the examples. The same for what
//! `gowork compose` and `gowork systemd` print, and for reports in the format SARIF.

use std::path::PathBuf;

use crate::command::{command, run as run_command};
use crate::engine::host;
use crate::engine::tools::Tool;
use crate::progress::Phase;
use crate::python::CHECK_JSONSCHEMA;
use crate::schemas::{SARIF, SKAFFOLD};
use crate::state::State;
use anyhow::{Result, ensure};

/// Runs actionlint, which also runs shellcheck where that is installed, and compares everything with
/// the published schemas.
///
/// # Errors
/// If one of them finds something.
pub(crate) fn run() -> Result<()> {
    let state = State::open()?;
    let actionlint = Tool::Actionlint.ensure(&state)?;
    let phase = Phase::start("checking the workflows");
    run_command(command(&actionlint, ["-oneline"]).current_dir(state.repository()))?;
    let workflows = printed(&state, "github")?;
    let mut lint = command(actionlint, ["-oneline"]);
    run_command(lint.args(&workflows).current_dir(state.repository()))?;
    phase.done();
    let checker = CHECK_JSONSCHEMA.ensure(&state)?.join(CHECK_JSONSCHEMA.name);
    let sarif = SARIF.ensure(&state)?;
    let skaffold = SKAFFOLD.ensure(&state)?;
    let phase = Phase::start("comparing them with the published schemas");
    let own = |path: &str| vec![state.repository().join(path)];
    for (schema, files) in [
        ("github-workflows", workflows),
        ("github-workflows", own(".github/workflows/ci.yml")),
        ("github-workflows", own(".github/workflows/docs.yml")),
        ("github-workflows", own(".github/workflows/release.yml")),
        ("github-actions", own(".github/actions/setup/action.yml")),
        ("gitlab-ci", printed(&state, "gitlab")?),
        ("compose-spec", printed(&state, "compose")?),
        ("compose-spec", own("testdata/deploy/compose.yaml")),
        ("compose-spec", own("testdata/deploy/compose-watch.yaml")),
    ] {
        let schema = format!("vendor.{schema}");
        let mut check = command(&checker, ["--builtin-schema", &schema]);
        run_command(check.args(files))?;
    }
    let mut check = command(&checker, ["--schemafile"]);
    run_command(
        check
            .arg(skaffold)
            .args(own("testdata/deploy/skaffold.yaml")),
    )?;
    // Its patterns are not those of ECMAScript.
    let mut check = command(&checker, ["--regex-variant", "python", "--schemafile"]);
    check
        .arg(sarif)
        .args(SARIF_REPORTS.map(|file| state.repository().join(file)));
    run_command(&mut check)?;
    phase.done();
    tiltfile(&state)?;
    units(&state)
}

/// What stands for Tilt: the functions that the Tiltfile of the docs calls, with the parameters that
/// Tilt's documentation gives them. Its language, Starlark, is a part of Python.
const TILT: &str = r#"
import sys
from ruamel.yaml import YAML

tiltfile, compose = sys.argv[1:]
builds = {}

def local(command, quiet=False):
    assert command == "gowork compose --watch", command
    return open(compose).read()

def decode_yaml(text):
    return YAML(typ="safe").load(text)

def custom_build(ref, command, deps):
    builds[ref] = (command, deps)

def k8s_yaml(yaml):
    assert yaml == "deploy/api.yaml", yaml

functions = {f.__name__: f for f in (local, decode_yaml, custom_build, k8s_yaml)}
exec(compile(open(tiltfile).read(), "Tiltfile", "exec"), functions)
services = decode_yaml(open(compose).read())["services"]
assert services and builds.keys() == services.keys(), builds
for name, (command, deps) in builds.items():
    assert command == f"docker buildx build --target {name} --tag $EXPECTED_REF --load .", command
    assert deps and all(dep.startswith("./") for dep in deps), deps
"#;

/// Runs the Tiltfile of the docs on what `gowork compose --watch` prints, without Tilt.
fn tiltfile(state: &State) -> Result<()> {
    let python = CHECK_JSONSCHEMA.ensure(state)?.join("python");
    let phase = Phase::start("reading the Tiltfile");
    let mut read = command(python, ["-c", TILT]);
    for file in ["Tiltfile", "compose-watch.yaml"] {
        read.arg(state.repository().join("testdata/deploy").join(file));
    }
    run_command(&mut read)?;
    phase.done();
    Ok(())
}

/// What `--format sarif` prints. Tests of the command hold them to what it prints.
const SARIF_REPORTS: [&str; 2] = [
    "testdata/reports/affected-vuln.sarif",
    "testdata/reports/check.sarif",
];

/// How exposed a unit may be: of 100, which systemd shows as 10.0.
const EXPOSURE: &str = "--threshold=20";

/// Has systemd verify the units that `gowork systemd` prints, and rate them.
fn units(state: &State) -> Result<()> {
    // It need not run.
    let analyze = host::require("systemd-analyze", "systemd")?;
    let phase = Phase::start("verifying the units of systemd");
    let directory = tempfile::tempdir()?;
    for name in ["api.service", "job.service"] {
        let text = std::fs::read_to_string(state.repository().join("testdata/deploy").join(name))?;
        // systemd looks whether the program is there.
        let program = format!("/usr/local/bin/{}", name.trim_end_matches(".service"));
        let unit = directory.path().join(name);
        std::fs::write(&unit, text.replace(&program, "/bin/true"))?;
        let mut verify = command(&analyze, ["--man=no", "verify"]);
        let verified = verify.arg(&unit).output()?;
        // It succeeds with keys that it does not know, and says so.
        let said = String::from_utf8_lossy(&verified.stderr);
        let is_verified = verified.status.success() && !said.contains(name);
        ensure!(is_verified, "systemd-analyze verify: {said}");
        let mut rate = command(&analyze, ["security", "--offline=true", EXPOSURE]);
        run_command(rate.arg(&unit))?;
    }
    phase.done();
    Ok(())
}

/// What `gowork ci` prints for the examples: files whose names begin with `system`. A test of the
/// command holds them to what it prints.
fn printed(state: &State, system: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for example in std::fs::read_dir(state.repository().join("examples"))? {
        let expected = example?.path().join("expected");
        if !expected.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(expected)? {
            let file = file?;
            if file.file_name().to_string_lossy().starts_with(system) {
                files.push(file.path());
            }
        }
    }
    ensure!(
        !files.is_empty(),
        "no pipelines of {system} in examples/*/expected"
    );
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use crate::state::State;
    use std::path::PathBuf;

    fn workflows() -> Vec<(PathBuf, String)> {
        let directory = State::open()
            .expect("state")
            .repository()
            .join(".github/workflows");
        let entries = std::fs::read_dir(directory).expect("workflows");
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).expect("workflow");
            (path, text)
        };
        entries
            .map(|entry| read(entry.expect("entry").path()))
            .collect()
    }

    /// Who can move a tag of an action could else run anything with the secrets of a release.
    #[test]
    fn actions_are_named_by_commit() {
        let mut uses = 0;
        for (path, text) in workflows() {
            for line in text.lines().map(|line| line.trim_start_matches([' ', '-'])) {
                let Some(action) = line.strip_prefix("uses: ") else {
                    continue;
                };
                // Actions of this repository are those of the commit that runs.
                if action.starts_with("./") {
                    continue;
                }
                uses += 1;
                let commit = action
                    .split_once('@')
                    .and_then(|(_, rest)| rest.split_once(" # v"))
                    .map(|(commit, _)| commit);
                let is_commit = commit.is_some_and(|commit| {
                    commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
                });
                assert!(
                    is_commit,
                    "{}: {action}: write NAME@COMMIT # vVERSION",
                    path.display()
                );
            }
        }
        assert!(uses > 5, "{uses}");
    }

    #[test]
    fn no_job_has_rights_that_it_does_not_name() {
        for (path, text) in workflows() {
            assert!(
                text.contains("\npermissions: {}\n"),
                "{}: give each job its rights, and the workflow none",
                path.display()
            );
        }
    }

    /// One Rust release makes the image and all programs.
    #[test]
    fn workflows_and_dockerfile_name_one_rust_release() {
        let state = State::open().expect("state");
        let path = state.repository().join("frontend/Dockerfile");
        let dockerfile = std::fs::read_to_string(path).expect("frontend/Dockerfile");
        let release = dockerfile
            .split_once("rust:")
            .and_then(|(_, rest)| rest.split_once("-bookworm"))
            .map(|(release, _)| release)
            .expect("a Rust image");
        for (path, text) in workflows() {
            assert!(
                text.contains(&format!("RUST: \"{release}\"")),
                "{}: not Rust {release}",
                path.display()
            );
        }
    }
}
