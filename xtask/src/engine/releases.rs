//! Other releases of BuildKit than the one that tests use, built from their own Go modules.
//!
//! A release is its own main module here: it is built with the versions that its authors built it
//! with, and with the sums of its own go.sum.

use super::tools;
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Names the release that engines are made of: `v0.12.5`. Empty or not set: the one that
/// `xtask/engine/buildkit` pins.
pub(crate) const GOWORK_BUILDKIT: &str = "GOWORK_BUILDKIT";

/// The Go module of BuildKit.
const MODULE: &str = "github.com/moby/buildkit";

/// A release of BuildKit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// As in `v0.12.5`.
    pub(crate) version: &'static str,
    /// The `h1:` sum of its module, as the checksum database has it.
    sum: &'static str,
}

/// The releases that can be had, the newest first.
pub(crate) const ALL: [Release; 4] = [
    Release {
        version: "v0.23.2",
        sum: "h1:gt/dkfcpgTXKx+B9I310kV767hhVqTvEyxGgI3mqsGQ=",
    },
    Release {
        version: "v0.20.2",
        sum: "h1:qIeR47eQ1tzI1rwz0on3Xx2enRw/1CKjFhoONVcTlMA=",
    },
    Release {
        version: "v0.16.0",
        sum: "h1:wOVBj1o5YNVad/txPQNXUXdelm7Hs/i0PUFjzbK0VKE=",
    },
    Release {
        version: "v0.12.5",
        sum: "h1:RNHH1l3HDhYyZafr5EgstEu8aGNCwyfvMtrQDtjH9T0=",
    },
];

/// The release that the environment names, if it names one.
///
/// # Errors
/// If [`ALL`] does not have it.
pub(crate) fn chosen() -> Result<Option<&'static Release>> {
    named(&std::env::var_os(GOWORK_BUILDKIT).unwrap_or_default())
}

fn named(version: &OsString) -> Result<Option<&'static Release>> {
    if version.is_empty() {
        return Ok(None);
    }
    if let Some(release) = ALL.iter().find(|release| *version == *release.version) {
        return Ok(Some(release));
    }
    let known: Vec<&str> = ALL.iter().map(|release| release.version).collect();
    bail!(
        "{GOWORK_BUILDKIT} is {version:?}; the releases that it can name are {}",
        known.join(", ")
    );
}

/// What `go mod download -json` says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Downloaded {
    dir: PathBuf,
    sum: String,
}

impl Release {
    /// The path of its buildkitd, built first if it is not there.
    ///
    /// # Errors
    /// If there is no Go, the module cannot be fetched or is another than is known, or the build
    /// fails.
    pub(crate) fn ensure(&self, state: &State) -> Result<PathBuf> {
        let program = state
            .path("tools")
            .join(format!("buildkitd-{}", self.version));
        if !program.exists() {
            let lock = state.lock("tools")?;
            if !program.exists() {
                self.build(state, &program)?;
            }
            drop(lock);
        }
        Ok(program)
    }

    fn build(&self, state: &State, program: &Path) -> Result<()> {
        let Self { version, sum } = self;
        let phase = Phase::start(&format!(
            "building BuildKit {version} from its Go module (about 120 s the first time)"
        ));
        let elsewhere = tempfile::tempdir()?;
        let mut download = tools::go(state, elsewhere.path())?;
        download.args(["mod", "download", "-json", &format!("{MODULE}@{version}")]);
        let downloaded: Downloaded = serde_json::from_str(&crate::command::output(&mut download)?)
            .context("`go mod download` printed something else than its documentation says")?;
        if downloaded.sum != *sum {
            bail!(
                "the module proxy has another {MODULE} {version}: its sum is {}, not {sum}",
                downloaded.sum
            );
        }
        let staged = program.with_extension("new");
        let mut build = tools::go(state, &downloaded.dir)?;
        let flags = format!("-s -w -X {MODULE}/version.Version={version}");
        build.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &flags]);
        build.arg("-o").arg(&staged).arg("./cmd/buildkitd");
        crate::command::run(&mut build)?;
        std::fs::rename(&staged, program)
            .with_context(|| format!("cannot write {}", program.display()))?;
        phase.done();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_releases_can_be_named() {
        assert_eq!(named(&"".into()).expect("none"), None);
        assert_eq!(named(&"v0.12.5".into()).expect("known"), Some(&ALL[3]));
        let error = named(&"0.12".into()).expect_err("unknown").to_string();
        assert_eq!(
            error,
            "GOWORK_BUILDKIT is \"0.12\"; the releases that it can name are v0.23.2, v0.20.2, v0.16.0, v0.12.5"
        );
    }
}
