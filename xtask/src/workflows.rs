//! `cargo xtask workflows`: GitHub's workflows are right as far as can be told without GitHub.

use crate::command::{command, run as run_command};
use crate::engine::tools::Tool;
use crate::progress::Phase;
use crate::state::State;
use anyhow::Result;

/// Runs actionlint, which also runs shellcheck where that is installed.
///
/// # Errors
/// If it finds something.
pub(crate) fn run() -> Result<()> {
    let state = State::open()?;
    let actionlint = Tool::Actionlint.ensure(&state)?;
    let phase = Phase::start("checking the workflows");
    run_command(command(actionlint, ["-oneline"]).current_dir(state.repository()))?;
    phase.done();
    Ok(())
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
