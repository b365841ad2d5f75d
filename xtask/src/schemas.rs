//! Schemas that files are compared with: those that packages of npm and Go modules have.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::command::{command, find_program, output, run};
use crate::engine::host;
use crate::progress::Phase;
use crate::state::State;

/// A schema that a published package has.
pub(crate) struct Schema {
    registry: Registry,
    /// The package, or module.
    package: &'static str,
    version: &'static str,
    /// Where it lies in what is unpacked.
    path: &'static str,
    sha256: &'static str,
}

/// Where a package is published.
#[derive(Clone, Copy)]
enum Registry {
    Npm,
    GoModules,
}

/// SARIF 2.1.0, as OASIS publishes it.
pub(crate) const SARIF: Schema = Schema {
    registry: Registry::Npm,
    package: "@microsoft/jest-sarif",
    version: "1.0.0-beta.0",
    path: "lib/schemas/sarif-2.1.0-rtm.5.json",
    sha256: "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8",
};

/// A version of Skaffold's configuration.
pub(crate) const SKAFFOLD: Schema = Schema {
    registry: Registry::GoModules,
    package: "github.com/GoogleContainerTools/skaffold/v2",
    version: "v2.13.2",
    path: "docs-v2/content/en/schemas/v4beta11.json",
    sha256: "09d4deac336987d5d45bbd295aad09e09a32d9b66e5122b23cf360cbed030d4a",
};

impl Schema {
    /// The schema's file, fetched once.
    ///
    /// # Errors
    /// If the package cannot be fetched, or the schema is another one.
    pub(crate) fn ensure(&self, state: &State) -> Result<PathBuf> {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        let file = state.path(&format!("tools/schemas/{name}"));
        let _lock = state.lock("schemas")?;
        if file.exists() {
            return Ok(file);
        }
        let package = format!("{}@{}", self.package, self.version);
        let phase = Phase::start(&format!("fetching {name}"));
        let workshop = tempfile::tempdir()?;
        let unpacked = match self.registry {
            Registry::Npm => npm_package(&package, workshop.path())?,
            Registry::GoModules => go_module(&package, workshop.path())?,
        };
        let text = std::fs::read(unpacked.join(self.path))?;
        let found: String = Sha256::digest(&text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        ensure!(
            found == self.sha256,
            "{name} of {package} has the SHA-256 {found}, expected is {}",
            self.sha256
        );
        if let Some(dir) = file.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::write(&file, text)?;
        phase.done();
        Ok(file)
    }
}

/// Unpacks a package of npm in a directory, and returns where it is.
fn npm_package(package: &str, workshop: &Path) -> Result<PathBuf> {
    let npm = host::require("npm", "npm")?;
    let mut pack = command(npm, ["pack", "--silent", package]);
    run(pack.current_dir(workshop))?;
    let archive = std::fs::read_dir(workshop)?.next();
    let archive = archive.context("npm pack wrote nothing")??.path();
    let mut unpack = command("tar", ["-xzf"]);
    run(unpack.arg(archive).current_dir(workshop))?;
    Ok(workshop.join("package"))
}

/// Downloads a Go module into a cache in a directory, and returns where it is unpacked.
fn go_module(module: &str, workshop: &Path) -> Result<PathBuf> {
    let go = find_program("go").context("the go command is missing: install Go")?;
    let mut download = command(go, ["mod", "download", "-json", module]);
    download
        .current_dir(workshop)
        .env("GOMODCACHE", workshop.join("modules"))
        .env("GOFLAGS", "-modcacherw");
    let said: serde_json::Value = serde_json::from_str(&output(&mut download)?)?;
    let dir = said["Dir"].as_str();
    Ok(dir.context("go mod download named no directory")?.into())
}
